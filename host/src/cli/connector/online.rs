//! The verbs of `oke connector` that show what runs at a host and take it back: list, show, rollback. They are clients of
//! the management API; whatever they do, the pages do by the same call.

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Host, Sent, shown};
use crate::cli::outcome::{Done, Outcome, Stop};

/// List the peers of the school with what runs for each.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    host: Host,
}

pub(super) fn list(arguments: &List) -> Outcome {
    let peers = arguments.host.call(Method::GET, &["peers"], None)?;
    let mut lines = Vec::new();
    for peer in peers.as_array().into_iter().flatten() {
        let revision = peer["revision"]
            .as_i64()
            .map_or_else(|| "nothing runs".to_owned(), |it| format!("revision {it}"));
        let paused = if peer["paused"] == json!(true) { ", paused" } else { "" };
        lines.push(format!(
            "{:<24} {:<3} {revision}{paused}",
            shown(&peer["id"]),
            shown(&peer["hat"])
        ));
    }
    if lines.is_empty() {
        lines.push("the school has no peers yet".to_owned());
    }
    Done::new(lines.join("\n"), &peers)
}

/// Show a peer's revisions, and who put which to work when and why; or what differs between two of them.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Which peer
    peer: String,
    /// Two revisions to compare, as ONE..OTHER
    #[arg(long, value_name = "ONE..OTHER")]
    differences: Option<String>,
    #[command(flatten)]
    host: Host,
}

pub(super) fn show(arguments: &Show) -> Outcome {
    let found = arguments
        .host
        .call(Method::GET, &["peers", &arguments.peer, "revisions"], None)?;
    if let Some(two) = &arguments.differences {
        return differences(arguments, two);
    }
    let mut lines = Vec::new();
    for one in found["revisions"].as_array().into_iter().flatten() {
        let mark = if one["runs"] == json!(true) { "*" } else { " " };
        lines.push(format!(
            "{mark} revision {} — {} {}, profile {}; by {}: {}",
            one["number"],
            shown(&one["connector"]),
            shown(&one["version"]),
            one["profile"].as_str().unwrap_or("none"),
            shown(&one["author"]),
            shown(&one["reason"]),
        ));
    }
    for one in found["activations"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  {} {} → revision {} by {}: {}",
            shown(&one["at"]),
            shown(&one["kind"]),
            one["revision"],
            shown(&one["actor"]),
            shown(&one["reason"]),
        ));
    }
    if lines.is_empty() {
        lines.push(format!("nothing was installed for {} yet", arguments.peer));
    }
    Done::new(lines.join("\n"), &found)
}

fn differences(arguments: &Show, two: &str) -> Outcome {
    let number = |text: &str| text.parse::<i64>().is_ok();
    let (one, other) = two
        .split_once("..")
        .filter(|(one, other)| number(one) && number(other))
        .ok_or_else(|| Stop::Usage(format!("`{two}` is no pair of revisions; write --differences 2..3")))?;
    let path = ["peers", &arguments.peer, "revisions", one, "differences", other];
    let found = arguments.host.call(Method::GET, &path, None)?;
    let told = found["differences"].as_array().into_iter().flatten();
    let mut lines: Vec<&str> = told.map(shown).collect();
    if lines.is_empty() {
        lines.push("the two are the same");
    }
    Done::new(lines.join("\n"), &found)
}

/// Take a peer back to its earlier revision as a whole.
///
/// Code, configuration, grants and profile go back together; new calls take it at once, running calls end on theirs.
/// `--dry-run` only says what would change.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  oke connector rollback my-vendor --dry-run\n  \
                        oke connector rollback my-vendor --reason 'results come in twice since 0.2.0'")]
pub(super) struct Rollback {
    /// Which peer
    peer: String,
    /// To this revision; when absent, the one with a lower number that ran before
    #[arg(long)]
    to: Option<i64>,
    /// Why; others read it later
    #[arg(long, required_unless_present = "dry_run")]
    reason: Option<String>,
    /// Only say what would change, what would not fit, and what the newer one has done
    #[arg(long)]
    dry_run: bool,
    /// Only the code goes back; configuration, grants and profile stay as they are
    #[arg(long)]
    code_only: bool,
    #[command(flatten)]
    host: Host,
}

pub(super) fn rollback(arguments: &Rollback) -> Outcome {
    let host = &arguments.host;
    let reason = arguments.reason.clone().unwrap_or_default();
    let seen = host.call(Method::GET, &["peers", &arguments.peer, "revisions"], None)?;
    if let Some(done) = done_before(arguments, &seen, &reason) {
        return done;
    }
    // What is rolled back is what runs now, as shown: repeated after a lost answer, the host does nothing again.
    let body = json!({
        "from": running(&seen), "to": arguments.to, "reason": reason, "dryRun": arguments.dry_run,
        "codeOnly": arguments.code_only,
    });
    let path = ["peers", arguments.peer.as_str(), "rollback"];
    switched(
        &arguments.peer,
        &host.call(Method::POST, &path, Some(Sent::Json(body)))?,
    )
}

/// The revision that a rollback goes back from.
fn running(seen: &Value) -> Option<i64> {
    seen["goesBackFrom"].as_i64()
}

/// A rollback for the same reason was the last thing done to this peer: said instead of going back one more, which
/// takes `--to`.
fn done_before(arguments: &Rollback, seen: &Value, reason: &str) -> Option<Outcome> {
    let newest = &seen["activations"][0];
    let same = newest["kind"] == json!("rollback") && newest["reason"] == json!(reason);
    if arguments.dry_run || arguments.to.is_some() || !same {
        return None;
    }
    let text = format!(
        "{} was rolled back for this reason already: revision {} → {} at {}; nothing was done. To go further back, name \
         the revision with --to",
        arguments.peer,
        newest["previous"],
        newest["revision"],
        shown(&newest["at"])
    );
    let said = json!({
        "from": newest["previous"], "to": newest["revision"], "differences": [], "done": true, "already": true,
    });
    Some(Done::new(text, &said))
}

pub(super) fn switched(peer: &str, answer: &Value) -> Outcome {
    let done = answer["done"] == json!(true);
    let said = if done { "now runs" } else { "would run" };
    let mut lines = vec![format!(
        "{peer} {said} revision {} instead of {}",
        answer["to"], answer["from"]
    )];
    let differences = answer["differences"].as_array().into_iter().flatten();
    lines.extend(differences.map(|one| format!("  {}", shown(one))));
    let misfits = answer["misfits"].as_array().into_iter().flatten();
    lines.extend(misfits.map(|one| format!("  does not fit: {}", shown(one))));
    let told = answer["doneOutside"].as_object().into_iter().flatten();
    let told = told.filter(|(_, count)| count.as_i64().is_some_and(|count| count > 0));
    lines.extend(told.map(|(what, count)| format!("  revision {} has done outside: {count} {what}", answer["from"])));
    Done::new(lines.join("\n"), answer)
}
