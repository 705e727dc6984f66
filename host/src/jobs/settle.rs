//! What is stored after a run: the job's end with what follows from it, or the next try, or a dead letter with a task
//! for a person; and what the outcome tells of the system on the other side.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tracing::{info, warn};

use super::engine::Settings;
use super::kind::{Done, Follow, JobContext, JobError};
use super::letters;
use super::peers;
use crate::app::{CommitError, Core, Decision};
use crate::domain::breaker::Breaker;
use crate::domain::lane::JobState;
use crate::domain::retry::{Blame, Failed, Next, Verdict};
use crate::store::StoreError;
use crate::store::job::{self, JobRow};
use crate::store::peer::{self, PeerRow};
use crate::store::write_set::WriteSet;

/// So often the outcome of a run is offered to a database that fails.
const OFFERS: u32 = 5;
/// The longest error sentence kept, in characters.
const LONGEST_ERROR: usize = 1000;

/// One run whose outcome is to be stored.
pub(super) struct Desk<'a> {
    pub(super) core: &'a Core,
    pub(super) settings: &'a Settings,
    pub(super) context: &'a JobContext,
    /// Whether the peer failed before, so that a success has to be noted.
    pub(super) after_failures: bool,
}

enum Trouble {
    /// The lease ended and another node has the job, or a person decided on it.
    Lost,
    /// A row of a fixed write set has changed meanwhile.
    Stale,
    /// What follows could not be decided.
    Job(JobError),
    Commit(CommitError),
}

impl From<CommitError> for Trouble {
    fn from(error: CommitError) -> Self {
        Trouble::Commit(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Trouble::Commit(CommitError::Store(error))
    }
}

impl Desk<'_> {
    /// Stores the outcome; offers it a few times to a database that fails, since the effect has taken place already.
    pub(super) async fn settle(&self, outcome: Result<Done, JobError>) -> Result<(), CommitError> {
        let mut offers = 1;
        loop {
            let stored = match &outcome {
                Ok(done) => self.done(done).await,
                Err(error) => self.failed(error).await,
            };
            match stored {
                Err(Trouble::Commit(CommitError::Store(error))) if offers < OFFERS => {
                    warn!("could not store the outcome of a job, will offer it again: {error}");
                    tokio::time::sleep(Duration::from_millis(100 << offers)).await;
                    offers += 1;
                }
                Err(Trouble::Commit(error)) => return Err(error),
                Err(Trouble::Lost) => {
                    let id = &self.context.job.id;
                    info!(job.id = %id, "job {id} was taken over meanwhile, its outcome here is dropped");
                    return Ok(());
                }
                Ok(()) | Err(Trouble::Stale | Trouble::Job(_)) => return Ok(()),
            }
        }
    }

    async fn done(&self, done: &Done) -> Result<(), Trouble> {
        let runs = AtomicU32::new(0);
        let verb = || async {
            let is_again = runs.fetch_add(1, Ordering::Relaxed) > 0;
            if is_again {
                self.still_ours().await?;
            }
            let mut set = match &done.follow {
                Follow::WriteSet(_) if is_again => return Err(Trouble::Stale),
                Follow::WriteSet(set) => set.clone(),
                Follow::Verb(verb) => verb().await.map_err(Trouble::Job)?,
            };
            set.tenant.clone_from(&self.context.job.tenant);
            set.put(self.after(done.again).next());
            if self.after_failures
                && let Some(peer) = self.peer().await?
            {
                self.note_breaker(&mut set, peer, Breaker::succeeded).await?;
            }
            Ok(Decision {
                write_set: set,
                answer: (),
            })
        };
        let keys = match self.after_failures {
            true => vec![self.peer_lock()],
            false => Vec::new(),
        };
        match self.core.decide(&keys, verb).await {
            Err(Trouble::Job(error)) => self.failed(&error).await,
            Err(Trouble::Stale) => self.put_back().await,
            // A verb that meets a conflict time and again: the effect will be repeated later, which is harmless.
            Err(Trouble::Commit(error)) if error.is_conflict() => {
                let error = JobError::transient(Blame::Host, None, error.to_string());
                self.failed(&error).await
            }
            other => other,
        }
    }

    async fn failed(&self, error: &JobError) -> Result<(), Trouble> {
        let dice = self.core.dice();
        let verb = || async {
            self.still_ours().await?;
            let job = &*self.context.job;
            let mut set = WriteSet::of(&job.tenant);
            let mut is_down = false;
            if let Some(peer) = self.peer().await? {
                is_down = self.judge_peer(&mut set, peer, error).await?;
            }
            let age = Duration::try_from(self.core.now().duration_since(job.created_at)).unwrap_or_default();
            let failed = Failed {
                verdict: error.verdict,
                strikes: job.strikes,
                age,
                receiver_down: is_down,
            };
            let next = self.settings.patience.next(failed, dice);
            self.note_failure(&mut set, error, next).await?;
            Ok(Decision {
                write_set: set,
                answer: next,
            })
        };
        let next = self
            .core
            .decide::<Next, Trouble, _, _>(&[self.peer_lock()], verb)
            .await?;
        let job = &self.context.job;
        let blame = error.blame.as_str();
        match next {
            Next::Again { wait, .. } => {
                info!(job.id = %job.id, job.kind = %job.kind, blame, "job {} failed, again in {wait:?}", job.id);
            }
            Next::Dead => {
                warn!(job.id = %job.id, job.kind = %job.kind, blame, "job {} failed for good", job.id);
            }
        }
        Ok(())
    }

    /// What a failure tells of the peer; returns whether the peer counts as down.
    async fn judge_peer(&self, set: &mut WriteSet, peer: PeerRow, error: &JobError) -> Result<bool, Trouble> {
        let policy = &self.settings.breaker;
        let now = self.core.now();
        let after = match (error.verdict, error.blame) {
            (Verdict::RateLimited { after }, _) => {
                let wait = after.unwrap_or(self.settings.patience.rate_limit);
                peer.breaker.rate_limited(now, wait)
            }
            (Verdict::Retry { .. }, Blame::Vendor) => peer.breaker.failed(policy, now),
            // A refusal is an answer: the other side is there.
            (Verdict::Permanent, Blame::Vendor) => peer.breaker.succeeded(),
            (Verdict::Waits { .. }, _) | (_, Blame::Connector | Blame::Host) => peer.breaker,
        };
        self.note_breaker(set, peer, |_| after).await?;
        Ok(after.is_down(policy))
    }

    /// Adds the peer's row when its breaker changes, and a task when it goes down or comes back.
    async fn note_breaker(
        &self,
        set: &mut WriteSet,
        mut peer: PeerRow,
        change: impl FnOnce(Breaker) -> Breaker,
    ) -> Result<(), Trouble> {
        let policy = &self.settings.breaker;
        let before = peer.breaker;
        peer.breaker = change(before);
        if peer.breaker == before {
            return Ok(());
        }
        match (before.is_down(policy), peer.breaker.is_down(policy)) {
            (false, true) => peers::note_down(self.core, set, &peer),
            (true, false) => peers::note_back(self.core, set, &peer).await?,
            _ => {}
        }
        set.put(peer.next());
        Ok(())
    }

    async fn note_failure(&self, set: &mut WriteSet, error: &JobError, next: Next) -> Result<(), Trouble> {
        let now = self.core.now();
        let mut job = JobRow {
            last_error: Some(error.message.chars().take(LONGEST_ERROR).collect()),
            blame: Some(error.blame),
            revision: self.context.revision().or(self.context.job.revision),
            lease: None,
            ..(*self.context.job).clone()
        };
        match next {
            Next::Again { wait, strike } => {
                job.state = JobState::Ready;
                job.strikes = job.strikes.saturating_add(u32::from(strike));
                job.due_at = now.checked_add(wait).unwrap_or(jiff::Timestamp::MAX);
            }
            Next::Dead if letters::has_successor(self.core, &job).await? => {
                job.state = JobState::Superseded;
                job.finished_at = Some(now);
                letters::note_superseded(set, &job);
            }
            Next::Dead => {
                job.state = JobState::Dead;
                letters::note_dead(self.core, set, &job).await?;
            }
        }
        set.put(job.next());
        Ok(())
    }

    /// A fixed write set met a changed row: the job runs again at once, and that is not its fault.
    async fn put_back(&self) -> Result<(), Trouble> {
        let job = JobRow {
            state: JobState::Ready,
            lease: None,
            due_at: self.core.now(),
            ..(*self.context.job).clone()
        };
        let mut set = WriteSet::of(&job.tenant);
        set.put(job.next());
        match self.core.commit(set).await {
            Err(CommitError::Conflict(_)) => Err(Trouble::Lost),
            other => Ok(other?),
        }
    }

    /// The job after its effect: ended, or waiting for its next round.
    fn after(&self, again: Option<jiff::Timestamp>) -> JobRow {
        let job = JobRow {
            lease: None,
            revision: self.context.revision().or(self.context.job.revision),
            ..(*self.context.job).clone()
        };
        match again {
            None => JobRow {
                state: JobState::Done,
                finished_at: Some(self.core.now()),
                ..job
            },
            Some(due_at) => JobRow {
                state: JobState::Ready,
                due_at,
                // A round is as old as its turn: patience is counted from there.
                created_at: due_at,
                attempts: 0,
                strikes: 0,
                last_error: None,
                blame: None,
                ..job
            },
        }
    }

    async fn still_ours(&self) -> Result<(), Trouble> {
        let ours = &self.context.job;
        let stored = job::find(&self.core.db, &ours.tenant, &ours.id).await?;
        match stored.is_some_and(|stored| stored.version == ours.version) {
            true => Ok(()),
            false => Err(Trouble::Lost),
        }
    }

    async fn peer(&self) -> Result<Option<PeerRow>, StoreError> {
        let job = &self.context.job;
        peer::find(&self.core.db, &job.tenant, &job.peer).await
    }

    fn peer_lock(&self) -> String {
        peers::lock(&self.context.job.tenant, &self.context.job.peer)
    }
}
