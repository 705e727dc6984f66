//! `/api/v1/packages`: connector packages, admitted once and kept.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::Caller;
use crate::api::operations::Operations;
use crate::api::page::{Asked, Page, Paging};
use crate::api::problem::Problem;
use crate::app::package;
use crate::domain::principal::Duty;
use crate::store::mark::Mark;
use crate::store::package::PackageRow;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/packages", list)
        .post("/api/v1/packages", admit)
}

/// An admitted package.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// Digest of its signed content.
    pub digest: String,
    /// The connector.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The key that signed it.
    pub key_id: String,
    /// Release notes, Dutch.
    pub notes: String,
    /// When it was admitted.
    #[schema(value_type = String, format = DateTime)]
    pub admitted_at: Timestamp,
    /// By whom.
    pub admitted_by: String,
}

/// All packages, newest first.
#[utoipa::path(get, path = "/api/v1/packages", tag = "connectors", params(Asked),
    responses((status = 200, body = Vec<Package>, headers(("Link" = String, description = "the next page, `rel=\"next\"`; absent on the last"))),
        (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller, paging: Paging) -> Result<Page<Package>, Problem> {
    let before = paging.after()?.unwrap_or_else(Mark::end);
    let db = &service.core.db;
    let packages = db.packages_before(caller.tenant(), &before, paging.limit()).await?;
    let mark = |row: &PackageRow| Mark {
        moment: row.admitted_at,
        id: row.digest.clone(),
    };
    paging.page(packages, mark, |row| Package {
        digest: row.digest,
        name: row.name,
        version: row.package_version,
        key_id: row.key_id,
        notes: row.notes,
        admitted_at: row.admitted_at,
        admitted_by: row.admitted_by,
    })
}

/// What was admitted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Admitted {
    /// Digest to name it by.
    pub digest: String,
    /// The connector.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it was there already.
    pub again: bool,
}

/// Judges a package (the body is the `.oke` file) and keeps it. Refused with the reason; nothing is half kept.
#[utoipa::path(post, path = "/api/v1/packages", tag = "connectors",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Admitted), (status = 200, body = Admitted, description = "was there already"),
        (status = "4XX", body = Problem)))]
pub async fn admit(
    State(service): State<Service>,
    caller: Caller,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Admitted>), Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let admitted = package::admit(&service.core, caller.tenant(), caller.id(), bytes).await?;
    let status = if admitted.again {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let shown = Admitted {
        digest: admitted.digest,
        name: admitted.name,
        version: admitted.version,
        again: admitted.again,
    };
    Ok((status, Json(shown)))
}
