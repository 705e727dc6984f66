//! The standard's faces as routers, the token endpoint and scopes (`§5`).
//!
//! A face parses and answers; what a message does is decided in `app`. To add an operation: a handler in the face's
//! file and its line in that file's `routes`.

mod answer;
mod bearer;
mod document;
mod dr;
mod message;
mod problem;
mod query;
mod refusal;
#[cfg(test)]
mod stories;
mod ta;
mod token;
mod tpl;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;

use crate::api::Service;

/// Everything below `/oke` and the token endpoint.
pub fn router(service: &Service) -> Router {
    Router::new()
        .merge(token::routes())
        .merge(
            tpl::routes()
                .merge(ta::routes())
                .merge(dr::routes())
                .route_layer(from_fn_with_state(service.clone(), refusal::note)),
        )
        .layer(DefaultBodyLimit::max(service.json_limit))
        .with_state(service.clone())
}
