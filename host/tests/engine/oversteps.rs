//! Requests beyond the grant: refused, the connector's bug, and an incident, also when the guest keeps quiet about it.

use std::sync::atomic::Ordering;

use oke_host::connector::blame::{Blame, Decision};
use oke_host::connector::egress::{Credentials, Endpoint, Endpoints};

use crate::stage::{Adjust, Stage, assert_bug, context, failed};
use crate::vendor::Vendor;

const INCIDENTS: [&str; 15] = [
    "endpoint",
    "url",
    "path",
    "method",
    "dot-dot",
    "encoded-dot-dot",
    "encoded-slash",
    "backslash",
    "authority",
    "absolute",
    "userinfo",
    "fragment",
    "query-in-path",
    "credentials",
    "host-header",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_beyond_the_grant_leaves_and_each_try_is_an_incident() {
    let Some(stage) = Stage::new() else { return };
    let oversteps = stage.load("oversteps").await;
    let vendor = Vendor::open().await;
    let context = || context().api(&vendor.base, Credentials::None, &["GET /components/*"]);
    let granted = stage.caller_with(&oversteps, context()).get_component("granted").await;
    assert_eq!(granted.outcome, Ok(None));
    assert_eq!(vendor.requests(), 1);
    for what in INCIDENTS {
        for asked in [what.to_owned(), format!("{what}-quietly")] {
            let (error, _) = failed(
                stage.caller_with(&oversteps, context()).get_component(&asked).await,
                2_000,
            );
            assert_bug(&error);
            assert!(error.incident, "{asked}: {error}");
            assert!(
                !error.detail.contains("users"),
                "a path's ids stay out of the log: {error}"
            );
        }
    }
    let (error, _) = failed(
        stage
            .caller_with(&oversteps, context())
            .get_component("split-header")
            .await,
        2_000,
    );
    assert_bug(&error);
    let (first, _) = failed(
        stage.caller_with(&oversteps, context()).list_components(None, 1).await,
        2_000,
    );
    assert!(first.incident && first.detail.contains("elsewhere"), "{first}");
    assert_eq!((vendor.requests(), vendor.seen.admin.load(Ordering::Relaxed)), (1, 0));
    stage.assert_all_came_back();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_inside_that_nobody_named_is_an_incident_of_the_host() {
    let Some(stage) = Stage::new() else { return };
    let oversteps = stage.load("oversteps").await;
    let vendor = Vendor::open().await;
    let named = vendor.base.replace("127.0.0.1", "localhost");
    for base in [&vendor.base, &named] {
        let mut context = context().api(base, Credentials::None, &["GET /components/*"]);
        let endpoint = Endpoint::new(base, Credentials::None).unwrap();
        context.endpoints = Endpoints::from_iter([("api".to_owned(), endpoint)]).into();
        let (error, _) = failed(
            stage.caller_with(&oversteps, context).get_component("granted").await,
            2_000,
        );
        assert_eq!(error.blame, Blame::Host, "{error}");
        assert!(
            error.incident && matches!(&error.decision, Decision::Permanent { code, .. } if code == "address-refused")
        );
    }
    assert_eq!(vendor.requests(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_without_a_base_url_is_the_hosts_to_mend() {
    let Some(stage) = Stage::new() else { return };
    let oversteps = stage.load("oversteps").await;
    let mut context = context().api("http://127.0.0.1:1", Credentials::None, &["GET /components/*"]);
    context.endpoints = Endpoints::none().into();
    let (error, _) = failed(
        stage.caller_with(&oversteps, context).get_component("granted").await,
        2_000,
    );
    assert_eq!((error.blame, error.incident), (Blame::Host, false), "{error}");
}
