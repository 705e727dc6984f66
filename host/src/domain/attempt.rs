//! Attempts: whether an enrolment may be planned, and as which attempt (R8, R9).

use super::association::Association;
use super::model::AttemptsLeft;

/// What planning an enrolment comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The enrolment itself.
    Enrolled,
    /// A new one, for which an enrolment is made here (R8).
    Extra {
        /// Its number; the enrolment itself is the first.
        number: u32,
    },
}

/// Why an enrolment can't be planned. The sentence is for the planner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttemptRefused {
    /// Cancelled by the student system.
    #[error("enrolment {0} has been cancelled by the student system")]
    Canceled(String),
    /// There is a deelname already.
    #[error("enrolment {0} already has a deelname; ask for an extra attempt to plan another")]
    Planned(String),
    /// An extra attempt starts from the original enrolment.
    #[error("enrolment {extra} is itself an extra attempt; ask on the original enrolment {original}")]
    NotOriginal {
        /// The enrolment asked for.
        extra: String,
        /// The one to ask on.
        original: String,
    },
    /// The student system allows no more (`attemptLeft`).
    #[error(
        "the student system allows {allowed} extra attempt(s) on enrolment {enrolment} and {planned} have been planned"
    )]
    NoneLeft {
        /// The original enrolment.
        enrolment: String,
        /// `attemptLeft`.
        allowed: u32,
        /// Made here so far.
        planned: u32,
    },
    /// The student system has not said, and nobody has confirmed.
    #[error(
        "the student system has not said how many attempts are left on enrolment {0}; confirm the extra attempt yourself"
    )]
    Unconfirmed(String),
}

/// What is planned on an enrolment so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Planned {
    /// Deelnames that stand on the enrolment itself.
    pub deelnames: u32,
    /// Extra attempts made here that stand.
    pub extra_attempts: u32,
    /// The highest attempt number known, of the student system or made here.
    pub highest: u32,
}

/// Decides whether an enrolment may be planned. `confirmed` says that the planner takes an extra attempt upon
/// themselves where the student system has not said how many are left (R9).
///
/// # Errors
/// [`AttemptRefused`].
pub fn plan(
    enrolment: &Association,
    planned: Planned,
    extra: bool,
    confirmed: bool,
) -> Result<Attempt, AttemptRefused> {
    if enrolment.is_canceled() {
        return Err(AttemptRefused::Canceled(enrolment.id.clone()));
    }
    if !extra {
        return match planned.deelnames {
            0 => Ok(Attempt::Enrolled),
            _ => Err(AttemptRefused::Planned(enrolment.id.clone())),
        };
    }
    if enrolment.is_own_extra_attempt() {
        return Err(AttemptRefused::NotOriginal {
            extra: enrolment.id.clone(),
            original: enrolment.facts.org_association_id.clone().unwrap_or_default(),
        });
    }
    let number = planned.highest.max(enrolment.attempt()) + 1;
    match enrolment.facts.attempts_left {
        AttemptsLeft::Unlimited => Ok(Attempt::Extra { number }),
        AttemptsLeft::Unknown if confirmed => Ok(Attempt::Extra { number }),
        AttemptsLeft::Unknown => Err(AttemptRefused::Unconfirmed(enrolment.id.clone())),
        AttemptsLeft::Left(allowed) if planned.extra_attempts < allowed => Ok(Attempt::Extra { number }),
        AttemptsLeft::Left(allowed) => Err(AttemptRefused::NoneLeft {
            enrolment: enrolment.id.clone(),
            allowed,
            planned: planned.extra_attempts,
        }),
    }
}
