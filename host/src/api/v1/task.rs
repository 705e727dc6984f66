//! `/api/v1/tasks`: exceptions that wait for a person, with their owner and next step.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::problem::Problem;
use crate::app::task;
use crate::domain::principal::Duty;
use crate::store::task::open_tasks;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/api/v1/tasks", get(list))
        .route("/api/v1/tasks/{task}/close", post(close))
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

/// Open tasks, oldest first, 1,000 at most.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "tasks",
    responses((status = 200, body = Vec<Task>), (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller) -> Result<Json<Vec<Task>>, Problem> {
    caller.must_hold_any(&service, &Duty::ALL)?;
    let tasks = open_tasks(&service.core.db, caller.tenant(), 1_000).await?;
    let shown = tasks.into_iter().map(|row| Task {
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
    });
    Ok(Json(shown.collect()))
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
