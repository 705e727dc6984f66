//! `oke serve`, `oke migrate` and `oke check`: running the host, and looking whether it could run.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::outcome::{Done, Outcome, Stop};
use crate::app::contact;
use crate::config::Settings;
use crate::server::{self, Host};
use crate::store::open::Purpose;
use crate::telemetry;

/// Which settings.
#[derive(Debug, Args)]
#[command(
    after_help = "Every setting has a default that works on one machine; `oke.toml` or the environment \
                        (OKE_DATA, OKE_DATABASE, OKE_LISTEN, OKE_PUBLIC_URL, OKE_MASTER_KEY, OKE_CHECKPOINTS, OKE_LOG) \
                        change them."
)]
pub struct Which {
    /// Settings file; `oke.toml` in this folder when there is one
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

impl Which {
    fn load(&self) -> Result<Settings, Stop> {
        Settings::load(self.settings.as_deref()).map_err(|error| Stop::refused("settings", error.to_string()))
    }
}

/// Runs the host until it is told to stop (Ctrl-C or SIGTERM).
///
/// # Errors
/// Refused, when it can't start.
pub fn serve(which: &Which) -> Outcome {
    let settings = which.load()?;
    telemetry::start_logging(&settings.log, settings.log_json).map_err(|error| Stop::refused("log", error))?;
    let metrics = telemetry::start_metrics().map_err(|error| Stop::refused("metrics", error))?;
    super::on_runtime(async {
        let core = server::open_to_serve(&settings)
            .await
            .map_err(|error| super::told("start", &error))?;
        let compiler = std::env::current_exe()
            .map_err(|error| Stop::refused("start", format!("could not find the own binary: {error}")))?;
        let host =
            Host::assemble(core, &settings, compiler, Some(metrics)).map_err(|error| super::told("start", &error))?;
        let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
            Stop::refused(
                "listen",
                format!("could not listen on {}: {error}; set OKE_LISTEN", settings.listen),
            )
        })?;
        let stop = CancellationToken::new();
        tokio::spawn({
            let stop = stop.clone();
            async move {
                told_to_stop().await;
                stop.cancel();
            }
        });
        host.serve(listener, stop)
            .await
            .map_err(|error| Stop::refused("serve", error.to_string()))
    })??;
    Done::new("stopped", &json!({ "stopped": true }))
}

async fn told_to_stop() {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .expect("a process may listen for SIGTERM");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Brings the database up to date and ends.
///
/// # Errors
/// Refused, when that fails.
pub fn migrate(which: &Which) -> Outcome {
    let settings = which.load()?;
    super::on_runtime(async {
        server::open_database(&settings, Purpose::Command)
            .await
            .map(drop)
            .map_err(|error| super::told("migrate", &error))
    })??;
    Done::new("the database is up to date", &json!({ "migrated": true }))
}

/// Looks whether settings, database and master key can be used; changes nothing but the database's version.
///
/// # Errors
/// Refused, with what can't.
pub fn check(which: &Which) -> Outcome {
    let settings = which.load()?;
    let tenants = super::on_runtime(async {
        let core = server::open_core(&settings, Purpose::Command)
            .await
            .map_err(|error| super::told("check", &error))?;
        core.db.tenants().await.map_err(|error| super::told("check", &error))
    })??;
    let mut warnings = Vec::new();
    for row in &tenants {
        let address = contact::email_of(row).map_err(|error| super::told("check", &error))?;
        if address.is_none() {
            warnings.push(format!(
                "school {} has no contact address, which the standard requires in GET / of its faces: set it with PUT \
                 /api/v1/school/contact-email",
                row.tenant
            ));
        }
    }
    let names: Vec<String> = tenants.into_iter().map(|row| row.tenant).collect();
    let said = if names.is_empty() {
        "none yet: run `oke init`".to_owned()
    } else {
        names.join(", ")
    };
    let mut text = format!(
        "settings, master key and database can be used\ndatabase: {}\nlistens on: {}\nschools: {said}",
        if settings.database_url().starts_with("sqlite") {
            settings.database_url()
        } else {
            "PostgreSQL".to_owned()
        },
        settings.listen
    );
    for warning in &warnings {
        text.push_str(&format!("\nwarning: {warning}"));
    }
    Done::new(
        text,
        &json!({ "usable": true, "listen": settings.listen, "tenants": names, "warnings": warnings }),
    )
}
