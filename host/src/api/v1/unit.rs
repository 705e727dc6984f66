//! `/api/v1/units`: colleges, teams and locations (R24).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::account;
use crate::domain::principal::Duty;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/units", list)
        .put("/api/v1/units/{unit}", put_unit)
}

/// An organisational unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unit {
    /// Id, the organizationId of the student system.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The unit it lies in.
    pub parent: Option<String>,
}

/// A unit to make or rename.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutUnit {
    /// Its name.
    pub name: String,
    /// The unit it lies in.
    pub parent: Option<String>,
}

/// All units.
#[utoipa::path(get, path = "/api/v1/units", tag = "units",
    responses((status = 200, body = Vec<Unit>), (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller) -> Result<Json<Vec<Unit>>, Problem> {
    let units = service.core.db.units(caller.tenant()).await?;
    Ok(Json(
        units
            .into_iter()
            .map(|row| Unit {
                id: row.id,
                name: row.name,
                parent: row.parent,
            })
            .collect(),
    ))
}

/// Makes or renames a unit.
#[utoipa::path(put, path = "/api/v1/units/{unit}", tag = "units", request_body = PutUnit,
    params(("unit" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn put_unit(
    State(service): State<Service>,
    caller: Caller,
    Path(unit): Path<String>,
    Body(put): Body<PutUnit>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    account::put_unit(
        &service.core,
        caller.tenant(),
        caller.id(),
        &unit,
        &put.name,
        put.parent.as_deref(),
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
