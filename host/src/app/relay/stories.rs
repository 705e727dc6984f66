//! Stories of an outside TPL that plans at a vendor: what is kept, what the vendor is told, what goes back.

mod way_back;

use oke_codec::{
    Dialect, ResultFlow, read_association_put, read_offering_put, read_report_message, read_result_message,
};
use serde_json::{Value, json};

use super::{At, back, patch_deelname, patch_sitting, put_deelname, put_sitting};
use crate::app::draft::{Outcome, Sender};
use crate::app::{Core, Decision, Draft, Refused, landscape, report, result};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::exception::RESULT_ASIDE;
use crate::domain::model::{ComponentStatus, Normed, ResultValueType};
use crate::domain::offering::{NotPlannable, Offering};
use crate::domain::result::{Delivered, Source};
use crate::store::component::ComponentRow;
use crate::store::job::{self, JobRow};
use crate::store::peer::PeerRow;
use crate::store::testing::{Bench, component, on_each_database};
use crate::store::{WriteSet, association, message, offering, task};

const TENANT: &str = "roc";
const VENDOR: &str = "toa";
const PLANNER: &str = "ontrack";

/// A school with a vendor, and a planning system outside this host.
struct Outside {
    core: Core,
    planner: Sender,
    vendor: Sender,
}

fn sender(peer: &str) -> Sender {
    Sender {
        tenant: TENANT.to_owned(),
        peer: peer.to_owned(),
        client: format!("client-of-{peer}"),
        dialect: oke_codec::Dialect::default(),
    }
}

fn sitting() -> Value {
    json!({
        "offeringId": "s-1",
        "offeringType": "component",
        "primaryCode": { "codeType": "offeringCode", "code": "REK" },
        "name": [{ "language": "nl-NL", "value": "Rekenen" }],
        "startDateTime": "2026-09-02T09:00:00Z",
        "endDateTime": "2026-09-02T10:00:00Z",
        "component": "rekenen",
        "consumers": [
            { "consumerKey": "nl-test-admin", "offeringState": "active", "locationCode": "B2" },
            { "consumerKey": "x-other", "colour": "blue" }
        ]
    })
}

fn deelname() -> Value {
    json!({
        "associationId": "d-1",
        "associationType": "componentOfferingAssociation",
        "role": "student",
        "state": "associated",
        "person": {
            "personId": "p-1",
            "primaryCode": { "codeType": "studentNumber", "code": "17" },
            "displayName": "Jip Jansen",
            "affiliations": ["student"]
        },
        "offering": "s-1",
        "consumers": [{ "consumerKey": "nl-test-admin", "additionalTimeInMin": 30 }]
    })
}

fn cancel_sitting() -> Value {
    json!({
        "offeringType": "component",
        "name": [{ "language": "nl-NL", "value": "Anders" }],
        "consumers": [{ "consumerKey": "nl-test-admin", "offeringState": "canceled" }]
    })
}

fn cancel_deelname() -> Value {
    json!({ "associationType": "componentOfferingAssociation", "state": "canceled", "role": "guest" })
}

fn score(state: &str, score: Option<&str>) -> Value {
    let mut message = json!({
        "associationType": "componentOfferingAssociation",
        "state": "canceled",
        "result": {
            "state": state,
            "resultDate": "2026-09-02",
            "weight": 100,
            "consumers": [{ "consumerKey": "nl-test-admin", "attendance": "present" }]
        }
    });
    if let Some(score) = score {
        message["result"]["score"] = json!(score);
    }
    message
}

impl Outside {
    async fn open(bench: &Bench) -> Outside {
        let core = bench.core.clone();
        let mut set = WriteSet::of(TENANT);
        set.put(PeerRow::new(TENANT, VENDOR, "ta", "TOA").next());
        set.put(PeerRow::new(TENANT, PLANNER, "tpl", "OnTrack").next());
        set.put(PeerRow::new(TENANT, "eduarte", "tpl", "Eduarte").next());
        let mut withdrawn = component("oud", "Oude toets", ResultValueType::DecimalToTen);
        withdrawn.status = ComponentStatus::Inactive;
        for facts in [
            component("rekenen", "Rekenen", ResultValueType::DecimalToTen),
            withdrawn,
        ] {
            let row = ComponentRow {
                tenant: TENANT.to_owned(),
                peer: VENDOR.to_owned(),
                facts,
                updated_at: core.now(),
                version: 0,
            };
            set.put(row.next());
        }
        core.commit(set).await.unwrap();
        for planner in [PLANNER, "eduarte"] {
            landscape::allow(&core, TENANT, "fb", (planner, VENDOR), true)
                .await
                .unwrap();
        }
        Outside {
            core,
            planner: sender(PLANNER),
            vendor: sender(VENDOR),
        }
    }

    async fn put_sitting(&self, by: &Sender, body: &Value) -> Result<Outcome, Refused> {
        let told = read_offering_put(body, &Dialect::default())?;
        let at = At {
            sender: by,
            vendor: VENDOR,
        };
        put_sitting(&self.core, at, &told, body.to_string().as_bytes()).await
    }

    async fn put_deelname(&self, by: &Sender, body: &Value) -> Result<Outcome, Refused> {
        let told = read_association_put(body, &Dialect::default())?;
        let at = At {
            sender: by,
            vendor: VENDOR,
        };
        put_deelname(&self.core, at, &told, body.to_string().as_bytes()).await
    }

    fn at(&self) -> At<'_> {
        At {
            sender: &self.planner,
            vendor: VENDOR,
        }
    }

    async fn plan(&self) {
        assert_eq!(
            self.put_sitting(&self.planner, &sitting()).await.unwrap(),
            Outcome::Created
        );
        assert_eq!(
            self.put_deelname(&self.planner, &deelname()).await.unwrap(),
            Outcome::Created
        );
    }

    async fn result(&self, body: &Value) -> Result<Outcome, Refused> {
        let read = read_result_message(body, ResultFlow::Three, &Dialect::default())?;
        result::accept_message(&self.core, &self.vendor, "d-1", &read, body.to_string().as_bytes())
            .await
            .map(|accepted| accepted.outcome)
    }

    async fn sitting(&self) -> Offering {
        offering::find(&self.core.db, TENANT, "s-1").await.unwrap().unwrap()
    }

    async fn deelname(&self) -> Association {
        association::find(&self.core.db, TENANT, "d-1").await.unwrap().unwrap()
    }

    async fn score(&self) -> Option<String> {
        self.deelname().await.facts.result.and_then(|result| result.score)
    }

    async fn lane(&self, lane: &str) -> Vec<JobRow> {
        job::in_lane(&self.core.db, TENANT, lane).await.unwrap()
    }
}

/// R1, R10, R13, R14: made, repeated, replaced; the vendor is told in the lanes of flow 2, a deelname behind its sitting.
#[tokio::test]
async fn what_an_outside_tpl_plans_is_kept_and_told_to_the_vendor() {
    on_each_database(|bench| async move {
        let outside = Outside::open(&bench).await;
        let early = outside.put_deelname(&outside.planner, &deelname()).await.unwrap_err();
        assert!(early.to_string().contains("PUT it first"), "{early}");
        outside.plan().await;
        assert_eq!(
            outside.put_sitting(&outside.planner, &sitting()).await.unwrap(),
            Outcome::Repeated
        );
        let mut moved = sitting();
        moved["startDateTime"] = json!("2026-09-02T08:00:00Z");
        assert_eq!(
            outside.put_sitting(&outside.planner, &moved).await.unwrap(),
            Outcome::Applied
        );
        let told = outside.lane("2/offering/s-1").await;
        assert_eq!(told.len(), 2, "a repeat tells nothing");
        assert!(
            told.iter()
                .all(|job| job.kind == "deliver_sitting" && job.peer == VENDOR)
        );
        let told = outside.lane("2/association/d-1").await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].place.parent, Some(("2/offering/s-1".to_owned(), 1)));

        let kept = outside.deelname().await;
        assert_eq!((kept.kind, kept.plan_version), (AssociationKind::Relayed, 1));
        let plan = kept.plan(kept.facts.person.as_ref());
        assert_eq!(plan.person.unwrap().display_name, "Jip Jansen");
        assert_eq!(plan.additional_time_min, Some(30), "R15");
        assert!(outside.sitting().await.facts.opaque.unwrap().contains("x-other"), "R13");
        let persons = crate::store::person::find(&outside.core.db, TENANT, "p-1")
            .await
            .unwrap();
        assert_eq!(
            persons, None,
            "apart from the persons of the school's own student system"
        );
    })
    .await;
}

/// R23, R24: another TPL has no part in it, not even by the same id.
#[tokio::test]
async fn what_one_tpl_planned_is_not_there_for_another() {
    on_each_database(|bench| async move {
        let outside = Outside::open(&bench).await;
        outside.plan().await;
        let other = sender("eduarte");
        let refused = outside.put_sitting(&other, &sitting()).await.unwrap_err();
        assert!(matches!(refused, Refused::Unknown { .. }), "{refused}");
        let refused = outside.put_deelname(&other, &deelname()).await.unwrap_err();
        assert!(matches!(refused, Refused::Unknown { .. }), "{refused}");
        let at = At {
            sender: &other,
            vendor: VENDOR,
        };
        let refused = patch_sitting(&outside.core, at, "s-1", &cancel_sitting(), b"{}").await;
        assert!(matches!(refused, Err(Refused::Unknown { .. })));
        assert!(!outside.sitting().await.is_canceled());
    })
    .await;
}

/// R14, R26, `§3.2.3`: what the vendor could only refuse later is refused here.
#[tokio::test]
async fn what_can_be_no_plan_is_refused() {
    on_each_database(|bench| async move {
        let outside = Outside::open(&bench).await;
        let mut inactive = sitting();
        inactive["component"] = json!("oud");
        let refused = outside.put_sitting(&outside.planner, &inactive).await.unwrap_err();
        assert!(
            matches!(refused, Refused::NotPlannable(NotPlannable::Inactive(_))),
            "R26: {refused}"
        );
        let mut unknown = sitting();
        unknown["component"] = json!("zomaar");
        let refused = outside.put_sitting(&outside.planner, &unknown).await.unwrap_err();
        assert!(refused.to_string().contains("catalogue"), "{refused}");
        let mut backwards = sitting();
        backwards["endDateTime"] = json!("2026-09-02T08:00:00Z");
        let refused = outside.put_sitting(&outside.planner, &backwards).await.unwrap_err();
        assert!(matches!(refused, Refused::WrongTimes(_)), "{refused}");

        outside.plan().await;
        let mut by_id = deelname();
        by_id["associationId"] = json!("d-2");
        by_id["person"] = json!("p-1");
        let refused = outside.put_deelname(&outside.planner, &by_id).await.unwrap_err();
        assert!(refused.to_string().contains("whole person"), "R14: {refused}");
        assert_eq!(outside.lane("2/association/d-2").await.len(), 0);
    })
    .await;
}

/// R3, R4: a cancellation cancels and does nothing else; the person's data goes, the keys stay (R5).
#[tokio::test]
async fn a_cancelled_sitting_takes_its_deelnames_and_their_persons_along() {
    on_each_database(|bench| async move {
        let outside = Outside::open(&bench).await;
        outside.plan().await;
        let at = outside.at();
        patch_sitting(&outside.core, at, "s-1", &cancel_sitting(), b"{}")
            .await
            .unwrap();
        let (sitting, deelname) = (outside.sitting().await, outside.deelname().await);
        assert!(sitting.is_canceled() && deelname.is_canceled(), "R5");
        assert_eq!(sitting.facts.name, "Rekenen", "R4: all other fields are ignored");
        assert_eq!(deelname.facts.person, None, "R5");
        assert_eq!(deelname.facts.person_id, "p-1", "keys stay");
        assert_eq!(
            outside.lane("2/offering/s-1").await.len(),
            2,
            "the vendor hears of the sitting"
        );
        assert_eq!(
            outside.lane("2/association/d-1").await.len(),
            1,
            "and takes its deelnames along itself"
        );
        let late = outside
            .put_deelname(&outside.planner, &self::deelname())
            .await
            .unwrap_err();
        assert!(late.to_string().contains("cancelled"), "{late}");
        let never = patch_sitting(&outside.core, at, "s-9", &cancel_sitting(), b"{}").await;
        assert!(matches!(never, Err(Refused::Unknown { .. })), "R2");
    })
    .await;
}
