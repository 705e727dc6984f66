//! The engine: finds jobs whose turn and time it is, takes them up with a lease, and runs them, a bounded number per
//! outside system so that a slow one delays only itself.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::MissedTickBehavior;
use tracing::{error, info, warn};

use super::kind::{Done, JobContext, JobError, Registry};
use super::wake::PeerKey;
use super::{letters, settle};
use crate::app::{CommitError, Core};
use crate::domain::breaker::{BreakerPolicy, Passage};
use crate::domain::lane::JobState;
use crate::domain::retry::{Blame, Patience};
use crate::store::StoreError;
use crate::store::job::{self, Abandoned, JobRow};
use crate::store::peer::{self, PeerState};
use crate::store::write_set::WriteSet;

/// How the engine works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// So many jobs of one (tenant, peer) run at once on this node.
    pub per_peer: u32,
    /// How patient it is with failures.
    pub patience: Patience,
    /// When the circuit breaker opens.
    pub breaker: BreakerPolicy,
    /// What a lease is longer than a run's budget: for the commit, and for clocks of nodes that differ.
    pub lease_margin: Duration,
    /// How often the whole database is looked at, beside what commits of this process announce.
    pub look: Duration,
    /// What is announced within this long of the last time is taken up together: in as many queries as one job alone.
    pub together: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            per_peer: 8,
            patience: Patience::default(),
            breaker: BreakerPolicy::default(),
            lease_margin: Duration::from_secs(30),
            look: Duration::from_secs(5),
            together: Duration::from_millis(10),
        }
    }
}

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

struct Inner {
    core: Core,
    registry: Registry,
    settings: Settings,
    running: Mutex<HashMap<PeerKey, u32>>,
}

/// A job that this node has taken up, and its place among the running ones.
struct TakenUp {
    job: JobRow,
    /// Whether the peer failed before, so that a success has to be noted.
    after_failures: bool,
    _slot: Slot,
}

/// One of a peer's places, given back on drop.
struct Slot {
    jobs: Jobs,
    key: PeerKey,
    /// When to look again for work that found no place.
    look_again: Timestamp,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut running = self.jobs.0.running.lock().expect("no holder of this lock panics");
        if let Some(count) = running.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.key);
            }
        }
        drop(running);
        self.jobs.0.core.wake.note(self.key.clone(), self.look_again);
    }
}

impl Jobs {
    /// An engine over a core; nothing runs yet.
    #[must_use]
    pub fn new(core: Core, registry: Registry, settings: Settings) -> Self {
        Jobs(Arc::new(Inner {
            core: core.patient(),
            registry,
            settings,
            running: Mutex::default(),
        }))
    }

    /// Works until `stop` is done; then takes up no more, and returns when what was under way has ended.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut tasks = tokio::task::JoinSet::new();
        let mut look = tokio::time::interval(self.0.settings.look);
        let mut pass = tokio::time::interval(self.0.settings.together);
        pass.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.reclaim_after_start().await;
        loop {
            tokio::select! {
                () = &mut stop => break,
                _ = pass.tick() => {}
            }
            for taken_up in self.take_up_due().await {
                let jobs = self.clone();
                tasks.spawn(async move { jobs.work(taken_up).await });
            }
            while tasks.try_join_next().is_some() {}
            tokio::select! {
                () = &mut stop => break,
                () = self.0.core.wake.rung() => {}
                () = self.until_next_due() => {}
                _ = look.tick() => self.look_around().await,
            }
        }
        info!(
            jobs.running = tasks.len(),
            "takes up no more jobs, waits for the running ones"
        );
        while tasks.join_next().await.is_some() {}
    }

    /// Runs every job whose turn and time it is, once, and returns how many ran. For tests and for one-off commands:
    /// with a clock that is moved by hand nothing sleeps.
    pub async fn run_due_once(&self) -> usize {
        self.look_around().await;
        let taken_up = self.take_up_due().await;
        let count = taken_up.len();
        join_all(taken_up.into_iter().map(|it| self.work(it))).await;
        count
    }

    /// Runs jobs until none has its turn at the present time; returns how many ran.
    pub async fn run_until_idle(&self) -> usize {
        let mut total = 0;
        loop {
            match self.run_due_once().await {
                0 => return total,
                count => total += count,
            }
        }
    }

    /// Gives back jobs that an earlier process left running. On SQLite that is every running job of another process,
    /// since only one serves; on PostgreSQL those whose lease has ended.
    pub async fn reclaim_after_start(&self) {
        let core = &self.0.core;
        let which = match core.db.is_shared() {
            true => Abandoned::Since(core.now()),
            false => Abandoned::ByOthersThan(&core.node),
        };
        self.reclaim_or_warn(which).await;
    }

    /// Gives back the jobs of a node that is known to be gone ([`super::predecessor`]).
    pub async fn reclaim_from(&self, node: &str) {
        self.reclaim_or_warn(Abandoned::By(node)).await;
    }

    async fn reclaim_or_warn(&self, which: Abandoned<'_>) {
        if let Err(error) = self.reclaim(which).await {
            warn!("could not take back abandoned jobs, will try again: {error}");
        }
    }

    async fn reclaim(&self, which: Abandoned<'_>) -> Result<(), StoreError> {
        const PAGE: u32 = 256;
        let core = &self.0.core;
        loop {
            let abandoned = job::abandoned(&core.db, which, PAGE).await?;
            let is_last_page = abandoned.len() < PAGE as usize;
            let commits = abandoned.into_iter().map(|mut job| {
                info!(job.id = %job.id, "takes back job {} that was left running", job.id);
                job.state = JobState::Ready;
                job.lease = None;
                let mut set = WriteSet::of(&job.tenant);
                set.put(job.next());
                core.commit(set)
            });
            for outcome in join_all(commits).await {
                match outcome {
                    // A conflict: another node took it back, or it ended after all.
                    Ok(()) | Err(CommitError::Conflict(_)) => {}
                    Err(error) => {
                        warn!("could not take back a job, will try again: {error}");
                        return Ok(());
                    }
                }
            }
            if is_last_page {
                return Ok(());
            }
        }
    }

    /// Looks at the whole database: for jobs of other nodes' commits, and for abandoned ones.
    async fn look_around(&self) {
        let core = &self.0.core;
        self.reclaim_or_warn(Abandoned::Since(core.now())).await;
        match job::waiting_peers(&core.db).await {
            Ok(waiting) => {
                for (tenant, peer, due) in waiting {
                    core.wake.note(PeerKey { tenant, peer }, due);
                }
            }
            Err(error) => warn!("could not look for waiting jobs: {error}"),
        }
    }

    async fn until_next_due(&self) {
        match self.0.core.wake.next() {
            Some(at) => {
                let wait = at.duration_since(self.0.core.now());
                tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()).await;
            }
            None => std::future::pending().await,
        }
    }

    async fn take_up_due(&self) -> Vec<TakenUp> {
        let due = self.0.core.wake.take_due(self.0.core.now());
        let passes = due.into_iter().map(|key| async move {
            match self.take_up(&key).await {
                Ok(taken_up) => taken_up,
                Err(error) => {
                    warn!(peer = %key.peer, tenant = %key.tenant, "could not take up jobs: {error}");
                    Vec::new()
                }
            }
        });
        join_all(passes).await.into_iter().flatten().collect()
    }

    /// Takes up what a peer has and has room for.
    async fn take_up(&self, key: &PeerKey) -> Result<Vec<TakenUp>, StoreError> {
        let Inner { core, settings, .. } = &*self.0;
        if let Err(error) = letters::give_way_to_newer(core, &key.tenant, &key.peer).await {
            warn!(peer = %key.peer, "could not clear outdated dead letters, will try again: {error}");
        }
        let now = core.now();
        let mut room = settings.per_peer;
        let mut after_failures = false;
        // Work inside the host has no peer and no row.
        if let Some(peer) = peer::find(&core.db, &key.tenant, &key.peer).await? {
            if peer.state != PeerState::Active {
                return Ok(Vec::new());
            }
            match peer.breaker.passage(&settings.breaker, now) {
                Passage::Free => {}
                Passage::Probe => room = 1,
                Passage::Shut(until) => {
                    core.wake.note(key.clone(), until);
                    return Ok(Vec::new());
                }
            }
            after_failures = peer.breaker.failures > 0 || peer.breaker.open_until.is_some();
        }
        let room = room.saturating_sub(self.running(key));
        if room == 0 {
            // The end of a running one looks again.
            return Ok(Vec::new());
        }
        let jobs = job::whose_turn_it_is(&core.db, &key.tenant, &key.peer, now, room).await?;
        if jobs.len() < room as usize
            && let Some(due) = job::next_due(&core.db, &key.tenant, &key.peer, now).await?
        {
            core.wake.note(key.clone(), due);
        }
        let leases = jobs.into_iter().map(|job| self.lease(job, key, after_failures));
        Ok(join_all(leases).await.into_iter().flatten().collect())
    }

    fn running(&self, key: &PeerKey) -> u32 {
        let running = self.0.running.lock().expect("no holder of this lock panics");
        running.get(key).copied().unwrap_or(0)
    }

    fn slot(&self, key: &PeerKey) -> Slot {
        let mut running = self.0.running.lock().expect("no holder of this lock panics");
        *running.entry(key.clone()).or_insert(0) += 1;
        Slot {
            jobs: self.clone(),
            key: key.clone(),
            look_again: Timestamp::MIN,
        }
    }

    /// Takes up one job, unless another node was first.
    async fn lease(&self, mut job: JobRow, key: &PeerKey, after_failures: bool) -> Option<TakenUp> {
        let Inner { core, settings, .. } = &*self.0;
        let mut slot = self.slot(key);
        let budget = self.budget(&job.kind);
        let until = core
            .now()
            .checked_add(budget + settings.lease_margin)
            .unwrap_or(Timestamp::MAX);
        job.state = JobState::Running;
        job.attempts = job.attempts.saturating_add(1);
        job.lease = Some((core.node.to_string(), until));
        let mut set = WriteSet::of(&job.tenant);
        set.put(job.next());
        match core.commit(set).await {
            Ok(()) => {
                job.version += 1;
                Some(TakenUp {
                    job,
                    after_failures,
                    _slot: slot,
                })
            }
            // Another node was first, or a person dismissed it. The slot's end looks again.
            Err(CommitError::Conflict(_)) => None,
            Err(error) => {
                warn!(job.id = %job.id, "could not take up job {}: {error}", job.id);
                // The database is in trouble: no reason to hurry.
                slot.look_again = core.now().checked_add(Duration::from_secs(1)).unwrap_or(Timestamp::MAX);
                None
            }
        }
    }

    fn budget(&self, kind: &str) -> Duration {
        let kind = self.0.registry.find(kind);
        kind.map_or(Duration::from_secs(60), |kind| kind.budget())
    }

    async fn work(&self, taken_up: TakenUp) {
        let Inner { core, settings, .. } = &*self.0;
        let TakenUp {
            job,
            after_failures,
            _slot,
        } = taken_up;
        let id = job.id.clone();
        let context = JobContext::new(core.clone(), job);
        let outcome = self.run_kind(&context).await;
        let desk = settle::Desk {
            core,
            settings,
            context: &context,
            after_failures,
        };
        let settled = desk.settle(outcome).await;
        if let Err(error) = settled {
            // It stays running until its lease ends, and is then done again.
            error!(job.id = %id, "could not store the outcome of job {id}, it will run again: {error}");
        }
    }

    /// Runs the kind inside its budget; a panic is an error of the host and no reason to stop working.
    async fn run_kind(&self, context: &JobContext) -> Result<Done, JobError> {
        let job = &context.job;
        let Some(kind) = self.0.registry.find(&job.kind) else {
            let message = format!("this version of the host knows no job kind `{}`", job.kind);
            return Err(JobError::transient(Blame::Host, None, message));
        };
        let budget = kind.budget();
        let run = AssertUnwindSafe(kind.run(context.clone())).catch_unwind();
        match tokio::time::timeout(budget, run).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => {
                let message = format!("job kind `{}` stopped in the middle (a bug in the host)", job.kind);
                Err(JobError::transient(Blame::Host, None, message))
            }
            Err(_elapsed) => {
                let message = format!("took longer than its budget of {} s", budget.as_secs());
                Err(JobError::transient(Blame::Vendor, None, message))
            }
        }
    }
}
