//! Stories of `/uitrolstops`: proposals become freezes with one button.

use axum::http::StatusCode;

use super::stage::{SCHOOL, Stage};
use crate::app::freeze;

#[tokio::test(flavor = "multi_thread")]
async fn one_click_turns_a_proposal_from_the_planning_into_a_freeze() {
    let stage = Stage::set().await;
    let bureau = stage.browser("bureau").await;
    let few = bureau.get("/uitrolstops").await;
    assert!(few.text.contains("geen weken met 10 of meer zittingen"), "{}", few.text);
    let page = bureau.get("/uitrolstops?zittingen=1").await;
    let value = "2026-08-31 2026-09-02 Examens vanaf 31 augustus 2026";
    assert!(
        page.text.contains(&format!("name=\"voorstel\" value=\"{value}\"")),
        "{}",
        page.text
    );
    let taken = bureau
        .post("/uitrolstops/overnemen", &[("voorstel", value), ("elk", value)])
        .await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    let coming = freeze::coming(&stage.core, SCHOOL).await.unwrap();
    assert_eq!(coming.len(), 1);
    assert!(coming[0].holds_at(stage.core.now()));
    let after = bureau.get("/uitrolstops?zittingen=1").await;
    assert!(
        after.text.contains("geldt nu") && !after.text.contains("name=\"voorstel\""),
        "{}",
        after.text
    );
    let ec = stage.browser("ec").await;
    let refused = ec.post("/uitrolstops/overnemen", &[("voorstel", value)]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_calendar_is_shown_line_by_line_and_taken_over_as_a_whole() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let pasted = "10-05-2027; 21-05-2027; Centrale examens\n07-06-2027\t11-06-2027\tHerkansingen\nvolgend jaar 1;;x";
    let page = fb.post("/uitrolstops/kalender", &[("kalender", pasted)]).await;
    for said in [
        "Centrale examens",
        "7 juni 2027 t/m 11 juni 2027",
        "Regel 3: ‘volgend jaar 1’ is geen dag",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert!(
        freeze::coming(&stage.core, SCHOOL).await.unwrap().is_empty(),
        "nothing is kept by looking"
    );
    let all = [
        ("alles", "ja"),
        ("elk", "2027-05-10 2027-05-21 Centrale examens"),
        ("elk", "2027-06-07 2027-06-11 Herkansingen"),
    ];
    assert_eq!(
        fb.post("/uitrolstops/overnemen", &all).await.status,
        StatusCode::SEE_OTHER
    );
    let names: Vec<String> = freeze::coming(&stage.core, SCHOOL)
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(names, ["Centrale examens", "Herkansingen"]);
    let nothing = fb.post("/uitrolstops/overnemen", &[("voorstel", "morgen")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
}
