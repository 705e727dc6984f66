//! `/api/v1/peers/{peer}/revisions`: what runs for a peer, installed, rolled out and rolled back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::{revision, rollout};
use crate::connector::manifest::Configuration;
use crate::domain::principal::Duty;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/peers/{peer}/revisions", list)
        .post("/api/v1/peers/{peer}/revisions", install)
        .post("/api/v1/peers/{peer}/rollback", rollback)
        .post("/api/v1/peers/{peer}/rollout", rollout)
}

/// A revision and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// Counts up per peer.
    pub number: i64,
    /// Whether it runs now, for everybody or for some.
    pub runs: bool,
    /// The connector, when its package is known.
    pub connector: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Digest of its package.
    pub digest: String,
    /// Profile its configuration came from.
    pub profile: Option<String>,
    /// Configuration.
    #[schema(value_type = Object)]
    pub config: serde_json::Value,
    /// Who made it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A change of what runs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Activation {
    /// What runs since.
    pub revision: i64,
    /// What ran before.
    pub previous: Option<i64>,
    /// `install`, `rollout`, `enable` or `rollback`.
    pub kind: String,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// The revisions of a peer with their history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revisions {
    /// Newest first.
    pub revisions: Vec<Revision>,
    /// Newest first.
    pub activations: Vec<Activation>,
    /// What a rollback goes back from now: the revision being rolled out, else the one that everybody has.
    pub goes_back_from: Option<i64>,
}

/// The revisions of a peer, and who put which to work when and why.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/revisions", tag = "connectors", params(("peer" = String, Path)),
    responses((status = 200, body = Revisions), (status = "4XX", body = Problem)))]
pub async fn list(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
) -> Result<Json<Revisions>, Problem> {
    let tenant = caller.tenant();
    let known = rollout::serving(&service.core.db, tenant, &peer).await?;
    let (row, serving) = known.ok_or_else(|| Problem::absent(format!("there is no peer `{peer}`")))?;
    let goes_back_from = revision::going_back_from(&service.core, tenant, &row).await?;
    let mut revisions = Vec::new();
    for row in service.core.db.revisions(tenant, &peer).await? {
        let package = service.core.db.package(tenant, &row.digest).await?;
        revisions.push(Revision {
            number: row.number,
            runs: serving.uses(row.number),
            connector: package.as_ref().map(|package| package.name.clone()),
            version: package.map(|package| package.package_version),
            digest: row.digest,
            profile: row.profile,
            config: serde_json::from_str(&row.config).map_err(|error| Problem::ours(&error))?,
            author: row.author,
            reason: row.reason,
            created_at: row.created_at,
        });
    }
    let activations = service.core.db.activations(tenant, &peer).await?;
    let activations = activations.into_iter().map(|row| Activation {
        revision: row.revision,
        previous: row.previous,
        kind: row.kind,
        actor: row.actor,
        reason: row.reason,
        at: row.at,
    });
    Ok(Json(Revisions {
        revisions,
        activations: activations.collect(),
        goes_back_from,
    }))
}

/// A revision to make and put to work.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Install {
    /// Package, by digest.
    pub digest: String,
    /// Profile of the package.
    pub profile: Option<String>,
    /// Values that differ from the profile.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub config: Configuration,
    /// Why.
    pub reason: String,
    /// Whether it is put to work for everybody at once; otherwise nobody has it until it is rolled out.
    #[serde(default = "yes")]
    pub put_to_work: bool,
}

fn yes() -> bool {
    true
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Installed {
    /// The revision's number.
    pub revision: i64,
    /// Whether everybody has it now.
    pub put_to_work: bool,
}

/// Makes the next revision of a peer and, unless that is left out, puts it to work for everybody.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/revisions", tag = "connectors", request_body = Install,
    params(("peer" = String, Path)), responses((status = 201, body = Installed), (status = "4XX", body = Problem)))]
pub async fn install(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(new): Body<Install>,
) -> Result<(StatusCode, Json<Installed>), Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let put_to_work = new.put_to_work;
    let new = revision::NewRevision {
        digest: new.digest,
        profile: new.profile,
        config: new.config,
        reason: new.reason,
    };
    // Compiled before it is put to work, so that the first call doesn't wait and a component that doesn't load never runs.
    service
        .connectors
        .try_package(caller.tenant(), &new.digest)
        .await
        .map_err(super::not_running)?;
    let (core, tenant, by) = (&service.core, caller.tenant(), caller.id());
    let number = match put_to_work {
        true => revision::install(core, tenant, by, &peer, &new).await?,
        false => revision::make(core, tenant, by, &peer, &new).await?,
    };
    service
        .connectors
        .warm(caller.tenant(), &peer, number)
        .await
        .map_err(super::not_running)?;
    let installed = Installed {
        revision: number,
        put_to_work,
    };
    Ok((StatusCode::CREATED, Json(installed)))
}

/// What to go back to, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Back {
    /// The revision that was seen to run: when another runs now, nothing is done. Give it, so that a request that is
    /// sent again after a lost answer does not go back twice.
    pub from: Option<i64>,
    /// Revision; when absent, the one with a lower number that ran before.
    pub to: Option<i64>,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// Only say what would change, what would not fit, and what the newer one has done.
    #[serde(default)]
    pub dry_run: bool,
    /// Only the code goes back: configuration, grants and profile stay as they are, in a revision of its own.
    #[serde(default)]
    pub code_only: bool,
}

/// What changes, or changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Switched {
    /// What ran.
    pub from: i64,
    /// What runs.
    pub to: i64,
    /// Differences, in words.
    pub differences: Vec<String>,
    /// Whether it was done.
    pub done: bool,
    /// It was done before by the same request, and was not done again.
    pub already: bool,
    /// Only units that were enabled apart go back.
    pub only_named: bool,
    /// Only the code goes back.
    pub code_only: bool,
    /// What would not fit, in words.
    pub misfits: Vec<String>,
    /// What the revision that is left has done outside; only told with `dryRun`.
    pub done_outside: Option<DoneOutside>,
}

/// What a revision has done that no switch takes back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DoneOutside {
    /// Sittings that it told the vendor of last.
    pub sittings: i64,
    /// Deelnames that it told the vendor of last.
    pub deelnames: i64,
    /// Result versions that it brought.
    pub results: i64,
    /// Of those, how many went on to the student system (flow 5), or how many it delivered there itself.
    pub sent: i64,
    /// Objects that the vendor gave an id of its own in its calls.
    pub ids: i64,
}

impl Switched {
    fn of(plan: &revision::Rollback, done: bool) -> Switched {
        Switched {
            from: plan.from,
            to: plan.to,
            differences: plan.differences.iter().map(ToString::to_string).collect(),
            done,
            already: plan.already,
            only_named: plan.only_named,
            code_only: plan.code_only,
            misfits: plan.consequences.misfits.iter().map(ToString::to_string).collect(),
            done_outside: (!done).then_some(DoneOutside {
                sittings: plan.consequences.done.sittings,
                deelnames: plan.consequences.done.deelnames,
                results: plan.consequences.done.results,
                sent: plan.consequences.done.sent,
                ids: plan.consequences.done.ids,
            }),
        }
    }
}

/// Takes a peer back to its earlier revision, or says what that would change.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/rollback", tag = "connectors", request_body = Back,
    params(("peer" = String, Path)), responses((status = 200, body = Switched), (status = "4XX", body = Problem)))]
pub async fn rollback(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(back): Body<Back>,
) -> Result<Json<Switched>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let (core, tenant) = (&service.core, caller.tenant());
    let way = revision::Back {
        from: back.from,
        to: back.to,
        code_only: back.code_only,
    };
    let plan = if back.dry_run {
        service.connectors.tally().write(core).await;
        revision::plan_rollback(core, tenant, &peer, way).await?
    } else {
        revision::rollback(core, tenant, caller.id(), &peer, way, &back.reason).await?
    };
    Ok(Json(Switched::of(&plan, !back.dry_run)))
}

/// What to put to work, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// Revision.
    pub to: i64,
    /// Why.
    pub reason: String,
}

/// Puts an existing revision to work.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/rollout", tag = "connectors", request_body = Rollout,
    params(("peer" = String, Path)), responses((status = 200, body = Switched), (status = "4XX", body = Problem)))]
pub async fn rollout(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(out): Body<Rollout>,
) -> Result<Json<Switched>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let (core, tenant) = (&service.core, caller.tenant());
    let plan = revision::rollout(core, tenant, caller.id(), &peer, out.to, &out.reason).await?;
    Ok(Json(Switched::of(&plan, true)))
}
