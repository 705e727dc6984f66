//! What the host holds beside what a vendor and a student system answer (R25), with the real connectors: what somebody
//! changed there behind the host's back is seen field by field, and repaired by what delivers and reads anyway.

use jiff::SignedDuration;
use oke_host::app::comparison;
use oke_host::app::planning::Planner;
use oke_host::domain::comparison::{Difference, Field, Part, Subject};
use oke_host::simulator::{Auth, Credentials, PeerAccess, ResultsOrder};
use oke_host::store::comparison::{self as store, Outcome};
use serde_json::{Value, json};

use crate::house::{Come, House, SIS, TENANT, VENDOR, planner};

impl House {
    async fn compare(&self, sitting: &str) {
        let account = planner();
        let by = Planner {
            tenant: TENANT,
            account: &account,
        };
        comparison::ask(&self.core, by, sitting).await.unwrap();
        self.work().await;
    }

    async fn repair(&self, sitting: &str, which: (Part, &str)) {
        let account = planner();
        let by = Planner {
            tenant: TENANT,
            account: &account,
        };
        comparison::repair(&self.core, by, sitting, which).await.unwrap();
        self.work().await;
    }

    async fn stands(&self, sitting: &str, (part, peer): (Part, &str)) -> (Outcome, Vec<Difference>) {
        let row = store::find(&self.core.db, TENANT, sitting, (part, peer)).await.unwrap();
        let row = row.unwrap_or_else(|| panic!("{} was not compared with {peer}", part.name()));
        let differences = comparison::differences(&self.core, &row).unwrap();
        (row.outcome, differences)
    }

    async fn all_equal(&self, sitting: &str, parts: &[Part]) {
        for part in parts {
            let peer = match part {
                Part::Plan | Part::Results => VENDOR,
                Part::Enrolments | Part::StudentResults => SIS,
            };
            assert_eq!(
                self.stands(sitting, (*part, peer)).await,
                (Outcome::Equal, Vec::new()),
                "{part:?}"
            );
        }
    }
}

/// Somebody else's message to a simulator, which the host does not hear of.
pub async fn behind_our_back(base_url: &str, token_url: &str, who: &Credentials, path: &str, body: &Value) {
    let http = reqwest::Client::new();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", who.client_id.as_str()),
        ("client_secret", who.client_secret.as_str()),
    ];
    let token: Value = http
        .post(token_url)
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let answer = http
        .patch(format!("{base_url}{path}"))
        .bearer_auth(token["access_token"].as_str().unwrap())
        .header("content-type", "application/merge-patch+json")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let status = answer.status();
    assert!(status.is_success(), "{status}: {}", answer.text().await.unwrap());
}

fn fields(found: &[Difference]) -> Vec<(Subject, &str, Field)> {
    found
        .iter()
        .map(|one| (one.subject, one.id.as_str(), one.field))
        .collect()
}

/// Flow 2: a deelname that was cancelled at the vendor is seen and told again; the task of it opens and closes by itself.
#[tokio::test]
async fn a_deelname_that_vanished_at_the_vendor_is_seen_and_told_again() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let (sitting, deelnames) = house.plan(3).await;
    house.work().await;
    house.compare(&sitting).await;
    house.all_equal(&sitting, &[Part::Plan, Part::Enrolments]).await;

    let Auth::Bearer(credentials) = house.ta.auth() else {
        panic!("this house's vendor takes tokens");
    };
    let cancel = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
    let path = format!("/associations/{}", deelnames[1]);
    behind_our_back(house.ta.base_url(), &house.ta.token_url(), credentials, &path, &cancel).await;
    house.compare(&sitting).await;
    let (outcome, found) = house.stands(&sitting, (Part::Plan, VENDOR)).await;
    assert_eq!(outcome, Outcome::Differs);
    assert_eq!(
        fields(&found),
        [(Subject::Deelname, deelnames[1].as_str(), Field::Presence)]
    );
    let tasks = house.open_tasks().await;
    assert_eq!(tasks.len(), 1, "{tasks:#?}");
    assert_eq!(tasks[0].about.kind, "sitting-differs");
    assert!(
        tasks[0].about.next_step.contains("ontbrekende deelnames: 1"),
        "{tasks:#?}"
    );

    house.repair(&sitting, (Part::Plan, VENDOR)).await;
    house.later(SignedDuration::from_mins(2)).await;
    house.all_equal(&sitting, &[Part::Plan]).await;
    house.close_without_tasks().await;
}

/// Flow 3: a result that the vendor changed is seen before any poll brings it, and read again by the button.
#[tokio::test]
async fn a_result_that_the_vendor_changed_is_seen_and_read_again() {
    let Some(house) = House::open(Come::Polled).await else {
        return;
    };
    let (sitting, deelnames) = house.plan(2).await;
    house.work().await;
    house.clock.advance(SignedDuration::from_hours(3));
    house.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();
    for _ in 0..3 {
        house.later(SignedDuration::from_secs(61)).await;
    }
    house.compare(&sitting).await;
    let all = [Part::Plan, Part::Results, Part::Enrolments, Part::StudentResults];
    house.all_equal(&sitting, &all).await;

    let before = house.score_at_vendor(&deelnames[0]).unwrap();
    let other = if before == "5.5" { "6.5" } else { "5.5" };
    house.ta.restate(&deelnames[0], other).await.unwrap();
    house.compare(&sitting).await;
    let (outcome, found) = house.stands(&sitting, (Part::Results, VENDOR)).await;
    assert_eq!(outcome, Outcome::Differs);
    let score = found.iter().find(|one| one.field == Field::Score).expect("the score");
    assert_eq!(score.id, deelnames[0]);
    assert_eq!(
        (score.ours.as_deref(), score.theirs.as_deref()),
        (Some(before.as_str()), Some(other))
    );

    house.repair(&sitting, (Part::Results, VENDOR)).await;
    let versions = house.versions(&deelnames[0]).await;
    assert_eq!(versions.last().unwrap().delivered.result.score.as_deref(), Some(other));
    house.later(SignedDuration::from_mins(3)).await;
    house.compare(&sitting).await;
    house.all_equal(&sitting, &all).await;
    house.close_without_tasks().await;
}

/// Flow 5: a result that was changed in the student system is seen, and sent again.
#[tokio::test]
async fn a_result_that_was_changed_in_the_student_system_is_seen_and_sent_again() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let (sitting, deelnames) = house.plan(1).await;
    house.work().await;
    house.clock.advance(SignedDuration::from_hours(3));
    house.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();
    house.later(SignedDuration::from_secs(10)).await;
    let enrolment = house.deelname(&deelnames[0]).await.enrolment.unwrap();
    let sent = house.score_at_sis(&enrolment).unwrap();
    let other = if sent == "9.5" { "9.4" } else { "9.5" };

    let state = house.sis.state();
    let held = state.associations.iter().find(|one| one.association_id == enrolment);
    let mut result = held.unwrap().result.clone().unwrap();
    result["score"] = json!(other);
    let own = json!({ "consumerKey": "nl-test-admin", "orgAssociationId": enrolment, "attempt": 1 });
    let body = json!({ "associationType": "componentOfferingAssociation", "result": result, "consumers": [own] });
    let (base_url, token_url) = (house.sis.base_url(), house.sis.token_url());
    let path = format!("/associations/{enrolment}");
    behind_our_back(base_url, &token_url, house.sis.credentials(), &path, &body).await;
    house.compare(&sitting).await;
    let (_, found) = house.stands(&sitting, (Part::StudentResults, SIS)).await;
    assert_eq!(
        fields(&found),
        [(Subject::StudentResult, deelnames[0].as_str(), Field::Score)]
    );

    house.repair(&sitting, (Part::StudentResults, SIS)).await;
    assert_eq!(house.score_at_sis(&enrolment).as_ref(), Some(&sent));
    house.later(SignedDuration::from_mins(3)).await;
    house.all_equal(&sitting, &[Part::StudentResults]).await;
    house.close_without_tasks().await;
}

/// Flow 1: what the student system changed and could not bring is seen, and fetched: it leads.
#[tokio::test]
async fn what_the_student_system_could_not_bring_is_seen_and_fetched() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let (sitting, _) = house.plan(1).await;
    house.work().await;
    let (plannable, _) = house.to_plan();
    let nowhere = PeerAccess {
        target: format!("{}/oke/nobody/tpl", house.base),
        ..house.access(SIS, "nl-test-admin-flow-1-5").await
    };
    house.sis.connect_tpl(nowhere);
    let end = house.core.now() + SignedDuration::from_hours(24 * 30);
    let delivery = house.sis.change_offering_end(&plannable, end).await.unwrap();
    assert!(!delivery.accepted(), "{delivery:?}");
    house.compare(&sitting).await;
    let (_, found) = house.stands(&sitting, (Part::Enrolments, SIS)).await;
    assert_eq!(
        fields(&found),
        [(Subject::Plannable, plannable.as_str(), Field::EndDateTime)]
    );

    house.repair(&sitting, (Part::Enrolments, SIS)).await;
    assert_eq!(house.sitting(&plannable).await.facts.end, Some(end));
    house.later(SignedDuration::from_mins(3)).await;
    house.all_equal(&sitting, &[Part::Enrolments]).await;
    house.close_without_tasks().await;
}

/// Every night the sittings of the coming days are compared by themselves, and an untouched chain is equal throughout.
#[tokio::test]
async fn every_night_the_coming_sittings_are_compared() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    house.later(SignedDuration::from_hours(14)).await;
    let (sitting, _) = house.plan(2).await;
    house.work().await;
    assert!(
        store::of_sitting(&house.core.db, TENANT, &sitting)
            .await
            .unwrap()
            .is_empty()
    );
    // Past 02:00 at school: the sitting has begun.
    house.later(SignedDuration::from_mins(61)).await;
    let rows = store::of_sitting(&house.core.db, TENANT, &sitting).await.unwrap();
    assert!(!rows.is_empty());
    assert!(rows.iter().all(|row| row.outcome == Outcome::Equal), "{rows:#?}");
    house.close_without_tasks().await;
}
