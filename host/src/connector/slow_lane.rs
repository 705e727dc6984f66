//! Where a guest goes that computes for long: it yields first, then waits for its turn among the other spinners, and
//! is trapped at the budget. However many spin, they never hold more workers than the lane is wide.
//!
//! The epoch ticks each millisecond ([`super::engine`]); a running guest notices at its next loop or call and lands in
//! [`LaneState::tick`]. Time in the network does not tick.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::UpdateDeadline;

use super::limits::Meter;

/// Milliseconds a guest may compute before it is demoted. A mapping takes well under one.
const FAST_TICKS: u32 = 20;

/// The lane all demoted calls of one engine share.
pub(super) struct SlowLane {
    turns: Arc<Semaphore>,
    inside: Arc<AtomicUsize>,
}

impl SlowLane {
    /// A lane in which at most `width` guests run at a time.
    pub fn new(width: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(width.max(1))),
            inside: Arc::default(),
        }
    }

    /// Calls that are in the lane now, running or waiting for their turn.
    pub fn inside(&self) -> usize {
        self.inside.load(Ordering::Relaxed)
    }

    /// The state of a new call: in no lane yet.
    pub fn enter(&self, deadline: Instant, meter: Arc<Meter>) -> LaneState {
        LaneState {
            deadline,
            meter,
            turns: self.turns.clone(),
            inside: self.inside.clone(),
            demoted: false,
            turn: Arc::default(),
        }
    }
}

/// One call's place: free, or demoted and with or without its turn.
pub(super) struct LaneState {
    deadline: Instant,
    meter: Arc<Meter>,
    turns: Arc<Semaphore>,
    inside: Arc<AtomicUsize>,
    demoted: bool,
    turn: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl LaneState {
    /// A tick passed while the guest ran. Trap at the deadline; yield; after a while yield until it is our turn.
    pub fn tick(&mut self) -> UpdateDeadline {
        let ticks = self.meter.guest_ticks.fetch_add(1, Ordering::Relaxed) + 1;
        if Instant::now() >= self.deadline {
            return UpdateDeadline::Interrupt;
        }
        if ticks <= FAST_TICKS {
            return UpdateDeadline::Yield(1);
        }
        self.demote();
        self.give_up_turn();
        let (turns, turn, deadline) = (self.turns.clone(), self.turn.clone(), self.deadline);
        UpdateDeadline::YieldCustom(
            1,
            Box::pin(async move {
                // First let everyone else on this worker go; the semaphore's queue is first come, first served.
                tokio::task::yield_now().await;
                // The semaphore is never closed; if it were, running on is right, the deadline still holds.
                if let Ok(permit) = turns.acquire_owned().await {
                    if Instant::now() >= deadline {
                        // The call's own timer drops it now. Running on, only to be trapped, would cost a tick for
                        // each of those that end together, and the last of them would overrun its budget.
                        drop(permit);
                        match std::future::pending::<std::convert::Infallible>().await {}
                    }
                    *turn.lock().expect("no holder of this lock panics") = Some(permit);
                }
            }),
        )
    }

    /// The guest waits in the host: another may run meanwhile.
    pub fn give_up_turn(&mut self) {
        if self.demoted {
            self.turn.lock().expect("no holder of this lock panics").take();
        }
    }

    fn demote(&mut self) {
        if !self.demoted {
            self.demoted = true;
            self.meter.demoted.store(1, Ordering::Relaxed);
            self.inside.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for LaneState {
    fn drop(&mut self) {
        if self.demoted {
            self.inside.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn call(lane: &SlowLane) -> LaneState {
        lane.enter(Instant::now() + Duration::from_secs(60), Arc::default())
    }

    async fn spin_until_demoted(state: &mut LaneState) {
        for _ in 0..FAST_TICKS {
            assert!(matches!(state.tick(), UpdateDeadline::Yield(1)));
        }
        take_turn(state).await;
    }

    async fn take_turn(state: &mut LaneState) {
        match state.tick() {
            UpdateDeadline::YieldCustom(_, turn) => turn.await,
            _ => panic!("a demoted guest waits for its turn"),
        }
    }

    #[tokio::test]
    async fn a_second_spinner_waits_until_the_first_gives_up_its_turn() {
        let lane = SlowLane::new(1);
        let (mut first, mut second) = (call(&lane), call(&lane));
        spin_until_demoted(&mut first).await;
        for _ in 0..FAST_TICKS {
            second.tick();
        }
        let UpdateDeadline::YieldCustom(_, mut waiting) = second.tick() else {
            panic!("the second is demoted too")
        };
        assert!(futures_util::future::poll_immediate(&mut waiting).await.is_none());
        assert!(futures_util::future::poll_immediate(&mut waiting).await.is_none());
        first.give_up_turn();
        waiting.await;
        assert_eq!(lane.inside(), 2);
        drop((first, second));
        assert_eq!(lane.inside(), 0);
        assert_eq!(lane.turns.available_permits(), 1);
    }

    #[tokio::test]
    async fn at_the_deadline_the_guest_is_trapped() {
        let lane = SlowLane::new(1);
        let mut late = lane.enter(Instant::now(), Arc::default());
        assert!(matches!(late.tick(), UpdateDeadline::Interrupt));
    }
}
