//! `GET /documents/{id}`: evidence kept by the school, streamed from sealed chunks (flows 3, 4 and 5, R27). A client sees what
//! was routed to or from its own peer, whatever its scope; anything else does not exist for it.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;

use super::bearer::{Client, FLOW_1_5, FLOW_2_3_4};
use super::problem::Problem;
use crate::api::Service;
use crate::app::document;

/// At the TPL face: for either scope, since the published sources contradict each other (RULES §4).
pub async fn of_tpl(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    client.must_have_either(FLOW_1_5, FLOW_2_3_4)?;
    get(&service, &client, &id).await
}

/// At the TA face of a vendor, for who planned there, also when it plans there no more (R6, R27).
pub async fn of_ta(
    State(service): State<Service>,
    client: Client,
    Path((_, vendor, id)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    super::ta::reader(&service, &client, &vendor).await?;
    get(&service, &client, &id).await
}

async fn get(service: &Service, client: &Client, id: &str) -> Result<Response, Problem> {
    let opened = document::open(&service.core, &client.sender.tenant, &client.sender.peer, id).await?;
    let open = opened.ok_or_else(|| {
        Problem::absent(format!(
            "there is no document `{id}` here; one that was just named may not be fetched yet"
        ))
    })?;
    let media_type = HeaderValue::from_str(&open.media_type);
    // The name is a vendor's text: only what is harmless in a header is repeated.
    let name: String = open
        .name
        .chars()
        .map(|it| {
            if it.is_ascii_alphanumeric() || ".-_ ".contains(it) {
                it
            } else {
                '_'
            }
        })
        .collect();
    let size = open.size;
    let mut response = Body::from_stream(open.into_stream().map(|chunk| chunk.map(Bytes::from))).into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        media_type.unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}
