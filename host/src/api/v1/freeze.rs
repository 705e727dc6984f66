//! `/api/v1/freezes`: times in which no connector is rolled out.

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
use crate::app::freeze;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/freezes", list)
        .post("/api/v1/freezes", enter)
        .post("/api/v1/freezes/{freeze}/withdraw", withdraw)
}

/// A freeze.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Freeze {
    /// Id.
    pub id: String,
    /// From this moment.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until this one.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Why, in a few words.
    pub name: String,
    /// Who entered it.
    pub entered_by: String,
    /// Whether it holds now.
    pub holds: bool,
}

/// The freezes that hold now or later.
#[utoipa::path(get, path = "/api/v1/freezes", tag = "connectors",
    responses((status = 200, body = Vec<Freeze>), (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller) -> Result<Json<Vec<Freeze>>, Problem> {
    let now = service.core.now();
    let coming = freeze::coming(&service.core, caller.tenant()).await?;
    let freezes = coming.into_iter().map(|row| Freeze {
        holds: row.holds_at(now),
        id: row.id,
        from: row.from,
        until: row.until,
        name: row.name,
        entered_by: row.entered_by,
    });
    Ok(Json(freezes.collect()))
}

/// A freeze to enter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFreeze {
    /// From this moment.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until this one.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Why, in a few words.
    pub name: String,
}

/// What was entered.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnteredFreeze {
    /// Its id.
    pub id: String,
}

/// Enters a freeze: nothing is rolled out in it, and rollbacks go on.
#[utoipa::path(post, path = "/api/v1/freezes", tag = "connectors", request_body = NewFreeze,
    responses((status = 201, body = EnteredFreeze), (status = "4XX", body = Problem)))]
pub async fn enter(
    State(service): State<Service>,
    caller: Caller,
    Body(new): Body<NewFreeze>,
) -> Result<(StatusCode, Json<EnteredFreeze>), Problem> {
    let time = (new.from, new.until);
    let id = freeze::enter(&service.core, caller.tenant(), &caller.0.account, time, &new.name).await?;
    Ok((StatusCode::CREATED, Json(EnteredFreeze { id })))
}

/// Withdraws a freeze.
#[utoipa::path(post, path = "/api/v1/freezes/{freeze}/withdraw", tag = "connectors", params(("freeze" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn withdraw(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    freeze::withdraw(&service.core, caller.tenant(), &caller.0.account, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
