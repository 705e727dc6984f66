//! `/api/v1/duplicates`: toetsinschrijvingen of one student for one exam (N#170), merged and taken apart by a person.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::duplicate::{self, Pair};
use crate::domain::duplicate::PairState;
use crate::domain::principal::Duty;

/// Most pairs of a state in one answer.
const MOST: u32 = 500;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/duplicates", list)
        .post("/api/v1/duplicates/merge", merge)
        .post("/api/v1/duplicates/unmerge", unmerge)
        .post("/api/v1/duplicates/apart", apart)
}

/// Two toetsinschrijvingen of one student for one exam.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Duplicate {
    /// The one that is served along once they are merged.
    pub enrolment: String,
    /// The one whose deelname serves both.
    pub kept: String,
    /// The student.
    pub person: String,
    /// The attempt.
    pub attempt: u32,
    /// `found` or `merged`.
    pub state: String,
    /// Who found or merged them.
    pub actor: String,
    /// Why they were merged.
    pub reason: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Once merged: the newest version of the result that the student system confirmed on `enrolment`.
    pub confirmed_seq: Option<i64>,
}

/// Pairs that wait for a person, then those that are merged, in units that the account's functions reach; 500 of each at
/// most, the longest first.
#[utoipa::path(get, path = "/api/v1/duplicates", tag = "duplicates",
    responses((status = 200, body = Vec<Duplicate>), (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller) -> Result<Json<Vec<Duplicate>>, Problem> {
    caller.must_hold_any(&service, &[Duty::Plannen, Duty::Vaststellen])?;
    let scope = caller.reach(&service).await?;
    let mut shown = Vec::new();
    for state in [PairState::Found, PairState::Merged] {
        for pair in duplicate::list(&service.core, caller.tenant(), (state, &scope), MOST).await? {
            shown.push(Duplicate {
                person: pair.kept.association.facts.person_id.clone(),
                attempt: pair.kept.association.attempt(),
                enrolment: pair.row.enrolment,
                kept: pair.row.kept,
                state: state.name().to_owned(),
                actor: pair.row.actor,
                reason: pair.row.reason,
                at: pair.row.at,
                confirmed_seq: pair.row.confirmed_seq,
            });
        }
    }
    Ok(Json(shown))
}

/// Two toetsinschrijvingen, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostPair {
    /// The one that is served along.
    pub enrolment: String,
    /// The one whose deelname serves both.
    pub kept: String,
    /// Why.
    pub reason: String,
}

impl PostPair {
    fn pair(&self) -> Pair<'_> {
        Pair {
            enrolment: &self.enrolment,
            kept: &self.kept,
            reason: &self.reason,
        }
    }
}

/// Merges two: one deelname serves both, and its result goes to each.
#[utoipa::path(post, path = "/api/v1/duplicates/merge", tag = "duplicates", request_body = PostPair,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn merge(
    State(service): State<Service>,
    caller: Caller,
    Body(post): Body<PostPair>,
) -> Result<StatusCode, Problem> {
    duplicate::merge(&service.core, caller.planner(), post.pair()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A merged toetsinschrijving, and why it is taken apart.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostUnmerge {
    /// The one that was served along.
    pub enrolment: String,
    /// Why.
    pub reason: String,
}

/// Takes two apart again: nothing new of the shared result goes to the one that was served along.
#[utoipa::path(post, path = "/api/v1/duplicates/unmerge", tag = "duplicates", request_body = PostUnmerge,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn unmerge(
    State(service): State<Service>,
    caller: Caller,
    Body(post): Body<PostUnmerge>,
) -> Result<StatusCode, Problem> {
    duplicate::unmerge(&service.core, caller.planner(), &post.enrolment, &post.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that a found pair is two exams after all.
#[utoipa::path(post, path = "/api/v1/duplicates/apart", tag = "duplicates", request_body = PostPair,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn apart(
    State(service): State<Service>,
    caller: Caller,
    Body(post): Body<PostPair>,
) -> Result<StatusCode, Problem> {
    duplicate::keep_apart(&service.core, caller.planner(), post.pair()).await?;
    Ok(StatusCode::NO_CONTENT)
}
