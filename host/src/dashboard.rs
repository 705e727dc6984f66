//! Pages in Dutch, rendered on the server, readable without scripts.

use axum::Router;

use crate::api::Service;

/// The routes of the pages.
pub fn router(service: Service) -> Router {
    Router::new().with_state(service)
}
