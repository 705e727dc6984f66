//! Golden messages: the examples of the published walk-through, typed in with their slips of syntax mended, their slips
//! of content left as they are. Each is read, and what is written from it is the agreement's form.

use oke_codec::{
    AssociationFields, Dialect, OfferingFields, PersonAs, PersonFields, ResultFlow, apply_report, missing_of_attempt,
    model::{AssociationState, AssociationType, AttemptsLeft, OfferingType},
    patch_association, patch_offering, read_association, read_component, read_offering, read_page, read_person,
    read_report_message, read_result_message, settle_id, write_association, write_attempt, write_component,
    write_offering, write_person, write_result_message,
};
use serde_json::{Value, json};

use crate::given::{enrolment, result_message, sitting, sitting_message};

fn oke() -> Dialect {
    Dialect::v1_0_1()
}

/// 0.1: a bare list instead of a page.
#[test]
fn flow_0_the_catalogue() {
    let component = json!({
        "componentId": "c5fca27e-ccc1-430d-9888-90e005ad6a86",
        "primaryCode": { "codeType": "componentCode", "code": "5" },
        "componentType": "test",
        "name": [{ "language": "nl-NL", "value": "Rekenen 2F voor technische opleidingen" }],
        "abbreviation": "REK2F-TECH",
        "modeOfDelivery": ["situated"],
        "duration": "PT60M",
        "description": [{ "language": "nl-NL", "value": "Rekentest MBO op niveau 2F" }],
        "teachingLanguage": "nld",
        "assessment": [{ "language": "nl-NL", "value": "Digitale toetsing" }],
        "otherCodes": [
            { "codeType": "testSystem", "code": "Remindo" },
            { "codeType": "testProvider", "code": "CEM" }
        ],
        "organization": "452c1a86-a0af-475b-b03f-724878b0f387",
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "additionalTestingTime": 30,
            "availablePersonalNeeds": ["extraTime", "spoken", "spell-checker-on-screen"],
            "safety": ["securedComputer", "fixedLocation", "surveillance"],
            "exam": true,
            "resultValueType": "0.0-10.0",
            "passFrom": "5.5",
            "retries": 2,
            "status": "active",
            "licensed": true
        }]
    });
    let page = read_page(&json!([component]), |item| read_component(item, &oke())).unwrap();
    assert!(!page.has_next_page);
    let read = page.items[0].clone().unwrap();
    assert_eq!(
        write_component(&read, &oke()),
        component,
        "nothing is lost, what is not interpreted neither"
    );
}

/// 1.1a: a page of planbare toetsen: a bare name, an expanded component with a bare code, `organizationID`, no state.
#[test]
fn flow_1_planbare_toetsen() {
    let page = json!({
        "pageSize": 10, "pageNumber": 1, "hasPreviousPage": false, "hasNextPage": true, "totalPages": 8,
        "items": [{
            "offeringId": "0fdc8e82-eacf-412f-b5cb-1ba2fce589dc",
            "primaryCode": { "codeType": "identifier", "code": "Rek3F2022-2S" },
            "offeringType": "component",
            "name": "Rekenen 3F toetsing 2e semester 22/23",
            "resultExpected": true,
            "resultValueType": "0-100",
            "consumers": [{
                "consumerKey": "nl-test-admin",
                "testsToBeUsed": [{ "testProvider": "MBO-NED", "componentId": "dfc9d973-42cf-46f3-bd18-f9b50492cdb5" }]
            }],
            "startDateTime": "2022-06-21T12:45:00.000Z",
            "endDateTime": "2022-07-23T13:45:00.000Z",
            "component": {
                "componentId": "59e5543d-105e-45d7-90ee-408660c35669",
                "componentType": "test",
                "primaryCode": "Rek3F",
                "name": "Toetsing rekenen op niveau 3F"
            },
            "organization": {
                "organizationID": "UUID",
                "primaryCode": { "codeType": "identifier", "code": "EXAMB-KANAAL" },
                "name": [{ "language": "nl-NL", "value": "Examenbureau kanaaleiland" }]
            }
        }]
    });
    let page = read_page(&page, |item| read_offering(item, &oke()))
        .unwrap()
        .all_or_nothing()
        .unwrap();
    assert_eq!(
        write_offering(&page.items[0], &oke(), OfferingFields::Planned),
        json!({
            "offeringId": "0fdc8e82-eacf-412f-b5cb-1ba2fce589dc",
            "primaryCode": { "codeType": "identifier", "code": "Rek3F2022-2S" },
            "offeringType": "component",
            "name": [{ "language": "nl-NL", "value": "Rekenen 3F toetsing 2e semester 22/23" }],
            "description": [{ "language": "nl-NL", "value": "Rekenen 3F toetsing 2e semester 22/23" }],
            "teachingLanguage": "nld",
            "resultExpected": true,
            "resultValueType": "0-100",
            "consumers": [{
                "consumerKey": "nl-test-admin",
                "offeringState": "active",
                "testsToBeUsed": [{ "testProvider": "MBO-NED", "componentId": "dfc9d973-42cf-46f3-bd18-f9b50492cdb5" }]
            }],
            "startDateTime": "2022-06-21T12:45:00Z",
            "endDateTime": "2022-07-23T13:45:00Z",
            "component": {
                "componentId": "59e5543d-105e-45d7-90ee-408660c35669",
                "componentType": "test",
                "primaryCode": "Rek3F",
                "name": "Toetsing rekenen op niveau 3F"
            },
            "organization": {
                "organizationId": "UUID",
                "primaryCode": { "codeType": "identifier", "code": "EXAMB-KANAAL" },
                "name": [{ "language": "nl-NL", "value": "Examenbureau kanaaleiland" }]
            }
        })
    );
}

/// 1.1a: a toetsinschrijving with needs, which the agreement keeps for flow 2.
#[test]
fn flow_1_toetsinschrijving() {
    let message = json!({
        "associationId": "5a52f86b-edcd-4f7f-9ea9-c8617f6043b6",
        "associationType": "componentOfferingAssociation",
        "role": "student",
        "state": "associated",
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "personalNeeds": ["extraTime", "spoken", "spell-checker-on-screen"],
            "programOfferingAssociationId": "54e58f68-ceac-4845-99d5-caa721fefb88",
            "courseOfferingAssociationId": "170b5f35-20be-47bf-96ff-d262d121b76b"
        }],
        "person": "500e6ac0-b5ab-4071-a207-7983ccd26f7b",
        "offering": "5ffc6127-debe-48ce-90ae-75ea80756475"
    });
    let read = read_association(&message, &oke()).unwrap();
    assert_eq!(read.attempts_left, AttemptsLeft::Unknown);
    assert_eq!(read.personal_needs.len(), 3);
    let mut strict = message.clone();
    strict["consumers"][0].as_object_mut().unwrap().remove("personalNeeds");
    assert_eq!(
        write_association(&read, &oke(), AssociationFields::Enrolment, PersonAs::Id),
        strict
    );
}

/// 1.1a: closing an offering, and deleting an enrolment.
#[test]
fn flow_1_patches() {
    let patch = json!({ "offeringType": "component", "endDateTime": "2022-06-21T14:00:00.000Z" });
    let patched = patch_offering(&sitting(), &patch, &oke()).unwrap();
    assert_eq!(patched.end.unwrap().to_string(), "2022-06-21T14:00:00Z");
    let patch = json!({ "associationType": "programOfferingAssociation", "state": "canceled" });
    let mut program = enrolment();
    program.association_type = AssociationType::ProgramOfferingAssociation;
    assert_eq!(
        patch_association(&program, &patch, &oke()).unwrap().state,
        AssociationState::Canceled
    );
}

/// 1.2b.1: a person; one need that is not in a list, initials that are crossed out.
#[test]
fn flow_1_person() {
    let message = json!({
        "personId": "123e4567-e89b-12d3-a456-426614174000",
        "primaryCode": { "codeType": "identifier", "code": "1234qwe12" },
        "givenName": "Maartje",
        "surnamePrefix": "van",
        "surname": "Damme",
        "displayName": "Maartje van Damme",
        "initials": "MCW",
        "activeEnrollment": true,
        "affiliations": ["student"],
        "mail": "vandamme.mcw@universiteitvanharderwijk.nl",
        "languageOfChoice": ["nl-NL"],
        "otherCodes": [{ "codeType": "eckid", "code": "00000" }],
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "preferredName": "Maar",
            "assignedNeeds": {
                "code": "extraTimeOnlyMath25%",
                "description": [{ "language": "nl-NL", "value": "Extra tijd van 25%" }],
                "startDate": "2023-10-25",
                "endDate": "2025-09-30"
            },
            "idCheckName": "van Damme, Maartje"
        }]
    });
    let read = read_person(&message, &oke()).unwrap();
    let mut strict = message;
    strict.as_object_mut().unwrap().remove("initials");
    strict["consumers"][0]["assignedNeeds"] = json!([strict["consumers"][0]["assignedNeeds"]]);
    assert_eq!(write_person(&read, &oke(), PersonFields::WithNeeds), strict);
}

/// 1.2b.2: an enrolment in a program with everything expanded, and no id but the path's.
#[test]
fn flow_1_program_enrolment() {
    let offering = json!({
        "offeringId": "5ffc6127-debe-48ce-90ae-75ea80756475",
        "primaryCode": { "codeType": "offeringCode", "code": "25190BOL" },
        "offeringType": "program",
        "name": "Netwerk- en mediabeheerder BOL (25190)",
        "teachingLanguage": "nld",
        "resultExpected": false,
        "consumers": [{ "consumerKey": "nl-test-admin", "locationCode": "A-12a", "cohort": "2021" }],
        "startDate": "1900-01-01",
        "endDate": "2999-12-31",
        "program": { "programId": "123e4567-e89b-12d3-a456-426614174000", "abbreviation": "N&M" },
        "organization": { "organizationID": "38bdbeb1-12b2-48fd-84f8-653e7adfaf99", "shortName": "ICT-academie" }
    });
    let mut message = json!({
        "associationType": "programOfferingAssociation",
        "role": "student",
        "state": "associated",
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "sequenceCode": "1.1",
            "startDate": "2021-09-01",
            "expectedEndDate": "2025-07-31",
            "finalEndDate": null
        }],
        "person": "500e6ac0-b5ab-4071-a207-7983ccd26f7b",
        "offering": offering
    });
    settle_id(&mut message, "associationId", "54e58f68-ceac-4845-99d5-caa721fefb88").unwrap();
    let read = read_association(&message, &oke()).unwrap();
    assert_eq!(
        (read.offering_id.as_str(), read.final_end, read.sequence_code.as_deref()),
        ("5ffc6127-debe-48ce-90ae-75ea80756475", None, Some("1.1"))
    );
    let offering = read_offering(&message["offering"], &oke()).unwrap();
    assert_eq!(
        (offering.offering_type, offering.location_codes.as_slice()),
        (OfferingType::Program, &["A-12a".into()][..])
    );
    let written = write_offering(&offering, &oke(), OfferingFields::Planned);
    assert_eq!(
        (&written["startDate"], &written["endDate"]),
        (&json!("1900-01-01"), &json!("2999-12-31"))
    );
    assert_eq!(written["consumers"][0]["location"], "A-12a");
    assert_eq!(written["program"]["abbreviation"], "N&M");
}

/// 2.1: the sitting that goes out is the one of the walk-through.
#[test]
fn flow_2_sitting() {
    assert_eq!(
        write_offering(&sitting(), &oke(), OfferingFields::Sitting),
        sitting_message()
    );
}

/// 2.6: read back, a duration in minutes and times without an offset.
#[test]
fn flow_2_sitting_read_back() {
    let mut message = sitting_message();
    message["startDateTime"] = "2022-06-21T14:45:00".into();
    message["endDateTime"] = "2022-06-21T15:45:00".into();
    message["consumers"][0]["duration"] = 60.into();
    assert_eq!(read_offering(&message, &oke()).unwrap(), sitting());
}

/// 2.2: a student is added; attendance in the association's block is kept, unread.
#[test]
fn flow_2_deelname() {
    let person = json!({
        "personId": "111-2222-33-4444-222",
        "primaryCode": { "codeType": "studentNumber", "code": "1234567" },
        "givenName": "Maartje",
        "surnamePrefix": "van",
        "surname": "Damme",
        "displayName": "Maartje van Damme",
        "activeEnrollment": true,
        "affiliations": ["student"],
        "mail": "vandamme.mcw@student.roc.nl",
        "languageOfChoice": ["nl-NL"],
        "otherCodes": [{ "codeType": "eckid", "code": "00000" }],
        "consumers": [{ "consumerKey": "nl-test-admin", "preferredName": "Maar", "idCheckName": "van Damme, Maartje" }]
    });
    let message = json!({
        "associationId": "123e4567-e89b-12d3-a456-426614174000",
        "associationType": "componentOfferingAssociation",
        "role": "student",
        "state": "associated",
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "attendance": "notKnown",
            "extraTimeInMin": 30,
            "personalNeeds": ["extraTime", "spoken", "spell-checker-on-screen"]
        }],
        "person": person,
        "offering": "123e4567-e89b-12d3-a456-134564174000"
    });
    let read = read_association(&message, &oke()).unwrap();
    let mut strict = message;
    let block = strict["consumers"][0].as_object_mut().unwrap();
    let extra_time = block.remove("extraTimeInMin").unwrap();
    block.insert("additionalTimeInMin".into(), extra_time);
    assert_eq!(
        write_association(&read, &oke(), AssociationFields::Deelname, PersonAs::Whole),
        strict
    );
}

/// 3.1 and 3.2: with the score at once; attendance first.
#[test]
fn flow_3_result() {
    let read = read_result_message(&result_message(), ResultFlow::Three, &oke()).unwrap();
    let mut deelname = enrolment();
    deelname.result = Some(read.result);
    let mut strict = result_message();
    // A day where a moment is expected: midnight in the Netherlands.
    strict["result"]["consumers"][0]["testDate"] = "2020-09-27T22:00:00Z".into();
    assert_eq!(
        write_result_message(ResultFlow::Three, &deelname, &oke()).unwrap(),
        strict
    );

    let attendance = json!({
        "associationType": "componentOfferingAssociation",
        "result": {
            "state": "in progress",
            "resultDate": "2020-09-27",
            "consumers": [{ "consumerKey": "nl-test-admin", "attendance": "present" }]
        }
    });
    let read = read_result_message(&attendance, ResultFlow::Three, &oke()).unwrap();
    assert_eq!(
        (read.filled.as_slice(), read.missing.as_slice()),
        (&["weight"][..], &[][..])
    );
}

/// 3.4: results read back, all at once.
#[test]
fn flow_3_read_back() {
    let page = json!({
        "pageSize": 10, "pageNumber": 1, "hasPreviousPage": false, "hasNextPage": true, "totalPages": 8,
        "items": [{
            "associationId": "123e4567-e89b-12d3-a456-426614174000",
            "associationType": "componentOfferingAssociation",
            "role": "student",
            "state": "associated",
            "remoteState": "associated",
            "consumers": [{ "consumerKey": "nl-test-admin", "additionalTimeInMin": 30, "personalNeeds": ["extraTime"] }],
            "result": result_message()["result"],
            "person": "123e4567-e89b-12d3-a456-146734174999",
            "offering": "123e4567-e89b-12d3-a456-134564174000"
        }]
    });
    let read = read_page(&page, |item| read_association(item, &oke()))
        .unwrap()
        .all_or_nothing()
        .unwrap();
    assert_eq!(read.items[0].result.as_ref().unwrap().score.as_deref(), Some("9"));
    let mut strict = page["items"][0].clone();
    strict["result"]["consumers"][0]["testDate"] = "2020-09-27T22:00:00Z".into();
    // The published document asks for it in a PUT and does not have it in what is read.
    strict.as_object_mut().unwrap().remove("remoteState");
    assert_eq!(
        write_association(
            &read.items[0],
            &oke(),
            AssociationFields::DeelnameWithResult,
            PersonAs::Id
        ),
        strict
    );
}

/// 4.1: the report.
#[test]
fn flow_4_report() {
    let message = json!({
        "offeringType": "component",
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "irregularities": "There was a lot of noise from the construction site nearby.",
            "documents": [{
                "documentId": "454566464665355545",
                "documentType": "sessionReport",
                "documentName": "Session report on Session tbd.pdf"
            }]
        }]
    });
    let read = read_report_message(&message, &oke()).unwrap();
    let reported = apply_report(&sitting(), &read);
    assert_eq!(oke_codec::write_report_message(&reported, &oke()), message);
}

/// 5.1: attendance of a second attempt: no type, no weight, no name of the sitting, an id as the original.
#[test]
fn flow_5_result() {
    let message = json!({
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "orgAssociationId": "5a52f86b-edcd-4f7f-9ea9-c8617f6043b6",
            "attempt": 2
        }],
        "result": {
            "state": "in progress",
            "resultDate": "2020-09-28",
            "consumers": [{
                "consumerKey": "nl-test-admin",
                "attendance": "present",
                "assessorId": "05035972-0619-4d0b-8a09-7bdb6eee5e6d",
                "testDate": "2020-09-29"
            }]
        }
    });
    let read = read_result_message(&message, ResultFlow::Five, &oke()).unwrap();
    assert_eq!(read.attempt, Some(2));
    assert_eq!(
        read.org_association_id.as_deref(),
        Some("5a52f86b-edcd-4f7f-9ea9-c8617f6043b6")
    );
    assert_eq!(
        (read.filled.as_slice(), read.missing.as_slice()),
        (&["weight", "associationType"][..], &["executedOfferingName"][..])
    );
}

/// 5.2: an extra attempt.
#[test]
fn flow_5_attempt() {
    let mut message: Value = json!({
        "associationId": "5a52f86b-edcd-4f7f-9ea9-c8617f6043b7",
        "associationType": "componentOfferingAssociation",
        "role": "student",
        "state": "associated",
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "orgAssociationId": "5a52f86b-edcd-4f7f-9ea9-c8617f6043b6",
            "attempt": 2
        }],
        "result": result_message()["result"],
        "person": "500e6ac0-b5ab-4071-a207-7983ccd26f7b",
        "offering": "5ffc6127-debe-48ce-90ae-75ea80756475"
    });
    let read = read_association(&message, &oke()).unwrap();
    assert_eq!(missing_of_attempt(&read), ["executedOfferingName"]);
    assert!(write_attempt(&read, &oke()).is_err(), "writing is strict");
    message["result"]["consumers"][0]["executedOfferingName"] = "Rekenen MBO-3".into();
    message["result"]["consumers"][0]["testDate"] = "2020-09-27T22:00:00Z".into();
    let read = read_association(&message, &oke()).unwrap();
    assert_eq!(write_attempt(&read, &oke()).unwrap(), message);
}
