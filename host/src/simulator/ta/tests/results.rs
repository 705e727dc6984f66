//! Flows 3 and 4 as they leave the platform.

use reqwest::Method;
use serde_json::{Value, json};

use super::Story;
use crate::simulator::ta::{Cesuur, ReportOrder};
use crate::simulator::{Misbehaviour, Outcome, ResultsOrder, SimulatorError, Trouble, scale};

fn ours(result: &Value) -> &Value {
    &result["consumers"][0]
}

/// R12: a message of flow 3 holds the type and a result with state, date, weight and attendance.
#[tokio::test]
async fn attendance_goes_out_first_and_scores_follow_for_who_was_there() {
    let (story, tpl) = Story::pushing().await;
    let (sitting, ids) = story.plan("one", 5).await;
    let deliveries = story.ta.attendance(&sitting, &ids[..1]).await.unwrap();
    assert_eq!(deliveries.iter().filter(|one| one.accepted()).count(), 5);
    story.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();

    let received = tpl.received();
    assert_eq!(received.len(), 5 + 4);
    for message in &received {
        assert_eq!(
            (message.method.as_str(), message.content_type.as_str()),
            ("PATCH", "application/merge-patch+json")
        );
        assert_eq!(message.body["associationType"], "componentOfferingAssociation");
        let result = &message.body["result"];
        assert_eq!(result["weight"], 100);
        assert!(result["resultDate"].is_string() && ours(result)["attendance"].is_string());
    }
    let absent = received.iter().find(|one| one.path.ends_with(&ids[0])).unwrap();
    assert_eq!(ours(&absent.body["result"])["attendance"], "notPresent");
    let scored = received.iter().filter(|one| one.body["result"]["state"] == "completed");
    for message in scored {
        assert_eq!(
            scale::fits("0.0-10.0", message.body["result"]["score"].as_str().unwrap()),
            Ok(())
        );
        assert_eq!(ours(&message.body["result"])["final"], false);
    }
    assert_eq!(tpl.scopes_asked(), ["nl-test-admin-flow-2-3-4"]);
}

#[tokio::test]
async fn a_polled_platform_sends_nothing_and_shows_results_to_who_reads() {
    let story = Story::polled().await;
    let (sitting, ids) = story.plan("one", 3).await;
    assert_eq!(story.ta.attendance(&sitting, &[]).await.unwrap(), []);
    let only = ResultsOrder {
        only: vec![ids[1].clone()],
        ..ResultsOrder::grades(&sitting)
    };
    assert_eq!(story.ta.results(&only).await.unwrap(), []);
    let path = format!("/offerings/{sitting}/associations?result-state=completed");
    let found = story.get(&path).await.1;
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(found["items"][0]["associationId"], json!(ids[1]));
    let in_progress = story
        .get(&format!("/offerings/{sitting}/associations?result-state=in%20progress"))
        .await
        .1;
    assert_eq!(in_progress["items"].as_array().unwrap().len(), 2);
}

/// N#164: before the cesuur a percentage stands in `score`; the cesuur restates every result as a grade.
#[tokio::test]
async fn percentages_before_the_cesuur_become_grades_after_it() {
    let story = Story::polled().await;
    let (sitting, ids) = story.plan("one", 12).await;
    story.ta.results(&ResultsOrder::percentages(&sitting)).await.unwrap();
    let points_before: Vec<Value> = ids
        .iter()
        .map(|id| ours(&story.deelname(id).result.unwrap())["rawScore"].clone())
        .collect();
    let before = story.deelname(&ids[0]).result.unwrap();
    let percentage: f64 = before["score"].as_str().unwrap().parse().unwrap();
    let raw = ours(&before)["rawScore"].as_f64().unwrap() / ours(&before)["maxRawScore"].as_f64().unwrap();
    assert!((percentage - 100.0 * raw).abs() <= 0.5);
    assert!(scale::fits("0.0-10.0", before["score"].as_str().unwrap()).is_err());

    let component_id = story.ta.catalogue().first_active().id.clone();
    story
        .ta
        .cesuur(&Cesuur {
            component_id: component_id.clone(),
            pass_mark: Some(0.65),
        })
        .await
        .unwrap();
    for (id, points_before) in ids.iter().zip(points_before) {
        let after = story.deelname(id).result.unwrap();
        let grade: f64 = after["score"].as_str().unwrap().parse().unwrap();
        let points = ours(&after)["rawScore"].as_f64().unwrap();
        assert_eq!(
            after["pass"] == "passed",
            points / 75.0 >= 0.65,
            "{points} points gave {grade}"
        );
        assert_eq!(ours(&after)["rawScore"], points_before);
    }
    let refusal = story
        .ta
        .cesuur(&Cesuur {
            component_id,
            pass_mark: Some(1.5),
        })
        .await
        .unwrap_err();
    assert!(matches!(refusal, SimulatorError::DoesNotFit(_)));
}

/// R6: the result of a deelname that was cancelled meanwhile still comes.
#[tokio::test]
async fn a_cancelled_deelname_gets_its_result_late_and_only_then() {
    let (story, tpl) = Story::pushing().await;
    let (sitting, ids) = story.plan("one", 2).await;
    assert!(matches!(
        story.ta.late_result(&ids[0]).await.unwrap_err(),
        SimulatorError::DoesNotFit(_)
    ));
    let cancel = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
    story
        .send(Method::PATCH, &format!("/associations/{}", ids[0]), &cancel)
        .await;
    story.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();
    assert_eq!(tpl.received().len(), 1);
    story.ta.late_result(&ids[0]).await.unwrap();
    assert!(tpl.received()[1].path.ends_with(&ids[0]));
}

#[tokio::test]
async fn a_correction_replaces_the_score_of_a_completed_result() {
    let (story, tpl) = Story::pushing().await;
    let (sitting, ids) = story.plan("one", 1).await;
    assert!(story.ta.restate(&ids[0], "5.6").await.is_err());
    story.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();
    for score in ["5.4", "5.6", "5.4"] {
        story.ta.restate(&ids[0], score).await.unwrap();
    }
    let scores: Vec<Value> = tpl.received()[1..]
        .iter()
        .map(|one| one.body["result"]["score"].clone())
        .collect();
    assert_eq!(scores, ["5.4", "5.6", "5.4"]);
}

#[tokio::test]
async fn messages_are_doubled_and_overtaken_on_request() {
    let (story, tpl) = Story::pushing().await;
    let (sitting, ids) = story.plan("one", 1).await;
    story.ta.misbehave(Misbehaviour::next(1, Trouble::ReorderOutgoing));
    let held = story.ta.attendance(&sitting, &[]).await.unwrap();
    assert_eq!((held[0].outcome.clone(), story.ta.state().held), (Outcome::Held, 1));
    story.ta.misbehave(Misbehaviour::next(1, Trouble::DuplicateOutgoing));
    story.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();

    let states: Vec<Value> = tpl
        .received()
        .iter()
        .map(|one| one.body["result"]["state"].clone())
        .collect();
    assert_eq!(states, ["completed", "completed", "in progress"]);
    assert_eq!(tpl.received()[0], tpl.received()[1]);
    assert_eq!(story.ta.state().held, 0);
    // The platform itself knows better: R25 lets a reader find out.
    assert_eq!(
        story.get(&format!("/associations/{}", ids[0])).await.1["result"]["state"],
        "completed"
    );
}

#[tokio::test]
async fn a_message_kept_back_without_a_later_one_goes_when_it_is_released() {
    let (story, tpl) = Story::pushing().await;
    let (sitting, _) = story.plan("one", 1).await;
    story
        .ta
        .misbehave(Misbehaviour::next(1, Trouble::ReorderOutgoing).on("PATCH", "/associations/"));
    story.ta.attendance(&sitting, &[]).await.unwrap();
    assert_eq!(tpl.received().len(), 0);
    story.ta.release_held().await.unwrap();
    assert_eq!(tpl.received().len(), 1);
}

/// R12, R27: flow 4 names its documents, and each is fetched by its id.
#[tokio::test]
async fn a_report_goes_out_with_documents_that_can_be_fetched_whole() {
    let (story, tpl) = Story::pushing().await;
    let (sitting, _) = story.plan("one", 1).await;
    let five_mebibytes = 5 * 1024 * 1024;
    let irregularities = "Tien minuten later begonnen door een brandoefening.".to_owned();
    let order = ReportOrder {
        offering_id: sitting.clone(),
        irregularities,
        documents: vec![2_000, five_mebibytes],
    };
    story.ta.report(&order).await.unwrap();

    let message = tpl.received().remove(0);
    assert_eq!(
        (message.path, &message.body["offeringType"]),
        (format!("/offerings/{sitting}"), &json!("component"))
    );
    let documents = message.body["consumers"][0]["documents"].as_array().unwrap().clone();
    assert_eq!(documents[0]["documentType"], "sessionReport");
    let id = documents[1]["documentId"].as_str().unwrap();
    let response = story
        .request(Method::GET, &format!("/documents/{id}"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    let content = response.bytes().await.unwrap();
    assert_eq!(content.len(), five_mebibytes);
    let known = story
        .ta
        .state()
        .documents
        .into_iter()
        .find(|one| one.document_id == id)
        .unwrap();
    assert_eq!(
        known.sha256,
        hex::encode(ring::digest::digest(&ring::digest::SHA256, &content))
    );
    assert_eq!(known.reads, 1);

    let read = story.get(&format!("/offerings/{sitting}")).await.1;
    assert_eq!(read["consumers"][0]["irregularities"], json!(order.irregularities));
    assert_eq!(read["consumers"][0]["offeringState"], "active");
}

#[tokio::test]
async fn commands_about_things_that_are_not_there_say_so() {
    let story = Story::polled().await;
    let (sitting, _) = story.plan("one", 1).await;
    for refusal in [
        story.ta.attendance("nowhere", &[]).await.unwrap_err(),
        story.ta.attendance(&sitting, &["nobody".to_owned()]).await.unwrap_err(),
        story.ta.results(&ResultsOrder::grades("nowhere")).await.unwrap_err(),
        story.ta.restate("nobody", "6.0").await.unwrap_err(),
    ] {
        assert!(matches!(refusal, SimulatorError::Unknown { .. }), "{refusal}");
    }
}
