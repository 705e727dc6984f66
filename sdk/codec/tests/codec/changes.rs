//! Who may change what: R1, R2, R3, R4 and table 4.0.F. Each test names its rule.

use crate::given::{deelname, enrolment, enrolment_message, result_message, sitting, sitting_message, student};
use oke_codec::{
    AssociationFields, Dialect, OfferingFields, PersonAs, PersonFields, PutBrings, ResultFlow, apply_report,
    apply_result, is_cancellation, merge_put_association, merge_put_offering,
    model::{AssociationState, AssociationType, AttemptsLeft, OfferingState, OfferingType, Role},
    patch_association, patch_offering, patch_person, read_association, read_association_put, read_offering,
    read_offering_put, read_person, read_report_message, read_result_message, settle_id, write_association,
    write_association_cancellation, write_offering, write_offering_cancellation, write_person,
};
use serde_json::{Value, json};

fn oke() -> Dialect {
    Dialect::v1_0_1()
}

/// R1: PUT carries the path's id; another is refused, a missing one tolerated.
#[test]
fn r1_a_put_with_another_id_is_refused_and_one_without_gets_the_paths() {
    let mut body = sitting_message();
    assert!(settle_id(&mut body, "offeringId", "another").is_err());
    body.as_object_mut().unwrap().remove("offeringId");
    settle_id(&mut body, "offeringId", "of-the-path").unwrap();
    assert_eq!(read_offering(&body, &oke()).unwrap().offering_id, "of-the-path");
}

/// R1: PATCH never changes an id; one that is present is ignored.
#[test]
fn r1_a_patch_never_changes_an_id() {
    let patch = json!({ "associationType": "componentOfferingAssociation", "associationId": "other", "role": "guest" });
    let patched = patch_association(&enrolment(), &patch, &oke()).unwrap();
    assert_eq!(
        (patched.association_id, patched.role),
        (enrolment().association_id, Role::Guest)
    );
    let patch = json!({ "offeringType": "component", "offeringId": "other" });
    assert_eq!(patch_offering(&sitting(), &patch, &oke()).unwrap(), sitting());
}

/// R2: a PATCH without its type is tolerated, since the path's object decides it; another type is refused.
#[test]
fn r2_a_patch_may_leave_out_its_type_but_not_change_it() {
    let patched = patch_offering(&sitting(), &json!({ "startDateTime": "2026-06-01T09:00:00Z" }), &oke()).unwrap();
    assert_eq!(patched.start.unwrap().to_string(), "2026-06-01T09:00:00Z");
    let problems = patch_offering(&sitting(), &json!({ "offeringType": "course" }), &oke()).unwrap_err();
    assert_eq!(problems.0[0].pointer, "/offeringType");
}

/// R3: `null` removes an optional value and `[]` a list, even where the schema forbids them.
#[test]
fn r3_null_removes_a_value_and_an_empty_list_a_list() {
    let patch = json!({ "offeringType": "component", "modeOfDelivery": [], "consumers": [
        { "consumerKey": "nl-test-admin", "duration": null, "safety": [] }
    ]});
    let patched = patch_offering(&sitting(), &patch, &oke()).unwrap();
    assert_eq!(patched.duration_s, None);
    let null_list = json!({ "modeOfDelivery": null });
    assert!(
        patch_offering(&sitting(), &null_list, &oke())
            .unwrap()
            .modes_of_delivery
            .is_empty()
    );
    assert!(patched.safety.is_empty() && patched.modes_of_delivery.is_empty());
    let problems = patch_offering(&sitting(), &json!({ "name": null, "startDateTime": null }), &oke()).unwrap_err();
    assert_eq!(problems.0.len(), 2, "what is required can't be removed: {problems}");
}

/// An object that names no consumer would be kept as another consumer's, and the sender would hear 200.
#[test]
fn r3_consumers_that_are_no_list_are_refused_by_their_field() {
    for wrong in [json!({ "a": 1 }), json!("nl-test-admin"), json!(3)] {
        let problems = patch_offering(&sitting(), &json!({ "consumers": wrong }), &oke()).unwrap_err();
        let said = problems.to_string();
        assert!(said.contains("consumers") && said.contains("list"), "{said}");
    }
}

/// R3: `consumers` merges per `consumerKey` and per field.
#[test]
fn r3_consumers_merge_per_key_and_per_field() {
    let stored = read_offering(&sitting_message(), &oke()).unwrap();
    let patch = json!({ "offeringType": "component", "consumers": [
        { "consumerKey": "NL-TEST-ADMIN", "locationCode": "B-1" },
        { "consumerKey": "nl-vendor", "colour": "red" },
        { "consumerKey": "nl-new", "size": 1 }
    ]});
    let patched = patch_offering(&stored, &patch, &oke()).unwrap();
    assert_eq!(patched.location_codes, ["B-1"]);
    assert_eq!(patched.duration_s, stored.duration_s);
    let written = write_offering(&patched, &oke(), OfferingFields::All);
    assert_eq!(
        written["consumers"][1],
        json!({ "consumerKey": "nl-vendor", "colour": "red", "kept": true })
    );
    assert_eq!(written["consumers"][2], json!({ "consumerKey": "nl-new", "size": 1 }));
    assert_eq!(
        patch_offering(&stored, &json!({ "consumers": [] }), &oke()).unwrap(),
        stored
    );
}

/// R3: a message may come twice. An entry without a key can't be merged by it, and was added once more each time.
#[test]
fn r3_a_consumer_without_a_key_that_is_said_twice_is_there_once() {
    let patch = json!({ "offeringType": "component", "consumers": [{ "colour": "red" }, { "colour": "red" }] });
    let once = patch_offering(&sitting(), &patch, &oke()).unwrap();
    assert_eq!(patch_offering(&once, &patch, &oke()).unwrap(), once);
    let written = write_offering(&once, &oke(), OfferingFields::All);
    assert_eq!(written["consumers"].as_array().unwrap().len(), 3);
}

/// R3, RFC 7396: where nothing is, `null` removes nothing; it was kept, and went with the same message come again.
#[test]
fn r3_null_in_the_entry_of_a_new_consumer_is_not_kept() {
    let entry = json!({ "consumerKey": "nl-new", "size": null, "form": { "colour": null, "large": true } });
    let patch = json!({ "offeringType": "component", "consumers": [entry] });
    let once = patch_offering(&sitting(), &patch, &oke()).unwrap();
    let written = write_offering(&once, &oke(), OfferingFields::All);
    assert_eq!(
        written["consumers"][2],
        json!({ "consumerKey": "nl-new", "form": { "large": true } })
    );
    assert_eq!(patch_offering(&once, &patch, &oke()).unwrap(), once);
}

/// R3: a part of a person changes that part, but only of the same person. Systems write ids as numbers, and names of
/// fields in another case: then the other person's data went onto the one that was there.
#[test]
fn r3_a_person_named_otherwise_is_another_person() {
    let stored = deelname();
    for named in [
        json!({ "personId": 8, "displayName": "Jansen" }),
        json!({ "personID": "8", "displayName": "Jansen" }),
    ] {
        let problems = patch_association(&stored, &json!({ "person": named }), &oke()).unwrap_err();
        assert!(problems.to_string().contains("/person/primaryCode"), "{problems}");
    }
    let mut whole = write_person(&student(), &oke(), PersonFields::WithNeeds);
    whole.as_object_mut().unwrap().remove("personId");
    whole["personID"] = 8.into();
    let patched = patch_association(&stored, &json!({ "person": whole }), &oke()).unwrap();
    assert_eq!(
        (patched.person_id.as_str(), patched.person.unwrap().person_id.as_str()),
        ("8", "8")
    );
}

/// R3: the same holds for a person who is new in a patch: `null` was kept there until the message came again.
#[test]
fn r3_null_in_a_person_who_is_new_in_a_patch_is_not_kept() {
    let mut person = write_person(&student(), &oke(), PersonFields::WithNeeds);
    person["personId"] = "other".into();
    person["colour"] = Value::Null;
    let patch = json!({ "person": person });
    let once = patch_association(&deelname(), &patch, &oke()).unwrap();
    assert_eq!(once.person.as_ref().unwrap().opaque, None);
    assert_eq!(patch_association(&once, &patch, &oke()).unwrap(), once);
}

/// R3: nothing said changes nothing. Of two numbers at the end of a name one went with every message.
#[test]
fn r3_an_id_check_name_does_not_wear_off() {
    let mut message = write_person(&student(), &oke(), PersonFields::WithNeeds);
    message["consumers"][0]["idCheckName"] = "Damme, Maartje van, 1234567, 7654321".into();
    let read = read_person(&message, &oke()).unwrap();
    assert_eq!(read.id_check_name.as_deref(), Some("Damme, Maartje van"));
    assert_eq!(patch_person(&read, &json!({}), &oke()).unwrap(), read);
}

/// R3: the exception, `attemptLeft: null` is unlimited, not absent.
#[test]
fn r3_attempt_left_null_is_unlimited() {
    let patch = json!({ "consumers": [{ "consumerKey": "nl-test-admin", "attemptLeft": null }] });
    assert_eq!(
        patch_association(&enrolment(), &patch, &oke()).unwrap().attempts_left,
        AttemptsLeft::Unlimited
    );
}

/// R3, table 4.0.F: a result replaces the result as a whole and wipes nothing else.
#[test]
fn r3_a_result_replaces_the_result_as_a_whole_and_never_wipes_attempt_left() {
    let first = read_result_message(&result_message(), ResultFlow::Three, &oke()).unwrap();
    let scored = apply_result(&enrolment(), &first);
    assert_eq!(scored.result.as_ref().unwrap().score.as_deref(), Some("9"));
    assert_eq!(scored.attempts_left, AttemptsLeft::Left(2));
    let attendance_only = json!({ "result": { "state": "in progress", "consumers": [
        { "consumerKey": "nl-test-admin", "attendance": "present" }
    ]}});
    let second = read_result_message(&attendance_only, ResultFlow::Three, &oke()).unwrap();
    assert_eq!(apply_result(&scored, &second).result.unwrap().score, None);
}

/// R3, table 4.0.F: a report wipes nothing of the sitting, and one half of it not the other half.
#[test]
fn r3_a_report_never_wipes_the_offering_state() {
    let stored = patch_offering(&sitting(), &write_offering_cancellation(&sitting(), &oke()), &oke()).unwrap();
    let both = json!({ "offeringType": "component", "consumers": [{ "consumerKey": "nl-test-admin",
        "irregularities": "Brandalarm.", "offeringState": "active",
        "documents": [{ "documentId": "1", "documentType": "sessionReport", "documentName": "pv.pdf" }] }]});
    let reported = apply_report(&stored, &read_report_message(&both, &oke()).unwrap());
    assert_eq!(reported.state, OfferingState::Canceled);
    assert_eq!(reported.documents.len(), 1);
    let cleared = json!({ "consumers": [{ "consumerKey": "nl-test-admin", "irregularities": null }] });
    let reported = apply_report(&reported, &read_report_message(&cleared, &oke()).unwrap());
    assert_eq!((reported.irregularities, reported.documents.len()), (None, 1));
}

/// R4: a cancellation cancels, and all other fields of the message are ignored, even broken ones.
#[test]
fn r4_a_cancellation_changes_nothing_else() {
    let patch = json!({ "associationType": "componentOfferingAssociation", "state": "Cancelled", "role": 7,
        "consumers": [{ "consumerKey": "nl-test-admin", "attemptLeft": 0 }] });
    assert!(is_cancellation(&patch));
    let patched = patch_association(&enrolment(), &patch, &oke()).unwrap();
    assert_eq!(patched.state, AssociationState::Canceled);
    assert_eq!(
        (patched.role, patched.attempts_left),
        (Role::Student, AttemptsLeft::Left(2))
    );

    let patch = json!({ "offeringType": "component", "name": 7,
        "consumers": [{ "consumerKey": "nl-test-admin", "offeringState": "canceled", "duration": "x" }] });
    assert!(is_cancellation(&patch));
    let patched = patch_offering(&sitting(), &patch, &oke()).unwrap();
    assert_eq!((patched.state, patched.name), (OfferingState::Canceled, sitting().name));
}

/// R4: what is written to cancel is the cancellation and nothing else; a course offering is cancelled the same way.
#[test]
fn r4_a_written_cancellation_carries_nothing_else() {
    let written = write_association_cancellation(&enrolment(), &oke());
    assert_eq!(
        written,
        json!({ "associationType": "componentOfferingAssociation", "state": "canceled" })
    );
    let mut course = sitting();
    course.offering_type = OfferingType::Course;
    let written = write_offering_cancellation(&course, &oke());
    assert_eq!(written["offeringType"], "course");
    assert!(is_cancellation(&written));
    assert_eq!(
        patch_offering(&course, &written, &oke()).unwrap().state,
        OfferingState::Canceled
    );
}

/// Table 4.0.F: a `state: canceled` inside a flow 3 message does nothing.
#[test]
fn r4_a_result_message_can_not_cancel() {
    let mut message = result_message();
    message["state"] = "canceled".into();
    message["person"] = json!({ "broken": true });
    let read = read_result_message(&message, ResultFlow::Three, &oke()).unwrap();
    assert_eq!(apply_result(&deelname(), &read).state, AssociationState::Associated);
}

/// Table 4.0.F: an owner's repeated PUT never wipes a result or report that was delivered since.
#[test]
fn table_4_0_f_a_repeated_put_keeps_result_and_report() {
    let message = read_result_message(&result_message(), ResultFlow::Three, &oke()).unwrap();
    let scored = apply_result(&deelname(), &message);
    let merged = merge_put_association(Some(&scored), &deelname(), PutBrings::NoResult);
    assert_eq!(merged.result, scored.result);
    let mut reported = sitting();
    reported.irregularities = Some("Brandalarm.".into());
    assert_eq!(
        merge_put_offering(Some(&reported), &sitting()).irregularities,
        reported.irregularities
    );
}

/// Table 4.0.F: what an owner sends of a report or result is not the owner's to say.
#[test]
fn table_4_0_f_an_owner_brings_no_report_and_no_result() {
    let mut put = sitting();
    put.irregularities = Some("invented".into());
    assert_eq!(merge_put_offering(None, &put).irregularities, None);
    let mut put = enrolment();
    put.result = Some(
        read_result_message(&result_message(), ResultFlow::Three, &oke())
            .unwrap()
            .result,
    );
    assert_eq!(merge_put_association(None, &put, PutBrings::NoResult).result, None);
    assert_eq!(merge_put_association(None, &put, PutBrings::Result).result, put.result);
    for fields in [AssociationFields::Enrolment, AssociationFields::Deelname] {
        assert_eq!(
            write_association(&put, &oke(), fields, PersonAs::Id).get("result"),
            None
        );
    }
    let mut broken = enrolment_message();
    broken["result"] = json!({ "state": "klaar" });
    assert!(read_association(&broken, &oke()).is_err());
    assert_eq!(
        read_association_put(&broken, &oke()),
        Ok(enrolment()),
        "ignored, not refused"
    );
    let mut broken = sitting_message();
    broken["consumers"][0]["documents"] = json!([{}]);
    assert!(read_offering(&broken, &oke()).is_err());
    assert_eq!(
        read_offering_put(&broken, &oke()),
        Ok(sitting()),
        "ignored, not refused"
    );
    let patch = json!({ "result": result_message()["result"] });
    assert_eq!(patch_association(&enrolment(), &patch, &oke()).unwrap().result, None);
}

/// R2 and §4 of the rules: `programOffering` is what flow 6 calls the association's type.
#[test]
fn r2_the_association_type_of_flow_6_is_read() {
    let mut message = enrolment_message();
    message["associationType"] = "programOffering".into();
    let read = read_association(&message, &oke()).unwrap();
    assert_eq!(read.association_type, AssociationType::ProgramOfferingAssociation);
}
