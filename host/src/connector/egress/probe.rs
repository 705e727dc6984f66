//! Whether an endpoint can be reached as it was set up, step by step: where it leads, whether TLS is trusted, whether
//! there is a token, and what comes back. No step goes on after one that failed.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{StatusCode, Url};
use tokio::time::timeout;

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

/// What the host signs in with at an endpoint.
#[derive(Debug, Clone)]
pub struct SignIn(Option<(HeaderName, HeaderValue)>);

impl Engine {
    /// Whether somebody answers at all, over TLS that is trusted; what they answer is of no importance.
    ///
    /// # Errors
    /// [`Unreached`].
    pub async fn try_address(&self, endpoint: &Endpoint) -> Result<(), Unreached> {
        self.reach(endpoint, &endpoint.base_url).await
    }

    /// What the host signs in with; a token is asked for anew, and kept for the calls that follow.
    ///
    /// # Errors
    /// [`Unreached`].
    pub async fn try_sign_in(&self, endpoint: &Endpoint) -> Result<SignIn, Unreached> {
        let grant = match &endpoint.credentials {
            Credentials::None => return Ok(SignIn(None)),
            Credentials::ApiKey { header, key } => {
                return Ok(SignIn(Some((header.clone(), sensitive(key.reveal())))));
            }
            Credentials::ClientCredentials(grant) => grant,
        };
        self.reach(endpoint, &grant.token_url).await?;
        let client = self.egress.clients.of(endpoint).map_err(unreached)?;
        match timeout(PATIENCE, self.egress.tokens.renew(&client, endpoint, grant)).await {
            Ok(Ok(token)) => Ok(SignIn(Some(bearer(&token)))),
            Ok(Err(TokenFailure::Refused)) => Err(Unreached::TokenRefused),
            Ok(Err(TokenFailure::Egress(EgressFailure::Unreachable(why)))) => Err(Unreached::NoToken(why.to_owned())),
            Ok(Err(TokenFailure::Egress(failure))) => Err(unreached(failure)),
            Err(_late) => Err(Unreached::NoToken("no answer in time".to_owned())),
        }
    }

    /// Reads a path below the base URL, signed in.
    ///
    /// # Errors
    /// [`Unreached`].
    pub async fn try_read(
        &self,
        endpoint: &Endpoint,
        SignIn(sign_in): &SignIn,
        path: &str,
        query: &[(String, String)],
    ) -> Result<Answer, Unreached> {
        let client = self.egress.clients.of(endpoint).map_err(unreached)?;
        let url = endpoint.url(path, query).ok_or(Unreached::ForbiddenAddress)?;
        client::check_literal_host(&url, endpoint).map_err(unreached)?;
        // Of the whole answer, its body included.
        let mut request = client.get(url).timeout(PATIENCE);
        if let Some((name, value)) = sign_in {
            request = request.header(name, value);
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

    async fn reach(&self, endpoint: &Endpoint, url: &Url) -> Result<(), Unreached> {
        let client = self.egress.clients.of(endpoint).map_err(unreached)?;
        client::check_literal_host(url, endpoint).map_err(unreached)?;
        let sent = client.head(url.clone()).timeout(PATIENCE).send().await;
        sent.map(|_| ()).map_err(|error| told(&error))
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
    match tls(error) {
        Some(tls) => Unreached::Tls(tls.to_string()),
        None => unreached(client::failure(error)),
    }
}

/// What TLS said, if it is the cause. I/O errors wrap each other, and show the cause of what they wrap.
fn tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match wrapped {
        Some(wrapped) => tls(wrapped),
        None => error.source().and_then(tls),
    }
}
