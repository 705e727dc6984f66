//! Flow 2: what it plans and cancels at a TA face, and `/control` for a person with curl.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::control::read;
use super::super::outgoing::{Delivery, Message};
use super::super::problem::Problem;
use super::super::seeded::uuid_for;
use super::super::{CONSUMER_KEY, SimulatorError};
use super::received::RefusedDelivery;
use super::{PlannedSitting, PlannedState, SittingOrder, System, TplState};

/// What it has planned, by id, and what it refused.
#[derive(Debug, Default)]
pub(super) struct Planned {
    pub(super) sittings: BTreeMap<String, PlannedState>,
    pub(super) deelnames: BTreeMap<String, PlannedState>,
    pub(super) refused: Vec<RefusedDelivery>,
}

pub(super) fn routes(system: Arc<System>) -> Router {
    Router::new()
        .route("/control/state", get(state))
        .route("/control/plan", post(plan))
        .route("/control/cancel", post(cancel))
        .with_state(system)
}

async fn state(State(system): State<Arc<System>>) -> Json<TplState> {
    Json(system.state())
}

async fn plan(State(system): State<Arc<System>>, request: Request) -> Result<Json<PlannedSitting>, Problem> {
    let order: SittingOrder = read(request).await?;
    Ok(Json(sitting(&system, &order).await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cancel {
    id: String,
}

async fn cancel(State(system): State<Arc<System>>, request: Request) -> Result<Json<Vec<Delivery>>, Problem> {
    let Cancel { id } = read(request).await?;
    let is_sitting = system.planned().sittings.contains_key(&id);
    let deliveries = match is_sitting {
        true => cancel_sitting(&system, &id).await?,
        false => cancel_deelname(&system, &id).await?,
    };
    Ok(Json(deliveries))
}

fn kept(id: &str, told: &Value) -> PlannedState {
    PlannedState {
        id: id.to_owned(),
        told: told.clone(),
        canceled: false,
        came: Vec::new(),
    }
}

/// Plans a sitting and its deelnames.
pub(super) async fn sitting(system: &System, order: &SittingOrder) -> Result<PlannedSitting, SimulatorError> {
    let number = system.planned().sittings.len().to_string();
    let offering_id = uuid_for(&[&system.name, "sitting", &number]);
    let end = order.start + SignedDuration::from_hours(1);
    let body = json!({
        "offeringId": offering_id,
        "offeringType": "component",
        "primaryCode": { "codeType": "offeringCode", "code": format!("Z-{number}") },
        "name": [{ "language": "nl-NL", "value": format!("Zitting {number} van {}", system.name) }],
        "description": [{ "language": "nl-NL", "value": "Gepland buiten de host" }],
        "teachingLanguage": "nld",
        "modeOfDelivery": ["online"],
        "resultExpected": true,
        "startDateTime": order.start.to_string(),
        "endDateTime": end.to_string(),
        "component": order.component_id,
        "consumers": [{
            "consumerKey": CONSUMER_KEY, "offeringState": "active", "duration": "PT45M", "locationCode": "B2.17",
        }],
    });
    let mut messages = vec![Message::put(
        "sitting",
        format!("/offerings/{offering_id}"),
        body.clone(),
    )];
    let mut association_ids = Vec::new();
    for student in 0..order.students {
        let (id, body) = deelname(system, &offering_id, student);
        messages.push(Message::put("deelname", format!("/associations/{id}"), body.clone()));
        system.planned().deelnames.insert(id.clone(), kept(&id, &body));
        association_ids.push(id);
    }
    system
        .planned()
        .sittings
        .insert(offering_id.clone(), kept(&offering_id, &body));
    Ok(PlannedSitting {
        deliveries: system.outgoing.send_all(messages, 1).await?,
        offering_id,
        association_ids,
    })
}

fn deelname(system: &System, offering_id: &str, student: usize) -> (String, Value) {
    let student = student.to_string();
    let id = uuid_for(&[&system.name, "deelname", offering_id, &student]);
    let body = json!({
        "associationId": id,
        "associationType": "componentOfferingAssociation",
        "role": "student",
        "state": "associated",
        "person": {
            "personId": uuid_for(&[&system.name, "person", &student]),
            "primaryCode": { "codeType": "studentNumber", "code": format!("9{student:0>6}") },
            "givenName": "Student",
            "surname": format!("Buiten{student}"),
            "displayName": format!("Student Buiten{student}"),
            "activeEnrollment": true,
            "affiliations": ["student"],
            "mail": format!("s{student}@buiten.example"),
            "consumers": [{
                "consumerKey": CONSUMER_KEY,
                "preferredName": "Student",
                "idCheckName": format!("Buiten{student}, Student"),
            }],
        },
        "offering": offering_id,
        "consumers": [{ "consumerKey": CONSUMER_KEY, "additionalTimeInMin": 0, "personalNeeds": [] }],
    });
    (id, body)
}

/// Cancels a sitting, and with it its deelnames (R5).
pub(super) async fn cancel_sitting(system: &System, id: &str) -> Result<Vec<Delivery>, SimulatorError> {
    {
        let mut planned = system.planned();
        let held = planned.sittings.get_mut(id).ok_or_else(|| unknown("sitting", id))?;
        held.canceled = true;
        for deelname in planned.deelnames.values_mut() {
            deelname.canceled |= deelname.told["offering"] == id;
        }
    }
    let body = json!({
        "offeringType": "component",
        "consumers": [{ "consumerKey": CONSUMER_KEY, "offeringState": "canceled" }],
    });
    let message = Message::patch("sitting", format!("/offerings/{id}"), body);
    system.outgoing.send_all(vec![message], 1).await
}

/// Cancels a deelname.
pub(super) async fn cancel_deelname(system: &System, id: &str) -> Result<Vec<Delivery>, SimulatorError> {
    {
        let mut planned = system.planned();
        let held = planned.deelnames.get_mut(id).ok_or_else(|| unknown("deelname", id))?;
        held.canceled = true;
    }
    let body = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
    let message = Message::patch("deelname", format!("/associations/{id}"), body);
    system.outgoing.send_all(vec![message], 1).await
}

fn unknown(kind: &'static str, id: &str) -> SimulatorError {
    SimulatorError::Unknown {
        kind,
        id: id.to_owned(),
    }
}
