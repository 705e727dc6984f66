//! Group and membership (`§4.7`, `§4.8`): a toetsgroep that a student system knows, without enrolments (R26).

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Code, Opaque, Role};

open_list! {
    /// State of a membership (table 4.8.B).
    MembershipState {
        /// Belongs to the group.
        Active,
        /// Taken back.
        Canceled,
    }
}

/// A toetsgroep (`§4.7`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Made by the student system.
    pub group_id: String,
    /// `learning group`, `class` or `team`; kept as written.
    pub group_type: String,
    /// Recognisable code.
    pub primary_code: Code,
    /// Further codes.
    pub other_codes: Vec<Code>,
    /// Dutch name.
    pub name: String,
    /// Dutch description.
    pub description: Option<String>,
    /// First day.
    pub start: Option<Date>,
    /// Last day.
    pub end: Option<Date>,
    /// Number of persons, as the student system counts them.
    pub person_count: Option<u32>,
    /// Owning organisational unit (R24).
    pub organization_id: Option<String>,
    /// What is not interpreted (R13).
    pub opaque: Option<Opaque>,
}

/// That a person belongs to a group (`§4.8`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Membership {
    /// Who; once per group.
    pub person_id: String,
    /// Stands or taken back; absent means that it stands.
    pub state: MembershipState,
    /// In which role, where it is said.
    pub role: Option<Role>,
    /// From this moment.
    pub start: Timestamp,
    /// Until this moment.
    pub end: Option<Timestamp>,
    /// What is not interpreted (R13).
    pub opaque: Option<Opaque>,
}
