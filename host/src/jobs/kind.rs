//! What a kind of job is: a name, a budget, and what it does; and what it answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::app::{Core, Refused};
use crate::domain::retry::{Blame, Verdict};
use crate::store::StoreError;
use crate::store::job::JobRow;
use crate::store::write_set::WriteSet;

/// A kind of job.
pub trait JobKind: Send + Sync {
    /// The name that jobs carry.
    fn name(&self) -> &'static str;

    /// The wall-clock budget of one run; the lease is a little longer. A run that takes longer is given up as
    /// transient, vendor's blame.
    fn budget(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// Does it.
    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>>;
}

/// What a run is given.
#[derive(Clone)]
pub struct JobContext {
    /// The core.
    pub core: Core,
    /// The job, as it stood when it was taken up.
    pub job: Arc<JobRow>,
    revision: Arc<AtomicI64>,
}

/// Revisions count from 1.
const NO_REVISION: i64 = 0;

impl JobContext {
    pub(super) fn new(core: Core, job: JobRow) -> Self {
        JobContext {
            core,
            job: Arc::new(job),
            revision: Arc::new(AtomicI64::new(NO_REVISION)),
        }
    }

    /// Notes which connector revision handles this run; it is kept with the job, whatever comes of it.
    pub fn handled_by(&self, revision: i64) {
        self.revision.store(revision, Ordering::Relaxed);
    }

    /// The connector revision that handles this run, once one does.
    pub fn revision(&self) -> Option<i64> {
        Some(self.revision.load(Ordering::Relaxed)).filter(|revision| *revision != NO_REVISION)
    }
}

type Verb = Box<dyn Fn() -> BoxFuture<'static, Result<WriteSet, JobError>> + Send + Sync>;

/// The effect took place; what follows from it.
pub struct Done {
    pub(super) follow: Follow,
    pub(super) again: Option<Timestamp>,
}

pub(super) enum Follow {
    WriteSet(WriteSet),
    Verb(Verb),
}

impl Done {
    /// Nothing follows.
    #[must_use]
    pub fn nothing() -> Self {
        Done::with(WriteSet::default())
    }

    /// These changes, committed together with the job's end. When a row in it has changed meanwhile the whole job runs
    /// again; where that would be a pity, use [`Done::deciding`].
    #[must_use]
    pub fn with(write_set: WriteSet) -> Self {
        Done {
            follow: Follow::WriteSet(write_set),
            again: None,
        }
    }

    /// What this verb decides, committed together with the job's end; on a conflict only the verb runs again.
    #[must_use]
    pub fn deciding<F, Fut>(verb: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<WriteSet, JobError>> + Send + 'static,
    {
        Done {
            follow: Follow::Verb(Box::new(move || Box::pin(verb()))),
            again: None,
        }
    }

    /// The job does not end: it keeps its place, its attempts wiped, and runs again at a moment. For work that comes
    /// back, such as polling: one row for all its rounds.
    #[must_use]
    pub fn again_at(self, at: Timestamp) -> Self {
        Done {
            again: Some(at),
            ..self
        }
    }
}

/// Why the effect did not take place, and what that decides.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JobError {
    /// Whether trying again is of use.
    pub verdict: Verdict,
    /// Who has to act.
    pub blame: Blame,
    /// For a person, without personal data.
    pub message: String,
}

impl JobError {
    /// It may work later; `after` is what the other side asked for.
    pub fn transient(blame: Blame, after: Option<Duration>, message: impl Into<String>) -> Self {
        JobError {
            verdict: Verdict::Retry { after },
            blame,
            message: message.into(),
        }
    }

    /// The other side says we ask too often.
    pub fn rate_limited(after: Option<Duration>, message: impl Into<String>) -> Self {
        JobError {
            verdict: Verdict::RateLimited { after },
            blame: Blame::Vendor,
            message: message.into(),
        }
    }

    /// Sending the same again can't help.
    pub fn permanent(blame: Blame, message: impl Into<String>) -> Self {
        JobError {
            verdict: Verdict::Permanent,
            blame,
            message: message.into(),
        }
    }
}

impl From<StoreError> for JobError {
    /// A database that fails may answer later; a row that breaks the domain won't mend itself.
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Inconsistent { .. } => JobError::permanent(Blame::Host, error.to_string()),
            _ => JobError::transient(Blame::Host, None, error.to_string()),
        }
    }
}

impl From<Refused> for JobError {
    /// What a verb refuses stays refused; what failed may work later.
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error.into(),
            failure if failure.is_failure() => JobError::transient(Blame::Host, None, failure.to_string()),
            refused => JobError::permanent(Blame::Host, refused.to_string()),
        }
    }
}

/// The kinds that this process can run, by name.
#[derive(Default, Clone)]
pub struct Registry(HashMap<&'static str, Arc<dyn JobKind>>);

impl Registry {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Registry::default()
    }

    /// Adds a kind; a later one of the same name takes the place of the earlier.
    #[must_use]
    pub fn with(mut self, kind: impl JobKind + 'static) -> Self {
        self.0.insert(kind.name(), Arc::new(kind));
        self
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<dyn JobKind>> {
        self.0.get(name).cloned()
    }
}
