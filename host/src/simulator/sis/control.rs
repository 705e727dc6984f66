//! `/control` of the SIS: the verbs of its handle over HTTP, for the demo and for a person with curl.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::control::read;
use super::super::outgoing::Delivery;
use super::super::problem::Problem;
use super::System;
use super::push::{self, PushCommand, PushReport};
use super::quiet;
use super::registry::SisState;

pub(super) fn routes(system: Arc<System>) -> Router {
    Router::new()
        .route("/control/state", get(state))
        .route("/control/school", get(school))
        .route("/control/push-flow-1", post(push_flow_1))
        .route("/control/cancel-enrolment", post(cancel_enrolment))
        .route("/control/cancel-offering", post(cancel_offering))
        .route("/control/change-offering-end", post(change_offering_end))
        .route("/control/forget", post(forget))
        .route("/control/amend", post(amend))
        .with_state(system)
}

pub(super) fn state_of(system: &System) -> SisState {
    let registry = system.registry();
    SisState {
        associations: registry.association_states(),
        applied: registry.applied.clone(),
        refused: registry.refused.clone(),
        documents: registry.documents.clone(),
        documents_under_way: *system.documents_under_way.borrow(),
        sent: system.outgoing.log(),
        held: system.outgoing.held(),
        misbehaviour: system.rules.state(),
    }
}

async fn state(State(system): State<Arc<System>>) -> Json<SisState> {
    Json(state_of(&system))
}

/// The ids that a person with curl needs for the other commands.
async fn school(State(system): State<Arc<System>>) -> Json<Value> {
    let school = &system.school;
    let tests = school.plannable_tests.iter().map(|test| {
        json!({ "offeringId": test.id, "organizationId": test.organization_id, "name": test.test.name,
                "testProvider": test.test.test_provider, "componentId": test.test.component_id })
    });
    let staff = school.persons.iter().filter(|person| person.role != "student");
    Json(json!({
        "organizations": school.organizations,
        "plannableTests": tests.collect::<Vec<_>>(),
        "staff": staff.map(|person| json!({ "role": person.role, "person": person.json })).collect::<Vec<_>>(),
        "students": school.students().count(),
    }))
}

async fn push_flow_1(State(system): State<Arc<System>>, request: Request) -> Result<Json<PushReport>, Problem> {
    let command: PushCommand = read(request).await?;
    let (access, push) = command.split().map_err(Problem::bad_request)?;
    if let Some(access) = access {
        system.outgoing.set_access(access);
    }
    Ok(Json(push::push_flow_1(&system, &push).await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ByAssociation {
    association_id: String,
}

async fn cancel_enrolment(State(system): State<Arc<System>>, request: Request) -> Result<Json<Delivery>, Problem> {
    let command: ByAssociation = read(request).await?;
    Ok(Json(push::cancel_enrolment(&system, &command.association_id).await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ByOffering {
    offering_id: String,
}

async fn cancel_offering(State(system): State<Arc<System>>, request: Request) -> Result<Json<Delivery>, Problem> {
    let command: ByOffering = read(request).await?;
    Ok(Json(push::cancel_offering(&system, &command.offering_id).await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewEnd {
    offering_id: String,
    end: jiff::Timestamp,
}

async fn change_offering_end(State(system): State<Arc<System>>, request: Request) -> Result<Json<Delivery>, Problem> {
    let command: NewEnd = read(request).await?;
    Ok(Json(
        push::change_offering_end(&system, &command.offering_id, command.end).await?,
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ById {
    id: String,
}

async fn forget(State(system): State<Arc<System>>, request: Request) -> Result<Json<Value>, Problem> {
    let command: ById = read(request).await?;
    quiet::forget(&system, &command.id)?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Amendment {
    id: String,
    fields: Value,
}

async fn amend(State(system): State<Arc<System>>, request: Request) -> Result<Json<Value>, Problem> {
    let command: Amendment = read(request).await?;
    quiet::amend(&system, &command.id, &command.fields)?;
    Ok(Json(json!({})))
}
