//! The HTTP client of the simulators and of who talks to them in tests.

use std::sync::Once;
use std::time::Duration;

static PROVIDER: Once = Once::new();

/// A client for the loopback network: no proxy, no redirects, 30 seconds for a whole exchange.
///
/// The client library is built without a cryptography provider of its own, so the process-wide one is installed here
/// first; a provider that is already there stays.
pub fn client() -> reqwest::Client {
    PROVIDER.call_once(|| {
        // An error means that another room has installed one already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .expect("a client without certificates, proxies or cookies has nothing that can be wrong")
}
