//! Laws of comparing: what is equal has no differences, one change is one difference of its own field, and what the other
//! side leaves out is none.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::model::{
    Association, AssociationState, Attendance, Code, ExamResult, Normed, Offering, OfferingState, PassState, Person,
    ResultState,
};
use crate::domain::result::Delivered;

fn code(value: &str) -> Code {
    Code::new("offeringCode", value)
}

fn sitting() -> Offering {
    Offering {
        start: Some("2026-09-02T09:00:00Z".parse().unwrap()),
        end: Some("2026-09-02T11:00:00Z".parse().unwrap()),
        duration_s: Some(5_400),
        offered_id: Some("rekenen".to_owned()),
        location_codes: vec!["B1.02".to_owned(), "B1.03".to_owned()],
        ..Offering::bare("z", code("z"), "Rekenen")
    }
}

fn result() -> Delivered {
    Delivered {
        result: ExamResult {
            score: Some("7.5".to_owned()),
            result_date: Some("2026-09-02".parse().unwrap()),
            ..ExamResult::bare(ResultState::Completed, Attendance::Present)
        },
        normed: Normed::Yes,
        examenversie: None,
    }
}

fn person() -> Person {
    Person {
        person_id: "p".to_owned(),
        primary_code: Code::new("studentNumber", "s-1"),
        other_codes: Vec::new(),
        given_name: Some("Jip".to_owned()),
        surname_prefix: None,
        surname: Some("Jansen".to_owned()),
        display_name: "Jip Jansen".to_owned(),
        preferred_name: None,
        id_check_name: None,
        mail: Some("jip@example.org".to_owned()),
        affiliations: Vec::new(),
        languages: Vec::new(),
        assigned_needs: Vec::new(),
        opaque: None,
    }
}

fn fields(found: &[Difference]) -> Vec<Field> {
    found.iter().map(|one| one.field).collect()
}

/// R25: a field that differs is shown with both values, and no other.
#[test]
fn each_field_of_a_sitting_is_shown_by_itself_with_both_values() {
    let read = |change: fn(&mut Offering)| {
        let mut read = sitting();
        change(&mut read);
        of_sitting("z", &sitting(), Some(&read))
    };
    assert_eq!(read(|_| {}), Vec::new());
    let later = read(|it| it.start = Some("2026-09-02T09:30:00Z".parse().unwrap()));
    assert_eq!(fields(&later), [Field::StartDateTime]);
    assert_eq!(later[0].ours.as_deref(), Some("2026-09-02T09:00:00Z"));
    assert_eq!(later[0].theirs.as_deref(), Some("2026-09-02T09:30:00Z"));
    assert_eq!(fields(&read(|it| it.end = None)), [Field::EndDateTime]);
    assert_eq!(fields(&read(|it| it.duration_s = Some(60))), [Field::Duration]);
    assert_eq!(
        fields(&read(|it| it.offered_id = Some("taal".to_owned()))),
        [Field::Component]
    );
    assert_eq!(
        fields(&read(|it| it.location_codes = vec!["X".to_owned()])),
        [Field::LocationCodes]
    );
    assert_eq!(fields(&read(|it| it.state = OfferingState::Canceled)), [Field::State]);
    assert_eq!(read(|it| it.location_codes.reverse()), Vec::new(), "order says nothing");
    let silent = read(|it| {
        it.duration_s = None;
        it.offered_id = None;
        it.location_codes.clear();
    });
    assert_eq!(silent, Vec::new(), "what is not told is no difference");
    assert!(of_sitting("z", &sitting(), None)[0].is_missing_there());
    let canceled = Offering {
        state: OfferingState::Canceled,
        ..sitting()
    };
    assert_eq!(
        of_sitting("z", &canceled, None),
        Vec::new(),
        "a cancelled one may be gone"
    );
}

/// R10: a result that differs in one field is a difference of that field.
#[test]
fn each_field_of_a_result_is_shown_by_itself() {
    let read = |change: fn(&mut Delivered)| {
        let mut read = result();
        change(&mut read);
        fields(&of_result("d", Some(&result()), Some(&read)))
    };
    assert_eq!(read(|_| {}), []);
    assert_eq!(read(|it| it.result.score = Some("5.4".to_owned())), [Field::Score]);
    assert_eq!(
        read(|it| it.result.state = ResultState::InProgress),
        [Field::ResultState]
    );
    assert_eq!(
        read(|it| it.result.attendance = Attendance::NotPresent),
        [Field::Attendance]
    );
    assert_eq!(read(|it| it.result.pass = Some(PassState::Failed)), [Field::Pass]);
    assert_eq!(read(|it| it.result.pass = Some(PassState::Unknown)), []);
    assert_eq!(read(|it| it.result.r#final = true), [Field::Final]);
    assert_eq!(read(|it| it.result.result_date = None), [Field::ResultDate]);
    assert_eq!(read(|it| it.normed = Normed::No), [Field::Normed]);
    assert_eq!(read(|it| it.examenversie = Some("B".to_owned())), [Field::Examenversie]);
    assert!(of_result("d", Some(&result()), None)[0].is_missing_there());
    assert!(of_result("d", None, Some(&result()))[0].is_only_there());
    assert_eq!(of_result("d", None, None), Vec::new());
}

/// R5: of a person is said what differs, and nothing of what it is.
#[test]
fn nothing_that_a_person_is_stands_in_a_difference() {
    let other = Person {
        display_name: "Jip de Wit".to_owned(),
        mail: Some("anders@example.org".to_owned()),
        primary_code: Code::new("studentNumber", "s-2"),
        ..person()
    };
    let found = of_person(&person(), Some(&other));
    assert_eq!(fields(&found), [Field::Name, Field::Codes, Field::Mail]);
    assert!(found.iter().all(|one| one.ours.is_none() && one.theirs.is_none()));
    assert_eq!(of_person(&person(), Some(&person())), Vec::new());
    let silent = Person { mail: None, ..person() };
    assert_eq!(of_person(&person(), Some(&silent)), Vec::new());
}

/// A student system that has no result on the association, or another one, is seen; what flow 3 alone carries is not asked.
#[test]
fn a_result_at_the_student_system_is_held_against_what_was_sent() {
    let sent = result().result;
    let at = |result: Option<ExamResult>| Association {
        result,
        ..Association::bare("e", "p", "plannable")
    };
    assert!(of_student_result("e", &sent, None)[0].is_missing_there());
    assert!(of_student_result("e", &sent, Some(&at(None)))[0].is_missing_there());
    let other = ExamResult {
        score: Some("5.4".to_owned()),
        r#final: true,
        attendance: Attendance::NotKnown,
        ..sent.clone()
    };
    let found = of_student_result("e", &sent, Some(&at(Some(other))));
    assert_eq!(fields(&found), [Field::Score, Field::Final]);
    assert_eq!(of_student_result("e", &sent, Some(&at(Some(sent.clone())))), Vec::new());
}

#[test]
fn the_summary_counts_and_names_fields_and_nobody() {
    let late = Offering {
        start: Some("2026-09-02T10:00:00Z".parse().unwrap()),
        ..sitting()
    };
    let mut found = of_sitting("z", &sitting(), Some(&late));
    let planned = |id: &str| Planned {
        id: id.to_owned(),
        plan: Association::bare(id, "Jip", "z"),
    };
    let plan: BTreeMap<String, Planned> = ["a", "b", "c"].map(|id| (format!("v-{id}"), planned(id))).into();
    let read = [
        Association {
            additional_time_min: Some(30),
            ..Association::bare("v-a", "Jip", "z")
        },
        Association::bare("v-x", "Jip", "z"),
    ];
    found.extend(of_deelnames(&plan, &read));
    let said = summary(&found);
    assert_eq!(
        said,
        "van de zitting: begin, ontbrekende deelnames: 2, afwijkende deelnames: 1 (extra tijd), deelnames te veel: 1"
    );
    assert_eq!(summary(&[]), "");
}

#[derive(Debug, Clone)]
struct Seat {
    name: u8,
    person: u8,
    extra: Option<u32>,
    needs: Vec<String>,
    canceled: bool,
}

fn a_seat() -> impl Strategy<Value = Seat> {
    let needs = proptest::collection::vec("[a-c]", 0..3);
    (0..8_u8, 0..3_u8, proptest::option::of(0..2_u32), needs, any::<bool>()).prop_map(
        |(name, person, extra, needs, canceled)| Seat {
            name,
            person,
            extra,
            needs,
            canceled,
        },
    )
}

fn association(seat: &Seat, id: String) -> Association {
    Association {
        additional_time_min: seat.extra,
        personal_needs: seat.needs.clone(),
        state: match seat.canceled {
            true => AssociationState::Canceled,
            false => AssociationState::Associated,
        },
        ..Association::bare(id, format!("p{}", seat.person), "z")
    }
}

fn planned(seats: &[Seat]) -> BTreeMap<String, Planned> {
    let plan = |seat: &Seat| {
        let one = Planned {
            id: format!("d{}", seat.name),
            plan: association(seat, format!("d{}", seat.name)),
        };
        (format!("v{}", seat.name), one)
    };
    seats.iter().map(plan).collect()
}

proptest! {
    /// What was planned, told and read back is equal, in whatever order it is listed.
    #[test]
    fn what_is_read_back_as_it_was_told_is_equal(
        seats in proptest::collection::vec(a_seat(), 0..8),
        turn in 0..8_usize,
    ) {
        let plan = planned(&seats);
        let mut read: Vec<Association> = plan
            .iter()
            .map(|(peer_id, one)| Association { association_id: peer_id.clone(), ..one.plan.clone() })
            .collect();
        let turn = turn % read.len().max(1);
        read.rotate_left(turn);
        prop_assert_eq!(of_deelnames(&plan, &read), Vec::new());
    }

    /// Comparing the other way about finds the same objects, with the sides swapped: nothing is equal on one side only.
    #[test]
    fn a_difference_is_one_from_both_sides(
        here in proptest::collection::vec(a_seat(), 0..8),
        there in proptest::collection::vec(a_seat(), 0..8),
    ) {
        let (here, there) = (planned(&here), planned(&there));
        let as_read = |plan: &BTreeMap<String, Planned>| -> Vec<Association> {
            plan.iter()
                .map(|(peer_id, one)| Association { association_id: peer_id.clone(), ..one.plan.clone() })
                .collect()
        };
        let name = |id: &str| id.trim_start_matches(['d', 'v']).to_owned();
        let sides = |found: Vec<Difference>, swap: bool| {
            let mut sides: Vec<_> = found
                .into_iter()
                .map(|one| match swap {
                    true => (name(&one.id), one.field, one.theirs, one.ours),
                    false => (name(&one.id), one.field, one.ours, one.theirs),
                })
                .collect();
            sides.sort();
            sides
        };
        let forth = sides(of_deelnames(&here, &as_read(&there)), false);
        let back = sides(of_deelnames(&there, &as_read(&here)), true);
        prop_assert_eq!(forth, back);
    }
}

/// What a repair takes over leaves no difference, and touches nothing that was not compared.
#[test]
fn after_a_repair_nothing_that_was_told_differs_and_the_rest_stays() {
    let ours = Person {
        affiliations: vec!["student".to_owned()],
        id_check_name: Some("Jansen, Jip".to_owned()),
        ..person()
    };
    let theirs = Person {
        surname: Some("Pietersen".to_owned()),
        display_name: "Jip Pietersen".to_owned(),
        mail: None,
        id_check_name: None,
        ..person()
    };
    assert!(!of_person(&ours, Some(&theirs)).is_empty());
    let read = person_as_read(&ours, &theirs);
    assert_eq!(of_person(&read, Some(&theirs)), Vec::new());
    assert_eq!(read.mail, ours.mail, "left out");
    assert_eq!(
        (read.affiliations, read.id_check_name),
        (ours.affiliations, ours.id_check_name)
    );

    let ours = Offering {
        organization_id: Some("techniek".to_owned()),
        ..sitting()
    };
    let theirs = Offering {
        name: "Rekenen 3F".to_owned(),
        start: None,
        organization_id: None,
        duration_s: None,
        ..sitting()
    };
    assert!(!of_plannable(&ours, Some(&theirs)).is_empty());
    let read = plannable_as_read(&ours, &theirs);
    assert_eq!(of_plannable(&read, Some(&theirs)), Vec::new());
    assert_eq!(
        (read.start, read.organization_id),
        (ours.start, ours.organization_id),
        "left out"
    );
    assert_eq!(read.duration_s, ours.duration_s, "not compared");
}
