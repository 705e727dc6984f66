//! Objects of the model with every field said, and with as little as can be: no field of a full one is as in its bare one.

use jiff::{Timestamp, civil::Date};
use oke_codec::model::*;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub fn code() -> Code {
    Code::new("offeringCode", "z")
}

pub fn document() -> DocumentReference {
    DocumentReference {
        document_id: "d".to_owned(),
        document_type: DocumentType::AssessmentForm,
        document_name: "n".to_owned(),
    }
}

pub fn test_reference() -> TestReference {
    TestReference {
        test_provider: "v".to_owned(),
        component_id: "c".to_owned(),
    }
}

pub fn need() -> AssignedNeed {
    AssignedNeed {
        code: "extraTime".to_owned(),
        description: text("een half uur"),
        start: Some(day("2026-09-01")),
        end: Some(day("2027-07-31")),
    }
}

pub fn component() -> Component {
    Component {
        component_id: "c".to_owned(),
        component_type: "assignment".to_owned(),
        primary_code: code(),
        other_codes: vec![Code::new("testSystem", "t")],
        name: "naam".to_owned(),
        description: text("beschrijving"),
        result_value_type: Some(ResultValueType::PassOrFail),
        exam: Some(true),
        pass_from: text("5.5"),
        retries: Some(1),
        status: ComponentStatus::Inactive,
        licensed: Some(false),
        additional_testing_time_min: Some(30),
        available_personal_needs: vec!["spoken".to_owned()],
        safety: vec![Safety::SecuredComputer],
        opaque: text(r#"{"own":{"x":1}}"#),
    }
}

pub fn bare_component() -> Component {
    Component::bare("kaal", Code::new("identifier", "kaal"), "kaal")
}

/// Of a course: its days have no time.
pub fn offering() -> Offering {
    Offering {
        offering_id: "z".to_owned(),
        offering_type: OfferingType::Course,
        primary_code: code(),
        other_codes: vec![Code::new("systemId", "fao")],
        name: "naam".to_owned(),
        description: text("beschrijving"),
        modes_of_delivery: vec![ModeOfDelivery::Online],
        result_expected: false,
        result_value_type: Some(ResultValueType::PassOrFail),
        start: Some(moment("2026-09-01T08:00:00Z")),
        end: Some(moment("2026-09-01T10:00:00Z")),
        offered_id: text("c"),
        organization_id: text("o"),
        state: OfferingState::Canceled,
        duration_s: Some(61),
        last_possible_start: Some(moment("2026-09-01T09:00:00Z")),
        start_options: Some(StartOptions::TriggeredStart),
        duration_from: Some(DurationFrom::StartDateTime),
        duration_until: Some(DurationUntil::EndDateTime),
        safety: vec![Safety::Surveillance],
        location_codes: vec!["B1, links".to_owned(), "B2".to_owned()],
        final_results_allowed: Some(false),
        tests_to_be_used: vec![test_reference()],
        cohort: text("2026"),
        irregularities: text("i"),
        documents: vec![document()],
        opaque: text(r#"{"fields":{"x":1}}"#),
    }
}

/// The same of a test.
pub fn sitting() -> Offering {
    Offering {
        offering_type: OfferingType::Component,
        ..offering()
    }
}

pub fn bare_offering() -> Offering {
    Offering::bare("kaal", Code::new("identifier", "kaal"), "kaal")
}

pub fn report() -> Report {
    Report {
        sitting_peer_id: "z".to_owned(),
        irregularities: text("i"),
        documents: vec![document()],
    }
}

pub fn bare_report() -> Report {
    Report {
        sitting_peer_id: "kaal".to_owned(),
        irregularities: None,
        documents: Vec::new(),
    }
}

pub fn person() -> Person {
    Person {
        person_id: "p2".to_owned(),
        primary_code: Code::new("studentNumber", "1"),
        other_codes: vec![Code::new("username", "jip")],
        given_name: text("Jip"),
        surname_prefix: text("van"),
        surname: text("Damme"),
        display_name: "Jip van Damme".to_owned(),
        preferred_name: text("Jippie"),
        id_check_name: text("Damme, Jip van"),
        mail: text("jip@example.org"),
        affiliations: vec!["student".to_owned()],
        languages: vec!["nl-NL".to_owned()],
        assigned_needs: vec![need()],
        opaque: text(r#"{"fields":{"x":1}}"#),
    }
}

pub fn bare_person() -> Person {
    Person {
        person_id: "kaal".to_owned(),
        primary_code: Code::new("identifier", "kaal"),
        other_codes: Vec::new(),
        given_name: None,
        surname_prefix: None,
        surname: None,
        display_name: "kaal".to_owned(),
        preferred_name: None,
        id_check_name: None,
        mail: None,
        affiliations: vec!["employee".to_owned()],
        languages: Vec::new(),
        assigned_needs: Vec::new(),
        opaque: None,
    }
}

pub fn result() -> ExamResult {
    ExamResult {
        state: ResultState::Postponed,
        attendance: Attendance::NotFinished,
        pass: Some(PassState::Passed),
        comment: text("c"),
        score: text("5.5"),
        result_date: Some(day("2026-09-03")),
        test_date: Some(moment("2026-09-02T08:00:00Z")),
        r#final: true,
        raw_score: Some(3),
        max_raw_score: Some(4),
        executed_offering_name: text("e"),
        assessor_id: text("a"),
        assessor_code: text("b"),
        irregularities: text("i"),
        documents: vec![document()],
        opaque: text(r#"{"own":{"x":1}}"#),
    }
}

/// With what a message must hold.
pub fn bare_result() -> ExamResult {
    ExamResult {
        result_date: Some(day("2026-09-09")),
        test_date: Some(moment("2026-09-09T09:00:00Z")),
        executed_offering_name: text("kaal"),
        ..ExamResult::bare(ResultState::Completed, Attendance::Present)
    }
}

pub fn association() -> Association {
    Association {
        association_id: "d".to_owned(),
        association_type: AssociationType::CourseOfferingAssociation,
        role: Role::Guest,
        state: AssociationState::Finished,
        person_id: "p2".to_owned(),
        person: Some(person()),
        offering_id: "z".to_owned(),
        additional_time_min: Some(5),
        personal_needs: vec!["spoken".to_owned()],
        attempt: Some(2),
        attempts_left: AttemptsLeft::Left(1),
        program_offering_association_id: text("p"),
        course_offering_association_id: text("c"),
        org_association_id: text("o"),
        start: Some(day("2026-09-01")),
        expected_end: Some(day("2027-07-01")),
        final_end: Some(day("2027-06-01")),
        sequence_code: text("1"),
        result: Some(result()),
        opaque: text(r#"{"fields":{"x":1}}"#),
    }
}

pub fn bare_association() -> Association {
    Association::bare("kaal", "p1", "kaal")
}

/// With what a message of flow 5 must hold.
pub fn bare_attempt() -> Association {
    Association {
        attempt: Some(1),
        org_association_id: text("kaal"),
        result: Some(bare_result()),
        ..bare_association()
    }
}

pub fn group() -> Group {
    Group {
        group_id: "g".to_owned(),
        group_type: "class".to_owned(),
        primary_code: code(),
        other_codes: vec![Code::new("identifier", "g")],
        name: "naam".to_owned(),
        description: text("beschrijving"),
        start: Some(day("2026-09-01")),
        end: Some(day("2027-07-31")),
        person_count: Some(12),
        organization_id: text("o"),
        opaque: text(r#"{"fields":{"x":1}}"#),
    }
}

pub fn bare_group() -> Group {
    Group {
        group_id: "kaal".to_owned(),
        group_type: "team".to_owned(),
        primary_code: Code::new("identifier", "kaal"),
        other_codes: Vec::new(),
        name: "kaal".to_owned(),
        description: None,
        start: None,
        end: None,
        person_count: None,
        organization_id: None,
        opaque: None,
    }
}

pub fn membership() -> Membership {
    Membership {
        person_id: "p2".to_owned(),
        state: MembershipState::Canceled,
        role: Some(Role::Student),
        start: moment("2026-09-01T08:00:00Z"),
        end: Some(moment("2027-07-31T08:00:00Z")),
        opaque: text(r#"{"fields":{"x":1}}"#),
    }
}

pub fn bare_membership() -> Membership {
    Membership {
        person_id: "p1".to_owned(),
        state: MembershipState::Active,
        role: None,
        start: Timestamp::UNIX_EPOCH,
        end: None,
        opaque: None,
    }
}
