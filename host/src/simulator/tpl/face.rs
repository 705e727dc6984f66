//! The TPL face (§5.2), as far as a vendor calls it: results and reports.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::super::problem::Problem;
use super::super::strict::{Media, read_object};
use super::super::tokens::FLOW_2_3_4;
use super::System;
use super::received::{self, RefusedDelivery};

pub(super) fn routes(system: Arc<System>) -> Router {
    Router::new()
        .route("/", get(service))
        .route("/associations/{id}", patch(patch_association))
        .route("/offerings/{id}", patch(patch_offering))
        .fallback(async || Problem::not_found("this system has no such endpoint; §5.2 of the agreement lists them"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .with_state(system)
}

/// Table 5.0.B. No token is needed to find out how to talk.
async fn service(State(system): State<Arc<System>>) -> Json<Value> {
    let domain = system.name.to_lowercase().replace(' ', "-");
    Json(json!({
        "contactEmail": format!("support@{domain}.example"),
        "specification": format!("https://{domain}.example/oke/openapi.yaml"),
        "documentation": format!("https://{domain}.example/oke"),
        "supportedVersions": ["v5"],
        "supportedConsumers": [{ "consumerKey": "nl-test-admin", "version": "1.0.1" }],
    }))
}

async fn patch_association(State(system): State<Arc<System>>, Path(id): Path<String>, request: Request) -> Response {
    take(&system, request, |planned, body| received::result(planned, &id, body)).await
}

async fn patch_offering(State(system): State<Arc<System>>, Path(id): Path<String>, request: Request) -> Response {
    take(&system, request, |planned, body| received::report(planned, &id, body)).await
}

/// Takes a message, or refuses it and keeps why.
async fn take(
    system: &Arc<System>,
    request: Request,
    apply: impl FnOnce(&mut super::Planned, Value) -> Result<Value, Problem>,
) -> Response {
    if let Err(problem) = system.entrance.check(request.headers(), FLOW_2_3_4) {
        return problem.into_response();
    }
    let path = request.uri().path().to_owned();
    let body = read_object(request, Media::MergePatch).await;
    let mut planned = system.planned();
    match body.and_then(|body| apply(&mut planned, body)) {
        Ok(answer) => Json(answer).into_response(),
        Err(problem) => {
            planned.refused.push(RefusedDelivery {
                at: system.now.get(),
                path,
                status: problem.status.as_u16(),
                detail: problem.detail.clone(),
            });
            problem.into_response()
        }
    }
}
