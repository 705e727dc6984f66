//! The way out to vendors. The host resolves names, checks every address, adds base URL and credentials, follows no
//! redirect, and gives each request what is left of its call's budget.
//!
//! [`endpoint`] is what a revision's grant configures, [`address`] the judgement on addresses, `token` the
//! client-credentials tokens, `client` the connections, `probe` what a person asks: does it work as it was set up?

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue};

use super::host_body::{HeldBody, micros};
use super::limits::Meter;

pub mod address;
mod client;
pub mod endpoint;
mod probe;
mod token;

pub use address::AddressRange;
pub use endpoint::{ClientCredentials, Credentials, Endpoint, EndpointError, Endpoints, Secret, SecretIn};
pub use probe::{Answer, SignIn, Unreached};

use client::Clients;
use token::{TokenFailure, Tokens};

/// Connections and tokens of one engine, shared by all calls.
#[derive(Default)]
pub(super) struct Egress {
    clients: Clients,
    tokens: Tokens,
}

/// A request that the grant covers and whose parts were checked.
pub(super) struct Outgoing {
    pub method: reqwest::Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub content: Content,
}

pub(super) enum Content {
    None,
    Bytes(Bytes),
    Handed(HeldBody),
}

/// What came back.
#[derive(Debug)]
pub(super) enum Reply {
    /// An answer of the vendor.
    Answered(reqwest::Response),
    /// The token endpoint refused our credentials: to the guest it looks as if the vendor said 401.
    CredentialsRefused,
}

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EgressFailure {
    /// An address that nobody allowed.
    ForbiddenAddress,
    /// The budget is used up.
    OutOfBudget,
    /// No connection, or it broke. The text is ours.
    Unreachable(&'static str),
}

impl Egress {
    /// Sends a request and gives the answer with its body unread.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        outgoing: Outgoing,
        deadline: Instant,
        meter: &Arc<Meter>,
    ) -> Result<Reply, EgressFailure> {
        let started = Instant::now();
        let sending = self.send_with_credentials(endpoint, outgoing, meter);
        let sent = tokio::time::timeout_at(deadline.into(), sending).await;
        meter
            .network_micros
            .fetch_add(micros(started.elapsed()), Ordering::Relaxed);
        sent.unwrap_or(Err(EgressFailure::OutOfBudget))
    }

    async fn send_with_credentials(
        &self,
        endpoint: &Endpoint,
        outgoing: Outgoing,
        meter: &Arc<Meter>,
    ) -> Result<Reply, EgressFailure> {
        let client = self.clients.of(endpoint)?;
        client::check_literal_host(&outgoing.url, endpoint)?;
        let Credentials::ClientCredentials(grant) = &endpoint.credentials else {
            let key = match &endpoint.credentials {
                Credentials::ApiKey { header, key } => Some((header.clone(), sensitive(key.reveal()))),
                _ => None,
            };
            return send_once(&client, outgoing, key, meter).await.map(Reply::Answered);
        };
        let token = match self.tokens.get(&client, endpoint, grant).await {
            Ok(token) => token,
            Err(TokenFailure::Refused) => return Ok(Reply::CredentialsRefused),
            Err(TokenFailure::Egress(failure)) => return Err(failure),
        };
        let (outgoing, again) = outgoing.twin();
        let answer = send_once(&client, outgoing, Some(bearer(&token)), meter).await?;
        let (reqwest::StatusCode::UNAUTHORIZED, Some(again)) = (answer.status(), again) else {
            return Ok(Reply::Answered(answer));
        };
        // A token may be withdrawn before its time: once, with a fresh one.
        self.tokens.forget(endpoint, grant, &token).await;
        match self.tokens.get(&client, endpoint, grant).await {
            Ok(fresh) => send_once(&client, again, Some(bearer(&fresh)), meter)
                .await
                .map(Reply::Answered),
            Err(TokenFailure::Refused) => Ok(Reply::CredentialsRefused),
            Err(TokenFailure::Egress(failure)) => Err(failure),
        }
    }
}

impl Outgoing {
    /// The request and, where its body can be sent twice, the same again.
    fn twin(self) -> (Self, Option<Self>) {
        let content = match &self.content {
            Content::None => Content::None,
            Content::Bytes(bytes) => Content::Bytes(bytes.clone()),
            Content::Handed(_) => return (self, None),
        };
        let twin = Self {
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            content,
        };
        (self, Some(twin))
    }
}

async fn send_once(
    client: &reqwest::Client,
    outgoing: Outgoing,
    credentials: Option<(reqwest::header::HeaderName, HeaderValue)>,
    meter: &Arc<Meter>,
) -> Result<reqwest::Response, EgressFailure> {
    let mut headers = outgoing.headers;
    if let Some((name, value)) = credentials {
        headers.insert(name, value);
    }
    let request = client.request(outgoing.method, outgoing.url).headers(headers);
    let request = match outgoing.content {
        Content::None => request,
        Content::Bytes(bytes) => {
            meter.bytes_sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            request.body(bytes)
        }
        Content::Handed(body) => {
            let meter = meter.clone();
            let length = body.announced_length();
            let counted = futures_util::StreamExt::map(body.into_stream(), move |chunk| {
                if let Ok(chunk) = &chunk {
                    meter.bytes_sent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                }
                chunk
            });
            // With its length known the vendor gets a Content-Length, which some demand of an upload.
            let request = match length {
                Some(length) => request.header(reqwest::header::CONTENT_LENGTH, length),
                None => request,
            };
            request.body(reqwest::Body::wrap_stream(counted))
        }
    };
    request.send().await.map_err(|error| client::failure(&error))
}

fn bearer(token: &Secret) -> (reqwest::header::HeaderName, HeaderValue) {
    (
        reqwest::header::AUTHORIZATION,
        sensitive(&format!("Bearer {}", token.reveal())),
    )
}

/// A header value that is not shown in debug output. Text was checked when the endpoint was made or the token came.
fn sensitive(text: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests;
