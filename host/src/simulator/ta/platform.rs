//! What the platform holds: sittings, deelnames with their results, documents, and what it refused.

use std::collections::BTreeMap;

use axum::body::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::CONSUMER_KEY;
use super::super::misbehaviour::MisbehaviourState;
use super::super::outgoing::Delivery;
use super::super::strict::{consumer, reference};

/// Everything a platform holds and has seen: the answer of `GET /control/state`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaState {
    /// The vendor's name.
    pub name: String,
    /// The sittings, by id.
    pub sittings: Vec<SittingState>,
    /// The deelnames of students and staff, by id.
    pub deelnames: Vec<DeelnameState>,
    /// The documents that can be fetched, by id.
    pub documents: Vec<DocumentState>,
    /// The writes of flow 2 that were refused, in the order of arrival.
    pub refused: Vec<RefusedWrite>,
    /// The messages of flows 3 and 4 that were sent to the TPL.
    pub sent: Vec<Delivery>,
    /// How many messages a rule is keeping back.
    pub held: usize,
    /// The trouble that happened and that is waiting.
    pub misbehaviour: MisbehaviourState,
}

/// A sitting as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SittingState {
    /// `offeringId`.
    pub offering_id: String,
    /// The test that is taken.
    pub component_id: String,
    /// `active` or `canceled`.
    pub state: String,
    /// The object as the TPL sent it, with the report once there is one.
    pub json: Value,
    /// How many writes were applied.
    pub writes: u32,
    /// How many of those made it; 1.
    pub creates: u32,
    /// How many of those changed it after it was made.
    pub changes: u32,
}

/// A deelname as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeelnameState {
    /// `associationId`.
    pub association_id: String,
    /// `offeringId` of the sitting.
    pub offering_id: String,
    /// The role of the person.
    pub role: String,
    /// `associated`, `canceled` or `finished`.
    pub state: String,
    /// `personId`, also after the person's data was erased.
    pub person_id: String,
    /// The Person object; `None` once the deelname is cancelled (§3.2.2).
    pub person: Option<Value>,
    /// Extra time in minutes.
    pub additional_time_in_min: Option<i64>,
    /// Aids.
    pub personal_needs: Vec<String>,
    /// The present result.
    pub result: Option<Value>,
    /// How many writes were applied.
    pub writes: u32,
    /// How many of those made it; 1.
    pub creates: u32,
    /// How many of those changed it after it was made.
    pub changes: u32,
}

/// A document that can be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentState {
    /// `documentId`.
    pub document_id: String,
    /// The file name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, in hex.
    pub sha256: String,
    /// How often it was fetched.
    pub reads: u32,
}

/// A write of flow 2 that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedWrite {
    /// The moment of arrival.
    pub at: Timestamp,
    /// `PUT` or `PATCH`.
    pub method: String,
    /// The path.
    pub path: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// What was wrong.
    pub detail: String,
}

/// How often an object was written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) writes: u32,
    pub(super) creates: u32,
    pub(super) changes: u32,
}

impl Counts {
    /// Counts a write, and says whether it made the object.
    pub(super) fn count(&mut self, changes: bool) -> bool {
        let creates = self.writes == 0;
        self.writes += 1;
        self.creates += u32::from(creates);
        self.changes += u32::from(changes && !creates);
        creates
    }
}

#[derive(Debug, Default)]
pub(super) struct Sitting {
    /// As the TPL sent it.
    pub(super) json: Value,
    /// The fields of the report (flow 4) that belong in its consumer entry.
    pub(super) report: Option<Value>,
    pub(super) counts: Counts,
}

#[derive(Debug, Default)]
pub(super) struct Deelname {
    /// As the TPL sent it; `person` is only an id once the deelname is cancelled.
    pub(super) json: Value,
    pub(super) result: Option<Value>,
    pub(super) counts: Counts,
}

#[derive(Debug)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) content: Bytes,
    pub(super) sha256: String,
    pub(super) reads: u32,
}

/// The objects of one platform.
#[derive(Debug, Default)]
pub(super) struct Platform {
    pub(super) sittings: BTreeMap<String, Sitting>,
    pub(super) deelnames: BTreeMap<String, Deelname>,
    pub(super) documents: BTreeMap<String, Document>,
    pub(super) refused: Vec<RefusedWrite>,
    /// The share of points that is just enough, by component; a half until a cesuur is set.
    pub(super) pass_marks: BTreeMap<String, f64>,
}

impl Sitting {
    pub(super) fn component_id(&self) -> &str {
        reference(&self.json, "component", "componentId").unwrap_or_default()
    }

    pub(super) fn is_canceled(&self) -> bool {
        consumer(&self.json).is_some_and(|ours| ours["offeringState"] == "canceled")
    }

    /// The object as a reader sees it: with the report, once there is one.
    pub(super) fn read(&self) -> Value {
        let mut json = self.json.clone();
        let Some(report) = self.report.as_ref().and_then(Value::as_object) else {
            return json;
        };
        let entries = json["consumers"].as_array_mut().into_iter().flatten();
        for entry in entries.filter(|entry| entry["consumerKey"] == CONSUMER_KEY) {
            for (field, value) in report {
                entry[field] = value.clone();
            }
        }
        json
    }
}

impl Deelname {
    pub(super) fn person_id(&self) -> &str {
        reference(&self.json, "person", "personId").unwrap_or_default()
    }

    pub(super) fn offering_id(&self) -> &str {
        reference(&self.json, "offering", "offeringId").unwrap_or_default()
    }

    pub(super) fn is_canceled(&self) -> bool {
        self.json["state"] == "canceled"
    }

    pub(super) fn is_student(&self) -> bool {
        self.json["role"] == "student"
    }

    /// Cancels it, and erases the person's data but the id (§3.2.2, R5).
    pub(super) fn cancel(&mut self) {
        self.json["state"] = "canceled".into();
        self.json["person"] = self.person_id().into();
    }

    /// The object as a reader sees it: with the result, and with the person only when asked.
    pub(super) fn read(&self, with_person: bool) -> Value {
        let mut json = self.json.clone();
        if !with_person {
            json["person"] = self.person_id().into();
        }
        if let Some(result) = &self.result {
            json["result"] = result.clone();
        }
        json
    }
}

impl Platform {
    pub(super) fn sitting_states(&self) -> Vec<SittingState> {
        let state = |(id, sitting): (&String, &Sitting)| SittingState {
            offering_id: id.clone(),
            component_id: sitting.component_id().to_owned(),
            state: if sitting.is_canceled() { "canceled" } else { "active" }.to_owned(),
            json: sitting.read(),
            writes: sitting.counts.writes,
            creates: sitting.counts.creates,
            changes: sitting.counts.changes,
        };
        self.sittings.iter().map(state).collect()
    }

    pub(super) fn deelname_states(&self) -> Vec<DeelnameState> {
        self.deelnames
            .iter()
            .map(|(id, deelname)| deelname_state(id, deelname))
            .collect()
    }

    pub(super) fn document_states(&self) -> Vec<DocumentState> {
        let state = |(id, document): (&String, &Document)| DocumentState {
            document_id: id.clone(),
            name: document.name.clone(),
            bytes: document.content.len() as u64,
            sha256: document.sha256.clone(),
            reads: document.reads,
        };
        self.documents.iter().map(state).collect()
    }

    /// The fields of a report as they stand in a consumer entry.
    pub(super) fn report_fields(irregularities: &str, documents: &[Value]) -> Value {
        let mut fields = json!({ "irregularities": irregularities });
        if !documents.is_empty() {
            fields["documents"] = documents.into();
        }
        fields
    }
}

fn deelname_state(id: &str, deelname: &Deelname) -> DeelnameState {
    let json = &deelname.json;
    let ours = consumer(json).unwrap_or(&Value::Null);
    let needs = ours["personalNeeds"].as_array().into_iter().flatten();
    DeelnameState {
        association_id: id.to_owned(),
        offering_id: deelname.offering_id().to_owned(),
        role: json["role"].as_str().unwrap_or_default().to_owned(),
        state: json["state"].as_str().unwrap_or_default().to_owned(),
        person_id: deelname.person_id().to_owned(),
        person: json["person"].is_object().then(|| json["person"].clone()),
        additional_time_in_min: ours["additionalTimeInMin"].as_i64(),
        personal_needs: needs.filter_map(|need| need.as_str().map(str::to_owned)).collect(),
        result: deelname.result.clone(),
        writes: deelname.counts.writes,
        creates: deelname.counts.creates,
        changes: deelname.counts.changes,
    }
}
