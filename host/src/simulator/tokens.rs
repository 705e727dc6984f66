//! A simulator's own token endpoint (OAuth 2.0 client credentials) and the check of what callers show.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::moment::Now;
use super::problem::Problem;
use super::seeded::uuid_for;

/// Flow 0, the catalogue.
pub(super) const FLOW_0: &str = "nl-test-admin-flow-0";
/// Flows 1 and 5, between DR and TPL.
pub(super) const FLOW_1_5: &str = "nl-test-admin-flow-1-5";
/// Flows 2, 3 and 4, between TPL and TA.
pub(super) const FLOW_2_3_4: &str = "nl-test-admin-flow-2-3-4";
/// Flow 6, from DR to TA.
pub(super) const FLOW_6: &str = "nl-test-admin-flow-6";

/// A client id with its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// The name of the client.
    pub client_id: String,
    /// What it proves itself with.
    pub client_secret: String,
}

impl Credentials {
    /// Credentials from two texts.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
        }
    }
}

/// Who may come in, and how they show it.
#[derive(Debug)]
pub(super) enum Entrance {
    /// `Authorization: Bearer`, with a token of our own endpoint.
    Bearer(Tokens),
    /// `X-API-Key`, which opens everything.
    ApiKey(String),
}

impl Entrance {
    /// Refuses a caller without a good token (401) or with one for another scope (403).
    pub(super) fn check(&self, headers: &HeaderMap, scope: &str) -> Result<(), Problem> {
        match self {
            Self::Bearer(tokens) => tokens.check(headers, scope),
            Self::ApiKey(key) => match headers.get("x-api-key").map(HeaderValue::as_bytes) {
                None => Err(Problem::unauthorized("the header X-API-Key is missing")),
                Some(shown) if shown == key.as_bytes() => Ok(()),
                Some(_) => Err(Problem::unauthorized("the key in X-API-Key is not known here")),
            },
        }
    }

    /// Makes the token in these headers worthless, as one that has expired. A key cannot expire.
    pub(super) fn expire(&self, headers: &HeaderMap) {
        if let (Self::Bearer(tokens), Ok(token)) = (self, bearer(headers)) {
            tokens.locked().remove(token);
        }
    }

    /// Answers `POST /oauth2/token`.
    pub(super) fn grant(&self, headers: &HeaderMap, form: &str) -> Response {
        match self {
            Self::Bearer(tokens) => tokens.grant(headers, form),
            Self::ApiKey(_) => {
                Problem::not_found("callers of this system show X-API-Key; it gives no tokens").into_response()
            }
        }
    }
}

/// The tokens of one token endpoint.
#[derive(Debug)]
pub(super) struct Tokens {
    client: Credentials,
    scopes: &'static [&'static str],
    lifetime: SignedDuration,
    seed: u64,
    now: Now,
    issued: Mutex<HashMap<String, Issued>>,
}

#[derive(Debug)]
struct Issued {
    scopes: Vec<String>,
    expires: Timestamp,
}

#[derive(Debug, Default)]
struct Grant {
    grant_type: Option<String>,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

impl Tokens {
    pub(super) fn new(
        client: Credentials,
        scopes: &'static [&'static str],
        lifetime: SignedDuration,
        seed: u64,
        now: Now,
    ) -> Self {
        Self {
            client,
            scopes,
            lifetime,
            seed,
            now,
            issued: Mutex::default(),
        }
    }

    fn check(&self, headers: &HeaderMap, scope: &str) -> Result<(), Problem> {
        let token = bearer(headers)?;
        let issued = self.locked();
        let Some(known) = issued.get(token) else {
            return Err(Problem::unauthorized(
                "this token was not given here, or it has been withdrawn; ask for a new one",
            ));
        };
        if known.expires <= self.now.get() {
            return Err(Problem::unauthorized(
                "this token has expired; ask for a new one at /oauth2/token",
            ));
        }
        if !known.scopes.iter().any(|held| held == scope) {
            return Err(Problem::forbidden(format!(
                "this operation asks for scope {scope}, and the token holds {}",
                known.scopes.join(" ")
            )));
        }
        Ok(())
    }

    fn grant(&self, headers: &HeaderMap, form: &str) -> Response {
        match self.granted(headers, form) {
            Ok(answer) => ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response(),
            Err((status, error, description)) => {
                let body = Json(json!({ "error": error, "error_description": description }));
                let mut response = (status, body).into_response();
                if status == StatusCode::UNAUTHORIZED {
                    response
                        .headers_mut()
                        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
                }
                response
            }
        }
    }

    fn granted(
        &self,
        headers: &HeaderMap,
        form: &str,
    ) -> Result<serde_json::Value, (StatusCode, &'static str, String)> {
        let grant = read_grant(form);
        if grant.grant_type.as_deref() != Some("client_credentials") {
            let description = "the form field grant_type must be client_credentials".to_owned();
            return Err((StatusCode::BAD_REQUEST, "unsupported_grant_type", description));
        }
        let shown = basic(headers).or_else(|| Some(Credentials::new(grant.client_id?, grant.client_secret?)));
        if shown.as_ref() != Some(&self.client) {
            let description = "give this system's client id and secret by HTTP Basic or as form fields".to_owned();
            return Err((StatusCode::UNAUTHORIZED, "invalid_client", description));
        }
        let asked: Vec<String> = match grant.scope.as_deref() {
            None | Some("") => self.scopes.iter().map(ToString::to_string).collect(),
            Some(asked) => asked.split_whitespace().map(str::to_owned).collect(),
        };
        if let Some(other) = asked.iter().find(|scope| !self.scopes.contains(&scope.as_str())) {
            let description = format!("scope {other} is not given here, only {}", self.scopes.join(" "));
            return Err((StatusCode::BAD_REQUEST, "invalid_scope", description));
        }

        let mut issued = self.locked();
        let number = issued.len().to_string();
        let moment = self.now.get();
        let token = uuid_for(&[
            "token",
            &self.client.client_id,
            &self.seed.to_string(),
            &number,
            &moment.to_string(),
        ]);
        let answer = json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.lifetime.as_secs(),
            "scope": asked.join(" "),
        });
        issued.insert(
            token,
            Issued {
                scopes: asked,
                expires: moment + self.lifetime,
            },
        );
        Ok(answer)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<String, Issued>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(Problem::unauthorized(
            "the header Authorization is missing; ask for a token at /oauth2/token",
        ));
    };
    value
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::trim)
        .ok_or_else(|| Problem::unauthorized("the header Authorization must read `Bearer TOKEN`"))
}

fn basic(headers: &HeaderMap) -> Option<Credentials> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    // RFC 6749 §2.3.1: both parts are form-encoded inside the Basic header.
    Some(Credentials::new(form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={text}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn read_grant(form: &str) -> Grant {
    let mut grant = Grant::default();
    for (name, value) in url::form_urlencoded::parse(form.as_bytes()) {
        let field = match name.as_ref() {
            "grant_type" => &mut grant.grant_type,
            "scope" => &mut grant.scope,
            "client_id" => &mut grant.client_id,
            "client_secret" => &mut grant.client_secret,
            _ => continue,
        };
        *field = Some(value.into_owned());
    }
    grant
}
