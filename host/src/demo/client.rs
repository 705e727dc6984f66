//! What the people of the school use: the management API, with an account's token.

use std::time::Duration;

use reqwest::header::LINK;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::{DemoError, until};
use crate::simulator::client;

/// Somebody signed in at the API.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    /// With a token, at a host.
    #[must_use]
    pub fn new(base: &str, token: &str) -> Self {
        Client {
            http: client(),
            base: base.to_owned(),
            token: token.to_owned(),
        }
    }

    /// The same host, as somebody else.
    #[must_use]
    pub fn as_other(&self, token: &str) -> Self {
        Client {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/api/v1{path}", self.base))
            .bearer_auth(&self.token)
    }

    /// Reads; of a list all pages.
    ///
    /// # Errors
    /// The host's own sentence.
    pub async fn get(&self, path: &str) -> Result<Value, DemoError> {
        let (mut read, mut next) = answer_and_next(path, self.request(Method::GET, path)).await?;
        while let Some(address) = next {
            let request = self
                .http
                .get(format!("{}{address}", self.base))
                .bearer_auth(&self.token);
            let (more, after) = answer_and_next(path, request).await?;
            if let (Value::Array(items), Value::Array(more)) = (&mut read, more) {
                items.extend(more);
            }
            next = after;
        }
        Ok(read)
    }

    /// Makes or does.
    ///
    /// # Errors
    /// The host's own sentence.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, DemoError> {
        answered(path, self.request(Method::POST, path).json(body)).await
    }

    /// Sets.
    ///
    /// # Errors
    /// The host's own sentence.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, DemoError> {
        answered(path, self.request(Method::PUT, path).json(body)).await
    }

    /// Hands over a package.
    ///
    /// # Errors
    /// The host's own sentence.
    pub async fn upload(&self, path: &str, bytes: Vec<u8>) -> Result<Value, DemoError> {
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/octet-stream")
            .body(bytes);
        answered(path, request).await
    }

    /// Reads what is no JSON.
    ///
    /// # Errors
    /// The host's own sentence.
    pub async fn text(&self, path: &str) -> Result<String, DemoError> {
        let failed = DemoError::while_doing(path);
        let response = self
            .request(Method::GET, path)
            .send()
            .await
            .map_err(|error| failed(&error))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| failed(&error))?;
        match status.is_success() {
            true => Ok(text),
            false => Err(DemoError(format!("{path} answered {status}: {text}"))),
        }
    }

    /// Waits until a package has passed its keuring.
    ///
    /// # Errors
    /// When it fails, with what failed, or takes longer than `patience`.
    pub async fn keuring_passed(&self, digest: &str, patience: Duration) -> Result<(), DemoError> {
        let path = format!("/packages/{digest}/keuringen");
        until("a package has passed its keuring", patience, || async {
            let keuringen = self.get(&path).await?;
            match keuringen[0]["state"].as_str() {
                Some("passed") => Ok(Ok(())),
                Some("failed") => Err(DemoError(format!("a package failed its keuring: {}", keuringen[0]))),
                _ => Ok(Err(format!("{} of {}", keuringen[0]["done"], keuringen[0]["total"]))),
            }
        })
        .await
    }

    /// Approves what a package may do for a peer beyond what runs there.
    ///
    /// # Errors
    /// The host's own sentence.
    pub async fn approve(&self, peer: &str, digest: &str, reason: &str) -> Result<(), DemoError> {
        let path = format!("/peers/{peer}/admission/{digest}");
        let seen = text(&self.get(&path).await?, "fingerprint")?;
        let said = serde_json::json!({ "seen": seen, "reason": reason });
        self.post(&path, &said).await.map(drop)
    }
}

async fn answered(path: &str, request: RequestBuilder) -> Result<Value, DemoError> {
    Ok(answer_and_next(path, request).await?.0)
}

/// An answer, and where its list goes on: `</api/v1/…>; rel="next"`.
async fn answer_and_next(path: &str, request: RequestBuilder) -> Result<(Value, Option<String>), DemoError> {
    let failed = DemoError::while_doing(path);
    let response = request.send().await.map_err(|error| failed(&error))?;
    let status = response.status();
    let link = response.headers().get(LINK).and_then(|link| link.to_str().ok());
    let next = link
        .and_then(|link| link.strip_prefix('<')?.strip_suffix(">; rel=\"next\""))
        .map(str::to_owned);
    let text = response.text().await.map_err(|error| failed(&error))?;
    let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok((value, next));
    }
    let detail = value["detail"].as_str().unwrap_or(&text);
    Err(DemoError(format!("{path} answered {status}: {detail}")))
}

/// A field that must be text.
///
/// # Errors
/// Names the field that is missing.
pub fn text(value: &Value, field: &str) -> Result<String, DemoError> {
    value[field]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| DemoError(format!("an answer has no `{field}`: {value}")))
}

/// A list.
///
/// # Errors
/// When it is none.
pub fn list(value: Value) -> Result<Vec<Value>, DemoError> {
    match value {
        Value::Array(items) => Ok(items),
        other => Err(DemoError(format!("an answer is no list: {other}"))),
    }
}
