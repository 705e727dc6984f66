//! Whether a vendor has a sitting as it was planned (R25). What it does not tell is no difference; what it tells
//! otherwise is.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Association, AssociationState, Offering};

/// Something that the vendor has otherwise. `Display` is Dutch and names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// It does not know the sitting.
    Unknown,
    /// It has it as cancelled and it stands, or the other way about.
    State,
    /// Another begin or end.
    Times,
    /// Another duration.
    Duration,
    /// Another component.
    Component,
    /// Other rooms.
    Locations,
    /// So many deelnames are missing.
    Missing(usize),
    /// So many deelnames have another person, extra time, need or state.
    Deelnames(usize),
    /// So many deelnames stand there that were never planned, or were cancelled.
    TooMany(usize),
}

impl std::fmt::Display for Difference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Difference::Unknown => out.write_str("de leverancier kent de zitting niet"),
            Difference::State => out.write_str("wel of niet geannuleerd"),
            Difference::Times => out.write_str("begin of einde"),
            Difference::Duration => out.write_str("duur"),
            Difference::Component => out.write_str("toets"),
            Difference::Locations => out.write_str("locaties"),
            Difference::Missing(count) => write!(out, "ontbrekende deelnames: {count}"),
            Difference::Deelnames(count) => write!(out, "afwijkende deelnames: {count}"),
            Difference::TooMany(count) => write!(out, "deelnames te veel: {count}"),
        }
    }
}

/// A deelname as it was planned, under the id that the vendor knows it by.
pub type Planned = BTreeMap<String, Association>;

/// What a vendor has otherwise of a sitting itself.
#[must_use]
pub fn of_sitting(plan: &Offering, read: &Offering) -> Vec<Difference> {
    let mut found = Vec::new();
    if plan.state != read.state {
        return vec![Difference::State];
    }
    let told_otherwise = |plan: Option<&str>, read: Option<&str>| read.is_some() && plan != read;
    let moved = |plan, read| plan != read;
    if moved(plan.start, read.start) || moved(plan.end, read.end) {
        found.push(Difference::Times);
    }
    if read.duration_s.is_some() && plan.duration_s != read.duration_s {
        found.push(Difference::Duration);
    }
    if told_otherwise(plan.offered_id.as_deref(), read.offered_id.as_deref()) {
        found.push(Difference::Component);
    }
    let set = |codes: &[String]| codes.iter().cloned().collect::<BTreeSet<String>>();
    if !read.location_codes.is_empty() && set(&plan.location_codes) != set(&read.location_codes) {
        found.push(Difference::Locations);
    }
    found
}

/// What a vendor has otherwise of a sitting's deelnames. A cancelled one may be gone there.
#[must_use]
pub fn of_deelnames(planned: &Planned, read: &[Association]) -> Vec<Difference> {
    let stands = |one: &Association| one.state != AssociationState::Canceled;
    let there: BTreeMap<&str, &Association> = read
        .iter()
        .filter(|one| stands(one))
        .map(|one| (one.association_id.as_str(), one))
        .collect();
    let (mut missing, mut otherwise) = (0, 0);
    for (id, plan) in planned.iter().filter(|(_, plan)| stands(plan)) {
        match there.get(id.as_str()) {
            None => missing += 1,
            Some(read) if !is_same(plan, read) => otherwise += 1,
            Some(_) => {}
        }
    }
    let wanted = |id: &&&str| planned.get(**id).is_some_and(stands);
    let too_many = there.keys().filter(|id| !wanted(id)).count();
    [
        (missing > 0).then_some(Difference::Missing(missing)),
        (otherwise > 0).then_some(Difference::Deelnames(otherwise)),
        (too_many > 0).then_some(Difference::TooMany(too_many)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn is_same(plan: &Association, read: &Association) -> bool {
    let needs = |one: &Association| one.personal_needs.iter().cloned().collect::<BTreeSet<String>>();
    plan.person_id == read.person_id
        && plan.additional_time_min.unwrap_or(0) == read.additional_time_min.unwrap_or(0)
        && needs(plan) == needs(read)
}
