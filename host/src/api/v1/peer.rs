//! `/api/v1/peers`: the systems around the host, where they are reached, and their clients of our faces.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use oke_codec::Dialect;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::connection::{self, Found, NotTriable};
use crate::app::peer::{PeerError, Reach, SignIn};
use crate::app::polling::{self, Recurring};
use crate::app::pull;
use crate::app::{account::actor, client, peer, pushed};
use crate::domain::principal::Duty;
use crate::jobs::peers;
use crate::store::peer::PeerState;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/peers", list)
        .post("/api/v1/peers", create)
        .put("/api/v1/peers/{peer}/endpoints/{name}", put_endpoint)
        .post("/api/v1/peers/{peer}/endpoints/{name}/test", test_endpoint)
        .put("/api/v1/peers/{peer}/dialect", put_dialect)
        .put("/api/v1/peers/{peer}/webhooks/{name}", put_webhook)
        .get("/api/v1/peers/{peer}/clients", clients)
        .post("/api/v1/peers/{peer}/clients", create_client)
        .delete("/api/v1/clients/{client}", disable_client)
        .post("/api/v1/peers/{peer}/poll", poll)
        .post("/api/v1/peers/{peer}/pause", pause)
        .post("/api/v1/peers/{peer}/resume", resume)
}

/// A system around the host.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// Short name, as in addresses.
    pub id: String,
    /// `ta` for an examenleverancier, `dr` for a student system, `tpl` for an outside planning system.
    pub hat: String,
    /// Its name.
    pub name: String,
    /// Whether messages go to it.
    pub paused: bool,
    /// Why it is paused.
    pub pause_reason: Option<String>,
    /// The revision that runs.
    pub revision: Option<i64>,
    /// Endpoints that are set up.
    pub endpoints: Vec<Endpoint>,
    /// How it writes and reads at our faces: version and habits.
    #[schema(value_type = Object)]
    pub dialect: Dialect,
    /// Units, or the whole school, are disabled for it: see its drains.
    pub drains: bool,
}

/// An endpoint, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// The name in the manifest.
    pub name: String,
    /// Base address.
    pub base_url: String,
    /// `none`, `bearer` or `api-key`.
    pub sign_in: String,
}

/// All peers.
#[utoipa::path(get, path = "/api/v1/peers", tag = "peers",
    responses((status = 200, body = Vec<Peer>), (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller) -> Result<Json<Vec<Peer>>, Problem> {
    let mut peers = Vec::new();
    for row in crate::store::peer::all(&service.core.db, caller.tenant()).await? {
        let endpoints = service.core.db.endpoints(caller.tenant(), &row.id).await?;
        let endpoints = endpoints
            .into_iter()
            .map(|row| Endpoint {
                name: row.name,
                base_url: row.base_url,
                sign_in: row.auth,
            })
            .collect();
        let pause_reason = match row.state {
            PeerState::Active => None,
            PeerState::Paused { reason } => Some(reason),
        };
        peers.push(Peer {
            id: row.id,
            hat: row.hat,
            name: row.name,
            paused: pause_reason.is_some(),
            pause_reason,
            revision: row.revision,
            endpoints,
            dialect: row.dialect,
            drains: row.drains,
        });
    }
    Ok(Json(peers))
}

/// A new peer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPeer {
    /// Short name: 2 to 40 small letters, digits and dashes.
    pub id: String,
    /// `ta`, `dr` or `tpl`.
    pub hat: String,
    /// Its name.
    pub name: String,
}

/// Makes a peer.
#[utoipa::path(post, path = "/api/v1/peers", tag = "peers", request_body = NewPeer,
    responses((status = 201), (status = "4XX", body = Problem)))]
pub async fn create(
    State(service): State<Service>,
    caller: Caller,
    Body(new): Body<NewPeer>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    peer::create(
        &service.core,
        caller.tenant(),
        caller.id(),
        &new.id,
        &new.hat,
        &new.name,
    )
    .await?;
    Ok(StatusCode::CREATED)
}

/// Says how a peer writes and reads at our faces: `{"version": "1.0.1", "quirks": {"swapped-dates": true}}`. What is left
/// out is as the agreement has it; a habit that is not known is refused.
#[utoipa::path(put, path = "/api/v1/peers/{peer}/dialect", tag = "peers", request_body = Object,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn put_dialect(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(dialect): Body<Dialect>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    peer::speak(&service.core, caller.tenant(), caller.id(), &peer, dialect).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where an endpoint is and how the host signs in there.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutEndpoint {
    /// Base address.
    pub base_url: String,
    /// How to sign in.
    pub sign_in: PutSignIn,
    /// Private addresses the school allows for it, such as `10.1.2.3` or `10.1.0.0/16`.
    #[serde(default)]
    pub allowed_addresses: Vec<String>,
}

/// How to sign in; secrets are sealed and never shown again.
#[derive(Deserialize, ToSchema)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum PutSignIn {
    /// Not at all.
    None,
    /// OAuth client credentials.
    Bearer {
        /// Where the token is got.
        token_url: String,
        /// As whom.
        client_id: String,
        /// With this secret.
        secret: String,
        /// Scope asked for.
        scope: Option<String>,
    },
    /// `X-API-Key`.
    ApiKey {
        /// The key.
        key: String,
    },
}

/// Sets an endpoint. A running connector takes it with its next call.
#[utoipa::path(put, path = "/api/v1/peers/{peer}/endpoints/{name}", tag = "peers", request_body = PutEndpoint,
    params(("peer" = String, Path), ("name" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn put_endpoint(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, name)): Path<(String, String)>,
    Body(put): Body<PutEndpoint>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let sign_in = match put.sign_in {
        PutSignIn::None => SignIn::None,
        PutSignIn::ApiKey { key } => SignIn::ApiKey(key),
        PutSignIn::Bearer {
            token_url,
            client_id,
            secret,
            scope,
        } => SignIn::Bearer {
            token_url,
            client_id,
            secret,
            scope,
        },
    };
    let reach = Reach {
        base_url: put.base_url,
        sign_in,
        allowed_addresses: put.allowed_addresses,
    };
    peer::put_endpoint(&service.core, caller.tenant(), caller.id(), &peer, &name, &reach).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a step of the trial of an endpoint found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    /// `address` (it leads somewhere, over TLS that is trusted), `token`, `version`, `scope` or `sample`.
    pub step: String,
    /// `fine`, `fails` or `not-tried`.
    pub outcome: String,
    /// What was seen, what is wrong, or why it was not tried.
    pub detail: String,
}

/// Tries an endpoint as it is set up now: address and TLS, token, version, scope, and reading a sample. Changes nothing.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/endpoints/{name}/test", tag = "peers",
    params(("peer" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = Vec<Tried>), (status = "4XX", body = Problem)))]
pub async fn test_endpoint(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, name)): Path<(String, String)>,
) -> Result<Json<Vec<Tried>>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let found = connection::try_endpoint(&service.connectors, caller.tenant(), caller.id(), &peer, &name).await;
    let found = found.map_err(|error| match error {
        NotTriable::NotRunning(error) => super::not_running(error),
        NotTriable::Store(error) => error.into(),
        NotTriable::Commit(error) => error.into(),
    })?;
    let tried = found.into_iter().map(|(step, found)| {
        let (outcome, detail) = match found {
            Found::Fine(seen) => ("fine", seen),
            Found::Fails(fault) => ("fails", fault.to_string()),
            Found::NotTried(why) => ("not-tried", why.why().to_owned()),
        };
        Tried {
            step: step.name().to_owned(),
            outcome: outcome.to_owned(),
            detail,
        }
    });
    Ok(Json(tried.collect()))
}

/// What the pushes of a webhook are checked with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutWebhook {
    /// The shared secret, or the vendor's public key in hexadecimal; sealed and never shown again.
    pub secret: String,
}

/// Sets what the pushes of a webhook of the manifest are checked with. They are sent to `/in/{school}/{peer}/{name}`.
#[utoipa::path(put, path = "/api/v1/peers/{peer}/webhooks/{name}", tag = "peers", request_body = PutWebhook,
    params(("peer" = String, Path), ("name" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn put_webhook(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, name)): Path<(String, String)>,
    Body(put): Body<PutWebhook>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    pushed::put_secret(&service.core, caller.tenant(), caller.id(), &peer, &name, &put.secret).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A client of our faces to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClient {
    /// Scopes it may ask for (§5).
    pub scopes: Vec<String>,
}

/// A client of our faces, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    /// Its id.
    pub client_id: String,
    /// Scopes it may ask for.
    pub scopes: Vec<String>,
    /// Whether it gets no tokens any more.
    pub disabled: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: jiff::Timestamp,
}

/// The clients that act for a peer.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/clients", tag = "peers", params(("peer" = String, Path)),
    responses((status = 200, body = Vec<Client>), (status = "4XX", body = Problem)))]
pub async fn clients(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
) -> Result<Json<Vec<Client>>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let (db, tenant) = (&service.core.db, caller.tenant());
    if crate::store::peer::find(db, tenant, &peer).await?.is_none() {
        return Err(PeerError::Unknown(peer).into());
    }
    let all = crate::store::client::all(db, tenant).await?;
    let own = all.into_iter().filter(|row| row.peer == peer);
    let shown = own.map(|row| Client {
        client_id: row.client_id,
        scopes: row.scopes,
        disabled: row.disabled,
        created_at: row.created_at,
    });
    Ok(Json(shown.collect()))
}

/// A client's credentials, shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientShownOnce {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Where it gets tokens.
    pub token_url: String,
}

/// Makes a client that acts for a peer; its secret is shown this once.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/clients", tag = "peers", request_body = NewClient,
    params(("peer" = String, Path)), responses((status = 201, body = ClientShownOnce), (status = "4XX", body = Problem)))]
pub async fn create_client(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(new): Body<NewClient>,
) -> Result<(StatusCode, Json<ClientShownOnce>), Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let made = client::create(&service.core, caller.tenant(), caller.id(), &peer, &new.scopes).await?;
    let shown = ClientShownOnce {
        client_id: made.client_id,
        client_secret: made.secret.reveal().to_owned(),
        token_url: format!("{}/oauth2/token", service.public_url),
    };
    Ok((StatusCode::CREATED, Json(shown)))
}

/// Disables a client at once, with the tokens it has.
#[utoipa::path(delete, path = "/api/v1/clients/{client}", tag = "peers", params(("client" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn disable_client(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    client::disable(&service.core, caller.tenant(), caller.id(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// The reason.
    pub reason: String,
}

/// Nothing goes to this peer until it is resumed.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/pause", tag = "peers", request_body = Why,
    params(("peer" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn pause(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(why): Body<Why>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    peers::pause(&service.core, caller.tenant(), &peer, &actor(caller.id()), &why.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Messages go again, and a circuit breaker that stood open is closed.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/resume", tag = "peers", params(("peer" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn resume(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    peers::resume(&service.core, caller.tenant(), &peer, &actor(caller.id())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What to ask a vendor now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// `catalogue`, `results`, `reports`, or `registrations` of a student system that is asked for flow 1: everything, as
    /// at night.
    pub what: String,
}

/// Asks a peer now rather than at its next round (flows 0, 1, 3 and 4).
#[utoipa::path(post, path = "/api/v1/peers/{peer}/poll", tag = "peers", request_body = Ask,
    params(("peer" = String, Path)), responses((status = 202), (status = "4XX", body = Problem)))]
pub async fn poll(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(ask): Body<Ask>,
) -> Result<StatusCode, Problem> {
    caller.must_hold_any(&service, &[Duty::Beheren, Duty::Plannen])?;
    let what = match ask.what.as_str() {
        "catalogue" => Recurring::Catalogue,
        "results" => Recurring::Results,
        "reports" => Recurring::Reports,
        "registrations" => {
            pull::now(&service.core, caller.tenant(), &actor(caller.id()), &peer).await?;
            return Ok(StatusCode::ACCEPTED);
        }
        other => {
            return Err(Problem::bad(
                "what",
                format!("`{other}` is none of catalogue, results, reports, registrations"),
            ));
        }
    };
    polling::now(&service.core, caller.tenant(), &peer, what, &actor(caller.id())).await?;
    Ok(StatusCode::ACCEPTED)
}
