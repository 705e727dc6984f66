//! Flows 0 and 3: the catalogue, outcomes by poll and by webhook, points before grades.

use oke_sdk::{
    Error, Pushed, TaResultaten as _, TaToetscatalogus as _, Webhook as _,
    http::Method,
    model::{Attendance, Normed, ResultState},
    testing::{Answer, ConnectorFolder, FakeHost},
};
use serde_json::{Value, json};
use toetskade::Toetskade;

fn fixture(name: &str) -> Value {
    ConnectorFolder::at(env!("CARGO_MANIFEST_DIR")).fixture(name)
}

#[test]
fn the_catalogue_goes_on_behind_the_last_number() {
    let host = FakeHost::new();
    host.on(
        Method::Get,
        "/exams",
        Answer::json(200, json!({ "exams": [fixture("exam")], "next": 4711 })),
    );

    let page = Toetskade::list_components(&host.context(), Some("17".to_owned()), 100).unwrap();

    assert_eq!(page.items[0].component_id, "4711");
    assert_eq!(page.items[0].available_personal_needs, ["spoken", "calculator"]);
    assert_eq!(page.next.as_deref(), Some("4711"));
    assert_eq!(host.requests()[0].query("after"), Some("17"));
}

/// R11: points are no grade; the grade comes with the cesuur, under the same examenversie.
#[test]
fn points_are_not_normed_and_a_grade_is() {
    let host = FakeHost::new();
    host.on(Method::Get, "/outcomes", Answer::json(200, fixture("outcomes")));

    let page = Toetskade::poll(&host.context(), Some("40".to_owned()), &[]).unwrap();

    let seen: Vec<_> = page
        .deliveries
        .iter()
        .map(|one| {
            (
                one.deelname_peer_id.as_str(),
                one.result.score.as_deref(),
                one.result.raw_score,
                one.normed,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("12@d-1", None, Some(37), Normed::No),
            ("13@d-2", None, None, Normed::Unknown),
            ("12@d-1", Some("6.4"), Some(37), Normed::Yes),
        ]
    );
    assert_eq!(page.deliveries[1].result.attendance, Attendance::NotPresent);
    assert_eq!(page.deliveries[0].result.state, ResultState::Completed);
    assert_eq!(page.deliveries[2].examenversie.as_deref(), Some("2026-A"));
    assert_eq!((page.cursor.as_deref(), page.more), (Some("44"), true));
    assert_eq!(host.requests()[0].query("since"), Some("40"));
    // A normed outcome without a grade costs only itself.
    assert!(
        host.logged()
            .iter()
            .any(|line| line.fields.contains(&("candidate".to_owned(), "14".to_owned())))
    );
}

#[test]
fn a_push_says_what_a_poll_says() {
    let outcome = fixture("outcomes")["outcomes"][3].clone();
    let body = json!({ "event": "outcome", "outcome": outcome })
        .to_string()
        .into_bytes();
    let pushed = Pushed {
        name: "outcomes".to_owned(),
        body,
    };
    let host = FakeHost::new();
    host.on(Method::Get, "/outcomes", Answer::json(200, fixture("outcomes")));
    let ctx = host.context();

    let received = Toetskade::receive(&ctx, &pushed).unwrap();

    assert_eq!(
        received.deliveries[0],
        Toetskade::poll(&ctx, None, &[]).unwrap().deliveries[2]
    );
}

#[test]
fn a_push_of_another_kind_says_nothing_and_one_that_is_no_json_is_refused() {
    let ctx = FakeHost::new().context();
    let push = |body: &[u8]| {
        Toetskade::receive(
            &ctx,
            &Pushed {
                name: "outcomes".to_owned(),
                body: body.to_vec(),
            },
        )
    };

    assert!(
        push(br#"{"event": "examPublished", "exam": 4711}"#)
            .unwrap()
            .deliveries
            .is_empty()
    );
    assert!(matches!(push(b"{"), Err(Error::Rejected { code, .. }) if code == "invalid-json"));
}

/// R25: the outcome of whoever has the number now is not the outcome of who had it.
#[test]
fn reading_back_a_number_that_was_given_out_again_finds_nothing() {
    let host = FakeHost::new();
    let mut outcome = fixture("outcomes")["outcomes"][0].clone();
    host.on(Method::Get, "/candidates/12", Answer::json(200, fixture("candidate")));
    host.on(Method::Get, "/candidates/12/outcome", Answer::json(200, &outcome));
    let ctx = host.context();

    assert!(Toetskade::read_result(&ctx, "12@d-1").unwrap().is_some());
    assert_eq!(Toetskade::read_result(&ctx, "12@d-0"), Ok(None));

    // Or it went to another between the two questions.
    outcome["reference"] = "d-9".into();
    let host = FakeHost::new();
    host.on(Method::Get, "/candidates/12", Answer::json(200, fixture("candidate")));
    host.on(Method::Get, "/candidates/12/outcome", Answer::json(200, outcome));
    assert_eq!(Toetskade::read_result(&host.context(), "12@d-1"), Ok(None));
}
