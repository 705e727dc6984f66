//! What a guest can get wrong is caught by field; what the model holds survives the way out and back.

use jiff::civil;
use oke_codec::model;
use proptest::prelude::*;

use super::super::bindings::wire;
use super::*;

fn code() -> model::Code {
    model::Code {
        code_type: "studentNumber".to_owned(),
        value: "s-1".to_owned(),
    }
}

fn full_result() -> model::ExamResult {
    model::ExamResult {
        state: model::ResultState::Completed,
        attendance: model::Attendance::Other("late".to_owned()),
        pass: Some(model::PassState::Passed),
        comment: Some("twee\nregels".to_owned()),
        score: Some("7.5".to_owned()),
        result_date: Some(civil::date(2026, 2, 28)),
        test_date: Some("2026-02-20T08:30:00.123Z".parse().unwrap()),
        r#final: true,
        raw_score: Some(-1),
        max_raw_score: Some(40),
        executed_offering_name: Some("Lezen 3F".to_owned()),
        assessor_id: Some("a".to_owned()),
        assessor_code: Some("b".to_owned()),
        irregularities: Some("brandalarm".to_owned()),
        documents: vec![model::DocumentReference {
            document_id: "123454".to_owned(),
            document_type: model::DocumentType::AssessmentForm,
            document_name: "form.pdf".to_owned(),
        }],
        opaque: Some(r#"{"own":{"x":1}}"#.to_owned()),
    }
}

fn full_person() -> model::Person {
    model::Person {
        person_id: "p-1".to_owned(),
        primary_code: code(),
        other_codes: vec![code()],
        given_name: Some("Maartje".to_owned()),
        surname_prefix: Some("van".to_owned()),
        surname: Some("Damme".to_owned()),
        display_name: "Maartje van Damme".to_owned(),
        preferred_name: Some("Maartje".to_owned()),
        id_check_name: Some("van Damme, Maartje".to_owned()),
        mail: Some("m@example.org".to_owned()),
        affiliations: vec!["student".to_owned()],
        languages: vec!["nl-NL".to_owned()],
        assigned_needs: vec![model::AssignedNeed {
            code: "extra-time".to_owned(),
            description: None,
            start: Some(civil::date(2026, 1, 1)),
            end: None,
        }],
        opaque: None,
    }
}

fn full_association() -> model::Association {
    model::Association {
        association_id: "as-1".to_owned(),
        association_type: model::AssociationType::ComponentOfferingAssociation,
        role: model::Role::Student,
        state: model::AssociationState::Associated,
        person_id: "p-1".to_owned(),
        person: Some(full_person()),
        offering_id: "o-1".to_owned(),
        additional_time_min: Some(30),
        personal_needs: vec!["large-print".to_owned()],
        attempt: Some(2),
        attempts_left: model::AttemptsLeft::Left(1),
        program_offering_association_id: Some("poa".to_owned()),
        course_offering_association_id: Some("coa".to_owned()),
        org_association_id: Some("org".to_owned()),
        start: Some(civil::date(2026, 1, 1)),
        expected_end: Some(civil::date(2026, 7, 1)),
        final_end: Some(civil::date(2026, 6, 30)),
        sequence_code: Some("1".to_owned()),
        result: Some(full_result()),
        opaque: Some("{}".to_owned()),
    }
}

fn full_offering() -> model::Offering {
    model::Offering {
        offering_id: "o-1".to_owned(),
        offering_type: model::OfferingType::Component,
        primary_code: code(),
        other_codes: vec![code()],
        name: "Nederlands lezen 3F".to_owned(),
        description: Some("d".to_owned()),
        modes_of_delivery: vec![
            model::ModeOfDelivery::Online,
            model::ModeOfDelivery::Other("hybrid".to_owned()),
        ],
        result_expected: true,
        result_value_type: Some(model::ResultValueType::DecimalToTen),
        start: Some("2026-06-01T07:00:00Z".parse().unwrap()),
        end: Some("2026-06-01T09:00:00Z".parse().unwrap()),
        offered_id: Some("c-1".to_owned()),
        organization_id: Some("team-1".to_owned()),
        state: model::OfferingState::Canceled,
        duration_s: Some(5400),
        last_possible_start: Some("2026-06-01T07:30:00Z".parse().unwrap()),
        start_options: Some(model::StartOptions::TriggeredStart),
        duration_from: Some(model::DurationFrom::TriggeredStartDateTime),
        duration_until: Some(model::DurationUntil::EndDateTime),
        safety: vec![model::Safety::SecuredComputer],
        location_codes: vec!["A1.02".to_owned()],
        final_results_allowed: Some(false),
        tests_to_be_used: vec![model::TestReference {
            test_provider: "vendor".to_owned(),
            component_id: "c-1".to_owned(),
        }],
        cohort: Some("2025".to_owned()),
        irregularities: Some("i".to_owned()),
        documents: Vec::new(),
        opaque: None,
    }
}

#[test]
fn everything_the_model_holds_survives_the_way_out_and_back() {
    let association = full_association();
    assert_eq!(
        association_from_guest(association_to_guest(&association)),
        Ok(association)
    );
    let offering = full_offering();
    assert_eq!(offering_from_guest(offering_to_guest(&offering)), Ok(offering));
}

type Spoil = fn(&mut wire::Association);

fn broken_association(spoil: impl FnOnce(&mut wire::Association)) -> String {
    let mut association = association_to_guest(&full_association());
    spoil(&mut association);
    association_from_guest(association).unwrap_err().to_string()
}

#[test]
fn a_complaint_names_the_field_and_not_the_value() {
    let complaint = broken_association(|association| {
        let result = association.result.as_mut().unwrap();
        result.documents[0].document_name = "Jansen\0.pdf".to_owned();
    });
    assert_eq!(
        complaint,
        "`result.documents.[0].document-name` holds a control character"
    );
}

#[test]
fn ids_dates_moments_and_opaque_parts_are_judged() {
    let cases: [(&str, Spoil); 7] = [
        ("`association-id` is empty", |it| it.association_id.clear()),
        ("`offering-id` is longer than 1 KiB", |it| {
            it.offering_id = "x".repeat(1025)
        }),
        ("`start` is not a date of the calendar", |it| {
            it.start = Some(wire::Date {
                year: 2026,
                month: 2,
                day: 29,
            });
        }),
        ("`final-end` is not a date of the calendar", |it| {
            it.final_end = Some(wire::Date {
                year: 2026,
                month: 200,
                day: 200,
            });
        }),
        ("`result.test-date` is a moment beyond the calendar", |it| {
            it.result.as_mut().unwrap().test_date = Some(i64::MIN);
        }),
        ("`opaque` is not one JSON object", |it| {
            it.opaque = Some("[1]".to_owned())
        }),
        ("`state` is another value, but which is empty", |it| {
            it.state = wire::AssociationState::Other(String::new());
        }),
    ];
    for (expected, spoil) in cases {
        assert_eq!(broken_association(spoil), expected);
    }
}

#[test]
fn a_person_inside_an_association_is_the_person_it_names() {
    let complaint = broken_association(|association| association.person.as_mut().unwrap().person_id = "p-2".to_owned());
    assert_eq!(complaint, "`person.person-id` is another than `person-id`");
}

#[test]
fn deep_json_in_an_opaque_part_is_refused_and_does_not_overflow() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(opaque(deep).is_err());
}

#[test]
fn a_cursor_moves_on_while_there_is_more() {
    let same = || Some("again".to_owned());
    assert_eq!(cursor(same(), Some("again"), true), Err("does not move on"));
    assert_eq!(cursor(same(), Some("again"), false), Ok(same()));
    assert_eq!(cursor(Some(String::new()), None, true), Err("is empty"));
    assert_eq!(cursor(None, None, true), Ok(None));
}

proptest! {
    #[test]
    fn whatever_moment_or_date_a_guest_gives_is_judged_without_a_panic(
        millis: i64, year: i16, month: u8, day: u8,
    ) {
        let _judged = moment(millis);
        if let Ok(date) = date(wire::Date { year, month, day }) {
            prop_assert_eq!((date.year(), date.month() as u8, date.day() as u8), (year, month, day));
        }
    }
}
