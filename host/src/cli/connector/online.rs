//! The verbs of `oke connector` that talk to a running host: install, list, show, rollout, rollback, revoke. They are
//! clients of the management API; whatever they do, the pages do by the same call.

use std::path::PathBuf;

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::read_package;
use crate::cli::outcome::{Done, Outcome, Stop};

/// Which host, and as whom.
#[derive(Debug, Args)]
pub(super) struct Host {
    /// Address of the host
    #[arg(long, env = "OKE_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: String,
    /// Token of your account; better in the environment than on the command line
    #[arg(long, env = "OKE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: String,
}

impl Host {
    fn call(&self, method: Method, path: &str, body: Option<Sent>) -> Result<Value, Stop> {
        crate::cli::on_runtime(self.ask(method, path, body))?
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Sent>) -> Result<Value, Stop> {
        let _already = rustls::crypto::ring::default_provider().install_default();
        let url = format!("{}/api/v1{path}", self.url.trim_end_matches('/'));
        let request = reqwest::Client::new().request(method, &url).bearer_auth(&self.token);
        let request = match body {
            None => request,
            Some(Sent::Json(value)) => request.json(&value),
            Some(Sent::Bytes(bytes)) => request.header("content-type", "application/octet-stream").body(bytes),
        };
        let unreachable = |error: reqwest::Error| {
            Stop::refused(
                "unreachable",
                format!("could not reach the host at {}: {error}; set OKE_URL", self.url),
            )
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(value);
        }
        let reason = value["reason"].as_str().unwrap_or("refused");
        let detail = value["detail"]
            .as_str()
            .map_or_else(|| format!("{status}: {text}"), str::to_owned);
        Err(Stop::refused(reason, detail))
    }
}

enum Sent {
    Json(Value),
    Bytes(Vec<u8>),
}

/// Admit a package and put it to work for a peer.
///
/// The host judges the package (signature, trusted key, contract, manifest) and refuses it with the reason; then it
/// makes the peer's next revision of it and puts that to work. Nothing is half installed.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  oke connector install my-vendor-0.1.0.oke --peer my-vendor --profile standard \
                        --reason 'first installation'"
)]
pub(super) struct Install {
    /// The package
    package: PathBuf,
    /// For which peer of the school
    #[arg(long)]
    peer: String,
    /// Profile of the package to take the configuration from
    #[arg(long)]
    profile: Option<String>,
    /// A configuration value that differs from the profile, as KEY=VALUE; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Why; others read it later
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    host: Host,
}

pub(super) fn install(arguments: &Install) -> Outcome {
    let config = configuration(&arguments.settings)?;
    let bytes = read_package(&arguments.package)?;
    let admitted = arguments
        .host
        .call(Method::POST, "/packages", Some(Sent::Bytes(bytes)))?;
    let revision = json!({
        "digest": admitted["digest"], "profile": arguments.profile, "config": config, "reason": arguments.reason,
    });
    let path = format!("/peers/{}/revisions", arguments.peer);
    let installed = arguments.host.call(Method::POST, &path, Some(Sent::Json(revision)))?;
    let text = format!(
        "{} {} runs for {} as revision {}",
        shown(&admitted["name"]),
        shown(&admitted["version"]),
        arguments.peer,
        installed["revision"]
    );
    Done::new(
        text,
        &json!({ "package": admitted, "revision": installed["revision"], "peer": arguments.peer }),
    )
}

/// Values as the manifest's schema may want them: true and false are flags, whole numbers are numbers, the rest text.
fn configuration(settings: &[String]) -> Result<Value, Stop> {
    let mut config = serde_json::Map::new();
    for setting in settings {
        let (key, value) = setting
            .split_once('=')
            .ok_or_else(|| Stop::Usage(format!("`{setting}` is no KEY=VALUE; write --set page-size=50")))?;
        let value = match value {
            "true" => json!(true),
            "false" => json!(false),
            number => number
                .parse::<i64>()
                .map_or_else(|_| json!(number), |number| json!(number)),
        };
        config.insert(key.to_owned(), value);
    }
    Ok(Value::Object(config))
}

/// List the peers of the school with what runs for each.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    host: Host,
}

pub(super) fn list(arguments: &List) -> Outcome {
    let peers = arguments.host.call(Method::GET, "/peers", None)?;
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

/// Show a peer's revisions, and who put which to work when and why.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Which peer
    peer: String,
    #[command(flatten)]
    host: Host,
}

pub(super) fn show(arguments: &Show) -> Outcome {
    let found = arguments
        .host
        .call(Method::GET, &format!("/peers/{}/revisions", arguments.peer), None)?;
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
    /// To this revision; the one that ran before when absent
    #[arg(long)]
    to: Option<i64>,
    /// Why; others read it later
    #[arg(long, required_unless_present = "dry_run")]
    reason: Option<String>,
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    host: Host,
}

pub(super) fn rollback(arguments: &Rollback) -> Outcome {
    let body = json!({
        "to": arguments.to, "reason": arguments.reason.clone().unwrap_or_default(), "dryRun": arguments.dry_run,
    });
    let path = format!("/peers/{}/rollback", arguments.peer);
    switched(
        &arguments.peer,
        &arguments.host.call(Method::POST, &path, Some(Sent::Json(body)))?,
    )
}

/// Put an existing revision of a peer to work.
#[derive(Debug, Args)]
pub(super) struct Rollout {
    /// Which peer
    peer: String,
    /// Which revision
    #[arg(long)]
    to: i64,
    /// Why; others read it later
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    host: Host,
}

pub(super) fn rollout(arguments: &Rollout) -> Outcome {
    let body = json!({ "to": arguments.to, "reason": arguments.reason });
    let path = format!("/peers/{}/rollout", arguments.peer);
    switched(
        &arguments.peer,
        &arguments.host.call(Method::POST, &path, Some(Sent::Json(body)))?,
    )
}

fn switched(peer: &str, answer: &Value) -> Outcome {
    let done = answer["done"] == json!(true);
    let said = if done { "now runs" } else { "would run" };
    let mut lines = vec![format!(
        "{peer} {said} revision {} instead of {}",
        answer["to"], answer["from"]
    )];
    let differences = answer["differences"].as_array().into_iter().flatten();
    lines.extend(differences.map(|one| format!("  {}", shown(one))));
    Done::new(lines.join("\n"), answer)
}

/// Revoke a publisher's key: what was first admitted since then stops with its next call.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// Id of the key
    key: String,
    /// What was admitted from this moment on is not trusted (RFC 3339); now when absent
    #[arg(long, value_name = "MOMENT")]
    compromised_since: Option<jiff::Timestamp>,
    /// Why; others read it later
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    host: Host,
}

pub(super) fn revoke(arguments: &Revoke) -> Outcome {
    let body = json!({ "reason": arguments.reason, "compromisedSince": arguments.compromised_since });
    arguments.host.call(
        Method::POST,
        &format!("/publishers/{}/revoke", arguments.key),
        Some(Sent::Json(body)),
    )?;
    Done::new(
        format!("key {} is revoked", arguments.key),
        &json!({ "revoked": arguments.key }),
    )
}

fn shown(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
