//! What one call and the system at the other end said to each other, kept while the call runs: only where functioneel
//! beheer switched recording on. Credentials are added after this, and never in it.

use std::collections::HashMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::blame::CallError;
use super::call::Caller;
use crate::domain::interface::Interface;

/// The most requests of a call that are kept.
const MOST_REQUESTS: usize = 20;
/// Of a body these first bytes are kept.
const MOST_BYTES: usize = 64 * 1024;

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchanged {
    /// The endpoint, by name.
    pub endpoint: String,
    /// The method.
    pub method: String,
    /// The path below the endpoint.
    pub path: String,
    /// The query.
    pub query: Vec<(String, String)>,
    /// The body that was sent.
    pub sent: Body,
    /// The status that came back; absent when nothing did.
    pub status: Option<u16>,
    /// The headers that the connector saw of it.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// What the connector read of the body that came back.
    pub received: Body,
}

/// A body, or its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    /// The bytes that are kept, as text; what is no UTF-8 is replaced.
    pub text: String,
    /// How many bytes there were.
    pub bytes: u64,
}

impl Body {
    /// The beginning of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let kept = &bytes[..bytes.len().min(MOST_BYTES)];
        Body {
            text: String::from_utf8_lossy(kept).into_owned(),
            bytes: bytes.len() as u64,
        }
    }

    /// Whether not all of it is kept.
    pub fn is_cut(&self) -> bool {
        self.bytes > MOST_BYTES as u64
    }
}

/// What was called: the calls that only read, and can be made again without any effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// A page of the catalogue.
    ListComponents {
        /// From where.
        cursor: Option<String>,
        /// How many.
        page_size: u32,
    },
    /// One test.
    GetComponent(String),
    /// Results since a cursor.
    Poll {
        /// From where.
        cursor: Option<String>,
        /// Of which sittings.
        sittings: Vec<String>,
    },
    /// One result.
    ReadResult(String),
    /// A sitting.
    ReadSitting(String),
    /// A page of its deelnames.
    ReadDeelnames {
        /// Whose.
        sitting: String,
        /// From where.
        cursor: Option<String>,
    },
    /// A report.
    ReadReport(String),
}

impl Asked {
    /// Whose function it is.
    #[must_use]
    pub fn interface(&self) -> Interface {
        match self {
            Asked::ListComponents { .. } | Asked::GetComponent(_) => Interface::TaToetscatalogus,
            Asked::Poll { .. } | Asked::ReadResult(_) => Interface::TaResultaten,
            Asked::ReadSitting(_) | Asked::ReadDeelnames { .. } => Interface::TaZittingsplan,
            Asked::ReadReport(_) => Interface::TaZittingsverslag,
        }
    }

    /// Makes the same call with another caller.
    ///
    /// # Errors
    /// The call's failure.
    pub async fn again(&self, caller: &Caller) -> Result<(), CallError> {
        match self {
            Asked::ListComponents { cursor, page_size } => caller
                .list_components(cursor.as_deref(), *page_size)
                .await
                .outcome
                .map(drop),
            Asked::GetComponent(id) => caller.get_component(id).await.outcome.map(drop),
            Asked::Poll { cursor, sittings } => caller.poll(cursor.as_deref(), sittings).await.outcome.map(drop),
            Asked::ReadResult(id) => caller.read_result(id).await.outcome.map(drop),
            Asked::ReadSitting(id) => caller.read_sitting(id).await.outcome.map(drop),
            Asked::ReadDeelnames { sitting, cursor } => caller
                .read_deelnames(sitting, cursor.as_deref())
                .await
                .outcome
                .map(drop),
            Asked::ReadReport(id) => caller.read_report(id).await.outcome.map(drop),
        }
    }
}

/// A recorded call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Conversation {
    /// What was called, where it can be called again.
    pub asked: Option<Asked>,
    /// What went out and came back, in order.
    pub exchanged: Vec<Exchanged>,
    /// Whether there was more than is kept, or something that is no text: it can be read, and not played again.
    #[serde(default)]
    pub is_partial: bool,
}

impl Conversation {
    /// What it takes in memory, about, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let of = |one: &Exchanged| one.path.len() + one.sent.text.len() + one.received.text.len();
        self.exchanged.iter().map(of).sum()
    }
}

/// Keeps what a call said and heard.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    called: Option<Asked>,
    exchanged: Vec<(Exchanged, Vec<u8>)>,
    /// The request that waits for its answer, if it is kept.
    asked: Option<usize>,
    /// Which answer a body in the guest's hands belongs to.
    bodies: HashMap<u32, usize>,
    /// A request found no room.
    left_out: bool,
}

impl Recorder {
    /// A call begins that can be made again.
    pub(super) fn called(&self, asked: Asked) {
        self.held().called = Some(asked);
    }

    /// A request goes out.
    pub(super) fn asked(&self, exchanged: Exchanged) {
        let mut kept = self.held();
        let has_room = kept.exchanged.len() < MOST_REQUESTS;
        kept.asked = has_room.then_some(kept.exchanged.len());
        kept.left_out |= !has_room;
        if has_room {
            kept.exchanged.push((exchanged, Vec::new()));
        }
    }

    /// Its answer came, and the guest reads its body under this handle.
    pub(super) fn answered(&self, (status, headers): (u16, &[(String, String)]), body: u32) {
        let mut kept = self.held();
        // Handles are used again: one that now belongs to a request that is not kept belongs to no other.
        kept.bodies.remove(&body);
        if let Some(at) = kept.asked.take() {
            kept.exchanged[at].0.status = Some(status);
            kept.exchanged[at].0.headers = headers.to_vec();
            kept.bodies.insert(body, at);
        }
    }

    /// The guest read these bytes of a body.
    pub(super) fn read(&self, body: u32, bytes: &[u8]) {
        let mut kept = self.held();
        let Some(at) = kept.bodies.get(&body).copied() else {
            return;
        };
        let (exchanged, received) = &mut kept.exchanged[at];
        exchanged.received.bytes += bytes.len() as u64;
        let room = MOST_BYTES.saturating_sub(received.len());
        received.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// All of it; the recorder is empty afterwards.
    pub fn take(&self) -> Conversation {
        let kept = std::mem::take(&mut *self.held());
        let whole = |(exchanged, received): (Exchanged, Vec<u8>)| Exchanged {
            received: Body {
                text: String::from_utf8_lossy(&received).into_owned(),
                ..exchanged.received
            },
            ..exchanged
        };
        let is_text = |(_, received): &(Exchanged, Vec<u8>)| std::str::from_utf8(received).is_ok();
        let is_cut = |(one, _): &(Exchanged, Vec<u8>)| one.sent.is_cut() || one.received.is_cut();
        let is_whole = |one: &(Exchanged, Vec<u8>)| is_text(one) && !is_cut(one);
        Conversation {
            is_partial: kept.left_out || !kept.exchanged.iter().all(is_whole),
            asked: kept.called,
            exchanged: kept.exchanged.into_iter().map(whole).collect(),
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str) -> Exchanged {
        Exchanged {
            path: path.to_owned(),
            ..Exchanged::default()
        }
    }

    #[test]
    fn an_answer_belongs_to_its_request_though_handles_are_used_again() {
        let recorder = Recorder::default();
        recorder.asked(asked("/lost"));
        recorder.asked(asked("/one"));
        recorder.answered((200, &[]), 7);
        recorder.read(7, b"fir");
        recorder.read(7, b"st");
        recorder.asked(asked("/two"));
        recorder.answered((404, &[]), 7);
        recorder.read(7, b"second");
        let told: Vec<_> = recorder
            .take()
            .exchanged
            .into_iter()
            .map(|one| (one.path, one.status, one.received.text))
            .collect();
        let of = |path: &str, status, text: &str| (path.to_owned(), status, text.to_owned());
        assert_eq!(
            told,
            [
                of("/lost", None, ""),
                of("/one", Some(200), "first"),
                of("/two", Some(404), "second")
            ]
        );
        assert_eq!(recorder.take(), Conversation::default());
    }

    #[test]
    fn a_call_of_which_something_is_missing_or_is_no_text_says_so() {
        let said = |requests: usize, body: &[u8]| {
            let recorder = Recorder::default();
            for number in 0..requests {
                recorder.asked(asked(&format!("/{number}")));
                recorder.answered((200, &[]), 1);
                recorder.read(1, body);
            }
            recorder.take().is_partial
        };
        assert!(!said(MOST_REQUESTS, "7,5 voor Noor".as_bytes()));
        assert!(said(MOST_REQUESTS + 1, b"{}"), "a request more than is kept");
        assert!(said(1, &[0xE9]), "Windows-1252");
        assert!(said(1, &[b'a'; MOST_BYTES + 1]));
    }

    #[test]
    fn what_is_kept_of_a_call_is_bounded() {
        let recorder = Recorder::default();
        for number in 0..100 {
            recorder.asked(asked(&format!("/{number}")));
            recorder.answered((200, &[]), 1);
            recorder.read(1, &[b'a'; 50_000]);
            recorder.read(1, &[b'b'; 50_000]);
        }
        let kept = recorder.take();
        assert!(kept.is_partial);
        let kept = kept.exchanged;
        assert_eq!(kept.len(), MOST_REQUESTS);
        for one in kept {
            assert_eq!((one.received.text.len(), one.received.bytes), (MOST_BYTES, 100_000));
            assert!(one.received.is_cut());
        }
    }
}
