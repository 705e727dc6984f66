//! A planning system (TPL) outside the host: it plans at a vendor through a TA face, keeps what it planned, and takes
//! results and reports on its own face, as strictly as §3.3.3 and §3.4.3 allow.

mod face;
mod plan;
mod received;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::misbehaviour::{Misbehaving, Misbehaviour, MisbehaviourState, Rules, misbehave};
use super::moment::Now;
use super::outgoing::{Delivery, Outgoing, PeerAccess, TRIES};
use super::seeded::u64_for;
use super::socket::{Listening, bind, serve};
use super::tokens::{Credentials, Entrance, FLOW_2_3_4, Tokens};
use super::{SimulatorError, control as shared_control};

use plan::Planned;
pub use received::RefusedDelivery;

/// How to start a planning system.
#[derive(Debug, Clone)]
pub struct TplOptions {
    /// Where to listen; loopback only, port 0 for any free port.
    pub listen: SocketAddr,
    /// Its name; it decides every id that it makes.
    pub name: String,
    /// What callers show.
    pub credentials: Credentials,
    /// How long a token lasts.
    pub token_lifetime: SignedDuration,
    /// The TA face that it plans at, if that is known already.
    pub ta: Option<PeerAccess>,
    /// The time.
    pub now: Now,
}

impl TplOptions {
    /// A planning system on any free port.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            name: name.into(),
            credentials: Credentials::new("oke-host", "tpl-secret"),
            token_lifetime: SignedDuration::from_hours(1),
            ta: None,
            now: Now::system(),
        }
    }
}

/// A sitting to plan, with so many students.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SittingOrder {
    /// The test, by the id of the catalogue.
    pub component_id: String,
    /// When it begins; it lasts an hour.
    pub start: Timestamp,
    /// How many students take part.
    pub students: usize,
}

/// A sitting that was planned.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedSitting {
    /// Its id.
    pub offering_id: String,
    /// Its deelnames.
    pub association_ids: Vec<String>,
    /// What the TA said to each message, the sitting first.
    pub deliveries: Vec<Delivery>,
}

/// What it holds of one object, and what came back of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedState {
    /// Its id.
    pub id: String,
    /// The object, as it was told last.
    pub told: Value,
    /// Whether it was cancelled.
    pub canceled: bool,
    /// Every result or report that came, in the order of arrival.
    pub came: Vec<Value>,
}

/// Everything it holds and has seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TplState {
    /// Its name.
    pub name: String,
    /// Sittings, by id.
    pub sittings: Vec<PlannedState>,
    /// Deelnames, by id.
    pub deelnames: Vec<PlannedState>,
    /// Messages it refused.
    pub refused: Vec<RefusedDelivery>,
    /// What it sent.
    pub sent: Vec<Delivery>,
    /// The trouble it makes.
    pub misbehaviour: MisbehaviourState,
}

/// A planning system that is running.
#[derive(Debug)]
pub struct Tpl {
    base_url: String,
    credentials: Credentials,
    system: Arc<System>,
    listening: Listening,
}

/// What the routes of one planning system share.
#[derive(Debug)]
struct System {
    name: String,
    planned: Mutex<Planned>,
    entrance: Arc<Entrance>,
    rules: Arc<Rules>,
    outgoing: Arc<Outgoing>,
    now: Now,
}

impl System {
    fn planned(&self) -> std::sync::MutexGuard<'_, Planned> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> TplState {
        let planned = self.planned();
        TplState {
            name: self.name.clone(),
            sittings: planned.sittings.values().cloned().collect(),
            deelnames: planned.deelnames.values().cloned().collect(),
            refused: planned.refused.clone(),
            sent: self.outgoing.log(),
            misbehaviour: self.rules.state(),
        }
    }
}

impl Tpl {
    /// Opens the socket and starts answering.
    ///
    /// # Errors
    /// When it can't listen there.
    pub async fn start(options: TplOptions) -> Result<Self, SimulatorError> {
        let (listener, address) = bind(options.listen).await?;
        let seed = u64_for(&["tpl", &options.name]);
        let rules = Arc::new(Rules::seeded(seed));
        let entrance = Arc::new(Entrance::Bearer(Tokens::new(
            options.credentials.clone(),
            &[FLOW_2_3_4],
            options.token_lifetime,
            seed,
            options.now.clone(),
        )));
        let system = Arc::new(System {
            name: options.name,
            planned: Mutex::default(),
            entrance,
            outgoing: Arc::new(Outgoing::new(FLOW_2_3_4, TRIES, Arc::clone(&rules), options.ta)),
            rules,
            now: options.now,
        });
        let listening = serve(listener, routes(&system));
        Ok(Self {
            base_url: format!("http://{address}"),
            credentials: options.credentials,
            system,
            listening,
        })
    }

    /// The address of its TPL face, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Its token endpoint.
    pub fn token_url(&self) -> String {
        format!("{}/oauth2/token", self.base_url)
    }

    /// How callers come in.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Everything it holds and has seen.
    pub fn state(&self) -> TplState {
        self.system.state()
    }

    /// Says at which TA face it plans.
    pub fn connect_ta(&self, access: PeerAccess) {
        self.system.outgoing.set_access(access);
    }

    /// Adds a rule for trouble.
    pub fn misbehave(&self, rule: Misbehaviour) {
        self.system.rules.add(rule);
    }

    /// Ends all trouble.
    pub fn behave(&self) {
        self.system.rules.clear();
    }

    /// Plans a sitting with its deelnames (flow 2): the sitting first (§3.2.2).
    ///
    /// # Errors
    /// When no TA is known.
    pub async fn plan(&self, order: &SittingOrder) -> Result<PlannedSitting, SimulatorError> {
        plan::sitting(&self.system, order).await
    }

    /// Cancels a sitting (R4).
    ///
    /// # Errors
    /// When it is not known, or no TA is.
    pub async fn cancel_sitting(&self, offering_id: &str) -> Result<Vec<Delivery>, SimulatorError> {
        plan::cancel_sitting(&self.system, offering_id).await
    }

    /// Cancels a deelname (R4).
    ///
    /// # Errors
    /// When it is not known, or no TA is.
    pub async fn cancel_deelname(&self, association_id: &str) -> Result<Vec<Delivery>, SimulatorError> {
        plan::cancel_deelname(&self.system, association_id).await
    }

    /// Asks the TA: the status, and the JSON of the answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask(&self, path: &str) -> Result<(u16, Value), String> {
        self.system.outgoing.get(path).await
    }

    /// Fetches a document that a result or report named: its size and SHA-256.
    ///
    /// # Errors
    /// What the TA said, when it did not give it.
    pub async fn fetch_document(&self, id: &str) -> Result<(u64, String), String> {
        let fetched = self.system.outgoing.fetch_document(id).await?;
        Ok((fetched.bytes, fetched.sha256))
    }

    /// Stops listening and forgets everything.
    pub async fn stop(self) {
        self.listening.stop().await;
    }
}

fn routes(system: &Arc<System>) -> Router {
    let misbehaving = Misbehaving {
        rules: Arc::clone(&system.rules),
        entrance: Arc::clone(&system.entrance),
    };
    let face = face::routes(Arc::clone(system))
        .route("/oauth2/token", post(token).with_state(Arc::clone(system)))
        .layer(from_fn_with_state(misbehaving, misbehave));
    face.merge(plan::routes(Arc::clone(system)))
        .merge(shared_control::routes(
            Arc::clone(&system.rules),
            Arc::clone(&system.outgoing),
        ))
}

async fn token(State(system): State<Arc<System>>, headers: HeaderMap, form: String) -> Response {
    system.entrance.grant(&headers, &form)
}
