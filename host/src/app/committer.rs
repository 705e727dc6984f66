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
/// So many fill up one of work that nobody waits for: whoever comes meanwhile waits for it to end.
const ROWS_OF_PATIENT: usize = 128;
/// After so many transactions without it, work that nobody waits for goes along.
const MOST_PASSED_OVER: u32 = 3;
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

/// Who waits for a write set to be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody at a screen or a socket: it goes first.
    Awaited,
    /// Nobody: work that follows commits. Nor has work in bulk that a person asked for a claim to go first: many wait
    /// shorter for one waiting longer.
    Patient,
}

struct Waiting {
    set: WriteSet,
    urgency: Urgency,
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
            turns: Turns::default(),
        };
        tokio::spawn(worker.run());
        Committer(sender)
    }

    /// Stores a write set, all or nothing; returns when it is durable.
    ///
    /// # Errors
    /// [`CommitError`]. When the caller stops waiting the write set may be stored all the same.
    pub async fn commit(&self, set: WriteSet, urgency: Urgency) -> Result<(), CommitError> {
        group::check(&set)?;
        if set.is_empty() && set.expects.is_empty() {
            return Ok(());
        }
        let (answer, outcome) = oneshot::channel();
        let waiting = Waiting { set, urgency, answer };
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
    turns: Turns,
}

impl Worker {
    async fn run(mut self) {
        while let Some(group) = self.next_group().await {
            self.commit_group(group).await;
        }
    }

    /// What waits, up to a group's size.
    async fn next_group(&mut self) -> Option<Vec<Waiting>> {
        if self.held.is_empty() {
            self.held.push_back(self.queue.recv().await?);
        }
        self.gather().await;
        Some(self.turns.next(&mut self.held))
    }

    /// Takes what waits. Verbs whose reads were answered together finish together: who is ready hands in first, for as
    /// long as that brings more.
    async fn gather(&mut self) {
        let mut before = 0;
        let is_awaited = |waiting: &Waiting| waiting.urgency == Urgency::Awaited;
        // Work that nobody waits for may pile up here without hiding who comes behind it.
        let mut awaited = self.held.iter().filter(|waiting| is_awaited(waiting)).count();
        while self.held.len() > before && awaited < GROUP * 2 && self.held.len() < QUEUE {
            before = self.held.len();
            tokio::task::yield_now().await;
            while awaited < GROUP * 2
                && self.held.len() < QUEUE
                && let Ok(waiting) = self.queue.try_recv()
            {
                awaited += usize::from(is_awaited(&waiting));
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

/// Whose turn it is: what somebody waits for goes first, but not for ever.
#[derive(Default)]
struct Turns {
    /// So many transactions in a row left out work that nobody waits for.
    passed_over: u32,
}

impl Turns {
    /// What goes into the next transaction; the rest stays.
    fn next(&mut self, held: &mut VecDeque<Waiting>) -> Vec<Waiting> {
        let (group, later) = choose(std::mem::take(held), self.passed_over >= MOST_PASSED_OVER);
        *held = later;
        let is_patient = |waiting: &Waiting| waiting.urgency == Urgency::Patient;
        self.passed_over = match group.iter().any(is_patient) || !held.iter().any(is_patient) {
            true => 0,
            false => self.passed_over + 1,
        };
        group
    }
}

/// What goes into the next transaction, without two write sets that touch the same row: what somebody waits for, and what
/// nobody waits for only if there is nothing else, or `along`. The rest stays, in its order.
fn choose(held: VecDeque<Waiting>, along: bool) -> (Vec<Waiting>, VecDeque<Waiting>) {
    let is_awaited = |waiting: &Waiting| waiting.urgency == Urgency::Awaited;
    let some_awaited = held.iter().any(is_awaited);
    let most_rows = match some_awaited {
        true => ROWS,
        false => ROWS_OF_PATIENT,
    };
    let (mut group, mut later): (Vec<Waiting>, VecDeque<Waiting>) = Default::default();
    let mut touched = Touched::default();
    let mut rows = 0;
    for waiting in held {
        let with = rows + waiting.set.rows.len();
        let has_room = group.is_empty() || (group.len() < GROUP && with <= most_rows);
        let may_go = along || !some_awaited || is_awaited(&waiting);
        match may_go && has_room && touched.admits(&waiting.set) {
            true => {
                rows = with;
                group.push(waiting);
            }
            false => later.push_back(waiting),
        }
    }
    (group, later)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Write;
    use crate::store::tenant::TENANT;
    use crate::store::testing::{Bench, TestDatabase};
    use crate::values;

    fn waiting(urgency: Urgency, row: &str, rows: usize) -> Waiting {
        let mut set = WriteSet::of("roc");
        for nth in 0..rows {
            set.rows.push(Write {
                table: &TENANT,
                values: values![format!("{row}-{nth}")],
            });
        }
        let (answer, _) = oneshot::channel();
        Waiting { set, urgency, answer }
    }

    fn sizes(sets: &[Waiting]) -> Vec<usize> {
        sets.iter().map(|one| one.set.rows.len()).collect()
    }

    #[test]
    fn what_somebody_waits_for_goes_before_what_nobody_waits_for() {
        let held = || {
            VecDeque::from([
                waiting(Urgency::Patient, "bulk", 5),
                waiting(Urgency::Awaited, "message", 2),
                waiting(Urgency::Patient, "follows", 3),
                waiting(Urgency::Awaited, "page", 1),
            ])
        };
        let (group, mut later) = choose(held(), false);
        assert_eq!(sizes(&group), [2, 1]);
        assert_eq!(sizes(later.make_contiguous()), [5, 3], "in their order");
        let (group, later) = choose(later, false);
        assert_eq!(
            (sizes(&group).as_slice(), later.len()),
            ([5, 3].as_slice(), 0),
            "nothing else waits"
        );
        let (group, _) = choose(held(), true);
        assert_eq!(sizes(&group), [5, 2, 3, 1], "passed over long enough");
    }

    #[test]
    fn work_that_nobody_waits_for_is_passed_over_three_times_and_no_more() {
        let mut turns = Turns::default();
        let mut held = VecDeque::from([waiting(Urgency::Patient, "bulk", 5)]);
        let mut went = Vec::new();
        for round in 0..4 {
            held.push_back(waiting(Urgency::Awaited, &format!("message-{round}"), 1));
            went.push(sizes(&turns.next(&mut held)));
        }
        assert_eq!(went, [vec![1], vec![1], vec![1], vec![5, 1]]);
        held.push_back(waiting(Urgency::Patient, "follows", 2));
        held.push_back(waiting(Urgency::Awaited, "page", 1));
        assert_eq!(sizes(&turns.next(&mut held)), [1], "counted from the start again");
    }

    /// What nobody waits for may fill the queue by hundreds; whoever waits behind it is taken from the queue all the same,
    /// and goes first.
    #[tokio::test]
    async fn work_piled_up_in_the_queue_does_not_hide_who_waits_behind_it() {
        let database = TestDatabase::sqlite().await;
        let bench = Bench::over(&database);
        let (sender, queue) = mpsc::channel(QUEUE);
        for nth in 0..GROUP * 8 {
            let bulk = waiting(Urgency::Patient, &format!("bulk-{nth}"), 1);
            assert!(sender.try_send(bulk).is_ok());
        }
        assert!(sender.try_send(waiting(Urgency::Awaited, "message", 2)).is_ok());
        let mut worker = Worker {
            db: database.db.clone(),
            clock: bench.core.world.clock.clone(),
            chains: Chains::of("node", bench.core.sealer.clone()),
            wake: bench.core.wake.clone(),
            queue,
            held: VecDeque::new(),
            turns: Turns::default(),
        };
        let group = worker.next_group().await.unwrap();
        assert_eq!(sizes(&group), [2], "the message goes before all of it");
        assert_eq!(worker.held.len(), GROUP * 8, "none of which is lost");
        database.remove().await;
    }

    #[test]
    fn work_that_nobody_waits_for_goes_in_short_transactions() {
        let patient = |rows| waiting(Urgency::Patient, &format!("bulk-{rows}"), rows);
        let (group, later) = choose(VecDeque::from([patient(100), patient(20), patient(90)]), false);
        assert_eq!((sizes(&group).as_slice(), later.len()), ([100, 20].as_slice(), 1));
        let (group, _) = choose(VecDeque::from([patient(400), patient(1)]), false);
        assert_eq!(sizes(&group), [400], "a large one goes alone");
    }
}
