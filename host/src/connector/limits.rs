//! What one call may use, and the meter that counts what it used.
//!
//! Numbers here are policy: generous for a translator, far too small to harm the host. A guest that meets one of the
//! hard ones is stopped (blame: connector); size limits on HTTP are answered to the guest as `too-large`.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wasmtime::ResourceLimiter;

use super::blame::Incident;

/// The longest budget any call gets, whatever was asked.
pub const LONGEST_BUDGET: Duration = Duration::from_secs(120);
/// Bytes of one streamed body: a document, a file (DESIGN §8).
pub const LARGEST_BODY: u64 = 64 << 20;
/// Bytes a guest may read from all bodies of one call into its own memory.
pub const MOST_BYTES_READ: u64 = 32 << 20;
/// Bytes one `read` gives at most (`connector.wit`).
pub const LARGEST_READ: usize = 1 << 20;
/// Bytes a guest may hand the host in one call across the border, arguments and results alike.
pub const HOST_CALL_FUEL: usize = 16 << 20;
/// HTTP requests in one call.
pub const MOST_REQUESTS: u32 = 100;
/// Calls from guest to host in one call, of any kind.
pub const MOST_HOST_CALLS: u32 = 100_000;
/// Bodies a guest may hold at the same time; each one may be an open connection.
pub const MOST_HELD_BODIES: usize = 32;
/// Records in one page or list.
pub const MOST_RECORDS: usize = 10_000;
/// Log lines kept of one call; the rest is counted, not written.
pub const MOST_LOG_LINES: u32 = 100;
/// Elements of one table: Rust guests need some thousands for their function pointers.
pub const MOST_TABLE_ELEMENTS: usize = 50_000;

/// What one revision's calls may use; the host's own maxima still hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// Linear memory in bytes.
    pub memory: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { memory: 64 << 20 }
    }
}

/// Counts of one call. Shared, so that they outlive a call that is cut off.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub memory_peak: AtomicU64,
    pub memory_refused: AtomicU32,
    pub guest_ticks: AtomicU32,
    pub host_calls: AtomicU32,
    pub requests: AtomicU32,
    pub bytes_sent: AtomicU64,
    pub bytes_received: AtomicU64,
    pub log_lines: AtomicU32,
    pub log_lines_dropped: AtomicU32,
    /// Time spent in the network on the guest's behalf, microseconds.
    pub network_micros: AtomicU64,
    pub demoted: AtomicU32,
    incident: Mutex<Option<Incident>>,
}

impl Meter {
    /// One more call from guest to host; an error stops the guest.
    pub fn count_host_call(&self) -> wasmtime::Result<()> {
        match self.host_calls.fetch_add(1, Ordering::Relaxed) {
            before if before < MOST_HOST_CALLS => Ok(()),
            _ => Err(OverLimit("calls to the host", MOST_HOST_CALLS as usize).into()),
        }
    }

    /// One more HTTP request; an error stops the guest.
    pub fn count_request(&self) -> wasmtime::Result<()> {
        match self.requests.fetch_add(1, Ordering::Relaxed) {
            before if before < MOST_REQUESTS => Ok(()),
            _ => Err(OverLimit("HTTP requests", MOST_REQUESTS as usize).into()),
        }
    }

    /// Remembers the first incident: the call fails with it, whatever the guest makes of it.
    pub fn note_incident(&self, incident: Incident) {
        let mut first = self.incident.lock().expect("no holder of this lock panics");
        first.get_or_insert(incident);
    }

    pub fn take_incident(&self) -> Option<Incident> {
        self.incident.lock().expect("no holder of this lock panics").take()
    }
}

/// A guest went over a limit that stops it. The text is ours: no data of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {1} {0}")]
pub(super) struct OverLimit(pub &'static str, pub usize);

/// Keeps memories, tables and instances of one store inside their limits and notes the peak.
pub(super) struct StoreLimits {
    memory_cap: usize,
    memory_now: usize,
    meter: Arc<Meter>,
}

impl StoreLimits {
    pub fn new(memory_cap: usize, meter: Arc<Meter>) -> Self {
        Self {
            memory_cap,
            memory_now: 0,
            meter,
        }
    }
}

impl ResourceLimiter for StoreLimits {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory_now.saturating_sub(current).saturating_add(desired);
        if total > self.memory_cap || maximum.is_some_and(|maximum| desired > maximum) {
            self.meter.memory_refused.fetch_add(1, Ordering::Relaxed);
            return Ok(false);
        }
        self.memory_now = total;
        self.meter.memory_peak.fetch_max(total as u64, Ordering::Relaxed);
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= MOST_TABLE_ELEMENTS && maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn instances(&self) -> usize {
        INSTANCES_PER_COMPONENT as usize
    }

    fn tables(&self) -> usize {
        TABLES_PER_COMPONENT as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_PER_COMPONENT as usize
    }
}

/// Core instances in one component: the mapping itself and the shims of `wit-component`.
pub const INSTANCES_PER_COMPONENT: u32 = 10;
/// Tables in one component, shims included.
pub const TABLES_PER_COMPONENT: u32 = 10;
/// Memories in one component.
pub const MEMORIES_PER_COMPONENT: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_all_memories_together_stays_under_the_cap_and_the_peak_is_kept() {
        let meter = Arc::new(Meter::default());
        let mut limits = StoreLimits::new(1000, meter.clone());
        assert!(limits.memory_growing(0, 600, None).unwrap());
        assert!(limits.memory_growing(0, 400, None).unwrap());
        assert!(!limits.memory_growing(400, 401, None).unwrap());
        assert_eq!(meter.memory_peak.load(Ordering::Relaxed), 1000);
        assert_eq!(meter.memory_refused.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_request_after_the_last_allowed_one_stops_the_guest() {
        let meter = Meter::default();
        for _ in 0..MOST_REQUESTS {
            meter.count_request().unwrap();
        }
        let stopped = meter.count_request().unwrap_err();
        assert!(stopped.downcast_ref::<OverLimit>().is_some());
    }
}
