//! What a message of flow 3 or 4 must hold (R12, §3.3.3, §3.4.3), and nothing of what is the planner's own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::problem::Problem;
use super::super::strict::Inspection;
use super::plan::Planned;

const RESULT_STATES: [&str; 4] = ["in progress", "postponed", "queued", "completed"];
const ATTENDANCES: [&str; 5] = ["notKnown", "notPresent", "notStarted", "notFinished", "present"];
const OWN: [&str; 5] = ["state", "role", "person", "offering", "associationId"];
const WHY: &str = "it is the planner's own (table 4.0.F)";

/// A message that was refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedDelivery {
    /// When.
    pub at: Timestamp,
    /// What it was about.
    pub path: String,
    /// The answer.
    pub status: u16,
    /// Why.
    pub detail: String,
}

/// Takes a result; a cancelled deelname's too (R6).
pub(super) fn result(planned: &mut Planned, id: &str, body: Value) -> Result<Value, Problem> {
    let unknown = || Problem::not_found(format!("deelname {id} was not planned here"));
    let held = planned.deelnames.get_mut(id).ok_or_else(unknown)?;
    let mut inspection = Inspection::default();
    inspection.one_of(&body, "", "associationType", &["componentOfferingAssociation"]);
    inspection.absent(&body, "", &OWN, WHY);
    let result = &body["result"];
    if result.is_object() {
        inspection.one_of(result, "result.", "state", &RESULT_STATES);
        inspection.date(result, "result.", "resultDate");
        inspection.exactly(result, "result.", "weight", &json!(100));
        if let Some(ours) = inspection.consumer(result, "result.") {
            inspection.one_of(ours, "result.consumers[].", "attendance", &ATTENDANCES);
            inspection.optional_documents(ours, "result.consumers[].");
        }
    } else {
        inspection.fault("`result` is missing");
    }
    inspection.verdict("this result of flow 3 does not hold what it must (R12)")?;
    held.came.push(body["result"].clone());
    let state = if held.canceled { "canceled" } else { "associated" };
    Ok(json!({ "associationId": id, "state": state, "message": "stored" }))
}

/// Takes a report; a cancelled sitting's too (R6).
pub(super) fn report(planned: &mut Planned, id: &str, body: Value) -> Result<Value, Problem> {
    let unknown = || Problem::not_found(format!("sitting {id} was not planned here"));
    let held = planned.sittings.get_mut(id).ok_or_else(unknown)?;
    let mut inspection = Inspection::default();
    inspection.one_of(&body, "", "offeringType", &["component"]);
    inspection.absent(&body, "", &["name", "startDateTime", "endDateTime", "component"], WHY);
    if let Some(ours) = inspection.consumer(&body, "") {
        inspection.absent(ours, "consumers[].", &["offeringState"], WHY);
        if !ours["irregularities"].is_string() {
            inspection.fault("`consumers[].irregularities` is missing or no text");
        }
        inspection.optional_documents(ours, "consumers[].");
    }
    inspection.verdict("this report of flow 4 does not hold what it must (R12)")?;
    held.came.push(body["consumers"][0].clone());
    Ok(body)
}
