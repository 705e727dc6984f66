//! `oke connector install`: admit a package, wait for its keuring, approve what it may do, put it to work.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Host, Sent, shown};
use super::read_package;
use crate::cli::outcome::{Done, Outcome, Stop};

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
