//! Tokens by OAuth 2.0 client credentials (RFC 6749 §4.4): asked once, kept until shortly before they end, asked anew
//! when the vendor no longer takes them. Never visible to a connector.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde::Deserialize;

use super::endpoint::{ClientCredentials, Endpoint, Secret, SecretIn};
use super::{EgressFailure, client};

/// A token is no longer used this long before it ends, so that it does not end on its way.
const MARGIN: Duration = Duration::from_secs(30);
/// Life of a token whose answer does not say.
const UNSAID_LIFE: Duration = Duration::from_secs(300);
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes of a token answer.
const LARGEST_ANSWER: usize = 64 << 10;
/// Tokens kept; beyond this the cache starts anew.
const MOST_TOKENS: usize = 5_000;

#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<Key, Arc<Held>>>);

/// One token. The lock is held while it is fetched, so that many calls ask once.
type Held = tokio::sync::Mutex<Option<Token>>;

/// Digest over everything the token depends on, the secret included: a changed secret is another token.
type Key = [u8; 32];

struct Token {
    value: Secret,
    until: Instant,
}

pub(super) enum TokenFailure {
    /// The token endpoint does not take our credentials.
    Refused,
    /// It could not be asked.
    Egress(EgressFailure),
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

impl Tokens {
    /// A token that still holds.
    pub async fn get(
        &self,
        client: &reqwest::Client,
        endpoint: &Endpoint,
        grant: &ClientCredentials,
    ) -> Result<Secret, TokenFailure> {
        let held = self.held(endpoint, grant);
        let mut held = held.lock().await;
        if let Some(token) = held.as_ref()
            && token.until > Instant::now()
        {
            return Ok(token.value.clone());
        }
        let token = fetch(client, endpoint, grant).await?;
        let value = token.value.clone();
        *held = Some(token);
        Ok(value)
    }

    /// A token anew, whatever was kept; it is kept from now on.
    pub async fn renew(
        &self,
        client: &reqwest::Client,
        endpoint: &Endpoint,
        grant: &ClientCredentials,
    ) -> Result<Secret, TokenFailure> {
        // Fetched before it is locked: calls go on with the one that is kept.
        let token = fetch(client, endpoint, grant).await?;
        let value = token.value.clone();
        *self.held(endpoint, grant).lock().await = Some(token);
        Ok(value)
    }

    /// Drops this token if it is still the one kept.
    pub async fn forget(&self, endpoint: &Endpoint, grant: &ClientCredentials, refused: &Secret) {
        let held = self.held(endpoint, grant);
        let mut held = held.lock().await;
        if held.as_ref().is_some_and(|token| token.value == *refused) {
            *held = None;
        }
    }

    fn held(&self, endpoint: &Endpoint, grant: &ClientCredentials) -> Arc<Held> {
        let mut tokens = self.0.lock().expect("no holder of this lock panics");
        if tokens.len() >= MOST_TOKENS {
            tokens.clear();
        }
        tokens.entry(key(endpoint, grant)).or_default().clone()
    }
}

fn key(endpoint: &Endpoint, grant: &ClientCredentials) -> Key {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    for part in [
        endpoint.base_url.as_str(),
        grant.token_url.as_str(),
        &grant.client_id,
        grant.client_secret.reveal(),
        grant.scope.as_deref().unwrap_or(""),
    ] {
        digest.update(&(part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    // Two grants that allow different addresses don't share what one of them fetched.
    for range in &endpoint.allowed_addresses {
        digest.update(range.to_string().as_bytes());
    }
    digest.finish().as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

async fn fetch(
    client: &reqwest::Client,
    endpoint: &Endpoint,
    grant: &ClientCredentials,
) -> Result<Token, TokenFailure> {
    client::check_literal_host(&grant.token_url, endpoint).map_err(TokenFailure::Egress)?;
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(grant.scope.as_deref().map(|scope| ("scope", scope)));
    let request = client
        .post(grant.token_url.clone())
        .header(reqwest::header::ACCEPT, "application/json");
    let request = match grant.secret_in {
        SecretIn::BasicHeader => request.basic_auth(
            form_encoded(&grant.client_id),
            Some(form_encoded(grant.client_secret.reveal())),
        ),
        SecretIn::Form => {
            form.push(("client_id", &grant.client_id));
            form.push(("client_secret", grant.client_secret.reveal()));
            request
        }
    };
    let asked = Instant::now();
    let mut answer = request
        .form(&form)
        .send()
        .await
        .map_err(|error| TokenFailure::Egress(client::failure(&error)))?;
    match answer.status() {
        status if status.is_success() => {}
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return Err(TokenFailure::Refused);
        }
        _ => return Err(unusable("the token endpoint failed")),
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|_| unusable("the connection to the token endpoint broke"))?
    {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(unusable("the token endpoint's answer is too large"));
        }
    }
    let granted: Granted =
        serde_json::from_slice(&body).map_err(|_| unusable("the token endpoint's answer is no token"))?;
    let is_bearer = granted
        .token_type
        .as_deref()
        .is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    let fits_header =
        !granted.access_token.is_empty() && granted.access_token.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_bearer || !fits_header {
        return Err(unusable("the token endpoint's answer is no bearer token"));
    }
    let life = granted
        .expires_in
        .as_ref()
        .and_then(seconds)
        .unwrap_or(UNSAID_LIFE)
        .min(LONGEST_LIFE);
    Ok(Token {
        value: Secret::new(granted.access_token),
        // A very short life gets a margin that leaves something of it.
        until: asked + life.saturating_sub(MARGIN.min(life / 5)),
    })
}

/// Some servers write the seconds as text.
fn seconds(value: &serde_json::Value) -> Option<Duration> {
    match value {
        serde_json::Value::String(text) => text.trim().parse::<u64>().ok(),
        other => other.as_u64(),
    }
    .map(Duration::from_secs)
}

fn unusable(why: &'static str) -> TokenFailure {
    TokenFailure::Egress(EgressFailure::Unreachable(why))
}

/// RFC 6749 §2.3.1: id and secret are form-encoded before they go into the Basic header.
fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
