//! The import `http`: checks a guest's request against the grant, sends it, and keeps the bodies.

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use wasmtime::component::Resource;

use super::bindings::http;
use super::blame::Incident;
use super::call::CallContext;
use super::egress::{Content, Credentials, EgressFailure, Endpoint, Outgoing, Reply};
use super::host_body::{BodyFailure, HeldBody};
use super::limits::{LARGEST_READ, MOST_BYTES_READ, MOST_HELD_BODIES, OverLimit};
use super::manifest::Method;
use super::recorder::{Body, Exchanged};
use super::redact;
use super::store_data::CallState;

const MOST_HEADERS: usize = 32;
const MOST_HEADER_BYTES: usize = 8 << 10;
const MOST_RESPONSE_HEADER_BYTES: usize = 32 << 10;
const LONGEST_PATH: usize = 2 << 10;
const LONGEST_QUERY: usize = 8 << 10;

/// Headers that belong to the host: credentials, framing, and what could point a request elsewhere.
const HOSTS_OWN: [&str; 22] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-http-method-override",
    "x-original-url",
];

/// Headers of an answer that say something about credentials or the connection.
const NOT_FOR_GUESTS: [&str; 13] = [
    "authentication-info",
    "authorization",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-connection",
    "set-cookie",
    "set-cookie2",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

impl http::Host for CallState {
    async fn send(&mut self, request: http::Request) -> wasmtime::Result<Result<http::Response, http::Failure>> {
        self.enter_host()?;
        self.meter.count_request()?;
        let context = self.context.clone();
        let exchanged = context.recorder.as_ref().map(|_| exchanged(&request));
        let Prepared {
            name,
            endpoint,
            outgoing,
        } = match self.prepare(&context, request)? {
            Ok(prepared) => prepared,
            Err(failure) => return Ok(Err(failure)),
        };
        if let (Some(recorder), Some(exchanged)) = (&context.recorder, exchanged) {
            recorder.asked(exchanged);
        }
        let sent = self
            .egress
            .send(endpoint, outgoing, self.network_until, &self.meter)
            .await;
        let reply = match sent {
            Ok(reply) => reply,
            Err(EgressFailure::OutOfBudget) => return Ok(Err(http::Failure::OutOfBudget)),
            Err(EgressFailure::Unreachable(why)) => return Ok(Err(http::Failure::Unreachable(why.to_owned()))),
            Err(EgressFailure::ForbiddenAddress) => {
                self.meter.note_incident(Incident::ForbiddenAddress { endpoint: name });
                return Ok(Err(http::Failure::Refused("the address is not allowed".to_owned())));
            }
        };
        let (status, headers, body) = match reply {
            Reply::CredentialsRefused => {
                let body = HeldBody::empty(self.network_until, self.meter.clone());
                (401, Vec::new(), body)
            }
            Reply::Answered(answer) => {
                let Some(headers) = for_guest(answer.headers(), endpoint) else {
                    return Ok(Err(http::Failure::TooLarge));
                };
                let status = answer.status().as_u16();
                let body = HeldBody::of_response(answer, self.network_until, self.meter.clone());
                (status, headers, body)
            }
        };
        let body = self
            .table
            .push(body)
            .map_err(|_| OverLimit("bodies held at the same time", MOST_HELD_BODIES))?;
        if let Some(recorder) = &context.recorder {
            recorder.answered((status, &headers), body.rep());
        }
        Ok(Ok(http::Response { status, headers, body }))
    }
}

impl http::HostBody for CallState {
    async fn read(&mut self, body: Resource<HeldBody>, max: u32) -> wasmtime::Result<Result<Vec<u8>, http::Failure>> {
        self.enter_host()?;
        let most = (max as usize).min(LARGEST_READ);
        let Some(most) = self.readable(most) else {
            return Ok(Err(http::Failure::TooLarge));
        };
        let read = self.table.get_mut(&body)?.read(most).await;
        Ok(self.counted(&body, read))
    }

    async fn read_all(
        &mut self,
        body: Resource<HeldBody>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, http::Failure>> {
        self.enter_host()?;
        let Some(most) = self.readable(max as usize) else {
            return Ok(Err(http::Failure::TooLarge));
        };
        let read = self.table.get_mut(&body)?.read_all(most).await;
        Ok(self.counted(&body, read))
    }

    async fn drop(&mut self, body: Resource<HeldBody>) -> wasmtime::Result<()> {
        self.table.delete(body)?;
        Ok(())
    }
}

/// A request that may go out.
struct Prepared<'c> {
    name: String,
    endpoint: &'c Endpoint,
    outgoing: Outgoing,
}

impl CallState {
    /// Judges a request before anything leaves. The outer error stops the guest, the inner one is its answer.
    fn prepare<'c>(
        &mut self,
        context: &'c CallContext,
        request: http::Request,
    ) -> wasmtime::Result<Result<Prepared<'c>, http::Failure>> {
        let invalid = |why: &str| Ok(Err(http::Failure::Invalid(why.to_owned())));
        if request.path.len() > LONGEST_PATH {
            return invalid("the path is longer than 2 KiB");
        }
        let method = method(request.method);
        if !context.grants.permits(&request.endpoint, method, &request.path) {
            self.meter.note_incident(Incident::NotGranted {
                endpoint: redact::key(&request.endpoint).to_owned(),
                request: format!("{} {}", method.as_str(), redact::path(&request.path)),
            });
            return Ok(Err(http::Failure::Refused(
                "the grant does not cover this endpoint, method or path".to_owned(),
            )));
        }
        let Some(endpoint) = context.endpoints.get(&request.endpoint) else {
            let endpoint = request.endpoint;
            self.meter.note_incident(Incident::NoBaseUrl { endpoint });
            return Ok(Err(http::Failure::Refused("the endpoint has no base URL".to_owned())));
        };
        if request
            .query
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum::<usize>()
            > LONGEST_QUERY
        {
            return invalid("the query is longer than 8 KiB");
        }
        let Some(url) = endpoint.url(&request.path, &request.query) else {
            return invalid("the path is not a plain path below the base URL");
        };
        let headers = match from_guest(&request.headers, endpoint) {
            Ok(headers) => headers,
            Err(HeaderFault::Malformed(why)) => return invalid(why),
            Err(HeaderFault::HostsOwn(header)) => {
                let endpoint = request.endpoint;
                self.meter.note_incident(Incident::HostsHeader { endpoint, header });
                return Ok(Err(http::Failure::Refused(
                    "this header belongs to the host".to_owned(),
                )));
            }
        };
        let content = match request.content {
            http::Content::None => Content::None,
            http::Content::Bytes(bytes) => Content::Bytes(Bytes::from(bytes)),
            http::Content::HandedOn(body) => Content::Handed(self.table.delete(body)?),
        };
        let outgoing = Outgoing {
            method: reqwest::Method::from_bytes(method.as_str().as_bytes()).expect("our methods are methods"),
            url,
            headers,
            content,
        };
        let name = request.endpoint;
        Ok(Ok(Prepared {
            name,
            endpoint,
            outgoing,
        }))
    }

    /// How much may still be read into the guest; nothing when that is used up.
    fn readable(&self, wanted: usize) -> Option<usize> {
        let left = usize::try_from(MOST_BYTES_READ.saturating_sub(self.bytes_read)).unwrap_or(usize::MAX);
        (left > 0).then(|| wanted.min(left))
    }

    fn counted(
        &mut self,
        body: &Resource<HeldBody>,
        read: Result<Bytes, BodyFailure>,
    ) -> Result<Vec<u8>, http::Failure> {
        match read {
            Ok(bytes) => {
                if let Some(recorder) = &self.context.recorder {
                    recorder.read(body.rep(), &bytes);
                }
                self.bytes_read += bytes.len() as u64;
                Ok(bytes.into())
            }
            Err(BodyFailure::OutOfBudget) => Err(http::Failure::OutOfBudget),
            Err(BodyFailure::TooLarge) => Err(http::Failure::TooLarge),
            Err(BodyFailure::Broken) => Err(http::Failure::Unreachable("the connection broke".to_owned())),
        }
    }
}

/// A request as it is recorded. Headers are left out: those of the guest say little, the host's are credentials.
fn exchanged(request: &http::Request) -> Exchanged {
    Exchanged {
        endpoint: request.endpoint.clone(),
        method: method(request.method).as_str().to_owned(),
        path: request.path.clone(),
        query: request.query.clone(),
        sent: match &request.content {
            http::Content::Bytes(bytes) => Body::of(bytes),
            http::Content::None | http::Content::HandedOn(_) => Body::default(),
        },
        ..Exchanged::default()
    }
}

fn method(method: http::Method) -> Method {
    match method {
        http::Method::Get => Method::Get,
        http::Method::Put => Method::Put,
        http::Method::Post => Method::Post,
        http::Method::Patch => Method::Patch,
        http::Method::Delete => Method::Delete,
    }
}

enum HeaderFault {
    Malformed(&'static str),
    HostsOwn(HeaderName),
}

fn from_guest(headers: &[(String, String)], endpoint: &Endpoint) -> Result<HeaderMap, HeaderFault> {
    let size: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if headers.len() > MOST_HEADERS || size > MOST_HEADER_BYTES {
        return Err(HeaderFault::Malformed("more than 32 headers or 8 KiB of them"));
    }
    let mut checked = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| HeaderFault::Malformed("a header's name is malformed"))?;
        if HOSTS_OWN.contains(&name.as_str()) || key_header(endpoint) == Some(&name) {
            return Err(HeaderFault::HostsOwn(name));
        }
        let value =
            HeaderValue::from_str(value).map_err(|_| HeaderFault::Malformed("a header's value is malformed"))?;
        checked.append(name, value);
    }
    Ok(checked)
}

/// An answer's headers without those about credentials; nothing when there is too much of them. Values that are no
/// text are left out: the contract has no place for them.
fn for_guest(headers: &HeaderMap, endpoint: &Endpoint) -> Option<Vec<(String, String)>> {
    let mut size = 0;
    let mut shown = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        if NOT_FOR_GUESTS.contains(&name.as_str()) || key_header(endpoint) == Some(name) {
            continue;
        }
        let Ok(value) = value.to_str() else { continue };
        size += name.as_str().len() + value.len();
        shown.push((name.as_str().to_owned(), value.to_owned()));
    }
    (size <= MOST_RESPONSE_HEADER_BYTES).then_some(shown)
}

fn key_header(endpoint: &Endpoint) -> Option<&HeaderName> {
    match endpoint.credentials() {
        Credentials::ApiKey { header, .. } => Some(header),
        Credentials::None | Credentials::ClientCredentials(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::egress::Secret;

    fn endpoint() -> Endpoint {
        let key = Credentials::ApiKey {
            header: HeaderName::from_static("x-vendor-key"),
            key: Secret::new("s3cret"),
        };
        Endpoint::new("https://vendor.example", key).unwrap()
    }

    #[test]
    fn a_guest_can_not_set_headers_that_belong_to_the_host() {
        for name in [
            "Authorization",
            "COOKIE",
            "host",
            "Content-Length",
            "Transfer-Encoding",
            "X-Vendor-Key",
            "X-Forwarded-Host",
        ] {
            let refused = from_guest(&[(name.to_owned(), "x".to_owned())], &endpoint());
            assert!(matches!(refused, Err(HeaderFault::HostsOwn(_))), "{name}");
        }
    }

    #[test]
    fn a_header_can_not_smuggle_another_line() {
        for (name, value) in [("accept", "a\r\nAuthorization: b"), ("a\nb", "c"), ("", "x")] {
            let refused = from_guest(&[(name.to_owned(), value.to_owned())], &endpoint());
            assert!(matches!(refused, Err(HeaderFault::Malformed(_))), "{name:?}");
        }
    }

    #[test]
    fn an_answers_credentials_do_not_reach_the_guest() {
        let mut headers = HeaderMap::new();
        for name in ["set-cookie", "www-authenticate", "x-vendor-key", "retry-after"] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("7"));
        }
        let shown = for_guest(&headers, &endpoint()).unwrap();
        assert_eq!(shown, [("retry-after".to_owned(), "7".to_owned())]);
    }
}
