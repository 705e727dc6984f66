//! What trouble does to a message that arrives.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::super::LARGEST_BODY;
use super::super::problem::Problem;
use super::super::socket::Cable;
use super::super::tokens::Entrance;
use super::{Rules, Trouble};

/// What the layer needs to know of its simulator.
#[derive(Debug, Clone)]
pub(in super::super) struct Misbehaving {
    pub(in super::super) rules: Arc<Rules>,
    pub(in super::super) entrance: Arc<Entrance>,
}

/// The layer in front of a face: lets a request through, or does to it what a rule says.
pub(in super::super) async fn misbehave(
    State(state): State<Misbehaving>,
    ConnectInfo(cable): ConnectInfo<Cable>,
    request: Request,
    next: Next,
) -> Response {
    let Some(trouble) = state
        .rules
        .for_incoming(request.method().as_str(), request.uri().path())
    else {
        return next.run(request).await;
    };
    match trouble {
        Trouble::Slow { delay } => {
            tokio::time::sleep(delay).await;
            next.run(request).await
        }
        Trouble::TooManyRequests { retry_after } => {
            let mut response = Problem::too_many_requests().into_response();
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
            response
        }
        Trouble::ServerError => Problem::server_error().into_response(),
        Trouble::DropBeforeApplying => hang_up(&cable),
        Trouble::DropAfterApplying => {
            // The answer is not wanted; that the message has been applied is.
            let _ = next.run(request).await;
            hang_up(&cable)
        }
        Trouble::WrongScope => {
            Problem::forbidden("this simulator was told to take the token for one of another scope").into_response()
        }
        Trouble::ExpiredToken => {
            state.entrance.expire(request.headers());
            Problem::unauthorized("this token has expired; ask for a new one at /oauth2/token").into_response()
        }
        Trouble::InvalidJson => broken(next.run(request).await).await,
        Trouble::WrongContentType => {
            let page = "<!doctype html><html lang=\"nl\"><title>Onderhoud</title><p>Wij zijn zo terug.</html>";
            replaced(next.run(request).await, "text/html; charset=utf-8", page.into())
        }
        Trouble::OversizedBody { bytes } => {
            let padding = "x".repeat(bytes.saturating_sub(r#"{"padding":""}"#.len()));
            replaced(
                next.run(request).await,
                "application/json",
                format!(r#"{{"padding":"{padding}"}}"#).into(),
            )
        }
        // These concern messages that the simulator sends; the rules never give them for one that arrives.
        Trouble::DuplicateOutgoing | Trouble::ReorderOutgoing => next.run(request).await,
    }
}

fn hang_up(cable: &Cable) -> Response {
    cable.cut();
    // Never written: the stream refuses from now on.
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

async fn broken(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    let half = match whole.len() {
        // Also an operation that answers without a body can go wrong in this way.
        0 | 1 => br#"{"associationId": "#.to_vec(),
        length => whole[..length / 2].to_vec(),
    };
    replaced(Response::from_parts(parts, Body::empty()), "application/json", half)
}

fn replaced(response: Response, content_type: &'static str, body: Vec<u8>) -> Response {
    let status = response.status();
    (
        status,
        [(header::CONTENT_TYPE, HeaderValue::from_static(content_type))],
        body,
    )
        .into_response()
}
