//! The bell between the committer and the workers: who may have work now, without asking the database.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::store::write_set::WriteSet;
use crate::store::{job, peer};

/// A peer of a school; the peer is empty for work inside the host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerKey {
    /// The school.
    pub tenant: String,
    /// The outside system.
    pub peer: String,
}

/// When each peer may have work. Hints only: a missing one costs the time until the next look at the database, a
/// needless one costs a look.
#[derive(Default)]
pub struct Wake {
    due: Mutex<HashMap<PeerKey, i64>>,
    bell: Notify,
}

impl Wake {
    /// A write set was stored: notes the work that follows from it.
    pub fn stored(&self, set: &WriteSet) {
        let mut rang = false;
        for write in &set.rows {
            if std::ptr::eq(write.table, &raw const job::JOB) {
                if let Some((tenant, peer, due)) = job::announces(write) {
                    self.put(PeerKey { tenant, peer }, due.unwrap_or(i64::MIN));
                    rang = true;
                }
            } else if std::ptr::eq(write.table, &raw const peer::PEER)
                && let Some((tenant, peer)) = peer::announces(write)
            {
                self.put(PeerKey { tenant, peer }, i64::MIN);
                rang = true;
            }
        }
        if rang {
            self.bell.notify_one();
        }
    }

    /// Notes that a peer may have work at a moment.
    pub fn note(&self, key: PeerKey, at: Timestamp) {
        self.put(key, at.as_millisecond());
        self.bell.notify_one();
    }

    fn put(&self, key: PeerKey, due: i64) {
        let mut hints = self.due.lock().expect("no holder of this lock panics");
        let hint = hints.entry(key).or_insert(due);
        *hint = due.min(*hint);
    }

    /// Takes out the peers that may have work now.
    pub(super) fn take_due(&self, now: Timestamp) -> Vec<PeerKey> {
        let now = now.as_millisecond();
        let mut hints = self.due.lock().expect("no holder of this lock panics");
        let mut due: Vec<PeerKey> = hints.extract_if(|_, due| *due <= now).map(|(key, _)| key).collect();
        due.sort_unstable();
        due
    }

    /// When the next peer may have work.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let hints = self.due.lock().expect("no holder of this lock panics");
        let next = hints.values().min()?;
        Some(Timestamp::from_millisecond(*next).unwrap_or(Timestamp::MIN))
    }

    /// Waits until something was noted.
    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }
}
