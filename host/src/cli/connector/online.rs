//! The verbs of `oke connector` that talk to a running host: install, list, show, rollout, rollback, revoke. They are
//! clients of the management API; whatever they do, the pages do by the same call.

use std::path::PathBuf;
use std::time::Duration;

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

/// A host that does not answer within this time is told to be out of reach.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A host that says nothing for this long has gone; judging a package takes it seconds.
const SILENCE_LIMIT: Duration = Duration::from_secs(120);

/// So much of an answer that is none of ours is repeated.
const MOST_REPEATED: usize = 200;

impl Host {
    /// One call below `/api/v1`; the segments of its path need no encoding.
    pub(super) fn call(&self, method: Method, path: &[&str], body: Option<Sent>) -> Result<Value, Stop> {
        crate::cli::on_runtime(self.ask(method, self.address(path)?, body))?
    }

    /// A question with a parameter, when there is one.
    fn ask_with(&self, path: &[&str], parameter: Option<(&str, String)>) -> Result<Value, Stop> {
        let mut url = self.address(path)?;
        if let Some((name, value)) = parameter {
            url.query_pairs_mut().append_pair(name, &value);
        }
        crate::cli::on_runtime(self.ask(Method::GET, url, None))?
    }

    fn address(&self, path: &[&str]) -> Result<reqwest::Url, Stop> {
        let no_address = || {
            Stop::Usage(format!(
                "`{}` is no address of a host; write http://HOST:PORT",
                self.url
            ))
        };
        let mut url: reqwest::Url = self.url.parse().map_err(|_| no_address())?;
        let mut segments = url.path_segments_mut().map_err(|()| no_address())?;
        segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        drop(segments);
        Ok(url)
    }

    async fn ask(&self, method: Method, url: reqwest::Url, body: Option<Sent>) -> Result<Value, Stop> {
        let _already = rustls::crypto::ring::default_provider().install_default();
        let unreachable = |error: reqwest::Error| {
            let told = crate::cli::told("unreachable", &error.without_url());
            match told {
                Stop::Refused { reason, message } => Stop::refused(
                    reason,
                    format!(
                        "could not reach the host at {}: {message}; does `oke serve` run there? Name another with --url \
                         or OKE_URL",
                        self.url
                    ),
                ),
                other => other,
            }
        };
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            .read_timeout(SILENCE_LIMIT)
            .build()
            .map_err(unreachable)?;
        let request = client.request(method, url).bearer_auth(&self.token);
        let request = match body {
            None => request,
            Some(Sent::Json(value)) => request.json(&value),
            Some(Sent::Bytes(bytes)) => request.header("content-type", "application/octet-stream").body(bytes),
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        if status.is_success() && text.is_empty() {
            return Ok(Value::Null);
        }
        let read = serde_json::from_str::<Value>(&text);
        match read {
            Ok(value) if status.is_success() => Ok(value),
            Ok(problem) if problem["detail"].is_string() => Err(Stop::refused(
                problem["reason"].as_str().unwrap_or("refused"),
                shown(&problem["detail"]),
            )),
            _ => Err(Stop::refused(
                "no-host",
                format!(
                    "what answers at {} is no OKE Host: {status}, {}",
                    self.url,
                    text.chars().take(MOST_REPEATED).collect::<String>().escape_debug()
                ),
            )),
        }
    }
}

/// A body of a request.
pub(super) enum Sent {
    Json(Value),
    Bytes(Vec<u8>),
}

/// Admit a package and put it to work for a peer.
///
/// The host judges the package (signature, trusted key, contract, manifest) and refuses it with the reason; where the
/// school demands a keuring, it is tried in the sandbox and waited for. What it may do beyond what runs now is shown, and
/// approved with `--approve`. Then the host makes the peer's next revision of it and puts that to work in one step: new
/// calls take it at once. Where that is refused the package stays admitted, and what ran goes on.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  oke connector install my-vendor-0.1.0.oke --peer my-vendor --profile standard \
                        --approve --reason 'first installation'"
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
    /// Approve what the connector may do beyond what runs now; without it that is shown and refused
    #[arg(long)]
    approve: bool,
    /// Why; others read it later
    #[arg(long)]
    reason: String,
    /// Only make the revision: nobody has it until it is rolled out
    #[arg(long)]
    hold: bool,
    #[command(flatten)]
    host: Host,
}

pub(super) fn install(arguments: &Install) -> Outcome {
    let config = configuration(&arguments.settings)?;
    let bytes = read_package(&arguments.package)?;
    let host = &arguments.host;
    let admitted = host.call(Method::POST, &["packages"], Some(Sent::Bytes(bytes)))?;
    let digest = shown(&admitted["digest"]);
    keuring_passed(host, digest).map_err(|stop| only_admitted(&admitted, stop))?;
    approved(arguments, digest).map_err(|stop| only_admitted(&admitted, stop))?;
    let revision = json!({
        "digest": admitted["digest"], "profile": arguments.profile, "config": config, "reason": arguments.reason,
        "putToWork": !arguments.hold,
    });
    let path = ["peers", arguments.peer.as_str(), "revisions"];
    let installed = host
        .call(Method::POST, &path, Some(Sent::Json(revision)))
        .map_err(|stop| only_admitted(&admitted, stop))?;
    let now = if arguments.hold {
        "waits to be rolled out"
    } else {
        "now runs"
    };
    let mut text = format!(
        "{} {} {now} for {} as revision {}",
        shown(&admitted["name"]),
        shown(&admitted["version"]),
        arguments.peer,
        installed["revision"]
    );
    if admitted["again"] == json!(true) {
        text.push_str("; the host had admitted this package before");
    }
    Done::new(
        text,
        &json!({ "package": admitted, "revision": installed["revision"], "peer": arguments.peer }),
    )
}

/// So often a keuring is asked after.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// So long a keuring is waited for: compiling on a busy machine takes minutes.
const KEURING_LIMIT: Duration = Duration::from_secs(600);

/// Waits until the newest keuring of a package has ended; a school that demands none has none to wait for.
fn keuring_passed(host: &Host, digest: &str) -> Result<(), Stop> {
    let started = std::time::Instant::now();
    loop {
        let keuringen = host.call(Method::GET, &["packages", digest, "keuringen"], None)?;
        let newest = &keuringen[0];
        match newest["state"].as_str() {
            None | Some("passed") => return Ok(()),
            Some("failed") => return Err(Stop::refused("keuring-failed", failed(newest))),
            Some(_) if started.elapsed() > KEURING_LIMIT => {
                let said = "the keuring has not ended yet; install again when it has";
                return Err(Stop::refused("keuring-under-way", said));
            }
            Some(_) => std::thread::sleep(LOOK_EVERY),
        }
    }
}

fn failed(keuring: &Value) -> String {
    let mut said = match keuring["obstacle"].as_str() {
        Some(obstacle) => format!("the package could not be tried: {obstacle}"),
        None => "the package failed its keuring".to_owned(),
    };
    for one in keuring["outcomes"].as_array().into_iter().flatten() {
        if one["verdict"] == json!("failed") {
            let part = [&one["interface"], &one["scenario"], &one["why"]].map(shown);
            said.push_str(&format!("\n  {} {}: {}", part[0], part[1], part[2]));
        }
    }
    said
}

/// Shows what the package may do beyond what runs now, and approves it when that was asked.
fn approved(arguments: &Install, digest: &str) -> Result<(), Stop> {
    let (host, path) = (&arguments.host, ["peers", arguments.peer.as_str(), "admission", digest]);
    let review = host.call(Method::GET, &path, None)?;
    let obstacles = review["obstacles"].as_array();
    let waits = obstacles.is_some_and(|all| all.iter().any(|one| one["reason"] == json!("not-approved")));
    if !waits {
        return Ok(());
    }
    if !arguments.approve {
        let changes = review["changes"].as_array().into_iter().flatten();
        let changes: Vec<String> = changes.map(|one| format!("\n  {}", shown(one))).collect();
        let said = format!(
            "the connector would do other things than what runs now; approve that with --approve, or in the browser:{}\n",
            changes.concat()
        );
        return Err(Stop::refused("not-approved", said));
    }
    let body = json!({ "seen": review["fingerprint"], "reason": arguments.reason });
    host.call(Method::POST, &path, Some(Sent::Json(body))).map(drop)
}

/// The package is in, but nothing was put to work: who reads the refusal should know both.
fn only_admitted(admitted: &Value, stop: Stop) -> Stop {
    match stop {
        Stop::Refused { reason, message } => {
            let (name, version) = (shown(&admitted["name"]), shown(&admitted["version"]));
            Stop::refused(
                reason,
                format!("{message}. The host has admitted {name} {version}; it was put to work for nobody"),
            )
        }
        other => other,
    }
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

pub(super) fn shown(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_stays_one_part_of_the_address() {
        let host = Host {
            url: "http://127.0.0.1:1/".to_owned(),
            token: String::new(),
        };
        let url = host.address(&["peers", "a/../b?c#d", "rollback"]).unwrap();
        assert_eq!(url.path(), "/api/v1/peers/a%2F..%2Fb%3Fc%23d/rollback");
        assert_eq!((url.query(), url.fragment()), (None, None));
    }
}
