//! Stories of `/voorzieningen`: functioneel beheer sees which code is missing and adds it, a planner sets one deelname.

use axum::http::StatusCode;
use oke_codec::{Dialect, read_person};
use serde_json::json;

use super::stage::{SCHOOL, Stage};
use crate::app::draft::Sender;
use crate::app::person;
use crate::jobs::pieces;
use crate::jobs::{Jobs, Registry, Settings};
use crate::store::needs;

/// Assigns a need to `jip` in a code of the school's own.
async fn assign(stage: &Stage, code: &str) {
    let sender = Sender {
        tenant: SCHOOL.to_owned(),
        peer: "osiris".to_owned(),
        client: "osiris".to_owned(),
        dialect: oke_codec::Dialect::default(),
    };
    let jip = json!({
        "personId": "p-jip", "primaryCode": { "codeType": "studentNumber", "code": "s-jip" },
        "givenName": "Jip", "surname": "Jansen", "displayName": "Jip Jansen", "mail": "jip@example.org",
        "activeEnrollment": true, "affiliations": ["student"],
        "consumers": [{ "consumerKey": "nl-test-admin", "preferredName": "Jip", "assignedNeeds": [{ "code": code }] }]
    });
    let told = read_person(&jip, &Dialect::v1_0_1()).unwrap();
    person::put(&stage.core, &sender, &told, b"").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn functioneel_beheer_sees_a_missing_code_and_says_what_it_means() {
    let stage = Stage::set().await;
    assign(&stage, "EigenRuimte").await;
    let fb = stage.browser("fb").await;
    assert!(fb.get("/voorzieningen").await.text.contains("/voorzieningen/toa"));
    let page = fb.get("/voorzieningen/toa").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("‘EigenRuimte’ staat niet in de vertaaltabel"),
        "{}",
        page.text
    );
    assert!(page.text.contains("Jip Jansen"));

    let line = |kind: &'static str, amount: &'static str| {
        [
            ("versie", "0"),
            ("afronden", "omhoog"),
            ("code", "EigenRuimte"),
            ("soort", kind),
            ("aantal", amount),
            ("middel", ""),
        ]
    };
    let wrong = fb.post("/voorzieningen/toa", &line("minuten", "veel")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("heel aantal") && wrong.text.contains("value=\"veel\""));
    let beyond = fb.post("/voorzieningen/toa", &line("minuten", "30")).await;
    assert!(beyond.text.contains("geen extra tijd doorgeven"), "{}", beyond.text);
    let saved = fb.post("/voorzieningen/toa", &line("school", "")).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let late = fb.post("/voorzieningen/toa", &line("school", "")).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "somebody wrote it in between");
    let jobs = Jobs::new(
        stage.core.clone(),
        Registry::new().with(pieces::settle_needs()),
        Settings::default(),
    );
    jobs.run_until_idle().await;
    assert!(fb.get("/voorzieningen/toa").await.text.contains("Er wacht niets"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planner_sets_the_needs_of_one_deelname_and_functioneel_beheer_does_not() {
    let stage = Stage::set().await;
    assign(&stage, "Braille").await;
    let path = format!("/deelnames/{}/voorzieningen", stage.deelnames[0]);
    let bureau = stage.browser("bureau").await;
    let page = bureau.get(&path).await;
    assert!(
        page.text.contains("‘Braille’ staat niet in de vertaaltabel"),
        "{}",
        page.text
    );
    let refused = bureau.post(&path, &[("minuten", "30")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("geen extra tijd doorgeven"), "{}", refused.text);
    let set = bureau.post(&path, &[("minuten", "")]).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.text);
    let standing = needs::standing(&stage.core.db, SCHOOL, &stage.deelnames[0])
        .await
        .unwrap()
        .unwrap();
    assert!(standing.by_hand && !standing.blocked);
    assert!(bureau.get("/voorzieningen/toa").await.text.contains("Er wacht niets"));
    let bare = bureau.post("/voorzieningen/toa", &[("versie", "0")]).await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN, "the table is functioneel beheer's");
    let fb = stage.browser("fb").await;
    assert_eq!(fb.get(&path).await.status, StatusCode::FORBIDDEN);
}
