//! Offering: planbare toets, zitting, course or program offering, `§4.2`, `§4.4`, `§4.12`.

use serde_json::Value;

use super::{
    common::{Reference, code, document, duration, dutch_required, moment, reference},
    field::{Extent, Fields, Spot, flag, full_text, text, word},
};
use crate::model::{Code, Offering, OfferingState, OfferingType, TestReference};

/// Fields that are interpreted; `teachingLanguage` is always Dutch and dropped (R17).
pub(crate) const FIELDS: &[&str] = &[
    "offeringId",
    "offeringType",
    "primaryCode",
    "otherCodes",
    "name",
    "description",
    "teachingLanguage",
    "modeOfDelivery",
    "modesOfDelivery",
    "resultExpected",
    "resultsExpected",
    "resultValueType",
    "startDateTime",
    "endDateTime",
    "startDate",
    "endDate",
    "component",
    "course",
    "program",
    "organization",
    "consumers",
];
/// Fields of the consumer block that are interpreted, in all their spellings.
pub(crate) const OWN: &[&str] = &[
    "consumerKey",
    "duration",
    "lastPossibleStartDateTime",
    "lastPossibleStartTime",
    "entryDateTime",
    "startOptions",
    "durationFrom",
    "durtionFrom",
    "durationUntil",
    "safety",
    "offeringState",
    "locationCode",
    "location",
    "irregularities",
    "finalResultsAllowed",
    "finalResultAllowed",
    "testsToBeUsed",
    "cohort",
    "documents",
];

fn blank() -> Offering {
    Offering {
        offering_id: String::new(),
        offering_type: OfferingType::Component,
        primary_code: Code {
            code_type: String::new(),
            value: String::new(),
        },
        other_codes: Vec::new(),
        name: String::new(),
        description: None,
        modes_of_delivery: Vec::new(),
        result_expected: false,
        result_value_type: None,
        start: None,
        end: None,
        offered_id: None,
        organization_id: None,
        state: OfferingState::Active,
        duration_s: None,
        last_possible_start: None,
        start_options: None,
        duration_from: None,
        duration_until: None,
        safety: Vec::new(),
        location_codes: Vec::new(),
        final_results_allowed: None,
        tests_to_be_used: Vec::new(),
        cohort: None,
        irregularities: None,
        documents: Vec::new(),
        opaque: None,
    }
}

/// What an offering type calls its fields.
pub(crate) struct Names {
    /// What is offered, and the names of its id.
    pub offered: (&'static str, &'static [&'static str]),
    /// Start, by the type's own name first.
    pub start: &'static [&'static str],
    /// End.
    pub end: &'static [&'static str],
}

/// The names of a type: a component offering has moments, the others have days.
pub(crate) fn names(offering_type: OfferingType) -> Names {
    const DAYS: (&[&str], &[&str]) = (&["startDate", "startDateTime"], &["endDate", "endDateTime"]);
    let (offered, (start, end)): ((_, &[&str]), _) = match offering_type {
        OfferingType::Component => (
            ("component", &["componentId"]),
            (
                &["startDateTime", "startDate"] as &[&str],
                &["endDateTime", "endDate"] as &[&str],
            ),
        ),
        OfferingType::Course => (("course", &["courseId"]), DAYS),
        OfferingType::Program => (("program", &["programId"]), DAYS),
    };
    Names { offered, start, end }
}

/// Reads a whole offering, with its report where that is wanted.
pub(crate) fn offering(value: &Value, spot: Spot, with_report: bool) -> Option<Offering> {
    let fields = Fields::of(value, spot, Extent::Whole)?;
    let mut o = blank();
    fields.required(&["offeringId"], "the id of the offering", full_text, &mut o.offering_id);
    fields.required(
        &["offeringType"],
        "`component`, `course` or `program`",
        word,
        &mut o.offering_type,
    );
    let is_component = o.offering_type == OfferingType::Component;
    o.result_expected = is_component;
    onto(&fields, &mut o);
    if is_component {
        for (names, moment) in [("startDateTime", o.start), ("endDateTime", o.end)] {
            let given = fields.find(&[names]).is_some_and(|(_, value)| !value.is_null());
            if moment.is_none() && !given {
                fields
                    .spot
                    .below(names)
                    .problem("is missing", "give the date and time with an offset");
            }
        }
    }
    for own in fields.consumers().own.into_iter().filter(|_| with_report) {
        own.optional(&["irregularities"], text, &mut o.irregularities);
        own.list(&["documents"], document, &mut o.documents);
    }
    Some(o)
}

/// Reads what its owner changes onto a stored offering. The id and the report are not the owner's to change and
/// ignored (R1, table 4.0.F).
pub(crate) fn patch(value: &Value, spot: Spot, stored: &Offering) -> Option<Offering> {
    let fields = Fields::of(value, spot, Extent::Patch)?;
    let mut patched = stored.clone();
    if fields.required(&["offeringType"], "the type it has", word, &mut patched.offering_type)
        && patched.offering_type != stored.offering_type
    {
        fields
            .spot
            .below("offeringType")
            .problem("is not the type of this offering", "give the type that it has");
    }
    onto(&fields, &mut patched);
    if patched.offering_type == OfferingType::Component {
        let required = [
            ("startDateTime", stored.start, patched.start),
            ("endDateTime", stored.end, patched.end),
        ];
        for (name, before, after) in required {
            if before.is_some() && after.is_none() {
                fields.spot.below(name).problem(
                    "is required and can't be removed",
                    "give the date and time, or leave it out",
                );
            }
        }
    }
    Some(patched)
}

/// All but id, type and report.
fn onto(fields: &Fields, o: &mut Offering) {
    let is_component = o.offering_type == OfferingType::Component;
    let names = names(o.offering_type);
    fields.primary_code(&mut o.primary_code);
    fields.list(&["otherCodes"], code, &mut o.other_codes);
    fields.required(&["name"], "a list with the name in nl-NL", dutch_required, &mut o.name);
    fields.dutch(&["description"], &mut o.description);
    // Required, and filled with the name where there is none (see `write::offering`).
    o.description = o.description.take().filter(|description| *description != o.name);
    fields.list(&["modeOfDelivery", "modesOfDelivery"], word, &mut o.modes_of_delivery);
    fields.defaulted(
        &["resultExpected", "resultsExpected"],
        flag,
        is_component,
        &mut o.result_expected,
    );
    fields.optional(&["resultValueType"], word, &mut o.result_value_type);
    fields.optional(names.start, moment, &mut o.start);
    fields.optional(names.end, moment, &mut o.end);
    let mut expanded = Vec::new();
    let organization: (&str, &[&str]) = ("organization", &["organizationId"]);
    for ((name, ids), target) in [
        (names.offered, &mut o.offered_id),
        (organization, &mut o.organization_id),
    ] {
        match fields.find(&[name]) {
            None => {}
            Some((_, Value::Null)) => {
                *target = None;
                expanded.push((name, None));
            }
            Some((key, value)) => {
                if let Some(Reference { id, expanded: object }) = reference(value, ids, &fields.spot.below(key)) {
                    *target = Some(id);
                    expanded.push((name, object));
                }
            }
        }
    }
    let consumers = fields.consumers();
    for own in &consumers.own {
        consumer_onto(own, o);
    }
    // A course offering's other kinds of reference (`programOffering`) stay among the unknown fields.
    fields.opaque(consumers, FIELDS, OWN, expanded, &mut o.opaque);
}

fn consumer_onto(own: &Fields, o: &mut Offering) {
    own.optional(&["duration"], duration, &mut o.duration_s);
    let last_start = &["lastPossibleStartDateTime", "lastPossibleStartTime", "entryDateTime"];
    own.optional(last_start, moment, &mut o.last_possible_start);
    own.optional(&["startOptions"], word, &mut o.start_options);
    own.optional(&["durationFrom", "durtionFrom"], word, &mut o.duration_from);
    own.optional(&["durationUntil"], word, &mut o.duration_until);
    own.list(&["safety"], word, &mut o.safety);
    own.defaulted(&["offeringState"], word, OfferingState::Active, &mut o.state);
    let locations = match o.offering_type {
        OfferingType::Component => &["locationCode", "location"],
        OfferingType::Course | OfferingType::Program => &["location", "locationCode"],
    };
    own.list(locations, text, &mut o.location_codes);
    own.optional(
        &["finalResultsAllowed", "finalResultAllowed"],
        flag,
        &mut o.final_results_allowed,
    );
    own.list(&["testsToBeUsed"], test_reference, &mut o.tests_to_be_used);
    own.optional(&["cohort"], text, &mut o.cohort);
}

fn test_reference(value: &Value, spot: &Spot) -> Option<TestReference> {
    let fields = Fields::of(value, spot.clone(), Extent::Whole)?;
    let mut test = TestReference {
        test_provider: String::new(),
        component_id: String::new(),
    };
    let provider = fields.required(
        &["testProvider"],
        "the name of the provider",
        text,
        &mut test.test_provider,
    );
    let component = fields.required(
        &["componentId"],
        "the id of the test",
        full_text,
        &mut test.component_id,
    );
    (provider && component).then_some(test)
}
