//! The real way out, in a component: the host's `oke:connector/http`.

use super::{Content, Failure, Incoming, Method, Outgoing};
use crate::{Context, bindings::shared::oke::connector::http as wit};

/// Bytes held by the host: read them in pieces, or hand them on unread.
pub struct Body(pub(crate) wit::Body);

impl Body {
    /// The next bytes, at most `max` and at most 1 MiB; empty at the end.
    ///
    /// # Errors
    /// [`Failure`] when the connection breaks or the budget is used up.
    pub fn read(&self, max: u32) -> Result<Vec<u8>, Failure> {
        self.0.read(max).map_err(Failure::from)
    }

    /// Everything, when it is at most `max` bytes.
    ///
    /// # Errors
    /// As [`Body::read`], and [`Failure::TooLarge`].
    pub fn read_all(&self, max: u32) -> Result<Vec<u8>, Failure> {
        self.0.read_all(max).map_err(Failure::from)
    }
}

pub(crate) fn send(_ctx: &Context, outgoing: Outgoing) -> Result<Incoming, Failure> {
    let content = match outgoing.content {
        Content::None => wit::Content::None,
        Content::Bytes(bytes) => wit::Content::Bytes(bytes),
        Content::HandedOn(body) => wit::Content::HandedOn(body.0),
    };
    let response = wit::send(wit::Request {
        endpoint: outgoing.endpoint,
        method: outgoing.method.into(),
        path: outgoing.path,
        query: outgoing.query,
        headers: outgoing.headers,
        content,
    })?;
    Ok(Incoming {
        status: response.status,
        headers: response.headers,
        body: Body(response.body),
    })
}

impl From<Method> for wit::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::Get,
            Method::Put => Self::Put,
            Method::Post => Self::Post,
            Method::Patch => Self::Patch,
            Method::Delete => Self::Delete,
        }
    }
}

impl From<wit::Failure> for Failure {
    fn from(failure: wit::Failure) -> Self {
        match failure {
            wit::Failure::Refused(what) => Self::Refused(what),
            wit::Failure::OutOfBudget => Self::OutOfBudget,
            wit::Failure::Unreachable(why) => Self::Unreachable(why),
            wit::Failure::TooLarge => Self::TooLarge,
            wit::Failure::Invalid(what) => Self::Invalid(what),
        }
    }
}
