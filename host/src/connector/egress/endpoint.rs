//! What a revision says about each endpoint of its connector: base URL, credentials, and the addresses inside that it
//! may reach. Checked when made, so that a call can't stumble over it.

use std::collections::BTreeMap;
use std::fmt;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use url::Host;

use super::address::AddressRange;

/// A text that is not shown: a key, a password, a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. To be called where it is sent, nowhere else.
    pub(in crate::connector) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(‹hidden›)")
    }
}

/// How the host proves to the vendor who it is. Never visible to the connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing to prove.
    None,
    /// OAuth 2.0 client credentials (RFC 6749 §4.4); the token is sent as `Authorization: Bearer`.
    ClientCredentials(ClientCredentials),
    /// A fixed key in a header, such as `X-API-Key`.
    ApiKey {
        /// Name of the header.
        header: HeaderName,
        /// The key.
        key: Secret,
    },
}

/// What a token is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    /// Token endpoint of the vendor.
    pub token_url: Url,
    /// Our client id there.
    pub client_id: String,
    /// Our client secret there.
    pub client_secret: Secret,
    /// Scopes asked for, separated by spaces; the vendor's default when absent.
    pub scope: Option<String>,
    /// Where the vendor expects id and secret.
    pub secret_in: SecretIn,
}

/// Where a token endpoint expects client id and secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecretIn {
    /// HTTP Basic, which every server must support (RFC 6749 §2.3.1).
    #[default]
    BasicHeader,
    /// `client_id` and `client_secret` in the form.
    Form,
}

/// One endpoint of one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub(super) base_url: Url,
    pub(super) credentials: Credentials,
    pub(super) allowed_addresses: Vec<AddressRange>,
    pub(super) extra_roots_pem: Option<Vec<u8>>,
}

/// An endpoint that can't be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EndpointError(String);

impl Endpoint {
    /// An endpoint at `base_url`, `https://host[:port][/path]`; plain `http` only reaches addresses that
    /// [`Endpoint::allowing`] names.
    pub fn new(base_url: &str, credentials: Credentials) -> Result<Self, EndpointError> {
        let base_url = checked_url("base URL", base_url)?;
        if let Credentials::ClientCredentials(grant) = &credentials {
            let token_url = checked_url("token URL", grant.token_url.as_str())?;
            if token_url.scheme() != base_url.scheme() {
                return Err(EndpointError(
                    "of base URL and token URL one is https and the other http; use https for both".to_owned(),
                ));
            }
        }
        if let Credentials::ApiKey { key, .. } = &credentials
            && HeaderValue::from_str(key.reveal()).is_err()
        {
            return Err(EndpointError(
                "the API key holds characters that can't be sent in a header; copy it again without line breaks"
                    .to_owned(),
            ));
        }
        Ok(Self {
            base_url,
            credentials,
            allowed_addresses: Vec::new(),
            extra_roots_pem: None,
        })
    }

    /// The same, that may also reach these private or special addresses.
    #[must_use]
    pub fn allowing(mut self, addresses: impl IntoIterator<Item = AddressRange>) -> Self {
        self.allowed_addresses.extend(addresses);
        self
    }

    /// The same, that also trusts these certificate authorities (PEM): a school's or vendor's own.
    pub fn trusting(mut self, pem: Vec<u8>) -> Result<Self, EndpointError> {
        match reqwest::Certificate::from_pem_bundle(&pem) {
            Ok(certificates) if !certificates.is_empty() => {
                self.extra_roots_pem = Some(pem);
                Ok(self)
            }
            _ => Err(EndpointError(
                "the certificates are no PEM; paste the whole text from BEGIN CERTIFICATE to END CERTIFICATE"
                    .to_owned(),
            )),
        }
    }

    pub(in crate::connector) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Whether it speaks TLS; base URL and token URL are alike in this.
    pub(super) fn is_https(&self) -> bool {
        self.base_url.scheme() == "https"
    }

    /// The URL of a path below the base URL. `None` when the path would not stay what it says it is.
    pub(crate) fn url(&self, path: &str, query: &[(String, String)]) -> Option<Url> {
        if !path.starts_with('/') {
            return None;
        }
        let base = self.base_url.as_str().trim_end_matches('/');
        let mut url = Url::parse(&format!("{base}{path}")).ok()?;
        let expected = format!("{}{path}", self.base_url.path().trim_end_matches('/'));
        let same_place = url.origin() == self.base_url.origin() && url.path() == expected;
        if !same_place || url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Some(url)
    }
}

fn checked_url(what: &str, text: &str) -> Result<Url, EndpointError> {
    let wrong = |why: &str| EndpointError(format!("the {what} {why}; write it as https://host/path"));
    let url = Url::parse(text).map_err(|error| wrong(&format!("is no URL ({error})")))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(wrong("is neither https nor http"));
    }
    match url.host() {
        None | Some(Host::Domain("")) => return Err(wrong("has no host")),
        Some(_) => {}
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a user name or password, which belong in the credentials"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("holds a query or fragment"));
    }
    Ok(url)
}

/// The endpoints of one revision, by the name they have in the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints(BTreeMap<String, Endpoint>);

impl Endpoints {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// The endpoint with this name.
    pub(in crate::connector) fn get(&self, name: &str) -> Option<&Endpoint> {
        self.0.get(name)
    }
}

impl FromIterator<(String, Endpoint)> for Endpoints {
    fn from_iter<I: IntoIterator<Item = (String, Endpoint)>>(endpoints: I) -> Self {
        Self(endpoints.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base: &str) -> Endpoint {
        Endpoint::new(base, Credentials::None).unwrap()
    }

    #[test]
    fn a_path_lands_below_the_base_url_with_its_query_encoded() {
        let url = endpoint("https://vendor.example/api/v1/")
            .url("/offerings/a%20b", &[("q".to_owned(), "x&y".to_owned())])
            .unwrap();
        assert_eq!(url.as_str(), "https://vendor.example/api/v1/offerings/a%20b?q=x%26y");
    }

    #[test]
    fn a_path_that_would_leave_the_base_url_gives_no_url() {
        let endpoint = endpoint("https://vendor.example/api");
        for path in [
            "/../admin",
            "/a/..",
            "/%2e%2e/admin",
            "/a?b=c",
            "/a#b",
            "@evil.example/",
            ":8080/x",
            "\\..\\x",
            "/a\tb",
        ] {
            assert!(endpoint.url(path, &[]).is_none(), "{path}");
        }
    }

    #[test]
    fn a_base_url_with_credentials_a_query_or_another_scheme_is_refused() {
        for wrong in [
            "ftp://x/",
            "https://user:pass@x/",
            "https://x/?a=b",
            "https://x/#f",
            "vendor",
            "file:///etc/passwd",
        ] {
            assert!(Endpoint::new(wrong, Credentials::None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_not_shown_when_its_endpoint_is_printed() {
        let key = Credentials::ApiKey {
            header: HeaderName::from_static("x-api-key"),
            key: Secret::new("s3cret"),
        };
        let endpoint = Endpoint::new("https://vendor.example", key).unwrap();
        assert!(!format!("{endpoint:?}").contains("s3cret"));
    }
}
