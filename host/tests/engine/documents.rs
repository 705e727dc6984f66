//! Documents stream through a connector without lying in its memory (R27).

use std::time::Duration;

use futures_util::TryStreamExt;
use oke_host::connector::blame::{Blame, Decision};
use oke_host::connector::call::{CallContext, Document};
use oke_host::connector::egress::Credentials;

use crate::stage::{Adjust, Stage, assert_bug, context, failed};
use crate::vendor::Vendor;

fn at(vendor: &Vendor) -> CallContext {
    context()
        .api(&vendor.base, Credentials::None, &["GET /documents/*", "PUT /copies/*"])
        .budget(20_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_larger_than_the_guest_may_hold_streams_to_the_caller_after_the_call_has_ended() {
    let Some(stage) = Stage::new() else { return };
    let echo = stage.load("echo-document").await;
    let vendor = Vendor::open().await;
    let mut context = at(&vendor);
    context.limits.memory = 4 << 20;
    let answer = stage.caller_with(&echo, context).fetch_document("40").await;
    assert!(answer.report.memory_peak <= 4 << 20);
    let Document { media_type, body } = answer.outcome.unwrap();
    assert_eq!(media_type, "application/pdf");
    stage.assert_all_came_back();
    let (mut length, mut sound) = (0_usize, true);
    let mut pieces = std::pin::pin!(body.into_stream());
    while let Some(piece) = pieces.try_next().await.unwrap() {
        sound &= piece
            .iter()
            .enumerate()
            .all(|(at, byte)| *byte == ((length + at) % 251) as u8);
        length += piece.len();
    }
    assert_eq!((length, sound), (40 << 20, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_handed_on_to_another_request_unread() {
    let Some(stage) = Stage::new() else { return };
    let echo = stage.load("echo-document").await;
    let vendor = Vendor::open().await;
    let answer = stage.caller_with(&echo, at(&vendor)).fetch_document("copy:20").await;
    let said = answer.outcome.unwrap().body.read_all(100).await.unwrap();
    assert_eq!(said, format!("{} bytes", 20 << 20));
    let (length, media_type) = vendor.seen.copied.lock().unwrap().clone().unwrap();
    assert_eq!(
        (length, media_type.unwrap().to_str().unwrap()),
        (20 << 20, "application/pdf")
    );
    assert!(answer.report.bytes_sent >= 20 << 20 && answer.report.memory_peak < 4 << 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_was_read_a_little_is_handed_on_from_there() {
    let Some(stage) = Stage::new() else { return };
    let echo = stage.load("echo-document").await;
    let vendor = Vendor::open().await;
    let answer = stage.caller_with(&echo, at(&vendor)).fetch_document("peek:1").await;
    let rest = answer.outcome.unwrap().body.read_all(2 << 20).await.unwrap();
    assert_eq!((rest.len(), rest[0]), ((1 << 20) - 16, 16));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_over_64_mib_stops_there() {
    let Some(stage) = Stage::new() else { return };
    let echo = stage.load("echo-document").await;
    let vendor = Vendor::open().await;
    let mut body = stage
        .caller_with(&echo, at(&vendor))
        .fetch_document("70")
        .await
        .outcome
        .unwrap()
        .body;
    let mut length = 0;
    let stopped = loop {
        match body.chunk().await {
            Ok(Some(piece)) => length += piece.len(),
            Ok(None) => panic!("the whole document came through"),
            Err(stopped) => break stopped,
        }
    };
    assert!(length <= 64 << 20);
    assert!(
        matches!(stopped.decision, Decision::Permanent { ref code, .. } if code == "too-large"),
        "{stopped}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_breaks_off_or_drips_past_the_budget_is_the_vendors_fault() {
    let Some(stage) = Stage::new() else { return };
    let echo = stage.load("echo-document").await;
    let vendor = Vendor::open().await;
    for id in ["breaking", "dripping"] {
        let begun = std::time::Instant::now();
        let caller = stage.caller_with(&echo, at(&vendor).budget(1_000));
        let mut body = caller.fetch_document(id).await.outcome.unwrap().body;
        let stopped = loop {
            match body.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("{id} ended as if it were whole"),
                Err(stopped) => break stopped,
            }
        };
        assert_eq!(
            (stopped.blame, stopped.decision),
            (Blame::Vendor, Decision::RetryAfter(None)),
            "{id}"
        );
        assert!(begun.elapsed() < Duration::from_millis(1_300), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_media_type_that_is_none_and_a_body_that_never_was_are_the_connectors_bugs() {
    let Some(stage) = Stage::new() else { return };
    let vendor = Vendor::open().await;
    let echo = stage.load("echo-document").await;
    assert_bug(
        &failed(
            stage.caller_with(&echo, at(&vendor)).fetch_document("type").await,
            20_000,
        )
        .0,
    );
    let lies = stage.load("lies").await;
    for id in ["unknown-handle", "dropped"] {
        let context = context().api(&vendor.base, Credentials::None, &["GET /documents/*"]);
        let answer = stage.caller_with(&lies, context).fetch_document(id).await;
        assert_bug(&failed(answer, 2_000).0);
    }
    stage.assert_all_came_back();
}
