//! Calling a connector: one method per function of the contract, typed by the canonical model.
//!
//! A [`Caller`] is made for one call (a retry makes a new one): its budget runs from the moment the method is called,
//! over the wait for a slot, the guest, the network and a returned document. [`Answer`] says how it went and what it
//! took. One file per interface holds the methods; `guard` is what surrounds each of them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::blame::CallError;
use super::egress::Endpoints;
use super::engine::Engine;
use super::grant::Grants;
use super::limits::{CallLimits, LONGEST_BUDGET};
use super::loaded::Loaded;
use super::manifest::ConfigValue;
use super::recorder::{Asked, Recorder};

mod dr_studentresultaat;
mod dr_toetsdeelnemers;
mod files;
mod guard;
mod ta_resultaten;
mod ta_toetscatalogus;
mod ta_zittingsplan;
mod ta_zittingsverslag;
mod tpl_resultaten;
mod tpl_zittingsverslag;
mod webhook;

pub use dr_studentresultaat::Way;
pub use dr_toetsdeelnemers::{Listed, ListedDays, ListedPage, Unreadable};
pub use files::{Encoding, File, FileContent, Line, Planned, Reading, Table};
pub use oke_codec::model::{Delivery, Report};
pub use ta_resultaten::{DeliveryPage, Document};
pub use ta_toetscatalogus::ComponentPage;
pub use ta_zittingsplan::{DeelnamePage, Written};
pub use webhook::Received;

/// What a call is made with.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// The school, for fairness and logs; the connector does not see it.
    pub tenant: String,
    /// The school as the connector sees it: stable, without meaning outside this host.
    pub tenant_alias: String,
    /// Which system is called.
    pub peer: String,
    /// Which revision runs.
    pub revision: String,
    /// The time of the call; the connector has no other clock.
    pub now: Timestamp,
    /// Wall-clock budget of everything.
    pub budget: Duration,
    /// The same for every repeat of the same effect.
    pub idempotency_key: String,
    /// Configuration of the revision.
    pub config: Vec<(String, ConfigValue)>,
    /// What it may send where.
    pub grants: Arc<Grants>,
    /// Where that is, and with which credentials.
    pub endpoints: Arc<Endpoints>,
    /// What it may use.
    pub limits: CallLimits,
    /// Keeps what it and the vendor say to each other, where that was asked for.
    pub recorder: Option<Arc<Recorder>>,
}

impl CallContext {
    /// The budget as it holds: never beyond the host's own longest.
    fn budget(&self) -> Duration {
        self.budget.min(LONGEST_BUDGET)
    }
}

/// Makes one call to one version of a connector.
pub struct Caller {
    engine: Arc<Engine>,
    loaded: Arc<Loaded>,
    context: Arc<CallContext>,
}

impl Caller {
    /// A caller for one call.
    pub fn new(engine: Arc<Engine>, loaded: Arc<Loaded>, context: CallContext) -> Self {
        Self {
            engine,
            loaded,
            context: Arc::new(context),
        }
    }

    /// Has a call that can be made again recorded, where that was asked for.
    fn note(&self, asked: impl FnOnce() -> Asked) {
        if let Some(recorder) = &self.context.recorder {
            recorder.called(asked());
        }
    }

    /// A caller that only starts the connector, with nothing granted.
    pub(super) fn for_start(engine: Arc<Engine>, loaded: Arc<Loaded>, budget: Duration) -> Self {
        let context = CallContext {
            tenant: "(host)".to_owned(),
            tenant_alias: String::new(),
            peer: "(loading)".to_owned(),
            revision: String::new(),
            now: Timestamp::UNIX_EPOCH,
            budget,
            idempotency_key: String::new(),
            config: Vec::new(),
            grants: Arc::default(),
            endpoints: Arc::default(),
            limits: CallLimits::default(),
            recorder: None,
        };
        Self::new(engine, loaded, context)
    }
}

/// How a call went, and what it took.
#[derive(Debug)]
#[must_use]
pub struct Answer<T> {
    /// What came back, or whose fault it is that nothing did.
    pub outcome: Result<T, CallError>,
    /// What it took.
    pub report: CallReport,
}

/// What a call took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallReport {
    /// From asking to answer, the wait for a slot included.
    pub wall: Duration,
    /// Of that, waiting for a slot.
    pub waited: Duration,
    /// Of that, in the network.
    pub network: Duration,
    /// Milliseconds of computing in the guest, at the engine's clock; under one it is 0.
    pub guest_ms: u32,
    /// Whether it computed so long that it was demoted to the slow lane.
    pub demoted: bool,
    /// Most linear memory, bytes.
    pub memory_peak: u64,
    /// Calls from guest to host.
    pub host_calls: u32,
    /// HTTP requests.
    pub requests: u32,
    /// Bytes of request bodies.
    pub bytes_sent: u64,
    /// Bytes of response bodies; of a document handed to the caller only what was read before the call ended.
    pub bytes_received: u64,
    /// Log lines written.
    pub log_lines: u32,
    /// Log lines beyond the limit.
    pub log_lines_dropped: u32,
}
