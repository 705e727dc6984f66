//! Flow 2: sittings as periods, deelnames as candidates, ids that the vendor makes and gives out again.

#![expect(clippy::unwrap_used, reason = "a test ends where its arrangement fails")]

use oke_sdk::{
    Error, TaZittingsplan as _, Written,
    http::Method,
    model::{Association, AssociationState, Code, Offering, OfferingState, Person, Role, StartOptions},
    testing::{Answer, ConnectorFolder, FakeHost},
};
use serde_json::{Value, json};
use toetskade::Toetskade;

fn fixture(name: &str) -> Value {
    ConnectorFolder::at(env!("CARGO_MANIFEST_DIR")).fixture(name)
}

fn sitting() -> Offering {
    Offering {
        offered_id: Some("4711".to_owned()),
        start: Some("2026-06-01T07:00:00Z".parse().unwrap()),
        end: Some("2026-06-01T10:00:00Z".parse().unwrap()),
        duration_s: Some(90 * 60),
        ..Offering::bare("z-1", Code::new("identifier", "Z1"), "Rekenen maandag")
    }
}

fn deelname() -> Association {
    Association {
        additional_time_min: Some(23),
        personal_needs: vec!["spoken".to_owned()],
        person: Some(Person {
            person_id: "p-1".to_owned(),
            primary_code: Code::new("studentNumber", "123456"),
            other_codes: Vec::new(),
            given_name: Some("Noor".to_owned()),
            surname_prefix: Some("van der".to_owned()),
            surname: Some("Linden".to_owned()),
            display_name: "Noor van der Linden".to_owned(),
            preferred_name: None,
            id_check_name: None,
            mail: None,
            affiliations: Vec::new(),
            languages: Vec::new(),
            assigned_needs: Vec::new(),
            opaque: None,
        }),
        ..Association::bare("d-1", "p-1", "z-1")
    }
}

/// A platform that knows the exam and, under its numbers, the period and the candidate of the fixtures.
fn platform() -> FakeHost {
    let host = FakeHost::new();
    host.on(Method::Get, "/exams/4711", Answer::json(200, fixture("exam")));
    host.on(Method::Get, "/periods/17", Answer::json(200, fixture("period")));
    host.on(Method::Get, "/candidates/12", Answer::json(200, fixture("candidate")));
    host
}

fn unrepresentable(answer: Result<Written, Error>) -> String {
    match answer {
        Err(Error::Unrepresentable { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_sitting_is_a_period_and_its_number_comes_back_with_our_id() {
    let host = platform();
    host.on(Method::Post, "/periods", Answer::json(201, fixture("period")));

    let written = Toetskade::put_sitting(&host.context(), sitting(), None);

    assert_eq!(written, Ok(Written::under("17@z-1".to_owned())));
    let sent = host.requests().pop().unwrap().json();
    assert_eq!(
        sent,
        json!({ "reference": "z-1", "examId": 4711, "name": "Rekenen maandag",
                "from": "2026-06-01T07:00:00Z", "until": "2026-06-01T10:00:00Z" })
    );
}

/// R18: a period has a start and an end, and its exam its own minutes; what else a sitting asks is told, not dropped.
#[test]
fn what_a_period_can_not_hold_is_refused_before_anything_is_sent() {
    let refused = |change: fn(&mut Offering)| {
        let host = platform();
        let mut sitting = sitting();
        change(&mut sitting);
        let field = unrepresentable(Toetskade::put_sitting(&host.context(), sitting, None));
        assert!(host.requests().iter().all(|request| request.method == Method::Get));
        field
    };
    assert_eq!(refused(|s| s.end = None), "startDateTime");
    assert_eq!(refused(|s| s.duration_s = Some(60 * 60)), "duration");
    assert_eq!(
        refused(|s| s.start_options = Some(StartOptions::TriggeredStart)),
        "startOptions"
    );
    assert_eq!(
        refused(|s| s.last_possible_start = s.start),
        "lastPossibleStartDateTime"
    );
    assert_eq!(refused(|s| s.offered_id = Some("rekenen".to_owned())), "component");
}

/// R15: 25 % of 90 minutes is 22.5, handed over as 23.
#[test]
fn a_candidate_gets_extra_time_in_steps_of_five_percent_and_aids_of_the_list() {
    let host = platform();
    host.on(
        Method::Post,
        "/periods/17/candidates",
        Answer::json(201, fixture("candidate")),
    );

    let written = Toetskade::put_deelname(&host.context(), deelname(), None, Some("17@z-1"));

    assert_eq!(written, Ok(Written::under("12@d-1".to_owned())));
    let sent = host.requests().pop().unwrap().json();
    assert_eq!(
        sent,
        json!({ "reference": "d-1", "studentNumber": "123456", "firstName": "Noor", "prefix": "van der",
                "lastName": "Linden", "extraTimePercent": 25, "aids": ["readAloud"] })
    );
}

/// R15: never silently less, never silently without.
#[test]
fn a_need_that_the_platform_has_no_word_for_is_refused() {
    let refused = |change: fn(&mut Association)| {
        let host = platform();
        let mut deelname = deelname();
        change(&mut deelname);
        unrepresentable(Toetskade::put_deelname(&host.context(), deelname, None, Some("17@z-1")))
    };
    assert_eq!(refused(|d| d.additional_time_min = Some(20)), "additionalTimeInMin");
    assert_eq!(refused(|d| d.additional_time_min = Some(10_000)), "additionalTimeInMin");
    assert_eq!(
        refused(|d| d.personal_needs.push("braille".to_owned())),
        "personalNeeds"
    );
    assert_eq!(refused(|d| d.role = Role::Invigilator), "role");
    assert_eq!(refused(|d| d.person = None), "person");
}

/// The number of a cancelled candidate goes to the next one: ours is known by our own reference beside it.
#[test]
fn a_number_that_was_given_out_again_is_another_candidate() {
    let host = FakeHost::new();
    let mut other = fixture("candidate");
    other["reference"] = "d-9".into();
    host.on(Method::Get, "/candidates/12", Answer::json(200, other));
    host.on(Method::Get, "/periods/17", Answer::json(200, fixture("period")));
    host.on(
        Method::Post,
        "/periods/17/candidates",
        Answer::json(
            201,
            json!({
        "id": 31, "reference": "d-1", "periodId": 17, "extraTimePercent": 25 }),
        ),
    );
    let ctx = host.context();

    let cancelled = Association {
        state: AssociationState::Canceled,
        ..deelname()
    };
    let written = Toetskade::put_deelname(&ctx, cancelled, Some("12@d-1"), Some("17@z-1"));
    assert_eq!(written, Ok(Written::under("12@d-1".to_owned())));
    let again = Toetskade::put_deelname(&ctx, deelname(), Some("12@d-1"), Some("17@z-1"));
    assert_eq!(again, Ok(Written::under("31@d-1".to_owned())));

    let touched = host.requests();
    assert!(
        !touched
            .iter()
            .any(|request| matches!(request.method, Method::Delete | Method::Put))
    );
}

/// R4: a second cancellation finds nothing to do.
#[test]
fn a_cancelled_sitting_is_deleted_once() {
    let host = platform();
    host.on(Method::Delete, "/periods/17", Answer::status(204));
    let cancelled = Offering {
        state: OfferingState::Canceled,
        ..sitting()
    };
    Toetskade::put_sitting(&host.context(), cancelled.clone(), Some("17@z-1")).unwrap();
    assert_eq!(host.requests().last().unwrap().method, Method::Delete);

    let gone = FakeHost::new();
    gone.on(Method::Get, "/periods/17", Answer::status(404));
    Toetskade::put_sitting(&gone.context(), cancelled, Some("17@z-1")).unwrap();
    assert_eq!(gone.requests().len(), 1);
}

/// Creating twice makes two, so that who is not sure looks first.
#[test]
fn what_an_earlier_try_made_is_found_by_our_own_reference() {
    let host = FakeHost::new();
    host.on(
        Method::Get,
        "/periods",
        Answer::json(200, json!({ "periods": [fixture("period")] })),
    );
    host.on(
        Method::Get,
        "/candidates",
        Answer::json(200, json!({ "candidates": [], "next": null })),
    );
    let ctx = host.context();

    assert_eq!(
        Toetskade::find_sitting(&ctx, sitting()),
        Ok(Some(Written::under("17@z-1".to_owned())))
    );
    assert_eq!(Toetskade::find_deelname(&ctx, deelname()), Ok(None));
    assert_eq!(host.requests()[0].query("reference"), Some("z-1"));
}

/// R25: what is read back says what was planned.
#[test]
fn what_is_read_back_equals_what_was_sent() {
    let host = platform();
    host.on(
        Method::Get,
        "/periods/17/candidates",
        Answer::json(200, json!({ "candidates": [fixture("candidate")], "next": 12 })),
    );
    let ctx = host.context();

    let read = Toetskade::read_sitting(&ctx, "17@z-1").unwrap().unwrap();
    let planned = sitting();
    assert_eq!(
        (read.start, read.end, read.duration_s),
        (planned.start, planned.end, planned.duration_s)
    );
    let page = Toetskade::read_deelnames(&ctx, "17@z-1", None).unwrap();
    assert_eq!(page.items[0].association_id, "12@d-1");
    assert_eq!(page.items[0].additional_time_min, deelname().additional_time_min);
    assert_eq!(page.items[0].personal_needs, deelname().personal_needs);
    assert_eq!(page.next.as_deref(), Some("12"));
}

/// R25: what the host has no number of Toetskade's for, it names by its own id.
#[test]
fn an_id_of_ours_is_looked_up_by_reference() {
    let host = FakeHost::new();
    host.on(
        Method::Get,
        "/periods",
        Answer::json(200, json!({ "periods": [fixture("period")] })),
    );
    let read = Toetskade::read_sitting(&host.context(), "z-1").unwrap().unwrap();
    assert_eq!(read.offering_id, "17@z-1");
    assert_eq!(host.requests()[0].query("reference"), Some("z-1"));
}
