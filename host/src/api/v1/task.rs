//! `/api/v1/tasks`: exceptions that wait for a person, with their owner and next step.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::page::{Asked, Page, Paging};
use crate::api::problem::Problem;
use crate::app::task;
use crate::store::mark::Mark;
use crate::store::task::{TaskRow, open_after};

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/tasks", list)
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
}

/// Open tasks of the units that the account's functions reach and those of no unit, oldest first.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "tasks", params(Asked),
    responses((status = 200, body = Vec<Task>, headers(("Link" = String, description = "the next page, `rel=\"next\"`; absent on the last"))),
        (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller, paging: Paging) -> Result<Page<Task>, Problem> {
    let scope = caller.reach(&service).await?;
    let after = paging.after()?.unwrap_or_else(Mark::start);
    let tasks = open_after(&service.core.db, caller.tenant(), &scope, &after, paging.limit()).await?;
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
    })
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
