//! `/api/v1/school/calendar`, `/api/v1/deadlines` and `/api/v1/cesuur/plan`: when the school works, how long it gives its
//! people and systems, what is due, and when cesuren are planned.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::{deadline, school};
use crate::domain::calendar::day;
use crate::domain::deadline::{Kind, Terms};
use crate::domain::school_calendar::{DaysOff, LiberationDay};

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/school/calendar", show)
        .put("/api/v1/school/calendar", set_terms)
        .post("/api/v1/school/calendar/days-off", add_days_off)
        .delete("/api/v1/school/calendar/days-off/{from}", remove_days_off)
        .get("/api/v1/deadlines", deadlines)
        .put("/api/v1/cesuur/plan", plan_cesuur)
}

/// How long a school gives its people and systems, and when it closes on 5 May.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SchoolTerms {
    /// Working days after a sitting within which its results are known.
    pub assess: u32,
    /// Working days after a result is known within which the student system confirms it.
    pub exchange: u32,
    /// `every-fifth-year`, `every-year` or `never`.
    pub liberation_day: String,
}

/// Days on which a school is closed by its own choice.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Off {
    /// First day, such as `2026-10-17`.
    pub from: String,
    /// Last day, itself free too.
    pub until: String,
    /// Such as `Herfstvakantie`.
    pub name: String,
}

/// When a school works.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Calendar {
    /// Terms.
    pub terms: SchoolTerms,
    /// The school's own days off, by day.
    pub days_off: Vec<Off>,
}

/// When the school works, and its terms.
#[utoipa::path(get, path = "/api/v1/school/calendar", tag = "school",
    responses((status = 200, body = Calendar), (status = "4XX", body = Problem)))]
pub async fn show(State(service): State<Service>, caller: Caller) -> Result<Json<Calendar>, Problem> {
    let time = school::time(&service.core.db, caller.tenant()).await?;
    let days_off = time.calendar.days_off.into_iter().map(|off| Off {
        from: off.from.to_string(),
        until: off.until.to_string(),
        name: off.name,
    });
    Ok(Json(Calendar {
        terms: SchoolTerms {
            assess: time.terms.assess,
            exchange: time.terms.exchange,
            liberation_day: time.calendar.liberation_day.name().to_owned(),
        },
        days_off: days_off.collect(),
    }))
}

/// Changes the terms; deadlines follow at once.
#[utoipa::path(put, path = "/api/v1/school/calendar", tag = "school", request_body = SchoolTerms,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn set_terms(
    State(service): State<Service>,
    caller: Caller,
    Body(put): Body<SchoolTerms>,
) -> Result<StatusCode, Problem> {
    let liberation_day = LiberationDay::from_name(&put.liberation_day).ok_or_else(|| {
        let said = format!(
            "`liberationDay` is `{}`, which is none of every-fifth-year, every-year, never",
            put.liberation_day
        );
        Problem::bad("liberation-day", said)
    })?;
    let terms = Terms {
        assess: put.assess,
        exchange: put.exchange,
    };
    school::set_terms(&service.core, caller.tenant(), &caller.0.account, terms, liberation_day).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn as_day(field: &str, text: &str) -> Result<Date, Problem> {
    text.parse()
        .map_err(|_| Problem::bad("day", format!("`{field}` is `{text}`: write a day as 2026-10-17")))
}

/// Adds days off.
#[utoipa::path(post, path = "/api/v1/school/calendar/days-off", tag = "school", request_body = Off,
    responses((status = 201), (status = "4XX", body = Problem)))]
pub async fn add_days_off(
    State(service): State<Service>,
    caller: Caller,
    Body(new): Body<Off>,
) -> Result<StatusCode, Problem> {
    let (from, until) = (as_day("from", &new.from)?, as_day("until", &new.until)?);
    let off = DaysOff::entered(from, until, &new.name).map_err(|why| Problem::bad("days-off", why.to_string()))?;
    school::add_days_off(&service.core, caller.tenant(), &caller.0.account, &off).await?;
    Ok(StatusCode::CREATED)
}

/// Removes the days off that begin on a day.
#[utoipa::path(delete, path = "/api/v1/school/calendar/days-off/{from}", tag = "school",
    params(("from" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn remove_days_off(
    State(service): State<Service>,
    caller: Caller,
    Path(from): Path<String>,
) -> Result<StatusCode, Problem> {
    let from = as_day("from", &from)?;
    school::remove_days_off(&service.core, caller.tenant(), &caller.0.account, from).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A piece of work with a deadline.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deadline {
    /// `assess`, `cesuur` or `exchange`.
    pub kind: &'static str,
    /// The sitting's name; of a cesuur the examenversie.
    pub name: String,
    /// The sitting; of a cesuur none.
    pub sitting: Option<String>,
    /// The vendor.
    pub peer: String,
    /// Its component.
    pub component: String,
    /// The unit whose work it is.
    pub unit: Option<String>,
    /// The function that has to act.
    pub owner: &'static str,
    /// How many results.
    pub count: i64,
    /// The last day; absent for a cesuur that nobody has planned.
    pub due: Option<String>,
    /// Working days too late; absent when it is not late.
    pub late: Option<u32>,
}

/// What is due in the units that the account's functions reach, by deadline.
#[utoipa::path(get, path = "/api/v1/deadlines", tag = "school",
    responses((status = 200, body = Vec<Deadline>), (status = "4XX", body = Problem)))]
pub async fn deadlines(State(service): State<Service>, caller: Caller) -> Result<Json<Vec<Deadline>>, Problem> {
    let scope = caller.reach(&service).await?;
    let now = service.core.now();
    let work = deadline::work(&service.core.db, caller.tenant(), now).await?;
    let today = day(now);
    let visible = work.due.into_iter().filter(|piece| scope.covers(piece.unit.as_deref()));
    let shown = visible.map(|piece| Deadline {
        kind: match piece.kind {
            Kind::Assess => "assess",
            Kind::Cesuur => "cesuur",
            Kind::Exchange => "exchange",
        },
        late: piece
            .due
            .filter(|due| *due < today)
            .map(|due| work.time.calendar.passed(due, today)),
        due: piece.due.map(|due| due.to_string()),
        owner: piece.owner.name(),
        name: piece.name,
        sitting: piece.sitting,
        peer: piece.peer,
        component: piece.component,
        unit: piece.unit,
        count: piece.count,
    });
    Ok(Json(shown.collect()))
}

/// The day on which the cesuur of an examenversie is planned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CesuurPlan {
    /// The vendor.
    pub peer: String,
    /// Its component.
    pub component: String,
    /// The vendor's code of the version; absent: the component itself.
    pub code: Option<String>,
    /// Such as `2026-09-30`.
    pub planned_on: String,
}

/// Plans a cesuur.
#[utoipa::path(put, path = "/api/v1/cesuur/plan", tag = "school", request_body = CesuurPlan,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn plan_cesuur(
    State(service): State<Service>,
    caller: Caller,
    Body(put): Body<CesuurPlan>,
) -> Result<StatusCode, Problem> {
    let day = as_day("plannedOn", &put.planned_on)?;
    let code = put.code.as_deref().unwrap_or(&put.component);
    let versie = (put.peer.as_str(), put.component.as_str(), code);
    deadline::plan_cesuur(&service.core, caller.tenant(), &caller.0.account, versie, day).await?;
    Ok(StatusCode::NO_CONTENT)
}
