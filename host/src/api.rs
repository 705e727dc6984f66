//! The management API, version 1, with its OpenAPI document and problem responses.
//!
//! A caller shows an account's token (`Authorization: Bearer …`). Each file under `v1` holds one noun: what a caller
//! sends and gets (wire shapes, camelCase), its handlers, and their routes. To add an operation: a handler with its
//! `#[utoipa::path]` in the noun's file, its line in that file's `routes`, and its name in [`openapi`]; a test compares
//! the two lists.

pub mod identity;
pub mod openapi;
pub mod problem;
pub mod storable;
pub mod v1;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;

use crate::app::Core;
use crate::app::running::Connectors;
use crate::jobs::Jobs;

/// What the management API and the pages work with.
#[derive(Clone)]
pub struct Service {
    /// The core.
    pub core: Core,
    /// What runs for each peer.
    pub connectors: Connectors,
    /// Work that follows commits.
    pub jobs: Jobs,
    /// How the outside reaches this host.
    pub public_url: String,
    /// Folder for signed audit checkpoints.
    pub checkpoints: std::path::PathBuf,
    /// Largest JSON body, in bytes.
    pub json_limit: usize,
    /// Largest package, in bytes.
    pub stream_limit: usize,
}

/// The routes below `/api/v1`.
pub fn router(service: Service) -> Router {
    let json_limit = service.json_limit;
    let small = Router::new()
        .merge(v1::account::routes())
        .merge(v1::unit::routes())
        .merge(v1::peer::routes())
        .merge(v1::needs::routes())
        .merge(v1::attempt::routes())
        .merge(v1::duplicate::routes())
        .merge(v1::publisher::routes())
        .merge(v1::revision::routes())
        .merge(v1::job::routes())
        .merge(v1::task::routes())
        .merge(v1::sitting::routes())
        .merge(v1::result::routes())
        .merge(v1::policy::routes())
        .merge(v1::proposal::routes())
        .merge(v1::scale_map::routes())
        .merge(v1::sample::routes())
        .merge(v1::school::routes())
        .route("/api/v1/openapi.json", get(openapi::document))
        .layer(DefaultBodyLimit::max(json_limit));
    let large = v1::package::routes().layer(DefaultBodyLimit::max(service.stream_limit));
    small.merge(large).with_state(service)
}
