//! `/control` of the platform: the verbs of its handle over HTTP, for the demo and for a person with curl.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::super::control::read;
use super::super::outgoing::Delivery;
use super::super::problem::Problem;
use super::System;
use super::platform::TaState;
use super::results::{self, Cesuur, ReportOrder, ResultsOrder};

type Deliveries = Result<Json<Vec<Delivery>>, Problem>;

pub(super) fn routes(system: Arc<System>) -> Router {
    Router::new()
        .route("/control/state", get(state))
        .route("/control/attendance", post(attendance))
        .route("/control/results", post(give_results))
        .route("/control/cesuur", post(cesuur))
        .route("/control/restate", post(restate))
        .route("/control/late-result", post(late_result))
        .route("/control/report", post(report))
        .with_state(system)
}

pub(super) fn state_of(system: &System) -> TaState {
    let platform = system.platform();
    TaState {
        name: system.name.clone(),
        sittings: platform.sitting_states(),
        deelnames: platform.deelname_states(),
        documents: platform.document_states(),
        refused: platform.refused.clone(),
        sent: system.outgoing.log(),
        held: system.outgoing.held(),
        misbehaviour: system.rules.state(),
    }
}

async fn state(State(system): State<Arc<System>>) -> Json<TaState> {
    Json(state_of(&system))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Attendance {
    offering_id: String,
    #[serde(default)]
    absent: Vec<String>,
}

async fn attendance(State(system): State<Arc<System>>, request: Request) -> Deliveries {
    let command: Attendance = read(request).await?;
    Ok(Json(
        results::attendance(&system, &command.offering_id, &command.absent).await?,
    ))
}

async fn give_results(State(system): State<Arc<System>>, request: Request) -> Deliveries {
    let order: ResultsOrder = read(request).await?;
    Ok(Json(results::results(&system, &order).await?))
}

async fn cesuur(State(system): State<Arc<System>>, request: Request) -> Deliveries {
    let command: Cesuur = read(request).await?;
    Ok(Json(results::cesuur(&system, &command).await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Restatement {
    association_id: String,
    score: String,
}

async fn restate(State(system): State<Arc<System>>, request: Request) -> Deliveries {
    let command: Restatement = read(request).await?;
    Ok(Json(
        results::restate(&system, &command.association_id, &command.score).await?,
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LateResult {
    association_id: String,
}

async fn late_result(State(system): State<Arc<System>>, request: Request) -> Deliveries {
    let command: LateResult = read(request).await?;
    Ok(Json(results::late_result(&system, &command.association_id).await?))
}

async fn report(State(system): State<Arc<System>>, request: Request) -> Deliveries {
    let order: ReportOrder = read(request).await?;
    Ok(Json(results::report(&system, &order).await?))
}
