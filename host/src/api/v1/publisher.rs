//! `/api/v1/publishers`: keys whose signatures the school trusts.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::problem::Problem;
use crate::app::publisher;
use crate::domain::principal::Duty;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/api/v1/publishers", get(list).post(trust))
        .route("/api/v1/publishers/{key}/revoke", post(revoke))
}

/// A key of a publisher.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublisherKey {
    /// Whose.
    pub publisher: String,
    /// Its id.
    pub key_id: String,
    /// The key.
    pub public_key: String,
    /// Trusted since.
    #[schema(value_type = String, format = DateTime)]
    pub trusted_at: Timestamp,
    /// By whom.
    pub trusted_by: String,
    /// Revoked: what was admitted from this moment on is not trusted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub compromised_since: Option<Timestamp>,
    /// Why it was revoked.
    pub reason: Option<String>,
}

/// All keys ever trusted.
#[utoipa::path(get, path = "/api/v1/publishers", tag = "publishers",
    responses((status = 200, body = Vec<PublisherKey>), (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller) -> Result<Json<Vec<PublisherKey>>, Problem> {
    let keys = service.core.db.publisher_keys(caller.tenant()).await?;
    let shown = keys.into_iter().map(|row| PublisherKey {
        publisher: row.publisher,
        key_id: row.key_id,
        public_key: row.public_key,
        trusted_at: row.trusted_at,
        trusted_by: row.trusted_by,
        compromised_since: row.compromised_since,
        reason: row.reason,
    });
    Ok(Json(shown.collect()))
}

/// A key to trust.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trust {
    /// Whose, as in its manifests.
    pub publisher: String,
    /// The public key, as `oke connector keygen` writes it.
    pub public_key: String,
}

/// The key's id.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trusted {
    /// Id, derived from the key.
    pub key_id: String,
}

/// Trusts a key from now on.
#[utoipa::path(post, path = "/api/v1/publishers", tag = "publishers", request_body = Trust,
    responses((status = 201, body = Trusted), (status = "4XX", body = Problem)))]
pub async fn trust(
    State(service): State<Service>,
    caller: Caller,
    Body(key): Body<Trust>,
) -> Result<(StatusCode, Json<Trusted>), Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let id = publisher::trust(
        &service.core,
        caller.tenant(),
        caller.id(),
        &key.publisher,
        &key.public_key,
    )
    .await?;
    Ok((StatusCode::CREATED, Json(Trusted { key_id: id })))
}

/// Why a key is revoked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revoke {
    /// What happened.
    pub reason: String,
    /// What was admitted from this moment on is not trusted; now when absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub compromised_since: Option<Timestamp>,
}

/// Revokes a key. Connectors admitted since then stop with their next call.
#[utoipa::path(post, path = "/api/v1/publishers/{key}/revoke", tag = "publishers", request_body = Revoke,
    params(("key" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn revoke(
    State(service): State<Service>,
    caller: Caller,
    Path(key): Path<String>,
    Body(why): Body<Revoke>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let since = why.compromised_since;
    publisher::revoke(&service.core, caller.tenant(), caller.id(), &key, since, &why.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
