//! One shape for every answer that says no below `/api/`, `/in/` and `/oke/`, also for what the router and its extractors refuse
//! before a handler sees it: an unknown address, another method, an address that is no UTF-8, a body that is too large.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::Problem;

/// The longest sentence of a refusal that is kept, in bytes.
const LONGEST_SENTENCE: usize = 4096;

/// Gives a refusal without a shape the shape of a problem.
pub async fn refusals(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let of_api = path.starts_with("/api/") || path.starts_with("/in/");
    let of_oke = path.starts_with("/oke/");
    let method = request.method().clone();
    let response = next.run(request).await;
    let says_no = response.status().is_client_error() || response.status().is_server_error();
    if !(of_api || of_oke) || !says_no || is_shaped(response.headers()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let is_text = media_type(&parts.headers).starts_with("text/plain");
    let said = match to_bytes(body, LONGEST_SENTENCE).await {
        Ok(bytes) if is_text => String::from_utf8_lossy(&bytes).into_owned(),
        _ => String::new(),
    };
    // R21: at the faces of the standard a body that is too large is 400.
    let status = match parts.status {
        StatusCode::PAYLOAD_TOO_LARGE if of_oke => StatusCode::BAD_REQUEST,
        other => other,
    };
    let detail = sentence(parts.status, &method, &parts.headers, said);
    let mut shaped = Problem::new(status, reason(parts.status), detail).into_response();
    for (name, value) in &parts.headers {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            shaped.headers_mut().insert(name, value.clone());
        }
    }
    shaped
}

fn media_type(headers: &HeaderMap) -> &str {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
}

/// Whether the answer is a problem already, or an error in OAuth's own shape.
fn is_shaped(headers: &HeaderMap) -> bool {
    media_type(headers).contains("json")
}

fn reason(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "unknown-address",
        StatusCode::METHOD_NOT_ALLOWED => "method",
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        _ => "refused",
    }
}

fn sentence(status: StatusCode, method: &Method, headers: &HeaderMap, said: String) -> String {
    let allowed = headers.get(ALLOW).and_then(|value| value.to_str().ok());
    match status {
        StatusCode::METHOD_NOT_ALLOWED => format!(
            "this address does not take {method}; it takes {}",
            allowed.unwrap_or("other methods")
        ),
        StatusCode::NOT_FOUND => "there is nothing at this address; /api/v1/openapi.json lists the management API, \
                                  and §5 of the agreement what a face takes"
            .to_owned(),
        _ if said.is_empty() => "this request can't be taken".to_owned(),
        _ => said,
    }
}
