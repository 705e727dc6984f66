//! The DR face: who may read, and what they read.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Story, token};
use crate::domain::clock::MovableClock;
use crate::simulator::{Now, SisOptions, client};

#[tokio::test]
async fn every_endpoint_but_the_service_metadata_asks_for_a_token() {
    let story = Story::start().await;
    for path in [
        "/offerings",
        "/persons/x",
        "/associations/x",
        "/organizations/x",
        "/groups",
        "/groups/x/members",
    ] {
        let response = client()
            .get(format!("{}{path}", story.sis.base_url()))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["status"], "401");
    }
    let service: Value = client()
        .get(format!("{}/", story.sis.base_url()))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        service["supportedConsumers"],
        json!([{ "consumerKey": "nl-test-admin", "version": "1.0.1" }])
    );
}

#[tokio::test]
async fn a_token_of_another_flow_is_403_and_an_expired_one_401() {
    let clock = MovableClock::at("2026-06-01T08:00:00Z".parse().unwrap());
    let mut options = SisOptions::new(7, 2, 6);
    options.now = Now::by(clock.clone());
    let story = Story::start_with(options).await;

    let other = token(&story.sis, "nl-test-admin-flow-6").await;
    let request = client()
        .get(format!("{}/offerings", story.sis.base_url()))
        .bearer_auth(other);
    assert_eq!(request.send().await.unwrap().status(), 403);

    assert_eq!(story.get("/offerings").await.0, 200);
    clock.advance(SignedDuration::from_mins(61));
    let (status, problem) = story.get("/offerings").await;
    assert_eq!(status, 401);
    assert!(problem["detail"].as_str().unwrap().contains("expired"));
}

#[tokio::test]
async fn the_token_endpoint_refuses_a_wrong_secret_another_scope_and_another_grant() {
    let story = Story::start().await;
    let ask = async |secret: &str, form: &[(&str, &str)]| {
        let request = client()
            .post(story.sis.token_url())
            .basic_auth("oke-tpl", Some(secret))
            .form(form);
        let response = request.send().await.unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap()["error"].clone(),
        )
    };
    let grant = ("grant_type", "client_credentials");
    assert_eq!(ask("guess", &[grant]).await, (401, json!("invalid_client")));
    assert_eq!(
        ask("sis-secret", &[grant, ("scope", "nl-test-admin-flow-2-3-4")]).await,
        (400, json!("invalid_scope"))
    );
    assert_eq!(
        ask("sis-secret", &[("grant_type", "password")]).await,
        (400, json!("unsupported_grant_type"))
    );
    assert_eq!(ask("sis-secret", &[grant]).await.0, 200);
}

/// R20: pages say where they lie, and the pages together hold everything once.
#[tokio::test]
async fn the_registrations_of_a_test_come_in_pages() {
    let story = Story::start().await;
    let offering = &story.sis.school().plannable_tests[0].id;
    let mut found = Vec::new();
    for number in 1.. {
        let path = format!("/offerings/{offering}/associations?role=student&pageSize=20&pageNumber={number}");
        let (status, page) = story.get(&path).await;
        assert_eq!(status, 200);
        found.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["associationId"].to_string()),
        );
        if page["hasNextPage"] == false {
            break;
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 30);
    assert_eq!(
        story
            .get(&format!("/offerings/{offering}/associations?pageSize=7"))
            .await
            .0,
        400
    );
    assert_eq!(
        story
            .get(&format!("/offerings/{offering}/associations?role=teacher"))
            .await
            .0,
        400
    );
}

/// R20: `since` and `until` select everything that overlaps the period.
#[tokio::test]
async fn offerings_are_found_by_type_and_by_a_period_that_they_overlap() {
    let story = Story::start().await;
    let tests = story
        .get("/offerings?offeringType=component&component.componentType=test")
        .await
        .1;
    assert_eq!(tests["items"].as_array().unwrap().len(), 4);
    let programs = story.get("/offerings?offeringType=program").await.1;
    assert_eq!(programs["items"].as_array().unwrap().len(), 2);

    let end = tests["items"][0]["endDateTime"].as_str().unwrap();
    let touching = story
        .get(&format!("/offerings?offeringType=component&since={end}"))
        .await
        .1;
    assert_eq!(touching["items"].as_array().unwrap().len(), 4);
    let later = story.get("/offerings?offeringType=component&since=2999-01-01").await.1;
    assert_eq!(later["items"], json!([]));
    assert_eq!(story.get("/offerings?since=gisteren").await.0, 400);
}

/// R14: person and offering are ids unless expanded.
#[tokio::test]
async fn an_association_holds_ids_until_it_is_expanded() {
    let story = Story::start().await;
    let id = story.registration();
    let plain = story.get(&format!("/associations/{id}")).await.1;
    assert!(plain["person"].is_string() && plain["offering"].is_string());
    let whole = story
        .get(&format!(
            "/associations/{id}?expand=person,offering,offering.organization"
        ))
        .await
        .1;
    assert_eq!(whole["person"]["personId"], plain["person"]);
    assert_eq!(whole["offering"]["offeringId"], plain["offering"]);
    assert!(whole["offering"]["organization"]["shortName"].is_string());
}

#[tokio::test]
async fn a_team_knows_its_school_and_a_class_its_students() {
    let story = Story::start().await;
    let team = &story.sis.school().organizations[1]["organizationId"];
    let whole = story
        .get(&format!("/organizations/{}?expand=parent", team.as_str().unwrap()))
        .await
        .1;
    assert_eq!(whole["parent"]["shortName"], "MBO-W");
    let groups = story.get("/groups?q=tict").await.1;
    assert_eq!(groups["items"].as_array().unwrap().len(), 1);
    let id = groups["items"][0]["groupId"].as_str().unwrap();
    let members = story.get(&format!("/groups/{id}/members?pageSize=50")).await.1;
    assert_eq!(members["items"].as_array().unwrap().len(), 30);
}

#[tokio::test]
async fn unknown_endpoints_ids_and_operations_are_told_apart() {
    let story = Story::start().await;
    assert_eq!(story.get("/rooms").await.0, 404);
    assert_eq!(story.get("/persons/nobody").await.0, 404);
    let person = &story.sis.school().persons[0].id;
    let (status, problem) = story.send(Method::PUT, &format!("/persons/{person}"), &json!({})).await;
    assert_eq!((status, &problem["status"]), (405, &json!("405")));
}

#[tokio::test]
async fn a_simulator_listens_on_this_machine_only() {
    let mut options = SisOptions::new(1, 1, 1);
    options.listen = "0.0.0.0:0".parse().unwrap();
    let refusal = crate::simulator::Sis::start(options).await.unwrap_err();
    assert!(refusal.to_string().contains("loopback only"), "{refusal}");
}

#[tokio::test]
async fn a_stopped_simulator_answers_nobody() {
    let story = Story::start().await;
    let url = format!("{}/", story.sis.base_url());
    assert_eq!(client().get(&url).send().await.unwrap().status(), 200);
    story.sis.stop().await;
    assert!(client().get(&url).send().await.unwrap_err().is_connect());
}

/// R25: what it changes without telling anybody is what whoever asks sees.
#[tokio::test]
async fn what_it_changes_quietly_is_seen_by_who_asks() {
    let story = Story::start().await;
    let id = story.registration();
    let path = format!("/associations/{id}");
    story.sis.amend(&id, &json!({ "state": "finished" })).unwrap();
    assert_eq!(story.get(&path).await.1["state"], "finished");
    story.sis.forget(&id).unwrap();
    assert_eq!(story.get(&path).await.0, 404);
    assert!(story.sis.forget(&id).is_err(), "once");
}
