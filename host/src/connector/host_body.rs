//! Bytes the host holds for a guest (`http.body`): a response not yet read, or bytes. Read in pieces, handed on to
//! another request, or handed back to the caller as a [`DocumentBody`], without ever lying whole in guest memory.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;

use super::blame::{Blame, CallError, Decision};
use super::limits::{LARGEST_BODY, Meter};

/// A body under the budget of its call and the size limit of all bodies.
pub struct HeldBody {
    source: Source,
    /// Taken from the source, not yet handed out.
    pending: Bytes,
    left: u64,
    begun: bool,
    deadline: Instant,
    meter: Arc<Meter>,
}

enum Source {
    Response(Box<reqwest::Response>),
    Exhausted,
}

/// Why a body stopped before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyFailure {
    #[error("the budget of the call is used up")]
    OutOfBudget,
    #[error("the connection broke before the end of the body")]
    Broken,
    #[error("the body is larger than the limit of {LARGEST_BODY} bytes")]
    TooLarge,
}

impl HeldBody {
    pub(super) fn of_response(response: reqwest::Response, deadline: Instant, meter: Arc<Meter>) -> Self {
        Self {
            source: Source::Response(Box::new(response)),
            pending: Bytes::new(),
            left: LARGEST_BODY,
            begun: false,
            deadline,
            meter,
        }
    }

    pub(super) fn empty(deadline: Instant, meter: Arc<Meter>) -> Self {
        Self {
            source: Source::Exhausted,
            pending: Bytes::new(),
            left: LARGEST_BODY,
            begun: false,
            deadline,
            meter,
        }
    }

    /// What the peer said the length is, if it did and nothing was read yet.
    pub(super) fn announced_length(&self) -> Option<u64> {
        match &self.source {
            _ if self.begun => None,
            Source::Response(response) => response.content_length(),
            Source::Exhausted => Some(0),
        }
    }

    /// The deadline for what is read from now on.
    pub(super) fn until(mut self, deadline: Instant) -> Self {
        self.deadline = deadline;
        self
    }

    /// The next bytes as they come, not empty; nothing at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, BodyFailure> {
        self.begun = true;
        if !self.pending.is_empty() {
            return Ok(Some(std::mem::take(&mut self.pending)));
        }
        loop {
            let Source::Response(response) = &mut self.source else {
                return Ok(None);
            };
            let started = Instant::now();
            let read = tokio::time::timeout_at(self.deadline.into(), response.chunk()).await;
            self.meter
                .network_micros
                .fetch_add(micros(started.elapsed()), Ordering::Relaxed);
            let chunk = match read {
                Err(_) => return Err(BodyFailure::OutOfBudget),
                Ok(Err(_)) => {
                    self.source = Source::Exhausted;
                    return Err(BodyFailure::Broken);
                }
                Ok(Ok(None)) => {
                    self.source = Source::Exhausted;
                    return Ok(None);
                }
                Ok(Ok(Some(chunk))) => chunk,
            };
            self.meter
                .bytes_received
                .fetch_add(chunk.len() as u64, Ordering::Relaxed);
            self.left = match self.left.checked_sub(chunk.len() as u64) {
                Some(left) => left,
                None => {
                    self.source = Source::Exhausted;
                    return Err(BodyFailure::TooLarge);
                }
            };
            if !chunk.is_empty() {
                return Ok(Some(chunk));
            }
        }
    }

    /// At most `most` of the next bytes; empty at the end.
    pub(super) async fn read(&mut self, most: usize) -> Result<Bytes, BodyFailure> {
        let Some(mut chunk) = self.next().await? else {
            return Ok(Bytes::new());
        };
        if chunk.len() > most {
            self.pending = chunk.split_off(most);
        }
        Ok(chunk)
    }

    /// Everything that is left, if it is at most `most` bytes.
    pub(super) async fn read_all(&mut self, most: usize) -> Result<Bytes, BodyFailure> {
        if self.announced_length().is_some_and(|length| length > most as u64) {
            return Err(BodyFailure::TooLarge);
        }
        let Some(first) = self.next().await? else {
            return Ok(Bytes::new());
        };
        let mut whole = BytesMut::from(first);
        while let Some(chunk) = self.next().await? {
            whole.extend_from_slice(&chunk);
            if whole.len() > most {
                return Err(BodyFailure::TooLarge);
            }
        }
        if whole.len() > most {
            return Err(BodyFailure::TooLarge);
        }
        Ok(whole.freeze())
    }

    /// The rest as a stream, for another request or for the caller. Ends with an error when it stops early.
    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Bytes, BodyFailure>> + Send + 'static {
        futures_util::stream::unfold(Some(self), |body| async {
            let mut body = body?;
            match body.next().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some(body))),
                Ok(None) => None,
                Err(failure) => Some((Err(failure), None)),
            }
        })
    }
}

impl From<BodyFailure> for CallError {
    fn from(failure: BodyFailure) -> Self {
        let decision = match failure {
            BodyFailure::OutOfBudget | BodyFailure::Broken => Decision::RetryAfter(None),
            BodyFailure::TooLarge => Decision::Permanent {
                code: "too-large".to_owned(),
                message: failure.to_string(),
            },
        };
        CallError::new(Blame::Vendor, decision, failure.to_string())
    }
}

/// A document on its way from the vendor: read it under what is left of the call's budget, at most 64 MiB.
pub struct DocumentBody(HeldBody);

impl DocumentBody {
    pub(super) fn new(body: HeldBody) -> Self {
        Self(body)
    }

    /// The next bytes; nothing at the end. An error names the vendor: it broke off, was late, or sent too much.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, CallError> {
        Ok(self.0.next().await?)
    }

    /// Everything, if it is at most `most` bytes.
    pub async fn read_all(mut self, most: usize) -> Result<Bytes, CallError> {
        Ok(self.0.read_all(most).await?)
    }

    /// As a stream of chunks.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, CallError>> + Send + 'static {
        use futures_util::TryStreamExt;
        self.0.into_stream().map_err(CallError::from)
    }
}

impl std::fmt::Debug for DocumentBody {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("DocumentBody").finish_non_exhaustive()
    }
}

pub(super) fn micros(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
}
