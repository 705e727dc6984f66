//! `oke account …`: what is done to accounts at the machine itself, for when nobody can sign in to do it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::outcome::{Done, Outcome, Stop};
use crate::app::account;
use crate::config::Settings;
use crate::server;
use crate::store::open::Purpose;

/// Help an account in at the machine itself
#[derive(Debug, Subcommand)]
pub enum Account {
    Renew(Renew),
}

/// Give an account another token; the old one ends at once
///
/// For when nobody of functioneel beheer can sign in any more; otherwise use the page of the account. It takes the
/// master key, and the audit chain names the host as who did it. Run it while `oke serve` is not running on the same
/// SQLite file.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  oke account renew roc-voorbeeld beheer")]
pub struct Renew {
    /// Short name of the school
    tenant: String,
    /// Short name of the account
    account: String,
    /// Settings file; `oke.toml` in this folder when there is one
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

/// Runs one.
///
/// # Errors
/// Refused: settings or a master key that can't be used, or an account that isn't there or is disabled.
pub fn run(command: &Account) -> Outcome {
    let Account::Renew(Renew {
        tenant,
        account,
        settings,
    }) = command;
    let settings = Settings::load(settings.as_deref()).map_err(|error| Stop::refused("settings", error.to_string()))?;
    let token = super::on_runtime(async {
        let core = server::open_core(&settings, Purpose::Serve)
            .await
            .map_err(|error| super::told("start", &error))?;
        account::renew(&core, tenant, account::HOST, account)
            .await
            .map_err(|error| super::told("renew", &error))
    })??;
    let text = format!(
        "account `{account}` of school `{tenant}` has another token, shown this once:\n\n  {}\n\nThe old one and its \
         sessions have ended.",
        token.reveal()
    );
    Done::new(
        text,
        &json!({ "tenant": tenant, "account": account, "token": token.reveal() }),
    )
}
