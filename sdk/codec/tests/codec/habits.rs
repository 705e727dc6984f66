//! Where the sources contradict each other (§4 of the rules): every form is read, and the peer's is written. And the
//! edges of reading: times, durations, numbers, and the sentences that a peer gets.

use oke_codec::{
    AssociationFields, Dialect, OfferingFields, PersonAs, PersonFields, Quirks, ResultFlow, Service, SupportedConsumer,
    Version,
    model::{DocumentType, OfferingType, ResultValueType},
    read_association, read_offering, read_person, read_report_message, read_result_message, read_service,
    scale::{Fit, fits_from},
    write_association, write_association_cancellation, write_offering, write_person, write_result_message,
    write_service,
};
use serde_json::{Value, json};

use crate::given::{deelname, enrolment_message, result_message, scored, sitting, sitting_message, student};

fn oke() -> Dialect {
    Dialect::v1_0_1()
}

/// A dialect from the quirks of a profile, as it is signed.
fn with(quirks: Value) -> Dialect {
    let quirks: Quirks = serde_json::from_value(quirks).unwrap();
    Dialect {
        quirks,
        ..Dialect::v1_0()
    }
}

fn sitting_with(field: &str, value: Value) -> Value {
    let mut message = sitting_message();
    let block = message["consumers"][0].as_object_mut().unwrap();
    for other in ["duration", "locationCode"] {
        block.remove(other);
    }
    block.insert(field.into(), value);
    message
}

fn block_of_sitting(quirks: Value, change: impl Fn(&mut oke_codec::model::Offering)) -> Value {
    let mut o = sitting();
    change(&mut o);
    write_offering(&o, &with(quirks), OfferingFields::Sitting)["consumers"][0].clone()
}

#[test]
fn an_unknown_quirk_is_refused() {
    assert!(serde_json::from_value::<Quirks>(json!({ "extra-tijd": "x" })).is_err());
    assert!(
        serde_json::from_value::<Dialect>(json!({ "version": "1.0.1", "quirks": { "duration": "minutes" } })).is_ok()
    );
    assert!(serde_json::from_value::<Dialect>(json!({ "version": "2.0" })).is_err());
}

#[test]
fn the_flag_for_final_results_has_two_names() {
    for name in ["finalResultsAllowed", "finalResultAllowed"] {
        let read = read_offering(&sitting_with(name, json!(false)), &oke()).unwrap();
        assert_eq!(read.final_results_allowed, Some(false), "{name}");
    }
    let written = |quirk: &str| {
        let block = block_of_sitting(json!({ "final-results-flag": quirk }), |o| {
            o.final_results_allowed = Some(false)
        });
        (
            block.get("finalResultsAllowed").cloned(),
            block.get("finalResultAllowed").cloned(),
        )
    };
    assert_eq!(written("finalResultsAllowed"), (Some(json!(false)), None));
    assert_eq!(written("finalResultAllowed"), (None, Some(json!(false))));
    assert_eq!(written("both"), (Some(json!(false)), Some(json!(false))));
}

#[test]
fn document_types_are_an_open_list_and_document_ids_opaque() {
    let message = json!({ "consumers": [{ "consumerKey": "nl-test-admin", "documents": [
        { "documentId": "454566464665355545", "documentType": "sessionReport", "documentName": "a.pdf" },
        { "documentId": "123454", "documentType": "attendancereport", "documentName": "b.pdf" },
        { "documentId": "x", "documentType": "selfie", "documentName": "c.pdf" }
    ]}]});
    let read = read_report_message(&message, &oke()).unwrap();
    let kinds: Vec<_> = read
        .documents
        .into_iter()
        .map(|document| document.document_type)
        .collect();
    assert_eq!(
        kinds,
        [
            DocumentType::SessionReport,
            DocumentType::AttendanceReport,
            DocumentType::Other("selfie".into())
        ]
    );
}

#[test]
fn the_latest_start_has_three_names() {
    for name in ["lastPossibleStartDateTime", "lastPossibleStartTime", "entryDateTime"] {
        let read = read_offering(&sitting_with(name, json!("2022-06-21T15:00:00+02:00")), &oke()).unwrap();
        assert_eq!(
            read.last_possible_start.unwrap().to_string(),
            "2022-06-21T13:00:00Z",
            "{name}"
        );
        let block = block_of_sitting(json!({ "last-start": name }), |o| o.last_possible_start = o.start);
        assert_eq!(block[name], "2022-06-21T12:45:00Z");
    }
}

#[test]
fn a_duration_is_iso_or_minutes() {
    let read = |value: Value| read_offering(&sitting_with("duration", value), &oke()).map(|o| o.duration_s);
    for value in [json!("PT60M"), json!("PT1H"), json!(60), json!("60"), json!("PT3600S")] {
        assert_eq!(read(value.clone()), Ok(Some(3600)), "{value}");
    }
    assert_eq!(read(json!("P1DT30H4S")), Ok(Some(54 * 3600 + 4)));
    for value in [
        json!("P1Y"),
        json!("-PT5M"),
        json!(-5),
        json!(1.5),
        json!("an hour"),
        json!(u64::MAX),
        json!([]),
    ] {
        assert!(read(value.clone()).is_err(), "{value}");
    }
    let written = |quirk: &str, seconds| {
        block_of_sitting(json!({ "duration": quirk }), |o| o.duration_s = Some(seconds))["duration"].clone()
    };
    assert_eq!(written("iso", 2400), "PT40M");
    assert_eq!(written("iso", 90), "PT1M30S");
    assert_eq!(written("minutes", 2400), 40);
    assert_eq!(written("minutes", 90), 2, "never less time than was meant");
}

/// Walk-through of flow 5: the two dates the other way round.
#[test]
fn a_peer_may_mean_the_two_dates_the_other_way_round() {
    let swapped = with(json!({ "swapped-dates": true }));
    let mut a = deelname();
    a.result = Some(scored());
    let written = write_result_message(ResultFlow::Three, &a, &swapped).unwrap();
    assert_eq!(written["result"]["resultDate"], "2026-05-20", "the day of the test");
    assert_eq!(
        written["result"]["consumers"][0]["testDate"], "2026-05-26T22:00:00Z",
        "when it was determined"
    );
    let read = read_result_message(&written, ResultFlow::Three, &swapped)
        .unwrap()
        .result;
    assert_eq!(read.result_date, scored().result_date);
    assert_eq!(
        read.test_date.unwrap().to_string(),
        "2026-05-19T22:00:00Z",
        "midnight of the day of the test"
    );
    a.result.as_mut().unwrap().test_date = None;
    assert!(
        write_result_message(ResultFlow::Three, &a, &swapped).is_err(),
        "that peer requires the day of the test"
    );
}

#[test]
fn canceled_has_two_spellings() {
    let written = write_association_cancellation(&deelname(), &with(json!({ "canceled": "cancelled" })));
    assert_eq!(written["state"], "cancelled");
    let block = block_of_sitting(json!({ "canceled": "cancelled" }), |o| {
        o.state = oke_codec::model::OfferingState::Canceled;
    });
    assert_eq!(block["offeringState"], "cancelled");
}

#[test]
fn an_expanded_organization_is_kept_with_its_id_spelled_for_the_peer() {
    let mut message = sitting_message();
    message["organization"] = json!({ "organizationID": "o-1", "name": "ICT", "parent": { "organizationID": "o-0" } });
    let read = read_offering(&message, &oke()).unwrap();
    assert_eq!(read.organization_id.as_deref(), Some("o-1"));
    let strict = write_offering(&read, &oke(), OfferingFields::Planned);
    assert_eq!(
        strict["organization"],
        json!({ "organizationId": "o-1", "name": "ICT", "parent": { "organizationId": "o-0" } })
    );
    let quirk = with(json!({ "organization-id": "organizationID" }));
    assert_eq!(
        write_offering(&read, &quirk, OfferingFields::Planned)["organization"],
        message["organization"]
    );

    let patch = json!({ "offeringType": "component", "organization": "o-2" });
    let moved = oke_codec::patch_offering(&read, &patch, &oke()).unwrap();
    assert_eq!(
        write_offering(&moved, &oke(), OfferingFields::Planned)["organization"],
        "o-2"
    );
}

#[test]
fn code_types_are_spelled_for_the_peer() {
    let mut message = sitting_message();
    message["otherCodes"] = json!([
        { "codeType": "x-testSystem", "code": "Remindo" }, { "codeType": "userName", "code": "jan" },
        { "codeType": "x-own", "code": "1" }
    ]);
    let read = read_offering(&message, &oke()).unwrap();
    let types = |dialect: &Dialect| {
        let written = write_offering(&read, dialect, OfferingFields::Planned);
        let types = written["otherCodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|code| code["codeType"].as_str().unwrap().to_owned());
        types.collect::<Vec<_>>()
    };
    assert_eq!(types(&oke()), ["testSystem", "username", "x-own"]);
    let quirks = with(json!({ "username": "userName", "x-code-types": true }));
    assert_eq!(types(&quirks), ["x-testSystem", "userName", "x-own"]);
}

#[test]
fn extra_time_has_two_names() {
    let mut message = enrolment_message();
    message["consumers"][0]["extraTimeInMin"] = 30.into();
    let read = read_association(&message, &oke()).unwrap();
    assert_eq!(read.additional_time_min, Some(30));
    let quirk = with(json!({ "extra-time": "extraTimeInMin" }));
    let written = write_association(&read, &quirk, AssociationFields::Deelname, PersonAs::Id);
    assert_eq!(written["consumers"][0]["extraTimeInMin"], 30);
    assert_eq!(written["consumers"][0].get("additionalTimeInMin"), None);
}

#[test]
fn a_location_is_a_text_or_a_list_under_two_names() {
    for (name, value) in [
        ("locationCode", json!("A-22")),
        ("location", json!(["A-22"])),
        ("locationCode", json!(["A-22"])),
    ] {
        assert_eq!(
            read_offering(&sitting_with(name, value), &oke())
                .unwrap()
                .location_codes,
            ["A-22"]
        );
    }
    let mut program = sitting();
    program.offering_type = OfferingType::Program;
    program.location_codes = vec!["Campus Groningen".into(), "WINS".into()];
    let block = |quirks| write_offering(&program, &with(quirks), OfferingFields::Planned)["consumers"][0].clone();
    assert_eq!(block(json!({}))["location"], "Campus Groningen, WINS");
    assert_eq!(
        block(json!({ "location": "list" }))["location"],
        json!(["Campus Groningen", "WINS"])
    );
}

#[test]
fn id_check_name_loses_its_number_and_puts_its_prefix_where_the_peer_wants_it() {
    let mut message = write_person(&student(), &oke(), PersonFields::WithNeeds);
    let name = |message: &Value| read_person(message, &oke()).unwrap().id_check_name;
    message["consumers"][0]["idCheckName"] = "van Damme, Maartje Cornelia, s1234567".into();
    assert_eq!(name(&message).as_deref(), Some("van Damme, Maartje Cornelia"));
    message["consumers"][0]["idCheckName"] = "secret".into();
    assert_eq!(name(&message).as_deref(), Some("secret"));

    let written = |quirks: Value, name: &str| {
        let mut person = student();
        person.id_check_name = Some(name.into());
        write_person(&person, &with(quirks), PersonFields::WithoutNeeds)["consumers"][0]["idCheckName"].clone()
    };
    assert_eq!(
        written(json!({ "id-check-prefix": "front" }), "Damme, Maartje van"),
        "van Damme, Maartje"
    );
    assert_eq!(
        written(json!({ "id-check-prefix": "back" }), "van Damme, Maartje"),
        "Damme, Maartje van"
    );
    assert_eq!(
        written(json!({ "id-check-prefix": "front" }), "van Damme, Maartje"),
        "van Damme, Maartje"
    );
    assert_eq!(written(json!({ "id-check-prefix": "back" }), "secret"), "secret");
    assert_eq!(
        written(json!({ "id-check-student-number": true }), "Damme, Maartje van"),
        "Damme, Maartje van, 1234567"
    );
}

/// N#164: of a peer that may send percentages before the cesuur, a whole number can't be told from a grade.
#[test]
fn a_possible_percentage_is_never_taken_for_a_grade() {
    let quirks = with(json!({ "score-before-cesuur": "percentage" })).quirks;
    assert_eq!(fits_from("7", &ResultValueType::DecimalToTen, &quirks), Fit::Unknown);
    assert_eq!(fits_from("53", &ResultValueType::ZeroToHundred, &quirks), Fit::Unknown);
    assert_eq!(fits_from("7.3", &ResultValueType::DecimalToTen, &quirks), Fit::Yes);
    assert!(matches!(
        fits_from("53", &ResultValueType::DecimalToTen, &quirks),
        Fit::No(_)
    ));
    assert_eq!(
        fits_from("7", &ResultValueType::DecimalToTen, &Quirks::default()),
        Fit::Yes
    );
}

#[test]
fn a_score_gets_a_decimal_point() {
    let mut message = result_message();
    for (written, read) in [
        (json!("8,5"), "8.5"),
        (json!(9), "9"),
        (json!(8.5), "8.5"),
        (json!(" 7,0 "), "7.0"),
        (json!("voldoende, net"), "voldoende, net"),
    ] {
        message["result"]["score"] = written;
        let result = read_result_message(&message, ResultFlow::Three, &oke()).unwrap().result;
        assert_eq!(result.score.as_deref(), Some(read));
    }
    let mut a = deelname();
    a.result = Some(scored());
    a.result.as_mut().unwrap().score = Some("8,5".into());
    assert_eq!(
        write_result_message(ResultFlow::Three, &a, &oke()).unwrap()["result"]["score"],
        "8.5"
    );
}

/// Published examples leave the offset out: Dutch time, also around the changes of the clock.
#[test]
fn a_time_without_an_offset_is_dutch() {
    let read = |text: &str| {
        let mut message = sitting_message();
        message["startDateTime"] = text.into();
        read_offering(&message, &oke()).unwrap().start.unwrap().to_string()
    };
    assert_eq!(read("2022-06-21T12:45:00"), "2022-06-21T10:45:00Z", "summer");
    assert_eq!(read("2022-12-21T12:45:00"), "2022-12-21T11:45:00Z", "winter");
    assert_eq!(read("2022-06-21"), "2022-06-20T22:00:00Z", "a day is its midnight");
    assert_eq!(
        read("2026-03-29T02:30:00"),
        "2026-03-29T01:30:00Z",
        "skipped: one hour later, 03:30 summer time"
    );
    assert_eq!(
        read("2026-10-25T02:30:00"),
        "2026-10-25T00:30:00Z",
        "twice: the first, summer time"
    );
    assert_eq!(
        read("1997-07-16T19:20:30+01:00"),
        "1997-07-16T18:20:30Z",
        "an offset decides"
    );
}

#[test]
fn a_day_with_a_time_is_the_day_in_the_netherlands() {
    let mut message = result_message();
    for (written, day) in [
        ("2026-05-26T22:30:00Z", Some("2026-05-27")),
        ("2026-05-27T23:00:00", Some("2026-05-27")),
        ("", None),
        ("null", None),
    ] {
        message["result"]["resultDate"] = written.into();
        let read = read_result_message(&message, ResultFlow::Three, &oke()).unwrap();
        assert_eq!(read.result.result_date.map(|day| day.to_string()).as_deref(), day);
        assert_eq!(read.missing.is_empty(), day.is_some());
    }
}

#[test]
fn every_problem_is_told_at_once_in_sentences_that_help() {
    let broken = json!({
        "associationId": "", "associationType": "inschrijving", "role": 7, "state": "associated",
        "person": { "personId": "p", "primaryCode": { "code": "1" }, "displayName": "x", "affiliations": "student" },
        "consumers": [3, { "consumerKey": "nl-test-admin", "attemptLeft": "many", "startDate": "27-5-2026" }],
        "result": { "state": "klaar", "consumers": [{ "consumerKey": "nl-test-admin", "attendance": "present", "final": "ja" }] }
    });
    let problems = read_association(&broken, &oke()).unwrap_err();
    let sentences: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(sentences.join("\n"), @r"
    /associationId is empty: give its value.
    /associationType is `inschrijving`, which is not in the list: give one of componentOfferingAssociation, courseOfferingAssociation, programOfferingAssociation.
    /role is a number: give one of student, coordinator, invigilator, assessor, guest.
    /person/primaryCode/codeType is missing: give the type of the code.
    /offering is missing: give the id of the offering.
    /consumers/0 is a number: give an object.
    /consumers/1/attemptLeft is no whole number within bounds: give a whole number, without a fraction.
    /consumers/1/startDate is no date: give a date like 2026-05-27.
    /result/state is `klaar`, which is not in the list: give one of in progress, postponed, queued, completed.
    /result/consumers/0/final is a text: give true or false.
    ");
}

#[test]
fn service_metadata_says_which_dialect_a_peer_speaks() {
    let service = Service {
        contact_email: "beheer@school.nl".into(),
        specification: "https://school.nl/oas.yaml".into(),
        documentation: "https://school.nl/doc".into(),
        supported_versions: vec!["v5".into()],
        supported_consumers: ["1.0", "1.0.1", "1.1"]
            .map(|version| SupportedConsumer {
                consumer_key: "nl-test-admin".into(),
                version: Some(version.into()),
            })
            .to_vec(),
    };
    assert_eq!(read_service(&write_service(&service)), Ok(service.clone()));
    assert_eq!(service.newest_common_version(), Some(Version::V1_0_1));
    let older = json!({ "supportedConsumers": [{ "consumerKey": "NL-TEST-ADMIN", "version": "1.0.0" }, { "consumerKey": "x", "version": "1.0.1" }] });
    assert_eq!(
        read_service(&older).unwrap().newest_common_version(),
        Some(Version::V1_0)
    );
    assert_eq!(Service::default().newest_common_version(), None);
}
