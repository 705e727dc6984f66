//! A student information system in the role of deelnemerregistratie (DR).
//!
//! It owns a school, brings flow 1 to a TPL, answers the DR face for who asks, and takes flow 5 as strictly as §3.5.3
//! allows, keeping every message in the order of arrival.

mod control;
mod documents;
mod face;
mod flow5;
mod push;
mod quiet;
mod registry;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::post;
use axum::{Router, extract::State};
use jiff::SignedDuration;
use tokio::sync::watch;

use super::misbehaviour::{Misbehaving, Misbehaviour, Rules, misbehave};
use super::moment::Now;
use super::outgoing::{Delivery, Outgoing, PeerAccess, TRIES};
use super::school::{School, SchoolPlan};
use super::socket::{Listening, bind, serve};
use super::tokens::{Credentials, Entrance, FLOW_1_5, FLOW_6, Tokens};
use super::{SimulatorError, control as shared_control};

pub use push::{Flow1Push, KindReport, PushReport};
use registry::Registry;
pub use registry::{AppliedMessage, AssociationState, FetchedDocument, RefusedMessage, SisState};

/// How to start a SIS.
#[derive(Debug, Clone)]
pub struct SisOptions {
    /// Where to listen; loopback only, port 0 for any free port.
    pub listen: SocketAddr,
    /// The school it registers.
    pub plan: SchoolPlan,
    /// What a TPL shows at its token endpoint.
    pub credentials: Credentials,
    /// How long a token lasts.
    pub token_lifetime: SignedDuration,
    /// The TPL, if it is known already: flow 1 goes there, documents of flow 5 come from there.
    pub tpl: Option<PeerAccess>,
    /// How often a message to the TPL is tried before it is given up, with a pause that doubles from 100 ms up to 5 s;
    /// 1 for a peer that never repeats (R21).
    pub tries: u32,
    /// The time.
    pub now: Now,
}

impl SisOptions {
    /// A SIS on any free port, with a school of these numbers.
    pub fn new(seed: u64, teams: usize, students: usize) -> Self {
        let now = Now::system();
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            plan: SchoolPlan::new(seed, teams, students, now.today()),
            credentials: Credentials::new("oke-tpl", "sis-secret"),
            token_lifetime: SignedDuration::from_hours(1),
            tpl: None,
            tries: TRIES,
            now,
        }
    }
}

/// A SIS that is running.
#[derive(Debug)]
pub struct Sis {
    base_url: String,
    credentials: Credentials,
    system: Arc<System>,
    listening: Listening,
}

/// What the routes of one SIS share.
#[derive(Debug)]
struct System {
    school: School,
    registry: Mutex<Registry>,
    documents_under_way: watch::Sender<usize>,
    entrance: Arc<Entrance>,
    rules: Arc<Rules>,
    outgoing: Arc<Outgoing>,
    now: Now,
}

impl System {
    fn registry(&self) -> std::sync::MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sis {
    /// Opens the socket and starts answering.
    pub async fn start(options: SisOptions) -> Result<Self, SimulatorError> {
        let (listener, address) = bind(options.listen).await?;
        let seed = options.plan.seed;
        let rules = Arc::new(Rules::seeded(seed));
        let tokens = Tokens::new(
            options.credentials.clone(),
            &[FLOW_1_5, FLOW_6],
            options.token_lifetime,
            seed,
            options.now.clone(),
        );
        let school = School::generate(&options.plan);
        let system = Arc::new(System {
            registry: Mutex::new(Registry::of(&school)),
            school,
            documents_under_way: watch::Sender::new(0),
            entrance: Arc::new(Entrance::Bearer(tokens)),
            outgoing: Arc::new(Outgoing::new(FLOW_1_5, options.tries, Arc::clone(&rules), options.tpl)),
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

    /// The address of the DR face, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The token endpoint.
    pub fn token_url(&self) -> String {
        format!("{}/oauth2/token", self.base_url)
    }

    /// What a TPL shows at the token endpoint.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The school as it was generated; [`Self::state`] tells how it stands now.
    pub fn school(&self) -> &School {
        &self.system.school
    }

    /// Everything it holds and has seen.
    pub fn state(&self) -> SisState {
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

    /// Brings flow 1 to the TPL: programme offerings, planbare toetsen, persons, enrolments and toetsinschrijvingen.
    /// Fails only if nobody said where the TPL is; messages that were not accepted are in the report.
    pub async fn push_flow_1(&self, push: &Flow1Push) -> Result<PushReport, SimulatorError> {
        push::push_flow_1(&self.system, push).await
    }

    /// Withdraws a student's toetsinschrijving or enrolment, here and at the TPL (R4).
    pub async fn cancel_enrolment(&self, association_id: &str) -> Result<Delivery, SimulatorError> {
        push::cancel_enrolment(&self.system, association_id).await
    }

    /// Withdraws a planbare toets with its registrations, here and at the TPL (R4, R5).
    pub async fn cancel_offering(&self, offering_id: &str) -> Result<Delivery, SimulatorError> {
        push::cancel_offering(&self.system, offering_id).await
    }

    /// Changes the last moment of a planbare toets, here and at the TPL.
    pub async fn change_offering_end(
        &self,
        offering_id: &str,
        end: jiff::Timestamp,
    ) -> Result<Delivery, SimulatorError> {
        push::change_offering_end(&self.system, offering_id, end).await
    }

    /// Forgets an offering or an association, and tells nobody.
    pub fn forget(&self, id: &str) -> Result<(), SimulatorError> {
        quiet::forget(&self.system, id)
    }

    /// Replaces fields of an offering, a person or an association, and tells nobody.
    pub fn amend(&self, id: &str, fields: &serde_json::Value) -> Result<(), SimulatorError> {
        quiet::amend(&self.system, id, fields)
    }

    /// Sends the messages that a rule for reordering has kept back.
    pub async fn release_held(&self) -> Result<Vec<Delivery>, SimulatorError> {
        self.system.outgoing.release_held().await
    }

    /// Waits until no document is being fetched any more.
    pub async fn documents_settled(&self) {
        let mut under_way = self.system.documents_under_way.subscribe();
        // An error would mean that the sender is gone, and this handle holds it.
        let _ = under_way.wait_for(|count| *count == 0).await;
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
