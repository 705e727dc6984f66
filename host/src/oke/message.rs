//! A message's body: JSON of a bounded size and depth, under a media type the standard knows (R3).

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde_json::Value;

use super::problem::Problem;
use crate::api::storable::not_storable;

/// Deeper nesting than any message of the standard has.
const DEEPEST: usize = 32;

/// A message as it came.
pub struct Message {
    /// Its bytes, for the inbox.
    pub content: Bytes,
    /// Read as JSON; an object.
    pub value: Value,
}

impl<S: Send + Sync> FromRequest<S> for Message {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        let essence = media_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        if !["application/json", "application/merge-patch+json"].contains(&essence.as_str()) {
            return Err(Problem::bad(format!(
                "Content-Type is `{essence}`; send application/json, or application/merge-patch+json with PATCH"
            )));
        }
        let content = Bytes::from_request(request, state).await.map_err(|rejection| {
            Problem::bad(format!(
                "the body can't be taken: {}; send at most 1 MiB",
                rejection.body_text()
            ))
        })?;
        let text = std::str::from_utf8(&content).map_err(|error| {
            Problem::bad(format!(
                "the body is no UTF-8: byte {} begins no character",
                error.valid_up_to()
            ))
        })?;
        let too_deep = deepest(text.as_bytes()) > DEEPEST;
        if too_deep {
            return Err(Problem::bad(format!(
                "the body nests deeper than {DEEPEST} levels; no OKE message does"
            )));
        }
        let value: Value = serde_json::from_str(text).map_err(|error| {
            Problem::bad(format!(
                "the body is no JSON: line {}, column {}: {}",
                error.line(),
                error.column(),
                kind(&error)
            ))
        })?;
        if !value.is_object() {
            return Err(Problem::bad(
                "the body is no JSON object; send the object itself, without a list around it",
            ));
        }
        if let Some(what) = not_storable(&value) {
            return Err(Problem::bad(what));
        }
        Ok(Message { content, value })
    }
}

/// How deep brackets nest, outside texts. Looked at before parsing, so that depth costs nothing.
fn deepest(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let (mut inside_text, mut escaped) = (false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside_text => escaped = true,
            b'"' => inside_text = !inside_text,
            b'{' | b'[' if !inside_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !inside_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// What the parser met, without repeating content, which may be personal data.
fn kind(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        _ => "a character that doesn't belong there",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_inside_texts_do_not_nest() {
        assert_eq!(deepest(br#"{"a": "[[[[{{{{\"[[", "b": [1]}"#), 2);
        assert_eq!(deepest("[".repeat(40).as_bytes()), 40);
    }
}
