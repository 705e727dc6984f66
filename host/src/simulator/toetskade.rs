//! Toetskade, a vendor whose API has nothing in common with OKE: numbers of its own that it gives out again once they are
//! free, periods with a start and an end, extra time in steps of five percent, points before grades, outcomes that are
//! numbered, polled and pushed with a signature.

mod desk;
mod face;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use ring::hmac;
use serde_json::json;

use super::SimulatorError;
use super::client::client;
use super::misbehaviour::{Misbehaving, Misbehaviour, Rules, misbehave};
use super::moment::Now;
use super::seeded::u64_for;
use super::socket::{Listening, bind, serve};
use super::tokens::Entrance;

use desk::Desk;
pub use desk::{ToetskadeCandidate, ToetskadeExam, ToetskadeOutcome, ToetskadePeriod};

/// Where outcomes are pushed to, and with which secret they are signed.
#[derive(Debug, Clone)]
pub struct ToetskadeWebhook {
    /// The whole address.
    pub url: String,
    /// The secret shared with the school.
    pub secret: String,
}

/// How to start Toetskade.
#[derive(Debug, Clone)]
pub struct ToetskadeOptions {
    /// Where to listen; loopback only, port 0 for any free port.
    pub listen: SocketAddr,
    /// What callers show in `X-API-Key`.
    pub api_key: String,
    /// Its exams.
    pub exams: Vec<ToetskadeExam>,
    /// The time.
    pub now: Now,
}

impl ToetskadeOptions {
    /// On any free port, with one exam.
    pub fn new() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            api_key: "toetskade-key".to_owned(),
            exams: vec![ToetskadeExam::new(4711, "REK-2F", "Rekenen 2F", 90)],
            now: Now::system(),
        }
    }
}

impl Default for ToetskadeOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Toetskade, running.
#[derive(Debug)]
pub struct Toetskade {
    base_url: String,
    api_key: String,
    system: Arc<System>,
    rules: Arc<Rules>,
    listening: Listening,
}

/// What the routes share.
#[derive(Debug)]
struct System {
    desk: Mutex<Desk>,
    entrance: Arc<Entrance>,
    now: Now,
    base_url: String,
}

impl System {
    fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Toetskade {
    /// Opens the socket and starts answering.
    ///
    /// # Errors
    /// [`SimulatorError`].
    pub async fn start(options: ToetskadeOptions) -> Result<Self, SimulatorError> {
        let (listener, address) = bind(options.listen).await?;
        let base_url = format!("http://{address}");
        let rules = Arc::new(Rules::seeded(u64_for(&["vendor", "toetskade"])));
        let entrance = Arc::new(Entrance::ApiKey(options.api_key.clone()));
        let system = Arc::new(System {
            desk: Mutex::new(Desk::with(options.exams)),
            entrance: Arc::clone(&entrance),
            now: options.now,
            base_url: base_url.clone(),
        });
        let misbehaving = Misbehaving {
            rules: Arc::clone(&rules),
            entrance,
        };
        let routes = face::routes(Arc::clone(&system)).layer(from_fn_with_state(misbehaving, misbehave));
        Ok(Self {
            base_url,
            api_key: options.api_key,
            system,
            rules,
            listening: serve(listener, routes),
        })
    }

    /// Its address, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What callers show.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// Adds a rule for trouble.
    pub fn misbehave(&self, rule: Misbehaviour) {
        self.rules.add(rule);
    }

    /// Ends all trouble.
    pub fn behave(&self) {
        self.rules.clear();
    }

    /// The periods it holds, by number.
    pub fn periods(&self) -> Vec<ToetskadePeriod> {
        self.system.desk().periods()
    }

    /// The candidates it holds, by number.
    pub fn candidates(&self) -> Vec<ToetskadeCandidate> {
        self.system.desk().candidates()
    }

    /// A candidate was absent.
    ///
    /// # Errors
    /// [`SimulatorError::Unknown`].
    pub fn absent(&self, reference: &str) -> Result<ToetskadeOutcome, SimulatorError> {
        let today = self.system.now.today();
        self.system.desk().absent(reference, today)
    }

    /// A candidate took a version of the exam and got points: no grade yet. Also for one that was cancelled meanwhile.
    ///
    /// # Errors
    /// [`SimulatorError::Unknown`].
    pub fn mark(&self, reference: &str, version: &str, points: i32) -> Result<ToetskadeOutcome, SimulatorError> {
        let now = &self.system.now;
        self.system
            .desk()
            .mark(reference, version, points, (now.get(), now.today()))
    }

    /// Publishes the cesuur of a version: so many points are a 5.5. All its outcomes come again, with a grade.
    pub fn publish_cesuur(&self, version: &str, points: i32) -> Vec<ToetskadeOutcome> {
        let today = self.system.now.today();
        self.system.desk().publish_cesuur(version, points, today)
    }

    /// Pushes an outcome; says what was answered.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn push(&self, webhook: &ToetskadeWebhook, outcome: &ToetskadeOutcome) -> reqwest::Result<StatusCode> {
        let (time, body, signature) = self.signed(webhook, outcome);
        send(webhook, &time, body, &signature).await
    }

    /// A push as it is signed now: time, body and signature.
    pub fn signed(&self, webhook: &ToetskadeWebhook, outcome: &ToetskadeOutcome) -> (String, String, String) {
        let body = json!({ "event": "outcome", "outcome": outcome }).to_string();
        let time = self.system.now.get().as_second().to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, webhook.secret.as_bytes());
        let signed = format!("{time}.{body}");
        let signature = format!("sha256={}", hex::encode(hmac::sign(&key, signed.as_bytes()).as_ref()));
        (time, body, signature)
    }

    /// Stops listening and forgets everything.
    pub async fn stop(self) {
        self.listening.stop().await;
    }
}

/// Sends a signed push as it is.
async fn send(webhook: &ToetskadeWebhook, time: &str, body: String, signature: &str) -> reqwest::Result<StatusCode> {
    let answer = client()
        .post(&webhook.url)
        .header("content-type", "application/json")
        .header("x-toetskade-timestamp", time)
        .header("x-toetskade-signature", signature)
        .body(body)
        .send()
        .await?;
    Ok(answer.status())
}
