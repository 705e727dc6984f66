//! `/api/v1/peers/{peer}/attempts`: how a student system keeps attempts (S#375, N#148).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::attempt;
use crate::domain::attempt::Model;
use crate::domain::principal::Duty;
use crate::store::peer;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/peers/{peer}/attempts", show)
        .put("/api/v1/peers/{peer}/attempts", set)
}

/// How a student system keeps attempts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attempts {
    /// `offering-per-opportunity`, `association-per-opportunity` or `association-with-attempts`.
    pub model: String,
}

/// How a student system keeps attempts.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/attempts", tag = "attempts", params(("peer" = String, Path)),
    responses((status = 200, body = Attempts), (status = "4XX", body = Problem)))]
pub async fn show(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Attempts>, Problem> {
    caller.must_hold_any(&service, &Duty::ALL)?;
    let (db, tenant) = (&service.core.db, caller.tenant());
    let found = peer::find(db, tenant, &id).await?.filter(|found| found.hat == "dr");
    if found.is_none() {
        return Err(Problem::absent(format!(
            "there is no student system `{id}` in this school"
        )));
    }
    let model = attempt::model(db, tenant, &id).await?.name().to_owned();
    Ok(Json(Attempts { model }))
}

/// Says how a student system keeps attempts; decides on attempts whose results it has not heard of.
#[utoipa::path(put, path = "/api/v1/peers/{peer}/attempts", tag = "attempts", request_body = Attempts,
    params(("peer" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn set(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(put): Body<Attempts>,
) -> Result<StatusCode, Problem> {
    let model = Model::from_name(&put.model).ok_or_else(|| {
        let names: Vec<&str> = Model::ALL.into_iter().map(Model::name).collect();
        Problem::bad(
            "model",
            format!("`model` is `{}`; use one of {}", put.model, names.join(", ")),
        )
    })?;
    attempt::set_model(&service.core, caller.tenant(), &caller.0.account, &id, model).await?;
    Ok(StatusCode::NO_CONTENT)
}
