//! Duplicates: one student enrolled twice for the same exam, mostly for two opleidingen (N#170). A person merges them:
//! one deelname then serves both, and its result goes to each.

use super::association::{Association, AssociationKind};
use super::model::{ResultValueType, Role, TestReference};

/// What was made of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PairState {
    /// Found; nobody has looked yet.
    Found,
    /// One deelname serves both.
    Merged,
    /// A person says they are two.
    Apart,
    /// No pair any more, such as when one was cancelled.
    Ended,
}

impl PairState {
    const ALL: [PairState; 4] = [PairState::Found, PairState::Merged, PairState::Apart, PairState::Ended];

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PairState::Found => "found",
            PairState::Merged => "merged",
            PairState::Apart => "apart",
            PairState::Ended => "ended",
        }
    }

    /// Reads [`PairState::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<PairState> {
        PairState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A toetsinschrijving with what tells whether it is one of two.
#[derive(Debug, Clone, Copy)]
pub struct Enrolled<'a> {
    /// The toetsinschrijving.
    pub association: &'a Association,
    /// Tests that may serve its planbare toets; empty where that has not come.
    pub exam: &'a [TestReference],
    /// Scale of its planbare toets.
    pub scale: Option<&'a ResultValueType>,
    /// Whether there is a result already.
    pub has_result: bool,
}

/// Whether two toetsinschrijvingen are one exam to their student: the same person and attempt, the same planbare toets or
/// the same test, and no result yet (N#170).
#[must_use]
pub fn are_one(one: Enrolled<'_>, other: Enrolled<'_>) -> bool {
    let (here, there) = (one.association, other.association);
    let stands =
        |it: &Association| it.kind == AssociationKind::Enrolment && it.facts.role == Role::Student && !it.is_canceled();
    let same_test = |test: &TestReference| {
        other.exam.iter().any(|it| {
            it.component_id == test.component_id && it.test_provider.eq_ignore_ascii_case(&test.test_provider)
        })
    };
    here.id != there.id
        && stands(here)
        && stands(there)
        && here.facts.person_id == there.facts.person_id
        && here.attempt() == there.attempt()
        && (here.facts.offering_id == there.facts.offering_id || one.exam.iter().any(same_test))
        && !one.has_result
        && !other.has_result
}

/// Why two toetsinschrijvingen can't be merged. The sentence is for who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotMerged {
    /// Not one exam, or not any more.
    #[error(
        "enrolments {0} and {1} are not two of one exam: the student, the test, the attempt differ, one is cancelled, or \
         there is a result already"
    )]
    NotOne(String, String),
    /// Results on two scales can't be one.
    #[error("the planbare toetsen of {0} and {1} have different scales: one result can't go to both")]
    Scales(String, String),
    /// One of them is merged with a third in a way that would make a chain.
    #[error("enrolment {0} is merged with another already; merge with that one, or unmerge first")]
    Chain(String),
    /// The one to give up has a deelname and the one to keep has none.
    #[error("enrolment {0} has a deelname and {1} has none: keep {0} instead")]
    KeepOther(String, String),
    /// The deelname to give up has begun.
    #[error("the sitting of the deelname on enrolment {0} has begun, so that it can't be cancelled: keep {0} instead")]
    Begun(String),
}

/// Whether two may be merged; results are on one scale.
///
/// # Errors
/// [`NotMerged`].
pub fn check_merge(given_up: Enrolled<'_>, kept: Enrolled<'_>) -> Result<(), NotMerged> {
    let names = || (given_up.association.id.clone(), kept.association.id.clone());
    if !are_one(given_up, kept) {
        let (one, other) = names();
        return Err(NotMerged::NotOne(one, other));
    }
    if given_up.scale != kept.scale {
        let (one, other) = names();
        return Err(NotMerged::Scales(one, other));
    }
    Ok(())
}
