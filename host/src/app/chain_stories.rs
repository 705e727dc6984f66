//! Stories of the chain: what a student system and vendors send, what the school plans and decides, and what follows,
//! on each database. One file per part of the chain.

mod adopting;
mod attempts;
mod cesuur;
mod comparison;
mod deadlines;
mod draining;
mod duplicates;
mod fast;
mod flow1;
mod freezes;
mod health;
mod losses;
mod needs;
mod nodes;
mod planning;
mod polled;
mod pulled;
mod read_again;
mod recording;
mod reports;
mod results;
mod rollback;
mod rollout;
mod scale_map;
mod sending;
mod standing;
mod vaststellen;

use jiff::SignedDuration;
use oke_codec::{Dialect, ReportMessage, ResultFlow, ResultMessage, read_report_message, read_result_message};
use serde_json::{Value, json};

use super::draft::{Outcome, Sender};
use super::planning::Planner;
use super::planning::deelname::{self, For, NewDeelname};
use super::planning::sitting::{self, NewSitting, Plan};
use super::{Core, Refused, association, offering, person, report, result};
use crate::domain::association::Association;
use crate::domain::clock::MovableClock;
use crate::domain::model::{Component, ResultValueType};
use crate::domain::offering::{Offering, Times};
use crate::domain::principal::{Account, Assignment, Duty, WHOLE_SCHOOL};
use crate::domain::result::{Head, Version};
use crate::store::component::ComponentRow;
use crate::store::job::{self, JobRow};
use crate::store::peer::PeerRow;
use crate::store::task::{self, TaskRow};
use crate::store::tenant::TenantRow;
use crate::store::testing::{Bench, component};
use crate::store::{self, WriteSet};

const TENANT: &str = "roc";
const SIS: &str = "osiris";
const VENDOR: &str = "toa";
const OTHER_VENDOR: &str = "remindo";

/// A school with a student system, two vendors and one component of grades, and nothing planned yet.
struct School {
    core: Core,
    clock: MovableClock,
}

fn sender(peer: &str) -> Sender {
    Sender {
        tenant: TENANT.to_owned(),
        peer: peer.to_owned(),
        client: format!("client-of-{peer}"),
        dialect: oke_codec::Dialect::default(),
    }
}

fn account(id: &str, duties: &[Duty]) -> Account {
    let assignment = |duty: &Duty| Assignment {
        id: format!("{id}-{}", duty.name()),
        duty: *duty,
        unit: WHOLE_SCHOOL.to_owned(),
        mandate: false,
        from: jiff::Timestamp::UNIX_EPOCH,
        until: None,
        withdrawn: None,
        granted_by: "fb".to_owned(),
    };
    Account {
        id: id.to_owned(),
        person_id: Some(format!("person-of-{id}")),
        codes: vec![id.to_uppercase()],
        assignments: duties.iter().map(assignment).collect(),
    }
}

impl School {
    async fn open(bench: &Bench) -> School {
        let school = School {
            core: bench.core.clone(),
            clock: bench.clock.clone(),
        };
        let mut set = WriteSet::of(TENANT);
        let row = TenantRow {
            tenant: TENANT.to_owned(),
            name: "ROC".to_owned(),
            settings: "{}".to_owned(),
            created_at: school.core.now(),
            version: 1,
        };
        set.put(row.write());
        set.put(PeerRow::new(TENANT, SIS, "dr", "Osiris").next());
        set.put(PeerRow::new(TENANT, VENDOR, "ta", "TOA").next());
        set.put(PeerRow::new(TENANT, OTHER_VENDOR, "ta", "Remindo").next());
        school.core.commit(set).await.unwrap();
        school
            .keep_component(
                VENDOR,
                component("rekenen", "Toets rekenen", ResultValueType::DecimalToTen),
            )
            .await;
        school
    }

    async fn keep_component(&self, peer: &str, facts: Component) {
        let row = ComponentRow {
            tenant: TENANT.to_owned(),
            peer: peer.to_owned(),
            facts,
            updated_at: self.core.now(),
            version: 0,
        };
        let mut set = WriteSet::of(TENANT);
        set.put(row.next());
        self.core.commit(set).await.unwrap();
    }

    // ---- the student system ------------------------------------------------------------------------------------

    fn plannable(&self, id: &str) -> Value {
        json!({
            "offeringId": id,
            "offeringType": "component",
            "primaryCode": { "codeType": "offeringCode", "code": id },
            "name": [{ "language": "nl-NL", "value": "Rekenen 3F" }],
            "description": [{ "language": "nl-NL", "value": "Rekenen" }],
            "teachingLanguage": "nld",
            "resultExpected": true,
            "resultValueType": "0.0-10.0",
            "startDateTime": "2026-09-01T00:00:00Z",
            "endDateTime": "2026-12-31T00:00:00Z",
            "organization": "techniek",
            "consumers": [{
                "consumerKey": "nl-test-admin",
                "offeringState": "active",
                "testsToBeUsed": [{ "testProvider": "TOA", "componentId": "rekenen" }]
            }]
        })
    }

    fn enrolment(&self, id: &str, person: &str) -> Value {
        json!({
            "associationId": id,
            "associationType": "componentOfferingAssociation",
            "role": "student",
            "state": "associated",
            "person": person,
            "offering": "plannable",
            "consumers": [{ "consumerKey": "nl-test-admin", "attempt": 1, "attemptLeft": 1 }]
        })
    }

    fn person(&self, id: &str) -> Value {
        json!({
            "personId": id,
            "primaryCode": { "codeType": "studentNumber", "code": format!("s-{id}") },
            "givenName": "Jip",
            "surname": "Jansen",
            "displayName": "Jip Jansen",
            "mail": "jip@example.org",
            "activeEnrollment": true,
            "affiliations": ["student"],
            "consumers": [{ "consumerKey": "nl-test-admin", "preferredName": "Jip" }]
        })
    }

    async fn put_offering(&self, peer: &str, body: &Value) -> Result<Outcome, Refused> {
        let told = oke_codec::read_offering(body, &Dialect::v1_0_1()).unwrap();
        offering::put(&self.core, &sender(peer), &told, body.to_string().as_bytes()).await
    }

    async fn patch_offering(&self, peer: &str, id: &str, body: &Value) -> Result<Outcome, Refused> {
        offering::patch(&self.core, &sender(peer), id, body, body.to_string().as_bytes()).await
    }

    async fn put_association(&self, peer: &str, body: &Value) -> Result<Outcome, Refused> {
        let told = oke_codec::read_association(body, &Dialect::v1_0_1()).unwrap();
        association::put(&self.core, &sender(peer), &told, body.to_string().as_bytes()).await
    }

    async fn patch_association(&self, peer: &str, id: &str, body: &Value) -> Result<Outcome, Refused> {
        association::patch(&self.core, &sender(peer), id, body, body.to_string().as_bytes()).await
    }

    async fn put_person(&self, peer: &str, body: &Value) -> Result<Outcome, Refused> {
        let told = oke_codec::read_person(body, &Dialect::v1_0_1()).unwrap();
        person::put(&self.core, &sender(peer), &told, body.to_string().as_bytes()).await
    }

    /// Flow 1 of one planbare toets with these enrolments, each `e-…` of the person `p-…`.
    async fn enrol(&self, names: &[&str]) {
        self.put_offering(SIS, &self.plannable("plannable")).await.unwrap();
        for name in names {
            let (enrolment, person) = (format!("e-{name}"), format!("p-{name}"));
            self.put_person(SIS, &self.person(&person)).await.unwrap();
            self.put_association(SIS, &self.enrolment(&enrolment, &person))
                .await
                .unwrap();
        }
    }

    // ---- the examenbureau --------------------------------------------------------------------------------------

    fn tomorrow(&self) -> Plan {
        let start = self.core.now() + SignedDuration::from_hours(24);
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
            location_codes: vec!["B1.02".to_owned()],
            modes_of_delivery: Vec::new(),
            safety: Vec::new(),
            fao_system_id: None,
        }
    }

    fn new_sitting(&self) -> NewSitting {
        NewSitting {
            plannable: Some("plannable".to_owned()),
            peer: VENDOR.to_owned(),
            component: "rekenen".to_owned(),
            unit: None,
            plan: self.tomorrow(),
        }
    }

    async fn plan(&self, new: &NewSitting) -> Result<String, Refused> {
        let planner = account("bureau", &[Duty::Plannen]);
        sitting::plan(&self.core, planner_of(&planner), new).await
    }

    async fn add(&self, sitting: &str, candidates: Vec<For>) -> Vec<Result<String, Refused>> {
        let planner = account("bureau", &[Duty::Plannen]);
        let new: Vec<NewDeelname> = candidates
            .into_iter()
            .map(|candidate| NewDeelname { candidate, needs: None })
            .collect();
        deelname::add(&self.core, planner_of(&planner), sitting, &new)
            .await
            .unwrap()
    }

    /// Enrols and plans these; returns the sitting and their deelnames.
    async fn planned(&self, names: &[&str]) -> (String, Vec<String>) {
        self.enrol(names).await;
        let sitting = self.plan(&self.new_sitting()).await.unwrap();
        let candidates = names.iter().map(|name| for_enrolment(&format!("e-{name}"))).collect();
        let deelnames = self.add(&sitting, candidates).await;
        (sitting, deelnames.into_iter().map(Result::unwrap).collect())
    }

    // ---- the vendor --------------------------------------------------------------------------------------------

    async fn send_result(&self, peer: &str, deelname: &str, body: &Value) -> Result<Outcome, Refused> {
        let message = result_message(body);
        result::accept_message(
            &self.core,
            &sender(peer),
            deelname,
            &message,
            body.to_string().as_bytes(),
        )
        .await
        .map(|accepted| accepted.outcome)
    }

    async fn send_score(&self, deelname: &str, score: &str) -> Outcome {
        self.send_result(VENDOR, deelname, &completed(score)).await.unwrap()
    }

    async fn send_report(&self, peer: &str, sitting: &str, body: &Value) -> Result<Outcome, Refused> {
        let message: ReportMessage = read_report_message(body, &Dialect::v1_0_1()).unwrap();
        report::accept_message(
            &self.core,
            &sender(peer),
            sitting,
            &message,
            body.to_string().as_bytes(),
        )
        .await
    }

    // ---- what came of it ---------------------------------------------------------------------------------------

    async fn offering(&self, id: &str) -> Offering {
        store::offering::find(&self.core.db, TENANT, id).await.unwrap().unwrap()
    }

    async fn association(&self, id: &str) -> Association {
        store::association::find(&self.core.db, TENANT, id)
            .await
            .unwrap()
            .unwrap()
    }

    async fn person_is_erased(&self, id: &str) -> bool {
        store::person::find(&self.core.db, TENANT, id)
            .await
            .unwrap()
            .unwrap()
            .erased
    }

    async fn head(&self, deelname: &str) -> Head {
        store::result::head(&self.core.db, TENANT, deelname)
            .await
            .unwrap()
            .unwrap()
    }

    async fn versions(&self, deelname: &str) -> Vec<Version> {
        store::result::versions(&self.core.db, TENANT, deelname).await.unwrap()
    }

    async fn lane(&self, flow: i64, kind: &str, id: &str) -> Vec<JobRow> {
        let lane = crate::domain::lane::name(flow, kind, id);
        job::in_lane(&self.core.db, TENANT, &lane).await.unwrap()
    }

    async fn outcomes(&self, kind: &str, id: &str) -> Vec<String> {
        let all = store::message::about(&self.core.db, TENANT, kind, id).await.unwrap();
        all.into_iter().map(|message| message.outcome).collect()
    }

    async fn tasks(&self, kind: &str, id: &str) -> Vec<TaskRow> {
        task::open_about(&self.core.db, TENANT, kind, id).await.unwrap()
    }

    async fn task_kinds(&self, kind: &str, id: &str) -> Vec<String> {
        self.tasks(kind, id)
            .await
            .into_iter()
            .map(|task| task.about.kind)
            .collect()
    }
}

fn planner_of(account: &Account) -> Planner<'_> {
    Planner {
        tenant: TENANT,
        account,
    }
}

fn for_enrolment(id: &str) -> For {
    For::Enrolment {
        id: id.to_owned(),
        extra_attempt: false,
        confirmed: false,
    }
}

fn extra_attempt(id: &str, confirmed: bool) -> For {
    For::Enrolment {
        id: id.to_owned(),
        extra_attempt: true,
        confirmed,
    }
}

fn result_message(body: &Value) -> ResultMessage {
    read_result_message(body, ResultFlow::Three, &Dialect::v1_0_1()).unwrap()
}

fn result_body(result: Value, attendance: &str) -> Value {
    let mut result = result;
    result["resultDate"] = json!("2026-09-02");
    result["weight"] = json!(100);
    result["consumers"] = json!([{ "consumerKey": "nl-test-admin", "attendance": attendance }]);
    json!({ "associationType": "componentOfferingAssociation", "result": result })
}

fn completed(score: &str) -> Value {
    result_body(json!({ "state": "completed", "score": score }), "present")
}

fn in_progress() -> Value {
    result_body(json!({ "state": "in progress" }), "present")
}
