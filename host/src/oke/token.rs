//! `POST /oauth2/token`: OAuth 2.0 client credentials (RFC 6749 §4.4), client id and secret as Basic or in the form.
//! Tokens are opaque: their content is the issuer's business (N#163). Failed attempts are counted, not written down.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::SignedDuration;
use serde_json::json;

use crate::api::Service;
use crate::app::account::{Token, digest};
use crate::store::WriteSet;
use crate::store::client::{self, ClientRow, TokenRow};
use crate::telemetry::names::UNAUTHENTICATED;

/// How long a token is good for.
const LASTS: SignedDuration = SignedDuration::from_mins(30);

/// The route.
pub fn routes() -> Router<Service> {
    Router::new().route("/oauth2/token", post(issue).fallback(method))
}

/// An answer that says no, in OAuth's own shape (RFC 6749 §5.2).
struct Denied(StatusCode, &'static str, &'static str);

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let Denied(status, error, description) = self;
        let body = Json(json!({ "error": error, "error_description": description }));
        match status {
            StatusCode::UNAUTHORIZED => (status, [(WWW_AUTHENTICATE, "Basic")], body).into_response(),
            _ => (status, body).into_response(),
        }
    }
}

async fn method() -> Denied {
    Denied(
        StatusCode::METHOD_NOT_ALLOWED,
        "invalid_request",
        "ask for a token with POST (RFC 6749 §3.2)",
    )
}

async fn issue(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Result<Response, Denied> {
    let form = read_form(&headers, &body)?;
    let field = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    if field("grant_type") != Some("client_credentials") {
        return Err(Denied(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            "send grant_type=client_credentials; there is no other here",
        ));
    }
    let (id, secret) = match basic(&headers) {
        Some(pair) => pair,
        None => match (field("client_id"), field("client_secret")) {
            (Some(id), Some(secret)) => (id.to_owned(), secret.to_owned()),
            _ => return Err(no_client()),
        },
    };
    let client = authenticated(&service, &id, &secret).await?;
    let scopes = asked(&client, field("scope"))?;
    let token = Token::draw(&*service.core.world.random, "okt");
    let row = TokenRow {
        token_hash: token.digest(),
        tenant: client.tenant.clone(),
        client_id: client.client_id.clone(),
        scopes: scopes.clone(),
        expires_at: service.core.now() + LASTS,
    };
    let mut write_set = WriteSet::of(&client.tenant);
    write_set.put(row.write());
    service.core.commit(write_set).await.map_err(|error| {
        tracing::error!("could not store a token: {error}");
        Denied(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "the token could not be stored; ask again",
        )
    })?;
    let body = Json(json!({
        "access_token": token.reveal(), "token_type": "Bearer", "expires_in": LASTS.as_secs(), "scope": scopes.join(" "),
    }));
    Ok(([(CACHE_CONTROL, "no-store")], body).into_response())
}

fn read_form(headers: &HeaderMap, body: &[u8]) -> Result<Vec<(String, String)>, Denied> {
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    if !media_type
        .to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded")
    {
        return Err(Denied(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "send a form: Content-Type application/x-www-form-urlencoded",
        ));
    }
    Ok(url::form_urlencoded::parse(body).into_owned().collect())
}

/// Client id and secret from the `Authorization` header; each was form-encoded before (RFC 6749 §2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let shown = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = shown.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = plain.split_once(':')?;
    let decoded = |text: &str| {
        let pair = format!("it={text}");
        url::form_urlencoded::parse(pair.as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
    };
    Some((decoded(id)?, decoded(secret)?))
}

async fn authenticated(service: &Service, id: &str, secret: &str) -> Result<ClientRow, Denied> {
    // No database has a client by such a name, and PostgreSQL would not even look.
    if id.contains('\0') {
        return Err(no_client());
    }
    let found = client::find(&service.core.db, id).await.map_err(|error| {
        tracing::error!("could not look up a client: {error}");
        Denied(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "the client could not be looked up; ask again",
        )
    })?;
    // An unknown client costs the same comparison as a wrong secret.
    let kept = found.as_ref().map_or_else(|| digest(""), |row| row.secret_hash.clone());
    let fits = same(digest(secret).as_bytes(), kept.as_bytes());
    match found {
        Some(row) if fits && !row.disabled => Ok(row),
        _ => Err(no_client()),
    }
}

/// Compares without telling by its time where two digests differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0_u8, |differs, (a, b)| differs | (a ^ b)) == 0
}

fn no_client() -> Denied {
    metrics::counter!(UNAUTHENTICATED, "door" => "token").increment(1);
    Denied(
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        "client id or secret are not right, or the client is disabled; functioneel beheer of the school makes clients",
    )
}

/// Scopes asked for, as far as they are the client's; all of the client's when none is named.
fn asked(client: &ClientRow, scope: Option<&str>) -> Result<Vec<String>, Denied> {
    let Some(scope) = scope.filter(|scope| !scope.trim().is_empty()) else {
        return Ok(client.scopes.clone());
    };
    let given: Vec<String> = scope
        .split_whitespace()
        .filter(|one| client.scopes.iter().any(|held| held == one))
        .map(str::to_owned)
        .collect();
    if given.is_empty() {
        return Err(Denied(
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            "this client holds none of the scopes asked for",
        ));
    }
    Ok(given)
}
