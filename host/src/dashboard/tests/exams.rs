//! Stories of an exam with more results than a page holds: gone through page by page, and decided on together.

use axum::http::StatusCode;

use super::decided;
use super::stage::{Page, Stage};
use crate::dashboard::exam_results::ON_A_PAGE;
use crate::domain::result::Decided;

/// What stands behind a mark in a page, each time.
fn all_behind(page: &Page, mark: &str) -> Vec<String> {
    let after = page.text.split(mark).skip(1);
    after
        .map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"))
        .collect()
}

fn boxes(page: &Page) -> Vec<String> {
    all_behind(page, "name=\"gezien\" value=\"")
}

fn stand(page: &Page) -> String {
    all_behind(page, "name=\"stand\" value=\"").remove(0)
}

fn next(page: &Page) -> Option<String> {
    let links = all_behind(page, "<a href=\"");
    let next = links.into_iter().find(|link| link.contains("na="))?;
    Some(next.trim_end_matches("#resultaten").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exam_with_many_results_is_gone_through_page_by_page_and_decided_on_together() {
    let stage = Stage::set().await;
    let crowd = stage.crowd(ON_A_PAGE + 3).await;
    let ec = stage.browser("ec").await;
    let first = ec.get("/toetsen/plannable").await;
    // Two of the stage itself; one of those is held.
    assert!(first.text.contains("vast te stellen (104)"), "{}", first.text);
    assert!(first.text.contains("1 tot en met 100 van 105"));
    let path = next(&first).expect("a second page");
    let second = ec.get(&path).await;
    assert!(second.text.contains("101 tot en met 105 van 105"), "{}", second.text);
    assert!(next(&second).is_none_or(|link| link == path), "it is the last");
    let mut seen = [boxes(&first), boxes(&second)].concat();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 104, "each once, on one page or the other");
    let nowhere = ec.get("/toetsen/plannable?na=%25").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);

    // What is ticked on a page is decided on, and one stays on that page.
    let ticked = boxes(&second).remove(0);
    let mark = path.split("na=").nth(1).unwrap().to_owned();
    let fields = [("gezien", ticked.as_str()), ("na", mark.as_str())];
    let done = ec.post("/toetsen/plannable/vaststellen", &fields).await;
    assert!(done.text.contains("Vastgesteld: 1."), "{}", done.text);
    assert!(done.text.contains("101 tot en met 105 van 105"));
    let open = ec.get("/toetsen/plannable?toon=open").await;
    assert!(open.text.contains("1 tot en met 100 van 103"), "{}", open.text);

    // All at once: knowing what one does, and of the stand that one saw.
    let all = |stand: &str| [("stand", stand.to_owned()), ("zeker", "ja".to_owned())];
    let send = async |fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ec.post("/toetsen/plannable/vaststellen", &fields).await
    };
    let (before, now) = (stand(&first), stand(&open));
    let unsure = send(&[("stand", now.clone())]).await;
    assert_eq!(unsure.status, StatusCode::CONFLICT);
    let stale = send(&all(&before)).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(
        stale.text.contains("nu zijn 103 resultaten vast te stellen"),
        "{}",
        stale.text
    );
    let done = send(&all(&now)).await;
    assert!(done.text.contains("Vastgesteld: 103."), "{}", done.text);
    for deelname in crowd.iter().chain([&stage.deelnames[0]]) {
        assert_eq!(decided(&stage, deelname).await, Decided::Vastgesteld);
    }
    assert_eq!(decided(&stage, &stage.deelnames[1]).await, Decided::Undecided, "held");
    assert!(!ec.get("/toetsen/plannable").await.text.contains("Alles vaststellen ("));

    let fb = stage.browser("fb").await;
    let refused = fb
        .post("/toetsen/plannable/vaststellen", &[("stand", &now), ("zeker", "ja")])
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

/// Each refusal stands for itself; what one planned oneself stays open for another.
#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_gone_through_by_itself() {
    let stage = Stage::set().await;
    stage.crowd(9).await;
    let ec = stage.browser("ec").await;
    let drawn = ec
        .post("/toetsen/plannable/steekproef", &[("omvang", "4"), ("maat", "aantal")])
        .await;
    assert_eq!(drawn.location, "/toetsen/plannable?gedaan=getrokken");
    let all = ec.get("/toetsen/plannable").await;
    assert!(all.text.contains("steekproef (4)"), "{}", all.text);
    let sample = ec.get("/toetsen/plannable?toon=steekproef").await;
    assert!(sample.text.contains("1 tot en met 4 van 4"), "{}", sample.text);
    assert_eq!(sample.text.matches("badge wait\">steekproef").count(), 4);
}
