//! Failures: waits, strikes, the circuit breaker, pausing.

use std::time::Duration;

use super::{Story, TENANT, down};
use crate::domain::lane::JobState;
use crate::domain::retry::Blame;
use crate::jobs::{JobError, Jobs, Registry, Settings, peers};
use crate::store::peer;
use crate::store::testing::on_each_database;

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_honoured() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        story.queue("vendor", "a", 1, None).await;
        let asked = Duration::from_secs(100);
        story
            .vendor
            .answer("a#1", [JobError::transient(Blame::Vendor, Some(asked), "503")]);
        story.jobs.run_until_idle().await;
        story.pass(99);
        assert_eq!(story.jobs.run_until_idle().await, 0);
        story.pass(11);
        assert_eq!(story.jobs.run_until_idle().await, 1);
        assert_eq!(story.vendor.received(), ["a#1"]);
    })
    .await;
}

/// "Too often" holds for everything that goes to that system, and for nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn too_often_makes_the_whole_queue_of_that_peer_wait() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        story.queue("vendor", "a", 1, None).await;
        story
            .vendor
            .answer("a#1", [JobError::rate_limited(Some(Duration::from_secs(40)), "429")]);
        story.jobs.run_until_idle().await;
        story.queue("vendor", "b", 1, None).await;
        story.queue("other", "c", 1, None).await;
        story.pass(39);
        story.jobs.run_until_idle().await;
        assert_eq!(story.vendor.received(), ["c#1"]);
        story.pass(6);
        story.jobs.run_until_idle().await;
        assert_eq!(story.vendor.received().len(), 3);
        assert_eq!(story.job("a#1").await.strikes, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strikes_end_in_a_dead_letter_when_only_this_message_fails() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        story.queue("vendor", "bad", 1, None).await;
        story.vendor.answer("bad#1", std::iter::repeat_n(down(), 50));
        for round in 1..=12 {
            // Others get through, so the vendor is not down.
            story.queue("vendor", "good", round, None).await;
            story.jobs.run_until_idle().await;
            story.pass(900);
        }
        let bad = story.job("bad#1").await;
        assert_eq!((bad.state, bad.attempts), (JobState::Dead, 10));
        assert_eq!(story.vendor.received().len(), 12);
    })
    .await;
}

/// A vendor that is down for a day: nothing is lost, nothing dies, it is hardly bothered, and a person is told once.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_a_day_opens_the_breaker_and_leaves_no_dead_letters() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        for lane in 0..20 {
            let lane = format!("l{lane}");
            story.queue("vendor", &lane, 1, None).await;
            story
                .vendor
                .answer(&format!("{lane}#1"), std::iter::repeat_n(down(), 1000));
        }
        let mut tries = 0;
        for _ in 0..24 * 12 {
            tries += story.jobs.run_until_idle().await;
            story.pass(300);
        }
        assert!((20..400).contains(&tries), "{tries} tries in a day");
        assert_eq!(story.tasks().await, ["Examenleverancier vendor is niet bereikbaar"]);
        story.queue("other", "elsewhere", 1, None).await;
        story.jobs.run_until_idle().await;
        assert_eq!(
            story.vendor.received(),
            ["elsewhere#1"],
            "another system is not affected"
        );
        story.vendor.answers.lock().unwrap().clear();
        for _ in 0..4 {
            story.pass(300);
            story.jobs.run_until_idle().await;
        }
        assert_eq!(story.vendor.received().len(), 21);
        assert!(
            story.tasks().await.is_empty(),
            "the task closes when the vendor is back"
        );
        assert_eq!(story.audited().await, ["peer.down", "peer.back"]);
        let breaker = peer::find(&story.core.db, TENANT, "vendor")
            .await
            .unwrap()
            .unwrap()
            .breaker;
        assert_eq!((breaker.failures, breaker.open_until), (0, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_peer_gets_nothing_until_it_is_resumed_also_after_a_restart() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        peers::pause(&story.core, TENANT, "vendor", "account:jan", "onderhoud")
            .await
            .unwrap();
        story.queue("vendor", "a", 1, None).await;
        story.queue("other", "b", 1, None).await;
        story.pass(10_000);
        let restarted = Jobs::new(
            story.bench.another_node(7),
            Registry::new().with(story.vendor.clone()),
            Settings::default(),
        );
        restarted.run_until_idle().await;
        assert_eq!(story.vendor.received(), ["b#1"]);
        peers::resume(&story.core, TENANT, "vendor", "account:jan")
            .await
            .unwrap();
        story.jobs.run_until_idle().await;
        assert_eq!(story.vendor.received(), ["b#1", "a#1"]);
        assert_eq!(story.audited().await, ["peer.pause", "peer.resume"]);
        let unknown = peers::pause(&story.core, TENANT, "nobody", "account:jan", "x").await;
        assert_eq!(unknown.unwrap_err().to_string(), "there is no outside system `nobody`");
    })
    .await;
}
