//! Lanes keep their order, and what is dead, superseded or dismissed.

use crate::domain::lane::JobState;
use crate::domain::retry::Blame;
use crate::jobs::letters::{self, LetterError};
use crate::store::job::NewJob;
use crate::store::task;
use crate::store::testing::on_each_database;
use crate::store::write_set::WriteSet;

use super::{Story, TENANT, down, refused};

/// Invariant 4: messages of one lane never pass each other, other lanes don't wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_lane_keep_their_order_and_a_stuck_head_parks_its_lane_only() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        for seq in [3, 1, 2] {
            story.queue("vendor", "a", seq, None).await;
        }
        story.queue("vendor", "b", 1, None).await;
        story.vendor.answer("a#2", [down()]);
        story.jobs.run_until_idle().await;
        let mut received = story.vendor.received();
        received.sort();
        assert_eq!(received, ["a#1", "b#1"], "a#2 failed, so a#3 waits");
        story.pass(10);
        story.jobs.run_until_idle().await;
        assert_eq!(story.vendor.received()[2..], ["a#2", "a#3"]);
        assert_eq!(story.job("a#2").await.attempts, 2);
    })
    .await;
}

/// Invariant 4: a deelname never passes its sitting; a stuck sitting also parks its deelnames' later messages.
#[tokio::test(flavor = "multi_thread")]
async fn a_deelname_waits_for_its_sitting_up_to_the_version_it_was_made_under() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        story.queue("vendor", "sitting", 1, None).await;
        story.queue("vendor", "deelname", 1, Some(("sitting", 1))).await;
        story.queue("vendor", "sitting", 2, None).await;
        story.queue("vendor", "deelname", 2, Some(("sitting", 2))).await;
        story.vendor.answer("sitting#2", [refused()]);
        story.jobs.run_until_idle().await;
        let mut received = story.vendor.received();
        assert_eq!(received.remove(0), "sitting#1");
        assert_eq!(
            received,
            ["deelname#1"],
            "the second deelname message belongs to the stuck sitting message"
        );
        letters::requeue(&story.core, TENANT, "sitting#2", "account:jan")
            .await
            .unwrap();
        story.jobs.run_until_idle().await;
        assert_eq!(story.vendor.received()[2..], ["sitting#2", "deelname#2"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_stays_head_with_a_task_until_a_person_requeues_it() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        story.queue("vendor", "a", 1, None).await;
        story.queue("vendor", "a", 2, None).await;
        story.vendor.answer("a#1", [refused()]);
        story.jobs.run_until_idle().await;
        let dead = story.job("a#1").await;
        assert_eq!((dead.state, dead.blame), (JobState::Dead, Some(Blame::Vendor)));
        assert_eq!(dead.last_error.as_deref(), Some("400: unknown room"));
        assert_eq!(
            story.tasks().await,
            ["Bericht aan Examenleverancier vendor (stroom 2) komt niet door"]
        );
        story.pass(100_000);
        assert_eq!(story.jobs.run_until_idle().await, 0, "time alone revives nothing");
        letters::requeue(&story.core, TENANT, "a#1", "account:jan")
            .await
            .unwrap();
        story.jobs.run_until_idle().await;
        assert_eq!(story.vendor.received(), ["a#1", "a#2"]);
        assert!(story.tasks().await.is_empty());
        assert_eq!(story.audited().await, ["job.dead", "job.requeue"]);
        let twice = letters::requeue(&story.core, TENANT, "a#1", "account:jan").await;
        assert!(
            matches!(
                twice,
                Err(LetterError::NotDead {
                    state: JobState::Done,
                    ..
                })
            ),
            "{twice:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissed_letter_makes_way_and_dismissing_needs_a_reason() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        story.queue("vendor", "a", 1, None).await;
        story.queue("vendor", "a", 2, None).await;
        story.vendor.answer("a#1", [refused()]);
        story.jobs.run_until_idle().await;
        let without = letters::dismiss(&story.core, TENANT, "a#1", "account:jan", "  ").await;
        assert!(matches!(without, Err(LetterError::NoReason)));
        letters::dismiss(&story.core, TENANT, "a#1", "account:jan", "met de hand gedaan")
            .await
            .unwrap();
        story.jobs.run_until_idle().await;
        assert_eq!(story.vendor.received(), ["a#2"]);
        assert_eq!(story.state("a#1").await, JobState::Dismissed);
        let closed = task::all_about(&story.core.db, TENANT, "job", "a#1")
            .await
            .unwrap()
            .remove(0)
            .closed
            .unwrap();
        assert_eq!(
            (closed.by.as_str(), closed.resolution.as_str()),
            ("account:jan", "afgewezen: met de hand gedaan")
        );
        let unknown = letters::dismiss(&story.core, TENANT, "nope", "account:jan", "x").await;
        assert!(matches!(unknown, Err(LetterError::Unknown(_))));
        let elsewhere = letters::dismiss(&story.core, "other-school", "a#1", "account:jan", "x").await;
        assert!(matches!(elsewhere, Err(LetterError::Unknown(_))));
    })
    .await;
}

/// Queues the newest full state of an object.
async fn queue_newer(story: &Story, lane: &str, seq: i64) {
    let message = NewJob {
        full_state: true,
        ..story.message("vendor", lane, seq, None)
    };
    let mut set = WriteSet::of(TENANT);
    set.put(message.write(TENANT, &format!("{lane}#{seq}"), story.core.now()));
    story.core.commit(set).await.unwrap();
}

/// Invariant 4: dead until requeued, dismissed, or superseded by a newer full-state write of the same object.
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_full_state_message_takes_the_place_of_a_dead_letter() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        story.queue("vendor", "a", 1, None).await;
        story.vendor.answer("a#1", [refused()]);
        story.jobs.run_until_idle().await;
        story.queue("vendor", "a", 2, None).await;
        story.jobs.run_until_idle().await;
        assert_eq!(
            story.state("a#1").await,
            JobState::Dead,
            "a message that tells a part takes no place"
        );
        queue_newer(&story, "a", 3).await;
        story.jobs.run_until_idle().await;
        assert_eq!(story.state("a#1").await, JobState::Superseded);
        assert!(story.tasks().await.is_empty());
        assert_eq!(story.vendor.received(), ["a#2", "a#3"]);
        assert_eq!(story.audited().await, ["job.dead", "job.supersede"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_dies_before_a_waiting_full_state_message_gives_way_to_it() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        story.queue("vendor", "a", 1, None).await;
        queue_newer(&story, "a", 2).await;
        story.vendor.answer("a#1", [refused()]);
        story.jobs.run_until_idle().await;
        assert_eq!(story.state("a#1").await, JobState::Superseded);
        assert_eq!(story.vendor.received(), ["a#2"]);
        assert!(story.tasks().await.is_empty());
    })
    .await;
}
