//! Counting what calls come to: in memory as they end, and now and then in the database, since a row per call would
//! cost more than the call. What a crash takes along are counts of the last moments; no message is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use crate::app::{CommitError, Core, Decision};
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::domain::rollout::criteria::{Measured, class_of};
use crate::domain::rollout::flow_of;
use crate::store::call_tally::{self, CallTallyRow, Key};
use crate::store::write_set::WriteSet;

/// How often the counts go to the database.
pub const WRITTEN_EVERY: Duration = Duration::from_secs(15);
/// Calls are counted per hour.
const BUCKET_S: i64 = 3_600;

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
    /// How long it took.
    pub wall: Duration,
}

/// The counts of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tally(Arc<Mutex<HashMap<Key, Measured>>>);

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
        let measured = counts.entry(key).or_default();
        match call.blame {
            None => measured.done += 1,
            Some(Blame::Vendor) => measured.by_vendor += 1,
            Some(Blame::Connector) => measured.by_connector += 1,
            Some(Blame::Host) => measured.by_host += 1,
        }
        let millis = u64::try_from(call.wall.as_millis()).unwrap_or(u64::MAX);
        measured.durations[class_of(millis)] += 1;
    }

    /// Adds what was counted so far to the rows of this node. What can't be written is kept for the next time.
    pub async fn write(&self, core: &Core) {
        let counted: Vec<(Key, Measured)> = self.held().drain().collect();
        for (key, measured) in counted {
            if let Err(error) = add(core, &key, &measured).await {
                warn!(tenant = %key.tenant, peer = %key.peer, "could not write what calls came to, will try again: {error}");
                sum(self.held().entry(key).or_default(), &measured);
            }
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Measured>> {
        self.0.lock().expect("no holder of this lock panics")
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
