//! A sitting and its deelnames: as they were planned, and as the vendor has them (flow 2).

use std::collections::BTreeMap;

use super::{Difference, Field, Fields, Subject, missing_there, only_there};
use crate::domain::model::{
    Association, AssociationState, DurationFrom, DurationUntil, Offering, OfferingState, StartOptions,
};

/// A deelname as it was planned.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Our id.
    pub id: String,
    /// As the vendor was told.
    pub plan: Association,
}

/// What a vendor has otherwise of a sitting itself. One that was cancelled may be gone there.
#[must_use]
pub fn of_sitting(id: &str, plan: &Offering, read: Option<&Offering>) -> Vec<Difference> {
    let Some(read) = read else {
        return match plan.state {
            OfferingState::Active => vec![missing_there(Subject::Sitting, id)],
            OfferingState::Canceled => Vec::new(),
        };
    };
    let mut fields = Fields::of(Subject::Sitting, id);
    fields.exact(Field::State, &plan.state, &read.state, |state| {
        let word = match state {
            OfferingState::Active => "staat",
            OfferingState::Canceled => "geannuleerd",
        };
        Some(word.to_owned())
    });
    if !fields.found.is_empty() || plan.state == OfferingState::Canceled {
        return fields.found;
    }
    let moment = |at: &Option<jiff::Timestamp>| at.map(|at| at.to_string());
    fields.exact(Field::StartDateTime, &plan.start, &read.start, moment);
    fields.exact(Field::EndDateTime, &plan.end, &read.end, moment);
    let (last, read_last) = (plan.last_possible_start.as_ref(), read.last_possible_start.as_ref());
    fields.told(Field::LastPossibleStartDateTime, last, read_last, ToString::to_string);
    let (options, read_options) = (plan.start_options.as_ref(), read.start_options.as_ref());
    fields.told(Field::StartOptions, options, read_options, |it| {
        let word = match it {
            StartOptions::IndividualStart => "ieder voor zich",
            StartOptions::TriggeredStart => "na vrijgave",
        };
        word.to_owned()
    });
    let (from, read_from) = (plan.duration_from.as_ref(), read.duration_from.as_ref());
    fields.told(Field::DurationFrom, from, read_from, |it| {
        let word = match it {
            DurationFrom::StartDateTime => "begin van de zitting",
            DurationFrom::IndividualStartDateTime => "eigen begin",
            DurationFrom::TriggeredStartDateTime => "vrijgave",
        };
        word.to_owned()
    });
    let (until, read_until) = (plan.duration_until.as_ref(), read.duration_until.as_ref());
    fields.told(Field::DurationUntil, until, read_until, |it| {
        let word = match it {
            DurationUntil::TestDuration => "duur van de toets",
            DurationUntil::EndDateTime => "einde van de zitting",
        };
        word.to_owned()
    });
    let minutes = |seconds: &u32| match seconds % 60 {
        0 => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    };
    let (duration, read_duration) = (plan.duration_s.as_ref(), read.duration_s.as_ref());
    fields.told(Field::Duration, duration, read_duration, minutes);
    let (component, read_component) = (plan.offered_id.as_ref(), read.offered_id.as_ref());
    fields.told(Field::Component, component, read_component, Clone::clone);
    if !read.location_codes.is_empty() {
        fields.set(Field::LocationCodes, &plan.location_codes, &read.location_codes);
    }
    fields.found
}

/// What a vendor has otherwise of a sitting's deelnames, which stand here under the ids that it knows them by. A
/// cancelled one may be gone there.
#[must_use]
pub fn of_deelnames(planned: &BTreeMap<String, Planned>, read: &[Association]) -> Vec<Difference> {
    let stands = |one: &Association| one.state != AssociationState::Canceled;
    let there: BTreeMap<&str, &Association> = read
        .iter()
        .filter(|one| stands(one))
        .map(|one| (one.association_id.as_str(), one))
        .collect();
    let mut found = Vec::new();
    for (peer_id, one) in planned.iter().filter(|(_, one)| stands(&one.plan)) {
        match there.get(peer_id.as_str()) {
            None => found.push(missing_there(Subject::Deelname, &one.id)),
            Some(read) => found.extend(of_deelname(&one.id, &one.plan, read)),
        }
    }
    for peer_id in there.keys() {
        match planned.get(*peer_id) {
            Some(one) if stands(&one.plan) => {}
            Some(canceled) => found.push(only_there(Subject::Deelname, &canceled.id)),
            None => found.push(only_there(Subject::Deelname, peer_id)),
        }
    }
    found
}

fn of_deelname(id: &str, plan: &Association, read: &Association) -> Vec<Difference> {
    let mut fields = Fields::of(Subject::Deelname, id);
    // A vendor that keeps nothing of ours of a person says nobody's name.
    if !read.person_id.is_empty() {
        fields.exact(Field::Person, &plan.person_id, &read.person_id, |id| Some(id.clone()));
    }
    let extra = |one: &Association| one.additional_time_min.unwrap_or(0);
    fields.exact(Field::AdditionalTimeInMin, &extra(plan), &extra(read), |minutes| {
        Some(format!("{minutes} min"))
    });
    fields.set(Field::PersonalNeeds, &plan.personal_needs, &read.personal_needs);
    fields.found
}
