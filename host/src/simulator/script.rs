//! A vendor that answers from a script: what it answered when its answers were recorded, on the loopback. What is asked
//! otherwise than then is noted.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The most that is read of one request.
const MOST_SENT: usize = 1024 * 1024;

/// A request and the answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The method.
    pub method: String,
    /// Path and query, as they go over the wire.
    pub address: String,
    /// The body of the request.
    pub sent: String,
    /// The status; absent when no answer came.
    pub status: Option<u16>,
    /// The headers of the answer.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub answer: String,
}

/// What was asked otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is in no line of the script.
    Strange,
    /// With another query.
    Query,
    /// With another body.
    Body,
    /// A line of the script that was not asked.
    Left,
}

/// A request that differs, by method and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In what.
    pub how: How,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
}

#[derive(Debug, Default)]
struct Told {
    left: Vec<Line>,
    differences: Vec<Difference>,
}

type Shared = Arc<Mutex<Told>>;

/// The vendor; it falls silent when it is dropped.
#[derive(Debug)]
pub struct Script {
    base: String,
    told: Shared,
    task: JoinHandle<()>,
}

impl Drop for Script {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Script {
    /// Opens its socket; it knows no line yet.
    ///
    /// # Errors
    /// What the system says.
    pub async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let told = Shared::default();
        let router = Router::new().fallback(answer).with_state(told.clone());
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!("recorded answers are served no longer: {error}");
            }
        });
        Ok(Script { base, told, task })
    }

    /// Where it is.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// What it answers, each line once and in this order.
    pub fn learn(&self, lines: Vec<Line>) {
        held(&self.told).left = lines;
    }

    /// What was asked otherwise, and what was not asked.
    #[must_use]
    pub fn differences(&self) -> Vec<Difference> {
        let told = held(&self.told);
        let left = told.left.iter().map(|line| Difference {
            how: How::Left,
            method: line.method.clone(),
            path: path(&line.address),
        });
        told.differences.iter().cloned().chain(left).collect()
    }
}

fn held(told: &Shared) -> MutexGuard<'_, Told> {
    told.lock().expect("no holder of this lock panics")
}

fn path(address: &str) -> String {
    address.split('?').next().unwrap_or_default().to_owned()
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let method = request.method().as_str().to_owned();
    let address = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let sent = to_bytes(request.into_body(), MOST_SENT).await.unwrap_or_default();
    let line = heard(&mut held(&shared), &method, &address, &String::from_utf8_lossy(&sent));
    line.map_or_else(|| plain(StatusCode::NOT_FOUND), recorded)
}

/// The line that answers a request, the same query before another one.
fn heard(told: &mut Told, method: &str, address: &str, sent: &str) -> Option<Line> {
    let mut note = |how| {
        told.differences.push(Difference {
            how,
            method: method.to_owned(),
            path: path(address),
        });
    };
    let exact = told
        .left
        .iter()
        .position(|line| line.method == method && line.address == address);
    let alike = |line: &Line| line.method == method && path(&line.address) == path(address);
    let Some(at) = exact.or_else(|| told.left.iter().position(alike)) else {
        note(How::Strange);
        return None;
    };
    let line = told.left.remove(at);
    if exact.is_none() {
        note(How::Query);
    }
    if sent != line.sent {
        note(How::Body);
    }
    Some(line)
}

/// The answer of then. Where none came, there is no saying now what the vendor would do.
fn recorded(line: Line) -> Response {
    let Some(status) = line.status.and_then(|status| StatusCode::from_u16(status).ok()) else {
        return plain(StatusCode::SERVICE_UNAVAILABLE);
    };
    let mut response = Response::new(Body::from(line.answer));
    *response.status_mut() = status;
    for (name, value) in line.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            continue;
        };
        if ![CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&name) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
