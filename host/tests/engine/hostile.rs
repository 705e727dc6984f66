//! Guests that spin, trap and lie: each call ends inside its budget, the blame is the connector's, the slot comes
//! back, and a good neighbour does not notice.

use std::time::{Duration, Instant};

use oke_host::connector::blame::{Blame, Decision};
use oke_host::connector::egress::Credentials;
use oke_host::connector::loaded::LoadError;

use crate::stage::{Adjust, Stage, assert_bug, context, failed};
use crate::vendor::Vendor;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_spins_is_demoted_and_trapped_at_its_budget() {
    let Some(stage) = Stage::new() else { return };
    let spin = stage.load("spin").await;
    let answer = stage
        .caller_with(&spin, context().budget(500))
        .list_components(None, 1)
        .await;
    let (error, report) = failed(answer, 500);
    assert_bug(&error);
    assert!(report.demoted && report.guest_ms > 50, "{report:?}");
    assert!(
        report.wall >= Duration::from_millis(400),
        "it was given its budget: {report:?}"
    );
    stage.assert_all_came_back();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_connector_answers_while_all_that_can_spins() {
    let Some(stage) = Stage::new() else { return };
    let (spin, good) = (stage.load("spin").await, stage.load("good").await);
    // Three hostile connectors, each with more calls than its share of slots.
    const BUDGET: u64 = 5_000;
    let spinners: Vec<_> = (0..36)
        .map(|number| {
            let context = context().peer(&format!("spinner-{}", number % 3)).budget(BUDGET);
            let caller = stage.caller_with(&spin, context);
            tokio::spawn(async move { caller.list_components(None, 1).await })
        })
        .collect();
    while stage.engine.metrics().in_slow_lane < 10 {
        assert!(
            !spinners.iter().any(|spinner| spinner.is_finished()),
            "the machine is too busy to tell"
        );
        tokio::task::yield_now().await;
    }
    let mut slowest = Duration::ZERO;
    for _ in 0..50 {
        let begun = Instant::now();
        let answer = stage
            .caller_with(&good, context().peer("good"))
            .get_component("x")
            .await;
        assert!(answer.outcome.is_ok(), "{:?}", answer.outcome);
        slowest = slowest.max(begun.elapsed());
    }
    assert!(
        slowest < Duration::from_millis(500),
        "the slowest good call took {slowest:?}"
    );
    for spinner in spinners {
        // All end at the same moment: on a machine that is busy with other things the last may be a little late.
        let (error, _) = failed(spinner.await.unwrap(), BUDGET + 500);
        // Those beyond the share never got a slot: that is the host's doing, and to be tried again.
        let no_slot = (error.blame, &error.decision) == (Blame::Host, &Decision::RetryAfter(None));
        assert!(no_slot || error.blame == Blame::Connector, "{error}");
    }
    stage.assert_all_came_back();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spinning_through_host_calls_ends_too() {
    let Some(stage) = Stage::new() else { return };
    let spin = stage.load("spin").await;
    let vendor = Vendor::open().await;
    let context = || context().api(&vendor.base, Credentials::None, &["GET /components"]);
    for how in ["logging", "asking"] {
        let (error, report) = failed(stage.caller_with(&spin, context()).get_component(how).await, 2_000);
        assert_bug(&error);
        assert!(report.log_lines <= 100 && vendor.requests() <= 100, "{how}: {report:?}");
    }
    stage.assert_all_came_back();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_falls_over_is_blamed_and_the_next_call_works() {
    let Some(stage) = Stage::new() else { return };
    let trap = stage.load("trap").await;
    let vendor = Vendor::open().await;
    let context = || context().api(&vendor.base, Credentials::None, &["GET /components"]);
    let panicked = stage.caller_with(&trap, context()).list_components(None, 1).await;
    assert_bug(&failed(panicked, 2_000).0);
    for how in ["unreachable", "overflow", "out-of-bounds", "after-asking"] {
        let (error, _) = failed(stage.caller_with(&trap, context()).get_component(how).await, 2_000);
        assert_bug(&error);
        assert!(error.detail.contains("trapped"), "{how}: {error}");
        let own = |name: &String| name.contains("trap") && !name.contains("_ZN") && !name.starts_with("_R");
        assert!(
            error.frames.iter().any(own),
            "{how}: no name of the guest's own in {:?}",
            error.frames
        );
    }
    assert_eq!(stage.caller(&trap).get_component("nothing").await.outcome, Ok(None));
    stage.assert_all_came_back();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_break_the_model_are_the_connectors_bug_and_the_complaint_names_the_field() {
    let Some(stage) = Stage::new() else { return };
    let lies = stage.load("lies").await;
    for (id, field) in [
        ("empty-id", "component.component-id"),
        ("other-id", "component.component-id"),
        ("empty-name", "component.name"),
        ("opaque", "component.opaque"),
        ("controls", "component.name"),
    ] {
        let (error, _) = failed(stage.caller(&lies).get_component(id).await, 2_000);
        assert_bug(&error);
        assert!(error.detail.contains(field), "{id}: {error}");
    }
    for (id, field) in [
        ("date", "delivery.result.result-date"),
        ("month", "delivery.result.result-date"),
        ("moment", "delivery.result.test-date"),
        ("empty-deelname", "delivery.deelname-peer-id"),
        ("other-deelname", "delivery.deelname-peer-id"),
        ("document", "delivery.result.documents.[0].document-id"),
    ] {
        let (error, _) = failed(stage.caller(&lies).read_result(id).await, 2_000);
        assert_bug(&error);
        assert!(error.detail.contains(field), "{id}: {error}");
    }
    assert!(stage.caller(&lies).get_component("sound").await.outcome.is_ok());
    assert!(stage.caller(&lies).read_result("sound").await.outcome.is_ok());
    stage.assert_all_came_back();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_broken_delivery_spoils_the_page_and_a_page_without_end_is_refused() {
    let Some(stage) = Stage::new() else { return };
    let lies = stage.load("lies").await;
    let (spoilt, _) = failed(stage.caller(&lies).poll(None, &[]).await, 2_000);
    assert_bug(&spoilt);
    assert!(spoilt.detail.contains("deliveries.[1].result.result-date"), "{spoilt}");
    for asked in [None, Some("again")] {
        let endless = stage.caller(&lies).list_components(asked, 2).await;
        assert_bug(&failed(endless, 2_000).0);
    }
    assert_bug(&failed(stage.caller(&lies).poll(Some("again"), &[]).await, 2_000).0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendors_endless_words_are_cut_short() {
    let Some(stage) = Stage::new() else { return };
    let lies = stage.load("lies").await;
    let (error, _) = failed(stage.caller(&lies).read_result("long-error").await, 2_000);
    match error.decision {
        Decision::Permanent { code, message } => assert!(code.len() <= 128 && message.len() <= 1024),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_imports_wasi_is_refused_by_name() {
    let Some(stage) = Stage::new() else { return };
    let refused = stage.try_load("imports-wasi").await.unwrap_err();
    assert!(
        matches!(&refused, LoadError::Imports(what) if what.contains("wasi:clocks/monotonic-clock")),
        "{refused}"
    );
    stage.assert_all_came_back();
}
