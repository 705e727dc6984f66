//! What the host and its connectors send, as the codec writes it: one message of each kind of flows 2 to 5, with every
//! field that its flow has.

use oke_codec::model::{
    Association, AssociationState, AssociationType, AttemptsLeft, Attendance, Code, DocumentReference, DocumentType,
    DurationFrom, DurationUntil, ExamResult, ModeOfDelivery, Offering, OfferingState, OfferingType, PassState, Person,
    ResultState, Role, Safety, StartOptions,
};
use oke_codec::{
    AssociationFields, Dialect, OfferingFields, PersonAs, ResultFlow, write_association,
    write_association_cancellation, write_attempt, write_offering, write_offering_cancellation, write_report_message,
    write_result_message,
};
use serde_json::{Value, json};

const SITTING: &str = "7c1b3a52-7d0f-4b0e-9a54-0d9b2f0a5c11";
const DEELNAME: &str = "2c6a2c6e-6f56-4dd4-9a0a-8f1a5b3f2d22";
const ENROLMENT: &str = "0a4e0f0c-52b5-4c6b-a3f0-5f7c4fd0a933";
const PERSON: &str = "9f3c5d0a-12aa-4f4e-8c1f-6b0a4d2e7f44";
const COMPONENT: &str = "dfc9d973-42cf-46f3-bd18-f9b50492cdb5";

/// Each as `{method, path, body}`, the path as the published document writes it.
pub fn all() -> Vec<Value> {
    let dialect = Dialect::v1_0_1();
    let message = |method: &str, path: &str, body: Value| json!({ "method": method, "path": path, "body": body });
    let (offerings, associations) = ("/offerings/{offeringId}", "/associations/{associationId}");
    let deelname = write_association(&deelname(), &dialect, AssociationFields::Deelname, PersonAs::Whole);
    let of_flow = |flow| write_result_message(flow, &with_result(), &dialect).unwrap();
    vec![
        message(
            "PUT",
            offerings,
            write_offering(&sitting(), &dialect, OfferingFields::Sitting),
        ),
        message("PATCH", offerings, write_offering_cancellation(&sitting(), &dialect)),
        message("PATCH", offerings, write_report_message(&sitting(), &dialect)),
        message("PUT", associations, deelname),
        message(
            "PATCH",
            associations,
            write_association_cancellation(&with_result(), &dialect),
        ),
        message("PATCH", associations, of_flow(ResultFlow::Three)),
        message("PATCH", associations, of_flow(ResultFlow::Five)),
        message("PUT", associations, write_attempt(&with_result(), &dialect).unwrap()),
    ]
}

fn code(code_type: &str, value: &str) -> Code {
    Code {
        code_type: code_type.to_owned(),
        value: value.to_owned(),
    }
}

fn document(kind: DocumentType) -> DocumentReference {
    DocumentReference {
        document_id: "4d8c3e5f-0a0b-4c0d-8e0f-1a2b3c4d5e55".to_owned(),
        document_type: kind,
        document_name: "formulier.pdf".to_owned(),
    }
}

/// A zitting with everything that flows 2 and 4 know of it.
fn sitting() -> Offering {
    Offering {
        offering_id: SITTING.to_owned(),
        offering_type: OfferingType::Component,
        primary_code: code("offeringCode", "REK-2026-11"),
        other_codes: vec![code("systemId", "fao-1")],
        name: "Rekenen, dinsdag".to_owned(),
        description: None,
        modes_of_delivery: vec![ModeOfDelivery::Online],
        result_expected: true,
        result_value_type: None,
        start: Some("2026-11-15T08:00:00Z".parse().unwrap()),
        end: Some("2026-11-15T09:00:00Z".parse().unwrap()),
        offered_id: Some(COMPONENT.to_owned()),
        organization_id: Some("452c1a86-a0af-475b-b03f-724878b0f387".to_owned()),
        state: OfferingState::Active,
        duration_s: Some(45 * 60),
        last_possible_start: Some("2026-11-15T08:15:00Z".parse().unwrap()),
        start_options: Some(StartOptions::IndividualStart),
        duration_from: Some(DurationFrom::IndividualStartDateTime),
        duration_until: Some(DurationUntil::TestDuration),
        safety: vec![Safety::Surveillance],
        location_codes: vec!["B2.17".to_owned()],
        final_results_allowed: Some(true),
        tests_to_be_used: Vec::new(),
        cohort: None,
        irregularities: Some("Brandalarm.".to_owned()),
        documents: vec![document(DocumentType::SessionReport)],
        opaque: None,
    }
}

fn deelname() -> Association {
    Association {
        association_id: DEELNAME.to_owned(),
        association_type: AssociationType::ComponentOfferingAssociation,
        role: Role::Student,
        state: AssociationState::Associated,
        person_id: PERSON.to_owned(),
        person: Some(person()),
        offering_id: SITTING.to_owned(),
        additional_time_min: Some(30),
        personal_needs: vec!["spoken".to_owned()],
        attempt: Some(2),
        attempts_left: AttemptsLeft::Left(1),
        program_offering_association_id: None,
        course_offering_association_id: None,
        org_association_id: Some(ENROLMENT.to_owned()),
        start: None,
        expected_end: None,
        final_end: None,
        sequence_code: None,
        result: None,
        opaque: None,
    }
}

fn with_result() -> Association {
    Association {
        result: Some(ExamResult {
            state: ResultState::Completed,
            attendance: Attendance::Present,
            pass: Some(PassState::Passed),
            comment: Some("Netjes.".to_owned()),
            score: Some("7.5".to_owned()),
            result_date: Some("2026-11-20".parse().unwrap()),
            test_date: Some("2026-11-15T08:00:00Z".parse().unwrap()),
            r#final: true,
            raw_score: Some(30),
            max_raw_score: Some(40),
            executed_offering_name: Some("Rekenen, dinsdag".to_owned()),
            assessor_id: Some("5c1d2e3f-4a5b-4c6d-8e7f-0a1b2c3d4e66".to_owned()),
            assessor_code: Some("JAJE".to_owned()),
            irregularities: None,
            documents: vec![document(DocumentType::AssessmentForm)],
            opaque: None,
        }),
        ..deelname()
    }
}

fn person() -> Person {
    Person {
        person_id: PERSON.to_owned(),
        primary_code: code("studentNumber", "1234567"),
        other_codes: vec![code("accountId", "1234567@roc.nl")],
        given_name: Some("Jip".to_owned()),
        surname_prefix: Some("de".to_owned()),
        surname: Some("Jong".to_owned()),
        display_name: "Jip de Jong".to_owned(),
        preferred_name: Some("Jip".to_owned()),
        id_check_name: Some("Jong, Jip de".to_owned()),
        mail: Some("jip@example.org".to_owned()),
        affiliations: vec!["student".to_owned()],
        languages: vec!["nl-NL".to_owned()],
        assigned_needs: Vec::new(),
        opaque: None,
    }
}
