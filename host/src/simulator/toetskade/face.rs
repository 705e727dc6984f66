//! Toetskade's API, version 2.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::problem::Problem;
use super::super::tokens::FLOW_2_3_4;
use super::System;

type Answer = Result<(StatusCode, Json<Value>), Problem>;
type Shared = State<Arc<System>>;

/// What lists are asked with.
#[derive(Debug, Deserialize)]
struct Asked {
    after: Option<u64>,
    since: Option<u64>,
    limit: Option<usize>,
    reference: Option<String>,
}

impl Asked {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(100).clamp(1, 500)
    }
}

pub(super) fn routes(system: Arc<System>) -> Router {
    Router::new()
        .route("/exams", get(exams))
        .route("/exams/{id}", get(exam))
        .route("/periods", get(periods).post(create_period))
        .route("/periods/{id}", get(period).put(put_period).delete(delete_period))
        .route("/periods/{id}/candidates", get(candidates_of).post(create_candidate))
        .route("/candidates", get(candidates))
        .route(
            "/candidates/{id}",
            get(candidate).put(put_candidate).delete(delete_candidate),
        )
        .route("/candidates/{id}/login", post(login))
        .route("/candidates/{id}/outcome", get(outcome))
        .route("/outcomes", get(outcomes))
        .fallback(async || Problem::not_found("Toetskade has no such address"))
        .with_state(system)
}

fn let_in(system: &System, headers: &HeaderMap) -> Result<(), Problem> {
    system.entrance.check(headers, FLOW_2_3_4)
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::bad_request(format!("the body can't be read: {error}")))
}

fn ok(value: Value) -> Answer {
    Ok((StatusCode::OK, Json(value)))
}

fn gone() -> Answer {
    Ok((StatusCode::NO_CONTENT, Json(Value::Null)))
}

async fn exams(State(system): Shared, headers: HeaderMap, Query(asked): Query<Asked>) -> Answer {
    let_in(&system, &headers)?;
    let (exams, next) = system.desk().exams_after(asked.after.unwrap_or(0), asked.limit());
    ok(json!({ "exams": exams, "next": next }))
}

async fn exam(State(system): Shared, headers: HeaderMap, Path(id): Path<u64>) -> Answer {
    let_in(&system, &headers)?;
    ok(json!(system.desk().exam(id)?))
}

async fn periods(State(system): Shared, headers: HeaderMap, Query(asked): Query<Asked>) -> Answer {
    let_in(&system, &headers)?;
    let mut periods = system.desk().periods();
    periods.retain(|period| {
        asked
            .reference
            .as_ref()
            .is_none_or(|wanted| period.reference == *wanted)
    });
    ok(json!({ "periods": periods }))
}

async fn create_period(State(system): Shared, headers: HeaderMap, body: Bytes) -> Answer {
    let_in(&system, &headers)?;
    let made = system.desk().create_period(read(&body)?)?;
    Ok((StatusCode::CREATED, Json(json!(made))))
}

async fn period(State(system): Shared, headers: HeaderMap, Path(id): Path<u64>) -> Answer {
    let_in(&system, &headers)?;
    ok(json!(system.desk().period(id)?))
}

async fn put_period(State(system): Shared, headers: HeaderMap, Path(id): Path<u64>, body: Bytes) -> Answer {
    let_in(&system, &headers)?;
    let mut desk = system.desk();
    desk.period(id)?;
    ok(json!(desk.write_period(id, read(&body)?)?))
}

async fn delete_period(State(system): Shared, headers: HeaderMap, Path(id): Path<u64>) -> Answer {
    let_in(&system, &headers)?;
    system.desk().delete_period(id)?;
    gone()
}

async fn candidates_of(
    State(system): Shared,
    headers: HeaderMap,
    Path(id): Path<u64>,
    Query(asked): Query<Asked>,
) -> Answer {
    let_in(&system, &headers)?;
    let desk = system.desk();
    desk.period(id)?;
    let after = asked.after.unwrap_or(0);
    let rest: Vec<_> = desk
        .candidates()
        .into_iter()
        .filter(|one| one.period_id == id && one.id > after)
        .collect();
    let page: Vec<_> = rest.iter().take(asked.limit()).collect();
    let next = page.last().map(|one| one.id).filter(|_| rest.len() > page.len());
    ok(json!({ "candidates": page, "next": next }))
}

async fn create_candidate(State(system): Shared, headers: HeaderMap, Path(id): Path<u64>, body: Bytes) -> Answer {
    let_in(&system, &headers)?;
    let made = system.desk().create_candidate(id, read(&body)?)?;
    Ok((StatusCode::CREATED, Json(json!(made))))
}

async fn candidates(State(system): Shared, headers: HeaderMap, Query(asked): Query<Asked>) -> Answer {
    let_in(&system, &headers)?;
    let mut candidates = system.desk().candidates();
    candidates.retain(|one| asked.reference.as_ref().is_none_or(|wanted| one.reference == *wanted));
    ok(json!({ "candidates": candidates, "next": null }))
}

async fn candidate(State(system): Shared, headers: HeaderMap, Path(id): Path<u64>) -> Answer {
    let_in(&system, &headers)?;
    ok(json!(system.desk().candidate(id)?))
}

async fn put_candidate(State(system): Shared, headers: HeaderMap, Path(id): Path<u64>, body: Bytes) -> Answer {
    let_in(&system, &headers)?;
    let mut desk = system.desk();
    let period = desk.candidate(id)?.period_id;
    ok(json!(desk.write_candidate(id, period, read(&body)?)?))
}

async fn delete_candidate(State(system): Shared, headers: HeaderMap, Path(id): Path<u64>) -> Answer {
    let_in(&system, &headers)?;
    system.desk().delete_candidate(id)?;
    gone()
}

async fn login(State(system): Shared, headers: HeaderMap, Path(id): Path<u64>) -> Answer {
    let_in(&system, &headers)?;
    system.desk().candidate(id)?;
    ok(json!({ "url": format!("{}/start/{id}", system.base_url) }))
}

async fn outcome(State(system): Shared, headers: HeaderMap, Path(id): Path<u64>) -> Answer {
    let_in(&system, &headers)?;
    let desk = system.desk();
    let found = desk.outcome_of(id);
    ok(json!(found.ok_or_else(|| Problem::not_found("no outcome yet"))?))
}

async fn outcomes(State(system): Shared, headers: HeaderMap, Query(asked): Query<Asked>) -> Answer {
    let_in(&system, &headers)?;
    let (outcomes, last, more) = system.desk().outcomes_after(asked.since.unwrap_or(0), asked.limit());
    ok(json!({ "outcomes": outcomes, "last": last, "more": more }))
}
