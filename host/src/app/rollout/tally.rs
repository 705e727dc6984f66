//! Counting what calls come to: in memory as they end, and now and then in the database, since a row per call would
//! cost more than the call. What a crash takes along are counts of the last moments; no message is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use crate::app::recording::{self, Recorded};
use crate::app::{CommitError, Core, Decision};
use crate::connector::call::CallReport;
use crate::connector::package::sha256_hex;
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::domain::rollout::criteria::{Measured, Took, class_of};
use crate::domain::rollout::flow_of;
use crate::store::call_tally::{self, CallTallyRow, Key};
use crate::store::fault::{self, FaultRow};
use crate::store::write_set::WriteSet;

/// How often the counts go to the database.
pub const WRITTEN_EVERY: Duration = Duration::from_secs(15);
/// Calls are counted per hour.
const BUCKET_S: i64 = 3_600;
/// So many ways of failing are told apart per revision. A connector that fails in ever other words is counted like any
/// other, and fills no database.
const MOST_FAULTS: usize = 50;
/// So many bytes of recorded calls of one peer wait in memory.
const MOST_RECORDED: usize = 8 << 20;

/// Beginning of the hour that a moment lies in.
#[must_use]
pub fn bucket(moment: Timestamp) -> Timestamp {
    let second = moment.as_second() - moment.as_second().rem_euclid(BUCKET_S);
    Timestamp::from_second(second).unwrap_or(moment)
}

/// A call that ended.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The school.
    pub tenant: &'a str,
    /// The outside system.
    pub peer: &'a str,
    /// The revision it ran on.
    pub revision: i64,
    /// What was called.
    pub interface: Interface,
    /// Whose fault its failure is; none when it did what it was for.
    pub blame: Option<Blame>,
    /// What it took.
    pub report: CallReport,
    /// How the connector's code failed: a sentence without personal data, and its functions, innermost first.
    pub fault: Option<(&'a str, &'a [String])>,
}

/// The counts of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tally(Arc<Inner>);

#[derive(Default)]
struct Inner {
    counts: Mutex<Counts>,
    /// Held while counts are on their way to the database: who reads them there waits for that.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Counts {
    calls: HashMap<Key, Measured>,
    faults: HashMap<FaultKey, FaultRow>,
    recorded: Vec<Recorded>,
}

/// School, peer, revision and digest.
type FaultKey = (String, String, i64, String);

impl Tally {
    /// Counts a call.
    pub fn count(&self, call: Call<'_>, now: Timestamp) {
        let key = Key {
            tenant: call.tenant.to_owned(),
            peer: call.peer.to_owned(),
            revision: call.revision,
            from_at: bucket(now),
            flow: flow_of(call.interface),
        };
        let mut counts = self.held();
        let measured = counts.calls.entry(key).or_default();
        match call.blame {
            None => measured.done += 1,
            Some(Blame::Vendor) => measured.by_vendor += 1,
            Some(Blame::Connector) => measured.by_connector += 1,
            Some(Blame::Host) => measured.by_host += 1,
        }
        let millis = u64::try_from(call.report.wall.as_millis()).unwrap_or(u64::MAX);
        measured.durations[class_of(millis)] += 1;
        measured.took = measured.took.and(took(&call.report));
        if let Some(row) = fault_of(&call, now) {
            note(&mut counts.faults, row);
        }
    }

    /// Adds what was counted so far to the rows of this node. What can't be written is kept for the next time, also when
    /// who asked for it waits no longer.
    pub async fn write(&self, core: &Core) {
        let (tally, core) = (self.clone(), core.clone());
        let writing = tokio::spawn(async move { tally.write_all(&core).await });
        if let Err(error) = writing.await {
            warn!("writing what calls came to ended badly: {error}");
        }
    }

    async fn write_all(&self, core: &Core) {
        let _turn = self.0.writing.lock().await;
        let Counts {
            calls,
            faults,
            recorded,
        } = std::mem::take(&mut *self.held());
        for (key, measured) in calls {
            if let Err(error) = add(core, &key, &measured).await {
                warn!(tenant = %key.tenant, peer = %key.peer, "could not write what calls came to, will try again: {error}");
                sum(self.held().calls.entry(key).or_default(), &measured);
            }
        }
        for row in faults.into_values() {
            if let Err(error) = keep(core, &row).await {
                warn!(tenant = %row.tenant, peer = %row.peer, "could not write how a connector failed, will try again: {error}");
                note(&mut self.held().faults, row);
            }
        }
        for call in recorded {
            if let Err(error) = recording::keep(core, &call).await {
                warn!(tenant = %call.tenant, peer = %call.peer, "could not keep a recorded call, will try again: {error}");
                self.record(call);
            }
        }
    }

    /// Keeps a recorded call until the counts are written; the oldest of its own peer give way when there are too many, or
    /// more than 8 MiB.
    pub fn record(&self, call: Recorded) {
        let mut counts = self.held();
        let own = |one: &Recorded| (one.tenant.as_str(), one.peer.as_str()) == (&call.tenant, &call.peer);
        let mut size = call.said.size();
        let mut count = 1;
        // From the newest back: what still has room stays.
        let mut stays: Vec<bool> = counts
            .recorded
            .iter()
            .rev()
            .map(|one| {
                if !own(one) {
                    return true;
                }
                size += one.said.size();
                count += 1;
                size <= MOST_RECORDED && count <= recording::MOST
            })
            .collect();
        counts.recorded.retain(|_| stays.pop().unwrap_or(true));
        counts.recorded.push(call);
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.counts.lock().expect("no holder of this lock panics")
    }
}

fn took(report: &CallReport) -> Took {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Took {
        wall_us: micros(report.wall),
        guest_ms: report.guest_ms.into(),
        network_us: micros(report.network),
        memory_peak: report.memory_peak,
        requests: report.requests.into(),
        bytes_sent: report.bytes_sent,
        bytes_received: report.bytes_received,
    }
}

fn fault_of(call: &Call<'_>, now: Timestamp) -> Option<FaultRow> {
    let (what, frames) = call.fault?;
    let place = format!("{}\n{what}\n{}", call.interface.as_str(), frames.join("\n"));
    Some(FaultRow {
        tenant: call.tenant.to_owned(),
        peer: call.peer.to_owned(),
        revision: call.revision,
        id: sha256_hex(place.as_bytes()),
        interface: call.interface.as_str().to_owned(),
        what: what.to_owned(),
        frames: frames.to_vec(),
        times: 1,
        first_at: now,
        last_at: now,
        version: 0,
    })
}

/// Adds a failure to those that were not written yet.
fn note(faults: &mut HashMap<FaultKey, FaultRow>, row: FaultRow) {
    let of_revision =
        |key: &&FaultKey| (key.0.as_str(), key.1.as_str(), key.2) == (&row.tenant, &row.peer, row.revision);
    let key = (row.tenant.clone(), row.peer.clone(), row.revision, row.id.clone());
    if let Some(known) = faults.get_mut(&key) {
        known.add(&row);
    } else if faults.keys().filter(of_revision).count() < MOST_FAULTS {
        faults.insert(key, row);
    }
}

/// Adds counts to others.
pub fn sum(to: &mut Measured, more: &Measured) {
    to.done += more.done;
    to.by_vendor += more.by_vendor;
    to.by_connector += more.by_connector;
    to.by_host += more.by_host;
    to.unreconciled += more.unreconciled;
    for (class, count) in to.durations.iter_mut().zip(more.durations) {
        *class += count;
    }
    to.took = to.took.and(more.took);
}

async fn add(core: &Core, key: &Key, measured: &Measured) -> Result<(), CommitError> {
    core.decide(&[], || async {
        let known = call_tally::find(&core.db, key, &core.node).await?;
        let mut row = known.unwrap_or_else(|| CallTallyRow {
            key: key.clone(),
            node: core.node.to_string(),
            measured: Measured::default(),
            version: 0,
        });
        sum(&mut row.measured, measured);
        let mut write_set = WriteSet::of(&key.tenant);
        write_set.put(row.next());
        Ok(Decision { write_set, answer: () })
    })
    .await
}

async fn keep(core: &Core, row: &FaultRow) -> Result<(), CommitError> {
    core.decide(&[], || async {
        let known = fault::of_revision(&core.db, &row.tenant, (&row.peer, row.revision)).await?;
        let mut write_set = WriteSet::of(&row.tenant);
        let there = known.len();
        match known.into_iter().find(|known| known.id == row.id) {
            Some(mut known) => {
                known.add(row);
                write_set.put(known.next());
            }
            None if there < MOST_FAULTS => {
                write_set.put(row.next());
            }
            None => {}
        }
        Ok(Decision { write_set, answer: () })
    })
    .await
}
