//! `/api/v1/peers/{peer}/systems`: with which examenleveranciers and student systems an
//! outside planning system works.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use crate::api::Service;
use crate::api::identity::Caller;
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::account::actor;
use crate::app::landscape;
use crate::domain::principal::Duty;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/peers/{peer}/systems", systems)
        .put("/api/v1/peers/{peer}/systems/{system}", allow)
        .delete("/api/v1/peers/{peer}/systems/{system}", forbid)
}

/// The systems that an outside planning system works with now.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/systems", tag = "peers",
    params(("peer" = String, Path, description = "A peer with hat `tpl`")),
    responses((status = 200, body = Vec<String>), (status = "4XX", body = Problem)))]
pub async fn systems(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
) -> Result<Json<Vec<String>>, Problem> {
    let rows = crate::store::landscape::systems_of(&service.core.db, caller.tenant(), &peer).await?;
    let allowed = rows.into_iter().filter(|row| row.allowed);
    Ok(Json(allowed.map(|row| row.system).collect()))
}

/// Lets an outside planning system plan at an examenleverancier, through that one's TA face, or for a student system,
/// through the DR face.
#[utoipa::path(put, path = "/api/v1/peers/{peer}/systems/{system}", tag = "peers",
    params(("peer" = String, Path, description = "A peer with hat `tpl`"),
        ("system" = String, Path, description = "A peer with hat `ta` or `dr`")),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn allow(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, system)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    set(&service, &caller, (&peer, &system), true).await
}

/// Ends that: what it planned stays, and results of it still go there.
#[utoipa::path(delete, path = "/api/v1/peers/{peer}/systems/{system}", tag = "peers",
    params(("peer" = String, Path, description = "A peer with hat `tpl`"),
        ("system" = String, Path, description = "A peer with hat `ta` or `dr`")),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn forbid(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, system)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    set(&service, &caller, (&peer, &system), false).await
}

async fn set(service: &Service, caller: &Caller, between: (&str, &str), allowed: bool) -> Result<StatusCode, Problem> {
    caller.must_hold(service, Duty::Beheren)?;
    landscape::allow(&service.core, caller.tenant(), &actor(caller.id()), between, allowed).await?;
    Ok(StatusCode::NO_CONTENT)
}
