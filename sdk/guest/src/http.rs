//! The way out to the vendor. The host adds base URL, credentials and TLS, and refuses what the grant does not name.

mod answer;
#[cfg(target_arch = "wasm32")]
mod host;
mod path;
mod response;

use std::fmt;

use serde::Serialize;

pub use path::{IntoPath, segment};
pub use response::Response;
pub(crate) use response::from_json;

use crate::{Context, Error};

#[cfg(not(target_arch = "wasm32"))]
use crate::testing as transport;
#[cfg(target_arch = "wasm32")]
use host as transport;

pub use transport::Body;

/// Method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// PUT.
    Put,
    /// POST.
    Post,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        })
    }
}

/// Why a request got no answer, as the host tells it (`oke:connector/http.failure`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The grant does not cover this endpoint, method or path.
    Refused(String),
    /// The budget of the call is used up.
    OutOfBudget,
    /// No connection, or it broke; whether the request was applied is unknown.
    Unreachable(String),
    /// Larger than asked for or than the host allows.
    TooLarge,
    /// The request is malformed.
    Invalid(String),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(what) => Self::Bug(format!("asked for what the grant does not cover: {what}")),
            Failure::OutOfBudget | Failure::Unreachable(_) => Self::Transient(None),
            Failure::TooLarge => Self::Rejected {
                code: "too-large".to_owned(),
                message: "the vendor's answer is larger than the host allows".to_owned(),
            },
            Failure::Invalid(what) => Self::Bug(format!("built a malformed request: {what}")),
        }
    }
}

/// What a request carries.
pub(crate) enum Content {
    None,
    Bytes(Vec<u8>),
    HandedOn(Body),
}

/// A request ready to go.
pub(crate) struct Outgoing {
    pub endpoint: String,
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub content: Content,
}

/// What came back.
pub(crate) struct Incoming {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Body,
}

/// An endpoint of the manifest, from [`Context::http`].
#[derive(Debug, Clone, Copy)]
pub struct Endpoint<'a> {
    ctx: &'a Context,
    name: &'a str,
}

impl<'a> Endpoint<'a> {
    pub(crate) fn new(ctx: &'a Context, name: &'a str) -> Self {
        Self { ctx, name }
    }

    /// A GET of `path` below the endpoint's base URL.
    pub fn get(self, path: impl IntoPath) -> Request<'a> {
        self.request(Method::Get, path)
    }

    /// A PUT.
    pub fn put(self, path: impl IntoPath) -> Request<'a> {
        self.request(Method::Put, path)
    }

    /// A POST.
    pub fn post(self, path: impl IntoPath) -> Request<'a> {
        self.request(Method::Post, path)
    }

    /// A PATCH.
    pub fn patch(self, path: impl IntoPath) -> Request<'a> {
        self.request(Method::Patch, path)
    }

    /// A DELETE.
    pub fn delete(self, path: impl IntoPath) -> Request<'a> {
        self.request(Method::Delete, path)
    }

    /// A request by any method.
    pub fn request(self, method: Method, path: impl IntoPath) -> Request<'a> {
        Request {
            ctx: self.ctx,
            endpoint: self.name,
            method,
            path: path.into_path(),
            query: Vec::new(),
            headers: Vec::new(),
            content: Ok(Content::None),
        }
    }
}

/// A request under construction; nothing leaves before [`Request::send`].
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'a> {
    ctx: &'a Context,
    endpoint: &'a str,
    method: Method,
    path: Result<String, Error>,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    content: Result<Content, Error>,
}

impl Request<'_> {
    /// Adds a query parameter; the host encodes it.
    pub fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// The same, where there is a value: the cursor of a page, which the first page has not.
    pub fn query_opt(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a header; never credentials, the host adds those.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends `value` as `application/json`.
    pub fn json(self, value: &impl Serialize) -> Self {
        self.serialized("application/json", value)
    }

    /// Sends `value` as `application/merge-patch+json` (R3).
    pub fn merge_patch(self, value: &impl Serialize) -> Self {
        self.serialized("application/merge-patch+json", value)
    }

    /// Sends bytes of the media type given.
    pub fn bytes(mut self, media_type: &str, bytes: Vec<u8>) -> Self {
        self.content = Ok(Content::Bytes(bytes));
        self.header("content-type", media_type)
    }

    /// Sends a body received earlier, unread, so that a document streams through the host.
    pub fn hand_on(mut self, media_type: &str, body: Body) -> Self {
        self.content = Ok(Content::HandedOn(body));
        self.header("content-type", media_type)
    }

    /// Sends it and waits for status and headers. Every status is an answer: see [`Response::success`].
    ///
    /// # Errors
    /// [`Error::Transient`] when there was no answer or the budget is used up, [`Error::Bug`] when the grant does not
    /// cover the request or it is malformed, [`Error::Unrepresentable`] when an id can't be part of a path.
    pub fn send(self) -> Result<Response, Error> {
        let outgoing = Outgoing {
            endpoint: self.endpoint.to_owned(),
            method: self.method,
            path: self.path?,
            query: self.query,
            headers: self.headers,
            content: self.content?,
        };
        Ok(Response::new(self.ctx.now(), transport::send(self.ctx, outgoing)?))
    }

    fn serialized(mut self, media_type: &str, value: &impl Serialize) -> Self {
        self.content = serde_json::to_vec(value)
            .map(Content::Bytes)
            .map_err(|error| Error::Bug(format!("could not write a request as JSON: {error}")));
        self.header("content-type", media_type)
    }
}
