//! The part of `/control` that all simulators have: trouble, and where their peer is.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;

use super::misbehaviour::{Misbehaviour, MisbehaviourState, Rules, TroubleRequest};
use super::outgoing::{Outgoing, PeerAccess};
use super::problem::Problem;
use super::{LARGEST_BODY, SimulatorError};

#[derive(Clone)]
struct Shared {
    rules: Arc<Rules>,
    outgoing: Arc<Outgoing>,
}

/// The routes that all simulators have. `/control/tpl` is what SIS and test platforms call their peer.
pub(super) fn routes(rules: Arc<Rules>, outgoing: Arc<Outgoing>) -> Router {
    Router::new()
        .route("/control/misbehave", get(state).post(misbehave).delete(behave))
        .route("/control/tpl", post(connect))
        .route("/control/peer", post(connect))
        .route("/control/release-held", post(release_held))
        .with_state(Shared { rules, outgoing })
}

async fn state(State(shared): State<Shared>) -> Json<MisbehaviourState> {
    Json(shared.rules.state())
}

async fn misbehave(State(shared): State<Shared>, request: Request) -> Result<Json<MisbehaviourState>, Problem> {
    let asked: TroubleRequest = read(request).await?;
    let rule = Misbehaviour::try_from(asked).map_err(Problem::bad_request)?;
    shared.rules.add(rule);
    Ok(Json(shared.rules.state()))
}

async fn behave(State(shared): State<Shared>) -> Json<MisbehaviourState> {
    shared.rules.clear();
    Json(shared.rules.state())
}

async fn connect(State(shared): State<Shared>, request: Request) -> Result<StatusCode, Problem> {
    let access: PeerAccess = read(request).await?;
    shared.outgoing.set_access(access);
    Ok(StatusCode::NO_CONTENT)
}

async fn release_held(State(shared): State<Shared>) -> Result<Response, Problem> {
    let deliveries = shared.outgoing.release_held().await?;
    Ok(Json(deliveries).into_response())
}

/// Reads the body of a command; what is wrong with it is said with the place in the text.
pub(super) async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    let bytes = axum::body::to_bytes(request.into_body(), LARGEST_BODY)
        .await
        .map_err(|error| Problem::bad_request(format!("the command could not be read: {error}")))?;
    // A command without any fields may come without a body.
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text).map_err(|error| Problem::bad_request(format!("the command does not fit: {error}")))
}

impl From<SimulatorError> for Problem {
    fn from(error: SimulatorError) -> Self {
        match error {
            SimulatorError::Unknown { .. } => Self::not_found(error.to_string()),
            other => Self::bad_request(other.to_string()),
        }
    }
}
