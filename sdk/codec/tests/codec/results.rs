//! Results, reports and attempts: R8 to R12. Each test names its rule.

use crate::given::{self, deelname, enrolment, enrolment_message, result_message, sitting};
use oke_codec::{
    AssociationFields, Dialect, PersonAs, ResultFlow, apply_report, missing_of_attempt,
    model::{AttemptsLeft, ResultState},
    read_association, read_report_message, read_result_message, write_association, write_attempt, write_report_message,
    write_result_message,
};
use serde_json::{Value, json};

fn oke() -> Dialect {
    Dialect::v1_0_1()
}

/// R8: an original's result goes by PATCH and is its own original; an extra attempt's by PUT with its original.
#[test]
fn r8_an_extra_attempt_names_its_original() {
    let mut original = enrolment();
    original.result = Some(given::scored());
    let patch = write_result_message(ResultFlow::Five, &original, &oke()).unwrap();
    assert_eq!(
        patch["consumers"][0]["orgAssociationId"],
        original.association_id.as_str()
    );
    assert_eq!(patch["consumers"][0]["attempt"], 1);

    let mut extra = original.clone();
    extra.association_id = "extra-1".into();
    extra.attempt = Some(2);
    let problems = write_attempt(&extra, &oke()).unwrap_err();
    assert_eq!(problems.0[0].pointer, "/consumers/0/orgAssociationId");
    extra.org_association_id = Some(original.association_id.clone());
    let put = write_attempt(&extra, &oke()).unwrap();
    for field in [
        "associationId",
        "associationType",
        "role",
        "state",
        "person",
        "offering",
        "result",
        "consumers",
    ] {
        assert!(put.get(field).is_some(), "{field} is required in a PUT of flow 5");
    }
    let read = read_association(&put, &oke()).unwrap();
    assert_eq!(
        (read.attempt, read.org_association_id),
        (Some(2), Some(original.association_id))
    );
    assert!(missing_of_attempt(&read_association(&put, &oke()).unwrap()).is_empty());
}

/// R9: 0 is none, n is at most n, `null` is unlimited, absent is unknown.
#[test]
fn r9_attempts_left_has_four_meanings() {
    let left = |value: Option<Value>| {
        let mut message = enrolment_message();
        let block = message["consumers"][0].as_object_mut().unwrap();
        block.remove("attemptLeft");
        if let Some(value) = value {
            block.insert("attemptLeft".into(), value);
        }
        let read = read_association(&message, &oke()).map(|read| read.attempts_left);
        if let Ok(left) = read {
            let mut a = enrolment();
            a.attempts_left = left;
            let written = write_association(&a, &oke(), AssociationFields::Enrolment, PersonAs::Id);
            assert_eq!(
                written["consumers"][0].get("attemptLeft"),
                message["consumers"][0].get("attemptLeft")
            );
        }
        read
    };
    assert_eq!(left(Some(json!(0))), Ok(AttemptsLeft::Left(0)));
    assert_eq!(left(Some(json!(3))), Ok(AttemptsLeft::Left(3)));
    assert_eq!(left(Some(Value::Null)), Ok(AttemptsLeft::Unlimited));
    assert_eq!(left(None), Ok(AttemptsLeft::Unknown));
    assert!(left(Some(json!(-1))).is_err());
}

/// R10: the four states, in their spelling with a space; attendance may come first, without a score.
#[test]
fn r10_a_result_has_four_states_and_may_be_attendance_only() {
    let states = [
        ("in progress", ResultState::InProgress),
        ("postponed", ResultState::Postponed),
        ("queued", ResultState::Queued),
        ("completed", ResultState::Completed),
    ];
    for (word, state) in states {
        let message = json!({ "result": { "state": word, "resultDate": "2026-05-27",
            "consumers": [{ "consumerKey": "nl-test-admin", "attendance": "notPresent" }] } });
        let read = read_result_message(&message, ResultFlow::Three, &oke()).unwrap();
        assert_eq!((read.result.state, &read.result.score), (state, &None));
        let mut a = deelname();
        a.result = Some(read.result);
        let written = write_result_message(ResultFlow::Three, &a, &oke()).unwrap();
        assert_eq!(written["result"]["state"], word);
    }
}

/// R11: `final` absent is false, and is always written; `finalResultsAllowed` stays absent, which means true.
#[test]
fn r11_final_is_false_unless_said() {
    let mut message = result_message();
    message["result"]["consumers"][0]
        .as_object_mut()
        .unwrap()
        .remove("final");
    let read = read_result_message(&message, ResultFlow::Three, &oke()).unwrap();
    assert!(!read.result.r#final);
    let mut a = deelname();
    a.result = Some(read.result);
    let written = write_result_message(ResultFlow::Three, &a, &oke()).unwrap();
    assert_eq!(written["result"]["consumers"][0]["final"], false);
    assert_eq!(sitting().final_results_allowed, None);
}

/// R12: reading refuses only without `result.state` or `attendance`; the rest is filled or named as missing.
#[test]
fn r12_reading_refuses_only_without_state_or_attendance() {
    let least = json!({ "result": { "state": "completed",
        "consumers": [{ "consumerKey": "nl-test-admin", "attendance": "present", "documents": [{ "documentName": "x" }] }] } });
    let three = read_result_message(&least, ResultFlow::Three, &oke()).unwrap();
    assert_eq!(three.filled, ["weight", "associationType"]);
    assert_eq!(three.missing, ["resultDate", "documentId"]);
    let five = read_result_message(&least, ResultFlow::Five, &oke()).unwrap();
    assert_eq!(
        five.missing,
        [
            "resultDate",
            "executedOfferingName",
            "attempt",
            "orgAssociationId",
            "documentId"
        ]
    );

    for (pointer, refused) in [
        ("/result", json!({ "associationType": "componentOfferingAssociation" })),
        (
            "/result/state",
            json!({ "result": { "consumers": least["result"]["consumers"] } }),
        ),
        ("/result/consumers", json!({ "result": { "state": "completed" } })),
        (
            "/result/consumers",
            json!({ "result": { "state": "completed", "consumers": [{ "consumerKey": "other" }] } }),
        ),
        (
            "/result/consumers/0/attendance",
            json!({ "result": { "state": "completed", "consumers": [{ "consumerKey": "nl-test-admin", "attendance": null }] } }),
        ),
    ] {
        let problems = read_result_message(&refused, ResultFlow::Three, &oke()).unwrap_err();
        assert_eq!(problems.0[0].pointer, pointer, "{problems}");
    }
}

/// R12: writing is strict, and says what it needs.
#[test]
fn r12_writing_a_result_needs_everything_required() {
    let mut a = deelname();
    assert!(
        write_result_message(ResultFlow::Three, &a, &oke()).is_err(),
        "no result, no message"
    );
    let mut result = given::scored();
    result.result_date = None;
    result.executed_offering_name = None;
    a.result = Some(result);
    a.attempt = None;
    let three = write_result_message(ResultFlow::Three, &a, &oke()).unwrap_err();
    assert_eq!(three.0.len(), 1);
    let five = write_result_message(ResultFlow::Five, &a, &oke()).unwrap_err();
    let pointers: Vec<_> = five.0.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/result/resultDate",
            "/result/consumers/0/executedOfferingName",
            "/consumers/0/attempt"
        ]
    );
}

/// R12: what is written in flows 3 and 5 reads back with nothing filled and nothing missing, and nothing else is in it.
#[test]
fn r12_a_written_result_lacks_nothing_and_carries_nothing_else() {
    let mut a = enrolment();
    a.result = Some(given::scored());
    for (flow, fields) in [
        (ResultFlow::Three, vec!["associationType", "result"]),
        (ResultFlow::Five, vec!["associationType", "consumers", "result"]),
    ] {
        let written = write_result_message(flow, &a, &oke()).unwrap();
        let mut names: Vec<_> = written.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, fields);
        let read = read_result_message(&written, flow, &oke()).unwrap();
        assert_eq!(Some(read.result), a.result);
        assert!(read.filled.is_empty() && read.missing.is_empty());
    }
}

/// R12: a report needs irregularities or documents; a document an id, the rest of it is filled.
#[test]
fn r12_a_report_needs_irregularities_or_documents() {
    let report =
        |block: Value| read_report_message(&json!({ "offeringType": "component", "consumers": [block] }), &oke());
    assert!(report(json!({ "consumerKey": "nl-test-admin" })).is_err());
    assert!(report(json!({ "consumerKey": "nl-test-admin", "irregularities": "" })).is_ok());
    let read = report(json!({ "consumerKey": "nl-test-admin", "documents": [{ "documentId": 123454 }] })).unwrap();
    assert_eq!(
        (
            read.documents[0].document_id.as_str(),
            read.documents[0].document_name.as_str()
        ),
        ("123454", "123454")
    );
    let problems =
        report(json!({ "consumerKey": "nl-test-admin", "documents": [{ "documentName": "pv.pdf" }] })).unwrap_err();
    assert_eq!(problems.0[0].pointer, "/consumers/0/documents/0/documentId");

    let mut reported = sitting();
    reported.documents = read.documents;
    let written = write_report_message(&reported, &oke());
    let read = read_report_message(&written, &oke()).unwrap();
    assert_eq!(apply_report(&sitting(), &read).documents, reported.documents);
}
