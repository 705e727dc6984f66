//! `/api/v1/bundles`: a publisher's keys, revocations and packages in one signed file, taken into the caller's school.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::Caller;
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::bundle::{self, BundleError};
use crate::connector::bundle::Bundle;
use crate::domain::principal::Duty;

/// What is served.
pub fn operations() -> Operations {
    Operations::default().post("/api/v1/bundles", import)
}

/// What an import changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Imported {
    /// Whose bundle.
    pub publisher: String,
    /// Its number.
    pub sequence: u64,
    /// The very same bundle was there: nothing changed.
    pub again: bool,
    /// Keys that are trusted from now on.
    pub trusted: Vec<String>,
    /// Keys that end.
    pub expiring: Vec<String>,
    /// Keys that are revoked.
    pub revoked: Vec<String>,
    /// Packages that were admitted, by digest.
    pub admitted: Vec<String>,
}

/// Imports a publisher's bundle (the body is the `.oke-bundle` file), all or nothing.
#[utoipa::path(post, path = "/api/v1/bundles", tag = "publishers",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Imported), (status = "4XX", body = Problem)))]
pub async fn import(State(service): State<Service>, caller: Caller, bytes: Bytes) -> Result<Json<Imported>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    // Reading hashes megabytes: off the threads that answer requests.
    let bundle = tokio::task::spawn_blocking(move || Bundle::read(&bytes))
        .await
        .map_err(|error| Problem::ours(&error))?
        .map_err(BundleError::from)?;
    let imported = bundle::import(&service.core, caller.tenant(), caller.id(), &bundle).await?;
    Ok(Json(Imported {
        publisher: bundle.news.publisher.to_string(),
        sequence: bundle.news.sequence,
        again: imported.again,
        trusted: imported.trusted,
        expiring: imported.expiring,
        revoked: imported.revoked,
        admitted: imported.admitted,
    }))
}
