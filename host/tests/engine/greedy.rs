//! Guests that want all there is: memory, bodies, requests, log lines.

use std::io::Write;
use std::sync::{Arc, Mutex};

use oke_host::connector::blame::Decision;
use oke_host::connector::egress::Credentials;

use crate::stage::{Adjust, Stage, assert_bug, context, failed};
use crate::vendor::Vendor;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_ends_at_the_limit_of_the_call() {
    let Some(stage) = Stage::new() else { return };
    let allocate = stage.load("allocate").await;
    let limited = |mebibytes: usize| {
        let mut context = context().budget(5_000);
        context.limits.memory = mebibytes << 20;
        stage.caller_with(&allocate, context)
    };
    let (error, report) = failed(limited(16).list_components(None, 1).await, 5_000);
    assert_bug(&error);
    assert!(error.detail.contains("memory"), "{error}");
    assert!(
        report.memory_peak > 8 << 20 && report.memory_peak <= 16 << 20,
        "{report:?}"
    );
    let (error, report) = failed(limited(4096).get_component("at-once").await, 5_000);
    assert_bug(&error);
    assert!(report.memory_peak <= 64 << 20, "the engine's own cap holds: {report:?}");
    stage.assert_all_came_back();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_too_large_to_take_over_is_refused_at_the_border() {
    let Some(stage) = Stage::new() else { return };
    let allocate = stage.load("allocate").await;
    for how in ["long-name", "many-codes"] {
        let caller = stage.caller_with(&allocate, context().budget(5_000));
        assert_bug(&failed(caller.get_component(how).await, 5_000).0);
    }
    stage.assert_all_came_back();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_held_and_requests_made_are_counted() {
    let Some(stage) = Stage::new() else { return };
    let hoards = stage.load("hoards").await;
    let vendor = Vendor::open().await;
    let context = || {
        context()
            .api(&vendor.base, Credentials::None, &["GET /components"])
            .budget(5_000)
    };
    let (held, _) = failed(
        stage.caller_with(&hoards, context()).list_components(None, 1).await,
        5_000,
    );
    assert_bug(&held);
    assert!(held.detail.contains("more than 32 bodies"), "{held}");
    let (asked, report) = failed(
        stage.caller_with(&hoards, context()).get_component("requests").await,
        5_000,
    );
    assert_bug(&asked);
    assert!(asked.detail.contains("more than 100 HTTP requests"), "{asked}");
    assert_eq!((report.requests, vendor.requests()), (101, 33 + 100));
    stage.assert_all_came_back();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_guest_reads_into_its_memory_is_bounded() {
    let Some(stage) = Stage::new() else { return };
    let hoards = stage.load("hoards").await;
    let vendor = Vendor::open().await;
    let context = || {
        context()
            .api(&vendor.base, Credentials::None, &["GET /large"])
            .budget(10_000)
    };
    for how in ["read-large", "read-at-once"] {
        let (error, report) = failed(stage.caller_with(&hoards, context()).get_component(how).await, 10_000);
        let too_large = matches!(&error.decision, Decision::Permanent { code, .. } if code == "too-large");
        assert!(too_large || error.decision == Decision::Bug, "{how}: {error}");
        assert!(report.bytes_received < 80 << 20, "{how}: {report:?}");
    }
    // A byte at a time: stopped by the number of host calls.
    let (error, _) = failed(
        stage.caller_with(&hoards, context()).get_component("read-bytes").await,
        10_000,
    );
    assert_bug(&error);
    assert!(error.detail.contains("calls to the host"), "{error}");
    let leaked = stage.caller_with(&hoards, context()).get_component("leak").await;
    assert_eq!(leaked.outcome, Ok(None));
    stage.assert_all_came_back();
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

// One thread, so that the lines of this test are caught and no others.
#[tokio::test]
async fn a_talker_fills_no_log_forges_no_line_and_names_no_one() {
    let Some(stage) = Stage::new() else { return };
    let talks = stage.load("talks").await;
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let caught = tracing::subscriber::set_default(subscriber);
    let caller = stage.caller_with(&talks, context().budget(20_000));
    let answer = caller.list_components(None, 1).await;
    assert_eq!(
        (answer.report.log_lines, answer.report.log_lines_dropped > 0),
        (100, true),
        "{answer:?}"
    );
    for how in ["long", "fields", "forged", "personal"] {
        assert_eq!(stage.caller(&talks).get_component(how).await.outcome, Ok(None), "{how}");
    }
    drop(caught);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().filter(|line| line.contains("connector:")).count(), 104);
    assert!(
        text.lines()
            .all(|line| line.contains("peer=vendor") && line.len() < 2_000),
        "{text}"
    );
    for secret in ["Maartje", "Damme", "example.org", "1234567", "\u{1b}", "\u{7}"] {
        assert!(!text.contains(secret), "{secret:?}");
    }
    stage.assert_all_came_back();
}
