//! Flow 5 to a student system that speaks OKE, and single reads of flow 1 (R14).

mod common;

use common::{fixture, host};
use oke_codec::{Dialect, read_association};
use oke_sdk::{
    DrStudentresultaat as _, DrToetsdeelnemers as _, Error, Way,
    http::Method,
    model::{Association, ExamResult},
    testing::Answer,
};
use ooapi_dr::OoapiDr;
use serde_json::json;

const ENROLMENT: &str = "9d0c1b2a-3333-4c4c-9c9c-000000000001";

fn enrolment() -> Association {
    read_association(&fixture("enrolment"), &Dialect::v1_0_1()).expect("the fixture is an enrolment")
}

fn path() -> String {
    format!("/associations/{ENROLMENT}")
}

/// R8, R12: PATCH on the original, with what is required and nothing else.
#[test]
fn the_result_of_an_enrolment_is_patched_on_it() {
    let host = host(None);
    host.on(Method::Patch, &path(), Answer::status(200));

    OoapiDr::put_result(&host.context(), enrolment(), Way::Original).unwrap();

    let sent = &host.requests()[0];
    assert_eq!(
        sent.json(),
        json!({
            "associationType": "componentOfferingAssociation",
            "result": fixture("enrolment")["result"],
            "consumers": [{ "consumerKey": "nl-test-admin", "orgAssociationId": ENROLMENT, "attempt": 1 }]
        })
    );
    assert!(
        sent.headers
            .contains(&("content-type".to_owned(), "application/merge-patch+json".to_owned()))
    );
}

/// R7, R8: PUT of a new association that names its original.
#[test]
fn the_result_of_an_extra_attempt_is_put_with_its_original() {
    let host = host(None);
    host.on(Method::Put, "/associations/extra", Answer::status(201));
    let extra = Association {
        association_id: "extra".to_owned(),
        attempt: Some(2),
        org_association_id: Some(ENROLMENT.to_owned()),
        ..enrolment()
    };

    OoapiDr::put_result(&host.context(), extra, Way::ExtraAttempt).unwrap();

    let sent = host.requests()[0].json();
    assert_eq!(sent["associationId"], "extra");
    assert_eq!(
        sent["consumers"],
        json!([{ "consumerKey": "nl-test-admin", "orgAssociationId": ENROLMENT, "attempt": 2 }])
    );
    assert_eq!([&sent["role"], &sent["state"]], ["student", "associated"]);
    assert!(sent["person"].is_string() && sent["offering"].is_string());
}

/// R12: what is required and not known is named, and nothing is sent.
#[test]
fn a_result_that_lacks_what_is_required_is_not_sent() {
    let host = host(None);
    let result = enrolment().result.map(|result| ExamResult {
        executed_offering_name: None,
        ..result
    });
    let lacking = Association { result, ..enrolment() };

    let refused = OoapiDr::put_result(&host.context(), lacking, Way::Original);

    let Err(Error::Unrepresentable { field, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(field, "/result/consumers/0/executedOfferingName");
    assert!(host.requests().is_empty());
}

/// R21: an enrolment that the student system does not know waits for a person.
#[test]
fn the_student_systems_answer_decides_what_happens_to_a_result() {
    let outcome = |answer| {
        let host = host(None);
        host.on(Method::Patch, &path(), answer);
        OoapiDr::put_result(&host.context(), enrolment(), Way::Original).unwrap_err()
    };
    assert!(matches!(outcome(Answer::status(404)), Error::Rejected { code, .. } if code == "404"));
    assert_eq!(outcome(Answer::status(401)), Error::AuthExpired);
    assert_eq!(
        outcome(Answer::status(503).header("retry-after", "120")),
        Error::Transient(Some(120))
    );
}

/// R25: what it holds now.
#[test]
fn what_the_student_system_holds_is_read_back() {
    let host = host(None);
    host.on(Method::Get, &path(), Answer::json(200, fixture("enrolment")));
    host.on(Method::Get, "/associations/gone", Answer::status(404));
    let ctx = host.context();

    assert_eq!(OoapiDr::read_result(&ctx, ENROLMENT), Ok(Some(enrolment())));
    assert_eq!(OoapiDr::read_result(&ctx, "gone"), Ok(None));
}

/// R14: an object that was named before it came is fetched by its id.
#[test]
fn single_objects_of_flow_1_are_fetched_by_their_id() {
    let host = host(None);
    let person = json!({ "personId": "p-1", "primaryCode": { "codeType": "studentNumber", "code": "1" },
        "displayName": "Maartje van Damme" });
    host.on(Method::Get, "/persons/p-1", Answer::json(200, person));
    host.on(Method::Get, "/offerings/o-1", Answer::status(404));
    host.on(Method::Get, &path(), Answer::json(200, fixture("enrolment")));
    let ctx = host.context();

    assert_eq!(
        OoapiDr::get_person(&ctx, "p-1").unwrap().unwrap().display_name,
        "Maartje van Damme"
    );
    assert_eq!(OoapiDr::get_offering(&ctx, "o-1"), Ok(None));
    assert_eq!(OoapiDr::get_association(&ctx, ENROLMENT), Ok(Some(enrolment())));
}

/// Every profile of the manifest gives a dialect; the one of the examples has the two dates the other way round.
#[test]
fn every_profile_of_the_manifest_can_be_used() {
    let manifest = common::FOLDER.toml("connector.toml");
    for profile in manifest["profile"].as_array().unwrap() {
        let name = profile["name"].as_str();
        let host = host(name);
        host.on(Method::Patch, &path(), Answer::status(200));
        OoapiDr::put_result(&host.context(), enrolment(), Way::Original).unwrap();
        let date = host.requests()[0].json()["result"]["resultDate"].clone();
        assert_eq!(
            date,
            if name == Some("oke-1-0-voorbeelden") {
                "2026-06-01"
            } else {
                "2026-06-02"
            }
        );
    }
}
