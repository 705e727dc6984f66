//! `/api/v1/publishers`: keys whose signatures the school trusts.

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
use crate::app::publisher;
use crate::domain::principal::Duty;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/publishers", list)
        .post("/api/v1/publishers", trust)
        .post("/api/v1/publishers/{key}/revoke", revoke)
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

/// A revoked key, and what that means for what runs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revoked {
    /// The key.
    pub key_id: String,
    /// What was admitted from this moment on is not trusted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub compromised_since: Option<Timestamp>,
    /// What stops with its next call.
    pub stops: Vec<Runs>,
    /// What was signed with the key and goes on, since it was admitted before.
    pub goes_on: Vec<Runs>,
}

/// What runs for a peer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Runs {
    /// The peer.
    pub peer: String,
    /// The revision that runs for it.
    pub revision: i64,
    /// The connector.
    pub connector: String,
    /// Its version.
    pub version: String,
}

/// Revokes a key, and says what that stops. Connectors admitted since then stop with their next call.
#[utoipa::path(post, path = "/api/v1/publishers/{key}/revoke", tag = "publishers", request_body = Revoke,
    params(("key" = String, Path)), responses((status = 200, body = Revoked), (status = "4XX", body = Problem)))]
pub async fn revoke(
    State(service): State<Service>,
    caller: Caller,
    Path(key): Path<String>,
    Body(why): Body<Revoke>,
) -> Result<Json<Revoked>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let (core, tenant) = (&service.core, caller.tenant());
    let since = why.compromised_since;
    publisher::revoke(core, tenant, caller.id(), &key, since, &why.reason).await?;
    let row = core.db.publisher_key(tenant, &key).await?;
    let row = row.ok_or_else(|| Problem::absent(format!("there is no key `{key}`")))?;
    let signed = publisher::running_on(core, tenant, &row).await?;
    let (stops, goes_on): (Vec<_>, Vec<_>) = signed.into_iter().partition(|one| one.stopped);
    Ok(Json(Revoked {
        key_id: key,
        compromised_since: row.compromised_since,
        stops: stops.into_iter().map(Runs::from).collect(),
        goes_on: goes_on.into_iter().map(Runs::from).collect(),
    }))
}

impl From<publisher::Signed> for Runs {
    fn from(signed: publisher::Signed) -> Self {
        Runs {
            peer: signed.peer,
            revision: signed.revision,
            connector: signed.name,
            version: signed.version,
        }
    }
}
