//! What a message of flow 5 must hold (R12, §3.5.3, §4.3), and nothing less.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::problem::Problem;
use super::super::scale;
use super::super::strict::{Inspection, consumer, reference};
use super::registry::Registry;

const RESULT_STATES: [&str; 4] = ["in progress", "postponed", "queued", "completed"];
const ATTENDANCES: [&str; 5] = ["notKnown", "notPresent", "notStarted", "notFinished", "present"];
const STATES: [&str; 3] = ["associated", "canceled", "finished"];

/// A message that may be applied, with what is odd about it.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) status: StatusCode,
    pub(super) remarks: Vec<String>,
}

/// Checks a result for an association that exists: a toetsinschrijving of flow 1, or an extra attempt made before.
///
/// A cancelled or finished one is no reason to refuse (R6).
pub(super) fn check_patch(registry: &Registry, id: &str, body: &Value) -> Result<Accepted, Problem> {
    let Some(held) = registry.associations.get(id) else {
        return Err(Problem::not_found(format!(
            "association {id} is not known here; a new extra attempt comes by PUT"
        )));
    };
    let mut inspection = Inspection::default();
    inspection.one_of(body, "", "associationType", &["componentOfferingAssociation"]);
    if held.json["associationType"] != "componentOfferingAssociation" || held.json["role"] != "student" {
        inspection.fault("flow 5 brings results of a student's toetsinschrijving, and this is something else");
    }
    let original = if held.made_by_tpl {
        consumer(&held.json)
            .and_then(|ours| ours["orgAssociationId"].as_str())
            .unwrap_or(id)
    } else {
        id
    };
    if let Some(ours) = inspection.consumer(body, "") {
        if let Some(org) = inspection.uuid(ours, "consumers[].", "orgAssociationId")
            && org != original
        {
            inspection.fault(format!(
                "`consumers[].orgAssociationId` is {org}, and this result belongs to {original}"
            ));
        }
        inspection.integer(ours, "consumers[].", "attempt", 1);
    }
    let offering = offering_of(registry, &held.json);
    inspect_result(&mut inspection, body, offering);
    inspection.verdict("this result of flow 5 does not hold what it must (R12)")?;
    Ok(Accepted {
        status: StatusCode::OK,
        remarks: remarks(body, held.json.get("result"), offering),
    })
}

/// Checks the result of an extra attempt: an association that the TPL made (R8), foreseen or not (R7).
pub(super) fn check_put(registry: &Registry, id: &str, body: &Value) -> Result<Accepted, Problem> {
    let known = registry.associations.get(id);
    if known.is_some_and(|held| !held.made_by_tpl) {
        return Err(Problem::bad_request(format!(
            "association {id} is a toetsinschrijving of flow 1: its result comes by PATCH, PUT is for an extra attempt (§3.5.3)"
        )));
    }
    let mut inspection = Inspection::default();
    inspection.same_id(body, "associationId", id);
    inspection.one_of(body, "", "associationType", &["componentOfferingAssociation"]);
    inspection.one_of(body, "", "role", &["student"]);
    inspection.one_of(body, "", "state", &STATES);
    let person = reference(body, "person", "personId");
    if !person.is_some_and(|id| registry.persons.contains_key(id)) {
        inspection.fault("`person` is not the id of a person that is registered here");
    }
    let offering_id = reference(body, "offering", "offeringId");
    if !offering_id.is_some_and(|id| registry.offerings.contains_key(id)) {
        inspection.fault("`offering` is not the id of a planbare toets that is registered here");
    }
    if let Some(ours) = inspection.consumer(body, "") {
        inspect_original(&mut inspection, registry, ours, person, offering_id);
    }
    let offering = offering_id.and_then(|id| registry.offerings.get(id));
    inspect_result(&mut inspection, body, offering);
    inspection.verdict("this extra attempt of flow 5 does not hold what it must (R12)")?;
    let stood = known.and_then(|held| held.json.get("result"));
    let status = if known.is_some() {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok(Accepted {
        status,
        remarks: remarks(body, stood, offering),
    })
}

fn inspect_original(
    inspection: &mut Inspection,
    registry: &Registry,
    ours: &Value,
    person: Option<&str>,
    offering: Option<&str>,
) {
    let attempt = inspection.integer(ours, "consumers[].", "attempt", 1);
    let Some(org) = inspection.uuid(ours, "consumers[].", "orgAssociationId") else {
        return;
    };
    let Some(original) = registry.associations.get(org).filter(|held| !held.made_by_tpl) else {
        return inspection.fault(format!(
            "`consumers[].orgAssociationId` {org} is no toetsinschrijving of flow 1 here"
        ));
    };
    if reference(&original.json, "person", "personId") != person {
        inspection.fault("`person` is not the student of the toetsinschrijving in orgAssociationId");
    }
    if reference(&original.json, "offering", "offeringId") != offering {
        inspection.fault("`offering` is not the planbare toets of the toetsinschrijving in orgAssociationId");
    }
    let first = consumer(&original.json)
        .and_then(|ours| ours["attempt"].as_i64())
        .unwrap_or(1);
    if attempt.is_some_and(|attempt| attempt <= first) {
        inspection.fault(format!(
            "`consumers[].attempt` must be higher than {first}, the attempt of the toetsinschrijving"
        ));
    }
}

fn inspect_result(inspection: &mut Inspection, body: &Value, offering: Option<&Value>) {
    let result = &body["result"];
    if !result.is_object() {
        return inspection.fault("`result` is missing");
    }
    inspection.one_of(result, "result.", "state", &RESULT_STATES);
    inspection.date(result, "result.", "resultDate");
    inspection.exactly(result, "result.", "weight", &json!(100));
    inspection.optional_one_of(result, "result.", "pass", &["unknown", "passed", "failed"]);
    inspection.optional_text(result, "result.", "comment");
    inspection.optional_text(result, "result.", "score");
    let scale = offering.and_then(|offering| offering["resultValueType"].as_str());
    if let (Some(score), Some(scale)) = (result["score"].as_str(), scale)
        && let Err(why) = scale::fits(scale, score)
    {
        inspection.fault(format!("`result.score`: {why}, the scale of this planbare toets (R22)"));
    }
    let at = "result.consumers[].";
    if let Some(ours) = inspection.consumer(result, "result.") {
        inspection.one_of(ours, at, "attendance", &ATTENDANCES);
        inspection.text(ours, at, "executedOfferingName");
        inspection.optional_text(ours, at, "assessorId");
        inspection.optional_text(ours, at, "assessorCode");
        inspection.optional_text(ours, at, "irregularities");
        inspection.optional_boolean(ours, at, "final");
        inspection.optional_integer(ours, at, "rawScore", 0);
        inspection.optional_integer(ours, at, "maxRawScore", 0);
        inspection.optional_moment(ours, at, "testDate");
        inspection.optional_documents(ours, at);
    }
}

fn offering_of<'registry>(registry: &'registry Registry, association: &Value) -> Option<&'registry Value> {
    registry
        .offerings
        .get(reference(association, "offering", "offeringId")?)
}

/// What the standard has a DR accept, and a person would still want to see.
fn remarks(body: &Value, stood: Option<&Value>, offering: Option<&Value>) -> Vec<String> {
    let mut remarks = Vec::new();
    let result = &body["result"];
    let is_final = |result: &Value| consumer(result).is_some_and(|ours| ours["final"] == true);
    let finals_allowed = offering
        .and_then(consumer)
        .is_none_or(|ours| ours["finalResultsAllowed"] != false);
    if is_final(result) && !finals_allowed {
        remarks.push("a vastgesteld result for a planbare toets with finalResultsAllowed false (N#178)".to_owned());
    }
    if let Some(stood) = stood {
        if stood["state"] == "completed" && result["state"] != "completed" {
            remarks.push(format!(
                "`{}` after completed (R10)",
                result["state"].as_str().unwrap_or_default()
            ));
        }
        if is_final(stood) && !is_final(result) {
            remarks.push("a result that is not vastgesteld after one that is (R11)".to_owned());
        }
        if stood == result {
            remarks.push("the same result once more".to_owned());
        }
    }
    remarks
}
