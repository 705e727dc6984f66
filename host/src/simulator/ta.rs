//! A vendor's test platform in the role of toetsafname (TA).
//!
//! It offers a catalogue, takes sittings and deelnames as strictly as §3.2.3 allows, and gives attendance, results and
//! reports on command: sent to a TPL, or left on its own face to be read.

mod catalogue;
mod control;
mod documents;
mod face;
mod flow2;
mod platform;
mod results;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::post;
use jiff::SignedDuration;

use super::misbehaviour::{Misbehaving, Misbehaviour, Rules, misbehave};
use super::moment::Now;
use super::outgoing::{Delivery, Outgoing, PeerAccess, TRIES};
use super::seeded::u64_for;
use super::socket::{Listening, bind, serve};
use super::tokens::{Credentials, Entrance, FLOW_0, FLOW_2_3_4, Tokens};
use super::{SimulatorError, control as shared_control};

pub use catalogue::{Catalogue, Test};
use platform::Platform;
pub use platform::{DeelnameState, DocumentState, RefusedWrite, SittingState, TaState};
pub use results::{Cesuur, ReportOrder, ResultForm, ResultsOrder};

/// How results leave the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultMode {
    /// Sent to the TPL as flows 3 and 4 prescribe.
    Push,
    /// Only to be read on the TA face, as some vendors have it.
    Poll,
}

/// How callers show who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// A token from this platform's own endpoint.
    Bearer(Credentials),
    /// A fixed key in `X-API-Key`.
    ApiKey(String),
}

/// How to start a test platform.
#[derive(Debug, Clone)]
pub struct TaOptions {
    /// Where to listen; loopback only, port 0 for any free port.
    pub listen: SocketAddr,
    /// The vendor's name; it decides the ids in the catalogue.
    pub name: String,
    /// How results leave.
    pub mode: ResultMode,
    /// How callers come in.
    pub auth: Auth,
    /// How long a token lasts.
    pub token_lifetime: SignedDuration,
    /// The TPL that results are sent to, if it is known already.
    pub tpl: Option<PeerAccess>,
    /// How often a message to the TPL is tried before it is given up, with a pause that doubles from 100 ms up to 5 s;
    /// 1 for a peer that never repeats (R21).
    pub tries: u32,
    /// The time.
    pub now: Now,
}

impl TaOptions {
    /// A platform on any free port that sends its results and asks for tokens.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            name: name.into(),
            mode: ResultMode::Push,
            auth: Auth::Bearer(Credentials::new("oke-tpl", "ta-secret")),
            token_lifetime: SignedDuration::from_hours(1),
            tpl: None,
            tries: TRIES,
            now: Now::system(),
        }
    }
}

/// A test platform that is running.
#[derive(Debug)]
pub struct Ta {
    base_url: String,
    auth: Auth,
    system: Arc<System>,
    listening: Listening,
}

/// What the routes of one platform share.
#[derive(Debug)]
struct System {
    name: String,
    base_url: String,
    mode: ResultMode,
    catalogue: Catalogue,
    platform: Mutex<Platform>,
    entrance: Arc<Entrance>,
    rules: Arc<Rules>,
    outgoing: Arc<Outgoing>,
    now: Now,
}

impl System {
    fn platform(&self) -> std::sync::MutexGuard<'_, Platform> {
        self.platform.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ta {
    /// Opens the socket and starts answering.
    pub async fn start(options: TaOptions) -> Result<Self, SimulatorError> {
        let (listener, address) = bind(options.listen).await?;
        let seed = u64_for(&["vendor", &options.name]);
        let rules = Arc::new(Rules::seeded(seed));
        let entrance = match &options.auth {
            Auth::ApiKey(key) => Entrance::ApiKey(key.clone()),
            Auth::Bearer(client) => Entrance::Bearer(Tokens::new(
                client.clone(),
                &[FLOW_0, FLOW_2_3_4],
                options.token_lifetime,
                seed,
                options.now.clone(),
            )),
        };
        let base_url = format!("http://{address}");
        let system = Arc::new(System {
            catalogue: Catalogue::of(&options.name),
            name: options.name,
            base_url: base_url.clone(),
            mode: options.mode,
            platform: Mutex::default(),
            entrance: Arc::new(entrance),
            outgoing: Arc::new(Outgoing::new(
                FLOW_2_3_4,
                options.tries,
                Arc::clone(&rules),
                options.tpl,
            )),
            rules,
            now: options.now,
        });
        let listening = serve(listener, routes(&system));
        Ok(Self {
            base_url,
            auth: options.auth,
            system,
            listening,
        })
    }

    /// The address of the TA face, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The token endpoint; answers 404 when callers show a key instead.
    pub fn token_url(&self) -> String {
        format!("{}/oauth2/token", self.base_url)
    }

    /// How callers come in.
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// The vendor's name.
    pub fn name(&self) -> &str {
        &self.system.name
    }

    /// What can be taken here.
    pub fn catalogue(&self) -> &Catalogue {
        &self.system.catalogue
    }

    /// Everything it holds and has seen.
    pub fn state(&self) -> TaState {
        control::state_of(&self.system)
    }

    /// Says where the TPL is.
    pub fn connect_tpl(&self, access: PeerAccess) {
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

    /// Registers who of the students of a sitting was there (flow 3, `in progress`); everyone but the associations in
    /// `absent` is present. Cancelled deelnames are left alone. In push mode the messages go out, and their accounts
    /// come back.
    pub async fn attendance(&self, offering_id: &str, absent: &[String]) -> Result<Vec<Delivery>, SimulatorError> {
        results::attendance(&self.system, offering_id, absent).await
    }

    /// Gives every student of a sitting who was not absent a result (flow 3, `completed`).
    pub async fn results(&self, order: &ResultsOrder) -> Result<Vec<Delivery>, SimulatorError> {
        results::results(&self.system, order).await
    }

    /// Sets the cesuur of a test, and restates every completed result of it as a grade.
    pub async fn cesuur(&self, cesuur: &Cesuur) -> Result<Vec<Delivery>, SimulatorError> {
        results::cesuur(&self.system, cesuur).await
    }

    /// Replaces the score of one result by another, as a correction.
    pub async fn restate(&self, association_id: &str, score: &str) -> Result<Vec<Delivery>, SimulatorError> {
        results::restate(&self.system, association_id, score).await
    }

    /// Gives the result of a deelname that was cancelled meanwhile (R6).
    pub async fn late_result(&self, association_id: &str) -> Result<Vec<Delivery>, SimulatorError> {
        results::late_result(&self.system, association_id).await
    }

    /// Brings the report of a sitting (flow 4).
    pub async fn report(&self, order: &ReportOrder) -> Result<Vec<Delivery>, SimulatorError> {
        results::report(&self.system, order).await
    }

    /// Sends the messages that a rule for reordering has kept back.
    pub async fn release_held(&self) -> Result<Vec<Delivery>, SimulatorError> {
        self.system.outgoing.release_held().await
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
    face.merge(control::routes(Arc::clone(system)))
        .merge(shared_control::routes(
            Arc::clone(&system.rules),
            Arc::clone(&system.outgoing),
        ))
}

async fn token(State(system): State<Arc<System>>, headers: HeaderMap, form: String) -> Response {
    system.entrance.grant(&headers, &form)
}

#[cfg(test)]
mod tests;
