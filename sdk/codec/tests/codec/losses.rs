//! Every field of the model is written, or reported as lost, by every writer and in every dialect; and comes back as it was
//! where it is not reported.

use oke_codec::{
    AssociationFields, Dialect, OfferingFields, PersonAs, PersonFields, Problems, ResultFlow, Version,
    dialect::{
        CanceledSpelling, DurationForm, ExtraTimeField, FinalResultsFlag, LastStartField, LocationForm,
        OrganizationIdSpelling, PrefixPlace, Quirks, UsernameSpelling,
    },
    loss::{self, Loss, Told},
    model::*,
    read_association, read_component, read_group, read_membership, read_offering, read_person, read_report_message,
    read_result_message, write_association, write_attempt, write_component, write_group, write_membership,
    write_offering, write_person, write_report_message, write_result_message,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::full;

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

/// The same dialect with every other habit of spelling.
fn spelled_otherwise(dialect: &Dialect) -> Dialect {
    let quirks = Quirks {
        final_results_flag: FinalResultsFlag::FinalResultAllowed,
        last_start: LastStartField::EntryDateTime,
        extra_time: ExtraTimeField::ExtraTimeInMin,
        canceled: CanceledSpelling::Cancelled,
        organization_id: OrganizationIdSpelling::OrganizationID,
        username: UsernameSpelling::UserName,
        x_code_types: true,
        id_check_prefix: PrefixPlace::Front,
        id_check_student_number: true,
        ..dialect.quirks.clone()
    };
    Dialect {
        version: dialect.version,
        quirks,
    }
}

/// One writer in one dialect: what is found to be lost in silence.
struct Table<'a> {
    told: Told,
    dialect: &'a Dialect,
    silent: &'a mut Vec<String>,
}

impl Table<'_> {
    /// Each field of `full` by itself in `bare`: it changes what is written, or it is reported, or it is not the writer's.
    fn every_field<T: Serialize + DeserializeOwned>(
        &mut self,
        (full, bare): (&T, &T),
        write: impl Fn(&T) -> Value,
        lost: impl Fn(&T) -> Vec<Loss>,
    ) {
        let (whole, plain) = (json_of(full), json_of(bare));
        for (field, value) in whole.as_object().unwrap() {
            assert_ne!(
                &plain[field], value,
                "`{field}` must say something else in the full object"
            );
            let mut one = plain.clone();
            one[field] = value.clone();
            let one: T = serde_json::from_value(one).unwrap();
            let is_written = write(&one) != write(bare);
            let is_reported = names(&lost(&one), field);
            let is_others = self.told.not_the_writers().contains(&field.as_str());
            if is_others && (is_written || is_reported) {
                self.note(field, "is written or reported, and listed as another's");
            } else if !is_others && !is_written && !is_reported {
                self.note(field, "is neither written nor reported");
            }
        }
    }

    /// What is read of what was written is what it was, but for what is reported or not the writer's.
    fn comes_back<T: Serialize>(&mut self, full: &T, read: Result<T, Problems>, lost: &[Loss]) {
        let (whole, read) = (json_of(full), json_of(&read.unwrap()));
        for (field, value) in whole.as_object().unwrap() {
            let is_others = self.told.not_the_writers().contains(&field.as_str());
            if &read[field] != value && !is_others && !names(lost, field) {
                self.note(field, &format!("comes back as {}", read[field]));
            }
        }
    }

    fn note(&mut self, field: &str, what: &str) {
        let Table { told, dialect, .. } = self;
        self.silent.push(format!(
            "{told:?}: `{field}` {what}, in {:?} {:?}",
            dialect.version, dialect.quirks
        ));
    }
}

fn json_of<T: Serialize>(object: &T) -> Value {
    serde_json::to_value(object).unwrap()
}

fn names(losses: &[Loss], field: &str) -> bool {
    losses.iter().any(|loss| loss.fields().contains(&field))
}

fn offering_fields(told: Told) -> OfferingFields {
    match told {
        Told::Plannable => OfferingFields::Planned,
        Told::Sitting => OfferingFields::Sitting,
        _ => OfferingFields::SittingWithReport,
    }
}

fn written_association(told: Told, a: &Association, dialect: &Dialect) -> Value {
    let fields = match told {
        Told::Deelname => AssociationFields::Deelname,
        Told::DeelnameRead => AssociationFields::DeelnameWithResult,
        Told::Attempt => return write_attempt(a, dialect).unwrap(),
        _ => AssociationFields::EnrolmentWithResult,
    };
    let mut a = a.clone();
    if let (Told::ProgramEnrolment, Some(person)) = (told, a.person.as_mut()) {
        // As it is given to a vendor.
        person.assigned_needs.clear();
    }
    write_association(&a, dialect, fields, PersonAs::Whole)
}

fn with_result(result: &ExamResult) -> Association {
    Association {
        result: Some(result.clone()),
        ..full::bare_attempt()
    }
}

fn reported(report: &Report) -> Offering {
    Offering {
        irregularities: report.irregularities.clone(),
        documents: report.documents.clone(),
        ..full::bare_offering()
    }
}

/// Every field by the writer of this message or answer; a new one must be given a place here.
fn every_field_of(table: &mut Table<'_>) {
    let (told, dialect) = (table.told, table.dialect);
    match told {
        Told::Component => table.every_field(
            (&full::component(), &full::bare_component()),
            |c| write_component(c, dialect),
            |_| loss::never_told(told, dialect),
        ),
        Told::Plannable | Told::Sitting | Told::SittingRead => table.every_field(
            (&full::offering(), &full::bare_offering()),
            |o| write_offering(o, dialect, offering_fields(told)),
            |o| loss::of_offering(told, o, dialect),
        ),
        Told::Enrolment | Told::Deelname | Told::DeelnameRead | Told::ProgramEnrolment => table.every_field(
            (&full::association(), &full::bare_association()),
            |a| written_association(told, a, dialect),
            |a| loss::of_association(told, a, dialect),
        ),
        Told::Attempt => table.every_field(
            (&full::association(), &full::bare_attempt()),
            |a| written_association(told, a, dialect),
            |a| loss::of_association(told, a, dialect),
        ),
        Told::Person => table.every_field(
            (&full::person(), &full::bare_person()),
            |p| write_person(p, dialect, PersonFields::WithNeeds),
            |_| loss::never_told(told, dialect),
        ),
        Told::Group => table.every_field(
            (&full::group(), &full::bare_group()),
            |g| write_group(g, dialect),
            |_| loss::never_told(told, dialect),
        ),
        Told::Membership => table.every_field(
            (&full::membership(), &full::bare_membership()),
            write_membership,
            |_| loss::never_told(told, dialect),
        ),
        Told::Result => {
            for flow in [ResultFlow::Three, ResultFlow::Five] {
                table.every_field(
                    (&full::result(), &full::bare_result()),
                    |r| write_result_message(flow, &with_result(r), dialect).unwrap(),
                    |r| loss::of_result(r, dialect),
                );
            }
        }
        Told::Report => table.every_field(
            (&full::report(), &full::bare_report()),
            |r| write_report_message(&reported(r), dialect),
            |_| loss::never_told(told, dialect),
        ),
    }
}

/// A field newly added to the model that no writer writes and nothing reports fails here, in each dialect.
#[test]
fn every_field_of_the_model_is_written_or_reported_by_every_writer() {
    let mut silent = Vec::new();
    for dialect in dialects() {
        for dialect in [&dialect, &spelled_otherwise(&dialect)] {
            for told in Told::ALL {
                every_field_of(&mut Table {
                    told: *told,
                    dialect,
                    silent: &mut silent,
                });
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

/// The small objects inside the others are written whole: each of their fields changes what is written.
#[test]
fn every_field_of_what_stands_in_an_object_is_written() {
    let mut silent = Vec::new();
    for dialect in dialects() {
        let mut table = Table {
            told: Told::Person,
            dialect: &dialect,
            silent: &mut silent,
        };
        let other = |code: &Code| Person {
            other_codes: vec![code.clone()],
            ..full::person()
        };
        let bare = Code::new("identifier", "kaal");
        let write = |p: &Person| write_person(p, &dialect, PersonFields::WithNeeds);
        table.every_field((&full::code(), &bare), |code| write(&other(code)), |_| Vec::new());
        let needs = |need: &AssignedNeed| Person {
            assigned_needs: vec![need.clone()],
            ..full::person()
        };
        let bare = AssignedNeed {
            code: "kaal".to_owned(),
            description: None,
            start: None,
            end: None,
        };
        table.every_field((&full::need(), &bare), |need| write(&needs(need)), |_| Vec::new());

        table.told = Told::Plannable;
        let bare = TestReference {
            test_provider: "kaal".to_owned(),
            component_id: "kaal".to_owned(),
        };
        let write = |test: &TestReference| {
            let tests_to_be_used = vec![test.clone()];
            let offering = Offering {
                tests_to_be_used,
                ..full::offering()
            };
            write_offering(&offering, &dialect, OfferingFields::Planned)
        };
        table.every_field((&full::test_reference(), &bare), write, |_| Vec::new());

        table.told = Told::Result;
        let bare = DocumentReference {
            document_id: "kaal".to_owned(),
            document_type: DocumentType::Other("kaal".to_owned()),
            document_name: "kaal".to_owned(),
        };
        let write = |document: &DocumentReference| {
            let result = ExamResult {
                documents: vec![document.clone()],
                ..full::result()
            };
            write_result_message(ResultFlow::Three, &with_result(&result), &dialect).unwrap()
        };
        table.every_field((&full::document(), &bare), write, |_| Vec::new());
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

/// What is written is read back by the same crate.
fn comes_back(table: &mut Table<'_>) {
    let (told, dialect) = (table.told, table.dialect);
    match told {
        Told::Component => {
            let full = full::component();
            let read = read_component(&write_component(&full, dialect), dialect);
            table.comes_back(&full, read, &[]);
        }
        Told::Plannable | Told::Sitting | Told::SittingRead => {
            let full = match told {
                Told::Plannable => full::offering(),
                _ => full::sitting(),
            };
            let read = read_offering(&write_offering(&full, dialect, offering_fields(told)), dialect);
            table.comes_back(&full, read, &loss::of_offering(told, &full, dialect));
        }
        Told::Enrolment | Told::Deelname | Told::DeelnameRead | Told::ProgramEnrolment => {
            let full = Association {
                // Of a result by itself below.
                result: Some(ExamResult::bare(ResultState::Completed, Attendance::Present)),
                ..full::association()
            };
            let read = read_association(&written_association(told, &full, dialect), dialect);
            table.comes_back(&full, read, &loss::of_association(told, &full, dialect));
        }
        Told::Attempt => {
            let full = Association {
                result: Some(ExamResult {
                    // Midnight in the Netherlands: a day says it all.
                    test_date: Some("2026-09-08T22:00:00Z".parse().unwrap()),
                    ..full::bare_result()
                }),
                ..full::association()
            };
            let read = read_association(&written_association(told, &full, dialect), dialect);
            table.comes_back(&full, read, &loss::of_association(told, &full, dialect));
        }
        Told::Person => {
            let full = full::person();
            let read = read_person(&write_person(&full, dialect, PersonFields::WithNeeds), dialect);
            table.comes_back(&full, read, &[]);
        }
        Told::Group => {
            let full = full::group();
            table.comes_back(&full, read_group(&write_group(&full, dialect), dialect), &[]);
        }
        Told::Membership => {
            let full = full::membership();
            table.comes_back(&full, read_membership(&write_membership(&full), dialect), &[]);
        }
        Told::Result => {
            let full = full::result();
            for flow in [ResultFlow::Three, ResultFlow::Five] {
                let written = write_result_message(flow, &with_result(&full), dialect).unwrap();
                let read = read_result_message(&written, flow, dialect).map(|message| message.result);
                table.comes_back(&full, read, &loss::of_result(&full, dialect));
            }
        }
        Told::Report => {
            let full = full::report();
            let written = write_report_message(&reported(&full), dialect);
            let read = read_report_message(&written, dialect).map(|message| Report {
                sitting_peer_id: String::new(),
                irregularities: message.irregularities,
                documents: message.documents,
            });
            table.comes_back(&full, read, &[]);
        }
    }
}

/// What is written changed counts as lost too: only what is reported comes back otherwise than it was.
#[test]
fn what_is_not_reported_comes_back_as_it_was() {
    let mut silent = Vec::new();
    for dialect in dialects() {
        for told in Told::ALL {
            comes_back(&mut Table {
                told: *told,
                dialect: &dialect,
                silent: &mut silent,
            });
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
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
    let of = |o: &Offering, dialect: &Dialect| loss::of_offering(Told::Sitting, o, dialect);
    let full = full::sitting();
    assert!(of(&full, &minutes).contains(&Loss::Seconds));
    assert!(of(&full, &minutes).contains(&Loss::FaoServer));
    assert!(!of(&full, &Dialect::v1_0_1()).contains(&Loss::Seconds));
    assert!(!of(&full, &Dialect::v1_0_1()).contains(&Loss::FaoServer));
    let hour = Offering {
        duration_s: Some(3_600),
        ..full
    };
    assert!(!of(&hour, &minutes).contains(&Loss::Seconds));
    let plannable = |o: &Offering| loss::of_offering(Told::Plannable, o, &Dialect::v1_0_1());
    assert!(plannable(&full::offering()).contains(&Loss::TimeOfDay));
    assert!(
        !plannable(&full::sitting()).contains(&Loss::TimeOfDay),
        "it has moments"
    );
    assert_eq!(loss::of_result(&full::result(), &minutes), [Loss::TestTime]);
    assert!(loss::of_result(&full::result(), &Dialect::v1_0_1()).is_empty());
    let first = Association {
        attempt: Some(1),
        ..full::bare_association()
    };
    assert!(
        loss::of_association(Told::Deelname, &first, &minutes).is_empty(),
        "a first attempt says nothing"
    );
}

/// Cesuur and examenversie are no part of any message (R11); all losses have a name that is read back, and stand in some
/// list.
#[test]
fn what_no_message_carries_is_reported_of_every_delivery() {
    let delivery = Delivery {
        deelname_peer_id: "d".to_owned(),
        result: ExamResult::bare(ResultState::Completed, Attendance::Present),
        normed: Normed::No,
        examenversie: Some("2026-A".to_owned()),
    };
    let mut listed = Vec::new();
    for dialect in dialects() {
        assert_eq!(
            loss::of_delivery(&delivery, &dialect),
            [Loss::Cesuur, Loss::Examenversie]
        );
        listed.extend(Told::ALL.iter().flat_map(|told| loss::never_told(*told, &dialect)));
    }
    for loss in Loss::ALL {
        assert_eq!(Loss::from_name(loss.name()), Some(*loss));
        assert!(!loss.rule().is_empty());
        assert!(listed.contains(loss), "nothing is ever told without {loss:?}");
    }
}
