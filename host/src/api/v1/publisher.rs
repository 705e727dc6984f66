//! `/api/v1/publishers`: keys whose signatures the school trusts.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::publisher::{self, NewKey};
use crate::domain::principal::Duty;
use crate::store::package::KeyRole;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/publishers", list)
        .post("/api/v1/publishers", trust)
        .post("/api/v1/publishers/{key}/expiry", expire)
        .get("/api/v1/publishers/{key}/revocation", revocation)
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
    /// What is admitted from this moment on may no longer be signed with it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// `publisher`: signs packages. `counter`: signs along with publishers, as a school does.
    pub role: String,
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
        expires_at: row.expires_at,
        role: row.role.name().to_owned(),
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
    /// `publisher` (when absent) or `counter`.
    pub role: Option<String>,
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
    let role = match key.role.as_deref() {
        None => KeyRole::Publisher,
        Some(name) => KeyRole::from_name(name).ok_or_else(|| {
            Problem::bad(
                "role",
                format!("`{name}` is no role of a key; write `publisher` or `counter`"),
            )
        })?,
    };
    let new = NewKey {
        publisher: &key.publisher,
        public_key: &key.public_key,
        role,
    };
    let id = publisher::trust_for(&service.core, caller.tenant(), caller.id(), new).await?;
    Ok((StatusCode::CREATED, Json(Trusted { key_id: id })))
}

/// When a key ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expiry {
    /// What is admitted from this moment on may no longer be signed with it; not in the past.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Lets a key expire. What was admitted before goes on.
#[utoipa::path(post, path = "/api/v1/publishers/{key}/expiry", tag = "publishers", request_body = Expiry,
    params(("key" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn expire(
    State(service): State<Service>,
    caller: Caller,
    Path(key): Path<String>,
    Body(expiry): Body<Expiry>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    publisher::expire(&service.core, caller.tenant(), caller.id(), &key, expiry.at).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// As compromised since when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// The moment (RFC 3339); now when absent.
    #[param(value_type = Option<String>)]
    pub since: Option<Timestamp>,
}

/// What the revocation of a key would stop. Nothing is changed.
#[utoipa::path(get, path = "/api/v1/publishers/{key}/revocation", tag = "publishers",
    params(("key" = String, Path), Since), responses((status = 200, body = Revoked), (status = "4XX", body = Problem)))]
pub async fn revocation(
    State(service): State<Service>,
    caller: Caller,
    Path(key): Path<String>,
    since: Result<Query<Since>, QueryRejection>,
) -> Result<Json<Revoked>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let since = since?.0.since.unwrap_or_else(|| service.core.now());
    let told = publisher::revocation(&service.core, caller.tenant(), &key, since).await?;
    Ok(Json(Revoked::of(key, Some(since), told)))
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
    /// What was signed with the key and goes on: admitted before, or signed by another trusted key as well.
    pub goes_on: Vec<Runs>,
    /// Earlier revisions to which nobody can go back any more.
    pub no_way_back: Vec<Runs>,
    /// Keys that are trusted because a bundle signed with this key brought them, and stay so.
    pub brought: Vec<String>,
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
    let since = row.and_then(|row| row.compromised_since);
    let since = since.ok_or_else(|| Problem::absent(format!("there is no key `{key}`")))?;
    let told = publisher::revocation(core, tenant, &key, since).await?;
    Ok(Json(Revoked::of(key, Some(since), told)))
}

impl Revoked {
    fn of(key_id: String, compromised_since: Option<Timestamp>, told: publisher::Revocation) -> Self {
        let runs = |signed: Vec<publisher::Signed>| signed.into_iter().map(Runs::from).collect();
        Revoked {
            key_id,
            compromised_since,
            stops: runs(told.stops),
            goes_on: runs(told.goes_on),
            no_way_back: runs(told.no_way_back),
            brought: told.brought,
        }
    }
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
