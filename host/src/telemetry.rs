//! Logs, traces and metrics: every name in one place. Nothing here or anywhere else logs personal data (invariant 11).

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Names of metrics, as they appear on `/metrics`.
pub mod names {
    /// Messages taken in over a face, by flow and outcome.
    pub const MESSAGES: &str = "oke_messages_total";
    /// Requests refused before they were anybody's: no or bad credentials.
    pub const UNAUTHENTICATED: &str = "oke_unauthenticated_total";
    /// Connector calls, by tenant's peer, interface and outcome.
    pub const CONNECTOR_CALLS: &str = "oke_connector_calls_total";
    /// Seconds a connector call took.
    pub const CONNECTOR_SECONDS: &str = "oke_connector_call_seconds";
    /// Write sets per commit.
    pub const GROUP_SIZE: &str = "oke_commit_group_size";
    /// Jobs ended, by kind and state.
    pub const JOBS: &str = "oke_jobs_total";
}

/// Starts writing log lines to standard error.
///
/// # Errors
/// When `filter` names no level, with the part that can't be read.
pub fn start_logging(filter: &str, json: bool) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(filter).map_err(|error| format!("the log filter `{filter}` can't be used: {error}"))?;
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(true);
    let registry = tracing_subscriber::registry().with(filter);
    let started = if json {
        registry.with(lines.json()).try_init()
    } else {
        registry.with(lines.compact()).try_init()
    };
    started.map_err(|error| format!("could not start logging: {error}"))
}

/// Installs the recorder of metrics; the handle renders `/metrics`.
///
/// # Errors
/// When a recorder is installed already.
pub fn start_metrics() -> Result<PrometheusHandle, String> {
    PrometheusBuilder::new()
        .install_recorder()
        .map_err(|error| format!("could not start metrics: {error}"))
}
