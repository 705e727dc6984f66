//! The host as TA in front of a vendor: a planning system outside the host plans at the TA face, the vendor gets it through
//! its connector, and what comes of it goes back the same way (R23).

use jiff::SignedDuration;
use oke_host::app::landscape;
use oke_host::simulator::{
    Misbehaviour, Now, PeerAccess, PlannedSitting, PlannedState, ReportOrder, ResultsOrder, SittingOrder, Tpl,
    TplOptions, Trouble, client,
};
use oke_host::store::loss;
use serde_json::{Value, json};

use crate::house::{Come, House, SIS, TENANT, VENDOR};

pub const PLANNER: &str = "ontrack";
const FB: &str = "fb";

/// A planning system outside the host, which plans at the house's vendor.
pub async fn outside(house: &House) -> Tpl {
    let tpl = Tpl::start(TplOptions {
        now: Now::by(house.clock.clone()),
        token_lifetime: SignedDuration::from_hours(2400),
        ..TplOptions::new("OnTrack")
    })
    .await
    .unwrap();
    house.add_planner(PLANNER, &tpl).await;
    landscape::allow(&house.core, TENANT, FB, (PLANNER, VENDOR), true)
        .await
        .unwrap();
    tpl
}

impl House {
    pub async fn plan_outside(&self, tpl: &Tpl, students: usize) -> PlannedSitting {
        let order = SittingOrder {
            component_id: self.ta.catalogue().first_active().id.clone(),
            start: self.core.now() + SignedDuration::from_hours(1),
            students,
        };
        let planned = tpl.plan(&order).await.unwrap();
        for delivery in &planned.deliveries {
            assert!(delivery.accepted(), "{delivery:?}");
        }
        planned
    }
}

fn deelname(tpl: &Tpl, id: &str) -> PlannedState {
    let state = tpl.state();
    assert!(state.refused.is_empty(), "{:?}", state.refused);
    state.deelnames.into_iter().find(|one| one.id == id).unwrap()
}

fn scores(tpl: &Tpl, id: &str) -> Vec<Value> {
    deelname(tpl, id)
        .came
        .iter()
        .map(|result| result["score"].clone())
        .collect()
}

/// R10, R14, R23, R25, R27: planned outside, taken at the vendor, back to where it was planned: attendance, score, report and
/// document. The catalogue, what is read back and the start link come from the TA face.
#[tokio::test]
async fn what_is_planned_outside_comes_back_outside() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let tpl = outside(&house).await;
    let planned = house.plan_outside(&tpl, 3).await;
    let sitting = &planned.offering_id;
    house.work().await;
    let at_vendor = house.ta.state();
    assert!(at_vendor.refused.is_empty(), "{:?}", at_vendor.refused);
    assert_eq!((at_vendor.sittings.len(), at_vendor.deelnames.len()), (1, 3));
    let first = &planned.association_ids[0];
    let (status, link) = tpl.ask(&format!("/associations/{first}/url")).await.unwrap();
    assert_eq!(status, 200, "{link}");
    assert!(
        link.as_str().unwrap().starts_with(house.ta.base_url()),
        "live, from the vendor"
    );

    house.later(SignedDuration::from_hours(3)).await;
    house.ta.attendance(sitting, &[]).await.unwrap();
    house.work().await;
    assert_eq!(deelname(&tpl, first).came[0]["state"], json!("in progress"));
    let order = ResultsOrder {
        documents: vec![2_000],
        ..ResultsOrder::grades(sitting)
    };
    let sent = house.ta.results(&order).await.unwrap();
    assert!(sent.iter().all(oke_host::simulator::Delivery::accepted), "{sent:?}");
    house.work().await;
    for id in &planned.association_ids {
        let score = house.score_at_vendor(id).unwrap();
        assert_eq!(scores(&tpl, id).last(), Some(&json!(score)));
    }
    let (_, page) = tpl
        .ask(&format!(
            "/offerings/{sitting}/associations?result-state=completed&expand=person"
        ))
        .await
        .unwrap();
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
    assert_eq!(items.len(), 3, "R25");
    assert_eq!(page["items"][0]["person"]["affiliations"], json!(["student"]));

    let report = ReportOrder {
        offering_id: sitting.clone(),
        irregularities: "Brandalarm.".to_owned(),
        documents: vec![3_000],
    };
    house.ta.report(&report).await.unwrap();
    house.work().await;
    let told = tpl.state().sittings[0].came.last().unwrap().clone();
    assert_eq!(told["irregularities"], json!("Brandalarm."));
    let (_, read) = tpl.ask(&format!("/offerings/{sitting}")).await.unwrap();
    let ours = read["consumers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["consumerKey"] == "nl-test-admin");
    assert_eq!(
        ours.unwrap()["irregularities"],
        json!("Brandalarm."),
        "flow 4 read back"
    );
    let result = deelname(&tpl, first).came.last().unwrap().clone();
    for (named, size) in [
        (&result["consumers"][0]["documents"], 2_000),
        (&told["documents"], 3_000),
    ] {
        let id = named[0]["documentId"].as_str().unwrap();
        let (bytes, _) = tpl.fetch_document(id).await.unwrap();
        assert_eq!(bytes, size, "R27: fetched at the TA face, under the host's id");
    }
    tpl.stop().await;
    house.close_without_tasks().await;
}

/// R4, R5, R6: what is cancelled outside is cancelled at the vendor; a late result of it is taken and goes on.
#[tokio::test]
async fn a_late_result_of_what_was_cancelled_goes_on() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let tpl = outside(&house).await;
    let planned = house.plan_outside(&tpl, 2).await;
    house.work().await;
    let [one, other] = [&planned.association_ids[0], &planned.association_ids[1]];
    let canceled = tpl.cancel_deelname(one).await.unwrap();
    assert!(canceled[0].accepted(), "{canceled:?}");
    house.work().await;
    let state_at_vendor = |id: &str| {
        let state = house.ta.state();
        let found = state.deelnames.iter().find(|held| held.association_id == id).unwrap();
        found.state.clone()
    };
    assert_eq!(state_at_vendor(one), "canceled");
    assert_eq!(state_at_vendor(other), "associated");

    house.later(SignedDuration::from_hours(3)).await;
    house.ta.late_result(one).await.unwrap();
    house.work().await;
    assert_eq!(
        scores(&tpl, one),
        vec![json!(house.score_at_vendor(one).unwrap())],
        "R6"
    );

    tpl.cancel_sitting(&planned.offering_id).await.unwrap();
    house.work().await;
    assert_eq!(state_at_vendor(other), "canceled", "R5");
    let kept = house.deelname(other).await;
    assert!(
        kept.is_canceled() && kept.facts.person.is_none(),
        "R5: the person's data is gone, the keys stay"
    );
    tpl.stop().await;
    house.close_without_tasks().await;
}

/// Invariants 1 and 4, R21: with a vendor that loses answers and a planner that is down and then loses answers, every
/// result arrives, the last one last, and nothing is there twice.
#[tokio::test]
async fn lost_answers_and_a_planner_that_is_down_cost_nothing() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let tpl = outside(&house).await;
    house.ta.misbehave(Misbehaviour::next(2, Trouble::DropAfterApplying));
    let planned = house.plan_outside(&tpl, 2).await;
    for _ in 0..4 {
        house.later(SignedDuration::from_mins(10)).await;
    }
    let at_vendor = house.ta.state();
    assert_eq!((at_vendor.sittings.len(), at_vendor.deelnames.len()), (1, 2));

    house.later(SignedDuration::from_hours(3)).await;
    tpl.misbehave(Misbehaviour::always(Trouble::ServerError));
    house
        .ta
        .results(&ResultsOrder::grades(&planned.offering_id))
        .await
        .unwrap();
    house.work().await;
    let first = &planned.association_ids[0];
    house.ta.restate(first, "5.6").await.unwrap();
    house.later(SignedDuration::from_hours(1)).await;
    assert_eq!(scores(&tpl, first), Vec::<Value>::new(), "down");
    tpl.behave();
    tpl.misbehave(Misbehaviour::next(1, Trouble::DropAfterApplying));
    for _ in 0..12 {
        house.later(SignedDuration::from_hours(1)).await;
    }
    for id in &planned.association_ids {
        let score = json!(house.score_at_vendor(id).unwrap());
        let came = scores(&tpl, id);
        assert_eq!(came.last(), Some(&score));
        assert!(
            came.iter().all(|one| *one == score),
            "full state, so that only the last counts: {came:?}"
        );
    }
    tpl.stop().await;
    house.close().await;
}

/// R23, flow 3 by poll: results of a vendor that is asked for them go back outside too.
#[tokio::test]
async fn polled_results_go_back_outside() {
    let Some(house) = House::open(Come::Polled).await else {
        return;
    };
    let tpl = outside(&house).await;
    let planned = house.plan_outside(&tpl, 2).await;
    house.work().await;
    house.later(SignedDuration::from_hours(3)).await;
    house
        .ta
        .results(&ResultsOrder::grades(&planned.offering_id))
        .await
        .unwrap();
    for _ in 0..3 {
        house.later(SignedDuration::from_mins(2)).await;
    }
    for id in &planned.association_ids {
        assert_eq!(scores(&tpl, id), vec![json!(house.score_at_vendor(id).unwrap())]);
    }
    tpl.stop().await;
    house.close_without_tasks().await;
}

/// R7, R8, R23, R25, flow 5 at the DR face: what an outside TPL brings for an enrolment and for an extra attempt reaches
/// the student system through its connector; what it reads there is what that system told.
#[tokio::test]
async fn results_brought_from_outside_reach_the_student_system() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let tpl = outside(&house).await;
    landscape::allow(&house.core, TENANT, FB, (PLANNER, SIS), true)
        .await
        .unwrap();
    let access = house.access(PLANNER, "nl-test-admin-flow-1-5").await;
    let dr = Face::sign_in(format!("{}/oke/{TENANT}/dr", house.base), &access).await;
    let (plannable, enrolments) = house.to_plan();
    let listed = dr
        .get(&format!(
            "offerings/{plannable}/associations?expand=person&pageSize=250"
        ))
        .await;
    let listed = listed["items"].as_array().unwrap().clone();
    let enrolment = listed
        .iter()
        .find(|one| one["associationId"] == enrolments[0].as_str())
        .unwrap();
    assert!(enrolment["person"]["displayName"].is_string(), "R25");

    let result = |score: &str, attempt: u32| {
        json!({
            "associationType": "componentOfferingAssociation",
            "result": {
                "state": "completed", "score": score, "resultDate": "2026-09-01", "weight": 100,
                "consumers": [{
                    "consumerKey": "nl-test-admin", "attendance": "present", "executedOfferingName": "Rekenen",
                    "final": false,
                }],
            },
            "consumers": [{
                "consumerKey": "nl-test-admin", "attempt": attempt, "orgAssociationId": enrolments[0],
            }],
        })
    };
    dr.send("PATCH", &format!("associations/{}", enrolments[0]), &result("6.5", 1))
        .await;
    let extra = "7a1d7f5e-2f0b-4b57-9d0e-9f1c8a6b5d01";
    let mut attempt = result("7.5", 2);
    attempt["role"] = json!("student");
    attempt["state"] = json!("associated");
    attempt["person"] = enrolment["person"]["personId"].clone();
    attempt["offering"] = json!(plannable);
    // Of flow 2: a student system has no place for it.
    attempt["consumers"][0]["additionalTimeInMin"] = json!(30);
    dr.send("PUT", &format!("associations/{extra}"), &attempt).await;
    house.work().await;
    assert_eq!(
        house.score_at_sis(&enrolments[0]).as_deref(),
        Some("6.5"),
        "R8: PATCH on the original"
    );
    assert_eq!(
        house.score_at_sis(extra).as_deref(),
        Some("7.5"),
        "R7, R8: PUT of an extra attempt"
    );
    let left_out = loss::of_subject(&house.core.db, TENANT, ("association", extra))
        .await
        .unwrap();
    assert_eq!((left_out[0].peer.as_str(), left_out[0].flow), (SIS, 5));
    assert_eq!(left_out[0].lost, ["deelname-needs"]);
    assert!(house.sis.state().refused.is_empty(), "{:?}", house.sis.state().refused);
    tpl.stop().await;
    house.close_without_tasks().await;
}

/// A client at one of the host's faces.
struct Face {
    base: String,
    token: String,
}

impl Face {
    async fn sign_in(base: String, access: &PeerAccess) -> Face {
        let asked = client()
            .post(&access.token_url)
            .basic_auth(&access.client_id, Some(&access.client_secret))
            .form(&[("grant_type", "client_credentials")]);
        let answer: Value = asked.send().await.unwrap().json().await.unwrap();
        Face {
            base,
            token: answer["access_token"].as_str().unwrap().to_owned(),
        }
    }

    async fn get(&self, path: &str) -> Value {
        let asked = client().get(format!("{}/{path}", self.base)).bearer_auth(&self.token);
        asked.send().await.unwrap().json().await.unwrap()
    }

    async fn send(&self, method: &str, path: &str, body: &Value) {
        let sent = client().request(method.parse().unwrap(), format!("{}/{path}", self.base));
        let answer = sent.bearer_auth(&self.token).json(body).send().await.unwrap();
        let status = answer.status();
        assert!(
            status.is_success(),
            "{method} {path}: {status} {}",
            answer.text().await.unwrap()
        );
    }
}
