//! Where a result stands with the examencommissie, and the steps between: decide, correct, withdraw. Each step takes the
//! head and returns the next one.

use super::model::{Normed, ResultState};
use super::result::{Decided, Head, Hold, Judgement, Version};

/// Why a step can't be taken now; the sentence goes on after "the result of deelname …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// Somebody saw another version.
    #[error("has changed since you saw it (version {seen} is now {present}): look again")]
    Changed {
        /// The version that was seen.
        seen: i64,
        /// The present one.
        present: i64,
    },
    /// Decided elsewhere (R11).
    #[error("has been decided upstream (final), and nobody here decides over that")]
    Upstream,
    /// Decided here.
    #[error("has been vastgesteld already")]
    Already,
    /// Changed after the decision.
    #[error("was changed after vaststelling: propose the correction, which another person then approves")]
    TakesTwo,
    /// Waits for something else.
    #[error("is held ({}): see its task for the next step", .0.name())]
    Held(Hold),
    /// Read back first.
    #[error("is being read back: wait for that")]
    Aside,
    /// In progress, postponed or queued.
    #[error("is not completed yet")]
    NotCompleted,
    /// Before the cesuur.
    #[error("has no cesuur yet")]
    NotNormed,
    /// There is nothing to correct.
    #[error("was not changed after vaststelling: there is nothing to correct")]
    NotChanged,
    /// There is nothing to withdraw.
    #[error("has not been vastgesteld here: there is nothing to withdraw")]
    NotDecided,
}

fn is_seen(head: &Head, seen: i64) -> Result<(), NotNow> {
    if head.seq == seen {
        return Ok(());
    }
    Err(NotNow::Changed {
        seen,
        present: head.seq,
    })
}

fn is_completed(version: &Version) -> bool {
    version.delivered.result.state == ResultState::Completed
}

fn is_ready(head: &Head, is_completed: bool) -> Result<(), NotNow> {
    if !is_completed {
        return Err(NotNow::NotCompleted);
    }
    match head.normed {
        Normed::No => Err(NotNow::NotNormed),
        Normed::Yes | Normed::Unknown => Ok(()),
    }
}

/// Whether one person may decide on the present version. A change of what was decided takes two ([`may_correct`]).
///
/// # Errors
/// [`NotNow`].
pub fn may_decide(head: &Head, version: &Version, seen: i64) -> Result<(), NotNow> {
    is_seen(head, seen)?;
    may_be_decided(head, is_completed(version))
}

/// The same of what is present, for lists that read no version: whether that is completed will do.
///
/// # Errors
/// [`NotNow`].
pub fn may_be_decided(head: &Head, is_completed: bool) -> Result<(), NotNow> {
    match (head.decided, head.judgement) {
        (Decided::Upstream, _) => return Err(NotNow::Upstream),
        (Decided::Vastgesteld, Judgement::Held(Hold::ChangedAfterDecision)) => return Err(NotNow::TakesTwo),
        (Decided::Vastgesteld, Judgement::Accepted) => return Err(NotNow::Already),
        (_, Judgement::Held(hold)) => return Err(NotNow::Held(hold)),
        (_, Judgement::Aside) => return Err(NotNow::Aside),
        (Decided::Undecided | Decided::Withdrawn, Judgement::Accepted) => {}
    }
    is_ready(head, is_completed)
}

/// Whether the present version may be proposed in the place of the one that was decided on.
///
/// # Errors
/// [`NotNow`].
pub fn may_correct(head: &Head, version: &Version, seen: i64) -> Result<(), NotNow> {
    is_seen(head, seen)?;
    match (head.decided, head.judgement) {
        (Decided::Upstream, _) => return Err(NotNow::Upstream),
        (Decided::Vastgesteld, Judgement::Held(Hold::ChangedAfterDecision)) => {}
        (_, Judgement::Held(hold)) => return Err(NotNow::Held(hold)),
        _ => return Err(NotNow::NotChanged),
    }
    is_ready(head, is_completed(version))
}

/// Whether the vaststelling may be withdrawn.
///
/// # Errors
/// [`NotNow`].
pub fn may_withdraw(head: &Head) -> Result<(), NotNow> {
    match head.decided {
        Decided::Vastgesteld => Ok(()),
        Decided::Upstream => Err(NotNow::Upstream),
        Decided::Undecided | Decided::Withdrawn => Err(NotNow::NotDecided),
    }
}

/// The head after its present version was decided on, first or by a correction.
#[must_use]
pub fn decided(head: Head, decision: &str) -> Head {
    Head {
        judgement: Judgement::Accepted,
        decided: Decided::Vastgesteld,
        decided_seq: Some(head.seq),
        decided_mapping: head.mapping.clone(),
        decision: Some(decision.to_owned()),
        ..head
    }
}

/// The head after its vaststelling was withdrawn; the caller judges its present version again, since it may have been
/// held against that decision.
#[must_use]
pub fn withdrawn(head: Head, decision: &str) -> Head {
    Head {
        decided: Decided::Withdrawn,
        decided_seq: None,
        decided_mapping: None,
        decision: Some(decision.to_owned()),
        ..head
    }
}

/// A version and the scale map that made its score what it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counting<'a> {
    /// The version.
    pub version: &'a Version,
    /// The scale map that converts it.
    pub mapping: Option<&'a str>,
}

/// The version that counts for the student system now: the one that was decided on, else the newest accepted one.
#[must_use]
pub fn counting<'a>(head: &'a Head, versions: &'a [Version]) -> Option<Counting<'a>> {
    let version = |seq: i64| versions.iter().find(|version| version.seq == seq);
    if head.judgement == Judgement::Accepted {
        return version(head.seq).map(|version| Counting {
            version,
            mapping: head.mapping.as_deref(),
        });
    }
    if head.decided.stands() {
        return head.decided_seq.and_then(version).map(|version| Counting {
            version,
            mapping: head.decided_mapping.as_deref(),
        });
    }
    versions
        .iter()
        .rev()
        .find(|version| version.seq < head.seq && version.judgement == Judgement::Accepted)
        .map(|version| Counting {
            version,
            mapping: version.mapping.as_deref(),
        })
}
