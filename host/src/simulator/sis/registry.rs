//! What the SIS holds: the objects of flow 1, the results of flow 5, and every message that changed or failed to change
//! them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::misbehaviour::MisbehaviourState;
use super::super::outgoing::Delivery;
use super::super::school::School;
use super::super::strict::{consumer, reference};

/// Everything a SIS holds and has seen: the answer of `GET /control/state`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SisState {
    /// Every enrolment and toetsinschrijving with its present result, by id.
    pub associations: Vec<AssociationState>,
    /// The messages of flow 5 that were applied, in the order of arrival.
    pub applied: Vec<AppliedMessage>,
    /// The messages of flow 5 that were refused, in the order of arrival.
    pub refused: Vec<RefusedMessage>,
    /// The documents that were fetched, or could not be.
    pub documents: Vec<FetchedDocument>,
    /// How many documents are being fetched at this moment.
    pub documents_under_way: usize,
    /// The messages that were sent to the TPL.
    pub sent: Vec<Delivery>,
    /// How many messages a rule is keeping back.
    pub held: usize,
    /// The trouble that happened and that is waiting.
    pub misbehaviour: MisbehaviourState,
}

/// One enrolment or toetsinschrijving as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociationState {
    /// `associationId`.
    pub association_id: String,
    /// `componentOfferingAssociation` or `programOfferingAssociation`.
    pub association_type: String,
    /// The role of the person.
    pub role: String,
    /// `associated`, `canceled` or `finished`.
    pub state: String,
    /// `personId`.
    pub person_id: String,
    /// `offeringId`.
    pub offering_id: String,
    /// The number of the attempt.
    pub attempt: Option<i64>,
    /// For an extra attempt made by the TPL: the toetsinschrijving it belongs to.
    pub org_association_id: Option<String>,
    /// Whether the TPL made it, for an extra attempt (R7, R8).
    pub made_by_tpl: bool,
    /// The present result.
    pub result: Option<Value>,
    /// How many messages of flow 5 were applied to it.
    pub messages: u32,
    /// How many of those changed the result that stood before.
    pub changes: u32,
}

/// A message of flow 5 that was applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedMessage {
    /// The order of arrival among the applied messages, counted from 1.
    pub order: u64,
    /// The moment of arrival.
    pub at: Timestamp,
    /// `PATCH` or `PUT`.
    pub method: String,
    /// The id in the path.
    pub association_id: String,
    /// Whether the result it brought differs from the one that stood.
    pub changed: bool,
    /// What deserves a look though the standard has it accepted.
    pub remarks: Vec<String>,
    /// The message.
    pub body: Value,
}

/// A message of flow 5 that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedMessage {
    /// The moment of arrival.
    pub at: Timestamp,
    /// `PATCH` or `PUT`.
    pub method: String,
    /// The id in the path.
    pub association_id: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// What was wrong.
    pub detail: String,
}

/// A document of a result, fetched from the TPL: its size and hash, nothing of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FetchedDocument {
    /// The toetsinschrijving whose result names it.
    pub association_id: String,
    /// `documentId`.
    pub document_id: String,
    /// Its size in bytes.
    pub bytes: Option<u64>,
    /// SHA-256 of its content, in hex.
    pub sha256: Option<String>,
    /// Why it could not be fetched.
    pub error: Option<String>,
}

/// An association with what happened to it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) json: Value,
    pub(super) made_by_tpl: bool,
    pub(super) messages: u32,
    pub(super) changes: u32,
}

/// The objects of one SIS.
#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) organizations: BTreeMap<String, Value>,
    pub(super) persons: BTreeMap<String, Value>,
    pub(super) offerings: BTreeMap<String, Value>,
    pub(super) associations: BTreeMap<String, Held>,
    pub(super) applied: Vec<AppliedMessage>,
    pub(super) refused: Vec<RefusedMessage>,
    pub(super) documents: Vec<FetchedDocument>,
}

impl Registry {
    pub(super) fn of(school: &School) -> Self {
        let by_id = |values: &[Value], id: &str| -> BTreeMap<String, Value> {
            values.iter().map(|value| (text(value, id), value.clone())).collect()
        };
        let mut registry = Self {
            organizations: by_id(&school.organizations, "organizationId"),
            offerings: by_id(&school.program_offerings, "offeringId"),
            ..Self::default()
        };
        for person in school.persons.iter().filter(|person| person.in_sis) {
            registry.persons.insert(person.id.clone(), person.json.clone());
        }
        for test in &school.plannable_tests {
            registry.offerings.insert(test.id.clone(), test.json.clone());
        }
        let registrations = school.registrations.iter().map(|registration| &registration.json);
        for json in school.enrolments.iter().chain(registrations) {
            let held = Held {
                json: json.clone(),
                made_by_tpl: false,
                messages: 0,
                changes: 0,
            };
            registry.associations.insert(text(json, "associationId"), held);
        }
        registry
    }

    /// Puts a result in the place of the one that stood (R3), and says whether that changed anything.
    pub(super) fn apply(&mut self, at: Timestamp, method: &str, id: &str, body: Value, remarks: Vec<String>) -> bool {
        let result = body["result"].clone();
        let held = self.associations.entry(id.to_owned()).or_insert_with(|| Held {
            json: Value::Null,
            made_by_tpl: true,
            messages: 0,
            changes: 0,
        });
        let changed = held.json["result"] != result;
        if method == "PUT" {
            held.json = body.clone();
        } else {
            // R12: everything beside the result is ignored in a PATCH of flow 5.
            held.json["result"] = result;
        }
        held.messages += 1;
        held.changes += u32::from(changed);
        let order = self.applied.len() as u64 + 1;
        self.applied.push(AppliedMessage {
            order,
            at,
            method: method.to_owned(),
            association_id: id.to_owned(),
            changed,
            remarks,
            body,
        });
        changed
    }

    /// The state of every association, by id.
    pub(super) fn association_states(&self) -> Vec<AssociationState> {
        self.associations
            .iter()
            .map(|(id, held)| association_state(id, held))
            .collect()
    }
}

fn association_state(id: &str, held: &Held) -> AssociationState {
    let json = &held.json;
    let ours = consumer(json).unwrap_or(&Value::Null);
    AssociationState {
        association_id: id.to_owned(),
        association_type: text(json, "associationType"),
        role: text(json, "role"),
        state: text(json, "state"),
        person_id: reference(json, "person", "personId").unwrap_or_default().to_owned(),
        offering_id: reference(json, "offering", "offeringId").unwrap_or_default().to_owned(),
        attempt: ours["attempt"].as_i64(),
        org_association_id: ours["orgAssociationId"].as_str().map(str::to_owned),
        made_by_tpl: held.made_by_tpl,
        result: json.get("result").cloned(),
        messages: held.messages,
        changes: held.changes,
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
