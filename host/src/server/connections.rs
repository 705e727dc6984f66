//! Connections: bounded in number and in patience, and brought to an end when the host stops. Without these bounds
//! half-sent requests would hold connections for ever.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use futures_util::{Stream, StreamExt as _, stream};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::{debug, warn};

use crate::api::problem::Problem;
use crate::config::CONNECTIONS;

/// How long the listener rests when the system gives no more connections (too many open files).
const NO_MORE_FILES: Duration = Duration::from_secs(1);

/// What a caller may take of the host's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; who comes after them waits in the system's queue.
    pub connections: usize,
    /// How long the head of a request may take, and how long a connection may lie without a request.
    pub head: Duration,
    /// How long a body may stay without a byte.
    pub body: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: CONNECTIONS,
            head: Duration::from_secs(15),
            body: Duration::from_secs(30),
        }
    }
}

/// Accepts connections and answers what comes in until `stop`; then lets what runs come to its end.
///
/// # Errors
/// None at present: what the listener can't do is tried again.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) -> io::Result<()> {
    let router = router.layer(from_fn_with_state(limits.body, impatient));
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut attended = JoinSet::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place.expect("nobody closes it"), listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let attending = attend(stream, router.clone(), limits, stop.clone());
                attended.spawn(async move {
                    attending.await;
                    drop(place);
                });
            }
            Err(error) if is_the_callers(&error) => debug!("a connection ended before it began: {error}"),
            Err(error) => {
                warn!("could not accept a connection, will try again: {error}");
                tokio::time::sleep(NO_MORE_FILES).await;
            }
        }
        while attended.try_join_next().is_some() {}
    }
    drop(listener);
    while attended.join_next().await.is_some() {}
    Ok(())
}

fn is_the_callers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// What happens on one connection.
#[derive(Default)]
struct Activity {
    begun: AtomicU64,
    running: AtomicU64,
}

/// One request, until its answer has gone out.
struct Running(Arc<Activity>);

impl Running {
    fn begin(activity: &Arc<Activity>) -> Running {
        activity.begun.fetch_add(1, Ordering::Relaxed);
        activity.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(activity))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Answers one connection until it ends, lies idle for too long, or the host stops.
async fn attend(stream: TcpStream, router: Router, limits: Limits, stop: CancellationToken) {
    let activity = Arc::new(Activity::default());
    let service = service_fn({
        let activity = Arc::clone(&activity);
        move |request: Request<Incoming>| answer(router.clone(), request, Running::begin(&activity))
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head);
    builder.http2().timer(TokioTimer::new());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut every = tokio::time::interval(limits.head);
    let (mut seen, mut ending) = (None, false);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    debug!("a connection ended badly: {error}");
                }
                return;
            }
            () = stop.cancelled(), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
            // The builder bounds the head of a request over HTTP/1 only; this bounds a caller that sends nothing at
            // all, or half of what begins HTTP/2.
            _ = every.tick() => {
                let begun = activity.begun.load(Ordering::Relaxed);
                let idle = activity.running.load(Ordering::Relaxed) == 0 && seen == Some(begun);
                seen = Some(begun);
                if idle && ending {
                    return;
                }
                if idle {
                    ending = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

async fn answer(router: Router, request: Request<Incoming>, running: Running) -> Result<Response, Infallible> {
    let response = router.oneshot(request.map(Body::new)).await?;
    // The request runs until its answer has gone out, or the caller is gone.
    Ok(response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _until_the_end = &running;
            frame
        }))
    }))
}

/// Answers 408 to a body of which nothing comes for `patience`.
async fn impatient(State(patience): State<Duration>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let stalled = Arc::new(AtomicBool::new(false));
    let request =
        request.map(|body| Body::from_stream(bounded(body.into_data_stream(), patience, Arc::clone(&stalled))));
    let response = next.run(request).await;
    // Whatever the handler made of a body that broke off: the caller hears that it was too slow.
    if !stalled.load(Ordering::Relaxed) {
        return response;
    }
    let detail = format!("nothing of the body came for {patience:?}; send the request again, in one go");
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", detail).into_response()
}

fn bounded(
    body: BodyDataStream,
    patience: Duration,
    stalled: Arc<AtomicBool>,
) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static {
    stream::unfold(Some(body), move |body| {
        let stalled = Arc::clone(&stalled);
        async move {
            let mut body = body?;
            match tokio::time::timeout(patience, body.next()).await {
                Ok(Some(piece)) => Some((piece, Some(body))),
                Ok(None) => None,
                Err(late) => {
                    stalled.store(true, Ordering::Relaxed);
                    Some((Err(axum::Error::new(late)), None))
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use axum::routing::post;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Far below the real limits, so that the tests wait for no more than these.
    const SHORT: Limits = Limits {
        connections: 1,
        head: Duration::from_millis(80),
        body: Duration::from_millis(80),
    };

    async fn host(limits: Limits) -> (std::net::SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let router = Router::new().route("/", post(|body: Bytes| async move { format!("{} bytes", body.len()) }));
        tokio::spawn(serve(listener, router, limits, stop.clone()));
        (address, stop)
    }

    /// Sends this much of a request, and returns what the host says until it hangs up.
    async fn until_hung_up(address: std::net::SocketAddr, sent: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let mut said = Vec::new();
        let hung_up = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut said)).await;
        let _reset_is_hanging_up_too = hung_up.expect("the host held the connection");
        String::from_utf8_lossy(&said).into_owned()
    }

    #[tokio::test]
    async fn a_request_of_which_half_the_head_comes_does_not_hold_its_connection() {
        let (address, _stop) = host(SHORT).await;
        // One place: each of these gets its answer only when the one before has lost it.
        for half in [
            &b"POST / HTTP/1.1\r\nHost: x\r\nX-Slow: "[..],
            b"PRI * HTTP/2.0\r\n",
            b"",
        ] {
            until_hung_up(address, half).await;
        }
        let whole = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
        let said = until_hung_up(address, whole).await;
        assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("3 bytes"), "{said}");
    }

    #[tokio::test]
    async fn a_body_that_stalls_hears_408_in_the_problem_shape() {
        let (address, _stop) = host(Limits {
            head: Duration::from_secs(30),
            ..SHORT
        })
        .await;
        let half = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{";
        let said = until_hung_up(address, half).await;
        assert!(said.starts_with("HTTP/1.1 408"), "{said}");
        assert!(
            said.contains("application/problem+json") && said.contains("\"status\":\"408\""),
            "{said}"
        );
    }

    #[tokio::test]
    async fn a_connection_without_a_request_ends_when_the_host_stops() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _open = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, Router::new(), Limits::default(), stop.clone()));
        stop.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(10), serving).await;
        ended.expect("the host went on").unwrap().unwrap();
    }
}
