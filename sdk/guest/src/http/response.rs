//! What the vendor answered, and what its status decides (R21).

use jiff::{Timestamp, Unit, fmt::rfc2822};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Body, Incoming};
use crate::{Document, Error};

/// Largest answer that is read whole, in bytes. Documents are not read: hand on their [`Body`].
const MAX_READ: u32 = 1024 * 1024;

/// Longest text of a vendor's own words that is passed on, in characters.
const MAX_WORDS: usize = 500;

/// An answer of the vendor; its body has not been read yet.
pub struct Response {
    asked_at: Timestamp,
    incoming: Incoming,
}

/// The parts of a problem body (R21) that tell a person something.
#[derive(Deserialize)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
}

impl Response {
    pub(crate) fn new(asked_at: Timestamp, incoming: Incoming) -> Self {
        Self { asked_at, incoming }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.incoming.status
    }

    /// A header by its name, without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.incoming.headers.iter();
        headers
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The answer itself for a 2xx, else the error that the status means (R21): 401 and 403 refuse the credentials, 429
    /// asks to wait, 408 and 5xx may pass by themselves, and any other status is the vendor's refusal.
    ///
    /// # Errors
    /// As said; the refusal carries the status and the words of the vendor's problem body, as far as it gave one.
    pub fn success(self) -> Result<Self, Error> {
        match self.status() {
            200..=299 => Ok(self),
            401 | 403 => Err(Error::AuthExpired),
            429 => Err(Error::RateLimited(self.retry_after())),
            408 | 500..=599 => Err(Error::Transient(self.retry_after())),
            status => Err(Error::Rejected {
                code: status.to_string(),
                message: self.words(),
            }),
        }
    }

    /// As [`Response::success`], but `None` for a 404: what was asked for is not there.
    ///
    /// # Errors
    /// As [`Response::success`].
    pub fn found(self) -> Result<Option<Self>, Error> {
        if self.status() == 404 {
            Ok(None)
        } else {
            self.success().map(Some)
        }
    }

    /// The whole body, at most 1 MiB.
    ///
    /// # Errors
    /// [`Error::Transient`] when the connection breaks, [`Error::Rejected`] when it is larger.
    pub fn bytes(self) -> Result<Vec<u8>, Error> {
        Ok(self.incoming.body.read_all(MAX_READ)?)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// As [`Response::bytes`], and [`Error::Rejected`] with code `invalid-json` when it can't be read as `T`.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        from_json(&self.bytes()?, "the vendor's answer")
    }

    /// The body as a document of the media type that the vendor says, unread (R27).
    pub fn into_document(self) -> Document {
        // RFC 9110: a recipient may take content without a type for plain bytes.
        let media_type = self.header("content-type").unwrap_or("application/octet-stream");
        Document {
            media_type: media_type.to_owned(),
            content: self.into_body(),
        }
    }

    /// The body, unread.
    pub fn into_body(self) -> Body {
        self.incoming.body
    }

    /// Seconds to wait, from `Retry-After` as a number or as a date.
    fn retry_after(&self) -> Option<u32> {
        let value = self.header("retry-after")?.trim();
        if let Ok(seconds) = value.parse::<u32>() {
            return Some(seconds);
        }
        let until = rfc2822::parse(value).ok()?.timestamp();
        let wait = until.since((Unit::Second, self.asked_at)).ok()?.get_seconds();
        Some(u32::try_from(wait.max(0)).unwrap_or(u32::MAX))
    }

    /// The vendor's own words, shortened; nothing of a body that is no problem, which may hold anything.
    fn words(self) -> String {
        let status = self.status();
        let problem = self
            .bytes()
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Problem>(&bytes).ok());
        let words = problem.map_or_else(String::new, |problem| {
            [problem.title, problem.detail]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(": ")
        });
        if words.is_empty() {
            return format!("the vendor answered {status} without saying why");
        }
        words.chars().take(MAX_WORDS).collect()
    }
}

/// Reads JSON. What it holds is not quoted in the error: it may be about a person.
pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = format!("{what} is not the JSON expected, at line {line} column {column}");
        Error::rejected("invalid-json", message)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{
        Error,
        http::Method,
        testing::{Answer, FakeHost},
    };

    fn outcome(answer: Answer) -> Result<u16, Error> {
        let host = FakeHost::new();
        host.on(Method::Get, "/x", answer);
        let ctx = host.context();
        ctx.http("api")
            .get("/x")
            .send()
            .and_then(super::Response::success)
            .map(|answer| answer.status())
    }

    /// R21: as a client, an unlisted 4xx is permanent until a person looks, 429 and 5xx are transient.
    #[test]
    fn the_status_decides_what_happens_next() {
        assert_eq!(outcome(Answer::status(201)), Ok(201));
        assert_eq!(outcome(Answer::status(401)), Err(Error::AuthExpired));
        assert_eq!(outcome(Answer::status(403)), Err(Error::AuthExpired));
        assert_eq!(
            outcome(Answer::status(429).header("Retry-After", "7")),
            Err(Error::RateLimited(Some(7)))
        );
        assert_eq!(outcome(Answer::status(503)), Err(Error::Transient(None)));
        assert_eq!(
            outcome(Answer::json(
                422,
                json!({"title": "No", "detail": "unknown component", "status": "422"})
            )),
            Err(Error::Rejected {
                code: "422".to_owned(),
                message: "No: unknown component".to_owned()
            })
        );
        assert_eq!(
            outcome(Answer::status(418)),
            Err(Error::Rejected {
                code: "418".to_owned(),
                message: "the vendor answered 418 without saying why".to_owned()
            })
        );
    }

    #[test]
    fn retry_after_may_be_a_date() {
        let answer = Answer::status(503).header("retry-after", "Mon, 01 Jun 2026 08:01:30 GMT");
        assert_eq!(outcome(answer), Err(Error::Transient(Some(90))));
    }

    #[test]
    fn an_answer_that_is_no_json_says_where() {
        let host = FakeHost::new();
        host.on(
            Method::Get,
            "/x",
            Answer::bytes(200, "application/json", b"{\"a\": ".to_vec()),
        );
        let ctx = host.context();

        let read = ctx
            .http("api")
            .get("/x")
            .send()
            .and_then(super::Response::json::<serde_json::Value>);

        assert_eq!(
            read,
            Err(Error::Rejected {
                code: "invalid-json".to_owned(),
                message: "the vendor's answer is not the JSON expected, at line 1 column 6".to_owned()
            })
        );
    }
}
