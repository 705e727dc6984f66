//! `/api/v1/plannables/{plannable}/samples`: samples (steekproeven) of an exam's results, which anybody can draw again
//! from the same list with the same seed.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::result::must_see_plannable;
use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::sample::{self, NewSample};
use crate::domain::principal::Duty;
use crate::domain::sample::Size;
use crate::store::sample::{self as store, SampleRow};

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/plannables/{plannable}/samples", list)
        .post("/api/v1/plannables/{plannable}/samples", draw)
}

/// A sample to draw.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    /// Of the sittings of one unit, and those in it, only.
    pub unit: Option<String>,
    /// The seed, as text since JSON numbers are not wide enough everywhere; drawn by lot when it is left out.
    pub seed: Option<String>,
    /// How many; or `percentage`.
    pub count: Option<u32>,
    /// How many in a hundred, rounded up; or `count`.
    pub percentage: Option<u32>,
}

/// A sample, with everything it takes to draw it again.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sample {
    /// Id.
    pub id: String,
    /// Of one unit only.
    pub unit: Option<String>,
    /// The seed.
    pub seed: String,
    /// How many were asked for; or `percentage`.
    pub count: Option<u32>,
    /// How many in a hundred.
    pub percentage: Option<u32>,
    /// The deelnames it was drawn from.
    pub listed: Vec<String>,
    /// The deelnames that were drawn.
    pub drawn: Vec<String>,
    /// Who drew it.
    pub account: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<SampleRow> for Sample {
    fn from(row: SampleRow) -> Self {
        let (count, percentage) = match row.size {
            Size::Count(count) => (Some(count), None),
            Size::Percentage(percentage) => (None, Some(percentage)),
        };
        Sample {
            id: row.id,
            unit: row.unit,
            seed: row.seed.to_string(),
            count,
            percentage,
            listed: row.listed,
            drawn: row.drawn,
            account: row.account,
            at: row.at,
        }
    }
}

/// The samples of an exam, newest first, 100 at most.
#[utoipa::path(get, path = "/api/v1/plannables/{plannable}/samples", tag = "results",
    params(("plannable" = String, Path)), responses((status = 200, body = Vec<Sample>), (status = "4XX", body = Problem)))]
pub async fn list(
    State(service): State<Service>,
    caller: Caller,
    Path(plannable): Path<String>,
) -> Result<Json<Vec<Sample>>, Problem> {
    caller.must_hold_any(&service, &[Duty::Vaststellen])?;
    let scope = caller.reach(&service).await?;
    must_see_plannable(&service.core.db, caller.tenant(), &scope, &plannable).await?;
    let found = store::of_plannable(&service.core.db, caller.tenant(), &plannable).await?;
    Ok(Json(found.into_iter().map(Sample::from).collect()))
}

/// Draws a sample from the completed results of an exam that the caller may decide on, and keeps it.
#[utoipa::path(post, path = "/api/v1/plannables/{plannable}/samples", tag = "results",
    params(("plannable" = String, Path)), request_body = Draw,
    responses((status = 201, body = Sample), (status = "4XX", body = Problem)))]
pub async fn draw(
    State(service): State<Service>,
    caller: Caller,
    Path(plannable): Path<String>,
    Body(draw): Body<Draw>,
) -> Result<(StatusCode, Json<Sample>), Problem> {
    let size = match (draw.count, draw.percentage) {
        (Some(count), None) => Size::Count(count),
        (None, Some(percentage)) => Size::Percentage(percentage),
        _ => return Err(Problem::bad("size", "give either `count` or `percentage`")),
    };
    let seed = draw.seed.as_deref().map(|seed| {
        let read = seed.trim().parse::<u64>();
        read.map_err(|_| {
            Problem::bad(
                "seed",
                format!("`seed`: `{seed}` is no whole number from 0 to 2^64 - 1"),
            )
        })
    });
    let new = NewSample {
        plannable,
        unit: draw.unit,
        seed: seed.transpose()?,
        size,
    };
    let row = sample::draw(&service.core, caller.tenant(), &caller.0.account, &new).await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}
