//! Stories of `/dubbelen`: the examenbureau merges two enrolments of one student and takes them apart again.

use axum::http::StatusCode;
use oke_codec::{Dialect, read_association, read_person};
use serde_json::json;

use super::stage::{SCHOOL, Stage};
use crate::app::draft::Sender;
use crate::app::{association, person};
use crate::store::duplicate;

/// `Dubbele Dirk` is enrolled twice on the planbare toets of the stage.
async fn enrol_twice(stage: &Stage) {
    let sender = Sender {
        tenant: SCHOOL.to_owned(),
        peer: "osiris".to_owned(),
        client: "osiris".to_owned(),
        dialect: oke_codec::Dialect::default(),
    };
    let dirk = json!({
        "personId": "p-dirk", "primaryCode": { "codeType": "studentNumber", "code": "s-dirk" },
        "givenName": "Dirk", "surname": "Dubbel", "displayName": "Dubbele Dirk", "mail": "dirk@example.org",
        "activeEnrollment": true, "affiliations": ["student"],
        "consumers": [{ "consumerKey": "nl-test-admin", "preferredName": "Dirk" }]
    });
    let told = read_person(&dirk, &Dialect::v1_0_1()).unwrap();
    person::put(&stage.core, &sender, &told, b"").await.unwrap();
    for id in ["e-dirk-1", "e-dirk-2"] {
        let enrolment = json!({
            "associationId": id, "associationType": "componentOfferingAssociation", "role": "student",
            "state": "associated", "person": "p-dirk", "offering": "plannable",
            "consumers": [{ "consumerKey": "nl-test-admin", "attempt": 1, "attemptLeft": 1 }]
        });
        let told = read_association(&enrolment, &Dialect::v1_0_1()).unwrap();
        association::put(&stage.core, &sender, &told, b"").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examenbureau_merges_a_duplicate_and_takes_it_apart_with_a_reason() {
    let stage = Stage::set().await;
    enrol_twice(&stage).await;
    let bureau = stage.browser("bureau").await;
    let page = bureau.get("/dubbelen").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Dubbele Dirk, poging 1"), "{}", page.text);
    let fields = |reason: &'static str| {
        [
            ("een", "e-dirk-2"),
            ("ander", "e-dirk-1"),
            ("houden", "e-dirk-1"),
            ("reden", reason),
        ]
    };
    let bare = bureau.post("/dubbelen/samenvoegen", &fields("")).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bare.text.contains("geef een reden"), "{}", bare.text);
    let fb = stage.browser("fb").await;
    assert_eq!(fb.get("/dubbelen").await.status, StatusCode::FORBIDDEN);
    let merged = bureau.post("/dubbelen/samenvoegen", &fields("twee opleidingen")).await;
    assert_eq!(merged.status, StatusCode::SEE_OTHER, "{}", merged.text);
    let into = duplicate::merged_into(&stage.core.db, SCHOOL, "e-dirk-2")
        .await
        .unwrap();
    assert_eq!(into.unwrap().kept, "e-dirk-1");
    let page = bureau.get("/dubbelen").await.text;
    assert!(
        page.contains("twee opleidingen") && page.contains("Samengevoegd (1)"),
        "{page}"
    );
    let ec = stage.browser("ec").await;
    let looked = ec.get("/dubbelen").await.text;
    assert!(looked.contains("Dubbele Dirk") && !looked.contains("/dubbelen/splitsen"));

    let split = [("een", "e-dirk-2"), ("reden", "vergissing")];
    assert_eq!(
        bureau.post("/dubbelen/splitsen", &split).await.status,
        StatusCode::SEE_OTHER
    );
    let again = bureau.post("/dubbelen/splitsen", &split).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(bureau.get("/dubbelen").await.text.contains("Samengevoegd (0)"));
}
