//! Why a verb of the chain does not do what it was asked. The sentence is for who asked.

use crate::domain::attempt::AttemptRefused;
use crate::domain::duplicate::NotMerged;
use crate::domain::needs::{Obstacle, WrongLine};
use crate::domain::offering::{NotPlannable, WrongTimes};
use crate::domain::principal;
use crate::store::StoreError;
use crate::store::seal::SealError;

use super::CommitError;

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nothing by this id that the caller may see.
    #[error("there is no {kind} `{id}` here")]
    Unknown {
        /// What was asked for.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// The message can't be right: what, where and how to mend it.
    #[error("{0}")]
    Invalid(String),
    /// The state of things stands in the way: what, and what to do.
    #[error("{0}")]
    NotNow(String),
    /// The vendor answers so slowly that somebody would wait too long: how far it got.
    #[error(
        "the vendor answers too slowly: {read} of {of} sittings were read back within {seconds} seconds; split the list, or \
         try again later"
    )]
    TooSlow {
        /// Sittings that were read back.
        read: usize,
        /// Of so many.
        of: usize,
        /// Within so long.
        seconds: u64,
    },
    /// Separation of duties, or a function that is not held.
    #[error(transparent)]
    NotAllowed(#[from] principal::Refusal),
    /// A test that can't serve the planbare toets.
    #[error(transparent)]
    NotPlannable(#[from] NotPlannable),
    /// Times that contradict each other.
    #[error(transparent)]
    WrongTimes(#[from] WrongTimes),
    /// No attempt can be planned.
    #[error(transparent)]
    Attempt(#[from] AttemptRefused),
    /// Enrolments that can't be merged.
    #[error(transparent)]
    NotMerged(#[from] NotMerged),
    /// A table of needs with a line that can't be.
    #[error(transparent)]
    WrongLine(#[from] WrongLine),
    /// Needs that the vendor can't be told.
    #[error("the vendor can't be told of these needs: {}", listed(.0))]
    NeedsNotTold(Vec<Obstacle>),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A content could not be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Refused {
    /// Nothing by this id.
    pub fn unknown(kind: &'static str, id: &str) -> Self {
        Refused::Unknown {
            kind,
            id: id.to_owned(),
        }
    }

    /// Whether the host failed rather than the caller.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Refused::Commit(_) | Refused::Store(_) | Refused::Seal(_))
    }
}

fn listed(obstacles: &[Obstacle]) -> String {
    let why: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
    why.join("; ")
}

impl From<oke_codec::Problems> for Refused {
    fn from(problems: oke_codec::Problems) -> Self {
        Refused::Invalid(problems.to_string())
    }
}
