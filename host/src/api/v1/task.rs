//! `/api/v1/tasks`: exceptions that wait for a person, with their owner and next step.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::page::{Asked, Page, Paging};
use crate::api::problem::Problem;
use crate::app::task;
use crate::store::mark::Mark;
use crate::store::task::{Claimed, TaskRow, open_after};

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/tasks", list)
        .post("/api/v1/tasks/{task}/claim", claim)
        .post("/api/v1/tasks/{task}/release", release)
        .post("/api/v1/tasks/{task}/close", close)
}

/// An exception that waits.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: String,
    /// The function that owns it.
    pub owner: String,
    /// Unit.
    pub unit: Option<String>,
    /// The system it came from.
    pub peer: Option<String>,
    /// What it is about.
    pub subject_kind: String,
    /// Which.
    pub subject_id: String,
    /// Dutch.
    pub title: String,
    /// What to do, Dutch.
    pub next_step: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// The account that has taken it up; absent while nobody has.
    pub claimed_by: Option<String>,
    /// Since when that is.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub claimed_at: Option<Timestamp>,
}

/// Which tasks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// `me`: those that the caller has taken up; `nobody`: those that nobody has. All when absent.
    pub claimed_by: Option<String>,
    /// Most items of the answer; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    pub page_size: Option<u32>,
    /// Where the page before ended, as the `Link` header of its answer says.
    pub after: Option<String>,
}

/// Open tasks of the units that the account's functions reach and those of no unit, oldest first.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "tasks", params(Which),
    responses((status = 200, body = Vec<Task>, headers(("Link" = String, description = "the next page, `rel=\"next\"`; absent on the last"))),
        (status = "4XX", body = Problem)))]
pub async fn list(
    State(service): State<Service>,
    caller: Caller,
    here: Uri,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Page<Task>, Problem> {
    let scope = caller.reach(&service).await?;
    let Query(which) = which?;
    let claimed = match which.claimed_by.as_deref() {
        None => Claimed::Any,
        Some("nobody") => Claimed::ByNobody,
        Some("me") => Claimed::By(caller.id()),
        Some(other) => {
            let said = format!("claimedBy is `{other}`; say `me` or `nobody`, or leave it out");
            return Err(Problem::bad("claimed-by", said));
        }
    };
    let asked = Asked {
        page_size: which.page_size,
        after: which.after,
    };
    let paging = Paging::of(asked, here)?;
    let after = paging.after()?.unwrap_or_else(Mark::start);
    let (db, which) = (&service.core.db, (&scope, claimed));
    let tasks = open_after(db, caller.tenant(), which, &after, paging.limit()).await?;
    let mark = |row: &TaskRow| Mark {
        moment: row.opened_at,
        id: row.id.clone(),
    };
    paging.page(tasks, mark, |row| Task {
        id: row.id,
        kind: row.about.kind,
        owner: row.about.owner,
        unit: row.about.unit,
        peer: row.about.peer,
        subject_kind: row.about.subject_kind,
        subject_id: row.about.subject_id,
        title: row.about.title,
        next_step: row.about.next_step,
        opened_at: row.opened_at,
        claimed_at: row.claimed.as_ref().map(|claim| claim.at),
        claimed_by: row.claimed.map(|claim| claim.account),
    })
}

/// How a task is taken up.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Take {
    /// Also when somebody else has it; the audit says from whom it was taken.
    pub take_over: bool,
}

/// Takes a task up, so that others see who is at it; takes the function that owns it.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/claim", tag = "tasks", request_body = Take,
    params(("task" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn claim(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(take): Body<Take>,
) -> Result<StatusCode, Problem> {
    task::claim(&service.core, &caller.0, &id, take.take_over).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a task back that the caller has taken up.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/release", tag = "tasks",
    params(("task" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn release(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    task::release(&service.core, &caller.0, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a task was resolved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// What was done.
    pub resolution: String,
}

/// Closes a task; takes the function that owns it.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/close", tag = "tasks", request_body = Close,
    params(("task" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn close(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(close): Body<Close>,
) -> Result<StatusCode, Problem> {
    task::close(&service.core, &caller.0, &id, &close.resolution).await?;
    Ok(StatusCode::NO_CONTENT)
}
