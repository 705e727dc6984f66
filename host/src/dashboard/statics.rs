//! The stylesheet and the mark, part of the program.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::api::Service;

const STYLE: &[u8] = include_bytes!("../../static/oke.css");
const MARK: &[u8] = include_bytes!("../../static/oke.svg");

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route(
            "/static/oke.css",
            get(|| async { file("text/css; charset=utf-8", STYLE) }),
        )
        .route("/static/oke.svg", get(|| async { file("image/svg+xml", MARK) }))
}

fn file(media_type: &'static str, bytes: &'static [u8]) -> Response {
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "public, max-age=600")];
    (headers, bytes).into_response()
}
