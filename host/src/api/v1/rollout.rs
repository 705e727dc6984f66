//! `/api/v1/peers/{peer}/rollout`: a revision comes to a school step by step, with what its calls came to and who said
//! Go; what differs between two revisions; and what a peer is.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::operations::Operations;
use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::problem::Problem;
use crate::app::rollout::{self, fast, measure, steps};
use crate::app::{peer, revision};
use crate::domain::principal::Duty;
use crate::domain::rollout::criteria::Criteria;
use crate::domain::rollout::{Environment, Rollout, Route};
use crate::store::rollout as rollout_store;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/peers/{peer}/rollout", show)
        .post("/api/v1/peers/{peer}/rollouts", begin)
        .post("/api/v1/peers/{peer}/rollout/steps", step)
        .post("/api/v1/peers/{peer}/rollout/approvals", approve)
        .get("/api/v1/peers/{peer}/revisions/{one}/differences/{other}", difference)
        .put("/api/v1/peers/{peer}/environment", label)
}

/// What the calls of a step must come to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Thresholds {
    /// Fewer calls than this say nothing.
    pub least_calls: u64,
    /// Failures that are the connector's, of a thousand calls.
    pub most_by_connector: u64,
    /// Failures that are the vendor's, of a thousand calls.
    pub most_by_vendor: u64,
    /// Failures that are the host's, of a thousand calls.
    pub most_by_host: u64,
    /// Messages that are stuck.
    pub most_unreconciled: u64,
    /// Ninety-five of a hundred calls take at most this long, milliseconds.
    pub most_p95_ms: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Criteria::default().into()
    }
}

impl From<Criteria> for Thresholds {
    fn from(it: Criteria) -> Self {
        Thresholds {
            least_calls: it.least_calls,
            most_by_connector: it.most_by_connector,
            most_by_vendor: it.most_by_vendor,
            most_by_host: it.most_by_host,
            most_unreconciled: it.most_unreconciled,
            most_p95_ms: it.most_p95_ms,
        }
    }
}

impl From<Thresholds> for Criteria {
    fn from(it: Thresholds) -> Self {
        Criteria {
            least_calls: it.least_calls,
            most_by_connector: it.most_by_connector,
            most_by_vendor: it.most_by_vendor,
            most_by_host: it.most_by_host,
            most_unreconciled: it.most_unreconciled,
            most_p95_ms: it.most_p95_ms,
        }
    }
}

/// A criterion of the present step.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutCriterion {
    /// `calls`, `errors-by-connector`, `errors-by-vendor`, `errors-by-host`, `unreconciled` or `p95-ms`.
    pub name: String,
    /// What was measured; absent where nothing was.
    pub measured: Option<u64>,
    /// The threshold: of errors, per thousand calls.
    pub threshold: u64,
    /// `pass`, `fail` or `not enough yet`.
    pub outcome: String,
}

/// Something that was done about a rollout.
#[derive(Debug, Serialize, ToSchema)]
pub struct RolloutEvent {
    /// `start`, `units`, `share`, `all`, `approval`, `sitting`, `rest`, `go`, `no-go`, `pause`, `resume`, `stop`, `criteria` or `rollback`.
    pub kind: String,
    /// Units and flows, the share, or what the criteria came to.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// The newest rollout of a peer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewestRollout {
    /// Counts up per peer.
    pub number: i64,
    /// What comes.
    pub revision: i64,
    /// What everybody had when it began.
    pub replaces: Option<i64>,
    /// `steps`, or `fast`: one sitting first, then those that had the old version.
    pub route: String,
    /// On the fast route: the sitting that has it before all others.
    pub sitting: Option<String>,
    /// On the fast route: who approved it; two different people must.
    pub approved_by: Vec<String>,
    /// `running`, `paused`, `stopped`, `completed` or `rolled-back`.
    pub stage: String,
    /// How many of a hundred sittings of units that are not named have it.
    pub share: u8,
    /// How many steps were taken.
    pub steps: u32,
    /// `undecided`, `go` or `no-go`: on the present step.
    pub verdict: String,
    /// The function that says Go.
    pub go_by: String,
    /// The thresholds.
    pub thresholds: Thresholds,
    /// What the present step comes to: `pass`, `fail` or `not enough yet`.
    pub outcome: String,
    /// Each criterion.
    pub criteria: Vec<RolloutCriterion>,
    /// What was done about it, oldest first.
    pub events: Vec<RolloutEvent>,
}

/// Who is served by what, and how the newest rollout stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutStanding {
    /// `test`, `acceptance` or `production`.
    pub environment: String,
    /// What everybody has who is not named.
    pub default: Option<i64>,
    /// Only named units are served.
    pub named_only: bool,
    /// Per unit that is named, its revision per flow.
    pub units: BTreeMap<String, BTreeMap<String, i64>>,
    /// The newest rollout.
    pub rollout: Option<NewestRollout>,
}

/// Who is served by what, and how the newest rollout stands.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/rollout", tag = "connectors", params(("peer" = String, Path)),
    responses((status = 200, body = RolloutStanding), (status = "4XX", body = Problem)))]
pub async fn show(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
) -> Result<Json<RolloutStanding>, Problem> {
    let (core, tenant) = (&service.core, caller.tenant());
    let known = rollout::serving(&core.db, tenant, &peer).await?;
    let (row, serving) = known.ok_or_else(|| Problem::absent(format!("there is no peer `{peer}`")))?;
    let mut units: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for ((unit, flow), revision) in serving.named {
        units.entry(unit).or_default().insert(flow.to_string(), revision);
    }
    let newest = match rollout_store::newest(&core.db, tenant, &peer).await? {
        None => None,
        Some(newest) => Some(told(&service, tenant, &peer, newest).await?),
    };
    Ok(Json(RolloutStanding {
        environment: row.environment.name().to_owned(),
        default: serving.default,
        named_only: serving.named_only,
        units,
        rollout: newest,
    }))
}

async fn told(service: &Service, tenant: &str, peer: &str, rollout: Rollout) -> Result<NewestRollout, Problem> {
    let (core, tally) = (&service.core, service.connectors.tally());
    let report = measure::present_step(core, tally, tenant, peer, &rollout).await?;
    let mut events = Vec::new();
    for row in rollout_store::events(&core.db, tenant, peer, rollout.seq).await? {
        events.push(RolloutEvent {
            detail: serde_json::from_str(&row.detail).map_err(|error| Problem::ours(&error))?,
            kind: row.kind,
            actor: row.actor,
            reason: row.reason,
            at: row.at,
        });
    }
    let criteria = report.judged.iter().map(|one| RolloutCriterion {
        name: one.criterion.name().to_owned(),
        measured: one.measured,
        threshold: one.threshold,
        outcome: one.outcome.name().to_owned(),
    });
    let approvals = fast::approvals(core, tenant, peer, rollout.seq).await?;
    Ok(NewestRollout {
        number: rollout.seq,
        route: rollout.route.name().to_owned(),
        sitting: rollout.sitting,
        approved_by: approvals.into_iter().map(|one| one.account).collect(),
        revision: rollout.revision,
        replaces: rollout.replaces,
        stage: rollout.stage.name().to_owned(),
        share: rollout.share,
        steps: rollout.steps,
        verdict: rollout.verdict.name().to_owned(),
        go_by: rollout.go_by.name().to_owned(),
        thresholds: rollout.criteria.into(),
        outcome: report.outcome.name().to_owned(),
        criteria: criteria.collect(),
        events,
    })
}

/// A rollout to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewRollout {
    /// Which revision.
    pub revision: i64,
    /// `steps` (when absent), or `fast`: a fix in an hour, for a package that may do just what runs now. It takes two
    /// approvals, begins with one sitting, and goes on in a freeze.
    pub route: Option<String>,
    /// The function that says Go: `plannen` when absent.
    pub go_by: Option<String>,
    /// What calls must come to.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// Why.
    pub reason: String,
}

/// Begins a rollout; nobody has the revision yet.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/rollouts", tag = "connectors", request_body = NewRollout,
    params(("peer" = String, Path)), responses((status = 201, body = RolloutStanding), (status = "4XX", body = Problem)))]
pub async fn begin(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(new): Body<NewRollout>,
) -> Result<(StatusCode, Json<RolloutStanding>), Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let go_by = new.go_by.as_deref().unwrap_or(Duty::Plannen.name());
    let go_by = Duty::from_name(go_by).ok_or_else(|| {
        Problem::bad(
            "go-by",
            format!("`{go_by}` is no function; use plannen, beoordelen, vaststellen or beheren"),
        )
    })?;
    let route = new.route.as_deref().unwrap_or(Route::Steps.name());
    let route =
        Route::from_name(route).ok_or_else(|| Problem::bad("route", format!("`{route}` is neither steps nor fast")))?;
    let wanted = steps::Begin {
        revision: new.revision,
        route,
        go_by,
        criteria: new.thresholds.into(),
    };
    let account = &caller.0.account;
    steps::begin(&service.core, caller.tenant(), account, &peer, &wanted, &new.reason).await?;
    service
        .connectors
        .warm(caller.tenant(), &peer, new.revision)
        .await
        .map_err(super::not_running)?;
    let Json(standing) = show(State(service), caller, Path(peer)).await?;
    Ok((StatusCode::CREATED, Json(standing)))
}

/// What is done about the open rollout.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewStep {
    /// `units`, `share`, `all`, `go`, `no-go`, `pause`, `resume`, `stop` or `criteria`; on the fast route `sitting` and
    /// `rest`, those that had the old version, instead of the first three.
    pub step: String,
    /// Of `units`: which, by id.
    #[serde(default)]
    pub units: Vec<String>,
    /// Of `units`: in which flows (2, 3, 4, 5); all of them when absent.
    #[serde(default)]
    pub flows: Vec<i64>,
    /// Of `share`: how many of a hundred sittings of units that are not named.
    pub percent: Option<u8>,
    /// Of `sitting`: which, by id.
    pub sitting: Option<String>,
    /// Of `go`: although the criteria are not met.
    #[serde(default)]
    pub despite: bool,
    /// Of `criteria`: the thresholds.
    pub thresholds: Option<Thresholds>,
    /// Why.
    pub reason: String,
}

impl NewStep {
    fn read(&self) -> Result<steps::Step, Problem> {
        let absent = |what: &str| Problem::bad(what, format!("step `{}` takes `{what}`", self.step));
        Ok(match self.step.as_str() {
            "units" => steps::Step::Units {
                units: self.units.clone(),
                flows: self.flows.clone(),
            },
            "share" => steps::Step::Share(self.percent.ok_or_else(|| absent("percent"))?),
            "all" => steps::Step::All,
            "sitting" => steps::Step::Sitting(self.sitting.clone().ok_or_else(|| absent("sitting"))?),
            "rest" => steps::Step::Rest,
            "go" => steps::Step::Go { despite: self.despite },
            "no-go" => steps::Step::NoGo,
            "pause" => steps::Step::Pause,
            "resume" => steps::Step::Resume,
            "stop" => steps::Step::Stop,
            "criteria" => steps::Step::Criteria(self.thresholds.ok_or_else(|| absent("thresholds"))?.into()),
            other => {
                let detail = format!(
                    "`{other}` is no step: use units, share, all, sitting, rest, go, no-go, pause, resume, stop or criteria"
                );
                return Err(Problem::bad("step", detail));
            }
        })
    }
}

/// Takes a step, or says Go or No-Go: the latter by whoever holds the function that the rollout names.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/rollout/steps", tag = "connectors", request_body = NewStep,
    params(("peer" = String, Path)), responses((status = 200, body = RolloutStanding), (status = "4XX", body = Problem)))]
pub async fn step(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(new): Body<NewStep>,
) -> Result<Json<RolloutStanding>, Problem> {
    let step = new.read()?;
    let (core, tally) = (&service.core, service.connectors.tally());
    let how = (&step, new.reason.as_str());
    steps::take(core, tally, caller.tenant(), &caller.0.account, &peer, how).await?;
    show(State(service), caller, Path(peer)).await
}

/// Why a fix is approved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FixApproval {
    /// Number of the rollout that is approved, as `GET …/rollout` shows it.
    pub rollout: i64,
    /// The revision that it brings.
    pub revision: i64,
    /// Why.
    pub reason: String,
}

/// Approves the open rollout on the fast route: by whoever holds `beheren` or the function that says its Go, and by two
/// different people in all.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/rollout/approvals", tag = "connectors", request_body = FixApproval,
    params(("peer" = String, Path)), responses((status = 200, body = RolloutStanding), (status = "4XX", body = Problem)))]
pub async fn approve(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(new): Body<FixApproval>,
) -> Result<Json<RolloutStanding>, Problem> {
    let (tenant, account) = (caller.tenant(), &caller.0.account);
    let seen = fast::Seen {
        rollout: new.rollout,
        revision: new.revision,
    };
    fast::approve(&service.core, tenant, account, (&peer, seen), &new.reason).await?;
    show(State(service), caller, Path(peer)).await
}

/// What differs between two revisions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Differences {
    /// In words, from the one to the other.
    pub differences: Vec<String>,
}

/// What differs from one revision of a peer to another.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/revisions/{one}/differences/{other}", tag = "connectors",
    params(("peer" = String, Path), ("one" = i64, Path), ("other" = i64, Path)),
    responses((status = 200, body = Differences), (status = "4XX", body = Problem)))]
pub async fn difference(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, one, other)): Path<(String, i64, i64)>,
) -> Result<Json<Differences>, Problem> {
    let (core, tenant) = (&service.core, caller.tenant());
    let one = revision::at(core, tenant, &peer, one).await?;
    let other = revision::at(core, tenant, &peer, other).await?;
    let differences = revision::between(core, tenant, &one, &other).await?;
    Ok(Json(Differences {
        differences: differences.iter().map(ToString::to_string).collect(),
    }))
}

/// What a peer is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentLabel {
    /// `test`, `acceptance` or `production`.
    pub environment: String,
}

/// Labels a peer, for people.
#[utoipa::path(put, path = "/api/v1/peers/{peer}/environment", tag = "connectors", request_body = EnvironmentLabel,
    params(("peer" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn label(
    State(service): State<Service>,
    caller: Caller,
    Path(peer_id): Path<String>,
    Body(label): Body<EnvironmentLabel>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let environment = Environment::from_name(&label.environment).ok_or_else(|| {
        let detail = format!("`{}` is none of test, acceptance, production", label.environment);
        Problem::bad("environment", detail)
    })?;
    peer::label(&service.core, caller.tenant(), caller.id(), &peer_id, environment).await?;
    Ok(StatusCode::NO_CONTENT)
}
