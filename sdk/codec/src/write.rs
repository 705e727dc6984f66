//! Writing: strict, as the agreement spells it, but for the habits of the peer (`§4` of the rules).
//!
//! What is required but unused is filled (R17): `teachingLanguage` `nld`, `weight` 100, `activeEnrollment` true, and
//! fillers for a mail address or name that is not known, which reading takes for absent.

pub(crate) mod association;
pub(crate) mod component;
pub(crate) mod group;
pub(crate) mod object;
pub(crate) mod offering;
pub(crate) mod person;
pub(crate) mod result;

use serde_json::Value;

use crate::{
    dialect::Dialect,
    model::{Association, Component, Group, Membership, Offering, Person},
};

/// Written for a mail address that is not known: required, but unused (`§4.10`). Can't exist (RFC 2606).
pub const UNUSED_MAIL: &str = "not-available@oke.invalid";
/// Written for a name that is not known (`§4.10`).
pub const NOT_AVAILABLE: &str = "notAvailable";

/// Which fields of an offering a message carries (`§4.2`: "only used in flow …").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferingFields {
    /// Flow 1, planbare toets, course or program offering: no report.
    Planned,
    /// Flow 2, zitting: no `resultValueType` (R22), no `testsToBeUsed`, no report.
    Sitting,
    /// Flow 4 read back (GET): a zitting with its report.
    SittingWithReport,
    /// Everything that is known.
    All,
}

/// Which fields of a person a message carries (R15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonFields {
    /// Flow 1, with `assignedNeeds`.
    WithNeeds,
    /// Flow 2, without.
    WithoutNeeds,
}

/// Which fields of an association a message carries (`§4.3`: "only used in flow …").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssociationFields {
    /// Flow 1, toetsinschrijving or enrolment: no result, nothing of flow 2.
    Enrolment,
    /// Flow 1 and 5 read back (GET): with `orgAssociationId` and the result.
    EnrolmentWithResult,
    /// Flow 2, deelname: extra time and needs, no result, nothing of flow 1.
    Deelname,
    /// Flow 2 and 3 read back (GET): a deelname with its result.
    DeelnameWithResult,
    /// Everything that is known.
    All,
}

/// How an association carries its person (R14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonAs {
    /// By id: flow 1, and flow 2 unless expanded.
    Id,
    /// Whole, where it is known (always in a PUT of flow 2), by id where it is not.
    Whole,
}

/// Writes a component (flow 0). `abbreviation`, required, is its code where none was received.
pub fn write_component(component: &Component, dialect: &Dialect) -> Value {
    component::component(component, dialect)
}

/// Writes an offering.
pub fn write_offering(offering: &Offering, dialect: &Dialect, fields: OfferingFields) -> Value {
    offering::offering(offering, dialect, fields)
}

/// Writes the message that cancels an offering, and nothing else (R4).
pub fn write_offering_cancellation(offering: &Offering, dialect: &Dialect) -> Value {
    offering::cancellation(offering, dialect)
}

/// Writes a person.
pub fn write_person(person: &Person, dialect: &Dialect, fields: PersonFields) -> Value {
    person::person(person, dialect, fields)
}

/// Writes an association, its offering by id (R14).
pub fn write_association(
    association: &Association,
    dialect: &Dialect,
    fields: AssociationFields,
    person: PersonAs,
) -> Value {
    association::association(association, dialect, fields, person)
}

/// Writes the message that cancels an association, and nothing else (R4).
pub fn write_association_cancellation(association: &Association, dialect: &Dialect) -> Value {
    association::cancellation(association, dialect)
}

/// Writes a group (flow 1b).
pub fn write_group(group: &Group, dialect: &Dialect) -> Value {
    group::group(group, dialect)
}

/// Writes a membership of a group (flow 1b).
pub fn write_membership(membership: &Membership) -> Value {
    group::membership(membership)
}
