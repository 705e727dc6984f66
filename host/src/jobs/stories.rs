//! Stories of lanes, retry, breaker, pause and dead letters, on both databases, with a clock that is moved by hand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::SignedDuration;

use super::letters::{self, LetterError};
use super::{Done, JobContext, JobError, JobKind, Jobs, Registry, Settings, peers};
use crate::app::{CommitError, Core, Decision};
use crate::domain::lane::JobState;
use crate::domain::retry::Blame;
use crate::store::job::{self, JobRow, NewJob};
use crate::store::ledger::{self, LedgerRow};
use crate::store::peer::{self, PeerRow};
use crate::store::testing::{Bench, on_each_database};
use crate::store::write_set::WriteSet;
use crate::store::{audit, task};

pub(super) const TENANT: &str = "school";

/// A vendor that notes what it was sent, and answers as the test says.
#[derive(Clone, Default)]
pub(super) struct Vendor {
    /// Payloads that had their effect, in order.
    received: Arc<Mutex<Vec<String>>>,
    /// What it answers to a payload, in turn; then, and to others, it accepts.
    answers: Arc<Mutex<HashMap<String, Vec<JobError>>>>,
}

impl Vendor {
    pub(super) fn answer(&self, payload: &str, answers: impl IntoIterator<Item = JobError>) {
        let mut all = self.answers.lock().unwrap();
        all.entry(payload.to_owned()).or_default().extend(answers);
    }

    pub(super) fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

impl JobKind for Vendor {
    fn name(&self) -> &'static str {
        "deliver"
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(async move {
            let payload = context.job.payload.clone();
            let mut answers = self.answers.lock().unwrap();
            if let Some(turns) = answers.get_mut(&payload)
                && !turns.is_empty()
            {
                return Err(turns.remove(0));
            }
            self.received.lock().unwrap().push(payload);
            Ok(Done::nothing())
        })
    }
}

pub(super) fn down() -> JobError {
    JobError::transient(Blame::Vendor, None, "connection refused")
}

pub(super) fn refused() -> JobError {
    JobError::permanent(Blame::Vendor, "400: unknown room")
}

pub(super) struct Story {
    pub(super) core: Core,
    pub(super) jobs: Jobs,
    pub(super) vendor: Vendor,
    bench: Bench,
}

impl Story {
    pub(super) async fn on(bench: Bench) -> Self {
        let vendor = Vendor::default();
        let jobs = Jobs::new(
            bench.core.clone(),
            Registry::new().with(vendor.clone()),
            Settings::default(),
        );
        let mut set = WriteSet::of(TENANT);
        for id in ["vendor", "other"] {
            set.put(PeerRow::new(TENANT, id, "ta", &format!("Examenleverancier {id}")).next());
        }
        bench.core.commit(set).await.unwrap();
        Story {
            core: bench.core.clone(),
            jobs,
            vendor,
            bench,
        }
    }

    /// Queues a full-state message for a peer; its payload is `LANE#SEQ`, and its id too.
    async fn queue(&self, peer: &str, lane: &str, seq: i64, parent: Option<(&str, i64)>) {
        let mut set = WriteSet::of(TENANT);
        set.put(
            self.message(peer, lane, seq, parent)
                .write(TENANT, &format!("{lane}#{seq}"), self.core.now()),
        );
        self.core.commit(set).await.unwrap();
    }

    pub(super) fn message(&self, peer: &str, lane: &str, seq: i64, parent: Option<(&str, i64)>) -> NewJob {
        NewJob {
            kind: "deliver".to_owned(),
            peer: peer.to_owned(),
            flow: Some(2),
            lane: lane.to_owned(),
            seq,
            parent: parent.map(|(lane, seq)| (lane.to_owned(), seq)),
            payload: format!("{lane}#{seq}"),
            full_state: false,
            due_at: self.core.now(),
        }
    }

    async fn job(&self, id: &str) -> JobRow {
        job::find(&self.core.db, TENANT, id).await.unwrap().unwrap()
    }

    async fn state(&self, id: &str) -> JobState {
        self.job(id).await.state
    }

    async fn tasks(&self) -> Vec<String> {
        let tasks = task::open_tasks(&self.core.db, TENANT, 100).await.unwrap();
        tasks.into_iter().map(|task| task.about.title).collect()
    }

    async fn audited(&self) -> Vec<String> {
        let entries = audit::page(&self.core.db, TENANT, &self.core.node, 0, 1000)
            .await
            .unwrap();
        entries.into_iter().map(|entry| entry.verb).collect()
    }

    pub(super) fn pass(&self, seconds: i64) {
        self.bench.clock.advance(SignedDuration::from_secs(seconds));
    }
}

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

/// A verb that queues the newest full state of its object over whatever died before.
async fn queue_newer(story: &Story, lane: &'static str, seq: i64) {
    let verb = || async {
        let mut set = WriteSet::of(TENANT);
        letters::supersede_dead(&story.core, &mut set, lane, seq)
            .await
            .map_err(CommitError::from)?;
        let message = NewJob {
            full_state: true,
            ..story.message("vendor", lane, seq, None)
        };
        set.put(message.write(TENANT, &format!("{lane}#{seq}"), story.core.now()));
        Ok::<_, CommitError>(Decision {
            write_set: set,
            answer: (),
        })
    };
    story.core.decide(&[], verb).await.unwrap();
}

/// Invariant 4: dead until requeued, dismissed, or superseded by a newer full-state write of the same object.
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_full_state_message_takes_the_place_of_a_dead_letter() {
    on_each_database(|bench| async move {
        let story = Story::on(bench).await;
        story.queue("vendor", "a", 1, None).await;
        story.vendor.answer("a#1", [refused()]);
        story.jobs.run_until_idle().await;
        queue_newer(&story, "a", 2).await;
        assert_eq!(story.state("a#1").await, JobState::Superseded);
        assert!(story.tasks().await.is_empty());
        story.jobs.run_until_idle().await;
        assert_eq!(story.vendor.received(), ["a#2"]);
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
        let doomed = Jobs::new(doomed_core, Registry::new().with(Killed), Settings::default());
        let running = tokio::spawn(async move { doomed.run_due_once().await });
        while story.state("a#1").await != JobState::Running {
            tokio::task::yield_now().await;
        }
        running.abort();
        assert_eq!(story.jobs.run_until_idle().await, 0, "its lease has not ended");
        if story.core.db.is_shared() {
            story.pass(91);
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

impl Story {
    async fn on_existing(bench: &Bench) -> Self {
        let vendor = Vendor::default();
        Story {
            core: bench.core.clone(),
            jobs: Jobs::new(
                bench.core.clone(),
                Registry::new().with(vendor.clone()),
                Settings::default(),
            ),
            vendor,
            bench: bench.clone(),
        }
    }
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
