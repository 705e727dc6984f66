//! What objects carry: R13 to R20 and R22. Each test names its rule.

use crate::given::{self, deelname, enrolment, enrolment_message, result_message, sitting, sitting_message};
use oke_codec::{
    AssociationFields, Dialect, Fit, OfferingFields, PersonAs, PersonFields, ResultFlow,
    model::{
        AssociationState, Attendance, DurationFrom, DurationUntil, ResultValueType, Role, StartOptions, TestReference,
    },
    read_association, read_offering, read_page, read_person, read_result_message, scale, write_association,
    write_offering, write_page, write_person, write_result_message,
};
use serde_json::json;

fn oke() -> Dialect {
    Dialect::v1_0_1()
}

/// R13: other consumers' entries and unknown fields are kept and given back where they came from.
#[test]
fn r13_what_is_not_interpreted_is_given_back_where_it_came_from() {
    let mut message = enrolment_message();
    message["remoteState"] = "associated".into();
    message["consumers"][0]["planningState"] = "planned".into();
    message["consumers"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "consumerKey": "nl-other", "deep": { "a": [1, null] } }));
    message["result"] = result_message()["result"].clone();
    message["result"]["ext"] = json!({ "colour": "blue" });
    message["result"]["consumers"][0]["gradeDate"] = "2026-05-27".into();
    message["result"]["consumers"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "consumerKey": "nl-other", "x": 1 }));
    let read = read_association(&message, &oke()).unwrap();
    let written = write_association(&read, &oke(), AssociationFields::All, PersonAs::Id);
    for pointer in [
        "/remoteState",
        "/consumers/0/planningState",
        "/consumers/1",
        "/result/ext",
        "/result/consumers/0/gradeDate",
        "/result/consumers/1",
    ] {
        assert_eq!(written.pointer(pointer), message.pointer(pointer), "{pointer}");
    }
}

/// R13: opaque parts can't bring in what this crate interprets, such as a result into flow 2.
#[test]
fn r13_opaque_parts_never_stand_in_for_fields_that_are_interpreted() {
    let mut a = deelname();
    a.opaque = Some(
        json!({
            "fields": { "result": { "state": "completed" }, "State": "canceled" },
            "own": { "attempt": 9 },
            "consumers": [{ "consumerKey": "NL-test-admin", "attempt": 9 }]
        })
        .to_string(),
    );
    let plain = write_association(&deelname(), &oke(), AssociationFields::Deelname, PersonAs::Whole);
    assert_eq!(
        write_association(&a, &oke(), AssociationFields::Deelname, PersonAs::Whole),
        plain
    );
    assert!(oke_codec::check_opaque("{\"other\":1}").is_err());
    assert!(oke_codec::check_opaque("{\"own\":{}}").is_ok());
}

/// R13: every object that the rule names has its entry: an employee's association and person have none.
#[test]
fn r13_students_have_a_consumer_block_and_employees_none() {
    let mut a = deelname();
    let written = write_association(&a, &oke(), AssociationFields::Deelname, PersonAs::Whole);
    assert_eq!(written["consumers"][0]["consumerKey"], "nl-test-admin");
    assert_eq!(written["person"]["consumers"][0]["consumerKey"], "nl-test-admin");
    a.role = Role::Invigilator;
    a.additional_time_min = None;
    a.personal_needs.clear();
    let person = a.person.as_mut().unwrap();
    person.affiliations = vec!["employee".into()];
    (person.preferred_name, person.id_check_name) = (None, None);
    let written = write_association(&a, &oke(), AssociationFields::Deelname, PersonAs::Whole);
    assert_eq!(
        (written.get("consumers"), written["person"].get("consumers")),
        (None, None)
    );
}

/// R14: in flow 2 the person is whole and the offering the id; in flow 1 both are ids, and expanded ones are read.
#[test]
fn r14_the_person_is_whole_in_flow_2_and_an_id_in_flow_1() {
    let written = write_association(&deelname(), &oke(), AssociationFields::Deelname, PersonAs::Whole);
    assert_eq!(written["person"]["displayName"], "Damme, Maartje van");
    assert_eq!(written["offering"], deelname().offering_id.as_str());
    let written = write_association(&deelname(), &oke(), AssociationFields::Enrolment, PersonAs::Id);
    assert_eq!(written["person"], deelname().person_id.as_str());

    let mut expanded = enrolment_message();
    expanded["offering"] = sitting_message();
    expanded["person"] = write_person(&given::student(), &oke(), PersonFields::WithNeeds);
    let read = read_association(&expanded, &oke()).unwrap();
    assert_eq!(read.offering_id, sitting().offering_id);
    assert_eq!(
        (read.person_id, read.person),
        (given::student().person_id, Some(given::student()))
    );
}

/// R15: extra time and needs belong to flow 2, assigned needs to flow 1; unlimited extra time is 10,000 or more.
#[test]
fn r15_needs_travel_in_their_own_flow_only() {
    let mut a = deelname();
    a.additional_time_min = Some(10_000);
    let two = write_association(&a, &oke(), AssociationFields::Deelname, PersonAs::Whole);
    assert_eq!(two["consumers"][0]["additionalTimeInMin"], 10_000);
    assert_eq!(two["consumers"][0]["personalNeeds"], json!(["extraTime", "spoken"]));
    assert_eq!(two["person"]["consumers"][0].get("assignedNeeds"), None);
    for flow_1_only in ["attempt", "attemptLeft", "programOfferingAssociationId"] {
        assert_eq!(two["consumers"][0].get(flow_1_only), None);
    }
    let one = write_association(&a, &oke(), AssociationFields::Enrolment, PersonAs::Whole);
    assert_eq!(one["consumers"][0].get("additionalTimeInMin"), None);
    assert_eq!(one["consumers"][0].get("personalNeeds"), None);
    assert_eq!(
        one["person"]["consumers"][0]["assignedNeeds"][0]["code"],
        "ExtraTimeOnlyMath25%"
    );
}

/// R16: roles, states and attendance are read in any case and written as the agreement spells them; lists are open.
#[test]
fn r16_roles_states_and_attendance() {
    let mut message = enrolment_message();
    for (word, role) in [
        ("coordinator", Role::Coordinator),
        ("Invigilator", Role::Invigilator),
        ("assessor", Role::Assessor),
        ("guest", Role::Guest),
        ("teaching assistant", Role::Other("teaching assistant".into())),
    ] {
        message["role"] = word.into();
        assert_eq!(read_association(&message, &oke()).unwrap().role, role);
    }
    message["state"] = "FINISHED".into();
    assert_eq!(
        read_association(&message, &oke()).unwrap().state,
        AssociationState::Finished
    );
    let mut message = result_message();
    for (word, attendance) in [
        ("notKnown", Attendance::NotKnown),
        ("notpresent", Attendance::NotPresent),
        ("notStarted", Attendance::NotStarted),
        ("notFinished", Attendance::NotFinished),
        ("present", Attendance::Present),
    ] {
        message["result"]["consumers"][0]["attendance"] = word.into();
        let read = read_result_message(&message, ResultFlow::Three, &oke()).unwrap();
        assert_eq!(read.result.attendance, attendance);
    }
}

/// R17: only nl-NL counts; a bare text is tolerated; a name without Dutch is no name.
#[test]
fn r17_only_dutch_counts() {
    let mut message = sitting_message();
    message["name"] = json!([{ "language": "en-GB", "value": "Maths" }, { "language": "nl-nl", "value": "Rekenen" }]);
    assert_eq!(read_offering(&message, &oke()).unwrap().name, "Rekenen");
    message["name"] = "Rekenen 3F".into();
    assert_eq!(read_offering(&message, &oke()).unwrap().name, "Rekenen 3F");
    message["name"] = json!([{ "language": "en-GB", "value": "Maths" }]);
    assert_eq!(read_offering(&message, &oke()).unwrap_err().0[0].pointer, "/name");
    message["name"] = "Rekenen".into();
    message["description"] = json!([{ "language": "en-GB", "value": "Maths" }]);
    assert_eq!(read_offering(&message, &oke()).unwrap().description, None);
}

/// R17: what is required but unused is filled, and a filler says nothing when it comes back.
#[test]
fn r17_required_but_unused_fields_are_filled() {
    assert_eq!(
        write_offering(&sitting(), &oke(), OfferingFields::Sitting)["teachingLanguage"],
        "nld"
    );
    let mut person = given::student();
    (person.mail, person.given_name, person.surname, person.id_check_name) = (None, None, None, None);
    let written = write_person(&person, &oke(), PersonFields::WithNeeds);
    assert_eq!(written["activeEnrollment"], true);
    assert!(written["mail"].as_str().unwrap().contains('@'));
    assert_eq!(written["consumers"][0]["idCheckName"], "notAvailable");
    assert_eq!(read_person(&written, &oke()).unwrap(), person);
    let mut a = deelname();
    a.result = Some(given::scored());
    assert_eq!(
        write_result_message(ResultFlow::Three, &a, &oke()).unwrap()["result"]["weight"],
        100
    );
}

/// R18: the six scenarios of table 4.2.C can be said and heard.
#[test]
fn r18_the_six_scenarios_of_a_sitting() {
    use {DurationFrom::*, DurationUntil::*, StartOptions::*};
    let scenarios = [
        (None, IndividualStart, IndividualStartDateTime, Some(EndDateTime)),
        (
            Some("2022-11-15T09:15:00Z"),
            IndividualStart,
            IndividualStartDateTime,
            Some(EndDateTime),
        ),
        (
            Some("2022-11-15T09:30:00Z"),
            IndividualStart,
            IndividualStartDateTime,
            Some(TestDuration),
        ),
        (None, IndividualStart, StartDateTime, None),
        (None, TriggeredStart, TriggeredStartDateTime, Some(TestDuration)),
        (
            Some("2022-11-15T21:00:00Z"),
            IndividualStart,
            IndividualStartDateTime,
            Some(TestDuration),
        ),
    ];
    for (last_start, start_options, from, until) in scenarios {
        let mut o = sitting();
        o.duration_s = Some(40 * 60);
        o.last_possible_start = last_start.map(|text| text.parse().unwrap());
        (o.start_options, o.duration_from, o.duration_until) = (Some(start_options), Some(from), until);
        let written = write_offering(&o, &oke(), OfferingFields::Sitting);
        assert_eq!(written["consumers"][0]["duration"], "PT40M");
        assert_eq!(written["consumers"][0].get("durationUntil").is_some(), until.is_some());
        assert_eq!(read_offering(&written, &oke()).unwrap(), o);
    }
}

/// R19: `systemId` on an offering names the FAO server; a person's codes keep their types, in the agreement's spelling.
#[test]
fn r19_codes_keep_their_types() {
    let mut message = sitting_message();
    message["otherCodes"] = json!([{ "codeType": "systemid", "code": "FAO-7" }]);
    let read = read_offering(&message, &oke()).unwrap();
    assert_eq!(
        (
            read.other_codes[0].code_type.as_str(),
            read.other_codes[0].value.as_str()
        ),
        ("systemId", "FAO-7")
    );
    let written = write_offering(&read, &oke(), OfferingFields::Sitting);
    assert_eq!(
        written["otherCodes"],
        json!([{ "codeType": "systemId", "code": "FAO-7" }])
    );
}

/// R20: a page has its six fields; a broken item costs only itself.
#[test]
fn r20_a_page_of_a_collection() {
    let page = json!({ "pageSize": 10, "pageNumber": 2, "hasPreviousPage": true, "hasNextPage": true, "totalPages": 8,
        "items": [enrolment_message(), { "associationId": "broken" }] });
    let read = read_page(&page, |item| read_association(item, &oke())).unwrap();
    assert!(read.has_next_page && read.has_previous_page);
    assert_eq!((read.page_size, read.page_number, read.total_pages), (10, 2, Some(8)));
    assert_eq!(read.items[0].as_ref().unwrap(), &enrolment());
    assert_eq!(
        read.items[1].as_ref().unwrap_err().0[0].pointer,
        "/items/1/associationType"
    );
    assert!(read.all_or_nothing().is_err());

    let mut good = page.clone();
    good["items"] = json!([enrolment_message()]);
    let read = read_page(&good, |item| read_association(item, &oke()))
        .unwrap()
        .all_or_nothing()
        .unwrap();
    let write = |a: &_| write_association(a, &oke(), AssociationFields::Enrolment, PersonAs::Id);
    assert_eq!(write_page(&read, write), good);
    let blind = json!({ "items": [] });
    assert_eq!(
        read_page(&blind, |item| read_association(item, &oke())).unwrap_err().0[0].pointer,
        "/hasNextPage"
    );
}

/// R22: `testsToBeUsed` and `resultValueType` belong to a planbare toets, not to a zitting.
#[test]
fn r22_a_sitting_names_no_tests_and_no_scale() {
    let mut o = sitting();
    o.result_value_type = Some(ResultValueType::DecimalToTen);
    o.tests_to_be_used = vec![TestReference {
        test_provider: "MBO-NED".into(),
        component_id: "c".into(),
    }];
    let one = write_offering(&o, &oke(), OfferingFields::Planned);
    assert_eq!(one["resultValueType"], "0.0-10.0");
    assert_eq!(
        one["consumers"][0]["testsToBeUsed"],
        json!([{ "testProvider": "MBO-NED", "componentId": "c" }])
    );
    let two = write_offering(&o, &oke(), OfferingFields::Sitting);
    assert_eq!(
        (two.get("resultValueType"), two["consumers"][0].get("testsToBeUsed")),
        (None, None)
    );
}

/// R22, N#164: a score is judged by its scale; a percentage is no grade.
#[test]
fn r22_a_percentage_does_not_fit_a_scale_of_grades() {
    use ResultValueType::*;
    let cases: &[(&str, ResultValueType, Option<bool>)] = &[
        ("53", DecimalToTen, Some(false)),
        ("5.3", DecimalToTen, Some(true)),
        ("5,3", DecimalToTen, Some(true)),
        ("10.0", DecimalToTen, Some(true)),
        ("0.5", DecimalToTen, Some(false)),
        ("5.35", DecimalToTen, Some(false)),
        ("5.50", DecimalToTen, Some(true)),
        ("1e1", DecimalToTen, Some(false)),
        ("NaN", DecimalToTen, Some(false)),
        ("", DecimalToTen, Some(false)),
        ("5.", DecimalToTen, Some(false)),
        ("-5", ZeroToTen, Some(false)),
        ("7", ZeroToTen, Some(true)),
        ("7.5", ZeroToTen, Some(false)),
        ("53", ZeroToHundred, Some(true)),
        ("101", ZeroToHundred, Some(false)),
        ("passed", PassOrFail, Some(true)),
        ("53", PassOrFail, Some(false)),
        ("good", InsufficientSatisfactoryGood, Some(true)),
        ("A+", UsLetter, Some(true)),
        ("E", UsLetter, Some(false)),
        ("U", UkLetter, Some(true)),
        ("B2", ReferenceLevelErk, Some(true)),
        ("2F", ReferenceLevelRktr, Some(true)),
        ("Op weg naar 1F", ReferenceLevelRktr, None),
        ("53", ReferenceLevelRktr, Some(false)),
        ("2", DeGrade, None),
        ("x", Other("OVG".into()), None),
    ];
    for (score, scale, fits) in cases {
        let verdict = match scale::fits(score, scale) {
            Fit::Yes => Some(true),
            Fit::No(_) => Some(false),
            Fit::Unknown => None,
        };
        assert_eq!(verdict, *fits, "`{score}` on {scale:?}");
    }
}

/// §4.7, §4.8: a group and its members read back as they were written; a published example without a Dutch name is read.
#[test]
fn groups_and_members_read_back_as_written() {
    let group = json!({
        "groupId": "g-1",
        "groupType": "learning group",
        "primaryCode": { "codeType": "groupCode", "code": "H2b" },
        "otherCodes": [{ "codeType": "identifier", "code": "1234" }],
        "name": [{ "language": "nl-NL", "value": "Koks 2b" }],
        "startDate": "2026-08-01",
        "personCount": 20,
        "organization": "u-1",
        "ext": { "colour": "blue" },
    });
    let read = oke_codec::read_group(&group, &oke()).unwrap();
    assert_eq!(
        oke_codec::write_group(&read, &oke()),
        group,
        "R13: what is not known is given back"
    );
    let mut english = group.clone();
    english["name"] = json!([{ "language": "en-GB", "value": "statistics students" }]);
    assert_eq!(
        oke_codec::read_group(&english, &oke()).unwrap().name,
        "statistics students"
    );
    let nameless = json!({ "groupId": "g-1", "groupType": "class", "primaryCode": "x", "name": [] });
    assert!(
        oke_codec::read_group(&nameless, &oke())
            .unwrap_err()
            .to_string()
            .contains("/name")
    );

    let member = json!({
        "personId": "p-1", "startDateTime": "2020-09-28T07:30:00Z", "state": "canceled", "role": "student",
    });
    let read = oke_codec::read_membership(&member, &oke()).unwrap();
    assert_eq!(oke_codec::write_membership(&read), member);
    let mut spelled = member.clone();
    spelled["state"] = json!("cancelled");
    assert_eq!(oke_codec::read_membership(&spelled, &oke()).unwrap(), read, "RULES §4");
    assert!(oke_codec::read_membership(&json!({ "personId": "p-1" }), &oke()).is_err());
}

/// The published schema has `remoteState` in requests only.
#[test]
fn remote_state_is_in_no_answer() {
    let mut message = enrolment_message();
    message["remoteState"] = json!("pending");
    let read = read_association(&message, &oke()).unwrap();
    let written = |fields| write_association(&read, &oke(), fields, PersonAs::Id);
    assert_eq!(
        written(AssociationFields::Enrolment)["remoteState"],
        json!("pending"),
        "R13"
    );
    for answer in [
        AssociationFields::EnrolmentWithResult,
        AssociationFields::DeelnameWithResult,
    ] {
        assert!(written(answer).get("remoteState").is_none());
    }
}

/// R13: what a peer sent expanded is given back expanded, also when it writes the id as a number or its name in another
/// case; then only the id was left of it.
#[test]
fn r13_an_expanded_object_is_given_back_however_its_id_is_written() {
    for organization in [
        json!({ "ORGANIZATIONID": "roc", "name": "ROC" }),
        json!({ "organizationId": 7, "name": "ROC" }),
    ] {
        let mut message = sitting_message();
        message["organization"] = organization.clone();
        let read = read_offering(&message, &Dialect::v1_0_1()).unwrap();
        let written = write_offering(&read, &Dialect::v1_0_1(), OfferingFields::All);
        assert_eq!(written["organization"], organization);
    }
}
