//! What the stories start from.
use oke_codec::{
    Dialect,
    model::{Association, Attendance, ExamResult, Offering, Person, ResultState},
    read_association, read_offering, read_person,
};
use serde_json::{Value, json};

/// A sitting as it goes out in flow 2 (walk-through 2.1, its slips mended), with another consumer's entry.
pub fn sitting_message() -> Value {
    json!({
        "offeringId": "123e4567-e89b-12d3-a456-134564174000",
        "primaryCode": { "codeType": "offeringCode", "code": "Rekenen_MBO-3_lokaal_13" },
        "offeringType": "component",
        "name": [{ "language": "nl-NL", "value": "20220621-12:45-Rekenen MBO-3" }],
        "description": [{ "language": "nl-NL", "value": "Beschrijving van 20220621-12:45-Rekenen MBO-3" }],
        "teachingLanguage": "nld",
        "modeOfDelivery": ["situated"],
        "resultExpected": true,
        "consumers": [
            {
                "consumerKey": "nl-test-admin",
                "duration": "PT60M",
                "safety": ["fixedLocation", "surveillance"],
                "offeringState": "active",
                "locationCode": "A-22"
            },
            { "consumerKey": "nl-vendor", "colour": "blue", "kept": true }
        ],
        "startDateTime": "2022-06-21T12:45:00Z",
        "endDateTime": "2022-06-21T13:45:00Z",
        "component": "c5fca27e-ccc1-430d-9888-90e005ad6a86"
    })
}

/// The same, read.
pub fn sitting() -> Offering {
    read_offering(&sitting_message(), &Dialect::v1_0_1()).unwrap()
}

/// A toetsinschrijving as it comes in by flow 1.
pub fn enrolment_message() -> Value {
    json!({
        "associationId": "5a52f86b-edcd-4f7f-9ea9-c8617f6043b6",
        "associationType": "componentOfferingAssociation",
        "role": "student",
        "state": "associated",
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "attempt": 1,
            "attemptLeft": 2,
            "programOfferingAssociationId": "54e58f68-ceac-4845-99d5-caa721fefb88",
            "courseOfferingAssociationId": "170b5f35-20be-47bf-96ff-d262d121b76b"
        }],
        "person": "500e6ac0-b5ab-4071-a207-7983ccd26f7b",
        "offering": "5ffc6127-debe-48ce-90ae-75ea80756475"
    })
}

/// The same, read.
pub fn enrolment() -> Association {
    read_association(&enrolment_message(), &Dialect::v1_0_1()).unwrap()
}

/// A student as flow 1 sends one.
pub fn student() -> Person {
    let message = json!({
        "personId": "111-2222-33-4444-222",
        "primaryCode": { "codeType": "studentNumber", "code": "1234567" },
        "givenName": "Maartje",
        "surnamePrefix": "van",
        "surname": "Damme",
        "displayName": "Damme, Maartje van",
        "activeEnrollment": true,
        "affiliations": ["student"],
        "mail": "vandamme.mcw@student.roc.nl",
        "languageOfChoice": ["nl-NL"],
        "otherCodes": [{ "codeType": "eckid", "code": "00000" }],
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "preferredName": "Maar",
            "assignedNeeds": [{
                "code": "ExtraTimeOnlyMath25%",
                "description": [{ "language": "nl-NL", "value": "25% extra tijd bij rekenen" }],
                "startDate": "2023-10-25",
                "endDate": "2025-09-30"
            }],
            "idCheckName": "Damme, Maartje van"
        }]
    });
    read_person(&message, &Dialect::v1_0_1()).unwrap()
}

/// A deelname of that student.
pub fn deelname() -> Association {
    let mut deelname = enrolment();
    deelname.association_id = "123e4567-e89b-12d3-a456-426614174000".into();
    deelname.person_id = student().person_id;
    deelname.person = Some(student());
    deelname.offering_id = sitting().offering_id;
    deelname.additional_time_min = Some(30);
    deelname.personal_needs = vec!["extraTime".into(), "spoken".into()];
    deelname
}

/// A result with a score.
pub fn scored() -> ExamResult {
    ExamResult {
        state: ResultState::Completed,
        attendance: Attendance::Present,
        pass: None,
        comment: None,
        score: Some("8.5".into()),
        result_date: Some("2026-05-27".parse().unwrap()),
        test_date: Some("2026-05-20T10:00:00Z".parse().unwrap()),
        r#final: false,
        raw_score: Some(34),
        max_raw_score: Some(40),
        executed_offering_name: Some("Rekenen MBO-3".into()),
        assessor_id: None,
        assessor_code: None,
        irregularities: None,
        documents: Vec::new(),
        opaque: None,
    }
}

/// The message of walk-through 3.1, its slips mended.
pub fn result_message() -> Value {
    json!({
        "associationType": "componentOfferingAssociation",
        "result": {
            "state": "completed",
            "pass": "unknown",
            "comment": "string",
            "score": "9",
            "resultDate": "2020-09-28",
            "consumers": [{
                "consumerKey": "nl-test-admin",
                "attendance": "present",
                "assessorId": "05035972-0619-4d0b-8a09-7bdb6eee5e6d",
                "assessorCode": "JAJE",
                "irregularities": "Jantje heeft gespiekt.",
                "final": true,
                "rawScore": 65,
                "maxRawScore": 75,
                "testDate": "2020-09-28",
                "documents": [{
                    "documentId": "123454",
                    "documentType": "assessmentForm",
                    "documentName": "Assessment form for Jake Doe.pdf"
                }]
            }],
            "weight": 100
        }
    })
}
