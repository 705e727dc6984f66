//! A story of the fast route on `/koppelingen/{peer}/uitrol`: two people approve, one sitting first, then the rest.

use axum::http::StatusCode;

use super::stage::{SCHOOL, Stage};
use crate::app::{Draft, keuring, rollout};
use crate::domain::interface::Interface;
use crate::domain::keuring::{Outcome, Verdict};
use crate::store;

/// Ends the keuring of the third revision's package, as it would when every scenario passed.
async fn pass(stage: &Stage, revision: i64) {
    let core = &stage.core;
    let row = core.db.revision(SCHOOL, "toa", revision).await.unwrap().unwrap();
    let rows = store::keuring::of_package(&core.db, SCHOOL, &row.digest).await.unwrap();
    let passed = Outcome {
        interface: Interface::TaResultaten,
        scenario: "polled".to_owned(),
        verdict: Verdict::Passed,
        why: None,
        millis: 7,
    };
    let mut draft = Draft::of(core, SCHOOL, "job:keur_package");
    keuring::finish(&mut draft, rows[0].clone(), vec![passed], None);
    core.commit(draft.finish()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_goes_by_two_people_to_one_sitting_and_on_with_the_browser() {
    let stage = Stage::set().await;
    let made = stage.make_revision().await;
    let (fb, bureau) = (stage.browser("fb").await, stage.browser("bureau").await);
    let page = "/koppelingen/toa/uitrol";
    let number = made.to_string();
    let begin = [
        ("revisie", number.as_str()),
        ("route", "spoed"),
        ("go-door", "plannen"),
        ("reden", "storing"),
    ];
    let begun = fb.post(page, &begin).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text);
    let shown = fb.get(page).await;
    assert!(
        shown.text.contains("nog 2 personen nodig") && shown.text.contains("wordt gekeurd"),
        "{}",
        shown.text
    );

    let (why, step) = (
        [("reden", "gezien"), ("uitrol", "1"), ("revisie", number.as_str())],
        format!("{page}/stap"),
    );
    let approve = format!("{page}/goedkeuren");
    assert_eq!(fb.post(&approve, &why).await.status, StatusCode::SEE_OTHER);
    let first = [
        ("stap", "zitting"),
        ("zitting", stage.sitting.as_str()),
        ("reden", "eerst hier"),
    ];
    let alone = fb.post(&step, &first).await;
    assert_eq!(alone.status, StatusCode::CONFLICT);
    assert!(alone.text.contains("er is er nu 1"), "{}", alone.text);
    let ec = stage.browser("ec").await.post(&approve, &why).await;
    assert_eq!(ec.status, StatusCode::CONFLICT, "{}", ec.text);
    assert_eq!(bureau.post(&approve, &why).await.status, StatusCode::SEE_OTHER);
    let untried = fb.post(&step, &first).await;
    assert!(
        untried.text.contains("De keuring van het pakket loopt nog"),
        "{}",
        untried.text
    );
    pass(&stage, made).await;

    let offered = fb.get(page).await;
    assert!(
        offered.text.contains(&format!("value=\"{}\"", stage.sitting)),
        "{}",
        offered.text
    );
    assert!(
        !offered.text.contains("Een deel van de overige zittingen"),
        "{}",
        offered.text
    );
    assert_eq!(fb.post(&step, &first).await.status, StatusCode::SEE_OTHER);
    let go = [("stap", "go"), ("ondanks", "ja"), ("reden", "werkt")];
    assert_eq!(bureau.post(&step, &go).await.status, StatusCode::SEE_OTHER);
    let rest = [("stap", "rest"), ("reden", "nu iedereen")];
    assert_eq!(fb.post(&step, &rest).await.status, StatusCode::SEE_OTHER);
    let done = fb.get(page).await;
    for said in [
        "spoedroute begonnen",
        "goedgekeurd (2 van 2)",
        "eerst op één zitting",
        "iedereen die de oude versie had",
    ] {
        assert!(done.text.contains(said), "{said}: {}", done.text);
    }
    let (_, serving) = rollout::serving(&stage.core.db, SCHOOL, "toa").await.unwrap().unwrap();
    assert_eq!((serving.default, serving.is_plain()), (Some(made), true));
}
