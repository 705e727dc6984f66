//! `/api/v1/peers/{peer}/needs`: what the free codes of needs mean at a vendor (N#172), and the deelnames that wait
//! because the vendor can't be told of theirs.

use axum::Json;
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
use crate::app::needs::{self, Vendor, table};
use crate::domain::needs::{Line, Meaning, Rounding, Steps, Time, Translation, Unit};
use crate::domain::principal::Duty;
use crate::store::mark::Mark;
use crate::store::needs as needs_store;
use crate::store::peer;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/peers/{peer}/needs", show)
        .put("/api/v1/peers/{peer}/needs", set)
        .get("/api/v1/peers/{peer}/needs/blocked", blocked)
}

/// What one code of the student system means.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NeedsLine {
    /// The student system's code; case and hyphens don't count.
    pub code: String,
    /// Extra time in minutes; 10,000 or more is unlimited (R15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// Extra time in percents of the sitting's duration; not beside `minutes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u32>,
    /// A code that the vendor is told, one of `codes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// The school sees to it: the vendor is told nothing. Stands alone.
    #[serde(default)]
    pub arranged: bool,
}

impl From<&Line> for NeedsLine {
    fn from(line: &Line) -> Self {
        let mut shown = NeedsLine {
            code: line.code.clone(),
            ..NeedsLine::default()
        };
        match &line.meaning {
            Meaning::Arranged => shown.arranged = true,
            Meaning::Told { time, code } => {
                shown.told.clone_from(code);
                match time {
                    Some(Time::Minutes(minutes)) => shown.minutes = Some(*minutes),
                    Some(Time::Percent(percent)) => shown.percent = Some(*percent),
                    None => {}
                }
            }
        }
        shown
    }
}

impl TryFrom<NeedsLine> for Line {
    type Error = Problem;

    fn try_from(line: NeedsLine) -> Result<Self, Problem> {
        let told = line.minutes.is_some() || line.percent.is_some() || line.told.is_some();
        let both = line.minutes.is_some() && line.percent.is_some();
        if both || (line.arranged && told) {
            let why = match both {
                true => "gives minutes and percents: give one of them",
                false => "is arranged by the school and told to the vendor: choose one",
            };
            return Err(Problem::bad("needs-line", format!("the line of `{}` {why}", line.code)));
        }
        let time = line.minutes.map(Time::Minutes).or(line.percent.map(Time::Percent));
        Ok(Line {
            code: line.code,
            meaning: match line.arranged {
                true => Meaning::Arranged,
                false => Meaning::Told { time, code: line.told },
            },
        })
    }
}

/// How a vendor counts extra time.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExtraTime {
    /// `minutes` or `percent`.
    pub unit: String,
    /// The smallest amount; every amount is a multiple of it.
    pub step: u32,
    /// The greatest amount; absent: any.
    pub maximum: Option<u32>,
}

impl From<Steps> for ExtraTime {
    fn from(steps: Steps) -> Self {
        ExtraTime {
            unit: match steps.unit {
                Unit::Minutes => "minutes".to_owned(),
                Unit::Percent => "percent".to_owned(),
            },
            step: steps.step,
            maximum: steps.maximum,
        }
    }
}

/// A vendor's table, and what its connector can tell.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NeedsTable {
    /// Counts its changes; 0 while nobody wrote one.
    pub version: i64,
    /// Whether extra time between two of the vendor's steps is rounded up; else it blocks.
    pub round_up: bool,
    /// Line by line.
    pub lines: Vec<NeedsLine>,
    /// Whether a connector runs; else the two below are empty and nothing bounds the table yet.
    pub connector_runs: bool,
    /// Codes the connector can tell.
    pub codes: Vec<String>,
    /// Extra time the connector can tell; absent: none.
    pub extra_time: Option<ExtraTime>,
}

/// A vendor's table.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/needs", tag = "needs", params(("peer" = String, Path)),
    responses((status = 200, body = NeedsTable), (status = "4XX", body = Problem)))]
pub async fn show(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<NeedsTable>, Problem> {
    caller.must_hold_any(&service, &Duty::ALL)?;
    let (db, tenant) = (&service.core.db, caller.tenant());
    must_be_vendor(&service, tenant, &id).await?;
    let vendor = Vendor::of(db, tenant, &id).await?;
    let bounds = vendor.bounds.clone().unwrap_or_default();
    Ok(Json(NeedsTable {
        version: vendor.version,
        round_up: vendor.table.rounding == Rounding::Up,
        lines: vendor.table.lines.iter().map(NeedsLine::from).collect(),
        connector_runs: vendor.bounds.is_some(),
        codes: bounds.codes,
        extra_time: bounds.extra_time.map(ExtraTime::from),
    }))
}

async fn must_be_vendor(service: &Service, tenant: &str, id: &str) -> Result<(), Problem> {
    let found = peer::find(&service.core.db, tenant, id).await?;
    match found.filter(|found| found.hat == "ta") {
        Some(_) => Ok(()),
        None => Err(Problem::absent(format!("there is no vendor `{id}` in this school"))),
    }
}

/// A table to write.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutNeedsTable {
    /// The version it started from; absent: whatever is there is replaced.
    pub version: Option<i64>,
    /// Whether extra time between two of the vendor's steps is rounded up (never down); else it blocks.
    pub round_up: bool,
    /// Line by line, 500 at most.
    pub lines: Vec<NeedsLine>,
}

/// Writes a vendor's table whole; coming deelnames follow it.
#[utoipa::path(put, path = "/api/v1/peers/{peer}/needs", tag = "needs", request_body = PutNeedsTable,
    params(("peer" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn set(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(put): Body<PutNeedsTable>,
) -> Result<StatusCode, Problem> {
    let lines: Result<Vec<Line>, Problem> = put.lines.into_iter().map(Line::try_from).collect();
    let translation = Translation {
        rounding: if put.round_up { Rounding::Up } else { Rounding::Exact },
        lines: lines?,
    };
    let account = &caller.0.account;
    table::set(&service.core, caller.tenant(), account, &id, &translation, put.version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A deelname that waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockedDeelname {
    /// The deelname.
    pub deelname: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why the vendor can't be told.
    pub why: Vec<String>,
}

/// Deelnames that wait because the vendor can't be told of their needs, at sittings of the units that the account's
/// functions reach, longest first.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/needs/blocked", tag = "needs", params(("peer" = String, Path), Asked),
    responses((status = 200, body = Vec<BlockedDeelname>, headers(("Link" = String, description = "the next page, `rel=\"next\"`; absent on the last"))),
        (status = "4XX", body = Problem)))]
pub async fn blocked(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Page<BlockedDeelname>, Problem> {
    caller.must_hold_any(&service, &[Duty::Plannen, Duty::Beheren])?;
    let scope = caller.reach(&service).await?;
    let after = paging.after()?.unwrap_or_else(Mark::start);
    let (core, tenant) = (&service.core, caller.tenant());
    must_be_vendor(&service, tenant, &id).await?;
    let vendor = Vendor::of(&core.db, tenant, &id).await?;
    let mut blocked = Vec::new();
    for row in needs_store::blocked_after(&core.db, tenant, (&id, &scope), &after, paging.limit()).await? {
        let obstacles = needs::obstacles_of(core, tenant, &vendor, &row.association).await?;
        blocked.push(BlockedDeelname {
            deelname: row.association,
            since: row.at,
            why: obstacles.iter().map(ToString::to_string).collect(),
        });
    }
    let mark = |one: &BlockedDeelname| Mark {
        moment: one.since,
        id: one.deelname.clone(),
    };
    paging.page(blocked, mark, |one| one)
}
