//! A vendor on the loopback that shows what reached it and misbehaves where a path says so.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use futures_util::StreamExt;
use oke_host::connector::egress::endpoint::{ClientCredentials, SecretIn};
use oke_host::connector::egress::{Credentials, Secret};

pub struct Vendor {
    pub base: String,
    pub seen: Arc<Seen>,
}

/// What reached the vendor.
#[derive(Default)]
pub struct Seen {
    pub requests: AtomicUsize,
    pub tokens: AtomicUsize,
    /// Tokens issued so far are no longer taken up to this number.
    pub withdrawn: AtomicUsize,
    pub copied: Mutex<Option<(u64, Option<HeaderValue>)>>,
    pub admin: AtomicUsize,
}

impl Vendor {
    pub async fn open() -> Self {
        let seen = Arc::<Seen>::default();
        let router = Router::new()
            .route(
                "/components",
                get(|State(seen): State<Arc<Seen>>| async move {
                    seen.requests.fetch_add(1, Ordering::Relaxed);
                    "[]"
                }),
            )
            .route("/components/{id}", get(component))
            .route("/large", get(|| async { bytes(200 << 20) }))
            .route("/documents/{id}", get(document))
            .route("/copies/{id}", put(copy))
            .route("/token", post(token))
            .fallback(|State(seen): State<Arc<Seen>>| async move {
                seen.admin.fetch_add(1, Ordering::Relaxed);
                "where nobody may come"
            })
            .with_state(seen.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, seen }
    }

    /// Client credentials at this vendor's token endpoint.
    pub fn client_credentials(&self, secret: &str) -> Credentials {
        Credentials::ClientCredentials(ClientCredentials {
            token_url: format!("{}/token", self.base).parse().unwrap(),
            client_id: "school".to_owned(),
            client_secret: Secret::new(secret),
            scope: Some("nl-test-admin-flow-0".to_owned()),
            secret_in: SecretIn::BasicHeader,
        })
    }

    pub fn requests(&self) -> usize {
        self.seen.requests.load(Ordering::Relaxed)
    }
}

async fn component(State(seen): State<Arc<Seen>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    seen.requests.fetch_add(1, Ordering::Relaxed);
    let authorization = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap().to_owned());
    match id.as_str() {
        "authorization" => {
            let token = authorization
                .as_deref()
                .and_then(|value| value.strip_prefix("Bearer token-"));
            match token.and_then(|number| number.parse::<usize>().ok()) {
                Some(number) if number > seen.withdrawn.load(Ordering::Relaxed) => {
                    authorization.unwrap().into_response()
                }
                _ => (StatusCode::UNAUTHORIZED, [("www-authenticate", "Bearer")], "").into_response(),
            }
        }
        "key" => headers["x-vendor-key"].to_str().unwrap().to_owned().into_response(),
        "moved" => (StatusCode::FOUND, [("location", "/admin")], "").into_response(),
        "busy" => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "17")], "").into_response(),
        "slow" => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            "too late".into_response()
        }
        "absent" => StatusCode::NOT_FOUND.into_response(),
        other => other.to_owned().into_response(),
    }
}

async fn document(Path(id): Path<String>) -> Response {
    let pdf = [("content-type", "application/pdf")];
    match id.as_str() {
        "dripping" => {
            let drops = futures_util::stream::repeat(()).then(|()| async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok::<_, Infallible>(Bytes::from_static(b"."))
            });
            (pdf, Body::from_stream(drops)).into_response()
        }
        "breaking" => {
            let pieces = futures_util::stream::iter([Ok(Bytes::from_static(&[0; 1 << 20])), Err("gone")]);
            (pdf, Body::from_stream(pieces)).into_response()
        }
        "type" => ([("content-type", "no type at all")], "x").into_response(),
        mebibytes => (pdf, bytes(mebibytes.parse::<usize>().unwrap() << 20)).into_response(),
    }
}

/// So many bytes, streamed, each its place modulo 251.
fn bytes(length: usize) -> Body {
    const PIECE: usize = 251 * 256;
    let piece: Bytes = (0..PIECE).map(|at| (at % 251) as u8).collect::<Vec<_>>().into();
    let pieces = (0..length.div_ceil(PIECE)).map(move |number| {
        let left = length - number * PIECE;
        Ok::<_, Infallible>(piece.slice(..left.min(PIECE)))
    });
    Body::from_stream(futures_util::stream::iter(pieces))
}

async fn copy(State(seen): State<Arc<Seen>>, headers: HeaderMap, body: Body) -> Response {
    let mut length = 0;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => length += piece.len() as u64,
            Err(_) => return StatusCode::BAD_REQUEST.into_response(),
        }
    }
    *seen.copied.lock().unwrap() = Some((length, headers.get("content-type").cloned()));
    format!("{length} bytes").into_response()
}

async fn token(State(seen): State<Arc<Seen>>, headers: HeaderMap, form: String) -> Response {
    use base64::Engine;
    let number = seen.tokens.fetch_add(1, Ordering::Relaxed) + 1;
    let basic = base64::engine::general_purpose::STANDARD.encode("school:right+secret%21");
    let asked = "grant_type=client_credentials&scope=nl-test-admin-flow-0";
    if headers["authorization"] != format!("Basic {basic}") || form != asked {
        return (StatusCode::UNAUTHORIZED, r#"{"error":"invalid_client"}"#).into_response();
    }
    format!(r#"{{"access_token":"token-{number}","token_type":"Bearer","expires_in":3600}}"#).into_response()
}
