//! What the conversions promise: nothing is lost on the way out and back, and what can't be is refused on the way in.

use std::fmt::Debug;

use jiff::civil::date;

use super::{Broken, FromWit, ToWit};
use crate::{
    Error,
    bindings::shared::oke::{connector::call, types::model as wit},
    model::*,
};

/// Out and back is the same value. Every field of a sample differs from its neighbours, so that two that were swapped show.
fn there_and_back<T: ToWit + FromWit<<T as ToWit>::Wit> + Clone + PartialEq + Debug>(value: T) {
    assert_eq!(T::from_wit(value.clone().to_wit()), Ok(value));
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn code(value: &str) -> Code {
    Code {
        code_type: format!("type of {value}"),
        value: value.to_owned(),
    }
}

fn document(id: &str, document_type: DocumentType) -> DocumentReference {
    DocumentReference {
        document_id: id.to_owned(),
        document_type,
        document_name: format!("{id}.pdf"),
    }
}

fn component() -> Component {
    Component {
        component_id: "c-1".to_owned(),
        component_type: "test".to_owned(),
        primary_code: code("primary"),
        other_codes: vec![code("other")],
        name: "Rekenen 3F".to_owned(),
        description: text("description"),
        result_value_type: Some(ResultValueType::Other("stars".to_owned())),
        exam: Some(true),
        pass_from: text("5.5"),
        retries: Some(2),
        status: ComponentStatus::Inactive,
        licensed: Some(false),
        additional_testing_time_min: Some(30),
        available_personal_needs: vec!["extraTime".to_owned()],
        safety: vec![Safety::SecuredComputer, Safety::Other("camera".to_owned())],
        opaque: text("{\"fields\":{}}"),
    }
}

fn offering() -> Offering {
    let moment = |second| Some(jiff::Timestamp::constant(second, 0));
    Offering {
        offering_id: "o-1".to_owned(),
        offering_type: OfferingType::Component,
        primary_code: code("primary"),
        other_codes: vec![code("systemId")],
        name: "Zitting".to_owned(),
        description: text("description"),
        modes_of_delivery: vec![ModeOfDelivery::Situated, ModeOfDelivery::Other("hybrid".to_owned())],
        result_expected: true,
        result_value_type: Some(ResultValueType::DecimalToTen),
        start: moment(1),
        end: moment(2),
        offered_id: text("c-1"),
        organization_id: text("org-1"),
        state: OfferingState::Canceled,
        duration_s: Some(3600),
        last_possible_start: moment(3),
        start_options: Some(StartOptions::TriggeredStart),
        duration_from: Some(DurationFrom::TriggeredStartDateTime),
        duration_until: Some(DurationUntil::EndDateTime),
        safety: vec![Safety::FixedLocation, Safety::Surveillance],
        location_codes: vec!["A-22".to_owned()],
        final_results_allowed: Some(false),
        tests_to_be_used: vec![TestReference {
            test_provider: "vendor".to_owned(),
            component_id: "c-1".to_owned(),
        }],
        cohort: text("2026"),
        irregularities: text("fire alarm"),
        documents: vec![
            document("d-1", DocumentType::SessionReport),
            document("d-2", DocumentType::AttendanceReport),
        ],
        opaque: text("{}"),
    }
}

fn person() -> Person {
    Person {
        person_id: "p-1".to_owned(),
        primary_code: code("studentNumber"),
        other_codes: vec![code("eckid")],
        given_name: text("given"),
        surname_prefix: text("prefix"),
        surname: text("surname"),
        display_name: "display".to_owned(),
        preferred_name: text("preferred"),
        id_check_name: text("check"),
        mail: text("mail"),
        affiliations: vec!["student".to_owned()],
        languages: vec!["nl-NL".to_owned()],
        assigned_needs: vec![AssignedNeed {
            code: "need".to_owned(),
            description: text("need description"),
            start: Some(date(2025, 9, 1)),
            end: Some(date(2026, 8, 31)),
        }],
        opaque: text("{}"),
    }
}

fn exam_result() -> ExamResult {
    ExamResult {
        state: ResultState::Completed,
        attendance: Attendance::NotFinished,
        pass: Some(PassState::Failed),
        comment: text("comment"),
        score: text("5.4"),
        result_date: Some(date(2024, 2, 29)),
        test_date: Some(jiff::Timestamp::constant(4, 0)),
        r#final: true,
        raw_score: Some(-1),
        max_raw_score: Some(40),
        executed_offering_name: text("executed"),
        assessor_id: text("assessor id"),
        assessor_code: text("assessor code"),
        irregularities: text("irregularities"),
        documents: vec![document("d-3", DocumentType::Other("photo".to_owned()))],
        opaque: text("{}"),
    }
}

fn association() -> Association {
    Association {
        association_id: "a-1".to_owned(),
        association_type: AssociationType::ComponentOfferingAssociation,
        role: Role::Invigilator,
        state: AssociationState::Finished,
        person_id: "p-1".to_owned(),
        person: Some(person()),
        offering_id: "o-1".to_owned(),
        additional_time_min: Some(10_000),
        personal_needs: vec!["spoken".to_owned()],
        attempt: Some(2),
        attempts_left: AttemptsLeft::Left(1),
        program_offering_association_id: text("program"),
        course_offering_association_id: text("course"),
        org_association_id: text("org"),
        start: Some(date(2025, 8, 1)),
        expected_end: Some(date(2026, 7, 31)),
        final_end: Some(date(2026, 7, 1)),
        sequence_code: text("sequence"),
        result: Some(exam_result()),
        opaque: text("{}"),
    }
}

fn group() -> Group {
    Group {
        group_id: "g-1".to_owned(),
        group_type: "class".to_owned(),
        primary_code: code("primary"),
        other_codes: vec![code("other")],
        name: "R3A".to_owned(),
        description: text("description"),
        start: Some(date(2026, 8, 1)),
        end: Some(date(2027, 7, 31)),
        person_count: Some(24),
        organization_id: text("org-1"),
        opaque: text("{}"),
    }
}

fn membership() -> Membership {
    Membership {
        person_id: "p-1".to_owned(),
        state: MembershipState::Canceled,
        role: Some(Role::Student),
        start: jiff::Timestamp::constant(5, 0),
        end: Some(jiff::Timestamp::constant(6, 0)),
        opaque: text("{}"),
    }
}

#[test]
fn every_object_comes_back_as_it_went() {
    there_and_back(group());
    there_and_back(membership());
    there_and_back(component());
    there_and_back(offering());
    there_and_back(association());
}

#[test]
fn every_member_of_an_open_list_keeps_its_meaning() {
    use ResultValueType as Scale;
    for scale in [
        Scale::PassOrFail,
        Scale::InsufficientSatisfactoryGood,
        Scale::UsLetter,
        Scale::UkLetter,
        Scale::DeGrade,
        Scale::ZeroToHundred,
        Scale::ZeroToTen,
        Scale::DecimalToTen,
        Scale::ReferenceLevelRktr,
        Scale::ReferenceLevelErk,
    ] {
        there_and_back(scale);
    }
    assert!(matches!(
        Scale::DecimalToTen.to_wit(),
        wit::ResultValueType::DecimalToTen
    ));
}

/// R9: absent and `null` are two different things.
#[test]
fn attempts_left_keeps_unknown_apart_from_unlimited() {
    for attempts in [AttemptsLeft::Unknown, AttemptsLeft::Unlimited, AttemptsLeft::Left(0)] {
        there_and_back(attempts);
    }
}

#[test]
fn a_day_that_does_not_exist_is_refused_by_name() {
    let day = |month, day| jiff::civil::Date::from_wit(wit::Date { year: 2026, month, day });
    assert_eq!(
        day(2, 31),
        Err(Broken("the host sent day 2026-02-31, which does not exist".to_owned()))
    );
    assert_eq!(
        day(200, 1),
        Err(Broken("the host sent day 2026-200-01, which does not exist".to_owned()))
    );
    assert_eq!(day(2, 28), Ok(date(2026, 2, 28)));
}

#[test]
fn a_moment_out_of_range_is_refused() {
    assert!(jiff::Timestamp::from_wit(i64::MAX).is_err());
}

#[test]
fn an_error_carries_its_decision_to_the_host() {
    let after = call::Error::from(Error::RateLimited(Some(30)));
    assert!(matches!(after, call::Error::RateLimited(Some(30))));
    let refused = call::Error::from(Error::Rejected {
        code: "409".to_owned(),
        message: "no".to_owned(),
    });
    assert!(matches!(refused, call::Error::Rejected(call::Rejection { code, .. }) if code == "409"));
}
