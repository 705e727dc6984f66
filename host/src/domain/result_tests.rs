//! How deliveries are judged, story by story.

use super::*;
use crate::domain::scale_map::tests::percentages;
use crate::domain::sending::{Exam, FinalConflict, Outgoing, Policy, SendPolicy, outgoing};
use crate::domain::standing;

/// A result on the day the stories play.
pub(in crate::domain) fn result(state: ResultState, score: Option<&str>) -> ExamResult {
    ExamResult {
        state,
        attendance: Attendance::Present,
        pass: None,
        comment: None,
        score: score.map(str::to_owned),
        result_date: Some(day()),
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

fn day() -> Date {
    jiff::civil::date(2026, 3, 4)
}

fn delivered(result: ExamResult) -> Delivered {
    Delivered {
        result,
        normed: Normed::Unknown,
        examenversie: None,
    }
}

fn completed(score: &str) -> Delivered {
    delivered(result(ResultState::Completed, Some(score)))
}

const GRADES: Yardstick<'static> = Yardstick {
    component: Some(&ResultValueType::DecimalToTen),
    enrolment: Some(&ResultValueType::DecimalToTen),
    cesuur: None,
    mapping: None,
};

/// A deelname whose deliveries are judged one after the other, as the verb does.
#[derive(Default)]
struct Story {
    versions: Vec<Version>,
    head: Option<Head>,
}

impl Story {
    fn arrives(&mut self, delivered: Delivered, source: Source, yardstick: Yardstick<'_>) -> Verdict {
        let verdict = judge(delivered, source, self.present(), yardstick, day());
        if let Verdict::Kept(judged) = verdict.clone() {
            let Judged {
                delivered,
                judgement,
                normed,
                mapping,
                decided,
            } = *judged;
            let seq = i64::try_from(self.versions.len()).unwrap() + 1;
            self.versions.push(Version {
                association: "a".to_owned(),
                seq,
                delivered,
                judgement,
                source,
                message: None,
                revision: None,
                mapping: mapping.clone(),
                received_at: Timestamp::UNIX_EPOCH,
            });
            let head = self.head.take();
            self.head = Some(match head {
                Some(head) if judgement == Judgement::Aside => head,
                head => Head {
                    association: "a".to_owned(),
                    peer: "toa".to_owned(),
                    component: "c".to_owned(),
                    examenversie: "c".to_owned(),
                    seq,
                    judgement,
                    normed,
                    mapping,
                    decided,
                    decided_seq: head.as_ref().and_then(|head| head.decided_seq),
                    decided_mapping: head.and_then(|head| head.decided_mapping),
                    decision: None,
                    sent_seq: None,
                    confirmed_seq: None,
                    version: 1,
                },
            });
        }
        verdict
    }

    fn push(&mut self, delivered: Delivered) -> Judgement {
        match self.arrives(delivered, Source::Push, GRADES) {
            Verdict::Kept(judged) => judged.judgement,
            Verdict::Repeated => panic!("was repeated"),
        }
    }

    fn decide(&mut self) {
        self.head = self.head.take().map(|head| standing::decided(head, "d"));
    }

    fn present(&self) -> Option<Present<'_>> {
        let head = self.head.as_ref()?;
        let version = |seq: i64| self.versions.iter().find(|version| version.seq == seq);
        Some(Present {
            head,
            version: version(head.seq)?,
            newest: self.versions.last()?,
            decided: head.decided_seq.and_then(version),
        })
    }
}

fn judgement_of(verdict: &Verdict) -> Option<Judgement> {
    match verdict {
        Verdict::Kept(judged) => Some(judged.judgement),
        Verdict::Repeated => None,
    }
}

/// R10.
#[test]
fn the_same_delivery_twice_says_nothing_new() {
    let mut story = Story::default();
    assert_eq!(story.push(completed("5.4")), Judgement::Accepted);
    assert_eq!(story.arrives(completed("5.4"), Source::Push, GRADES), Verdict::Repeated);
    assert_eq!(story.versions.len(), 1);
}

/// R10: sameness is judged against the present state, not against history.
#[test]
fn a_score_that_returns_is_a_correction_and_no_repeat() {
    let mut story = Story::default();
    for score in ["5.4", "5.6", "5.4"] {
        assert_eq!(story.push(completed(score)), Judgement::Accepted);
    }
    assert_eq!(story.head.unwrap().seq, 3);
}

/// R10.
#[test]
fn in_progress_after_completed_lies_aside_until_read_back() {
    let mut story = Story::default();
    story.push(completed("7.0"));
    let back = delivered(result(ResultState::InProgress, None));
    assert_eq!(story.push(back.clone()), Judgement::Aside);
    assert_eq!(story.head.as_ref().unwrap().seq, 1, "the completed result stands");
    assert_eq!(story.arrives(back.clone(), Source::Push, GRADES), Verdict::Repeated);

    let read = story.arrives(back, Source::ReadBack, GRADES);
    assert_eq!(judgement_of(&read), Some(Judgement::Accepted));
    assert_eq!(story.head.unwrap().seq, 3, "the vendor really stepped back");
}

/// N#164, R22.
#[test]
fn a_percentage_on_a_scale_of_grades_is_held_and_a_restated_grade_is_not() {
    let mut story = Story::default();
    assert_eq!(story.push(completed("53")), Judgement::Held(Hold::OffScale));
    assert_eq!(story.push(completed("5.3")), Judgement::Accepted);
}

/// R22: flow 3 by the component's scale, flow 5 by the planbare toets'.
#[test]
fn a_score_that_the_planbare_toets_can_not_carry_is_held() {
    let scales = Yardstick {
        component: Some(&ResultValueType::ZeroToHundred),
        enrolment: Some(&ResultValueType::DecimalToTen),
        cesuur: None,
        mapping: None,
    };
    let verdict = judge(completed("53"), Source::Push, None, scales, day());
    assert_eq!(judgement_of(&verdict), Some(Judgement::Held(Hold::OffEnrolmentScale)));
}

#[test]
fn a_score_that_is_not_normed_is_held_though_it_fits_its_scale() {
    let mut story = Story::default();
    let early = Delivered {
        normed: Normed::No,
        ..completed("5.3")
    };
    assert_eq!(story.push(early), Judgement::Held(Hold::NotNormed));
    let attendance = Delivered {
        normed: Normed::No,
        ..delivered(result(ResultState::InProgress, None))
    };
    assert_eq!(
        Story::default().push(attendance),
        Judgement::Accepted,
        "attendance needs no cesuur"
    );
}

#[test]
fn an_entered_cesuur_speaks_where_the_delivery_is_silent_and_not_against_it() {
    let not_yet = Yardstick {
        cesuur: Some(Normed::No),
        ..GRADES
    };
    let done = Yardstick {
        cesuur: Some(Normed::Yes),
        ..GRADES
    };
    let mut story = Story::default();
    story.arrives(completed("5.3"), Source::Push, not_yet);
    let version = &story.versions[0];
    assert_eq!(version.judgement, Judgement::Held(Hold::NotNormed));
    let again = judge_again(version, story.present().unwrap(), done);
    assert_eq!((again.judgement, again.normed), (Judgement::Accepted, Normed::Yes));

    let mut said = Story::default();
    said.push(Delivered {
        normed: Normed::No,
        ..completed("5.3")
    });
    let again = judge_again(&said.versions[0], said.present().unwrap(), done);
    assert_eq!(
        again.judgement,
        Judgement::Held(Hold::NotNormed),
        "it has to be delivered again"
    );
}

/// R12.
#[test]
fn a_completed_result_without_its_required_parts_is_held_and_an_attendance_is_filled() {
    let mut undated = completed("6.0");
    undated.result.result_date = None;
    assert_eq!(Story::default().push(undated), Judgement::Held(Hold::NoResultDate));
    let empty = delivered(result(ResultState::Completed, None));
    assert_eq!(Story::default().push(empty), Judgement::Held(Hold::NoOutcome));

    let mut attendance = delivered(result(ResultState::InProgress, None));
    attendance.result.result_date = None;
    let mut story = Story::default();
    assert_eq!(story.push(attendance.clone()), Judgement::Accepted);
    assert_eq!(story.versions[0].delivered.result.result_date, Some(day()));
    assert_eq!(story.arrives(attendance, Source::Push, GRADES), Verdict::Repeated);
}

#[test]
fn absent_and_completed_needs_no_score() {
    let mut absent = delivered(result(ResultState::Completed, None));
    absent.result.attendance = Attendance::NotPresent;
    assert_eq!(Story::default().push(absent), Judgement::Accepted);
}

/// R11.
#[test]
fn a_result_that_arrives_final_is_decided_upstream() {
    let mut story = Story::default();
    let mut last = completed("6.5");
    last.result.r#final = true;
    story.push(last);
    assert_eq!(story.head.as_ref().unwrap().decided, Decided::Upstream);
    assert_eq!(story.push(completed("6.6")), Judgement::Held(Hold::FinalWithdrawn));
}

#[test]
fn a_result_that_changes_after_vaststelling_is_held_until_decided_again() {
    let mut story = Story::default();
    story.push(completed("5.4"));
    story.decide();
    assert_eq!(
        story.push(completed("5.6")),
        Judgement::Held(Hold::ChangedAfterDecision)
    );

    let mut confirmed = completed("5.4");
    confirmed.result.r#final = true;
    assert_eq!(
        story.push(confirmed),
        Judgement::Accepted,
        "upstream only confirms what was decided here"
    );
    assert_eq!(story.head.unwrap().decided, Decided::Vastgesteld);
}

/// R11, N#178.
#[test]
fn the_policy_says_what_goes_to_the_student_system() {
    let result = result(ResultState::Completed, Some("7.5"));
    let by = |send| Policy {
        send,
        ..Policy::default()
    };
    let exam = |final_allowed| Exam {
        final_allowed,
        scale: Some(&ResultValueType::DecimalToTen),
    };
    let send = |decided, policy, allowed| outgoing(&result, decided, policy, exam(allowed));
    let after = by(SendPolicy::AfterVaststelling);
    assert_eq!(send(Decided::Undecided, after, true), Outgoing::Waits);

    let attendance = send(Decided::Undecided, by(SendPolicy::Attendance), true)
        .result()
        .unwrap();
    assert_eq!((attendance.state, attendance.score), (ResultState::InProgress, None));

    let provisional = send(Decided::Undecided, Policy::default(), true).result().unwrap();
    assert!(!provisional.r#final && provisional.score.is_some());

    let decided = send(Decided::Vastgesteld, by(SendPolicy::Attendance), true)
        .result()
        .unwrap();
    assert!(decided.r#final && decided.score.is_some());

    let not_allowed = send(Decided::Upstream, Policy::default(), false);
    assert!(matches!(not_allowed, Outgoing::Goes { downgraded: true, .. }));
    assert!(!not_allowed.result().unwrap().r#final);

    let hold = Policy {
        final_conflict: FinalConflict::Hold,
        ..Policy::default()
    };
    assert_eq!(send(Decided::Upstream, hold, false), Outgoing::Conflicts);

    let withdrawn = send(Decided::Withdrawn, after, true).result().unwrap();
    assert!(
        !withdrawn.r#final && withdrawn.score.is_some(),
        "must hear that it is not final"
    );
}

/// N#175: by the map that two people approved, and by nothing else; also what looks like a grade is a percentage then.
#[test]
fn a_scale_map_judges_every_score_and_what_has_no_row_is_held() {
    let map = percentages();
    let mapped = Yardstick {
        mapping: Some(&map),
        ..GRADES
    };
    let mut story = Story::default();
    story.arrives(completed("53"), Source::Push, mapped);
    assert_eq!(story.versions[0].judgement, Judgement::Accepted);
    assert_eq!(story.head.as_ref().unwrap().mapping.as_deref(), Some("map"));
    assert_eq!(map.convert(&completed("7").result), Converted::To("1.0".to_owned()));

    let beyond = judge(completed("101"), Source::Push, None, mapped, day());
    assert_eq!(judgement_of(&beyond), Some(Judgement::Held(Hold::NoRowInMap)));

    story.decide();
    let held = story.arrives(completed("54"), Source::Push, mapped);
    assert_eq!(
        judgement_of(&held),
        Some(Judgement::Held(Hold::ChangedAfterDecision)),
        "though both give 5.5"
    );
    story.arrives(completed("53"), Source::Push, GRADES);
    let head = story.head.unwrap();
    assert_eq!(
        (head.judgement, head.mapping.as_deref()),
        (Judgement::Accepted, Some("map")),
        "restated: by the map that was in force when it was decided on"
    );
}
