//! Whether an endpoint can be reached as it was set up, step by step: where it leads, whether TLS is trusted, whether
//! there is a token, and what comes back. No step goes on after one that failed.

use std::error::Error;
use std::time::Duration;

use reqwest::{StatusCode, Url};

use super::token::TokenFailure;
use super::{Credentials, EgressFailure, Endpoint, bearer, client, sensitive};
use crate::connector::engine::Engine;

/// So long a step may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Of an answer so much is read.
const LARGEST_ANSWER: usize = 4 << 20;

/// Why an endpoint can't be reached as it was set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// The name leads to an address that is not allowed, or the address itself is not.
    #[error("the address is private or special and not among the allowed addresses")]
    ForbiddenAddress,
    /// Nobody answers there.
    #[error("nobody answers at this address: {0}")]
    NoConnection(String),
    /// Its certificate is not trusted.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The token endpoint does not take client id, secret or scope.
    #[error("the token endpoint refused the client id, its secret or the scope")]
    TokenRefused,
    /// The token endpoint did not give a token.
    #[error("no token: {0}")]
    NoToken(String),
}

/// What a request to the endpoint brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body, no more than a few MiB of it.
    pub body: Vec<u8>,
}

impl Engine {
    /// Gets a token anew, where the endpoint needs one.
    ///
    /// # Errors
    /// [`Unreached`].
    pub async fn try_token(&self, endpoint: &Endpoint) -> Result<(), Unreached> {
        let Credentials::ClientCredentials(grant) = &endpoint.credentials else {
            return Ok(());
        };
        // Not the one that is kept: it may be older than what was set up.
        self.reach(endpoint, &grant.token_url).await?;
        let client = self.egress.clients.of(endpoint).map_err(unreached)?;
        match tokio::time::timeout(PATIENCE, super::token::fetch(&client, endpoint, grant)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(TokenFailure::Refused)) => Err(Unreached::TokenRefused),
            Ok(Err(TokenFailure::Egress(EgressFailure::Unreachable(why)))) => Err(Unreached::NoToken(why.to_owned())),
            Ok(Err(TokenFailure::Egress(failure))) => Err(unreached(failure)),
            Err(_late) => Err(Unreached::NoToken("no answer in time".to_owned())),
        }
    }

    /// Whether somebody answers at all, over TLS that is trusted; what they answer is of no importance.
    ///
    /// # Errors
    /// [`Unreached`].
    pub async fn try_address(&self, endpoint: &Endpoint) -> Result<(), Unreached> {
        self.reach(endpoint, &endpoint.base_url).await
    }

    async fn reach(&self, endpoint: &Endpoint, url: &Url) -> Result<(), Unreached> {
        let client = self.egress.clients.of(endpoint).map_err(unreached)?;
        client::check_literal_host(url, endpoint).map_err(unreached)?;
        let sent = client.head(url.clone()).timeout(PATIENCE).send().await;
        sent.map(|_| ()).map_err(|error| told(&error))
    }

    /// Reads a path below the base URL, signed in as the connector would be.
    ///
    /// # Errors
    /// [`Unreached`].
    pub async fn try_read(
        &self,
        endpoint: &Endpoint,
        path: &str,
        query: &[(String, String)],
    ) -> Result<Answer, Unreached> {
        let client = self.egress.clients.of(endpoint).map_err(unreached)?;
        let url = endpoint.url(path, query).ok_or(Unreached::ForbiddenAddress)?;
        client::check_literal_host(&url, endpoint).map_err(unreached)?;
        let mut request = client.get(url).timeout(PATIENCE);
        match &endpoint.credentials {
            Credentials::None => {}
            Credentials::ApiKey { header, key } => request = request.header(header, sensitive(key.reveal())),
            Credentials::ClientCredentials(grant) => {
                let token = self.egress.tokens.get(&client, endpoint, grant).await;
                let (name, value) = match token {
                    Ok(token) => bearer(&token),
                    Err(TokenFailure::Refused) => return Err(Unreached::TokenRefused),
                    Err(TokenFailure::Egress(failure)) => return Err(unreached(failure)),
                };
                request = request.header(name, value);
            }
        }
        let mut answer = request.send().await.map_err(|error| told(&error))?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| told(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST_ANSWER {
                break;
            }
        }
        Ok(Answer { status, body })
    }
}

fn unreached(failure: EgressFailure) -> Unreached {
    match failure {
        EgressFailure::ForbiddenAddress => Unreached::ForbiddenAddress,
        EgressFailure::OutOfBudget => Unreached::NoConnection("no answer in time".to_owned()),
        EgressFailure::Unreachable(why) => Unreached::NoConnection(why.to_owned()),
    }
}

/// What a failed request means. Of the error only what TLS says goes on: the rest holds the URL.
fn told(error: &reqwest::Error) -> Unreached {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = cause {
        // An I/O error shows the cause of the one that it wraps, and not that one itself.
        let wrapped = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = wrapped.map_or_else(
            || current.downcast_ref::<rustls::Error>(),
            |wrapped| wrapped.downcast_ref::<rustls::Error>(),
        );
        if let Some(tls) = tls {
            return Unreached::Tls(tls.to_string());
        }
        cause = current.source();
    }
    unreached(client::failure(error))
}
