//! The management API, version 1, with its OpenAPI document and problem responses.
//!
//! A caller shows an account's token (`Authorization: Bearer …`). Each file under `v1` holds one noun: what a caller
//! sends and gets (wire shapes, camelCase), its handlers, and their routes. To add an operation: a handler with its
//! `#[utoipa::path]` in the noun's file, its line in that file's `operations`, and its name in [`openapi`]; a test
//! compares the two lists. A list that grows is answered in pages ([`page`]), and shows what the account's functions
//! reach ([`identity::Caller::reach`]).

pub mod identity;
pub mod openapi;
pub mod operations;
pub mod page;
pub mod problem;
pub mod push;
pub mod shape;
pub mod storable;
#[cfg(test)]
mod stories;
pub mod v1;

use axum::Router;

use self::operations::Operations;
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

/// What is served below `/api/v1`, with JSON bodies and package bodies of at most so many bytes.
fn operations(json_limit: usize, stream_limit: usize) -> Operations {
    Operations::default()
        .and(v1::account::operations())
        .and(v1::unit::operations())
        .and(v1::peer::operations())
        .and(v1::landscape::operations())
        .and(v1::registrations::operations())
        .and(v1::needs::operations())
        .and(v1::attempt::operations())
        .and(v1::duplicate::operations())
        .and(v1::publisher::operations())
        .and(v1::keuring::operations())
        .and(v1::revision::operations())
        .and(v1::rollout::operations())
        .and(v1::adoption::operations())
        .and(v1::drain::operations())
        .and(v1::loss::operations())
        .and(v1::freeze::operations())
        .and(v1::health::operations())
        .and(v1::file::operations())
        .and(v1::recording::operations())
        .and(v1::job::operations())
        .and(v1::task::operations())
        .and(v1::sitting::operations())
        .and(v1::comparison::operations())
        .and(v1::deelname::operations())
        .and(v1::result::operations())
        .and(v1::policy::operations())
        .and(v1::proposal::operations())
        .and(v1::scale_map::operations())
        .and(v1::sample::operations())
        .and(v1::school::operations())
        .and(v1::contact::operations())
        .get("/api/v1/openapi.json", openapi::document)
        .with_bodies_up_to(json_limit)
        .and(v1::package::operations().with_bodies_up_to(stream_limit))
        .and(v1::bundle::operations().with_bodies_up_to(stream_limit))
        .and(v1::file::uploads())
}

/// The routes below `/api/v1`.
pub fn router(service: Service) -> Router {
    operations(service.json_limit, service.stream_limit)
        .into_router()
        .with_state(service)
}
