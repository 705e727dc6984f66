//! `/api/v1/peers/{peer}/recording`: the last exchanges with a vendor, recorded where functioneel beheer asked for it, and
//! told masked only.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::recording::{self, RecordingError, Shown};
use crate::connector::recorder::{self, Exchanged};
use crate::domain::principal::Duty;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/peers/{peer}/recording", show)
        .put("/api/v1/peers/{peer}/recording", set)
}

/// A body, or its beginning.
#[derive(Debug, Serialize, ToSchema)]
pub struct MaskedBody {
    /// Masked: letters are x, digits 9; names of JSON fields stay.
    pub text: String,
    /// How many bytes the whole had.
    pub bytes: u64,
    /// Not all of it is here.
    pub cut: bool,
}

impl From<&recorder::Body> for MaskedBody {
    fn from(it: &recorder::Body) -> Self {
        MaskedBody {
            text: it.text.clone(),
            bytes: it.bytes,
            cut: it.is_cut(),
        }
    }
}

/// One request to the vendor and its answer, masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct MaskedExchange {
    /// The endpoint, by name.
    pub endpoint: String,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query.
    pub query: Vec<(String, String)>,
    /// The body that was sent.
    pub sent: MaskedBody,
    /// The status that came back; absent when nothing did.
    pub status: Option<u16>,
    /// What the connector read of the body that came back.
    pub received: MaskedBody,
}

impl From<&Exchanged> for MaskedExchange {
    fn from(it: &Exchanged) -> Self {
        MaskedExchange {
            endpoint: it.endpoint.clone(),
            method: it.method.clone(),
            path: it.path.clone(),
            query: it.query.clone(),
            sent: (&it.sent).into(),
            status: it.status,
            received: (&it.received).into(),
        }
    }
}

/// A call of the connector.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordedCall {
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The revision that made it.
    pub revision: i64,
    /// What was called.
    pub interface: String,
    /// `done`, or why not and whose fault that is.
    pub outcome: String,
    /// What went out and came back, in order.
    pub exchanges: Vec<MaskedExchange>,
}

/// What is recorded of a peer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recording {
    /// So many days an exchange is kept; 0: nothing is recorded.
    pub days: u32,
    /// The most calls that are kept.
    pub most: u32,
    /// The last calls, masked, the newest first.
    pub calls: Vec<RecordedCall>,
}

impl From<&Shown> for Recording {
    fn from(it: &Shown) -> Self {
        let calls = it.calls.iter().map(|call| RecordedCall {
            at: call.at,
            revision: call.revision,
            interface: call.interface.clone(),
            outcome: call.outcome.clone(),
            exchanges: call.said.exchanged.iter().map(MaskedExchange::from).collect(),
        });
        Recording {
            days: it.days,
            most: it.most,
            calls: calls.collect(),
        }
    }
}

/// The last exchanges with a vendor, masked: fit to be handed to the vendor. That they were told is in the audit.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/recording", tag = "connectors", params(("peer" = String, Path)),
    responses((status = 200, body = Recording), (status = "4XX", body = Problem)))]
pub async fn show(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
) -> Result<Json<Recording>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let (core, tenant) = (&service.core, caller.tenant());
    let shown = recording::masked(core, tenant, &peer).await?;
    recording::note_export(core, tenant, caller.id(), &peer, shown.calls.len()).await?;
    Ok(Json(Recording::from(&shown)))
}

/// What is to be recorded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRecording {
    /// For so many days, at most 30; 0 ends it, and what there was is erased.
    pub days: u32,
    /// The last so many calls, at most 200.
    pub most: u32,
    /// Why.
    pub reason: String,
}

/// Begins or ends recording what a connector and its vendor say to each other.
#[utoipa::path(put, path = "/api/v1/peers/{peer}/recording", tag = "connectors", request_body = SetRecording,
    params(("peer" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn set(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(new): Body<SetRecording>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let (tenant, of) = (caller.tenant(), (new.days, new.most));
    recording::set(&service.core, tenant, caller.id(), &peer, of, &new.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<RecordingError> for Problem {
    fn from(error: RecordingError) -> Self {
        match error {
            RecordingError::UnknownPeer(_) => Problem::absent(error.to_string()),
            RecordingError::Beyond => Problem::bad("beyond", error.to_string()),
            RecordingError::NoReason => Problem::bad("no-reason", error.to_string()),
            RecordingError::Sealed(error) => Problem::ours(&error),
            RecordingError::Store(error) => error.into(),
            RecordingError::Commit(error) => error.into(),
        }
    }
}
