//! What the host keeps per call: the state behind a guest's imports. Made for one call, dropped with its store.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::component::{HasData, ResourceTable};

use super::call::CallContext;
use super::egress::Egress;
use super::limits::{MOST_HELD_BODIES, Meter, StoreLimits};
use super::slow_lane::LaneState;

/// One call's state.
pub(super) struct CallState {
    pub context: Arc<CallContext>,
    pub table: ResourceTable,
    pub limits: StoreLimits,
    pub lane: LaneState,
    pub meter: Arc<Meter>,
    pub egress: Arc<Egress>,
    /// Until when the network may be used: a little before the guest's own deadline, so that it can still answer.
    pub network_until: Instant,
    /// When the budget itself ends: until then a returned document may be read.
    pub budget_ends: Instant,
    /// Bytes the guest read into its own memory.
    pub bytes_read: u64,
    /// Whose log line it is.
    pub digest: Arc<str>,
}

impl CallState {
    pub fn table() -> ResourceTable {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MOST_HELD_BODIES);
        table
    }

    /// Every import begins with this: it is counted, and a spinner gives up its turn while the host works.
    pub fn enter_host(&mut self) -> wasmtime::Result<()> {
        self.lane.give_up_turn();
        self.meter.count_host_call()
    }
}

/// Names [`CallState`] to the generated bindings.
pub(super) struct Imports;

impl HasData for Imports {
    type Data<'a> = &'a mut CallState;
}
