//! `/api/v1/sittings/{sitting}/comparisons`, `/api/v1/comparisons` and `/api/v1/daily-checks`: what the host holds beside
//! what the other side answers (R25), its repair, and the daily check.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::comparison::{self, daily};
use crate::domain::calendar;
use crate::domain::comparison::{Difference, Field, Part, Subject};
use crate::domain::daily::{FlowLine, Stood};
use crate::store::comparison::{self as store, ComparisonRow};
use crate::store::daily_check::DailyCheckRow;

/// The most comparisons in a list.
const MOST: u32 = 500;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/sittings/{sitting}/comparisons", of_sitting)
        .post("/api/v1/sittings/{sitting}/comparisons", ask)
        .post("/api/v1/sittings/{sitting}/comparisons/repair", repair)
        .get("/api/v1/comparisons", list)
        .get("/api/v1/daily-checks", recent)
        .get("/api/v1/daily-checks/{day}", stands)
        .post("/api/v1/daily-checks/{day}", sign_off)
}

/// One field that one side has otherwise than the other.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldDifference {
    /// `sitting`, `deelname`, `result`, `plannable`, `enrolment`, `person` or `student-result`.
    #[schema(value_type = String)]
    pub subject: Subject,
    /// The host's id of the object; the other side's own where only that knows it.
    pub id: String,
    /// The field, by its OOAPI name; `presence` for an object that one side lacks.
    #[schema(value_type = String)]
    pub field: Field,
    /// What the host holds, in Dutch words; moments in UTC. Absent of persons, whose data is not repeated.
    pub ours: Option<String>,
    /// What the other side answers.
    pub theirs: Option<String>,
}

impl From<Difference> for FieldDifference {
    fn from(it: Difference) -> Self {
        FieldDifference {
            subject: it.subject,
            id: it.id,
            field: it.field,
            ours: it.ours,
            theirs: it.theirs,
        }
    }
}

/// How a part of a sitting stands beside the other side.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The sitting.
    pub sitting: String,
    /// `plan`, `results`, `enrolments` or `student-results`.
    #[schema(value_type = String)]
    pub part: Part,
    /// The outside system.
    pub peer: String,
    /// `equal`, `differs`, `waiting` (not all was confirmed yet) or `unreadable` (its connector can't read it back).
    pub outcome: String,
    /// What differs, in Dutch and without personal data.
    pub summary: String,
    /// How many objects were compared.
    pub compared: i64,
    /// How many objects the other side has not confirmed yet.
    pub on_their_way: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Field by field; empty in lists.
    pub differences: Vec<FieldDifference>,
}

fn comparison(row: ComparisonRow, differences: Vec<Difference>) -> Comparison {
    Comparison {
        sitting: row.sitting,
        part: row.part,
        peer: row.peer,
        outcome: row.outcome.name().to_owned(),
        summary: row.detail,
        compared: row.compared,
        on_their_way: row.on_their_way,
        at: row.at,
        differences: differences.into_iter().map(FieldDifference::from).collect(),
    }
}

/// How a sitting was when it was last compared with its vendor and student system.
#[utoipa::path(get, path = "/api/v1/sittings/{sitting}/comparisons", tag = "reconcile",
    params(("sitting" = String, Path)),
    responses((status = 200, body = Vec<Comparison>), (status = "4XX", body = Problem)))]
pub async fn of_sitting(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<Comparison>>, Problem> {
    let reach = caller.reach(&service).await?;
    let core = &service.core;
    let sitting = comparison::own_sitting(core, caller.tenant(), &id).await?;
    sitting
        .filter(|sitting| reach.covers(sitting.unit.as_deref()))
        .ok_or_else(|| Problem::absent(format!("there is no sitting `{id}` here")))?;
    let mut comparisons = Vec::new();
    for row in store::of_sitting(&core.db, caller.tenant(), &id).await? {
        let differences = comparison::differences(core, &row)?;
        comparisons.push(comparison(row, differences));
    }
    Ok(Json(comparisons))
}

/// Has a sitting compared now; what comes of it is there when the systems have answered.
#[utoipa::path(post, path = "/api/v1/sittings/{sitting}/comparisons", tag = "reconcile",
    params(("sitting" = String, Path)),
    responses((status = 202), (status = "4XX", body = Problem)))]
pub async fn ask(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    comparison::ask(&service.core, caller.planner(), &id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What to repair.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    /// `plan`, `results`, `enrolments` or `student-results`.
    #[schema(value_type = String)]
    pub part: Part,
    /// The outside system.
    pub peer: String,
}

/// Repairs a part that differs by full-state re-delivery or reading again, and has it compared afterwards.
#[utoipa::path(post, path = "/api/v1/sittings/{sitting}/comparisons/repair", tag = "reconcile", request_body = Repair,
    params(("sitting" = String, Path)),
    responses((status = 202), (status = "4XX", body = Problem)))]
pub async fn repair(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(what): Body<Repair>,
) -> Result<StatusCode, Problem> {
    comparison::repair(&service.core, caller.planner(), &id, (what.part, &what.peer)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What differs now, and what could not be compared in the last day: the differing first.
#[utoipa::path(get, path = "/api/v1/comparisons", tag = "reconcile",
    responses((status = 200, body = Vec<Comparison>), (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller) -> Result<Json<Vec<Comparison>>, Problem> {
    let reach = caller.reach(&service).await?;
    let since = service.core.now() - SignedDuration::from_hours(24);
    let open = store::open(&service.core.db, caller.tenant(), since, MOST).await?;
    let seen = open.into_iter().filter(|one| reach.covers(one.unit.as_deref()));
    Ok(Json(seen.map(|one| comparison(one.row, Vec::new())).collect()))
}

/// The messages of a day with one system in one flow.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowOfDay {
    /// The outside system.
    pub peer: String,
    /// The flow.
    pub flow: i64,
    /// How many went in.
    pub went_in: i64,
    /// How many came out.
    pub came_out: i64,
    /// How many are on their way.
    pub waiting: i64,
    /// How many wait for a person.
    pub stuck: i64,
    /// How many were taken out by a person or by a newer message.
    pub set_aside: i64,
    /// Whether all that went in came out or was taken out.
    pub balanced: bool,
}

impl From<FlowLine> for FlowOfDay {
    fn from(it: FlowLine) -> Self {
        FlowOfDay {
            balanced: it.is_balanced(),
            peer: it.peer,
            flow: it.flow,
            went_in: it.went_in,
            came_out: it.came_out,
            waiting: it.waiting,
            stuck: it.stuck,
            set_aside: it.set_aside,
        }
    }
}

/// What a day stands, or stood, at.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandOfDay {
    /// How many differences and messages are open.
    pub open: i64,
    /// How many parts of sittings differ from the other side.
    pub differing: i64,
    /// How many parts could not be compared, or not whole.
    pub not_compared: i64,
    /// Sittings that were to be compared in the night and were not at all.
    pub overdue: i64,
    /// Per system and flow.
    pub flows: Vec<FlowOfDay>,
}

impl From<Stood> for StandOfDay {
    fn from(it: Stood) -> Self {
        StandOfDay {
            open: it.open(),
            differing: it.differing,
            not_compared: it.not_compared,
            overdue: it.overdue,
            flows: it.flows.into_iter().map(FlowOfDay::from).collect(),
        }
    }
}

/// A day that somebody has looked at.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DailyCheck {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// Counts from 1 within the day.
    pub seq: i64,
    /// The account that signed off.
    pub account: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What it stood at.
    pub stood: StandOfDay,
    /// Why it was signed off with something open.
    pub reason: String,
}

impl From<DailyCheckRow> for DailyCheck {
    fn from(row: DailyCheckRow) -> Self {
        DailyCheck {
            day: row.day,
            seq: row.seq,
            account: row.account,
            at: row.at,
            stood: row.stood.into(),
            reason: row.reason,
        }
    }
}

/// From which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// From this day on; all of the last two weeks when absent.
    #[param(value_type = Option<String>, format = Date)]
    pub since: Option<Date>,
}

/// Who has looked at the last two weeks, the newest first.
#[utoipa::path(get, path = "/api/v1/daily-checks", tag = "reconcile", params(Since),
    responses((status = 200, body = Vec<DailyCheck>), (status = "4XX", body = Problem)))]
pub async fn recent(
    State(service): State<Service>,
    caller: Caller,
    since: Result<Query<Since>, QueryRejection>,
) -> Result<Json<Vec<DailyCheck>>, Problem> {
    let Query(since) = since.map_err(|rejection| Problem::bad("query", rejection.body_text()))?;
    caller.reach(&service).await?;
    let rows = daily::recent(&service.core, caller.tenant()).await?;
    let from = since.since.unwrap_or(calendar::day(Timestamp::UNIX_EPOCH));
    let rows = rows.into_iter().filter(|row| row.day >= from);
    Ok(Json(rows.map(DailyCheck::from).collect()))
}

/// What a day stands at now: messages in and out, and what differs.
#[utoipa::path(get, path = "/api/v1/daily-checks/{day}", tag = "reconcile", params(("day" = String, Path)),
    responses((status = 200, body = StandOfDay), (status = "4XX", body = Problem)))]
pub async fn stands(
    State(service): State<Service>,
    caller: Caller,
    Path(day): Path<String>,
) -> Result<Json<StandOfDay>, Problem> {
    caller.reach(&service).await?;
    let stood = daily::stands(&service.core, caller.tenant(), read_day(&day)?).await?;
    Ok(Json(stood.into()))
}

/// A day to sign off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOff {
    /// How much was open when it was looked at; refused where more is open by now.
    pub open: i64,
    /// Why, where something is open.
    #[serde(default)]
    pub reason: String,
}

/// Signs a day off as it stands, in the name of the account.
#[utoipa::path(post, path = "/api/v1/daily-checks/{day}", tag = "reconcile", request_body = SignOff,
    params(("day" = String, Path)),
    responses((status = 201, body = DailyCheck), (status = "4XX", body = Problem)))]
pub async fn sign_off(
    State(service): State<Service>,
    caller: Caller,
    Path(day): Path<String>,
    Body(sign): Body<SignOff>,
) -> Result<(StatusCode, Json<DailyCheck>), Problem> {
    let (account, told) = (&caller.0.account, (sign.open, sign.reason.as_str()));
    let row = daily::sign_off(&service.core, caller.tenant(), account, read_day(&day)?, told).await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

fn read_day(text: &str) -> Result<Date, Problem> {
    text.parse().map_err(|_| {
        Problem::bad(
            "day",
            format!("`{}` is no day: write it as 2026-09-01", text.escape_debug()),
        )
    })
}
