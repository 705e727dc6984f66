//! Flows 3 and 4 read from a platform that speaks OKE.

mod common;

use common::{fixture, host};
use oke_sdk::{
    ConfigValue, DeliveryPage, Error, TaResultaten, TaZittingsverslag as _,
    http::{Failure, Method},
    model::{Attendance, DocumentType, Normed, ResultState},
    testing::{Answer, FakeHost},
};
use ooapi_ta::OoapiTa;
use serde_json::{Value, json};

const SITTING: &str = "1f9e6a3c-0f52-4c55-8a5a-2d0f6b1c0001";

fn polled() -> FakeHost {
    host(Some("oke-1-0-1-poll"))
}

fn associations(sitting: &str) -> String {
    format!("/offerings/{sitting}/associations")
}

/// A page of one deelname with a result, named after sitting and page.
fn page_of_one(name: &str, has_next: bool) -> Value {
    let mut page = fixture("associations");
    let mut item = page["items"][0].clone();
    item["associationId"] = name.into();
    page["items"] = json!([item]);
    page["hasNextPage"] = has_next.into();
    page["totalPages"].take();
    page
}

fn poll(host: &FakeHost, cursor: Option<&str>, sittings: &[&str]) -> Result<DeliveryPage, Error> {
    let sittings: Vec<String> = sittings.iter().map(|&sitting| sitting.to_owned()).collect();
    OoapiTa::poll(&host.context(), cursor.map(str::to_owned), &sittings)
}

fn names(page: &DeliveryPage) -> Vec<&str> {
    page.deliveries
        .iter()
        .map(|delivery| delivery.deelname_peer_id.as_str())
        .collect()
}

/// R6, R10, R11: attendance alone counts, a cancelled deelname's result too; only a percentage is known not to be normed.
#[test]
fn a_poll_delivers_every_deelname_that_has_a_result() {
    let host = polled();
    host.on(
        Method::Get,
        &associations(SITTING),
        Answer::json(200, fixture("associations")),
    );

    let page = poll(&host, None, &[SITTING]).unwrap();

    let seen: Vec<_> = page
        .deliveries
        .iter()
        .map(|delivery| {
            (
                delivery.result.state,
                delivery.result.attendance.clone(),
                delivery.normed,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (ResultState::Completed, Attendance::Present, Normed::Unknown),
            (ResultState::InProgress, Attendance::NotPresent, Normed::Unknown),
            (ResultState::Completed, Attendance::Present, Normed::No),
        ]
    );
    assert_eq!(page.deliveries[0].result.score.as_deref(), Some("7.5"));
    assert_eq!((page.cursor, page.more), (None, false));
    let asked = &host.requests()[0];
    assert_eq!(
        [asked.query("role"), asked.query("pageSize")],
        [Some("student"), Some("100")]
    );
}

#[test]
fn a_vendor_that_only_sends_normed_scores_can_be_told_so_but_a_percentage_stays_what_it_is() {
    let host = polled().with_text("normed", "yes");
    host.on(
        Method::Get,
        &associations(SITTING),
        Answer::json(200, fixture("associations")),
    );

    let normed: Vec<_> = poll(&host, None, &[SITTING])
        .unwrap()
        .deliveries
        .iter()
        .map(|one| one.normed)
        .collect();

    assert_eq!(normed, [Normed::Yes, Normed::Unknown, Normed::No]);
}

/// N#164: of a vendor that sends percentages before the cesuur no score is known to be normed, whatever was set.
#[test]
fn a_vendor_that_sends_percentages_never_vouches_for_a_score() {
    let host = polled()
        .with_text("normed", "yes")
        .with_text("score-before-cesuur", "percentage");
    host.on(
        Method::Get,
        &associations(SITTING),
        Answer::json(200, fixture("associations")),
    );
    let page = poll(&host, None, &[SITTING]).unwrap();
    assert_eq!(page.deliveries[0].normed, Normed::Unknown);
}

#[test]
fn a_vendor_that_pushes_is_not_polled() {
    let host = host(Some("oke-1-0-1-push"));
    assert!(matches!(poll(&host, None, &[SITTING]), Err(Error::Unsupported(_))));
    assert!(host.requests().is_empty());
}

/// R20, R25: the walk stops after its requests and goes on from its cursor, until the round is whole.
#[test]
fn a_long_round_is_walked_in_polls_that_follow_each_other() {
    let host = polled().with_config("requests-per-poll", ConfigValue::Number(2));
    host.on(
        Method::Get,
        &associations("a"),
        Answer::json(200, page_of_one("a-1", true)),
    );
    host.on(
        Method::Get,
        &associations("a"),
        Answer::json(200, page_of_one("a-2", false)),
    );
    host.on(
        Method::Get,
        &associations("b"),
        Answer::json(200, page_of_one("b-1", false)),
    );

    let first = poll(&host, None, &["b", "a"]).unwrap();
    let second = poll(&host, first.cursor.as_deref(), &["b", "a"]).unwrap();

    assert_eq!((names(&first), first.more), (vec!["a-1", "a-2"], true));
    assert_eq!(
        (names(&second), second.more, second.cursor.as_deref()),
        (vec!["b-1"], false, None)
    );
    let pages: Vec<_> = host
        .requests()
        .iter()
        .map(|one| one.query("pageNumber").unwrap().to_owned())
        .collect();
    assert_eq!(pages, ["1", "2", "1"]);
}

#[test]
fn a_walk_goes_on_well_when_its_sitting_is_no_longer_asked_for() {
    let host = polled();
    host.on(
        Method::Get,
        &associations("c"),
        Answer::json(200, page_of_one("c-1", false)),
    );
    let page = poll(&host, Some("7 b"), &["a", "c"]).unwrap();
    assert_eq!((names(&page), page.cursor.as_deref()), (vec!["c-1"], None));
    assert_eq!(host.requests()[0].query("pageNumber"), Some("1"));
}

#[test]
fn a_cursor_of_another_version_begins_a_new_round() {
    let host = polled();
    host.on(
        Method::Get,
        &associations("a"),
        Answer::json(200, page_of_one("a-1", false)),
    );
    assert_eq!(names(&poll(&host, Some("{\"since\":1}"), &["a"]).unwrap()), ["a-1"]);
}

/// What was read is not lost when the platform falls silent halfway; the trouble itself is met by the next poll.
#[test]
fn trouble_halfway_hands_over_what_was_read() {
    let host = polled();
    host.on(
        Method::Get,
        &associations("a"),
        Answer::json(200, page_of_one("a-1", false)),
    );
    host.on(Method::Get, &associations("b"), Answer::failure(Failure::OutOfBudget));

    let first = poll(&host, None, &["a", "b"]).unwrap();

    assert_eq!(
        (names(&first), first.cursor.as_deref(), first.more),
        (vec!["a-1"], Some("1 b"), false)
    );
    assert_eq!(
        poll(&host, first.cursor.as_deref(), &["a", "b"]),
        Err(Error::Transient(None))
    );
}

#[test]
fn a_sitting_that_is_refused_or_unknown_does_not_keep_back_the_others() {
    let host = polled();
    host.on(Method::Get, &associations("a"), Answer::status(400));
    host.on(Method::Get, &associations("b"), Answer::status(404));
    host.on(
        Method::Get,
        &associations("c"),
        Answer::json(200, page_of_one("c-1", false)),
    );

    let page = poll(&host, None, &["a", "b", "c"]).unwrap();

    assert_eq!(names(&page), ["c-1"]);
    assert_eq!(host.logged()[0].fields[0], ("sitting".to_owned(), "a".to_owned()));
    assert!(
        matches!(poll(&host, None, &["a"]), Err(Error::Rejected { .. })),
        "alone, it is told"
    );
}

#[test]
fn a_deelname_that_can_not_be_read_costs_only_itself_and_reading_it_back_tells_why() {
    let host = polled();
    let mut page = fixture("associations");
    page["items"][0]["result"]["state"] = "finished".into();
    host.on(Method::Get, &associations(SITTING), Answer::json(200, &page));
    host.on(Method::Get, "/associations/7", Answer::json(200, &page["items"][0]));

    assert_eq!(poll(&host, None, &[SITTING]).unwrap().deliveries.len(), 2);
    assert!(host.logged()[0].fields[1].1.contains("/items/0/result/state"));
    let told = OoapiTa::read_result(&host.context(), "7");
    assert!(matches!(told, Err(Error::Rejected { code, .. }) if code == "unreadable"));
}

/// R25: one deelname can be read back, also from a vendor that pushes.
#[test]
fn one_result_is_read_back() {
    let host = host(Some("oke-1-0-1-push"));
    let items = &fixture("associations")["items"];
    host.on(Method::Get, "/associations/scored", Answer::json(200, &items[0]));
    host.on(Method::Get, "/associations/waiting", Answer::json(200, &items[3]));
    host.on(Method::Get, "/associations/gone", Answer::status(404));
    let ctx = host.context();

    let read = OoapiTa::read_result(&ctx, "scored").unwrap().unwrap();
    assert_eq!(
        read.result.documents[0].document_type,
        DocumentType::AssessmentFormWithAnswers
    );
    assert_eq!(OoapiTa::read_result(&ctx, "waiting"), Ok(None));
    assert_eq!(OoapiTa::read_result(&ctx, "gone"), Ok(None));
}

/// R27: the document goes on as it came.
#[test]
fn a_document_streams_through_with_its_media_type() {
    let host = polled();
    host.on(
        Method::Get,
        "/documents/123455",
        Answer::bytes(200, "application/pdf", b"%PDF-1.7".to_vec()),
    );
    host.on(Method::Get, "/documents/none", Answer::status(404));
    let ctx = host.context();

    let document = <OoapiTa as TaResultaten>::fetch_document(&ctx, "123455").unwrap();
    assert_eq!(document.media_type, "application/pdf");
    assert_eq!(document.content.read_all(100), Ok(b"%PDF-1.7".to_vec()));
    assert!(
        matches!(<OoapiTa as TaResultaten>::fetch_document(&ctx, "none"), Err(Error::Rejected { code, .. }) if code == "404")
    );
}

/// R25: the report as it is now; a sitting without one has none.
#[test]
fn a_report_is_read_from_the_sitting() {
    let host = polled();
    host.on(
        Method::Get,
        &format!("/offerings/{SITTING}"),
        Answer::json(200, fixture("sitting-with-report")),
    );
    host.on(Method::Get, "/offerings/without", Answer::json(200, fixture("sitting")));
    let ctx = host.context();

    let report = OoapiTa::read_report(&ctx, SITTING).unwrap().unwrap();
    assert!(report.irregularities.unwrap().starts_with("Brandalarm"));
    assert_eq!(report.documents[0].document_id, "123454");
    assert_eq!(OoapiTa::read_report(&ctx, "without"), Ok(None));
}
