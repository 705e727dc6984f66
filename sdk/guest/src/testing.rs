//! A host for native tests: it hands out contexts, answers requests as scripted, and remembers what was asked and logged.

mod folder;

pub use folder::ConnectorFolder;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    ConfigValue, Context, Level,
    http::{Content, Failure, Incoming, Method, Outgoing},
};

/// A scripted host. Clones are the same host, so that one can be kept beside the context it made.
///
/// ```
/// use oke_sdk::{http::Method, testing::{Answer, FakeHost}};
///
/// let host = FakeHost::new();
/// host.on(Method::Get, "/tests", Answer::json(200, serde_json::json!([])));
/// let ctx = host.context();
/// let tests: Vec<String> = ctx.http("api").get("/tests").query("page", 2).send()?.success()?.json()?;
/// assert!(tests.is_empty());
/// assert_eq!(host.requests()[0].query, [("page".to_owned(), "2".to_owned())]);
/// # Ok::<(), oke_sdk::Error>(())
/// ```
#[derive(Clone)]
pub struct FakeHost {
    config: Vec<(String, ConfigValue)>,
    now: Timestamp,
    script: Rc<RefCell<Vec<Scripted>>>,
    requests: Rc<RefCell<Vec<Recorded>>>,
    log: Rc<RefCell<Vec<Logged>>>,
}

struct Scripted {
    method: Method,
    path: String,
    answer: Answer,
}

/// A line that was logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// How loud.
    pub level: Level,
    /// The message.
    pub message: String,
    /// Its fields.
    pub fields: Vec<(String, String)>,
}

/// A request that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Name of the endpoint.
    pub endpoint: String,
    /// Method.
    pub method: Method,
    /// Path, encoded.
    pub path: String,
    /// Query, not encoded.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Content; a body handed on is read here.
    pub content: Vec<u8>,
}

impl Recorded {
    /// The content as JSON, for comparing.
    ///
    /// # Panics
    /// When it is no JSON: then the test has failed.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.content).expect("the request should hold JSON")
    }

    /// A query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What the vendor answers to one request.
#[derive(Debug, Clone)]
pub struct Answer(Result<Parts, Failure>);

#[derive(Debug, Clone)]
struct Parts {
    status: u16,
    headers: Vec<(String, String)>,
    bytes: Vec<u8>,
}

impl Answer {
    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Self(Ok(Parts {
            status,
            headers: Vec::new(),
            bytes: Vec::new(),
        }))
    }

    /// A status with a JSON body.
    ///
    /// # Panics
    /// When `value` can't be written as JSON.
    pub fn json(status: u16, value: impl Serialize) -> Self {
        Self::bytes(
            status,
            "application/json",
            serde_json::to_vec(&value).expect("a test's value is writable as JSON"),
        )
    }

    /// A status with a body of a media type.
    pub fn bytes(status: u16, media_type: &str, bytes: Vec<u8>) -> Self {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        Self(Ok(Parts { status, headers, bytes }))
    }

    /// No answer at all.
    pub fn failure(failure: Failure) -> Self {
        Self(Err(failure))
    }

    /// The same answer with a header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Ok(parts) = &mut self.0 {
            parts.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

impl FakeHost {
    /// A host without configuration, on Monday 1 June 2026 at 08:00 UTC.
    pub fn new() -> Self {
        Self {
            config: Vec::new(),
            now: Timestamp::constant(1_780_300_800, 0),
            script: Rc::default(),
            requests: Rc::default(),
            log: Rc::default(),
        }
    }

    /// With a configuration value; the last of a name counts.
    #[must_use]
    pub fn with_config(mut self, name: &str, value: ConfigValue) -> Self {
        self.config.retain(|(key, _)| key != name);
        self.config.push((name.to_owned(), value));
        self
    }

    /// With a text in the configuration.
    #[must_use]
    pub fn with_text(self, name: &str, text: &str) -> Self {
        self.with_config(name, ConfigValue::Text(text.to_owned()))
    }

    /// With another time.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// Scripts the answer to a request. Answers to the same method and path are given in the order of scripting, the
    /// last one again and again. What is not scripted is refused, as by a grant.
    pub fn on(&self, method: Method, path: &str, answer: Answer) {
        self.script.borrow_mut().push(Scripted {
            method,
            path: path.to_owned(),
            answer,
        });
    }

    /// The context of a call: tenant `school`, 10 s of budget, idempotency key `key-1`.
    pub fn context(&self) -> Context {
        Context {
            tenant: "school".to_owned(),
            now: self.now,
            budget_ms: 10_000,
            idempotency_key: "key-1".to_owned(),
            config: self.config.clone(),
            host: self.clone(),
        }
    }

    /// What was sent so far, in order.
    pub fn requests(&self) -> Vec<Recorded> {
        self.requests.borrow().clone()
    }

    /// What was logged so far, in order.
    pub fn logged(&self) -> Vec<Logged> {
        self.log.borrow().clone()
    }

    pub(crate) fn write_log(&self, level: Level, message: &str, fields: Vec<(String, String)>) {
        self.log.borrow_mut().push(Logged {
            level,
            message: message.to_owned(),
            fields,
        });
    }
}

impl Default for FakeHost {
    fn default() -> Self {
        Self::new()
    }
}

/// Bytes as a connector gets them: read them in pieces, or hand them on unread.
pub struct Body {
    bytes: Vec<u8>,
    position: Cell<usize>,
}

impl Body {
    /// A body that holds these bytes.
    pub fn of(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            position: Cell::new(0),
        }
    }

    /// The next bytes, at most `max` and at most 1 MiB; empty at the end.
    ///
    /// # Errors
    /// None here; a real body may break.
    pub fn read(&self, max: u32) -> Result<Vec<u8>, Failure> {
        let from = self.position.get();
        let to = self.bytes.len().min(from + (max as usize).min(1024 * 1024));
        self.position.set(to);
        Ok(self.bytes[from..to].to_vec())
    }

    /// Everything, when it is at most `max` bytes.
    ///
    /// # Errors
    /// [`Failure::TooLarge`].
    pub fn read_all(&self, max: u32) -> Result<Vec<u8>, Failure> {
        let rest = self.bytes[self.position.get()..].to_vec();
        if rest.len() > max as usize {
            return Err(Failure::TooLarge);
        }
        self.position.set(self.bytes.len());
        Ok(rest)
    }
}

pub(crate) fn send(ctx: &Context, outgoing: Outgoing) -> Result<Incoming, Failure> {
    let host = &ctx.host;
    let content = match outgoing.content {
        Content::None => Vec::new(),
        Content::Bytes(bytes) => bytes,
        Content::HandedOn(body) => body.bytes,
    };
    let answer = host.next_answer(outgoing.method, &outgoing.path);
    host.requests.borrow_mut().push(Recorded {
        endpoint: outgoing.endpoint,
        method: outgoing.method,
        path: outgoing.path,
        query: outgoing.query,
        headers: outgoing.headers,
        content,
    });
    let Parts { status, headers, bytes } = answer.0?;
    Ok(Incoming {
        status,
        headers,
        body: Body::of(bytes),
    })
}

impl FakeHost {
    fn next_answer(&self, method: Method, path: &str) -> Answer {
        let mut script = self.script.borrow_mut();
        let mut matching = (0..script.len()).filter(|&at| script[at].method == method && script[at].path == path);
        let first = matching.next();
        let is_last = matching.next().is_none();
        match first {
            None => Answer::failure(Failure::Refused(format!("no answer is scripted for {method} {path}"))),
            Some(at) if is_last => script[at].answer.clone(),
            Some(at) => script.remove(at).answer,
        }
    }
}
