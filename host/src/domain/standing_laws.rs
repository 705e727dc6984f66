//! Laws over the life of a result: in whatever order deliveries, decisions, corrections and withdrawals come, what was
//! decided stays decided until two people undo it, history only grows, and no score off the scale is sent on.

use jiff::Timestamp;
use proptest::prelude::*;

use super::model::{ExamResult, Normed, ResultState, ResultValueType};
use super::principal::Account;
use super::proposal::{Proposal, ProposalKind};
use super::result::{Again, judge_again};
use super::result::{Decided, Delivered, Head, Judged, Judgement, Present, Source, Verdict, Version, Yardstick, judge};
use super::scale_map::tests::percentages;
use super::scale_map::{Converted, ScaleMap};
use super::sending::{Exam, FinalConflict, Outgoing, Policy, SendPolicy, is_off, outgoing};
use super::standing;

const PEOPLE: [&str; 3] = ["an", "bo", "cas"];
const SCORES: [Option<&str>; 7] = [
    Some("5.4"),
    Some("5.6"),
    Some("53"),
    Some("100"),
    Some("101"),
    Some("goed"),
    None,
];

/// Anything that can happen to a result.
#[derive(Debug, Clone)]
enum Step {
    Arrives {
        score: usize,
        state: bool,
        last: bool,
        normed: Normed,
        source: Source,
    },
    Decide(usize),
    Propose(usize, ProposalKind),
    Confirm(usize),
    Cesuur(Option<Normed>),
    Map(bool),
    JudgeAgain,
}

fn step() -> impl Strategy<Value = Step> {
    let normed = prop_oneof![Just(Normed::Yes), Just(Normed::No), Just(Normed::Unknown)];
    let source = prop_oneof![
        Just(Source::Push),
        Just(Source::Poll),
        Just(Source::ReadBack),
        Just(Source::File)
    ];
    let kind = prop_oneof![Just(ProposalKind::Correction), Just(ProposalKind::Withdrawal)];
    let who = 0..PEOPLE.len();
    prop_oneof![
        6 => (0..SCORES.len(), prop::bool::weighted(0.9), prop::bool::weighted(0.1), normed.clone(), source).prop_map(
            |(score, state, last, normed, source)| Step::Arrives { score, state, last, normed, source }
        ),
        4 => who.clone().prop_map(Step::Decide),
        3 => (who.clone(), kind).prop_map(|(who, kind)| Step::Propose(who, kind)),
        3 => who.prop_map(Step::Confirm),
        1 => prop::option::of(normed).prop_map(Step::Cesuur),
        1 => any::<bool>().prop_map(Step::Map),
        1 => Just(Step::JudgeAgain),
    ]
}

fn result(score: Option<&str>, completed: bool, last: bool) -> ExamResult {
    let state = if completed {
        ResultState::Completed
    } else {
        ResultState::InProgress
    };
    ExamResult {
        r#final: last,
        ..super::result::tests::result(state, score)
    }
}

fn account(who: usize) -> Account {
    Account {
        id: PEOPLE[who].to_owned(),
        person_id: None,
        codes: Vec::new(),
        assignments: Vec::new(),
    }
}

/// A result as the verbs keep it.
#[derive(Default)]
struct Life {
    versions: Vec<Version>,
    head: Option<Head>,
    proposal: Option<Proposal>,
    decided_by: Option<usize>,
    decisions: u32,
    cesuur: Option<Normed>,
    mapped: bool,
}

impl Life {
    fn take(&mut self, step: &Step, map: &ScaleMap) {
        match step {
            Step::Arrives {
                score,
                state,
                last,
                normed,
                source,
            } => {
                let delivered = Delivered {
                    result: result(SCORES[*score], *state, *last),
                    normed: *normed,
                    examenversie: None,
                };
                self.arrives(delivered, *source, map);
            }
            Step::Decide(who) => self.decide(*who),
            Step::Propose(who, kind) => self.propose(*who, *kind),
            Step::Confirm(who) => self.confirm(*who, map),
            Step::Cesuur(cesuur) => self.cesuur = *cesuur,
            Step::Map(mapped) => self.mapped = *mapped,
            Step::JudgeAgain => self.judge_again(map),
        }
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

    fn yardstick<'a>(&self, map: &'a ScaleMap) -> Yardstick<'a> {
        Yardstick {
            component: Some(&ResultValueType::DecimalToTen),
            enrolment: Some(&ResultValueType::DecimalToTen),
            cesuur: self.cesuur,
            mapping: self.mapped.then_some(map),
        }
    }

    fn arrives(&mut self, delivered: Delivered, source: Source, map: &ScaleMap) {
        let day = jiff::civil::date(2026, 3, 4);
        let Verdict::Kept(judged) = judge(delivered, source, self.present(), self.yardstick(map), day) else {
            return;
        };
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
        if judgement == Judgement::Aside && self.head.is_some() {
            return;
        }
        let upstream = decided == Decided::Upstream && judgement == Judgement::Accepted;
        let before = self.head.take();
        let kept = before.as_ref();
        self.head = Some(Head {
            association: "a".to_owned(),
            peer: "toa".to_owned(),
            component: "c".to_owned(),
            examenversie: "c".to_owned(),
            seq,
            judgement,
            normed,
            decided,
            decided_seq: if upstream {
                Some(seq)
            } else {
                kept.and_then(|head| head.decided_seq)
            },
            decided_mapping: if upstream {
                mapping.clone()
            } else {
                kept.and_then(|head| head.decided_mapping.clone())
            },
            mapping,
            decision: kept.and_then(|head| head.decision.clone()),
            sent_seq: None,
            confirmed_seq: None,
            version: 1,
        });
    }

    fn judge_again(&mut self, map: &ScaleMap) {
        let Some(present) = self.present() else { return };
        let Again {
            judgement,
            normed,
            mapping,
        } = judge_again(present.version, present, self.yardstick(map));
        let head = self.head.as_mut().unwrap();
        (head.judgement, head.normed, head.mapping) = (judgement, normed, mapping);
    }

    fn next_decision(&mut self) -> String {
        self.decisions += 1;
        format!("d{}", self.decisions)
    }

    fn decide(&mut self, who: usize) {
        let Some(present) = self.present() else { return };
        if standing::may_decide(present.head, present.version, present.head.seq).is_err() {
            return;
        }
        let (decision, head) = (self.next_decision(), self.head.take().unwrap());
        self.head = Some(standing::decided(head, &decision));
        self.decided_by = Some(who);
    }

    fn propose(&mut self, who: usize, kind: ProposalKind) {
        let Some(present) = self.present() else { return };
        let head = present.head;
        let may = match kind {
            ProposalKind::Correction => standing::may_correct(head, present.version, head.seq),
            ProposalKind::Withdrawal => standing::may_withdraw(head),
        };
        if may.is_err() {
            return;
        }
        self.proposal = Some(Proposal {
            id: "p".to_owned(),
            kind,
            association: "a".to_owned(),
            seq: head.seq,
            decision: head.decision.clone().unwrap(),
            decided_by: PEOPLE[self.decided_by.unwrap()].to_owned(),
            proposer: PEOPLE[who].to_owned(),
            reason: "reden".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            settled: None,
            version: 1,
        });
    }

    fn confirm(&mut self, who: usize, map: &ScaleMap) {
        let (Some(present), Some(proposal)) = (self.present(), self.proposal.clone()) else {
            return;
        };
        let head = present.head;
        let is_about = proposal.is_about(head.seq, head.decision.as_deref());
        if !is_about || proposal.may_be_confirmed_by(&account(who), &[]).is_err() {
            return;
        }
        let may = match proposal.kind {
            ProposalKind::Correction => standing::may_correct(head, present.version, proposal.seq),
            ProposalKind::Withdrawal => standing::may_withdraw(head),
        };
        if may.is_err() {
            return;
        }
        let (decision, head) = (self.next_decision(), self.head.take().unwrap());
        self.proposal = None;
        match proposal.kind {
            ProposalKind::Correction => {
                self.head = Some(standing::decided(head, &decision));
                self.decided_by = Some(who);
            }
            ProposalKind::Withdrawal => {
                self.head = Some(standing::withdrawn(head, &decision));
                self.judge_again(map);
            }
        }
    }

    /// What goes to the student system.
    fn sent(&self, map: &ScaleMap, policy: Policy, final_allowed: bool) -> Outgoing {
        let Some(counting) = self
            .head
            .as_ref()
            .and_then(|head| standing::counting(head, &self.versions))
        else {
            return Outgoing::Waits;
        };
        let mut result = counting.version.delivered.result.clone();
        if counting.mapping.is_some() {
            match map.convert(&result) {
                Converted::To(value) => result.score = Some(value),
                other => panic!("a version names a map that does not convert it: {other:?}"),
            }
        }
        let exam = Exam {
            final_allowed,
            scale: Some(&ResultValueType::DecimalToTen),
        };
        outgoing(&result, self.head.as_ref().unwrap().decided, policy, exam)
    }

    fn all_sent(&self, map: &ScaleMap) -> Vec<Outgoing> {
        let mut all = Vec::new();
        for send in SendPolicy::ALL {
            for final_conflict in FinalConflict::ALL {
                for final_allowed in [true, false] {
                    let policy = Policy {
                        send,
                        final_conflict,
                        no_show_counts: true,
                    };
                    all.push(self.sent(map, policy, final_allowed));
                }
            }
        }
        all
    }

    /// The content that was decided on here, with the map that converts it.
    fn decided_on(&self) -> Option<(ExamResult, Option<String>)> {
        let head = self.head.as_ref().filter(|head| head.decided == Decided::Vastgesteld)?;
        let counting = standing::counting(head, &self.versions)?;
        let result = ExamResult {
            r#final: false,
            ..counting.version.delivered.result.clone()
        };
        Some((result, counting.mapping.map(str::to_owned)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_was_decided_stays_until_two_people_undo_it_and_nothing_off_the_scale_is_sent(
        steps in prop::collection::vec(step(), 1..40)
    ) {
        let map = percentages();
        let mut life = Life::default();
        for step in &steps {
            let (versions, decided) = (life.versions.clone(), life.decided_on());
            let proposer = life.proposal.as_ref().map(|proposal| proposal.proposer.clone());
            let before = life.head.as_ref().map(|head| head.decided);
            life.take(step, &map);

            prop_assert_eq!(&life.versions[..versions.len()], &versions[..], "history only grows");
            if let Some(decided) = decided
                && life.decided_on().as_ref() != Some(&decided)
            {
                let Step::Confirm(who) = step else {
                    return Err(TestCaseError::fail(format!("{step:?} changed what was decided")));
                };
                prop_assert_ne!(Some(PEOPLE[*who]), proposer.as_deref(), "one person changed what was decided");
            }
            let is_upstream = |decided: Option<Decided>| decided == Some(Decided::Upstream);
            if is_upstream(before) && !is_upstream(life.head.as_ref().map(|head| head.decided)) {
                return Err(TestCaseError::fail(format!("{step:?} decided over what was decided upstream")));
            }
            for outgoing in life.all_sent(&map) {
                prop_assert_ne!(&outgoing, &Outgoing::OffScale, "judged as fit, and is not");
                if let Some(result) = outgoing.result() {
                    let off = is_off(result.score.as_deref(), Some(&ResultValueType::DecimalToTen));
                    prop_assert!(!off, "{result:?} was sent");
                    let stands = life.head.as_ref().is_some_and(|head| head.decided.stands());
                    prop_assert!(stands || !result.r#final, "sent as final, and nobody decided");
                }
            }
        }
    }
}
