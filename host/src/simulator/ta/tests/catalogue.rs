//! Flow 0, and the two ways to come in.

use reqwest::Method;
use serde_json::{Value, json};

use super::Story;
use crate::simulator::{Auth, Catalogue, Ta, TaOptions, client};

#[tokio::test]
async fn the_catalogue_is_read_in_pages_and_searched() {
    let story = Story::polled().await;
    let all = story.get("/components?componentType=test").await.1;
    assert_eq!(
        (all["items"].as_array().unwrap().len(), &all["hasNextPage"]),
        (6, &json!(false))
    );
    let found = story.get("/components?q=rekenen").await.1;
    assert_eq!(found["items"].as_array().unwrap().len(), 2);
    let test = story.ta.catalogue().by_code("REK-3").unwrap();
    let (status, component) = story.get(&format!("/components/{}", test.id)).await;
    assert_eq!(
        (status, &component["consumers"][0]["resultValueType"]),
        (200, &json!("0.0-10.0"))
    );
    assert_eq!(story.get("/components/nothing").await.0, 404);
}

#[test]
fn two_vendors_have_the_same_tests_under_different_ids() {
    let (one, other) = (Catalogue::of("Toetsgilde"), Catalogue::of("Examenatelier"));
    assert_ne!(one.first_active().id, other.first_active().id);
    assert_eq!(one.first_active().id, Catalogue::of("Toetsgilde").first_active().id);
    assert!(one.tests().iter().any(|test| !test.active));
}

#[tokio::test]
async fn a_platform_with_a_key_takes_the_key_and_gives_no_tokens() {
    let options = TaOptions {
        auth: Auth::ApiKey("sleutel-1".into()),
        ..TaOptions::new("Examenatelier")
    };
    let ta = Ta::start(options).await.unwrap();
    let get = async |key: Option<&str>| {
        let mut request = client().get(format!("{}/components", ta.base_url()));
        if let Some(key) = key {
            request = request.header("X-API-Key", key);
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(get(None).await, 401);
    assert_eq!(get(Some("sleutel-2")).await, 401);
    assert_eq!(get(Some("sleutel-1")).await, 200);
    assert_eq!(client().post(ta.token_url()).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_token_for_the_catalogue_does_not_open_the_sittings() {
    let story = Story::polled().await;
    let form = [("grant_type", "client_credentials"), ("scope", "nl-test-admin-flow-0")];
    let request = client()
        .post(story.ta.token_url())
        .basic_auth("oke-tpl", Some("ta-secret"))
        .form(&form);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    let narrow = Story {
        token: answer["access_token"].as_str().unwrap().to_owned(),
        ta: story.ta,
    };
    assert_eq!(narrow.get("/components").await.0, 200);
    assert_eq!(narrow.get("/offerings/x").await.0, 403);
    assert_eq!(narrow.send(Method::PUT, "/offerings/x", &json!({})).await.0, 403);
}
