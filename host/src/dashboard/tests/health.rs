//! Stories of `/koppelingen/{peer}/gezondheid` and the file for the vendor.

use axum::http::StatusCode;

use super::stage::{SCHOOL, Stage};
use crate::app::rollout::tally::{Call, Tally};
use crate::connector::call::CallReport;
use crate::domain::interface::Interface;
use crate::domain::lane::JobState;
use crate::domain::retry::Blame;
use crate::store::job;

impl Stage {
    /// Two calls of the second revision: one that worked, one in which the connector's code fell over.
    pub async fn fail(&self) {
        let tally = Tally::default();
        let worked = Call {
            tenant: SCHOOL,
            peer: "toa",
            revision: 2,
            interface: Interface::TaResultaten,
            blame: None,
            report: CallReport {
                wall: std::time::Duration::from_millis(1_200),
                memory_peak: 3_400_000,
                requests: 2,
                bytes_received: 12_000,
                ..CallReport::default()
            },
            fault: None,
        };
        let frames = ["voorbeeld::mapping::<score>".to_owned(), "voorbeeld::pull".to_owned()];
        let fell = Call {
            blame: Some(Blame::Connector),
            fault: Some(("the connector trapped: unreachable", &frames)),
            ..worked
        };
        tally.count(worked, self.core.now());
        tally.count(fell, self.core.now());
        tally.write(&self.core).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn functioneel_beheer_sees_whose_fault_it_is_and_where_in_the_connector() {
    let stage = Stage::set().await;
    stage.fail().await;
    let fb = stage.browser("fb").await;
    let page = fb.get("/koppelingen/toa/gezondheid").await;
    for said in [
        "voorbeeld-ta 1.3.0",
        "1,2 s",
        "3,4 MB",
        "24 kB",
        "the connector trapped: unreachable",
        "voorbeeld::mapping::&#60;score&#62;",
        "Er zit niets vast.",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let bureau = stage.browser("bureau").await;
    assert_eq!(
        bureau.get("/koppelingen/toa/gezondheid").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        bureau.get("/koppelingen/toa/gezondheid.json").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        fb.get("/koppelingen/niemand/gezondheid").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_queued_again_from_the_page() {
    let stage = Stage::set().await;
    let letter = stage.dead_letter().await;
    let fb = stage.browser("fb").await;
    let page = fb.get("/koppelingen/toa/gezondheid").await;
    assert!(page.text.contains("location code B1.02"), "{}", page.text);
    let none = fb.post("/koppelingen/toa/gezondheid/opnieuw", &[]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let again = fb
        .post("/koppelingen/toa/gezondheid/opnieuw", &[("bericht", &letter)])
        .await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.text);
    let row = job::find(&stage.core.db, SCHOOL, &letter).await.unwrap().unwrap();
    assert_eq!((row.state, row.strikes), (JobState::Ready, 0));
}

/// The file names versions, counts and places; nothing of the school's people, messages or settings.
#[tokio::test(flavor = "multi_thread")]
async fn the_file_for_the_vendor_holds_no_personal_data() {
    let stage = Stage::set().await;
    stage.fail().await;
    stage.dead_letter().await;
    let fb = stage.browser("fb").await;
    let file = fb.get("/koppelingen/toa/gezondheid.json").await;
    let read: serde_json::Value = serde_json::from_str(&file.text).unwrap();
    let newest = &read["revisions"][0];
    assert_eq!(newest["version"], "1.3.0");
    assert_eq!(newest["calls"]["failedByConnector"], 1);
    assert_eq!(newest["faults"][0]["frames"][1], "voorbeeld::pull");
    assert_eq!(newest["digest"].as_str().unwrap().len(), 64);
    assert_eq!(read["stuck"][0]["count"], 1);
    // Accounts, students, reasons that people gave, the school, ids of its sittings and deelnames.
    for private in ["Sanne", "\"fb\"", "nieuwe versie van", "ROC", stage.sitting.as_str()] {
        assert!(!file.text.contains(private), "{private}: {}", file.text);
    }
    for deelname in &stage.deelnames {
        assert!(!file.text.contains(deelname.as_str()));
    }
}
