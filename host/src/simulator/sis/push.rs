//! Flow 1 as the SIS brings it: everything at once, in order or in no order (R14), and single changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::outgoing::{Delivery, Message, Outcome, PeerAccess};
use super::super::seeded::Seeded;
use super::super::strict::reference;
use super::super::{CONSUMER_KEY, SimulatorError};
use super::System;
use super::registry::Held;

/// A push of everything.
#[derive(Debug, Clone, Default)]
pub struct Flow1Push {
    /// Sends all messages in an order decided by this seed; without it offerings go first, then persons, then
    /// associations.
    pub shuffle_seed: Option<u64>,
    /// How many messages may be under way at once; 4 if absent.
    pub parallel: Option<usize>,
}

/// What came of a push.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushReport {
    /// Per kind of object: `program-offering`, `offering`, `person`, `enrolment`, `association`.
    pub kinds: BTreeMap<String, KindReport>,
    /// Messages that were not accepted.
    pub failed: Vec<Delivery>,
}

/// What came of the messages of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KindReport {
    /// How many messages went out.
    pub sent: usize,
    /// How many of those were accepted.
    pub accepted: usize,
    /// How many times each outcome occurred: an HTTP status, `no-answer` or `held`.
    pub outcomes: BTreeMap<String, usize>,
}

impl PushReport {
    /// How many messages went out.
    pub fn sent(&self) -> usize {
        self.kinds.values().map(|kind| kind.sent).sum()
    }

    /// Whether every message was accepted.
    pub fn all_accepted(&self) -> bool {
        self.failed.is_empty()
    }

    fn add(&mut self, delivery: Delivery) {
        let kind = self.kinds.entry(delivery.kind.clone()).or_default();
        let outcome = match delivery.outcome {
            Outcome::Answered { status } => status.to_string(),
            Outcome::NoAnswer => "no-answer".to_owned(),
            Outcome::Held => "held".to_owned(),
        };
        *kind.outcomes.entry(outcome).or_default() += 1;
        kind.sent += 1;
        if delivery.accepted() {
            kind.accepted += 1;
        } else {
            self.failed.push(delivery);
        }
    }
}

pub(super) async fn push_flow_1(system: &Arc<System>, push: &Flow1Push) -> Result<PushReport, SimulatorError> {
    let mut phases = phases(system);
    if let Some(seed) = push.shuffle_seed {
        let mut all: Vec<Message> = phases.into_iter().flatten().collect();
        Seeded::from(seed).shuffle(&mut all);
        phases = vec![all];
    }
    let mut report = PushReport::default();
    for messages in phases {
        for delivery in system.outgoing.send_all(messages, push.parallel.unwrap_or(4)).await? {
            report.add(delivery);
        }
    }
    Ok(report)
}

/// The messages of flow 1 in their natural order: what others refer to goes first.
fn phases(system: &Arc<System>) -> Vec<Vec<Message>> {
    let registry = system.registry();
    let offerings = registry.offerings.iter().map(|(id, json)| {
        let kind = if json["offeringType"] == "program" {
            "program-offering"
        } else {
            "offering"
        };
        Message::put(kind, format!("/offerings/{id}"), json.clone())
    });
    let persons = registry
        .persons
        .iter()
        .map(|(id, json)| Message::put("person", format!("/persons/{id}"), json.clone()));
    // An extra attempt that the TPL made is the TPL's own to keep.
    let ours = registry.associations.iter().filter(|(_, held)| !held.made_by_tpl);
    let associations = ours.map(|(id, held)| association_message(id, held));
    vec![offerings.collect(), persons.collect(), associations.collect()]
}

fn association_message(id: &str, held: &Held) -> Message {
    let mut json = held.json.clone();
    // §3.1.4: flow 1 does not use the result, though the SIS may hold one.
    if let Some(fields) = json.as_object_mut() {
        fields.remove("result");
    }
    let kind = if json["associationType"] == "programOfferingAssociation" {
        "enrolment"
    } else {
        "association"
    };
    Message::put(kind, format!("/associations/{id}"), json)
}

pub(super) async fn cancel_enrolment(system: &Arc<System>, id: &str) -> Result<Delivery, SimulatorError> {
    let association_type = {
        let mut registry = system.registry();
        let held = registry
            .associations
            .get_mut(id)
            .ok_or_else(|| unknown("association", id))?;
        held.json["state"] = "canceled".into();
        held.json["associationType"].clone()
    };
    let body = json!({ "associationType": association_type, "state": "canceled" });
    one(
        system,
        Message::patch("association", format!("/associations/{id}"), body),
    )
    .await
}

pub(super) async fn cancel_offering(system: &Arc<System>, id: &str) -> Result<Delivery, SimulatorError> {
    let offering_type = {
        let mut registry = system.registry();
        let offering = registry.offerings.get_mut(id).ok_or_else(|| unknown("offering", id))?;
        set_consumer_field(offering, "offeringState", "canceled".into());
        let offering_type = offering["offeringType"].clone();
        // R5: its associations go with it.
        for held in registry.associations.values_mut() {
            if reference(&held.json, "offering", "offeringId") == Some(id) {
                held.json["state"] = "canceled".into();
            }
        }
        offering_type
    };
    let canceled = json!({ "consumerKey": CONSUMER_KEY, "offeringState": "canceled" });
    let body = json!({ "offeringType": offering_type, "consumers": [canceled] });
    one(system, Message::patch("offering", format!("/offerings/{id}"), body)).await
}

pub(super) async fn change_offering_end(
    system: &Arc<System>,
    id: &str,
    end: jiff::Timestamp,
) -> Result<Delivery, SimulatorError> {
    let body = {
        let mut registry = system.registry();
        let offering = registry.offerings.get_mut(id).ok_or_else(|| unknown("offering", id))?;
        if offering["offeringType"] != "component" {
            return Err(SimulatorError::DoesNotFit(format!(
                "offering {id} is not a planbare toets"
            )));
        }
        offering["endDateTime"] = end.to_string().into();
        json!({ "offeringType": "component", "endDateTime": end.to_string() })
    };
    one(system, Message::patch("offering", format!("/offerings/{id}"), body)).await
}

async fn one(system: &Arc<System>, message: Message) -> Result<Delivery, SimulatorError> {
    let deliveries = system.outgoing.send_all(vec![message], 1).await?;
    deliveries.into_iter().next().ok_or(SimulatorError::NoPeer)
}

fn set_consumer_field(object: &mut Value, field: &str, value: Value) {
    let entries = object["consumers"].as_array_mut().into_iter().flatten();
    for entry in entries.filter(|entry| entry["consumerKey"] == CONSUMER_KEY) {
        entry[field] = value.clone();
    }
}

fn unknown(kind: &'static str, id: &str) -> SimulatorError {
    SimulatorError::Unknown {
        kind,
        id: id.to_owned(),
    }
}

/// The body of `POST /control/push-flow-1`: a push, and the TPL it goes to unless that is known already.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PushCommand {
    target: Option<String>,
    token_url: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    shuffle_seed: Option<u64>,
    parallel: Option<usize>,
}

impl PushCommand {
    /// Splits the command in the peer, if it names one whole, and the push.
    pub(super) fn split(self) -> Result<(Option<PeerAccess>, Flow1Push), String> {
        let push = Flow1Push {
            shuffle_seed: self.shuffle_seed,
            parallel: self.parallel,
        };
        let access = match (self.target, self.token_url, self.client_id, self.client_secret) {
            (Some(target), Some(token_url), Some(client_id), Some(client_secret)) => Some(PeerAccess {
                target,
                token_url,
                client_id,
                client_secret,
            }),
            (None, None, None, None) => None,
            _ => return Err("give target, tokenUrl, clientId and clientSecret together, or none of them".to_owned()),
        };
        Ok((access, push))
    }
}
