//! The way to a running host: a client of the management API, for the verbs of `oke connector` that need one.

use std::time::Duration;

use clap::Args;
use reqwest::Method;
use serde_json::Value;

use crate::cli::outcome::Stop;

/// Which host, and as whom.
#[derive(Debug, Args)]
pub(super) struct Host {
    /// Address of the host
    #[arg(long, env = "OKE_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: String,
    /// Token of your account; better in the environment than on the command line
    #[arg(long, env = "OKE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: String,
}

/// A host that does not answer within this time is told to be out of reach.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A host that says nothing for this long has gone; judging a package takes it seconds.
const SILENCE_LIMIT: Duration = Duration::from_secs(120);

/// So much of an answer that is none of ours is repeated.
const MOST_REPEATED: usize = 200;

impl Host {
    /// One call below `/api/v1`; the segments of its path need no encoding.
    pub(super) fn call(&self, method: Method, path: &[&str], body: Option<Sent>) -> Result<Value, Stop> {
        crate::cli::on_runtime(self.ask(method, self.address(path)?, body))?
    }

    /// A question with a parameter, when there is one.
    pub(super) fn ask_with(&self, path: &[&str], parameter: Option<(&str, String)>) -> Result<Value, Stop> {
        let mut url = self.address(path)?;
        if let Some((name, value)) = parameter {
            url.query_pairs_mut().append_pair(name, &value);
        }
        crate::cli::on_runtime(self.ask(Method::GET, url, None))?
    }

    fn address(&self, path: &[&str]) -> Result<reqwest::Url, Stop> {
        let no_address = || {
            Stop::Usage(format!(
                "`{}` is no address of a host; write http://HOST:PORT",
                self.url
            ))
        };
        let mut url: reqwest::Url = self.url.parse().map_err(|_| no_address())?;
        let mut segments = url.path_segments_mut().map_err(|()| no_address())?;
        segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        drop(segments);
        Ok(url)
    }

    async fn ask(&self, method: Method, url: reqwest::Url, body: Option<Sent>) -> Result<Value, Stop> {
        let _already = rustls::crypto::ring::default_provider().install_default();
        let unreachable = |error: reqwest::Error| {
            let told = crate::cli::told("unreachable", &error.without_url());
            match told {
                Stop::Refused { reason, message } => Stop::refused(
                    reason,
                    format!(
                        "could not reach the host at {}: {message}; does `oke serve` run there? Name another with --url \
                         or OKE_URL",
                        self.url
                    ),
                ),
                other => other,
            }
        };
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            .read_timeout(SILENCE_LIMIT)
            .build()
            .map_err(unreachable)?;
        let request = client.request(method, url).bearer_auth(&self.token);
        let request = match body {
            None => request,
            Some(Sent::Json(value)) => request.json(&value),
            Some(Sent::Bytes(bytes)) => request.header("content-type", "application/octet-stream").body(bytes),
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        if status.is_success() && text.is_empty() {
            return Ok(Value::Null);
        }
        let read = serde_json::from_str::<Value>(&text);
        match read {
            Ok(value) if status.is_success() => Ok(value),
            Ok(problem) if problem["detail"].is_string() => Err(Stop::refused(
                problem["reason"].as_str().unwrap_or("refused"),
                shown(&problem["detail"]),
            )),
            _ => Err(Stop::refused(
                "no-host",
                format!(
                    "what answers at {} is no OKE Host: {status}, {}",
                    self.url,
                    text.chars().take(MOST_REPEATED).collect::<String>().escape_debug()
                ),
            )),
        }
    }
}

/// A body of a request.
pub(super) enum Sent {
    Json(Value),
    Bytes(Vec<u8>),
}

/// A text of an answer.
pub(super) fn shown(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_stays_one_part_of_the_address() {
        let host = Host {
            url: "http://127.0.0.1:1/".to_owned(),
            token: String::new(),
        };
        let url = host.address(&["peers", "a/../b?c#d", "rollback"]).unwrap();
        assert_eq!(url.path(), "/api/v1/peers/a%2F..%2Fb%3Fc%23d/rollback");
        assert_eq!((url.query(), url.fragment()), (None, None));
    }
}
