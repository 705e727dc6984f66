//! `/api/v1/bundles`: a publisher's keys, revocations and packages in one signed file, taken into the caller's school.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::publisher::Runs;
use crate::api::Service;
use crate::api::identity::Caller;
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::bundle;
use crate::app::publisher::Signed;
use crate::connector::bundle::Bundle;
use crate::domain::principal::Duty;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .post("/api/v1/bundles", import)
        .post("/api/v1/bundles/foreseen", foresee)
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

/// What importing a bundle would do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForeseenBundle {
    /// SHA-256 of the file.
    pub digest: String,
    /// What would change.
    pub imported: Imported,
    /// What would stop with its next call, by the revocations in it.
    pub stops: Vec<Runs>,
    /// Earlier revisions to which nobody could go back any more.
    pub no_way_back: Vec<Runs>,
}

/// What importing a publisher's bundle would change and stop (the body is the `.oke-bundle` file); nothing is changed.
#[utoipa::path(post, path = "/api/v1/bundles/foreseen", tag = "publishers",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = ForeseenBundle), (status = "4XX", body = Problem)))]
pub async fn foresee(
    State(service): State<Service>,
    caller: Caller,
    bytes: Bytes,
) -> Result<Json<ForeseenBundle>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let bundle = bundle::read(bytes).await?;
    let foreseen = bundle::foresee(&service.core, caller.tenant(), caller.id(), &bundle).await?;
    let runs = |signed: Vec<Signed>| signed.into_iter().map(Runs::from).collect();
    Ok(Json(ForeseenBundle {
        digest: bundle.digest().to_owned(),
        imported: Imported::of(&bundle, foreseen.imported),
        stops: runs(foreseen.revocation.stops),
        no_way_back: runs(foreseen.revocation.no_way_back),
    }))
}

/// Imports a publisher's bundle (the body is the `.oke-bundle` file), all or nothing.
#[utoipa::path(post, path = "/api/v1/bundles", tag = "publishers",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Imported), (status = "4XX", body = Problem)))]
pub async fn import(State(service): State<Service>, caller: Caller, bytes: Bytes) -> Result<Json<Imported>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let bundle = bundle::read(bytes).await?;
    let imported = bundle::import(&service.core, caller.tenant(), caller.id(), &bundle).await?;
    Ok(Json(Imported::of(&bundle, imported)))
}

impl Imported {
    fn of(bundle: &Bundle, imported: bundle::Imported) -> Self {
        Imported {
            publisher: bundle.news.publisher.to_string(),
            sequence: bundle.news.sequence,
            again: imported.again,
            trusted: imported.trusted,
            expiring: imported.expiring,
            revoked: imported.revoked,
            admitted: imported.admitted,
        }
    }
}
