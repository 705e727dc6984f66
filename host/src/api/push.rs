//! `/in/{tenant}/{vendor}/{webhook}`: where vendors push in a format of their own. Who sends is found out by the signature
//! that the manifest declares; what is answered 200 is kept.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

use super::Service;
use super::problem::Problem;
use crate::app::pushed::{self, PushRefused};

/// The route.
pub fn router(service: Service) -> Router {
    let limit = service.json_limit;
    Router::new()
        .route("/in/{tenant}/{vendor}/{webhook}", post(take))
        .layer(DefaultBodyLimit::max(limit))
        .with_state(service)
}

async fn take(
    State(service): State<Service>,
    Path((tenant, vendor, webhook)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    pushed::take(&service.core, (&tenant, &vendor, &webhook), &headers, &body).await?;
    Ok(StatusCode::OK)
}

impl From<PushRefused> for Problem {
    fn from(refused: PushRefused) -> Self {
        match refused {
            PushRefused::Unknown => Problem::absent(refused.to_string()),
            // Stored nowhere: the vendor sends it again, once the school is ready.
            PushRefused::NoSecret(_) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no-secret", refused.to_string()),
            PushRefused::NotGenuine(_) => Problem::new(StatusCode::UNAUTHORIZED, "not-genuine", refused.to_string()),
            PushRefused::Sealed(error) => Problem::ours(&error),
            PushRefused::Commit(error) => error.into(),
            PushRefused::Store(error) => error.into(),
            PushRefused::Follow(error) => error.into(),
        }
    }
}
