//! Flow 1 as it leaves the SIS.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Story, result_for};
use crate::simulator::recording_tpl::{Received, RecordingTpl};
use crate::simulator::{Flow1Push, SimulatorError, client};

fn paths(received: &[Received]) -> Vec<&str> {
    received.iter().map(|one| one.path.as_str()).collect()
}

#[tokio::test]
async fn a_push_brings_everything_once_in_an_order_where_nothing_is_missing() {
    let story = Story::start().await;
    let tpl = RecordingTpl::start().await;
    story.sis.connect_tpl(tpl.access());
    let report = story.sis.push_flow_1(&Flow1Push::default()).await.unwrap();

    assert!(report.all_accepted());
    let accepted = |kind: &str| report.kinds[kind].accepted;
    assert_eq!((accepted("program-offering"), accepted("offering")), (2, 4));
    assert_eq!((accepted("person"), accepted("enrolment")), (63, 60));
    // 4 tests with 30 students and 3 of the staff each.
    assert_eq!(accepted("association"), 132);

    let received = tpl.received();
    assert_eq!(received.len(), report.sent());
    assert_eq!(
        paths(&received).into_iter().collect::<BTreeSet<_>>().len(),
        report.sent()
    );
    let mut known = BTreeSet::new();
    for message in &received {
        assert_eq!(
            (message.method.as_str(), message.content_type.as_str()),
            ("PUT", "application/json")
        );
        for field in ["person", "offering"] {
            if let Some(id) = message.body[field].as_str() {
                assert!(
                    known.contains(id),
                    "{} refers to a {field} that did not come yet",
                    message.path
                );
            }
        }
        // R1: the body carries the id of the path.
        let id = message.path.rsplit('/').next().unwrap();
        let carried = ["personId", "offeringId", "associationId"]
            .iter()
            .any(|field| message.body[*field] == id);
        assert!(carried, "{}", message.path);
        known.insert(id.to_owned());
    }
    assert_eq!(tpl.tokens_given(), 1);
}

/// R14: objects may come in any order, so this simulator can make any order.
#[tokio::test]
async fn a_shuffled_push_brings_the_same_in_another_order() {
    let story = Story::start().await;
    let tpl = RecordingTpl::start().await;
    story.sis.connect_tpl(tpl.access());
    let shuffled = Flow1Push {
        shuffle_seed: Some(3),
        parallel: Some(1),
    };
    story.sis.push_flow_1(&shuffled).await.unwrap();
    let received = tpl.received();
    let first_association = received
        .iter()
        .position(|one| one.path.starts_with("/associations/"))
        .unwrap();
    let last_offering = received
        .iter()
        .rposition(|one| one.path.starts_with("/offerings/"))
        .unwrap();
    assert!(first_association < last_offering);
    assert_eq!(received.len(), 261);
}

#[tokio::test]
async fn a_tpl_that_fails_for_a_while_still_gets_everything_once() {
    let story = Story::start().await;
    let tpl = RecordingTpl::start().await;
    story.sis.connect_tpl(tpl.access());
    tpl.fail_with(&[500, 429, 401]);
    let report = story.sis.push_flow_1(&Flow1Push::default()).await.unwrap();
    assert!(report.all_accepted());
    assert_eq!(tpl.received().len(), 261);
}

#[tokio::test]
async fn what_a_tpl_refuses_stands_in_the_report_with_the_reason() {
    let story = Story::start().await;
    let tpl = RecordingTpl::start().await;
    story.sis.connect_tpl(tpl.access());
    tpl.fail_with(&[400]);
    let report = story
        .sis
        .push_flow_1(&Flow1Push {
            shuffle_seed: None,
            parallel: Some(1),
        })
        .await
        .unwrap();
    assert_eq!(report.failed.len(), 1);
    assert_eq!(report.failed[0].tries, 1);
    assert_eq!(report.failed[0].detail.as_deref(), Some("told to fail"));
}

/// R4: deleting is a PATCH with the new state and the type, nothing else.
#[tokio::test]
async fn single_changes_go_out_as_the_smallest_merge_patch() {
    let story = Story::start().await;
    let tpl = RecordingTpl::start().await;
    story.sis.connect_tpl(tpl.access());
    let registration = story.registration();
    let [first, second, ..] = &story.sis.school().plannable_tests[..] else {
        panic!("two tests")
    };
    story.sis.cancel_enrolment(&registration).await.unwrap();
    story.sis.cancel_offering(&first.id).await.unwrap();
    story
        .sis
        .change_offering_end(&second.id, "2026-12-01T12:00:00Z".parse().unwrap())
        .await
        .unwrap();

    let received = tpl.received();
    assert!(
        received
            .iter()
            .all(|one| one.method == "PATCH" && one.content_type == "application/merge-patch+json")
    );
    let bodies: Vec<&Value> = received.iter().map(|one| &one.body).collect();
    assert_eq!(
        bodies[0],
        &json!({ "associationType": "componentOfferingAssociation", "state": "canceled" })
    );
    let canceled = json!({ "consumerKey": "nl-test-admin", "offeringState": "canceled" });
    assert_eq!(
        bodies[1],
        &json!({ "offeringType": "component", "consumers": [canceled] })
    );
    assert_eq!(
        bodies[2],
        &json!({ "offeringType": "component", "endDateTime": "2026-12-01T12:00:00Z" })
    );
    // R5: with the offering its registrations are cancelled here too.
    let of_first = story
        .sis
        .state()
        .associations
        .into_iter()
        .filter(|one| one.offering_id == first.id);
    assert!(of_first.map(|one| one.state).all(|state| state == "canceled"));
}

/// §3.1.4: flow 1 does not use the result, so a later push does not carry it.
#[tokio::test]
async fn a_push_after_results_does_not_send_them_back() {
    let story = Story::start().await;
    let tpl = RecordingTpl::start().await;
    story.sis.connect_tpl(tpl.access());
    let id = story.registration();
    story
        .send(Method::PATCH, &format!("/associations/{id}"), &result_for(&id, "7.3"))
        .await;
    story.sis.push_flow_1(&Flow1Push::default()).await.unwrap();
    assert!(tpl.received().iter().all(|one| one.body.get("result").is_none()));
}

#[tokio::test]
async fn a_push_needs_a_tpl_and_an_enrolment_that_exists() {
    let story = Story::start().await;
    let refusal = story.sis.push_flow_1(&Flow1Push::default()).await.unwrap_err();
    assert!(matches!(refusal, SimulatorError::NoPeer));
    let refusal = story.sis.cancel_enrolment("nobody").await.unwrap_err();
    assert!(
        refusal.to_string().contains("no association `nobody` here"),
        "{refusal}"
    );
}

#[tokio::test]
async fn the_control_endpoint_pushes_to_the_tpl_that_it_names() {
    let story = Story::start().await;
    let tpl = RecordingTpl::start().await;
    let access = tpl.access();
    let control = async |body: Value| {
        let url = format!("{}/control/push-flow-1", story.sis.base_url());
        let response = client().post(url).body(body.to_string()).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let (status, problem) = control(json!({ "target": access.target })).await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().contains("together"));
    let (status, report) = control(json!({ "target": access.target, "tokenUrl": access.token_url,
        "clientId": access.client_id, "clientSecret": access.client_secret, "shuffleSeed": 5 }))
    .await;
    assert_eq!((status, &report["kinds"]["person"]["accepted"]), (200, &json!(63)));
}
