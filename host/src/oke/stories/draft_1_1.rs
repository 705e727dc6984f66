//! The 1.1 draft at our faces, flow 3: what a vendor sends in it is known as what 1.0.1 says, and an outside TPL reads it
//! in its own version.

use super::tpl_operations::offering_of;
use super::*;
use crate::app::peer as peers;
use crate::app::planning::Planner;
use crate::app::planning::deelname::{self, For, NewDeelname};
use crate::app::planning::sitting::{self, NewSitting, Plan};
use crate::domain::model::{Attendance, ExamResult, ResultState, ResultValueType};
use crate::domain::offering::Times;
use crate::domain::principal::{Account, Assignment, Duty, WHOLE_SCHOOL};
use crate::domain::result::Version;
use crate::store::component::ComponentRow;
use crate::store::result as results;
use crate::store::testing::component;

const TAKEN: &str = "2026-09-02T08:40:00Z";

fn planner() -> Account {
    Account {
        id: "bureau".to_owned(),
        person_id: None,
        codes: Vec::new(),
        assignments: vec![Assignment {
            id: "bureau-plannen".to_owned(),
            duty: Duty::Plannen,
            unit: WHOLE_SCHOOL.to_owned(),
            mandate: false,
            from: jiff::Timestamp::UNIX_EPOCH,
            until: None,
            withdrawn: None,
            granted_by: "fb".to_owned(),
        }],
    }
}

fn plan(now: jiff::Timestamp) -> Plan {
    let start = now + SignedDuration::from_hours(24);
    Plan {
        name: Some("Rekenen, groep 1".to_owned()),
        code: None,
        times: Times {
            start,
            end: start + SignedDuration::from_hours(2),
            last_possible_start: None,
            duration_s: Some(90 * 60),
            start_options: None,
            duration_from: None,
            duration_until: None,
        },
        location_codes: Vec::new(),
        modes_of_delivery: Vec::new(),
        safety: Vec::new(),
        fao_system_id: None,
    }
}

impl Face {
    /// Two deelnames that the school itself planned at its vendor.
    async fn planned(&self) -> Vec<String> {
        let mut set = WriteSet::of("roc");
        let row = ComponentRow {
            tenant: "roc".to_owned(),
            peer: "toa".to_owned(),
            facts: component("c-1", "Rekenen 3F", ResultValueType::DecimalToTen),
            updated_at: self.core.now(),
            version: 0,
        };
        set.put(row.next());
        self.core.commit(set).await.unwrap();
        let sis = self.token("roc", "sis", &[FLOW_1_5]).await;
        let mut told = vec![("offerings/plannable".to_owned(), offering_of("plannable", "component"))];
        for nth in ["1", "2"] {
            let mut enrolled = enrolment(&format!("e-{nth}"));
            enrolled["person"] = json!(format!("p-{nth}"));
            told.push((format!("persons/p-{nth}"), person(&format!("p-{nth}"))));
            told.push((format!("associations/e-{nth}"), enrolled));
        }
        for (path, body) in told {
            let made = self
                .call(&sis, Method::PUT, &format!("/oke/roc/tpl/{path}"), &body)
                .await;
            assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        }
        let account = planner();
        let by = Planner {
            tenant: "roc",
            account: &account,
        };
        let new = NewSitting {
            plannable: Some("plannable".to_owned()),
            peer: "toa".to_owned(),
            component: "c-1".to_owned(),
            unit: None,
            plan: plan(self.core.now()),
        };
        let sitting = sitting::plan(&self.core, by, &new).await.unwrap();
        let candidates: Vec<NewDeelname> = ["e-1", "e-2"]
            .into_iter()
            .map(|id| NewDeelname {
                candidate: For::Enrolment {
                    id: id.to_owned(),
                    extra_attempt: false,
                    confirmed: false,
                },
                needs: None,
            })
            .collect();
        let made = deelname::add(&self.core, by, &sitting, &candidates).await.unwrap();
        made.into_iter().map(Result::unwrap).collect()
    }

    async fn tell(&self, token: &str, deelname: &str, body: &Value) -> Answer {
        let path = format!("/oke/roc/tpl/associations/{deelname}");
        self.call(token, Method::PATCH, &path, body).await
    }

    async fn versions(&self, deelname: &str) -> Vec<Version> {
        results::versions(&self.core.db, "roc", deelname).await.unwrap()
    }
}

/// The attendance as the walk-through of flow 3 in the draft writes it.
fn attendance(irregularities: &str) -> Value {
    json!({
        "associationType": "componentOfferingAssociation",
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "testEnrollmentDetails": {
                "attentdance": "present",
                "testDateTime": TAKEN,
                "irregularities": irregularities,
            },
        }],
    })
}

/// A result, with what the agreement has in its consumer block beside `final`.
fn result(block: &Value) -> Value {
    let mut block = block.clone();
    block["consumerKey"] = json!("nl-test-admin");
    block["final"] = json!(false);
    json!({ "state": "completed", "score": "7.5", "resultDate": "2026-09-03", "weight": 100, "consumers": [block] })
}

fn in_1_0_1() -> Value {
    let block = json!({ "attendance": "present", "testDate": TAKEN, "irregularities": "Te laat." });
    json!({ "associationType": "componentOfferingAssociation", "result": result(&block) })
}

/// A vendor that sends flow 3 in the form of the 1.1 draft is understood whatever it is set to: what is kept is what
/// 1.0.1 would have said. An attendance that comes later leaves the result as it stands (R3).
#[tokio::test]
async fn a_result_in_the_form_of_the_draft_is_kept_as_one_of_1_0_1() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let deelnames = face.planned().await;
        let vendor = face.token("roc", "toa", &[FLOW_2_3_4]).await;
        let mut whole = attendance("Te laat.");
        whole["result"] = result(&json!({}));
        for (deelname, body) in deelnames.iter().zip([whole, in_1_0_1()]) {
            let kept = face.tell(&vendor, deelname, &body).await;
            assert_eq!(kept.status, StatusCode::OK, "{}", kept.body);
            assert_eq!(kept.body["state"], json!("associated"));
        }
        let (draft, agreed) = (face.versions(&deelnames[0]).await, face.versions(&deelnames[1]).await);
        assert_eq!(draft[0].delivered, agreed[0].delivered);
        assert_eq!(draft[0].judgement, agreed[0].judgement);
        let kept = &draft[0].delivered.result;
        assert_eq!(
            (kept.score.as_deref(), &kept.attendance),
            (Some("7.5"), &Attendance::Present)
        );
        assert_eq!(
            (kept.irregularities.as_deref(), kept.test_date),
            (Some("Te laat."), Some(TAKEN.parse().unwrap()))
        );

        let later = face.tell(&vendor, &deelnames[0], &attendance("Spiekbriefje.")).await;
        assert_eq!(later.status, StatusCode::OK, "{}", later.body);
        let versions = face.versions(&deelnames[0]).await;
        let expected = ExamResult {
            irregularities: Some("Spiekbriefje.".to_owned()),
            ..draft[0].delivered.result.clone()
        };
        assert_eq!(versions.len(), 2);
        assert_eq!(versions[1].delivered.result, expected);
        face.tell(&vendor, &deelnames[0], &attendance("Spiekbriefje.")).await;
        assert_eq!(face.versions(&deelnames[0]).await.len(), 2, "a repeat is no version");
    })
    .await;
}

/// Flow 3.2 of the draft: the attendance, and later the result without it, of a vendor that is set to 1.1; of another the
/// second half lacks its attendance (R12).
#[tokio::test]
async fn attendance_and_result_come_apart_from_a_vendor_at_the_draft() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let deelname = face.planned().await.remove(0);
        let vendor = face.token("roc", "toa", &[FLOW_2_3_4]).await;
        let first = face.tell(&vendor, &deelname, &attendance("Te laat.")).await;
        assert_eq!(first.status, StatusCode::OK, "{}", first.body);
        let second = json!({ "associationType": "componentOfferingAssociation", "result": result(&json!({})) });
        let refused = face.tell(&vendor, &deelname, &second).await;
        assert!(refused.problem(400).contains("attendance"), "R12");

        let draft = oke_codec::Dialect::v1_1_draft();
        peers::speak(&face.core, "roc", "fb", "toa", draft.clone())
            .await
            .unwrap();
        let kept = face.tell(&vendor, &deelname, &second).await;
        assert_eq!(kept.status, StatusCode::OK, "{}", kept.body);
        let versions = face.versions(&deelname).await;
        let states: Vec<ResultState> = versions.iter().map(|one| one.delivered.result.state).collect();
        assert_eq!(states, [ResultState::InProgress, ResultState::Completed]);
        let result = &versions[1].delivered.result;
        assert_eq!(
            (result.score.as_deref(), &result.attendance),
            (Some("7.5"), &Attendance::Present)
        );
        assert_eq!(result.irregularities.as_deref(), Some("Te laat."));

        let sis = peers::speak(&face.core, "roc", "fb", "sis", draft).await;
        assert!(
            sis.unwrap_err().to_string().contains("student system"),
            "flow 3 is not its"
        );
    })
    .await;
}
