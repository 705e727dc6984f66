//! Stories of the pages about deadlines, working days and the report.

use axum::http::StatusCode;

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_late_names_who_has_to_act_and_a_function_can_be_chosen() {
    let stage = Stage::set().await;
    stage.let_days_pass().await;
    let bureau = stage.browser("bureau").await;
    let all = bureau.get("/termijnen").await;
    for text in [
        "Uitwisselen",
        "1 werkdag te laat",
        "Rekenen, groep 1",
        "Score past niet",
        "3 werkdagen",
    ] {
        assert!(all.text.contains(text), "says `{text}`: {}", all.text);
    }
    let of_assessors = bureau.get("/termijnen?functie=beoordelen").await;
    assert!(
        of_assessors.text.contains("Er is geen werk met een termijn"),
        "{}",
        of_assessors.text
    );
    let list = bureau.get("/werklijst").await;
    assert!(
        list.text.contains("Rekenen, groep 1") && list.text.contains("Niemand was afwezig"),
        "{}",
        list.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn days_off_are_entered_and_removed_by_who_keeps_the_calendar() {
    let stage = Stage::set().await;
    let bureau = stage.browser("bureau").await;
    let autumn = [
        ("naam", "Herfstvakantie"),
        ("vanaf", "2026-10-17"),
        ("tot", "2026-10-25"),
    ];
    let ec = stage.browser("ec").await;
    assert!(!ec.get("/kalender").await.text.contains("Vrije dagen toevoegen"));
    assert_eq!(ec.post("/kalender", &autumn).await.status, StatusCode::CONFLICT);
    let turned = [("naam", "Herfst"), ("vanaf", "2026-10-25"), ("tot", "2026-10-17")];
    let refused = bureau.post("/kalender", &turned).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("Draai ze om") && refused.text.contains("value=\"Herfst\""),
        "{}",
        refused.text
    );
    assert_eq!(
        bureau.post("/kalender", &autumn).await.location,
        "/kalender?gedaan=vrije-dagen"
    );
    assert_eq!(bureau.post("/kalender", &autumn).await.status, StatusCode::CONFLICT);
    assert!(bureau.get("/kalender").await.text.contains("25 oktober 2026"));
    let gone = bureau.post("/kalender/vervallen", &[("vanaf", "2026-10-17")]).await;
    assert_eq!(gone.location, "/kalender?gedaan=vervallen");
    assert!(!bureau.get("/kalender").await.text.contains("25 oktober 2026"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_counts_results_and_deviations_and_is_the_examencommissies() {
    let stage = Stage::set().await;
    stage.let_days_pass().await;
    let bureau = stage.browser("bureau").await;
    assert_eq!(bureau.get("/rapportage").await.status, StatusCode::FORBIDDEN);
    assert_eq!(bureau.get("/rapportage.csv").await.status, StatusCode::FORBIDDEN);
    let ec = stage.browser("ec").await;
    let page = ec.get("/rapportage").await;
    for text in [
        "1 september 2026 tot en met 4 september 2026",
        "Rekenen 3F",
        "College Techniek",
        "Afwijkingen",
    ] {
        assert!(page.text.contains(text), "says `{text}`: {}", page.text);
    }
    let nonsense = ec.get("/rapportage?van=gisteren").await;
    assert_eq!(nonsense.status, StatusCode::UNPROCESSABLE_ENTITY);
    let file = ec.get("/rapportage.csv").await;
    let line = file.text.lines().nth(1).unwrap_or_default();
    // Rate and average of what is normed (none); sittings, deelnames, absent, known, passed, failed, normed, decided,
    // held, irregular, restated; changed after vaststelling, corrected, withdrawn.
    assert_eq!(
        line,
        "\"Rekenen 3F\";\"TOA\";\"–\";\"College Techniek\";\"\";;;1;2;0;2;0;0;0;0;1;0;0;0;0;0"
    );
    let earlier = ec.get("/rapportage?van=2026-07-01&tot=2026-07-31").await;
    assert!(earlier.text.contains("In deze periode eindigden geen zittingen"));
}
