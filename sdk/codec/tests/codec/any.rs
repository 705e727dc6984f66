//! Any object of the model in its canonical form, any dialect that loses nothing, any JSON.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use oke_codec::{
    Dialect, Quirks, Version,
    dialect::{
        CanceledSpelling, DurationForm, ExtraTimeField, FinalResultsFlag, LastStartField, LocationForm,
        OrganizationIdSpelling, UsernameSpelling,
    },
    model::*,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

/// Quirks that only change spelling; the others are tested by their own stories.
pub fn dialect() -> impl Strategy<Value = Dialect> {
    let first = (
        select(vec![Version::V1_0, Version::V1_0_1, Version::V1_1Draft]),
        select(vec![
            FinalResultsFlag::FinalResultsAllowed,
            FinalResultsFlag::FinalResultAllowed,
            FinalResultsFlag::Both,
        ]),
        select(vec![DurationForm::Iso, DurationForm::Minutes]),
        select(vec![
            LastStartField::LastPossibleStartDateTime,
            LastStartField::LastPossibleStartTime,
            LastStartField::EntryDateTime,
        ]),
        select(vec![
            ExtraTimeField::AdditionalTimeInMin,
            ExtraTimeField::ExtraTimeInMin,
        ]),
        select(vec![LocationForm::Text, LocationForm::List]),
    );
    let second = (
        select(vec![CanceledSpelling::Canceled, CanceledSpelling::Cancelled]),
        select(vec![
            OrganizationIdSpelling::OrganizationId,
            OrganizationIdSpelling::OrganizationID,
        ]),
        select(vec![UsernameSpelling::Username, UsernameSpelling::UserName]),
        any::<bool>(),
        any::<bool>(),
    );
    (first, second).prop_map(
        |(
            (version, final_results_flag, duration, last_start, extra_time, location),
            (canceled, organization_id, username, x_code_types, id_check_student_number),
        )| Dialect {
            version,
            quirks: Quirks {
                final_results_flag,
                duration,
                last_start,
                extra_time,
                location,
                canceled,
                organization_id,
                username,
                x_code_types,
                id_check_student_number,
                ..Quirks::default()
            },
        },
    )
}

fn text() -> impl Strategy<Value = String> + Clone {
    "[A-Za-zé][A-Za-zà-ü0-9 .'%+/~-]{0,12}"
}

fn id() -> impl Strategy<Value = String> + Clone {
    "[a-zA-Z0-9-]{1,12}"
}

fn maybe<S: Strategy>(strategy: S) -> impl Strategy<Value = Option<S::Value>> {
    option::of(strategy)
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000_000).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap())
}

fn day() -> impl Strategy<Value = Date> {
    (1950_i16..2100, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
}

fn midnight() -> impl Strategy<Value = Timestamp> {
    let dutch = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    day().prop_map(move |day| day.to_zoned(dutch.clone()).unwrap().timestamp())
}

fn code(types: &'static [&'static str]) -> impl Strategy<Value = Code> {
    (select(types), id()).prop_map(|(code_type, value)| Code {
        code_type: code_type.into(),
        value,
    })
}

const OTHER_TYPES: &[&str] = &[
    "username",
    "eckid",
    "systemId",
    "testSystem",
    "testProvider",
    "schoolCode",
];

/// Opaque text in its canonical form.
fn opaque() -> impl Strategy<Value = Option<Opaque>> {
    let consumers = vec((id(), 0..9_i32), 0..2);
    let fields = vec((select(vec!["ext", "vendorField", "a/b~c"]), leaf()), 0..2);
    let own = vec((select(vec!["colour", "size"]), leaf()), 0..2);
    (consumers, fields, own).prop_map(|(consumers, fields, own)| {
        let mut parts = Map::new();
        if !consumers.is_empty() {
            let entries = consumers
                .iter()
                .map(|(key, n)| json!({ "consumerKey": format!("nl-{key}"), "n": n }));
            parts.insert("consumers".into(), entries.collect());
        }
        for (name, part) in [("fields", fields), ("own", own)] {
            let part: Map<String, Value> = part.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            if !part.is_empty() {
                parts.insert(name.into(), part.into());
            }
        }
        (!parts.is_empty()).then(|| Value::Object(parts).to_string())
    })
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text().prop_map(Value::from),
        Just(json!({ "deep": [1, "x"] })),
    ]
}

fn document() -> impl Strategy<Value = DocumentReference> {
    let kinds = vec![
        DocumentType::AssessmentForm,
        DocumentType::AssessmentFormWithAnswers,
        DocumentType::AssessmentModel,
        DocumentType::SessionReport,
        DocumentType::AttendanceReport,
        DocumentType::Other("other".into()),
    ];
    (id(), select(kinds), text()).prop_map(|(document_id, document_type, document_name)| DocumentReference {
        document_id,
        document_type,
        document_name,
    })
}

/// Every scale.
pub fn scales() -> Vec<ResultValueType> {
    use ResultValueType::*;
    vec![
        PassOrFail,
        InsufficientSatisfactoryGood,
        UsLetter,
        UkLetter,
        DeGrade,
        ZeroToHundred,
        ZeroToTen,
        DecimalToTen,
        ReferenceLevelRktr,
        ReferenceLevelErk,
        Other("OVG".into()),
    ]
}

fn safety() -> impl Strategy<Value = Vec<Safety>> {
    let all = vec![
        Safety::SecuredComputer,
        Safety::FixedLocation,
        Safety::Surveillance,
        Safety::Other("lock".into()),
    ];
    vec(select(all), 0..3)
}

prop_compose! {
    /// Any component.
    pub fn component()(
        (component_id, primary_code, other_codes, name, description) in
            (id(), code(&["componentCode", "identifier"]), vec(code(OTHER_TYPES), 0..3), text(), maybe(text())),
        (result_value_type, exam, pass_from, retries, status) in
            (maybe(select(scales())), maybe(any::<bool>()), maybe(text()), maybe(any::<u32>()),
             select(vec![ComponentStatus::Active, ComponentStatus::Inactive])),
        (licensed, additional_testing_time_min, available_personal_needs, safety, opaque) in
            (maybe(any::<bool>()), maybe(any::<u32>()), vec(text(), 0..3), safety(), opaque()),
    ) -> Component {
        Component {
            component_id, component_type: "test".into(), primary_code, other_codes, name, description,
            result_value_type, exam, pass_from, retries, status, licensed, additional_testing_time_min,
            available_personal_needs, safety, opaque,
        }
    }
}

fn times(offering_type: OfferingType) -> BoxedStrategy<(Option<Timestamp>, Option<Timestamp>)> {
    if offering_type == OfferingType::Component {
        (moment(), moment())
            .prop_map(|(start, end)| (Some(start), Some(end)))
            .boxed()
    } else {
        (maybe(midnight()), maybe(midnight())).boxed()
    }
}

/// Any offering, of each type.
pub fn offering() -> impl Strategy<Value = Offering> {
    let types = vec![OfferingType::Component, OfferingType::Course, OfferingType::Program];
    select(types)
        .prop_flat_map(|offering_type| (offering_of(offering_type), times(offering_type)))
        .prop_map(|(offering, (start, end))| Offering { start, end, ..offering })
}

prop_compose! {
    fn offering_of(offering_type: OfferingType)(
        (offering_id, primary_code, other_codes, name, description) in
            (id(), code(&["offeringCode", "identifier"]), vec(code(OTHER_TYPES), 0..3), text(), maybe(text())),
        (modes_of_delivery, result_expected, result_value_type, offered_id, organization_id) in
            (vec(select(vec![ModeOfDelivery::Situated, ModeOfDelivery::Online, ModeOfDelivery::DistanceLearning,
                ModeOfDelivery::Other("hybrid".into())]), 0..3),
             any::<bool>(), maybe(select(scales())), maybe(id()), maybe(id())),
        (state, minutes, last_possible_start, start_options, duration_from) in
            (select(vec![OfferingState::Active, OfferingState::Canceled]), maybe(0_u32..100_000), maybe(moment()),
             maybe(select(vec![StartOptions::IndividualStart, StartOptions::TriggeredStart])),
             maybe(select(vec![DurationFrom::StartDateTime, DurationFrom::IndividualStartDateTime,
                DurationFrom::TriggeredStartDateTime]))),
        (duration_until, safety, location, final_results_allowed, tests) in
            (maybe(select(vec![DurationUntil::TestDuration, DurationUntil::EndDateTime])), safety(), maybe(text()),
             maybe(any::<bool>()), vec((text(), id()), 0..3)),
        (cohort, irregularities, documents, opaque) in
            (maybe(text()), maybe(text()), vec(document(), 0..3), opaque()),
    ) -> Offering {
        Offering {
            // A description that is only the name says nothing and is not kept.
            description: description.filter(|description| *description != name),
            offering_id, offering_type, primary_code, other_codes, name, modes_of_delivery, result_expected,
            result_value_type, start: None, end: None, offered_id, organization_id, state,
            duration_s: minutes.map(|minutes| minutes * 60), last_possible_start, start_options, duration_from,
            duration_until, safety, location_codes: location.into_iter().collect(), final_results_allowed,
            tests_to_be_used: tests.into_iter()
                .map(|(test_provider, component_id)| TestReference { test_provider, component_id }).collect(),
            cohort, irregularities, documents, opaque,
        }
    }
}

prop_compose! {
    /// Any person, with a student number.
    pub fn person()(
        (person_id, number, other_codes, given_name, surname_prefix) in
            (id(), "[0-9]{5,7}", vec(code(OTHER_TYPES), 0..3), maybe(text()), maybe(text())),
        (surname, display_name, preferred_name, id_check_name, mail) in
            (maybe(text()), text(), maybe(text()),
             maybe(prop_oneof![Just("secret".to_owned()), (text(), text()).prop_map(|(a, b)| format!("{a}, {b}"))]),
             maybe("[a-z]{1,8}@school.nl")),
        (affiliations, languages, needs, opaque) in
            (vec(select(vec!["student".to_owned(), "employee".into(), "guest".into()]), 0..2),
             vec(Just("nl-NL".to_owned()), 0..2),
             vec((text(), maybe(text()), maybe(day()), maybe(day())), 0..3), opaque()),
    ) -> Person {
        Person {
            person_id, primary_code: Code { code_type: "studentNumber".into(), value: number }, other_codes, given_name,
            surname_prefix, surname, display_name, preferred_name, id_check_name, mail, affiliations, languages,
            assigned_needs: needs.into_iter()
                .map(|(code, description, start, end)| AssignedNeed { code, description, start, end }).collect(),
            opaque,
        }
    }
}

prop_compose! {
    fn exam_result()(
        (state, attendance, pass, comment, score) in
            (select(vec![ResultState::InProgress, ResultState::Postponed, ResultState::Queued, ResultState::Completed]),
             select(vec![Attendance::NotKnown, Attendance::NotPresent, Attendance::NotStarted, Attendance::NotFinished,
                Attendance::Present, Attendance::Other("excused".into())]),
             maybe(select(vec![PassState::Unknown, PassState::Passed, PassState::Failed])), maybe(text()),
             maybe(select(vec!["8.5".to_owned(), "53".into(), "passed".into(), "A+".into(), "Op weg naar 1F".into()]))),
        (result_date, test_date, is_final, raw_score, max_raw_score) in
            (maybe(day()), maybe(moment()), any::<bool>(), maybe(any::<i32>()), maybe(any::<i32>())),
        (executed_offering_name, assessor_id, assessor_code, irregularities, documents, opaque) in
            (maybe(text()), maybe(text()), maybe(text()), maybe(text()), vec(document(), 0..3), opaque()),
    ) -> ExamResult {
        ExamResult {
            state, attendance, pass, comment, score, result_date, test_date, r#final: is_final, raw_score,
            max_raw_score, executed_offering_name, assessor_id, assessor_code, irregularities, documents, opaque,
        }
    }
}

prop_compose! {
    /// Any association, with or without its person and result.
    pub fn association()(
        (association_id, association_type, role, state, person_id) in
            (id(),
             select(vec![AssociationType::ComponentOfferingAssociation, AssociationType::CourseOfferingAssociation,
                AssociationType::ProgramOfferingAssociation]),
             select(vec![Role::Student, Role::Coordinator, Role::Invigilator, Role::Assessor, Role::Guest,
                Role::Other("lecturer".into())]),
             select(vec![AssociationState::Associated, AssociationState::Canceled, AssociationState::Finished,
                AssociationState::Other("pending".into())]),
             id()),
        (person, offering_id, additional_time_min, personal_needs, attempt) in
            (maybe(person()), id(), maybe(any::<u32>()), vec(text(), 0..3), maybe(any::<u32>())),
        (attempts_left, program_offering_association_id, course_offering_association_id, org_association_id) in
            (prop_oneof![Just(AttemptsLeft::Unknown), Just(AttemptsLeft::Unlimited),
                any::<u32>().prop_map(AttemptsLeft::Left)],
             maybe(id()), maybe(id()), maybe(id())),
        (start, expected_end, final_end, sequence_code, result, opaque) in
            (maybe(day()), maybe(day()), maybe(day()), maybe(text()), maybe(exam_result()), opaque()),
    ) -> Association {
        Association {
            association_id, association_type, role, state,
            person_id: person.as_ref().map_or(person_id, |person| person.person_id.clone()),
            person, offering_id, additional_time_min, personal_needs, attempt, attempts_left,
            program_offering_association_id, course_offering_association_id, org_association_id, start, expected_end,
            final_end, sequence_code, result, opaque,
        }
    }
}

/// Any JSON, under names that mean something here.
pub fn json() -> impl Strategy<Value = Value> {
    let names = vec![
        "associationId",
        "associationType",
        "person",
        "personId",
        "offering",
        "offeringId",
        "offeringType",
        "result",
        "state",
        "consumers",
        "consumerKey",
        "attendance",
        "documents",
        "documentId",
        "name",
        "language",
        "value",
        "primaryCode",
        "codeType",
        "code",
        "otherCodes",
        "startDateTime",
        "endDateTime",
        "duration",
        "testDate",
        "resultDate",
        "offeringState",
        "attemptLeft",
        "items",
        "hasNextPage",
        "assignedNeeds",
        "rawScore",
        "component",
        "organization",
        "fields",
        "own",
        "",
        "é/~",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        select(vec![
            "nl-test-admin",
            "canceled",
            "component",
            "completed",
            "present",
            "2026-05-27",
            "2026-03-29T02:30:00",
            "-009999-01-01T00:00:00",
            "9999-12-31T23:59:59.999999999-23:59",
            "PT9999999999999H",
            "P1Y",
            "-PT5M",
            "x-",
            "componentOfferingAssociation",
            "a, b, 1",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 96, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((select(names.clone()), inner), 0..8).prop_map(|fields| {
                Value::Object(
                    fields
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

/// Pointers to every place in a value.
pub fn pointers(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut below = |token: &str, value: &Value| {
        let token = token.replace('~', "~0").replace('/', "~1");
        found.extend(pointers(value).into_iter().map(|pointer| format!("/{token}{pointer}")));
    };
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(nth, item)| below(&nth.to_string(), item)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| below(name, field)),
        _ => {}
    }
    found
}
