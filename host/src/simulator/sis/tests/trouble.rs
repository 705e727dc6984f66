//! Misbehaviour: it happens, to the messages it was asked for, and it ends.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::{Story, result_for, token};
use crate::simulator::{Misbehaviour, Trouble, client};

async fn patch(story: &Story, id: &str) -> Result<reqwest::Response, reqwest::Error> {
    let request = story.request(Method::PATCH, &format!("/associations/{id}"));
    request
        .header("content-type", "application/merge-patch+json")
        .body(result_for(id, "7.3").to_string())
        .send()
        .await
}

/// A connection that ends after applying leaves the peer in doubt; a repeat is the same message again.
#[tokio::test]
async fn a_connection_dropped_after_applying_has_applied_and_one_dropped_before_has_not() {
    let story = Story::start().await;
    let id = story.registration();
    story.sis.misbehave(Misbehaviour::next(1, Trouble::DropBeforeApplying));
    assert!(patch(&story, &id).await.is_err());
    assert_eq!(story.association(&id).messages, 0);

    story.sis.misbehave(Misbehaviour::next(1, Trouble::DropAfterApplying));
    assert!(patch(&story, &id).await.is_err());
    assert_eq!(story.association(&id).messages, 1);

    assert_eq!(patch(&story, &id).await.unwrap().status(), 200);
    let stored = story.association(&id);
    assert_eq!((stored.messages, stored.changes), (2, 1));
}

#[tokio::test]
async fn refusals_on_request_apply_nothing_and_end_after_their_count() {
    let story = Story::start().await;
    let id = story.registration();
    story
        .sis
        .misbehave(Misbehaviour::next(2, Trouble::TooManyRequests { retry_after: 3 }).on("PATCH", "/associations/"));
    story.sis.misbehave(Misbehaviour::next(1, Trouble::ServerError));
    story.sis.misbehave(Misbehaviour::next(1, Trouble::WrongScope));
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let response = patch(&story, &id).await.unwrap();
        if response.status() == 429 {
            assert_eq!(response.headers()["retry-after"], "3");
        }
        statuses.push(response.status().as_u16());
    }
    assert_eq!(statuses, [429, 429, 500, 403, 200]);
    assert_eq!(story.association(&id).messages, 1);
}

#[tokio::test]
async fn an_expired_token_stays_worthless_until_a_new_one_is_asked_for() {
    let story = Story::start().await;
    story.sis.misbehave(Misbehaviour::next(1, Trouble::ExpiredToken));
    assert_eq!(story.get("/offerings").await.0, 401);
    assert_eq!(story.get("/offerings").await.0, 401);
    let fresh = token(&story.sis, "nl-test-admin-flow-1-5").await;
    let request = client()
        .get(format!("{}/offerings", story.sis.base_url()))
        .bearer_auth(fresh);
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn answers_that_cannot_be_read_still_belong_to_messages_that_were_applied() {
    let story = Story::start().await;
    let id = story.registration();
    story.sis.misbehave(Misbehaviour::next(1, Trouble::InvalidJson));
    let text = patch(&story, &id).await.unwrap().text().await.unwrap();
    assert!(serde_json::from_str::<Value>(&text).is_err(), "{text}");

    story.sis.misbehave(Misbehaviour::next(1, Trouble::WrongContentType));
    let response = patch(&story, &id).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");

    story
        .sis
        .misbehave(Misbehaviour::next(1, Trouble::OversizedBody { bytes: 3_000_000 }));
    let body = patch(&story, &id).await.unwrap().bytes().await.unwrap();
    assert_eq!(body.len(), 3_000_000);
    assert_eq!(story.association(&id).messages, 3);
}

#[tokio::test]
async fn a_slow_answer_is_slow_and_good() {
    let story = Story::start().await;
    let delay = Duration::from_millis(120);
    story.sis.misbehave(Misbehaviour::next(1, Trouble::Slow { delay }));
    let began = Instant::now();
    assert_eq!(story.get("/offerings").await.0, 200);
    assert!(began.elapsed() >= delay);
}

#[tokio::test]
async fn trouble_is_asked_for_seen_and_ended_over_http() {
    let story = Story::start().await;
    let url = format!("{}/control/misbehave", story.sis.base_url());
    let ask = async |body: Value| client().post(&url).body(body.to_string()).send().await.unwrap();
    assert_eq!(ask(json!({ "kind": "lazy" })).await.status(), 400);
    assert_eq!(ask(json!({ "kind": "slow", "delay": 3 })).await.status(), 400);
    let answer = ask(json!({ "kind": "server-error", "path": "/offerings", "method": "get" })).await;
    assert_eq!(
        answer.json::<Value>().await.unwrap()["waiting"],
        json!([["server-error", null]])
    );
    assert_eq!(story.get("/offerings").await.0, 500);
    assert_eq!(story.get("/groups").await.0, 200);
    let state: Value = client().get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(state["happened"], json!({ "server-error": 1 }));
    client().delete(&url).send().await.unwrap();
    assert_eq!(story.get("/offerings").await.0, 200);
}
