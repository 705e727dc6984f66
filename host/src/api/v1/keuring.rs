//! `/api/v1/packages/{digest}/keuringen`, `/api/v1/peers/{peer}/admission/{digest}` and `/api/v1/admission-policy`: what
//! stands between an admitted package and its being put to work.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::admission::{self, Review};
use crate::app::keuring;
use crate::domain::keuring as rules;
use crate::domain::principal::Duty;
use crate::store::keuring::{self as kept, KeuringRow};

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/packages/{digest}/keuringen", list)
        .post("/api/v1/packages/{digest}/keuringen", ask)
        .post("/api/v1/packages/{digest}/counter-signatures", counter_sign)
        .get("/api/v1/peers/{peer}/admission/{digest}", review)
        .post("/api/v1/peers/{peer}/admission/{digest}", approve)
        .get("/api/v1/admission-policy", policy)
        .put("/api/v1/admission-policy", set_policy)
}

/// What came of one scenario.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scenario {
    /// The interface it tries.
    pub interface: String,
    /// Its stable name.
    pub scenario: String,
    /// `passed`, `failed` or `not-tried`.
    #[schema(value_type = String)]
    pub verdict: rules::Verdict,
    /// What was seen, when it did not simply pass.
    pub why: Option<String>,
    /// How long it took, milliseconds.
    pub millis: u32,
}

/// One keuring of a package.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Keuring {
    /// Its id.
    pub id: String,
    /// `waiting`, `passed` or `failed`.
    pub state: String,
    /// Scenarios played.
    pub done: i64,
    /// Scenarios in all; 0 before they are known.
    pub total: i64,
    /// What came of each, once it has ended.
    pub outcomes: Vec<Scenario>,
    /// Why the package could not be tried at all.
    pub obstacle: Option<String>,
    /// Whether this host signed the outcome over the package's digest.
    pub sealed: bool,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

impl Keuring {
    fn of(service: &Service, row: KeuringRow) -> Self {
        Keuring {
            sealed: keuring::is_sealed(&service.core, &row),
            state: row.state.name().to_owned(),
            done: row.done,
            total: row.total,
            outcomes: row
                .outcomes
                .into_iter()
                .map(|one| Scenario {
                    interface: one.interface.as_str().to_owned(),
                    scenario: one.scenario,
                    verdict: one.verdict,
                    why: one.why,
                    millis: one.millis,
                })
                .collect(),
            obstacle: row.obstacle,
            asked_by: row.asked_by,
            asked_at: row.asked_at,
            ended_at: row.ended_at,
            id: row.id,
        }
    }
}

/// The keuringen of a package, newest first.
#[utoipa::path(get, path = "/api/v1/packages/{digest}/keuringen", tag = "connectors", params(("digest" = String, Path)),
    responses((status = 200, body = Vec<Keuring>), (status = "4XX", body = Problem)))]
pub async fn list(
    State(service): State<Service>,
    caller: Caller,
    Path(digest): Path<String>,
) -> Result<Json<Vec<Keuring>>, Problem> {
    let (db, tenant) = (&service.core.db, caller.tenant());
    if db.package(tenant, &digest).await?.is_none() {
        return Err(Problem::absent(format!(
            "no package {digest} was admitted in this school"
        )));
    }
    let rows = kept::of_package(db, tenant, &digest).await?;
    Ok(Json(rows.into_iter().map(|row| Keuring::of(&service, row)).collect()))
}

/// A keuring that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Asked {
    /// Its id in the list.
    pub id: String,
}

/// Asks for another keuring; one that is under way is meant when there is one.
#[utoipa::path(post, path = "/api/v1/packages/{digest}/keuringen", tag = "connectors", params(("digest" = String, Path)),
    responses((status = 202, body = Asked), (status = "4XX", body = Problem)))]
pub async fn ask(
    State(service): State<Service>,
    caller: Caller,
    Path(digest): Path<String>,
) -> Result<(StatusCode, Json<Asked>), Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let id = keuring::ask(&service.core, caller.tenant(), caller.id(), &digest).await?;
    Ok((StatusCode::ACCEPTED, Json(Asked { id })))
}

/// Who counter-signed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CounterSigner {
    /// Whose key.
    pub publisher: String,
    /// The key.
    pub key_id: String,
}

/// Adds the detached counter-signatures of a package (the body is the `.oke.sig.json` file), in place of earlier ones.
/// Answers with those that count.
#[utoipa::path(post, path = "/api/v1/packages/{digest}/counter-signatures", tag = "connectors",
    params(("digest" = String, Path)), request_body(content = String, content_type = "application/json"),
    responses((status = 200, body = Vec<CounterSigner>), (status = "4XX", body = Problem)))]
pub async fn counter_sign(
    State(service): State<Service>,
    caller: Caller,
    Path(digest): Path<String>,
    bytes: Bytes,
) -> Result<Json<Vec<CounterSigner>>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let (core, tenant) = (&service.core, caller.tenant());
    let signers = admission::counter_sign(core, tenant, caller.id(), &digest, &bytes).await?;
    let shown = signers.into_iter().map(|signer| CounterSigner {
        publisher: signer.publisher.to_string(),
        key_id: signer.key.to_string(),
    });
    Ok(Json(shown.collect()))
}

/// Something that stands in the way.
#[derive(Debug, Serialize, ToSchema)]
pub struct Obstacle {
    /// A stable word.
    pub reason: String,
    /// What, and what to do.
    pub detail: String,
}

/// An approval of this difference.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A package before a peer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Admission {
    /// What changes in what the connector may do, against what runs now.
    pub changes: Vec<String>,
    /// Names exactly this difference: an approval repeats it.
    pub fingerprint: String,
    /// Who approved it.
    pub approvals: Vec<Approval>,
    /// What stands in the way of putting it to work; empty: nothing.
    pub obstacles: Vec<Obstacle>,
}

impl From<Review> for Admission {
    fn from(review: Review) -> Self {
        Admission {
            changes: review.changes.iter().map(ToString::to_string).collect(),
            fingerprint: review.fingerprint,
            approvals: review
                .approvals
                .into_iter()
                .map(|one| Approval {
                    by: one.approved_by,
                    reason: one.reason,
                    at: one.approved_at,
                })
                .collect(),
            obstacles: review
                .obstacles
                .iter()
                .map(|one| Obstacle {
                    reason: one.reason().to_owned(),
                    detail: one.to_string(),
                })
                .collect(),
        }
    }
}

/// What a package may do for a peer beyond what runs there now, and what stands in its way.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/admission/{digest}", tag = "connectors",
    params(("peer" = String, Path), ("digest" = String, Path)),
    responses((status = 200, body = Admission), (status = "4XX", body = Problem)))]
pub async fn review(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, digest)): Path<(String, String)>,
) -> Result<Json<Admission>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let review = admission::review_package(&service.core, caller.tenant(), &peer, &digest).await?;
    Ok(Json(review.into()))
}

/// An approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approve {
    /// The fingerprint of the difference that was looked at.
    pub seen: String,
    /// Why.
    pub reason: String,
}

/// Approves what a package may do for a peer beyond what runs there now.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/admission/{digest}", tag = "connectors", request_body = Approve,
    params(("peer" = String, Path), ("digest" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn approve(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, digest)): Path<(String, String)>,
    Body(said): Body<Approve>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let (core, tenant) = (&service.core, caller.tenant());
    admission::approve(core, tenant, caller.id(), (&peer, &digest), &said.seen, &said.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a school demands before a package may be put to work.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// A passed keuring.
    pub keuring: bool,
    /// For how many days a keuring counts, from 1 to 3650.
    pub max_age_days: u32,
    /// That a person approves what changes in what the connector may do.
    pub approval: bool,
    /// How many trusted keys signed, counter-signatures included; 1 to 16.
    pub signatures: u32,
    /// That a trusted counter-signer signed along.
    pub counter_signature: bool,
    /// Publishers whose packages are taken; empty: everyone with a trusted key.
    pub publishers: Vec<String>,
    /// The lowest version taken, by connector.
    #[schema(value_type = Object)]
    pub lowest_versions: std::collections::BTreeMap<String, semver::Version>,
}

/// What the school demands.
#[utoipa::path(get, path = "/api/v1/admission-policy", tag = "connectors",
    responses((status = 200, body = Policy), (status = "4XX", body = Problem)))]
pub async fn policy(State(service): State<Service>, caller: Caller) -> Result<Json<Policy>, Problem> {
    let policy = admission::policy(&service.core.db, caller.tenant()).await?;
    Ok(Json(Policy {
        keuring: policy.keuring,
        max_age_days: policy.max_age_days,
        approval: policy.approval,
        signatures: policy.signatures,
        counter_signature: policy.counter_signature,
        publishers: policy.publishers.into_iter().collect(),
        lowest_versions: policy.lowest_versions,
    }))
}

/// Sets what the school demands, as a whole.
#[utoipa::path(put, path = "/api/v1/admission-policy", tag = "connectors", request_body = Policy,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn set_policy(
    State(service): State<Service>,
    caller: Caller,
    Body(said): Body<Policy>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let policy = rules::AdmissionPolicy {
        keuring: said.keuring,
        max_age_days: said.max_age_days,
        approval: said.approval,
        signatures: said.signatures,
        counter_signature: said.counter_signature,
        publishers: said.publishers.into_iter().collect(),
        lowest_versions: said.lowest_versions,
    };
    admission::set_policy(&service.core, caller.tenant(), caller.id(), policy).await?;
    Ok(StatusCode::NO_CONTENT)
}
