//! Flow 5: what is refused, what must be accepted, and what stands afterwards.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Story, result_for};
use crate::simulator::recording_tpl::RecordingTpl;
use crate::simulator::seeded::uuid_for;

#[tokio::test]
async fn a_complete_result_is_stored_and_answered_with_id_state_and_message() {
    let story = Story::start().await;
    let id = story.registration();
    let (status, answer) = story
        .send(Method::PATCH, &format!("/associations/{id}"), &result_for(&id, "7.3"))
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        (&answer["associationId"], &answer["state"]),
        (&json!(id), &json!("associated"))
    );
    assert!(answer["message"][0]["value"].is_string());
    let stored = story.association(&id);
    assert_eq!(stored.result.unwrap()["score"], "7.3");
    assert_eq!((stored.messages, stored.changes), (1, 1));
}

/// R12: writing is strict, so each of these is refused with its name.
#[tokio::test]
async fn a_result_that_lacks_something_is_refused_and_says_what() {
    let story = Story::start().await;
    let id = story.registration();
    let spoil: [(&str, Value, &str); 14] = [
        ("/associationType", Value::Null, "associationType"),
        ("/consumers/0/orgAssociationId", Value::Null, "orgAssociationId"),
        (
            "/consumers/0/orgAssociationId",
            json!(uuid_for(&["another"])),
            "this result belongs to",
        ),
        ("/consumers/0/attempt", Value::Null, "attempt"),
        (
            "/consumers/0/consumerKey",
            json!("other"),
            "no entry of consumerKey nl-test-admin",
        ),
        ("/result", Value::Null, "`result` is missing"),
        ("/result/state", json!("cancelled"), "result.state"),
        ("/result/resultDate", json!("22-06-2026"), "result.resultDate"),
        ("/result/weight", Value::Null, "result.weight"),
        ("/result/score", json!(7.3), "result.score"),
        ("/result/score", json!("53"), "`53` is not a value of 0.0-10.0"),
        ("/result/consumers/0/attendance", Value::Null, "attendance"),
        (
            "/result/consumers/0/executedOfferingName",
            Value::Null,
            "executedOfferingName",
        ),
        ("/result/consumers/0/testDate", json!("2026-06-21"), "testDate"),
    ];
    for (place, value, expected) in spoil {
        let mut message = result_for(&id, "7.3");
        *message.pointer_mut(place).unwrap() = value;
        let (status, problem) = story
            .send(Method::PATCH, &format!("/associations/{id}"), &message)
            .await;
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(status, 400, "{place}: {detail}");
        assert!(detail.contains(expected), "{place}: {detail}");
    }
    assert_eq!(story.association(&id).messages, 0);
    assert_eq!(story.sis.state().refused.len(), 14);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_of_the_right_type_and_size_is_400() {
    let story = Story::start().await;
    let path = format!("/associations/{}", story.registration());
    let send = async |media: &str, body: Vec<u8>| {
        let request = story
            .request(Method::PATCH, &path)
            .header("content-type", media)
            .body(body);
        let response = request.send().await.unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap()["detail"].to_string(),
        )
    };
    let merge = "application/merge-patch+json";
    for (media, body, expected) in [
        ("text/plain", b"{}".to_vec(), "text/plain"),
        (merge, b"{\"result\":".to_vec(), "not JSON"),
        (merge, b"[]".to_vec(), "JSON object"),
        (merge, b"{\"a\":\"\xff\"}".to_vec(), "not JSON"),
        (
            merge,
            format!("{}1{}", "{\"a\":".repeat(4_000), "}".repeat(4_000)).into_bytes(),
            "recursion",
        ),
        (merge, vec![b' '; 1024 * 1024 + 1], "up to 1048576 bytes"),
    ] {
        let (status, detail) = send(media, body).await;
        assert_eq!(status, 400, "{detail}");
        assert!(detail.contains(expected), "{detail}");
    }
}

/// R2: a PATCH of an id never known is 404.
#[tokio::test]
async fn a_result_for_an_unknown_id_is_404() {
    let story = Story::start().await;
    let id = uuid_for(&["nowhere"]);
    assert_eq!(
        story
            .send(Method::PATCH, &format!("/associations/{id}"), &result_for(&id, "7.3"))
            .await
            .0,
        404
    );
}

/// R6: cancelled is no reason to refuse, and (table 4.0.F) TPL has no say over the state.
#[tokio::test]
async fn a_result_for_a_cancelled_registration_is_accepted_and_revives_nothing() {
    let story = Story::start().await;
    let tpl = RecordingTpl::start().await;
    story.sis.connect_tpl(tpl.access());
    let id = story.registration();
    story.sis.cancel_enrolment(&id).await.unwrap();
    let mut message = result_for(&id, "6.0");
    message["state"] = "associated".into();
    let (status, answer) = story
        .send(Method::PATCH, &format!("/associations/{id}"), &message)
        .await;
    assert_eq!((status, &answer["state"]), (200, &json!("canceled")));
    let stored = story.association(&id);
    assert_eq!(
        (stored.state.as_str(), stored.result.unwrap()["score"].as_str()),
        ("canceled", Some("6.0"))
    );
}

/// R10: there are no message ids, so 5.4, 5.6, 5.4 are three messages and three changes; R3: each replaces the whole.
#[tokio::test]
async fn the_history_keeps_every_message_in_the_order_of_arrival() {
    let story = Story::start().await;
    let id = story.registration();
    for score in ["5.4", "5.6", "5.4", "5.4"] {
        story
            .send(Method::PATCH, &format!("/associations/{id}"), &result_for(&id, score))
            .await;
    }
    let mut attendance = result_for(&id, "5.4");
    attendance["result"]["state"] = "in progress".into();
    story
        .send(Method::PATCH, &format!("/associations/{id}"), &attendance)
        .await;

    let state = story.sis.state();
    let scores: Vec<&str> = state
        .applied
        .iter()
        .map(|one| one.body["result"]["score"].as_str().unwrap())
        .collect();
    assert_eq!(scores, ["5.4", "5.6", "5.4", "5.4", "5.4"]);
    assert_eq!(
        state.applied.iter().map(|one| one.order).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    assert_eq!(state.applied[3].remarks, ["the same result once more"]);
    assert_eq!(state.applied[4].remarks, ["`in progress` after completed (R10)"]);
    let stored = story.association(&id);
    assert_eq!((stored.messages, stored.changes), (5, 4));
}

fn extra_attempt(story: &Story, id: &str, original: &str) -> Value {
    let of = story.association(original);
    let mut message = result_for(original, "8.0");
    message["associationId"] = id.into();
    message["role"] = "student".into();
    message["state"] = "associated".into();
    message["person"] = of.person_id.into();
    message["offering"] = of.offering_id.into();
    message["consumers"][0]["attempt"] = 2.into();
    message
}

/// R7, R8: an extra attempt comes by PUT of a new association, foreseen or not; follow-ups go to that same id.
#[tokio::test]
async fn an_unforeseen_extra_attempt_is_accepted_by_put_and_followed_up_on_its_own_id() {
    let story = Story::start().await;
    let without_attempts_left = story
        .sis
        .school()
        .registrations
        .iter()
        .find(|one| one.role == "student" && one.json["consumers"][0]["attemptLeft"] == 0);
    let original = without_attempts_left.unwrap().id.clone();
    let id = uuid_for(&["extra attempt"]);
    let path = format!("/associations/{id}");
    let message = extra_attempt(&story, &id, &original);
    assert_eq!(story.send(Method::PUT, &path, &message).await.0, 201);
    assert_eq!(story.send(Method::PUT, &path, &message).await.0, 200);

    let mut follow_up = result_for(&original, "8.5");
    follow_up["consumers"][0]["attempt"] = 2.into();
    assert_eq!(story.send(Method::PATCH, &path, &follow_up).await.0, 200);
    let stored = story.association(&id);
    assert!(stored.made_by_tpl);
    assert_eq!(
        (stored.attempt, stored.org_association_id),
        (Some(2), Some(original.clone()))
    );
    assert_eq!(stored.result.unwrap()["score"], "8.5");
    assert_eq!(story.association(&original).result, None);
}

/// R1, R8, R12: what an extra attempt must hold, and where PUT does not belong.
#[tokio::test]
async fn an_extra_attempt_that_does_not_fit_its_original_is_refused() {
    let story = Story::start().await;
    let original = story.registration();
    let id = uuid_for(&["extra attempt"]);
    let refused = async |path_id: &str, message: &Value, expected: &str| {
        let (status, problem) = story
            .send(Method::PUT, &format!("/associations/{path_id}"), message)
            .await;
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(status, 400, "{detail}");
        assert!(detail.contains(expected), "expected `{expected}`: {detail}");
    };
    let good = extra_attempt(&story, &id, &original);
    refused(&uuid_for(&["other path"]), &good, "while the path says").await;
    refused(
        &original,
        &extra_attempt(&story, &original, &original),
        "comes by PATCH",
    )
    .await;
    for (field, value, expected) in [
        ("/associationId", Value::Null, "associationId"),
        ("/role", json!("assessor"), "`role`"),
        ("/state", json!("cancelled"), "`state`"),
        ("/person", json!(uuid_for(&["nobody"])), "`person`"),
        (
            "/offering",
            json!(story.sis.school().plannable_tests[3].id),
            "planbare toets of the toetsinschrijving",
        ),
        (
            "/consumers/0/orgAssociationId",
            json!(uuid_for(&["none"])),
            "no toetsinschrijving of flow 1",
        ),
        ("/consumers/0/attempt", json!(1), "higher than 1"),
    ] {
        let mut message = good.clone();
        *message.pointer_mut(field).unwrap() = value;
        refused(&id, &message, expected).await;
    }
    assert!(story.sis.state().applied.is_empty());
}

/// §3.5.2, R27: the documents of a result are fetched from the TPL by their id.
#[tokio::test]
async fn documents_of_a_result_are_fetched_and_measured() {
    let story = Story::start().await;
    let tpl = RecordingTpl::start().await;
    tpl.hold_document(b"abc");
    story.sis.connect_tpl(tpl.access());
    let id = story.registration();
    let mut message = result_for(&id, "7.3");
    message["result"]["consumers"][0]["documents"] = json!([
        { "documentId": "doc 1", "documentType": "assessmentForm", "documentName": "Formulier.pdf" },
        { "documentId": "missing", "documentType": "other", "documentName": "Weg.pdf" },
    ]);
    assert_eq!(
        story
            .send(Method::PATCH, &format!("/associations/{id}"), &message)
            .await
            .0,
        200
    );
    story.sis.documents_settled().await;

    let mut documents = story.sis.state().documents;
    documents.sort_by(|one, other| one.document_id.cmp(&other.document_id));
    assert_eq!(documents[0].bytes, Some(3));
    let sha256_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(documents[0].sha256.as_deref(), Some(sha256_of_abc));
    assert!(documents[1].error.as_ref().unwrap().contains("404"));
    assert_eq!(tpl.scopes_asked(), ["nl-test-admin-flow-1-5"]);
}
