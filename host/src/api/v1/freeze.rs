//! `/api/v1/freezes`: times in which no connector is rolled out.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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
        .get("/api/v1/freezes/proposals", propose)
        .post("/api/v1/freezes/calendar", calendar)
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

/// A freeze that could be entered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreezeProposal {
    /// From this moment.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until this one.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Its name.
    pub name: String,
    /// How many sittings are planned in it.
    pub sittings: u32,
    /// A freeze that was entered holds in all of it.
    pub there: bool,
}

impl From<freeze::Proposal> for FreezeProposal {
    fn from(it: freeze::Proposal) -> Self {
        FreezeProposal {
            from: it.from,
            until: it.until,
            name: it.name,
            sittings: it.sittings,
            there: it.there,
        }
    }
}

/// What an exam week is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExamWeek {
    /// A week with at least so many sittings; 10 when absent.
    #[param(minimum = 1)]
    pub least_sittings: Option<u32>,
}

/// Freezes for the exam weeks that follow from the sittings planned in the coming year. To be entered as any freeze.
#[utoipa::path(get, path = "/api/v1/freezes/proposals", tag = "connectors", params(ExamWeek),
    responses((status = 200, body = Vec<FreezeProposal>), (status = "4XX", body = Problem)))]
pub async fn propose(
    State(service): State<Service>,
    caller: Caller,
    week: Result<Query<ExamWeek>, QueryRejection>,
) -> Result<Json<Vec<FreezeProposal>>, Problem> {
    let Query(week) = week.map_err(|rejection| Problem::bad("query", rejection.body_text()))?;
    let least = week.least_sittings.unwrap_or(freeze::EXAM_WEEK);
    let proposals = freeze::proposals(&service.core, caller.tenant(), least).await?;
    Ok(Json(proposals.into_iter().map(FreezeProposal::from).collect()))
}

/// A school's calendar.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExamCalendar {
    /// Lines `first day; last day; name`, days as 10-05-2027 or 2027-05-10.
    pub lines: String,
}

/// A line of a calendar that can't be used.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedLine {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub why: String,
}

/// What a calendar asks for.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarRead {
    /// The freezes.
    pub proposals: Vec<FreezeProposal>,
    /// Lines that can't be used.
    pub refused: Vec<RefusedLine>,
}

/// Reads a school's calendar as freezes that could be entered; nothing is kept.
#[utoipa::path(post, path = "/api/v1/freezes/calendar", tag = "connectors", request_body = ExamCalendar,
    responses((status = 200, body = CalendarRead), (status = "4XX", body = Problem)))]
pub async fn calendar(
    State(service): State<Service>,
    caller: Caller,
    Body(calendar): Body<ExamCalendar>,
) -> Result<Json<CalendarRead>, Problem> {
    let (good, refused) = freeze::from_calendar(&service.core, caller.tenant(), &calendar.lines).await?;
    let refused = refused.into_iter().map(|(line, why)| RefusedLine {
        line,
        why: why.to_string(),
    });
    Ok(Json(CalendarRead {
        proposals: good.into_iter().map(FreezeProposal::from).collect(),
        refused: refused.collect(),
    }))
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
