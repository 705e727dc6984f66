//! Attempts, for any enrolment, model and set of results.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::domain::model::{self, AssociationState, AssociationType, Role};

fn enrolment(id: &str, attempt: u32, original: Option<&str>, made_here: bool, offering: &str) -> Association {
    Association {
        id: id.to_owned(),
        kind: AssociationKind::Enrolment,
        peer: "osiris".to_owned(),
        enrolment: None,
        plan_version: 0,
        confirmed: None,
        planned_by: made_here.then(|| "bureau".to_owned()),
        planner: None,
        facts: model::Association {
            association_id: id.to_owned(),
            association_type: AssociationType::ComponentOfferingAssociation,
            role: Role::Student,
            state: AssociationState::Associated,
            person_id: "p-1".to_owned(),
            person: None,
            offering_id: offering.to_owned(),
            additional_time_min: None,
            personal_needs: Vec::new(),
            attempt: Some(attempt),
            attempts_left: AttemptsLeft::Unknown,
            program_offering_association_id: None,
            course_offering_association_id: None,
            org_association_id: original.map(str::to_owned),
            start: None,
            expected_end: None,
            final_end: None,
            sequence_code: None,
            result: None,
            opaque: None,
        },
        updated_at: Timestamp::UNIX_EPOCH,
        version: 1,
    }
}

fn result(state: ResultState, attendance: Attendance) -> ExamResult {
    ExamResult {
        state,
        attendance,
        pass: None,
        comment: None,
        score: None,
        result_date: None,
        test_date: None,
        r#final: false,
        raw_score: None,
        max_raw_score: None,
        executed_offering_name: None,
        assessor_id: None,
        assessor_code: None,
        irregularities: None,
        documents: Vec::new(),
        opaque: None,
    }
}

/// R7, R8, S#375, N#148: the three families.
#[test]
fn an_extra_attempt_goes_where_the_student_system_keeps_attempts() {
    let extra = enrolment("made-here", 2, Some("e-1"), true, "autumn");
    let spring = enrolment("e-9", 2, None, false, "spring");
    let to = |model, opportunities: &[Association]| {
        let to = destination(model, &extra, opportunities);
        assert_eq!((to.attempt, to.original.as_str()), (2, "e-1"));
        (to.association, to.offering, to.put)
    };
    let spelled = |association: &str, offering: &str, put| (association.to_owned(), offering.to_owned(), put);
    let known = [spring];
    let per_association = to(Model::AssociationPerOpportunity, &known);
    assert_eq!(per_association, spelled("made-here", "autumn", true));
    assert_eq!(
        to(Model::AssociationWithAttempts, &known),
        spelled("e-1", "autumn", false)
    );
    assert_eq!(
        to(Model::OfferingPerOpportunity, &known),
        spelled("e-9", "spring", false)
    );
    let unforeseen = to(Model::OfferingPerOpportunity, &[]);
    assert_eq!(unforeseen, spelled("made-here", "autumn", true), "R7");
}

fn a_rival() -> impl Strategy<Value = (bool, bool, ExamResult)> {
    let states = vec![ResultState::InProgress, ResultState::Completed, ResultState::Postponed];
    let attendances = vec![Attendance::Present, Attendance::NotPresent, Attendance::NotKnown];
    let result = (proptest::sample::select(states), proptest::sample::select(attendances))
        .prop_map(|(state, attendance)| result(state, attendance));
    (any::<bool>(), any::<bool>(), result)
}

proptest! {
    /// R9: however many are asked for, no more extra attempts than the student system allows; and each has a number of
    /// its own.
    #[test]
    fn no_more_extra_attempts_than_are_left(allowed in 0..6_u32, asked in 0..12_u32, first in 1..4_u32) {
        let mut enrolled = enrolment("e-1", first, None, false, "autumn");
        enrolled.facts.attempts_left = AttemptsLeft::Left(allowed);
        let mut planned = Planned { deelnames: 1, extra_attempts: 0, highest: first };
        let mut numbers = Vec::new();
        for _ in 0..asked {
            if let Ok(Attempt::Extra { number }) = plan(&enrolled, planned, true, true) {
                prop_assert!(!numbers.contains(&number) && number > first);
                numbers.push(number);
                planned.extra_attempts += 1;
                planned.highest = number;
            }
        }
        prop_assert_eq!(numbers.len(), usize::try_from(allowed.min(asked)).unwrap());
    }

    /// R8: only what was made here is made there; what the student system knows is never put anew, and the number and
    /// the original go along whatever the model.
    #[test]
    fn a_result_goes_to_what_is_known_or_to_one_new_association(
        model in proptest::sample::select(Model::ALL.to_vec()),
        number in 2..6_u32,
        made_here in any::<bool>(),
        others in proptest::collection::vec((1..6_u32, any::<bool>()), 0..5),
    ) {
        let served = enrolment("served", number, Some("e-1"), made_here, "autumn");
        let others: Vec<Association> = others
            .iter()
            .enumerate()
            .map(|(place, (number, made_here))| enrolment(&format!("o-{place}"), *number, None, *made_here, "spring"))
            .collect();
        let to = destination(model, &served, &others);
        prop_assert_eq!((to.attempt, to.original.as_str()), (number, "e-1"));
        if to.put {
            prop_assert!(made_here);
            prop_assert_eq!(to.association, "served");
        } else {
            let known = to.association == "e-1"
                || (to.association == "served" && !made_here)
                || others.iter().any(|it| it.id == to.association && !it.is_own_extra_attempt() && it.attempt() == number);
            prop_assert!(known, "{} is not known there", to.association);
        }
    }

    /// Invariant 4: the order in which results arrive decides nothing; a decision counts before all, a candidate who
    /// came before one who did not.
    #[test]
    fn the_same_result_counts_in_whatever_order(rivals in proptest::collection::vec(a_rival(), 1..6)) {
        let ids: Vec<String> = (0..rivals.len()).map(|place| format!("d-{place}")).collect();
        let mut all: Vec<Rival<'_>> = rivals
            .iter()
            .zip(&ids)
            .map(|((standing, decided, result), deelname)| Rival {
                deelname,
                standing: *standing,
                decided: *decided,
                result,
            })
            .collect();
        let first = *counting(&all).unwrap();
        all.reverse();
        prop_assert_eq!(counting(&all).unwrap().deelname, first.deelname);
        prop_assert!(first.decided || all.iter().all(|it| !it.decided));
        let came = |it: &Rival<'_>| it.result.state == ResultState::Completed && !is_no_show(it.result);
        prop_assert!(first.decided || came(&first) || all.iter().all(|it| !came(it)));
    }
}
