//! What a simulator sends to its peer: with a token of the TPL's endpoint, patient with failures, and with the trouble
//! that its rules ask for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::header;
use futures_util::StreamExt;
use reqwest::{Client, Method, StatusCode};
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SimulatorError;
use super::misbehaviour::{Rules, Trouble};

/// How often a message is tried unless told otherwise.
pub(super) const TRIES: u32 = 6;
/// The pause after the first failure; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest `Retry-After` that is waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Where a peer is and how to come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerAccess {
    /// The address of its face, without a slash at the end.
    #[serde(alias = "baseUrl")]
    pub target: String,
    /// Its token endpoint.
    pub token_url: String,
    /// Our client id there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: String,
}

/// A message for the TPL.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// What the message is, for counting, as in `person`.
    pub(super) kind: &'static str,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Value,
}

impl Message {
    pub(super) fn put(kind: &'static str, path: String, body: Value) -> Self {
        Self {
            kind,
            method: Method::PUT,
            path,
            body,
        }
    }

    pub(super) fn patch(kind: &'static str, path: String, body: Value) -> Self {
        Self {
            kind,
            method: Method::PATCH,
            path,
            body,
        }
    }
}

/// How the delivery of a message ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The peer answered.
    Answered {
        /// The HTTP status of its last answer.
        status: u16,
    },
    /// The peer could not be reached, or the connection ended without an answer.
    NoAnswer,
    /// Kept back by a rule, to go out after a later message about the same object.
    Held,
}

/// The account of one message that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// The order of ending, counted from 1.
    pub order: u64,
    /// What the message was, as in `person`.
    pub kind: String,
    /// Its HTTP method.
    pub method: String,
    /// Its path below the peer's address.
    pub path: String,
    /// How often it was tried.
    pub tries: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// What the peer said when it did not accept the message.
    pub detail: Option<String>,
}

impl Delivery {
    /// Whether the peer took the message.
    pub fn accepted(&self) -> bool {
        matches!(self.outcome, Outcome::Answered { status } if (200..300).contains(&status))
    }
}

/// A document as it was fetched: nothing of its content is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// The way to the TPL.
#[derive(Debug)]
pub(super) struct Outgoing {
    client: Client,
    scope: &'static str,
    /// How often a message is tried before it is given up: a connection that failed, 429 and 5xx are tried again.
    tries: u32,
    rules: Arc<Rules>,
    /// Held while a token is asked for, so that messages under way together share one.
    asking: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    access: Option<PeerAccess>,
    token: Option<String>,
    held: Vec<Message>,
    log: Vec<Delivery>,
}

impl Outgoing {
    pub(super) fn new(scope: &'static str, tries: u32, rules: Arc<Rules>, access: Option<PeerAccess>) -> Self {
        Self {
            client: super::client(),
            scope,
            tries,
            rules,
            asking: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                access,
                ..State::default()
            }),
        }
    }

    pub(super) fn set_access(&self, access: PeerAccess) {
        let mut state = self.locked();
        state.access = Some(access);
        state.token = None;
    }

    pub(super) fn is_known(&self) -> bool {
        self.locked().access.is_some()
    }

    pub(super) fn log(&self) -> Vec<Delivery> {
        self.locked().log.clone()
    }

    pub(super) fn held(&self) -> usize {
        self.locked().held.len()
    }

    /// Sends messages, at most `parallel` at a time; the accounts come back in the order of the messages.
    pub(super) async fn send_all(
        &self,
        messages: Vec<Message>,
        parallel: usize,
    ) -> Result<Vec<Delivery>, SimulatorError> {
        self.access()?;
        let sending = messages.into_iter().map(|message| self.send(message));
        let per_message: Vec<Vec<Delivery>> = futures_util::stream::iter(sending)
            .buffered(parallel.max(1))
            .collect()
            .await;
        Ok(per_message.into_iter().flatten().collect())
    }

    /// Sends what rules have kept back.
    pub(super) async fn release_held(&self) -> Result<Vec<Delivery>, SimulatorError> {
        let access = self.access()?;
        let held = std::mem::take(&mut self.locked().held);
        let mut deliveries = Vec::new();
        for message in held {
            deliveries.push(self.deliver(&access, &message).await);
        }
        Ok(deliveries)
    }

    async fn send(&self, message: Message) -> Vec<Delivery> {
        let Ok(access) = self.access() else { return Vec::new() };
        let trouble = self.rules.for_outgoing(message.method.as_str(), &message.path);
        if trouble == Some(Trouble::ReorderOutgoing) {
            let delivery = self.record(&message, 0, Outcome::Held, None);
            self.locked().held.push(message);
            return vec![delivery];
        }
        let mut deliveries = vec![self.deliver(&access, &message).await];
        if trouble == Some(Trouble::DuplicateOutgoing) {
            deliveries.push(self.deliver(&access, &message).await);
        }
        for older in self.take_held(&message.path) {
            deliveries.push(self.deliver(&access, &older).await);
        }
        deliveries
    }

    async fn deliver(&self, access: &PeerAccess, message: &Message) -> Delivery {
        let mut pause = FIRST_PAUSE;
        let mut tries = 0;
        let mut asked_anew = false;
        loop {
            tries += 1;
            let (outcome, detail, wait) = self.attempt(access, message).await;
            let transient = match outcome {
                Outcome::NoAnswer => true,
                Outcome::Answered { status } => status == 429 || status >= 500,
                Outcome::Held => false,
            };
            // A withdrawn token is asked for anew, once.
            if outcome == (Outcome::Answered { status: 401 }) && !asked_anew {
                asked_anew = true;
                self.locked().token = None;
                continue;
            }
            if !transient || tries >= self.tries {
                return self.record(message, tries, outcome, detail);
            }
            tokio::time::sleep(wait.unwrap_or(pause).min(LONGEST_PAUSE)).await;
            pause *= 2;
        }
    }

    async fn attempt(&self, access: &PeerAccess, message: &Message) -> (Outcome, Option<String>, Option<Duration>) {
        let token = match self.token(access).await {
            Ok(token) => token,
            Err(reason) => return (Outcome::NoAnswer, Some(reason), None),
        };
        let media = if message.method == Method::PATCH {
            "application/merge-patch+json"
        } else {
            "application/json"
        };
        let request = self
            .client
            .request(message.method.clone(), format!("{}{}", access.target, message.path))
            .bearer_auth(token)
            .header(header::CONTENT_TYPE, media)
            .body(message.body.to_string());
        match request.send().await {
            Err(error) => (Outcome::NoAnswer, Some(chain_of(&error)), None),
            Ok(response) => {
                let status = response.status();
                let wait = retry_after(&response);
                let detail = if status.is_success() {
                    None
                } else {
                    Some(said(response).await)
                };
                (
                    Outcome::Answered {
                        status: status.as_u16(),
                    },
                    detail,
                    wait,
                )
            }
        }
    }

    /// Asks for an object: the status, and the JSON of the answer.
    pub(super) async fn get(&self, path: &str) -> Result<(u16, Value), String> {
        let response = self.read(path).await?;
        let status = response.status().as_u16();
        let body = response.json().await.map_err(|error| chain_of(&error))?;
        Ok((status, body))
    }

    /// Fetches a document and keeps only its size and SHA-256.
    pub(super) async fn fetch_document(&self, document_id: &str) -> Result<Fetched, String> {
        let id: String = url::form_urlencoded::byte_serialize(document_id.as_bytes()).collect();
        let response = self.read(&format!("/documents/{id}")).await?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            return Err(format!("answered {status}: {}", said(response).await));
        }
        let mut hash = Context::new(&SHA256);
        let mut bytes = 0;
        let mut stream = response.bytes_stream();
        while let Some(part) = stream.next().await {
            let part = part.map_err(|error| format!("broke off after {bytes} bytes: {}", chain_of(&error)))?;
            bytes += part.len() as u64;
            hash.update(&part);
        }
        Ok(Fetched {
            bytes,
            sha256: hex::encode(hash.finish()),
        })
    }

    /// A GET; a token that ran out or was withdrawn is asked for anew, once.
    async fn read(&self, path: &str) -> Result<reqwest::Response, String> {
        let access = self.access().map_err(|error| error.to_string())?;
        let response = self.read_once(&access, path).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        self.locked().token = None;
        self.read_once(&access, path).await
    }

    async fn read_once(&self, access: &PeerAccess, path: &str) -> Result<reqwest::Response, String> {
        let token = self.token(access).await?;
        let request = self.client.get(format!("{}{path}", access.target)).bearer_auth(token);
        request.send().await.map_err(|error| chain_of(&error))
    }

    async fn token(&self, access: &PeerAccess) -> Result<String, String> {
        let _asking = self.asking.lock().await;
        let known = self.locked().token.clone();
        if let Some(token) = known {
            return Ok(token);
        }
        let form = [("grant_type", "client_credentials"), ("scope", self.scope)];
        let request = self
            .client
            .post(&access.token_url)
            .basic_auth(&access.client_id, Some(&access.client_secret))
            .form(&form);
        let response = request
            .send()
            .await
            .map_err(|error| format!("no token: {}", chain_of(&error)))?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            return Err(format!("no token: answered {status}: {}", said(response).await));
        }
        let answer: Value = response
            .json()
            .await
            .map_err(|error| format!("no token: {}", chain_of(&error)))?;
        let token = answer["access_token"]
            .as_str()
            .ok_or("no token: the answer holds no access_token")?
            .to_owned();
        self.locked().token = Some(token.clone());
        Ok(token)
    }

    fn access(&self) -> Result<PeerAccess, SimulatorError> {
        self.locked().access.clone().ok_or(SimulatorError::NoPeer)
    }

    fn take_held(&self, path: &str) -> Vec<Message> {
        let mut state = self.locked();
        let (same, others) = std::mem::take(&mut state.held)
            .into_iter()
            .partition(|message| message.path == path);
        state.held = others;
        same
    }

    fn record(&self, message: &Message, tries: u32, outcome: Outcome, detail: Option<String>) -> Delivery {
        let mut state = self.locked();
        let delivery = Delivery {
            order: state.log.len() as u64 + 1,
            kind: message.kind.to_owned(),
            method: message.method.to_string(),
            path: message.path.clone(),
            tries,
            outcome,
            detail,
        };
        state.log.push(delivery.clone());
        delivery
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response
        .headers()
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// The start of what a peer answered; a problem's detail where it is one.
async fn said(response: reqwest::Response) -> String {
    let text = response.text().await.unwrap_or_default();
    let detail = serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|problem| problem["detail"].as_str().map(str::to_owned));
    detail.unwrap_or(text).chars().take(600).collect()
}

fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
