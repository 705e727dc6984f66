//! Stories of `/koppelingen/{peer}/opnamen`.

use axum::http::StatusCode;

use super::stage::{SCHOOL, Stage};
use crate::app::recording::{self, Recorded};
use crate::connector::recorder::{Body, Conversation, Exchanged};
use crate::store::audit;

impl Stage {
    /// Recording is on, and a call was recorded in which the vendor named a student.
    pub async fn record(&self) {
        let core = &self.core;
        recording::set(core, SCHOOL, "fb", "toa", (7, 20), "storing")
            .await
            .unwrap();
        let answer = Exchanged {
            endpoint: "api".to_owned(),
            method: "GET".to_owned(),
            path: "/results".to_owned(),
            status: Some(200),
            received: Body::of(br#"{"student":"Jip Jansen","code":"A1"}"#),
            ..Exchanged::default()
        };
        let recorded = Recorded {
            tenant: SCHOOL.to_owned(),
            peer: "toa".to_owned(),
            revision: 2,
            interface: "ta-resultaten".to_owned(),
            outcome: "bug (connector)".to_owned(),
            said: Conversation {
                is_partial: false,
                asked: None,
                exchanged: vec![answer],
            },
            at: core.now(),
        };
        recording::keep(core, &recorded).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recording_is_switched_on_and_off_and_shown_and_handed_out_masked() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let page = "/koppelingen/toa/opnamen";
    assert!(fb.get(page).await.text.contains("er wordt niet opgenomen"));
    let on = [("dagen", "7"), ("aantal", "20"), ("reden", "storing")];
    assert_eq!(fb.post(page, &on).await.status, StatusCode::SEE_OTHER);
    stage.record().await;
    let shown = fb.get(page).await;
    for said in [
        "er wordt opgenomen",
        "na 7 dagen gewist",
        "bug (connector)",
        "Xxx Xxxxxx",
        "X9",
    ] {
        assert!(shown.text.contains(said), "{said}: {}", shown.text);
    }
    let file = fb.get("/koppelingen/toa/opnamen.json").await;
    let read: serde_json::Value = serde_json::from_str(&file.text).unwrap();
    assert_eq!(read["calls"][0]["exchanges"][0]["status"], 200);
    for text in [&shown.text, &file.text] {
        assert!(!text.contains("Jip") && !text.contains("Jansen"), "{text}");
    }
    let entries = audit::about(&stage.core.db, SCHOOL, "peer", "toa").await.unwrap();
    assert!(
        entries.iter().any(|entry| entry.verb == "recording.export"),
        "{entries:?}"
    );

    let too_long = [("dagen", "365"), ("aantal", "20"), ("reden", "x")];
    assert_eq!(fb.post(page, &too_long).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let off = [("dagen", "0"), ("aantal", "20"), ("reden", "opgelost")];
    assert_eq!(fb.post(page, &off).await.status, StatusCode::SEE_OTHER);
    assert!(fb.get(page).await.text.contains("Er is niets opgenomen"));
    let bureau = stage.browser("bureau").await;
    assert_eq!(bureau.get(page).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        bureau.get("/koppelingen/toa/opnamen.json").await.status,
        StatusCode::FORBIDDEN
    );
}
