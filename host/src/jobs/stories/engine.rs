//! The engine itself: killed processes, conflicts, panics, several nodes, waking and stopping.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{Story, TENANT};
use crate::app::Core;
use crate::domain::lane::JobState;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind, Jobs, Registry, Settings};
use crate::store::job::NewJob;
use crate::store::ledger::{self, LedgerRow};
use crate::store::peer;
use crate::store::testing::on_each_database;
use crate::store::write_set::WriteSet;

/// Takes up a job and never comes back: a process that was killed in the middle.
struct Killed;

impl JobKind for Killed {
    fn name(&self) -> &'static str {
        "deliver"
    }

    fn run(&self, _: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_had_taken_up_is_done_by_the_next() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        story.queue("vendor", "a", 1, None).await;
        let doomed_core = story.bench.another_node(7);
        let doomed_node = doomed_core.node.clone();
        let doomed = Jobs::new(doomed_core, Registry::new().with(Killed), Settings::default());
        let running = tokio::spawn(async move { doomed.run_due_once().await });
        while story.state("a#1").await != JobState::Running {
            tokio::task::yield_now().await;
        }
        running.abort();
        assert_eq!(story.jobs.run_until_idle().await, 0, "its lease has not ended");
        if story.core.db.is_shared() {
            story.jobs.reclaim_after_start().await;
            assert_eq!(story.jobs.run_until_idle().await, 0, "another node may still be at it");
            story.jobs.reclaim_from(&doomed_node).await;
        } else {
            // One process serves from an SQLite file, so at its start nobody else can be at work.
            story.jobs.reclaim_after_start().await;
        }
        assert_eq!(story.jobs.run_until_idle().await, 1);
        assert_eq!(story.vendor.received(), ["a#1"]);
        assert_eq!(story.job("a#1").await.attempts, 2);
    })
    .await;
}

/// A node that vanished with its machine: nobody knows that it is gone, so its lease has to end.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_vanished_node_had_taken_up_is_done_when_its_lease_has_ended() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        story.queue("vendor", "a", 1, None).await;
        let vanished_core = story.bench.another_node(7);
        let vanished = Jobs::new(vanished_core, Registry::new().with(Killed), Settings::default());
        let running = tokio::spawn(async move { vanished.run_due_once().await });
        while story.state("a#1").await != JobState::Running {
            tokio::task::yield_now().await;
        }
        running.abort();
        story.pass(89);
        assert_eq!(story.jobs.run_until_idle().await, 0);
        story.pass(2);
        assert_eq!(story.jobs.run_until_idle().await, 1);
        assert_eq!(story.vendor.received(), ["a#1"]);
    })
    .await;
}

/// A kind whose follow-up meets a row that somebody else changes while the effect takes place.
struct Confirms(bool);

impl JobKind for Confirms {
    fn name(&self) -> &'static str {
        "confirm"
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(async move {
            let core = context.core.clone();
            let read = confirmation(&core).await;
            if context.job.attempts == 1 {
                // Meanwhile.
                let mut set = WriteSet::of(TENANT);
                set.put(read.next());
                core.commit(set).await.expect("nobody else is at it");
            }
            context.handled_by(4);
            if !self.0 {
                let mut set = WriteSet::default();
                set.put(read.next());
                return Ok(Done::with(set));
            }
            Ok(Done::deciding(move || {
                let core = core.clone();
                async move {
                    let mut set = WriteSet::default();
                    set.put(confirmation(&core).await.next());
                    Ok(set)
                }
            }))
        })
    }
}

async fn confirmation(core: &Core) -> LedgerRow {
    let row = ledger::by_our_id(&core.db, TENANT, "vendor", "association", "x")
        .await
        .unwrap();
    row.unwrap_or(LedgerRow {
        tenant: TENANT.to_owned(),
        peer: "vendor".to_owned(),
        kind: "association".to_owned(),
        our_id: "x".to_owned(),
        peer_id: "x".to_owned(),
        revision: None,
        version: 0,
    })
}

/// Invariant 2: what follows from an effect is in one commit with the job's end.
#[tokio::test(flavor = "multi_thread")]
async fn what_follows_an_effect_is_committed_with_the_jobs_end_and_decided_again_on_a_conflict() {
    on_each_database(|bench| async move {
        for (decides, attempts, lane) in [(true, 1, "a"), (false, 2, "b")] {
            let story = Story::on_existing(&bench).await;
            let jobs = Jobs::new(
                story.core.clone(),
                Registry::new().with(Confirms(decides)),
                Settings::default(),
            );
            let before = confirmation(&story.core).await.version;
            let mut set = WriteSet::of(TENANT);
            let message = NewJob {
                kind: "confirm".to_owned(),
                ..story.message("vendor", lane, 1, None)
            };
            set.put(message.write(TENANT, lane, story.core.now()));
            story.core.commit(set).await.unwrap();
            jobs.run_until_idle().await;
            let job = story.job(lane).await;
            assert_eq!(
                (job.state, job.attempts, job.revision),
                (JobState::Done, attempts, Some(4))
            );
            assert_eq!(confirmation(&story.core).await.version, before + 2);
        }
    })
    .await;
}

struct Panics;

impl JobKind for Panics {
    fn name(&self) -> &'static str {
        "deliver"
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(async move { panic!("a bug in {}", context.job.kind) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_or_an_unknown_kind_is_blamed_on_the_host_and_stops_nobody() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        story.queue("vendor", "a", 1, None).await;
        let panics = Jobs::new(story.core.clone(), Registry::new().with(Panics), Settings::default());
        panics.run_due_once().await;
        let job = story.job("a#1").await;
        assert_eq!((job.state, job.blame), (JobState::Ready, Some(Blame::Host)));
        story.pass(10);
        Jobs::new(story.core.clone(), Registry::new(), Settings::default())
            .run_due_once()
            .await;
        let error = story.job("a#1").await.last_error.unwrap();
        assert_eq!(error, "this version of the host knows no job kind `deliver`");
        let peer = peer::find(&story.core.db, TENANT, "vendor").await.unwrap().unwrap();
        assert_eq!(peer.breaker.failures, 0, "the vendor is not to blame");
        story.pass(10);
        story.jobs.run_until_idle().await;
        assert_eq!(story.vendor.received(), ["a#1"]);
    })
    .await;
}

/// Several nodes on one database: every job is done, and by one of them at a time.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_the_work_and_do_nothing_twice() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        for lane in 0..30 {
            for seq in 1..=3 {
                story.queue("vendor", &format!("l{lane}"), seq, None).await;
            }
        }
        let registry = Registry::new().with(story.vendor.clone());
        let other = Jobs::new(story.bench.another_node(7), registry, Settings::default());
        loop {
            let (here, there) = tokio::join!(story.jobs.run_due_once(), other.run_due_once());
            if here + there == 0 {
                break;
            }
        }
        let received = story.vendor.received();
        assert_eq!(received.len(), 90);
        for lane in 0..30 {
            let of_lane: Vec<&String> = received
                .iter()
                .filter(|it| it.starts_with(&format!("l{lane}#")))
                .collect();
            assert_eq!(
                of_lane,
                [&format!("l{lane}#1"), &format!("l{lane}#2"), &format!("l{lane}#3")]
            );
        }
    })
    .await;
}

/// The engine as it runs in the server: woken by commits, until it is told to stop.
#[tokio::test(flavor = "multi_thread")]
async fn the_running_engine_is_woken_by_a_commit_and_ends_what_is_under_way_when_stopped() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let jobs = Jobs::new(
            story.core.clone(),
            Registry::new().with(story.vendor.clone()),
            Settings {
                // Were it not woken, this story would take an hour.
                look: Duration::from_secs(3600),
                ..Settings::default()
            },
        );
        let running = tokio::spawn(async move {
            jobs.run(async {
                stopped.await.expect("the test says stop");
            })
            .await;
        });
        for seq in 1..=20 {
            story.queue("vendor", "a", seq, None).await;
        }
        while story.vendor.received().len() < 20 {
            tokio::task::yield_now().await;
        }
        stop.send(()).unwrap();
        running.await.unwrap();
        assert_eq!(story.state("a#20").await, JobState::Done);
        assert_eq!(
            story.vendor.received(),
            (1..=20).map(|seq| format!("a#{seq}")).collect::<Vec<_>>()
        );
    })
    .await;
}
