//! `/api/v1/peers/{peer}/registrations`: whether a student system is asked for flow 1 or sends it, and what asking came to.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::account::actor;
use crate::app::{Refused, pull};
use crate::domain::principal::Duty;
use crate::domain::pull::{Ended, Tally};
use crate::store::{peer, pulled};

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/peers/{peer}/registrations", show)
        .put("/api/v1/peers/{peer}/registrations", put)
}

/// How flow 1 of a student system comes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Registrations {
    /// Whether it is asked: otherwise it sends by itself.
    pub asked: bool,
    /// The first day that is asked for.
    pub from: Option<String>,
    /// Since when it is so; absent where nobody ever set it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// The round under way.
    pub under_way: Option<Round>,
    /// The last round that ended.
    pub last: Option<Round>,
    /// What was listed and could not be taken; it stays here until it can.
    pub refused: Vec<RefusedObject>,
}

/// A round of asking.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    /// Everything; otherwise the coming days.
    pub whole: bool,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub began: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended: Option<Timestamp>,
    /// Objects that came.
    pub came: i64,
    /// New or changed ones.
    pub changed: i64,
    /// Ones that could not be read or taken.
    pub refused: i64,
    /// Objects that are known here and not listed any more: each is asked for by its id.
    pub unlisted: i64,
}

impl Round {
    fn of((whole, began, ended): (bool, Timestamp, Option<Timestamp>), tally: Tally) -> Round {
        Round {
            whole,
            began,
            ended,
            came: tally.came,
            changed: tally.changed,
            refused: tally.refused,
            unlisted: tally.unlisted,
        }
    }

    fn ended(round: Ended) -> Round {
        Round::of((round.whole, round.began, Some(round.ended)), round.tally)
    }
}

/// An object that could not be taken.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusedObject {
    /// `offering`, `association`, `group`, `person` (a member of a group), or `peer` where it has no id.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// What is the matter, in Dutch.
    pub why: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// How flow 1 of a student system comes, and what asking came to.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/registrations", tag = "peers", params(("peer" = String, Path)),
    responses((status = 200, body = Registrations), (status = "4XX", body = Problem)))]
pub async fn show(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Registrations>, Problem> {
    caller.must_hold_any(&service, &[Duty::Beheren, Duty::Plannen])?;
    let (core, tenant) = (&service.core, caller.tenant());
    if peer::find(&core.db, tenant, &id).await?.is_none() {
        return Err(Refused::unknown("peer", &id).into());
    }
    let refused = pull::refused(core, tenant, &id).await?;
    let row = pulled::find(&core.db, tenant, &id).await?;
    let (walk, last) = match &row {
        Some(row) => (row.walk.clone(), row.last),
        None => (None, None),
    };
    Ok(Json(Registrations {
        asked: row.as_ref().is_some_and(|row| row.asked),
        from: row.as_ref().map(|row| row.since.to_string()),
        since: row.as_ref().map(|row| row.set_at),
        under_way: walk.map(|walk| Round::of((walk.whole, walk.began, None), walk.tally)),
        last: last.map(Round::ended),
        refused: refused
            .into_iter()
            .map(|task| RefusedObject {
                kind: task.about.subject_kind,
                id: task.about.subject_id,
                why: task.about.title,
                since: task.opened_at,
            })
            .collect(),
    }))
}

/// How flow 1 is to come.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutRegistrations {
    /// Whether the student system is asked: otherwise it sends by itself.
    pub asked: bool,
    /// The first day to ask for, such as `2026-08-01`; left out: as it was, or today.
    #[serde(default)]
    pub from: Option<String>,
}

/// Says whether a student system is asked for flow 1. Everything is asked for at once, then every night, and the coming
/// days every hour.
#[utoipa::path(put, path = "/api/v1/peers/{peer}/registrations", tag = "peers", request_body = PutRegistrations,
    params(("peer" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn put(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(put): Body<PutRegistrations>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let from = put.from.map(|text| as_day(&text)).transpose()?;
    let by = actor(caller.id());
    pull::set(&service.core, caller.tenant(), &by, &peer, (put.asked, from)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn as_day(text: &str) -> Result<Date, Problem> {
    text.parse()
        .map_err(|_| Problem::bad("day", format!("`from` is `{text}`: write a day as 2026-10-17")))
}
