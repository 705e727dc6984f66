//! `/api/v1/proposals`: what was decided is changed by two people; one proposes, another confirms.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::result::must_see_deelname;
use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::page::{Asked, Page, Paging};
use crate::api::problem::Problem;
use crate::app::proposal;
use crate::app::vaststellen::Seen;
use crate::domain::principal::Duty;
use crate::domain::proposal::{Proposal as Waiting, ProposalKind};
use crate::store::mark::Mark;
use crate::store::proposal as proposal_store;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/proposals", list)
        .get("/api/v1/deelnames/{deelname}/proposals", of_deelname)
        .post("/api/v1/deelnames/{deelname}/proposals", propose)
        .post("/api/v1/proposals/{proposal}/confirm", confirm)
        .post("/api/v1/proposals/{proposal}/reject", reject)
}

/// A proposal to change what was decided.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// Id.
    pub id: String,
    /// `correction` or `withdrawal`.
    pub kind: String,
    /// The deelname.
    pub deelname: String,
    /// The version that whoever proposed has seen.
    pub seq: i64,
    /// Who proposes.
    pub proposer: String,
    /// Why.
    pub reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `confirmed`, `rejected` or `lapsed`; absent while it waits.
    pub ending: Option<String>,
    /// Who ended it.
    pub settled_by: Option<String>,
    /// Why.
    pub settled_reason: Option<String>,
}

impl From<Waiting> for Proposal {
    fn from(one: Waiting) -> Self {
        let settled = one.settled;
        Proposal {
            id: one.id,
            kind: one.kind.name().to_owned(),
            deelname: one.association,
            seq: one.seq,
            proposer: one.proposer,
            reason: one.reason,
            at: one.at,
            ending: settled.as_ref().map(|settled| settled.ending.name().to_owned()),
            settled_by: settled.as_ref().map(|settled| settled.by.clone()),
            settled_reason: settled.map(|settled| settled.reason),
        }
    }
}

/// The proposals that wait for a second person, about results of the units that the account's functions reach, oldest
/// first.
#[utoipa::path(get, path = "/api/v1/proposals", tag = "results", params(Asked),
    responses((status = 200, body = Vec<Proposal>, headers(("Link" = String, description = "the next page, `rel=\"next\"`; absent on the last"))),
        (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller, paging: Paging) -> Result<Page<Proposal>, Problem> {
    caller.must_hold_any(&service, &[Duty::Vaststellen])?;
    let scope = caller.reach(&service).await?;
    let after = paging.after()?.unwrap_or_else(Mark::start);
    let found = proposal_store::open_after(&service.core.db, caller.tenant(), &scope, &after, paging.limit()).await?;
    let mark = |one: &Waiting| Mark {
        moment: one.at,
        id: one.id.clone(),
    };
    paging.page(found, mark, Proposal::from)
}

/// All proposals about a deelname's result, oldest first.
#[utoipa::path(get, path = "/api/v1/deelnames/{deelname}/proposals", tag = "results",
    params(("deelname" = String, Path)), responses((status = 200, body = Vec<Proposal>), (status = "4XX", body = Problem)))]
pub async fn of_deelname(
    State(service): State<Service>,
    caller: Caller,
    Path(deelname): Path<String>,
) -> Result<Json<Vec<Proposal>>, Problem> {
    let scope = caller.reach(&service).await?;
    must_see_deelname(&service.core.db, caller.tenant(), &scope, &deelname).await?;
    let found = proposal_store::on_association(&service.core.db, caller.tenant(), &deelname).await?;
    Ok(Json(found.into_iter().map(Proposal::from).collect()))
}

/// What to propose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Propose {
    /// `correction` or `withdrawal`.
    pub kind: String,
    /// The version of the result that was seen.
    pub seq: i64,
    /// Why.
    pub reason: String,
}

/// An object that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Made {
    /// Its id.
    pub id: String,
}

/// Proposes to correct or withdraw a vaststelling.
#[utoipa::path(post, path = "/api/v1/deelnames/{deelname}/proposals", tag = "results",
    params(("deelname" = String, Path)), request_body = Propose,
    responses((status = 201, body = Made), (status = "4XX", body = Problem)))]
pub async fn propose(
    State(service): State<Service>,
    caller: Caller,
    Path(deelname): Path<String>,
    Body(new): Body<Propose>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let kind = ProposalKind::from_name(&new.kind).ok_or_else(|| {
        Problem::bad(
            "kind",
            format!("`kind`: `{}` is none of correction, withdrawal", new.kind),
        )
    })?;
    let seen = Seen { deelname, seq: new.seq };
    let account = &caller.0.account;
    let id = proposal::propose(&service.core, caller.tenant(), account, kind, &seen, &new.reason).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// In the words of who does it.
    pub reason: String,
}

/// Confirms a proposal as its second person; answers with the decision that this is.
#[utoipa::path(post, path = "/api/v1/proposals/{proposal}/confirm", tag = "results",
    params(("proposal" = String, Path)), request_body = Reason,
    responses((status = 200, body = Made), (status = "4XX", body = Problem)))]
pub async fn confirm(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(why): Body<Reason>,
) -> Result<Json<Made>, Problem> {
    let account = &caller.0.account;
    let id = proposal::confirm(&service.core, caller.tenant(), account, &id, &why.reason).await?;
    Ok(Json(Made { id }))
}

/// Turns a proposal down, or takes one's own back.
#[utoipa::path(post, path = "/api/v1/proposals/{proposal}/reject", tag = "results",
    params(("proposal" = String, Path)), request_body = Reason,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn reject(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(why): Body<Reason>,
) -> Result<StatusCode, Problem> {
    proposal::reject(&service.core, caller.tenant(), &caller.0.account, &id, &why.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
