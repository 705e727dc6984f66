//! Toetsgroepen as the host keeps them, and who belongs to them (flow 1b, `§4.7`, `§4.8`). A deelname planned from one
//! serves no enrolment, so that no result of it goes to the student system (R26).

use jiff::Timestamp;

use super::model::{Group, Membership, MembershipState};

/// A group, and what the host knows of it beside its facts.
#[derive(Debug, Clone, PartialEq)]
pub struct TestGroup {
    /// Id, by its maker.
    pub id: String,
    /// The student system that made it.
    pub peer: String,
    /// The object itself.
    pub facts: Group,
    /// Last change.
    pub updated_at: Timestamp,
    /// Of the row; 0 before it is kept.
    pub version: i64,
}

/// That a person belongs to a group, and what the host knows of it beside its facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The group.
    pub group: String,
    /// The object itself; it names the person.
    pub facts: Membership,
    /// Last change.
    pub updated_at: Timestamp,
    /// Of the row; 0 before it is kept.
    pub version: i64,
}

impl Member {
    /// Whether it was taken back by the student system (table 4.8.B).
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.facts.state == MembershipState::Canceled
    }
}
