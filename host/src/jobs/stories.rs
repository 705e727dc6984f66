//! Stories of lanes, retry, breaker, pause and dead letters, on both databases, with a clock that is moved by hand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use jiff::SignedDuration;

use super::{Done, JobContext, JobError, JobKind, Jobs, Registry, Settings};
use crate::app::Core;
use crate::domain::lane::JobState;
use crate::domain::retry::Blame;
use crate::store::job::{self, JobRow, NewJob};
use crate::store::peer::PeerRow;
use crate::store::testing::Bench;
use crate::store::write_set::WriteSet;
use crate::store::{audit, task};

mod engine;
mod failures;
mod lanes;
mod property;

const TENANT: &str = "school";

/// A vendor that notes what it was sent, and answers as the test says.
#[derive(Clone, Default)]
struct Vendor {
    /// Payloads that had their effect, in order.
    received: Arc<Mutex<Vec<String>>>,
    /// What it answers to a payload, in turn; then, and to others, it accepts.
    answers: Arc<Mutex<HashMap<String, Vec<JobError>>>>,
}

impl Vendor {
    fn answer(&self, payload: &str, answers: impl IntoIterator<Item = JobError>) {
        let mut all = self.answers.lock().unwrap();
        all.entry(payload.to_owned()).or_default().extend(answers);
    }

    fn received(&self) -> Vec<String> {
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

fn down() -> JobError {
    JobError::transient(Blame::Vendor, None, "connection refused")
}

fn refused() -> JobError {
    JobError::permanent(Blame::Vendor, "400: unknown room")
}

struct Story {
    core: Core,
    jobs: Jobs,
    vendor: Vendor,
    bench: Bench,
}

impl Story {
    async fn on(bench: Bench) -> Self {
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

    fn message(&self, peer: &str, lane: &str, seq: i64, parent: Option<(&str, i64)>) -> NewJob {
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

    fn pass(&self, seconds: i64) {
        self.bench.clock.advance(SignedDuration::from_secs(seconds));
    }
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
