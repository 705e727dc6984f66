//! Attempts: whether an enrolment may be planned, and as which attempt (R8, R9); where the result of each goes, by the
//! way a student system keeps attempts; and which result counts where one enrolment has several.

use jiff::civil::Date;

use super::association::{Association, AssociationKind};
use super::model::{AttemptsLeft, Attendance, ExamResult, ResultState};

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
    /// Deelnames that stand on the enrolment itself and count as an attempt.
    pub deelnames: u32,
    /// Extra attempts made here that stand, count as an attempt, and that the student system had not heard of when it
    /// last said how many are left.
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

/// How a student system keeps the attempts of one student at one exam (S#375, N#148).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Model {
    /// Each opportunity is an offering of its own, with an enrolment for whoever takes it, made by the student system.
    OfferingPerOpportunity,
    /// One offering with an enrolment per opportunity: an extra attempt is a new one, made by PUT (R8).
    #[default]
    AssociationPerOpportunity,
    /// One enrolment that holds all attempts by their number.
    AssociationWithAttempts,
}

impl Model {
    /// All of them.
    pub const ALL: [Model; 3] = [
        Model::OfferingPerOpportunity,
        Model::AssociationPerOpportunity,
        Model::AssociationWithAttempts,
    ];

    /// As it is kept, and as outsiders write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Model::OfferingPerOpportunity => "offering-per-opportunity",
            Model::AssociationPerOpportunity => "association-per-opportunity",
            Model::AssociationWithAttempts => "association-with-attempts",
        }
    }

    /// Reads [`Model::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Model> {
        Model::ALL.into_iter().find(|model| model.name() == name)
    }
}

/// Where the result of an attempt goes at the student system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The association it is written to.
    pub association: String,
    /// That association's offering.
    pub offering: String,
    /// The original enrolment (`orgAssociationId`).
    pub original: String,
    /// Its number.
    pub attempt: u32,
    /// Whether the association is made by the write (PUT), or known there (PATCH).
    pub put: bool,
}

/// Where the result of an enrolment goes (R8). Those of the student system itself take theirs; of an extra attempt that
/// was made here the model decides. `opportunities` are the candidate's enrolments for the same exam; without a fitting
/// one the student system has to take a new association (R7).
#[must_use]
pub fn destination(model: Model, served: &Association, opportunities: &[Association]) -> Destination {
    let original = served.facts.org_association_id.clone();
    let original = original.unwrap_or_else(|| served.id.clone());
    let own = Destination {
        association: served.id.clone(),
        offering: served.facts.offering_id.clone(),
        original: original.clone(),
        attempt: served.attempt(),
        put: served.is_own_extra_attempt(),
    };
    if !own.put {
        return own;
    }
    match model {
        Model::AssociationPerOpportunity => own,
        Model::AssociationWithAttempts => Destination {
            association: original,
            put: false,
            ..own
        },
        Model::OfferingPerOpportunity => {
            let fits = |other: &&Association| {
                other.kind == AssociationKind::Enrolment
                    && !other.is_own_extra_attempt()
                    && !other.is_canceled()
                    && other.id != original
                    && other.facts.person_id == served.facts.person_id
                    && other.attempt() == own.attempt
            };
            match opportunities.iter().filter(fits).min_by_key(|other| &other.id) {
                None => own,
                Some(opportunity) => Destination {
                    association: opportunity.id.clone(),
                    offering: opportunity.facts.offering_id.clone(),
                    put: false,
                    ..own
                },
            }
        }
    }
}

/// Whether a result says that the candidate did not come.
#[must_use]
pub fn is_no_show(result: &ExamResult) -> bool {
    result.state == ResultState::Completed && result.attendance == Attendance::NotPresent
}

/// The result of one of the deelnames that serve an enrolment, as it would go to the student system.
#[derive(Debug, Clone, Copy)]
pub struct Rival<'a> {
    /// The deelname.
    pub deelname: &'a str,
    /// Whether the deelname stands.
    pub standing: bool,
    /// Whether it was decided on, here or upstream.
    pub decided: bool,
    /// What would be sent.
    pub result: &'a ExamResult,
}

/// Which of the results on one enrolment counts at the student system, which holds one (a deelname was cancelled and
/// taken all the same, and another was planned): one that was decided on; else one that is completed of a candidate who
/// came; else a completed one; else that of a deelname that stands; else the newest. The order in which they arrive
/// decides nothing.
#[must_use]
pub fn counting<'r, 'a>(rivals: &'r [Rival<'a>]) -> Option<&'r Rival<'a>> {
    let rank = |rival: &Rival<'a>| -> (bool, bool, bool, bool, Option<Date>, &'a str) {
        let completed = rival.result.state == ResultState::Completed;
        (
            rival.decided,
            completed && !is_no_show(rival.result),
            completed,
            rival.standing,
            rival.result.result_date,
            rival.deelname,
        )
    };
    rivals.iter().max_by_key(|rival| rank(rival))
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
