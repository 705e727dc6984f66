//! Load over sockets: prepared requests, over so many connections that are kept open. Written on plain sockets, since
//! it shares the processors with what it measures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// How a round went.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// Requests answered with 200 or 201, per second.
    pub per_second: f64,
    /// Half of the answers came within this.
    pub p50: Duration,
    /// 99 of 100 answers came within this.
    pub p99: Duration,
}

/// Sends every request once, over so many connections, each sending its next when it has heard on its last.
///
/// # Panics
/// When an answer is neither 200 nor 201: then there is nothing to measure.
pub async fn drive(address: SocketAddr, connections: usize, requests: Vec<Vec<u8>>) -> Round {
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let senders: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(send(address, requests.clone(), next.clone())))
        .collect();
    let mut took = Vec::with_capacity(requests.len());
    for sender in senders {
        took.extend(sender.await.expect("a connection's load ends well"));
    }
    let elapsed = begun.elapsed().as_secs_f64();
    took.sort_unstable();
    Round {
        per_second: took.len() as f64 / elapsed,
        p50: took[took.len() / 2],
        p99: took[took.len() * 99 / 100],
    }
}

/// Sends at a steady pace over as many connections as that takes, until told to stop; how long each took from the moment
/// at which it was to be sent, shortest first. A message that has to wait for an earlier one waits on its own time.
///
/// # Panics
/// As [`drive`].
pub async fn pace(
    address: SocketAddr,
    per_second: u32,
    requests: Vec<Vec<u8>>,
    stop: CancellationToken,
) -> Vec<Duration> {
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let senders: Vec<_> = (0..8)
        .map(|_| {
            let (requests, next, stop) = (requests.clone(), next.clone(), stop.clone());
            tokio::spawn(async move {
                let mut stream = connect(address).await;
                let mut answer = Vec::with_capacity(4096);
                let mut took = Vec::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let due = begun + Duration::from_secs(1) * u32::try_from(at).unwrap_or(u32::MAX) / per_second;
                    tokio::select! {
                        () = tokio::time::sleep_until(due.into()) => {}
                        () = stop.cancelled() => return took,
                    }
                    let Some(request) = requests.get(at) else {
                        return took;
                    };
                    stream.write_all(request).await.expect("the server reads");
                    read_answer(&mut stream, &mut answer).await;
                    took.push(due.elapsed());
                }
            })
        })
        .collect();
    let mut took = Vec::new();
    for sender in senders {
        took.extend(sender.await.expect("a connection's load ends well"));
    }
    took.sort_unstable();
    took
}

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("the server takes connections");
    stream.set_nodelay(true).expect("a socket can be told not to wait");
    stream
}

async fn send(address: SocketAddr, requests: Arc<Vec<Vec<u8>>>, next: Arc<AtomicUsize>) -> Vec<Duration> {
    let mut stream = connect(address).await;
    let mut answer = Vec::with_capacity(4096);
    let mut took = Vec::new();
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let begun = Instant::now();
        stream.write_all(request).await.expect("the server reads");
        read_answer(&mut stream, &mut answer).await;
        took.push(begun.elapsed());
    }
    took
}

async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) {
    answer.clear();
    let head = loop {
        read_more(stream, answer).await;
        if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let said = String::from_utf8_lossy(&answer[..head]).into_owned();
    let length = said
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse::<usize>().ok())
        .expect("the server says how long its answer is");
    while answer.len() < head + 4 + length {
        read_more(stream, answer).await;
    }
    let is_taken = said.starts_with("HTTP/1.1 200") || said.starts_with("HTTP/1.1 201");
    assert!(is_taken, "not accepted: {}", String::from_utf8_lossy(answer));
}

async fn read_more(stream: &mut TcpStream, answer: &mut Vec<u8>) {
    let read = stream.read_buf(answer).await.expect("the server answers");
    assert!(
        read > 0,
        "the server hung up after: {}",
        String::from_utf8_lossy(answer)
    );
}

/// A browser's request for a page, as it goes over the wire.
#[must_use]
pub fn get(path: &str, cookie: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\n\r\n").into_bytes()
}

/// A message as it goes over the wire.
#[must_use]
pub fn patch(path: &str, token: &str, body: &str) -> Vec<u8> {
    message("PATCH", path, token, body)
}

/// An object as it goes over the wire.
#[must_use]
pub fn put(path: &str, token: &str, body: &str) -> Vec<u8> {
    message("PUT", path, token, body)
}

/// A system's request for an object or a page of them.
#[must_use]
pub fn read(path: &str, token: &str) -> Vec<u8> {
    message("GET", path, token, "")
}

fn message(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
