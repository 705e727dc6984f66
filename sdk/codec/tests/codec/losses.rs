//! Every field of the model is written, or reported as lost, in every dialect.

use oke_codec::{
    AssociationFields, Dialect, OfferingFields, PersonAs, ResultFlow, Version,
    dialect::{DurationForm, LocationForm, Quirks},
    loss::{self, Loss, Told},
    model::*,
    write_association, write_offering, write_result_message,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Dialects that differ in what they can say.
fn dialects() -> Vec<Dialect> {
    let mut all = Vec::new();
    for version in [Version::V1_0, Version::V1_0_1, Version::V1_1Draft] {
        for duration in [DurationForm::Iso, DurationForm::Minutes] {
            for location in [LocationForm::Text, LocationForm::List] {
                for swapped_dates in [false, true] {
                    let quirks = Quirks {
                        duration,
                        location,
                        swapped_dates,
                        ..Quirks::default()
                    };
                    all.push(Dialect { version, quirks });
                }
            }
        }
    }
    all
}

fn document() -> DocumentReference {
    DocumentReference {
        document_id: "d".to_owned(),
        document_type: DocumentType::AssessmentForm,
        document_name: "n".to_owned(),
    }
}

/// A sitting with every field said.
fn offering() -> Offering {
    Offering {
        offering_id: "z".to_owned(),
        offering_type: OfferingType::Course,
        primary_code: Code::new("offeringCode", "z"),
        other_codes: vec![Code::new("systemId", "fao")],
        name: "naam".to_owned(),
        description: Some("beschrijving".to_owned()),
        modes_of_delivery: vec![ModeOfDelivery::Online],
        result_expected: false,
        result_value_type: Some(ResultValueType::PassOrFail),
        start: Some("2026-09-01T08:00:00Z".parse().unwrap()),
        end: Some("2026-09-01T10:00:00Z".parse().unwrap()),
        offered_id: Some("c".to_owned()),
        organization_id: Some("o".to_owned()),
        state: OfferingState::Canceled,
        duration_s: Some(61),
        last_possible_start: Some("2026-09-01T09:00:00Z".parse().unwrap()),
        start_options: Some(StartOptions::TriggeredStart),
        duration_from: Some(DurationFrom::StartDateTime),
        duration_until: Some(DurationUntil::EndDateTime),
        safety: vec![Safety::Surveillance],
        location_codes: vec!["B1, links".to_owned(), "B2".to_owned()],
        final_results_allowed: Some(false),
        tests_to_be_used: vec![TestReference {
            test_provider: "v".to_owned(),
            component_id: "c".to_owned(),
        }],
        cohort: Some("2026".to_owned()),
        irregularities: Some("i".to_owned()),
        documents: vec![document()],
        opaque: Some(r#"{"fields":{"x":1}}"#.to_owned()),
    }
}

fn person() -> Person {
    let read = json!({ "personId": "p2", "primaryCode": { "codeType": "studentNumber", "code": "1" },
        "displayName": "A B", "affiliations": ["student"],
        "consumers": [{ "consumerKey": "nl-test-admin", "assignedNeeds": [{ "code": "extraTime" }] }] });
    oke_codec::read_person(&read, &Dialect::default()).unwrap()
}

fn result() -> ExamResult {
    ExamResult {
        state: ResultState::Postponed,
        attendance: Attendance::NotFinished,
        pass: Some(PassState::Passed),
        comment: Some("c".to_owned()),
        score: Some("5.5".to_owned()),
        result_date: Some("2026-09-03".parse().unwrap()),
        test_date: Some("2026-09-02T08:00:00Z".parse().unwrap()),
        r#final: true,
        raw_score: Some(3),
        max_raw_score: Some(4),
        executed_offering_name: Some("e".to_owned()),
        assessor_id: Some("a".to_owned()),
        assessor_code: Some("b".to_owned()),
        irregularities: Some("i".to_owned()),
        documents: vec![document()],
        opaque: Some(r#"{"own":{"x":1}}"#.to_owned()),
    }
}

/// A deelname with every field said.
fn association() -> Association {
    let day = |text: &str| Some(text.parse().unwrap());
    Association {
        association_id: "d".to_owned(),
        association_type: AssociationType::CourseOfferingAssociation,
        role: Role::Guest,
        state: AssociationState::Finished,
        person_id: "p2".to_owned(),
        person: Some(person()),
        offering_id: "z".to_owned(),
        additional_time_min: Some(5),
        personal_needs: vec!["spoken".to_owned()],
        attempt: Some(2),
        attempts_left: AttemptsLeft::Left(1),
        program_offering_association_id: Some("p".to_owned()),
        course_offering_association_id: Some("c".to_owned()),
        org_association_id: Some("o".to_owned()),
        start: day("2026-09-01"),
        expected_end: day("2027-07-01"),
        final_end: day("2027-06-01"),
        sequence_code: Some("1".to_owned()),
        result: Some(result()),
        opaque: Some(r#"{"fields":{"x":1}}"#.to_owned()),
    }
}

/// Each field of `full` by itself in `bare`: it changes what is written, or it is reported.
fn every_field<T: Serialize + DeserializeOwned>(
    (full, bare): (&T, &T),
    write: impl Fn(&T) -> Value,
    lost: impl Fn(&T) -> Vec<Loss>,
    dialect: &Dialect,
) {
    let (full, plain) = (serde_json::to_value(full).unwrap(), serde_json::to_value(bare).unwrap());
    for (field, value) in full.as_object().unwrap() {
        assert_ne!(
            &plain[field], value,
            "`{field}` must say something else in the full object"
        );
        let mut one = plain.clone();
        one[field] = value.clone();
        let one: T = serde_json::from_value(one).unwrap();
        let is_written = write(&one) != write(bare);
        let is_reported = lost(&one).iter().any(|loss| loss.fields().contains(&field.as_str()));
        assert!(is_written || is_reported, "`{field}` is lost in silence in {dialect:?}");
    }
}

/// A field newly added to the model that no writer writes and nothing reports fails here, in each dialect.
#[test]
fn every_field_of_the_model_is_written_or_reported() {
    for dialect in dialects() {
        let plain = Offering::bare("kaal", Code::new("identifier", "kaal"), "kaal");
        let sitting = (&offering(), &plain);
        let write = |o: &Offering| write_offering(o, &dialect, OfferingFields::Sitting);
        every_field(sitting, write, |o| loss::of_sitting(o, &dialect), &dialect);

        let plain = Association::bare("kaal", "p1", "kaal");
        let write = |a: &Association| write_association(a, &dialect, AssociationFields::Deelname, PersonAs::Whole);
        every_field(
            (&association(), &plain),
            write,
            |a| loss::of_deelname(a, &dialect),
            &dialect,
        );

        let plain = ExamResult {
            result_date: Some("2026-09-09".parse().unwrap()),
            test_date: Some("2026-09-09T09:00:00Z".parse().unwrap()),
            ..ExamResult::bare(ResultState::Completed, Attendance::Present)
        };
        let write = |r: &ExamResult| {
            let of = Association {
                result: Some(r.clone()),
                ..Association::bare("d", "p", "z")
            };
            write_result_message(ResultFlow::Three, &of, &dialect).unwrap()
        };
        every_field((&result(), &plain), write, |r| loss::of_result(r, &dialect), &dialect);
    }
}

/// What is written changed is reported too, and only where it happens.
#[test]
fn what_changes_on_its_way_is_reported_where_it_does() {
    let minutes = Dialect {
        quirks: Quirks {
            duration: DurationForm::Minutes,
            swapped_dates: true,
            ..Quirks::default()
        },
        version: Version::V1_0,
    };
    let of = |o: &Offering, dialect: &Dialect| loss::of_sitting(o, dialect);
    let full = offering();
    assert!(of(&full, &minutes).contains(&Loss::Seconds));
    assert!(of(&full, &minutes).contains(&Loss::FaoServer));
    assert!(!of(&full, &Dialect::v1_0_1()).contains(&Loss::Seconds));
    assert!(!of(&full, &Dialect::v1_0_1()).contains(&Loss::FaoServer));
    let hour = Offering {
        duration_s: Some(3_600),
        ..full
    };
    assert!(!of(&hour, &minutes).contains(&Loss::Seconds));
    assert_eq!(loss::of_result(&result(), &minutes), [Loss::TestTime]);
    assert!(loss::of_result(&result(), &Dialect::v1_0_1()).is_empty());
    let first = Association {
        attempt: Some(1),
        ..Association::bare("d", "p", "z")
    };
    assert!(
        loss::of_deelname(&first, &minutes).is_empty(),
        "a first attempt says nothing"
    );
}

/// Cesuur and examenversie are no part of any message (R11); all losses have a name that is read back.
#[test]
fn what_no_message_carries_is_reported_of_every_delivery() {
    let delivery = Delivery {
        deelname_peer_id: "d".to_owned(),
        result: ExamResult::bare(ResultState::Completed, Attendance::Present),
        normed: Normed::No,
        examenversie: Some("2026-A".to_owned()),
    };
    for dialect in dialects() {
        assert_eq!(
            loss::of_delivery(&delivery, &dialect),
            [Loss::Cesuur, Loss::Examenversie]
        );
        for told in [Told::Sitting, Told::Deelname, Told::Result] {
            assert!(!loss::never_told(told, &dialect).is_empty());
        }
    }
    for loss in Loss::ALL {
        assert_eq!(Loss::from_name(loss.name()), Some(*loss));
        assert!(!loss.rule().is_empty());
    }
}
