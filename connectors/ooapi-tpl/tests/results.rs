//! Flows 3 and 4 to a planning system that speaks OKE.

mod common;

use common::{FOLDER, fixture, host};
use oke_codec::{
    Dialect,
    model::{Association, ExamResult, Offering},
    read_association, read_offering,
};
use oke_sdk::{Error, TplResultaten as _, TplZittingsverslag as _, http::Method, testing::Answer};
use ooapi_tpl::OoapiTpl;
use serde_json::json;

const DEELNAME: &str = "/associations/9d0c1b2a-5555-4c4c-9c9c-000000000001";
const SITTING: &str = "/offerings/s-1";

fn deelname() -> Association {
    read_association(&fixture("deelname"), &Dialect::v1_0_1()).expect("the fixture is a deelname")
}

fn sitting() -> Offering {
    let sitting = json!({
        "offeringId": "s-1",
        "offeringType": "component",
        "primaryCode": { "codeType": "offeringCode", "code": "REK" },
        "name": [{ "language": "nl-NL", "value": "Rekenen" }],
        "startDateTime": "2026-11-15T08:00:00Z",
        "endDateTime": "2026-11-15T09:00:00Z",
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "offeringState": "canceled",
            "irregularities": "Brandalarm."
        }]
    });
    read_offering(&sitting, &Dialect::v1_0_1()).expect("a sitting")
}

/// R6, R12, table 4.0.F: of a cancelled deelname too, with what is required and nothing of what the planner owns.
#[test]
fn a_result_is_patched_on_the_deelname_and_says_nothing_else() {
    let host = host(None);
    host.on(Method::Patch, DEELNAME, Answer::status(200));

    OoapiTpl::put_result(&host.context(), deelname()).unwrap();

    let sent = &host.requests()[0];
    assert_eq!(
        sent.json(),
        json!({ "associationType": "componentOfferingAssociation", "result": fixture("deelname")["result"] })
    );
    let merge_patch = ("content-type".to_owned(), "application/merge-patch+json".to_owned());
    assert!(sent.headers.contains(&merge_patch));
}

/// R6, R12: the report of a cancelled sitting, with an empty list of documents, and nothing that the planner owns.
#[test]
fn a_report_is_patched_on_the_sitting_and_says_nothing_else() {
    let host = host(None);
    host.on(Method::Patch, SITTING, Answer::status(200));

    OoapiTpl::put_report(&host.context(), sitting()).unwrap();

    let expected = json!({
        "offeringType": "component",
        "consumers": [{ "consumerKey": "nl-test-admin", "irregularities": "Brandalarm.", "documents": [] }]
    });
    assert_eq!(host.requests()[0].json(), expected);
}

/// The draft of 1.1: attendance stands with the deelname, and nothing that the planner owns.
#[test]
fn a_planner_at_the_draft_hears_the_attendance_with_the_deelname() {
    let host = host(Some("oke-1-1-concept"));
    host.on(Method::Patch, DEELNAME, Answer::status(200));

    OoapiTpl::put_result(&host.context(), deelname()).unwrap();

    let mut result = fixture("deelname")["result"].clone();
    result["consumers"][0].as_object_mut().unwrap().remove("attendance");
    let expected = json!({
        "associationType": "componentOfferingAssociation",
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "testMomentEnrollmentDetails": { "attendance": "present" }
        }],
        "result": result
    });
    assert_eq!(host.requests()[0].json(), expected);
}

/// R12: what is required and not known is named, and nothing is sent.
#[test]
fn a_result_without_its_day_is_not_sent() {
    let host = host(None);
    let result = deelname().result.map(|result| ExamResult {
        result_date: None,
        ..result
    });
    let undated = Association { result, ..deelname() };

    let error = OoapiTpl::put_result(&host.context(), undated).unwrap_err();

    assert!(matches!(error, Error::Unrepresentable { field, .. } if field.contains("resultDate")));
    assert!(host.requests().is_empty());
}

/// R21: 429 and 5xx are tried again, an unlisted 4xx waits for a person.
#[test]
fn the_status_decides_what_comes_next() {
    for (status, expected) in [
        (429, "rate"),
        (503, "transient"),
        (404, "rejected"),
        (409, "rejected"),
        (401, "auth"),
    ] {
        let host = host(None);
        host.on(Method::Patch, DEELNAME, Answer::status(status));
        let error = OoapiTpl::put_result(&host.context(), deelname()).unwrap_err();
        let met = match error {
            Error::RateLimited { .. } => "rate",
            Error::Transient { .. } => "transient",
            Error::Rejected { .. } => "rejected",
            Error::AuthExpired => "auth",
            _ => "something else",
        };
        assert_eq!(met, expected, "{status}");
    }
}

/// Every profile of the manifest is there and sets only what the manifest knows.
#[test]
fn every_profile_can_be_chosen() {
    let manifest = FOLDER.toml("connector.toml");
    for profile in manifest["profile"].as_array().expect("a list") {
        let name = profile["name"].as_str().expect("a name");
        let host = host(Some(name));
        host.on(Method::Patch, DEELNAME, Answer::status(200));
        OoapiTpl::put_result(&host.context(), deelname()).unwrap();
    }
}
