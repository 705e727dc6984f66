//! `oke connector rollout`: an existing revision for everybody at once, or step by step: units and a share of the
//! sittings first, Go or No-Go, then everybody. A client of the management API.

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Host, Sent, shown};
use super::online::switched;
use crate::cli::outcome::{Done, Outcome, Stop};

/// Put an existing revision of a peer to work, for everybody at once or step by step.
///
/// `--to` alone puts it to work for everybody. With `--units` or `--share` a rollout is begun and its first step taken;
/// each next step takes a Go of the function that the rollout names, on what its calls came to.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  oke connector rollout my-vendor --to 3 --units team-a --reason 'team A first'\n  \
                        oke connector rollout my-vendor --status\n  \
                        oke connector rollout my-vendor --go --reason 'a week without trouble'\n  \
                        oke connector rollout my-vendor --all --reason 'everybody'"
)]
pub(super) struct Rollout {
    /// Which peer
    peer: String,
    /// Which revision
    #[arg(long, conflicts_with_all = ["all", "go", "no_go", "pause", "resume", "stop", "status"])]
    to: Option<i64>,
    #[command(flatten)]
    step: StepArguments,
    /// On the fast route, a fix in an hour: two people approve, one sitting first, in a freeze too
    #[arg(long, requires = "to", conflicts_with_all = ["units", "share"])]
    fast: bool,
    /// Approve the open rollout on the fast route
    #[arg(long, conflicts_with_all = ["to", "units", "share", "all", "sitting", "rest", "go", "no_go", "pause", "resume", "stop", "status"])]
    approve: bool,
    /// Who says Go, of a rollout that begins: plannen, beoordelen, vaststellen or beheren
    #[arg(long, requires = "to")]
    go_by: Option<String>,
    /// Why; others read it later
    #[arg(long, required_unless_present = "status")]
    reason: Option<String>,
    #[command(flatten)]
    host: Host,
}

/// What is done; at most one.
#[derive(Debug, Args)]
#[group(multiple = true)]
struct StepArguments {
    /// These units come on it, by id, separated by commas
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["share", "all", "go", "no_go", "pause", "resume", "stop"])]
    units: Vec<String>,
    /// In these flows only: some of 2, 3, 4 and 5
    #[arg(long, value_delimiter = ',', requires = "units")]
    flows: Vec<i64>,
    /// So many of a hundred sittings of the other units come on it
    #[arg(long, conflicts_with_all = ["all", "go", "no_go", "pause", "resume", "stop"])]
    share: Option<u8>,
    /// Everybody comes on it
    #[arg(long, conflicts_with_all = ["go", "no_go", "pause", "resume", "stop"])]
    all: bool,
    /// On the fast route, the first step: this sitting, by id
    #[arg(long, conflicts_with_all = ["units", "share", "all", "rest", "go", "no_go", "pause", "resume", "stop"])]
    sitting: Option<String>,
    /// On the fast route, the last step: those that had the old version
    #[arg(long, conflicts_with_all = ["units", "share", "all", "go", "no_go", "pause", "resume", "stop"])]
    rest: bool,
    /// Go on the present step
    #[arg(long, conflicts_with_all = ["no_go", "pause", "resume", "stop"])]
    go: bool,
    /// With --go: although the criteria are not met
    #[arg(long, requires = "go")]
    despite: bool,
    /// No-Go on the present step: nobody new comes on it
    #[arg(long, conflicts_with_all = ["pause", "resume", "stop"])]
    no_go: bool,
    /// Nobody new for now
    #[arg(long, conflicts_with_all = ["resume", "stop"])]
    pause: bool,
    /// It goes on
    #[arg(long, conflicts_with_all = ["stop"])]
    resume: bool,
    /// Nobody new any more; those on it stay
    #[arg(long)]
    stop: bool,
    /// Only say how the rollout stands
    #[arg(long)]
    status: bool,
}

impl StepArguments {
    /// The step as the API takes it; none for everybody at once, or only the status.
    fn read(&self) -> Option<Value> {
        let flags = [
            (self.all, "all"),
            (self.rest, "rest"),
            (self.no_go, "no-go"),
            (self.pause, "pause"),
            (self.resume, "resume"),
            (self.stop, "stop"),
        ];
        if !self.units.is_empty() {
            return Some(json!({ "step": "units", "units": self.units, "flows": self.flows }));
        }
        if let Some(percent) = self.share {
            return Some(json!({ "step": "share", "percent": percent }));
        }
        if let Some(sitting) = &self.sitting {
            return Some(json!({ "step": "sitting", "sitting": sitting }));
        }
        if self.go {
            return Some(json!({ "step": "go", "despite": self.despite }));
        }
        let flag = flags.into_iter().find(|(given, _)| *given);
        flag.map(|(_, step)| json!({ "step": step }))
    }
}

pub(super) fn rollout(arguments: &Rollout) -> Outcome {
    let (host, peer) = (&arguments.host, arguments.peer.as_str());
    if arguments.step.status {
        return standing(peer, &host.call(Method::GET, &["peers", peer, "rollout"], None)?);
    }
    let reason = arguments.reason.clone().unwrap_or_default();
    if arguments.approve {
        let open = host.call(Method::GET, &["peers", peer, "rollout"], None)?;
        let open = &open["rollout"];
        // Whoever names a revision approves that one and no other.
        let revision = arguments.to.map_or_else(|| open["revision"].clone(), |to| json!(to));
        let body = json!({ "rollout": open["number"], "revision": revision, "reason": reason });
        let path = ["peers", peer, "rollout", "approvals"];
        return standing(peer, &host.call(Method::POST, &path, Some(Sent::Json(body)))?);
    }
    if let (true, Some(to)) = (arguments.fast, arguments.to) {
        let body = json!({ "revision": to, "route": "fast", "goBy": arguments.go_by, "reason": reason,
            "thresholds": { "leastCalls": 1 } });
        return standing(
            peer,
            &host.call(Method::POST, &["peers", peer, "rollouts"], Some(Sent::Json(body)))?,
        );
    }
    let Some(mut step) = arguments.step.read() else {
        let to = arguments.to.ok_or_else(|| {
            Stop::Usage("name a revision with --to, or a step such as --units, --go or --all".to_owned())
        })?;
        let body = json!({ "to": to, "reason": reason });
        let path = ["peers", peer, "rollout"];
        return switched(peer, &host.call(Method::POST, &path, Some(Sent::Json(body)))?);
    };
    if let Some(to) = arguments.to {
        let seen = host.call(Method::GET, &["peers", peer, "rollout"], None)?;
        let open = &seen["rollout"];
        let is_open = ["running", "paused"].contains(&open["stage"].as_str().unwrap_or_default());
        if !(is_open && open["revision"] == json!(to)) {
            let body = json!({ "revision": to, "goBy": arguments.go_by, "reason": reason });
            host.call(Method::POST, &["peers", peer, "rollouts"], Some(Sent::Json(body)))?;
        }
    }
    step["reason"] = json!(reason);
    let path = ["peers", peer, "rollout", "steps"];
    standing(peer, &host.call(Method::POST, &path, Some(Sent::Json(step)))?)
}

/// How a rollout stands, in lines.
fn standing(peer: &str, answer: &Value) -> Outcome {
    let default = answer["default"].as_i64();
    let mut lines = vec![match (default, answer["namedOnly"] == json!(true)) {
        (_, true) => format!("{peer}: only the units named below are served"),
        (Some(number), false) => format!("{peer}: everybody who is not named below has revision {number}"),
        (None, false) => format!("{peer}: nothing runs"),
    }];
    for (unit, flows) in answer["units"].as_object().into_iter().flatten() {
        let flows = flows.as_object().into_iter().flatten();
        let flows: Vec<String> = flows
            .map(|(flow, revision)| format!("flow {flow}: {revision}"))
            .collect();
        lines.push(format!("  {unit}: {}", flows.join(", ")));
    }
    let rollout = &answer["rollout"];
    if rollout.is_null() {
        lines.push("no rollout was begun".to_owned());
        return Done::new(lines.join("\n"), answer);
    }
    lines.push(format!(
        "rollout of revision {}: {}, {} steps taken, {} on the present one (said by {}), criteria: {}",
        rollout["revision"],
        shown(&rollout["stage"]),
        rollout["steps"],
        shown(&rollout["verdict"]),
        shown(&rollout["goBy"]),
        shown(&rollout["outcome"]),
    ));
    if rollout["route"] == json!("fast") {
        let approved = rollout["approvedBy"].as_array().into_iter().flatten();
        let approved: Vec<&str> = approved.map(shown).collect();
        lines.push(format!("  fast route, approved by: {}", approved.join(", ")));
    }
    for one in rollout["criteria"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  {:<20} {} (threshold {}): {}",
            shown(&one["name"]),
            one["measured"]
                .as_u64()
                .map_or_else(|| "-".to_owned(), |it| it.to_string()),
            one["threshold"],
            shown(&one["outcome"]),
        ));
    }
    Done::new(lines.join("\n"), answer)
}
