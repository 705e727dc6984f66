//! `oke connector revoke`: end the trust in a publisher's key, told beforehand what that stops.

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Host, Sent, shown};
use crate::cli::outcome::{Done, Outcome};

/// Revoke a publisher's key: what was first admitted since then stops with its next call.
///
/// Without `--compromised-since` the key is revoked from now on: nothing more is admitted with it, and what runs goes
/// on. Give the moment since when the key was in other hands to stop what was admitted from then on.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  oke connector revoke 2fd1…e9 --compromised-since 2026-09-01T00:00:00Z --reason 'laptop stolen'"
)]
pub(super) struct Revoke {
    /// Id of the key
    key: String,
    /// What was admitted from this moment on is not trusted (RFC 3339); now when absent
    #[arg(long, value_name = "MOMENT")]
    compromised_since: Option<jiff::Timestamp>,
    /// Why; others read it later
    #[arg(long, required_unless_present = "dry_run")]
    reason: Option<String>,
    /// Only say what would stop
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    host: Host,
}

pub(super) fn revoke(arguments: &Revoke) -> Outcome {
    let body = json!({ "reason": arguments.reason, "compromisedSince": arguments.compromised_since });
    let revoked = match arguments.dry_run {
        true => arguments.host.ask_with(
            &["publishers", arguments.key.as_str(), "revocation"],
            arguments.compromised_since.map(|since| ("since", since.to_string())),
        )?,
        false => {
            let path = ["publishers", arguments.key.as_str(), "revoke"];
            arguments.host.call(Method::POST, &path, Some(Sent::Json(body)))?
        }
    };
    let since = shown(&revoked["compromisedSince"]);
    let done = match arguments.dry_run {
        true => "would be revoked",
        false => "is revoked",
    };
    let mut lines = vec![format!(
        "key {} {done}: what was admitted with it since {since} stops with its next call",
        arguments.key
    )];
    let running = |of: &str| {
        revoked[of]
            .as_array()
            .into_iter()
            .flatten()
            .map(runs)
            .collect::<Vec<_>>()
    };
    let (stops, goes_on, no_way_back) = (running("stops"), running("goesOn"), running("noWayBack"));
    if stops.is_empty() {
        lines.push("nothing that runs now stops".to_owned());
    }
    lines.extend(
        stops
            .iter()
            .map(|one| format!("  stops: {one}; install another version or roll back")),
    );
    lines.extend(
        goes_on
            .iter()
            .map(|one| format!("  goes on, admitted before then: {one}")),
    );
    lines.extend(
        no_way_back
            .iter()
            .map(|one| format!("  can't be rolled back to any more: {one}")),
    );
    Done::new(lines.join("\n"), &revoked)
}

fn runs(one: &Value) -> String {
    format!(
        "{} (revision {}, {} {})",
        shown(&one["peer"]),
        one["revision"],
        shown(&one["connector"]),
        shown(&one["version"])
    )
}
