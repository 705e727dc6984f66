//! `/api/v1/peers/{peer}/health`: how a peer's connector fares per revision, and whose fault what failed is. It is what
//! a vendor gets for support: counts, versions and places in the connector's code; no payloads and no configuration. The
//! sentences in it went through the redactor of the log.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::Caller;
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::health::{self, Health, RevisionHealth};
use crate::domain::principal::Duty;
use crate::domain::rollout::criteria::Measured;

/// What is served.
pub fn operations() -> Operations {
    Operations::default().get("/api/v1/peers/{peer}/health", show)
}

/// What calls came to and took.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallCounts {
    /// All of them.
    pub calls: u64,
    /// Those that did what they were for.
    pub done: u64,
    /// Failures that are the vendor's system's.
    pub failed_by_vendor: u64,
    /// Failures that are the connector's code's.
    pub failed_by_connector: u64,
    /// Failures that are the host's.
    pub failed_by_host: u64,
    /// Ninety-five of a hundred took at most this long, milliseconds; absent without calls.
    pub p95_ms: Option<u64>,
    /// Time of all of them together, from asking to answer, milliseconds.
    pub wall_ms: u64,
    /// Of that, computing in the connector; what takes under a millisecond is not counted.
    pub guest_ms: u64,
    /// Of that, in the network.
    pub network_ms: u64,
    /// Most memory of any of them, bytes.
    pub memory_peak: u64,
    /// Requests to the vendor.
    pub requests: u64,
    /// Bytes of their bodies.
    pub bytes_sent: u64,
    /// Bytes of the bodies that came back.
    pub bytes_received: u64,
}

impl From<&Measured> for CallCounts {
    fn from(it: &Measured) -> Self {
        CallCounts {
            calls: it.calls(),
            done: it.done,
            failed_by_vendor: it.by_vendor,
            failed_by_connector: it.by_connector,
            failed_by_host: it.by_host,
            p95_ms: it.p95_ms(),
            wall_ms: it.took.wall_us / 1_000,
            guest_ms: it.took.guest_ms,
            network_ms: it.took.network_us / 1_000,
            memory_peak: it.took.memory_peak,
            requests: it.took.requests,
            bytes_sent: it.took.bytes_sent,
            bytes_received: it.took.bytes_received,
        }
    }
}

/// A way in which the connector's code failed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorFault {
    /// What was called.
    pub interface: String,
    /// What happened.
    pub what: String,
    /// The connector's functions, innermost first; empty when it was not stopped in its code.
    pub frames: Vec<String>,
    /// How often.
    pub times: u64,
    /// When first.
    #[schema(value_type = String, format = DateTime)]
    pub first_at: Timestamp,
    /// When last.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
}

/// How one revision fares.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevisionFares {
    /// Its number.
    pub revision: i64,
    /// Whether it serves anybody now.
    pub serves: bool,
    /// The connector's name.
    pub connector: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its publisher.
    pub publisher: Option<String>,
    /// Its package, by digest.
    pub digest: String,
    /// The key that signed the package.
    pub key: Option<String>,
    /// The profile it was set up with.
    pub profile: Option<String>,
    /// Its calls.
    pub calls: CallCounts,
    /// The same by flow.
    pub by_flow: BTreeMap<String, CallCounts>,
    /// How its code failed, the last one first.
    pub faults: Vec<ConnectorFault>,
}

impl From<&RevisionHealth> for RevisionFares {
    fn from(it: &RevisionHealth) -> Self {
        let manifest = it.manifest.as_ref();
        RevisionFares {
            revision: it.revision.number,
            serves: it.serves,
            connector: it.package.as_ref().map(|package| package.name.clone()),
            version: it.package.as_ref().map(|package| package.package_version.clone()),
            publisher: manifest.map(|manifest| manifest.connector.publisher.as_str().to_owned()),
            digest: it.revision.digest.clone(),
            key: it.package.as_ref().map(|package| package.key_id.clone()),
            profile: it.revision.profile.clone(),
            calls: (&it.measured).into(),
            by_flow: it
                .by_flow
                .iter()
                .map(|(flow, of)| (flow.to_string(), of.into()))
                .collect(),
            faults: it
                .faults
                .iter()
                .map(|fault| ConnectorFault {
                    interface: fault.interface.clone(),
                    what: fault.what.clone(),
                    frames: fault.frames.clone(),
                    times: fault.times,
                    first_at: fault.first_at,
                    last_at: fault.last_at,
                })
                .collect(),
        }
    }
}

/// Messages that are stuck for the same reason.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StuckMessages {
    /// What they are for.
    pub kind: String,
    /// Their flow.
    pub flow: Option<i64>,
    /// The revision that handled them last.
    pub revision: Option<i64>,
    /// Whose fault it is: `vendor`, `connector` or `host`.
    pub blame: Option<String>,
    /// What went wrong last.
    pub error: Option<String>,
    /// How many.
    pub count: u64,
}

/// How a peer's connector fares.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeerHealth {
    /// The version of this host.
    pub host: String,
    /// The peer.
    pub peer: String,
    /// `test`, `acceptance` or `production`.
    pub environment: String,
    /// Calls are counted from this moment on; faults and stuck messages are told whenever they were.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Until this one.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Its revisions, newest first.
    pub revisions: Vec<RevisionFares>,
    /// What is stuck.
    pub stuck: Vec<StuckMessages>,
}

impl From<&Health> for PeerHealth {
    fn from(it: &Health) -> Self {
        let mut stuck: BTreeMap<StuckMessages, u64> = BTreeMap::new();
        for letter in &it.letters {
            let alike = StuckMessages {
                kind: letter.kind.clone(),
                flow: letter.flow,
                revision: letter.revision,
                blame: letter.blame.map(|blame| blame.as_str().to_owned()),
                error: letter.last_error.clone(),
                count: 0,
            };
            *stuck.entry(alike).or_default() += 1;
        }
        PeerHealth {
            host: env!("CARGO_PKG_VERSION").to_owned(),
            peer: it.peer.id.clone(),
            environment: it.peer.environment.name().to_owned(),
            since: it.since,
            until: it.until,
            revisions: it.revisions.iter().map(RevisionFares::from).collect(),
            stuck: stuck
                .into_iter()
                .map(|(alike, count)| StuckMessages { count, ..alike })
                .collect(),
        }
    }
}

/// How a peer's connector fares per revision in the last thirty days: calls, time, memory, traffic, failures by blame,
/// and where its code failed. Fit to be handed to the vendor.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/health", tag = "connectors", params(("peer" = String, Path)),
    responses((status = 200, body = PeerHealth), (status = "4XX", body = Problem)))]
pub async fn show(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
) -> Result<Json<PeerHealth>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let health = health::of_peer(&service.core, &service.connectors, caller.tenant(), &peer).await?;
    let health = health.ok_or_else(|| Problem::absent(format!("there is no peer `{peer}`")))?;
    Ok(Json(PeerHealth::from(&health)))
}
