//! Reading: every form that peers are known to write, into the canonical model.
//!
//! All problems of a message are reported, not only the first. Nothing panics, whatever the JSON; depth and size are
//! the caller's to bound before parsing.

pub(crate) mod association;
pub(crate) mod common;
pub(crate) mod component;
pub(crate) mod field;
pub(crate) mod group;
pub(crate) mod offering;
pub(crate) mod person;
pub(crate) mod result;

use serde_json::Value;

use crate::{
    dialect::Dialect,
    model::{Association, Component, Group, Membership, Offering, Person},
    problem::Problems,
};
use field::{Report, Spot};

/// Runs a reader and returns its value when nothing is wrong.
pub(crate) fn whole<T>(read: impl FnOnce(Spot) -> Option<T>) -> Result<T, Problems> {
    let report = Report::default();
    let value = read(Spot::root(&report));
    let problems = report.into_problems();
    match value {
        Some(value) => problems.or(value),
        None => Err(problems),
    }
}

/// Reads a component (`§4.1`) as PUT or GET carry it.
///
/// # Errors
/// All problems: what is required and absent (`componentId`, `primaryCode`, `name` in nl-NL), and wrong values.
pub fn read_component(value: &Value, _dialect: &Dialect) -> Result<Component, Problems> {
    whole(|spot| component::component(value, spot))
}

/// Reads an offering (`§4.2`, `§4.4`, `§4.12`) as PUT or GET carry it, with the report of flow 4 where it is there.
///
/// # Errors
/// All problems: what is required and absent (`offeringId`, `offeringType`, `primaryCode`, `name` in nl-NL, of a
/// component offering `startDateTime` and `endDateTime`), and wrong values.
pub fn read_offering(value: &Value, _dialect: &Dialect) -> Result<Offering, Problems> {
    whole(|spot| offering::offering(value, spot, true))
}

/// Reads an owner's PUT of an offering (flows 1 and 2): as [`read_offering`], but a report in it, even a broken one, is
/// ignored (table 4.0.F). [`crate::merge_put_offering`] comes next.
///
/// # Errors
/// As [`read_offering`].
pub fn read_offering_put(value: &Value, _dialect: &Dialect) -> Result<Offering, Problems> {
    whole(|spot| offering::offering(value, spot, false))
}

/// Reads a person (`§4.10`) as PUT or GET carry it. What the agreement crosses out is dropped.
///
/// # Errors
/// All problems: what is required and absent (`personId`, `primaryCode`, `displayName`), and wrong values.
pub fn read_person(value: &Value, _dialect: &Dialect) -> Result<Person, Problems> {
    whole(|spot| person::person(value, spot))
}

/// Reads an association (`§4.3`, `§4.5`, `§4.13`) as PUT or GET carry it: the person by id or whole, the offering by
/// id (an expanded one is read for its id only), the result where it is there.
///
/// # Errors
/// All problems: what is required and absent (`associationId`, `associationType`, `role`, `state`, `person`,
/// `offering`; in a result `state` and `attendance`), and wrong values.
pub fn read_association(value: &Value, dialect: &Dialect) -> Result<Association, Problems> {
    whole(|spot| association::association(value, spot, Some(dialect)))
}

/// Reads an owner's PUT of an association (flows 1 and 2): as [`read_association`], but a result in it, even a broken
/// one, is ignored (`§3.1.4`, `§3.2.3`). [`crate::merge_put_association`] comes next. A PUT of flow 5 carries its result:
/// read that with [`read_association`].
///
/// # Errors
/// As [`read_association`].
pub fn read_association_put(value: &Value, _dialect: &Dialect) -> Result<Association, Problems> {
    whole(|spot| association::association(value, spot, None))
}

/// Reads a group (`§4.7`) as PUT or GET carry it.
///
/// # Errors
/// All problems: what is required and absent (`groupId`, `groupType`, `primaryCode`, `name`), and wrong values.
pub fn read_group(value: &Value, _dialect: &Dialect) -> Result<Group, Problems> {
    whole(|spot| group::group(value, spot))
}

/// Reads a membership (`§4.8`) as PUT or GET carry it.
///
/// # Errors
/// All problems: what is required and absent (`personId`, `startDateTime`), and wrong values.
pub fn read_membership(value: &Value, _dialect: &Dialect) -> Result<Membership, Problems> {
    whole(|spot| group::membership(value, spot))
}
