//! Offering, `§4.2`, `§4.4`, `§4.12`.

use serde_json::{Value, json};

use super::{
    OfferingFields,
    object::{Object, code, day, document, moment, reference, state, word},
};
use crate::{
    dialect::{Dialect, DurationForm, FinalResultsFlag, LastStartField, LocationForm},
    model::{Offering, OfferingState, OfferingType, TestReference},
    opaque::Parts,
    read::{
        common::CONSUMER,
        offering::{FIELDS, OWN, names},
    },
    time, words,
};

pub(crate) fn offering(o: &Offering, dialect: &Dialect, fields: OfferingFields) -> Value {
    let names = names(o.offering_type);
    let mut expanded = Parts::of(o.opaque.as_deref()).fields;
    let mut object = Object::default();
    object.put("offeringId", o.offering_id.clone());
    object.put("offeringType", words::word(&o.offering_type));
    object.put("primaryCode", code(&o.primary_code, dialect));
    object.list("otherCodes", &o.other_codes, |other| code(other, dialect));
    object.dutch("name", &o.name);
    // Required too (table 4.2.A); the name says as much as there is.
    object.dutch("description", o.description.as_deref().unwrap_or(&o.name));
    object.put("teachingLanguage", "nld");
    object.list("modeOfDelivery", &o.modes_of_delivery, word);
    object.put("resultExpected", o.result_expected);
    if matches!(fields, OfferingFields::Planned | OfferingFields::All) {
        object.word("resultValueType", &o.result_value_type);
    }
    for (name, at) in [(names.start[0], o.start), (names.end[0], o.end)] {
        object.maybe(
            name,
            at.map(|at| {
                if name.ends_with("Time") {
                    moment(at)
                } else {
                    day(time::day_of(at))
                }
            }),
        );
    }
    if let Some(id) = &o.offered_id {
        let (name, ids) = names.offered;
        object.put(name, reference(id, ids, expanded.remove(name), dialect));
    }
    if let Some(id) = &o.organization_id {
        object.put(
            "organization",
            reference(id, &["organizationId"], expanded.remove("organization"), dialect),
        );
    }
    let own = own(o, dialect, fields);
    object.with_consumers(own, true, o.opaque.as_deref(), FIELDS, OWN)
}

fn own(o: &Offering, dialect: &Dialect, fields: OfferingFields) -> Object {
    let quirks = &dialect.quirks;
    let mut own = Object::default();
    own.maybe(
        "duration",
        o.duration_s.map(|seconds| match quirks.duration {
            DurationForm::Iso => Value::String(time::iso(seconds)),
            DurationForm::Minutes => seconds.div_ceil(60).into(),
        }),
    );
    let last_start = match quirks.last_start {
        LastStartField::LastPossibleStartDateTime => "lastPossibleStartDateTime",
        LastStartField::LastPossibleStartTime => "lastPossibleStartTime",
        LastStartField::EntryDateTime => "entryDateTime",
    };
    own.maybe(last_start, o.last_possible_start.map(moment));
    own.word("startOptions", &o.start_options);
    own.word("durationFrom", &o.duration_from);
    own.word("durationUntil", &o.duration_until);
    own.list("safety", &o.safety, word);
    own.put("offeringState", state(&o.state, dialect));
    let location = if o.offering_type == OfferingType::Component {
        "locationCode"
    } else {
        "location"
    };
    match quirks.location {
        LocationForm::List => own.texts(location, &o.location_codes),
        LocationForm::Text => {
            own.maybe(
                location,
                (!o.location_codes.is_empty()).then(|| o.location_codes.join(", ")),
            );
        }
    }
    let allowed = o.final_results_allowed;
    if quirks.final_results_flag != FinalResultsFlag::FinalResultAllowed {
        own.maybe("finalResultsAllowed", allowed);
    }
    if quirks.final_results_flag != FinalResultsFlag::FinalResultsAllowed {
        own.maybe("finalResultAllowed", allowed);
    }
    own.text("cohort", &o.cohort);
    if matches!(fields, OfferingFields::Planned | OfferingFields::All) {
        own.list("testsToBeUsed", &o.tests_to_be_used, test_reference);
    }
    if matches!(fields, OfferingFields::SittingWithReport | OfferingFields::All) {
        own.text("irregularities", &o.irregularities);
        own.list("documents", &o.documents, document);
    }
    own
}

fn test_reference(test: &TestReference) -> Value {
    json!({ "testProvider": test.test_provider, "componentId": test.component_id })
}

pub(crate) fn cancellation(o: &Offering, dialect: &Dialect) -> Value {
    json!({
        "offeringType": words::word(&o.offering_type),
        "consumers": [{ "consumerKey": CONSUMER, "offeringState": state(&OfferingState::Canceled, dialect) }],
    })
}
