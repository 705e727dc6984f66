//! A connector that keeps to the contract, with credentials it never sees.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use oke_host::connector::blame::{Blame, Decision};
use oke_host::connector::egress::{Credentials, Secret};
use oke_host::connector::engine::EngineSettings;
use oke_host::connector::recorder::{Asked, Recorder};
use oke_host::domain::interface::Interface;
use oke_host::domain::model::{Normed, ResultState};

use crate::stage::{Adjust, Stage, assert_bug, context, failed, settings};
use crate::vendor::Vendor;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_exports_two_interfaces_serves_those_two() {
    let Some(stage) = Stage::new() else { return };
    let good = stage.load("good").await;
    assert_eq!(
        good.serves(),
        &BTreeSet::from([Interface::TaToetscatalogus, Interface::TaResultaten])
    );

    let page = stage.caller(&good).list_components(None, 3).await.outcome.unwrap();
    assert_eq!(page.components[2].component_id, "test-2");
    assert_eq!(page.next.as_deref(), Some("3"));
    assert_eq!(stage.caller(&good).get_component("absent").await.outcome, Ok(None));

    let sittings = ["a".to_owned(), "b".to_owned()];
    let polled = stage.caller(&good).poll(Some("4"), &sittings).await.outcome.unwrap();
    assert_eq!(polled.deliveries[1].deelname_peer_id, "deelname-of-b");
    assert_eq!(polled.deliveries[1].result.state, ResultState::Completed);
    assert_eq!(
        (polled.deliveries[1].normed, polled.cursor.as_deref()),
        (Normed::Yes, Some("5"))
    );

    let (not_served, _) = failed(stage.caller(&good).start_link("d").await, 2_000);
    assert_eq!(
        (not_served.blame, not_served.decision),
        (Blame::Host, Decision::Unsupported)
    );
    stage.assert_all_came_back();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_says_what_it_took() {
    let Some(stage) = Stage::new() else { return };
    let good = stage.load("good").await;
    let vendor = Vendor::open().await;
    let context = context().api(&vendor.base, Credentials::None, &["GET /components/*"]);
    let answer = stage.caller_with(&good, context).get_component("http:abc").await;
    assert_eq!(answer.outcome.unwrap().unwrap().name, "abc");
    let report = answer.report;
    assert_eq!((report.requests, report.bytes_received), (1, 3));
    assert!(report.memory_peak >= 64 << 10 && report.host_calls >= 2, "{report:?}");
    assert!(
        report.network > Duration::ZERO && report.wall >= report.network,
        "{report:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_fetches_one_token_for_many_calls_and_a_fresh_one_when_it_is_withdrawn() {
    let Some(stage) = Stage::new() else { return };
    let good = stage.load("good").await;
    let vendor = Vendor::open().await;
    let context = || {
        context().api(
            &vendor.base,
            vendor.client_credentials("right secret!"),
            &["GET /components/*"],
        )
    };
    for _ in 0..5 {
        let answer = stage
            .caller_with(&good, context())
            .get_component("http:authorization")
            .await;
        assert_eq!(answer.outcome.unwrap().unwrap().name, "Bearer token-1");
    }
    vendor.seen.withdrawn.store(1, Ordering::Relaxed);
    let answer = stage
        .caller_with(&good, context())
        .get_component("http:authorization")
        .await;
    assert_eq!(answer.outcome.unwrap().unwrap().name, "Bearer token-2");
    assert_eq!((vendor.seen.tokens.load(Ordering::Relaxed), vendor.requests()), (2, 7));

    // A vendor that takes no token at all is asked once more, not for ever.
    vendor.seen.withdrawn.store(usize::MAX, Ordering::Relaxed);
    let (refused, _) = failed(
        stage
            .caller_with(&good, context())
            .get_component("http:authorization")
            .await,
        2_000,
    );
    assert_eq!(refused.decision, Decision::AuthExpired);
    assert_eq!((vendor.seen.tokens.load(Ordering::Relaxed), vendor.requests()), (3, 9));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_client_secret_is_for_a_person_and_nothing_reaches_the_vendors_api() {
    let Some(stage) = Stage::new() else { return };
    let good = stage.load("good").await;
    let vendor = Vendor::open().await;
    let context = context().api(&vendor.base, vendor.client_credentials("wrong"), &["GET /components/*"]);
    let (refused, _) = failed(
        stage
            .caller_with(&good, context)
            .get_component("http:authorization")
            .await,
        2_000,
    );
    assert_eq!(
        (refused.blame, refused.decision),
        (Blame::Vendor, Decision::AuthExpired)
    );
    assert_eq!(vendor.requests(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_key_goes_in_its_header() {
    let Some(stage) = Stage::new() else { return };
    let good = stage.load("good").await;
    let vendor = Vendor::open().await;
    let key = Credentials::ApiKey {
        header: "x-vendor-key".parse().unwrap(),
        key: Secret::new("k3y"),
    };
    let context = context().api(&vendor.base, key, &["GET /components/*"]);
    let answer = stage.caller_with(&good, context).get_component("http:key").await;
    assert_eq!(answer.outcome.unwrap().unwrap().name, "k3y");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_vendor_uses_up_the_budget_and_is_blamed_for_it() {
    let Some(stage) = Stage::new() else { return };
    let good = stage.load("good").await;
    let vendor = Vendor::open().await;
    let context = context()
        .api(&vendor.base, Credentials::None, &["GET /components/*"])
        .budget(400);
    let (late, _) = failed(stage.caller_with(&good, context).get_component("http:slow").await, 400);
    assert_eq!((late.blame, late.decision), (Blame::Vendor, Decision::RetryAfter(None)));
    stage.assert_all_came_back();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_vendor_says_about_waiting_reaches_the_host() {
    let Some(stage) = Stage::new() else { return };
    let good = stage.load("good").await;
    let vendor = Vendor::open().await;
    let context = context().api(&vendor.base, Credentials::None, &["GET /components/*"]);
    let (busy, _) = failed(
        stage.caller_with(&good, context).get_component("http:busy").await,
        2_000,
    );
    assert_eq!(busy.decision, Decision::RateLimited(Some(Duration::from_secs(17))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_not_followed() {
    let Some(stage) = Stage::new() else { return };
    let good = stage.load("good").await;
    let vendor = Vendor::open().await;
    let context = context().api(&vendor.base, Credentials::None, &["GET /**"]);
    let answer = stage.caller_with(&good, context).get_component("http:moved").await;
    assert!(answer.outcome.is_err());
    assert_eq!((vendor.requests(), vendor.seen.admin.load(Ordering::Relaxed)), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_finds_no_slot_within_its_budget_is_tried_again_later() {
    let one = EngineSettings { slots: 1, ..settings() };
    let Some(stage) = Stage::with(one) else { return };
    let (good, spin) = (stage.load("good").await, stage.load("spin").await);
    let spinner = stage.caller_with(&spin, context().budget(1_500));
    let waiting = stage.caller_with(&good, context().peer("other").budget(300));
    let (spun, waited) = tokio::join!(spinner.list_components(None, 1), async {
        while stage.engine.metrics().in_use == 0 {
            tokio::task::yield_now().await;
        }
        waiting.get_component("x").await
    });
    assert_bug(&failed(spun, 1_500).0);
    let (no_slot, report) = failed(waited, 300);
    assert_eq!(
        (no_slot.blame, no_slot.decision),
        (Blame::Host, Decision::RetryAfter(None))
    );
    assert_eq!(report.waited, report.wall);
    stage.assert_all_came_back();
}

/// What a connector and its vendor say to each other is recorded where that was asked for, without credentials.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_call_keeps_requests_and_answers_and_no_credentials() {
    let Some(stage) = Stage::new() else { return };
    let good = stage.load("good").await;
    let vendor = Vendor::open().await;
    let recorder = std::sync::Arc::new(Recorder::default());
    let mut context = context().api(
        &vendor.base,
        vendor.client_credentials("right secret!"),
        &["GET /components/*"],
    );
    context.recorder = Some(recorder.clone());
    let answer = stage.caller_with(&good, context).get_component("http:abc").await;
    assert_eq!(answer.outcome.unwrap().unwrap().name, "abc");
    let said = recorder.take();
    assert_eq!(said.asked, Some(Asked::GetComponent("http:abc".to_owned())));
    let kept = said.exchanged;
    let [one] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!((one.method.as_str(), one.path.as_str()), ("GET", "/components/abc"));
    assert_eq!(
        (one.status, one.received.text.as_str(), one.received.bytes),
        (Some(200), "abc", 3)
    );
    assert!(!format!("{kept:?}").contains("secret"));
}
