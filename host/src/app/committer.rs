//! The committer: one per process. It takes the write sets that wait, makes them durable in one transaction, and tells
//! each verb what became of its own.
//!
//! There is no timer: a lone write set is committed at once; while that runs, the next group gathers.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tracing::{debug, warn};

use super::group::{self, row_name, written_row_name};
use crate::audit::append::Chains;
use crate::domain::clock::Clock;
use crate::jobs::wake::Wake;
use crate::store::write_set::{Table, WriteSet};
use crate::store::{Database, StoreError};

/// The most write sets in one transaction.
const GROUP: usize = 64;
/// So many rows fill a transaction up, so that nobody waits long behind work in bulk.
const ROWS: usize = 512;
/// So many may wait before a verb waits for a place in the queue.
const QUEUE: usize = 1024;

/// Why a write set was not stored.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A row it was decided on has changed meanwhile, or a key is taken: decide again.
    #[error("decided on an old state: {0}")]
    Conflict(String),
    /// The write set itself is wrong: a mistake in the program.
    #[error("malformed write set: {0}")]
    Malformed(String),
    /// The database failed. Whether the write set was stored may be unknown; deciding again finds out.
    #[error("could not commit")]
    Store(#[from] StoreError),
    /// The host is stopping.
    #[error("the host is stopping and takes no more changes")]
    Stopped,
}

impl CommitError {
    pub(super) fn changed(table: &Table) -> Self {
        CommitError::Conflict(format!("a row of `{}` has another version now", table.name))
    }

    pub(super) fn taken(table: &Table) -> Self {
        CommitError::Conflict(format!("a key of `{}` is taken", table.name))
    }

    /// Whether deciding again may help.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, CommitError::Conflict(_))
    }
}

struct Waiting {
    set: WriteSet,
    answer: oneshot::Sender<Result<(), CommitError>>,
}

/// The way to the committer. Cheap to clone; the committer ends when the last one is dropped.
#[derive(Clone)]
pub struct Committer(mpsc::Sender<Waiting>);

impl Committer {
    /// Starts the committer in the present tokio runtime.
    #[must_use]
    pub fn start(db: Database, clock: Arc<dyn Clock>, chains: Chains, wake: Arc<Wake>) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        let worker = Worker {
            db,
            clock,
            chains,
            wake,
            queue,
            held: VecDeque::new(),
        };
        tokio::spawn(worker.run());
        Committer(sender)
    }

    /// Stores a write set, all or nothing; returns when it is durable.
    ///
    /// # Errors
    /// [`CommitError`]. When the caller stops waiting the write set may be stored all the same.
    pub async fn commit(&self, set: WriteSet) -> Result<(), CommitError> {
        group::check(&set)?;
        if set.is_empty() && set.expects.is_empty() {
            return Ok(());
        }
        let (answer, outcome) = oneshot::channel();
        let waiting = Waiting { set, answer };
        self.0.send(waiting).await.map_err(|_| CommitError::Stopped)?;
        outcome.await.map_err(|_| CommitError::Stopped)?
    }
}

struct Worker {
    db: Database,
    clock: Arc<dyn Clock>,
    chains: Chains,
    wake: Arc<Wake>,
    queue: mpsc::Receiver<Waiting>,
    /// Taken from the queue and not yet committed.
    held: VecDeque<Waiting>,
}

impl Worker {
    async fn run(mut self) {
        while let Some(group) = self.next_group().await {
            self.commit_group(group).await;
        }
    }

    /// What waits, up to a group's size, without two write sets that touch the same row.
    async fn next_group(&mut self) -> Option<Vec<Waiting>> {
        if self.held.is_empty() {
            self.held.push_back(self.queue.recv().await?);
        }
        self.gather().await;
        let mut touched = Touched::default();
        let mut group: Vec<Waiting> = Vec::new();
        let mut later = VecDeque::new();
        let mut rows = 0;
        for waiting in self.held.drain(..) {
            let with = rows + waiting.set.rows.len();
            let has_room = group.is_empty() || (group.len() < GROUP && with <= ROWS);
            match has_room && touched.admits(&waiting.set) {
                true => {
                    rows = with;
                    group.push(waiting);
                }
                false => later.push_back(waiting),
            }
        }
        self.held = later;
        Some(group)
    }

    /// Takes what waits. Verbs whose reads were answered together finish together: who is ready hands in first, for as
    /// long as that brings more.
    async fn gather(&mut self) {
        let mut before = 0;
        while self.held.len() > before && self.held.len() < GROUP * 2 {
            before = self.held.len();
            tokio::task::yield_now().await;
            while self.held.len() < GROUP * 2
                && let Ok(waiting) = self.queue.try_recv()
            {
                self.held.push_back(waiting);
            }
        }
    }

    async fn commit_group(&mut self, group: Vec<Waiting>) {
        let sets: Vec<&WriteSet> = group.iter().map(|waiting| &waiting.set).collect();
        match self.transact(&sets).await {
            Ok(()) => group.into_iter().for_each(|waiting| self.stored(waiting)),
            Err(error) => {
                debug!(
                    group.size = group.len(),
                    "could not commit a group, now one by one: {error}"
                );
                for waiting in group {
                    self.commit_alone(waiting).await;
                }
            }
        }
    }

    /// A failed group is tried again one write set at a time, so that only the bad one fails. A database failure gets
    /// this second chance too (a lost connection); a conflict of one that was alone already is found once more.
    async fn commit_alone(&mut self, waiting: Waiting) {
        match self.transact(&[&waiting.set]).await {
            Ok(()) => self.stored(waiting),
            Err(error) => {
                if let CommitError::Store(source) = &error {
                    warn!("could not commit a write set: {source}");
                }
                // The verb may have stopped waiting.
                let _gone = waiting.answer.send(Err(error));
            }
        }
    }

    fn stored(&self, waiting: Waiting) {
        self.wake.stored(&waiting.set);
        // The verb may have stopped waiting; it is stored all the same.
        let _gone = waiting.answer.send(Ok(()));
    }

    async fn transact(&mut self, sets: &[&WriteSet]) -> Result<(), CommitError> {
        let outcome = self.try_transact(sets).await;
        if outcome.is_err() {
            self.chains.forget();
        }
        outcome
    }

    async fn try_transact(&mut self, sets: &[&WriteSet]) -> Result<(), CommitError> {
        let mut tx = self.db.begin().await?;
        group::take_turns(&mut tx, sets).await?;
        group::check_expectations(&mut tx, sets).await?;
        let mut staged = self.chains.stage(&mut tx, sets, self.clock.now()).await?;
        group::write(&mut tx, sets, std::mem::take(&mut staged.rows)).await?;
        tx.commit().await?;
        self.chains.adopt(staged);
        Ok(())
    }
}

/// The rows a group touches so far.
#[derive(Default)]
struct Touched {
    written: HashSet<String>,
    expected: HashSet<String>,
}

impl Touched {
    /// Adds a write set, unless it touches a row that another one writes, or writes one that another one read.
    fn admits(&mut self, set: &WriteSet) -> bool {
        let written: Vec<String> = set.rows.iter().map(written_row_name).collect();
        let expected: Vec<String> = set.expects.iter().map(|it| row_name(it.table, &it.key)).collect();
        let is_touched = written
            .iter()
            .any(|name| self.written.contains(name) || self.expected.contains(name))
            || expected.iter().any(|name| self.written.contains(name));
        if is_touched {
            return false;
        }
        self.written.extend(written);
        self.expected.extend(expected);
        true
    }
}
