//! `/api/v1/peers/{peer}/drains`: disabling a vendor, which drains: nothing new is planned, and what is planned is served
//! until its last result is in.

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
use crate::app::draining::{self, Change, Waiting};
use crate::domain::offering::OfferingKind;
use crate::domain::principal::Duty;

/// The most sittings that an answer looks at.
const MOST: u32 = 500;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/peers/{peer}/drains", list)
        .post("/api/v1/peers/{peer}/drains", begin)
        .post("/api/v1/peers/{peer}/drains/end", end)
        .post("/api/v1/peers/{peer}/drains/lift", lift)
}

/// A deelname that a drain waits for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrainDeelname {
    /// Its id.
    pub id: String,
    /// `delivery` (the vendor has not confirmed its last change), `result` or `document`.
    pub waits_for: String,
}

/// A sitting that a drain waits for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrainSitting {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The unit that owns it.
    pub unit: Option<String>,
    /// When it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end: Option<Timestamp>,
    /// It was planned by an outside planning system.
    pub relayed: bool,
    /// The vendor has not confirmed its last change.
    pub unconfirmed: bool,
    /// Its deelnames that are waited for.
    pub deelnames: Vec<DrainDeelname>,
    /// Where it is read; absent for a sitting of an outside planning system.
    pub href: Option<String>,
}

impl From<Waiting> for DrainSitting {
    fn from(it: Waiting) -> Self {
        let relayed = it.sitting.kind == OfferingKind::Relayed;
        let deelname = |(id, awaits): (String, crate::domain::drain::Awaits)| DrainDeelname {
            id,
            waits_for: awaits.name().to_owned(),
        };
        DrainSitting {
            href: (!relayed).then(|| format!("/api/v1/sittings/{}", it.sitting.id)),
            id: it.sitting.id,
            name: it.sitting.name,
            unit: it.sitting.unit,
            end: it.sitting.end,
            relayed,
            unconfirmed: !it.sitting.is_told,
            deelnames: it.deelnames.into_iter().map(deelname).collect(),
        }
    }
}

/// A unit, or the whole school, that was disabled for a vendor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    /// The unit, with those in it; absent for the whole school.
    pub unit: Option<String>,
    /// `draining`, or `ended`: nothing is served any more.
    pub state: String,
    /// Since when nothing new is planned.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Since when nothing is served.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Who did the last of it; `host` when it ended by itself.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// What it waits for, of the first 500 sittings that are not finished.
    pub waits_for: Vec<DrainSitting>,
    /// There are more sittings than these 500, which may wait for something too.
    pub more: bool,
}

/// Who is disabled for a vendor, and what that waits for.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/drains", tag = "connectors", params(("peer" = String, Path)),
    responses((status = 200, body = Vec<Drain>), (status = "4XX", body = Problem)))]
pub async fn list(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
) -> Result<Json<Vec<Drain>>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let (db, tenant) = (&service.core.db, caller.tenant());
    if crate::store::peer::find(db, tenant, &peer).await?.is_none() {
        return Err(Problem::absent(format!("there is no peer `{peer}` here")));
    }
    let drains = draining::shown(db, tenant, &peer, MOST).await?;
    let drain = |draining::Shown { row, waits, more }: draining::Shown| Drain {
        unit: row.unit,
        state: row.state.name().to_owned(),
        since: row.since,
        ended_at: row.ended_at,
        actor: row.actor,
        reason: row.reason,
        waits_for: waits.into_iter().map(DrainSitting::from).collect(),
        more,
    };
    Ok(Json(drains.into_iter().map(drain).collect()))
}

/// Who, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrainOf {
    /// Units by id, each with those in it; none for the whole school.
    #[serde(default)]
    pub units: Vec<String>,
    /// Why.
    pub reason: String,
}

/// Disables a vendor: nothing new is planned there, and what is planned is served until its last result is in.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/drains", tag = "connectors", request_body = DrainOf,
    params(("peer" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn begin(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(of): Body<DrainOf>,
) -> Result<StatusCode, Problem> {
    changed(&service, &caller, &peer, (Change::Begin, of)).await
}

/// Ends a drain before all is in: nothing is served any more, and what is left becomes tasks.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/drains/end", tag = "connectors", request_body = DrainOf,
    params(("peer" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn end(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(of): Body<DrainOf>,
) -> Result<StatusCode, Problem> {
    changed(&service, &caller, &peer, (Change::EndNow, of)).await
}

/// Enables a vendor again: a drain stops, and what waited since it ended goes on.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/drains/lift", tag = "connectors", request_body = DrainOf,
    params(("peer" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn lift(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(of): Body<DrainOf>,
) -> Result<StatusCode, Problem> {
    changed(&service, &caller, &peer, (Change::Lift, of)).await
}

async fn changed(
    service: &Service,
    caller: &Caller,
    peer: &str,
    (change, of): (Change, DrainOf),
) -> Result<StatusCode, Problem> {
    let account = &caller.0.account;
    let asked = (change, of.units.as_slice());
    draining::change(&service.core, caller.tenant(), account, peer, asked, &of.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
