//! `/api/v1/jobs`: work that follows commits: what waits, and dead letters that wait for a person.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::peer::Why;
use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::page::{Asked, Page, Paging};
use crate::api::problem::Problem;
use crate::app::account::actor;
use crate::domain::lane::JobState;
use crate::domain::principal::Duty;
use crate::jobs::letters;
use crate::store::job::{self, JobRow};
use crate::store::mark::Mark;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/jobs", list)
        .post("/api/v1/jobs/{job}/requeue", requeue)
        .post("/api/v1/jobs/{job}/dismiss", dismiss)
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Of this peer.
    pub peer: String,
    /// In this state: ready, running, done, dead, dismissed or superseded.
    pub state: String,
    /// Most items of the answer; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    pub page_size: Option<u32>,
    /// Where the page before ended, as the `Link` header of its answer says.
    pub after: Option<String>,
}

/// A job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Id.
    pub id: String,
    /// What it does.
    pub kind: String,
    /// Its lane: jobs of one lane never pass each other.
    pub lane: String,
    /// Its number in the lane.
    pub seq: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Whose fault that was.
    pub blame: Option<String>,
    /// The connector revision that handled it.
    pub revision: Option<i64>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Jobs of a peer in a state that concern the units which the account's functions reach, oldest first. What concerns a
/// whole vendor is shown to whoever has a function for the whole school.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(Which),
    responses((status = 200, body = Vec<Job>, headers(("Link" = String, description = "the next page, `rel=\"next\"`; absent on the last"))),
        (status = "4XX", body = Problem)))]
pub async fn list(
    State(service): State<Service>,
    caller: Caller,
    here: Uri,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Page<Job>, Problem> {
    caller.must_hold_any(&service, &[Duty::Beheren, Duty::Plannen])?;
    let Query(which) = which?;
    let state = JobState::from_word(&which.state)
        .ok_or_else(|| Problem::bad("state", format!("`{}` is no state of a job", which.state)))?;
    let asked = Asked {
        page_size: which.page_size,
        after: which.after,
    };
    let paging = Paging::of(asked, here)?;
    let after = paging.after()?.unwrap_or_else(Mark::start);
    let scope = caller.reach(&service).await?;
    let (db, of) = (&service.core.db, (which.peer.as_str(), state, &scope));
    let jobs = job::of_peer_after(db, caller.tenant(), of, &after, paging.limit()).await?;
    let mark = |row: &JobRow| Mark {
        moment: row.created_at,
        id: row.id.clone(),
    };
    paging.page(jobs, mark, |row| Job {
        id: row.id,
        kind: row.kind,
        lane: row.place.lane,
        seq: row.place.seq,
        attempts: row.attempts.into(),
        last_error: row.last_error,
        blame: row.blame.map(|blame| blame.as_str().to_owned()),
        revision: row.revision,
        created_at: row.created_at,
    })
}

/// Tries a dead letter again.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/requeue", tag = "jobs", params(("job" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn requeue(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    letters::requeue(&service.core, caller.tenant(), &id, &actor(caller.id())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a dead letter up, with a reason.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/dismiss", tag = "jobs", request_body = Why,
    params(("job" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn dismiss(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(why): Body<Why>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    letters::dismiss(&service.core, caller.tenant(), &id, &actor(caller.id()), &why.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
