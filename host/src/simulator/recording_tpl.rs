//! A TPL for the tests of this room: takes everything, remembers it in order, and fails as told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::PeerAccess;
use super::socket::{Listening, bind, serve};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Received {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) content_type: String,
    pub(super) body: Value,
}

#[derive(Debug, Default)]
struct Inner {
    received: Vec<Received>,
    /// Answers to give instead of 200, first in first out.
    failures: VecDeque<StatusCode>,
    tokens: usize,
    scopes: Vec<String>,
    document: Vec<u8>,
}

type Shared = Arc<Mutex<Inner>>;

pub(super) struct RecordingTpl {
    inner: Shared,
    address: std::net::SocketAddr,
    _listening: Listening,
}

impl RecordingTpl {
    pub(super) async fn start() -> Self {
        let inner = Shared::default();
        let (listener, address) = bind(std::net::SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let routes = Router::new()
            .route("/oauth2/token", post(token))
            .route("/tpl/documents/{id}", get(document))
            .fallback(take)
            .with_state(Arc::clone(&inner));
        Self {
            inner,
            address,
            _listening: serve(listener, routes),
        }
    }

    pub(super) fn access(&self) -> PeerAccess {
        PeerAccess {
            target: format!("http://{}/tpl", self.address),
            token_url: format!("http://{}/oauth2/token", self.address),
            client_id: "simulator".into(),
            client_secret: "geheim".into(),
        }
    }

    pub(super) fn fail_with(&self, statuses: &[u16]) {
        let statuses = statuses.iter().map(|status| StatusCode::from_u16(*status).unwrap());
        self.inner.lock().unwrap().failures.extend(statuses);
    }

    pub(super) fn hold_document(&self, content: &[u8]) {
        self.inner.lock().unwrap().document = content.to_vec();
    }

    /// The messages that were answered with 200, in the order of arrival.
    pub(super) fn received(&self) -> Vec<Received> {
        self.inner.lock().unwrap().received.clone()
    }

    pub(super) fn tokens_given(&self) -> usize {
        self.inner.lock().unwrap().tokens
    }

    pub(super) fn scopes_asked(&self) -> Vec<String> {
        self.inner.lock().unwrap().scopes.clone()
    }
}

async fn token(State(inner): State<Shared>, form: String) -> Response {
    let mut inner = inner.lock().unwrap();
    let scope = url::form_urlencoded::parse(form.as_bytes())
        .find(|(name, _)| name == "scope")
        .map(|(_, scope)| scope.into_owned());
    inner.scopes.push(scope.unwrap_or_default());
    inner.tokens += 1;
    Json(json!({ "access_token": format!("t{}", inner.tokens), "token_type": "Bearer", "expires_in": 60 }))
        .into_response()
}

async fn document(State(inner): State<Shared>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    assert!(
        headers.contains_key(header::AUTHORIZATION),
        "a document was asked for without a token"
    );
    match id.as_str() {
        "missing" => StatusCode::NOT_FOUND.into_response(),
        _ => inner.lock().unwrap().document.clone().into_response(),
    }
}

async fn take(State(inner): State<Shared>, request: Request) -> Response {
    assert!(
        request.headers().contains_key(header::AUTHORIZATION),
        "a message came without a token"
    );
    let method = request.method().to_string();
    let path = request.uri().path().strip_prefix("/tpl").unwrap().to_owned();
    let content_type = request.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let bytes = axum::body::to_bytes(request.into_body(), 1024 * 1024).await.unwrap();
    let mut inner = inner.lock().unwrap();
    if let Some(status) = inner.failures.pop_front() {
        return (status, Json(json!({ "detail": "told to fail" }))).into_response();
    }
    let body = serde_json::from_slice(&bytes).unwrap();
    inner.received.push(Received {
        method,
        path,
        content_type,
        body,
    });
    StatusCode::OK.into_response()
}
