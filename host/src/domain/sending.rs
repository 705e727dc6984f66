//! What goes on to the student system (flow 5), and by which policy: of the school, a unit or one exam.

use oke_codec::scale::{self, Fit};

use super::model::{ExamResult, ResultState, ResultValueType};
use super::result::Decided;

/// When flow 5 is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SendPolicy {
    /// Attendance at once, the score only after vaststelling.
    Attendance,
    /// Everything that is accepted, as provisional until vaststelling.
    #[default]
    Provisional,
    /// Nothing before vaststelling.
    AfterVaststelling,
}

impl SendPolicy {
    /// All of them.
    pub const ALL: [SendPolicy; 3] = [
        SendPolicy::Attendance,
        SendPolicy::Provisional,
        SendPolicy::AfterVaststelling,
    ];

    /// As it is kept in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SendPolicy::Attendance => "attendance",
            SendPolicy::Provisional => "provisional",
            SendPolicy::AfterVaststelling => "after-vaststelling",
        }
    }

    /// Reads [`SendPolicy::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<SendPolicy> {
        SendPolicy::ALL.into_iter().find(|policy| policy.name() == name)
    }
}

/// Which leads when a result was decided on and the planbare toets says `finalResultsAllowed: false` (N#178).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FinalConflict {
    /// The planbare toets: the result goes as provisional, with a task.
    #[default]
    Downgrade,
    /// The decision: the result waits, with a task, until the planbare toets allows it.
    Hold,
}

impl FinalConflict {
    /// Both.
    pub const ALL: [FinalConflict; 2] = [FinalConflict::Downgrade, FinalConflict::Hold];

    /// As it is kept in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FinalConflict::Downgrade => "downgrade",
            FinalConflict::Hold => "hold",
        }
    }

    /// Reads [`FinalConflict::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<FinalConflict> {
        FinalConflict::ALL.into_iter().find(|policy| policy.name() == name)
    }
}

/// What a school, a unit or an exam says of its own; where it is silent, what lies around it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Said {
    /// When flow 5 is sent.
    pub send: Option<SendPolicy>,
    /// Which leads when a decision and `finalResultsAllowed` conflict.
    pub final_conflict: Option<FinalConflict>,
    /// Whether an absence counts as an attempt.
    pub no_show_counts: Option<bool>,
}

/// The policy that holds for an exam.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// When flow 5 is sent.
    pub send: SendPolicy,
    /// Which leads when a decision and `finalResultsAllowed` conflict.
    pub final_conflict: FinalConflict,
    /// Whether an absence counts as an attempt.
    pub no_show_counts: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            send: SendPolicy::default(),
            final_conflict: FinalConflict::default(),
            no_show_counts: true,
        }
    }
}

impl Policy {
    /// The policy that follows from what was said, outermost first: school, units, exam.
    #[must_use]
    pub fn of(said: &[Said]) -> Policy {
        said.iter().fold(Policy::default(), |policy, said| Policy {
            send: said.send.unwrap_or(policy.send),
            final_conflict: said.final_conflict.unwrap_or(policy.final_conflict),
            no_show_counts: said.no_show_counts.unwrap_or(policy.no_show_counts),
        })
    }
}

/// What the planbare toets says of its results.
#[derive(Debug, Clone, Copy)]
pub struct Exam<'a> {
    /// `finalResultsAllowed`; true when absent (R11).
    pub final_allowed: bool,
    /// The scale that judges flow 5 (R22).
    pub scale: Option<&'a ResultValueType>,
}

/// What flow 5 carries of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// Nothing yet: the policy says to wait.
    Waits,
    /// Nothing: it was decided on, the planbare toets allows no final results, and the policy says to hold (N#178).
    Conflicts,
    /// Nothing: its score is no value of the planbare toets' scale (R22).
    OffScale,
    /// The result as the student system gets it.
    Goes {
        /// The result.
        result: Box<ExamResult>,
        /// Decided, but sent as provisional, since the planbare toets allows no final results (N#178).
        downgraded: bool,
    },
}

impl Outgoing {
    /// The result, where one goes.
    #[must_use]
    pub fn result(self) -> Option<ExamResult> {
        match self {
            Outgoing::Goes { result, .. } => Some(*result),
            Outgoing::Waits | Outgoing::Conflicts | Outgoing::OffScale => None,
        }
    }
}

/// What goes to the student system of a result that counts. One whose vaststelling was withdrawn goes as provisional
/// whatever the policy: the student system holds it as final and must hear that it is not.
#[must_use]
pub fn outgoing(result: &ExamResult, decided: Decided, policy: Policy, exam: Exam<'_>) -> Outgoing {
    let is_decided = decided.stands();
    if is_decided && !exam.final_allowed && policy.final_conflict == FinalConflict::Hold {
        return Outgoing::Conflicts;
    }
    let sent = ExamResult {
        r#final: is_decided && exam.final_allowed,
        ..result.clone()
    };
    let whole = is_decided || decided == Decided::Withdrawn;
    let sent = match policy.send {
        _ if whole => sent,
        SendPolicy::AfterVaststelling => return Outgoing::Waits,
        SendPolicy::Provisional => sent,
        SendPolicy::Attendance => attendance_of(sent),
    };
    if is_off(sent.score.as_deref(), exam.scale) {
        return Outgoing::OffScale;
    }
    Outgoing::Goes {
        result: Box::new(sent),
        downgraded: is_decided && !exam.final_allowed,
    }
}

/// Whether a score is surely no value of a scale.
#[must_use]
pub fn is_off(score: Option<&str>, scale: Option<&ResultValueType>) -> bool {
    match (score, scale) {
        (Some(score), Some(scale)) => matches!(scale::fits(score, scale), Fit::No(_)),
        _ => false,
    }
}

fn attendance_of(result: ExamResult) -> ExamResult {
    ExamResult {
        state: ResultState::InProgress,
        pass: None,
        comment: None,
        score: None,
        raw_score: None,
        max_raw_score: None,
        documents: Vec::new(),
        ..result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The nearest word counts, each by itself.
    #[test]
    fn an_exam_goes_before_its_unit_and_a_unit_before_the_school() {
        let school = Said {
            send: Some(SendPolicy::AfterVaststelling),
            no_show_counts: Some(false),
            ..Said::default()
        };
        let unit = Said {
            final_conflict: Some(FinalConflict::Hold),
            ..Said::default()
        };
        let exam = Said {
            send: Some(SendPolicy::Attendance),
            ..Said::default()
        };
        let policy = Policy::of(&[school, unit, exam]);
        assert_eq!(policy.send, SendPolicy::Attendance);
        assert_eq!(policy.final_conflict, FinalConflict::Hold);
        assert!(!policy.no_show_counts);
        assert_eq!(Policy::of(&[]), Policy::default());
    }
}
