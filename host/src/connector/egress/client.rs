//! Connections: one `reqwest` client per place and set of allowed addresses, so that a connection opened under one
//! grant is never reused under another. Names are resolved here and every address is judged before it is used.

use std::collections::HashMap;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

use super::EgressFailure;
use super::address::{AddressRange, is_named, may_reach};
use super::endpoint::{Credentials, Endpoint};

/// Clients kept; beyond this the cache starts anew. A national install has some hundreds of peers.
const MOST_CLIENTS: usize = 2_000;
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const KEEP_IDLE: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(super) struct Clients(Mutex<HashMap<Place, reqwest::Client>>);

/// What makes two endpoints the same for connections.
#[derive(PartialEq, Eq, Hash)]
struct Place {
    origin: String,
    token_origin: Option<String>,
    allowed: Vec<AddressRange>,
    extra_roots: Option<Vec<u8>>,
}

impl Clients {
    pub fn of(&self, endpoint: &Endpoint) -> Result<reqwest::Client, EgressFailure> {
        let place = Place {
            origin: endpoint.base_url.origin().ascii_serialization(),
            token_origin: match &endpoint.credentials {
                Credentials::ClientCredentials(grant) => Some(grant.token_url.origin().ascii_serialization()),
                Credentials::None | Credentials::ApiKey { .. } => None,
            },
            allowed: endpoint.allowed_addresses.clone(),
            extra_roots: endpoint.extra_roots_pem.clone(),
        };
        let mut clients = self.0.lock().expect("no holder of this lock panics");
        if let Some(client) = clients.get(&place) {
            return Ok(client.clone());
        }
        let client = build(endpoint).map_err(|_| EgressFailure::Unreachable("TLS could not be set up on this host"))?;
        if clients.len() >= MOST_CLIENTS {
            clients.clear();
        }
        clients.insert(place, client.clone());
        Ok(client)
    }
}

fn build(endpoint: &Endpoint) -> reqwest::Result<reqwest::Client> {
    // A second installation is refused and harmless: the first was the same.
    let _already = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT_WITHIN)
        .pool_idle_timeout(KEEP_IDLE)
        .user_agent(concat!("oke-host/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(CheckedResolver {
            allowed: endpoint.allowed_addresses.clone().into(),
            named_only: !endpoint.is_https(),
        });
    let builder = match (&endpoint.extra_roots_pem, endpoint.is_https()) {
        (Some(pem), _) => builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem)?),
        // A place that speaks plain http needs no trust store, which a small machine may not have.
        (None, false) => builder.tls_certs_only([]),
        (None, true) => builder,
    };
    builder.build()
}

/// Judges a URL whose host is an address, or which is plain http: those don't pass (or not fully) the resolver.
pub(super) fn check_literal_host(url: &Url, endpoint: &Endpoint) -> Result<(), EgressFailure> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err(EgressFailure::ForbiddenAddress),
    };
    let allowed = &endpoint.allowed_addresses;
    let fine = match url.scheme() {
        "https" => may_reach(address, allowed),
        _ => is_named(address, allowed),
    };
    if fine {
        Ok(())
    } else {
        Err(EgressFailure::ForbiddenAddress)
    }
}

/// Resolves names and gives addresses only when all of them may be reached: a name that leads inside as well is a
/// trick or a mistake, and which address would be taken is chance.
struct CheckedResolver {
    allowed: Arc<[AddressRange]>,
    /// Plain http is for addresses that the grant names.
    named_only: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that the grant does not allow")]
struct AddressRefused;

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.allowed.clone();
        let named_only = self.named_only;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let refused = found.iter().any(|socket| match named_only {
                true => !is_named(socket.ip(), &allowed),
                false => !may_reach(socket.ip(), &allowed),
            });
            if refused {
                return Err(Box::new(AddressRefused) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// What a failed request means. No text of the error goes on: it holds the URL.
pub(super) fn failure(error: &reqwest::Error) -> EgressFailure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if current.is::<AddressRefused>() {
            return EgressFailure::ForbiddenAddress;
        }
        cause = current.source();
    }
    match () {
        () if error.is_timeout() => EgressFailure::Unreachable("no connection in time"),
        () if error.is_connect() => EgressFailure::Unreachable("no connection"),
        () if error.is_body() => EgressFailure::Unreachable("the body handed on stopped early"),
        () => EgressFailure::Unreachable("the connection broke"),
    }
}
