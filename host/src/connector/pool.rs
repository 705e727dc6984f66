//! The door in front of the engine's instances: as many slots as the pool has, shared fairly.
//!
//! One connector of one tenant never holds more than its share, so that a hostile or slow one can't keep everyone
//! else out; a freed slot goes to the caller whose connector holds the fewest, first come first served among equals.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::oneshot;

/// Who is served: a tenant's connector.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Customer {
    pub tenant: String,
    pub peer: String,
}

/// The slots of one engine.
pub(super) struct Slots {
    size: usize,
    share: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    in_use: usize,
    held: HashMap<Customer, usize>,
    waiting: HashMap<Customer, VecDeque<Waiter>>,
    /// Numbers arrivals, so that equals are served in order.
    arrivals: u64,
    waited: u64,
    served: u64,
}

struct Waiter {
    arrival: u64,
    wake: oneshot::Sender<Slot>,
}

/// The right to one instance; given back when dropped.
pub(super) struct Slot {
    held: Option<(Arc<Slots>, Customer)>,
}

impl Slots {
    /// `size` slots, of which one customer holds at most `share`.
    pub fn new(size: usize, share: usize) -> Arc<Self> {
        Arc::new(Self {
            size,
            share: share.clamp(1, size.max(1)),
            state: Mutex::default(),
        })
    }

    /// A slot as soon as it is this customer's turn. Dropping the future leaves the queue.
    pub async fn enter(self: &Arc<Self>, customer: Customer) -> Slot {
        let turn = {
            let mut state = self.lock();
            let held = state.held.get(&customer).copied().unwrap_or(0);
            if state.in_use < self.size && held < self.share && !state.waiting.contains_key(&customer) {
                state.take(&customer);
                return self.slot(customer);
            }
            state.waited += 1;
            state.arrivals += 1;
            let (wake, turn) = oneshot::channel();
            let arrival = state.arrivals;
            let queue = state.waiting.entry(customer).or_default();
            queue.push_back(Waiter { arrival, wake });
            turn
        };
        // The queue ahead may hold only waiters that left.
        self.serve();
        turn.await.expect("a waiter is only removed by serving it")
    }

    /// Slots, in use, waiting.
    pub fn counts(&self) -> SlotCounts {
        let state = self.lock();
        SlotCounts {
            slots: self.size,
            in_use: state.in_use,
            waiting: state
                .waiting
                .values()
                .flatten()
                .filter(|waiter| !waiter.wake.is_closed())
                .count(),
            served: state.served,
            waited: state.waited,
        }
    }

    fn slot(self: &Arc<Self>, customer: Customer) -> Slot {
        Slot {
            held: Some((self.clone(), customer)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }

    /// Hands free slots to those whose turn it is.
    fn serve(self: &Arc<Self>) {
        while let Some((waiter, customer)) = self.next() {
            if let Err(mut refused) = waiter.wake.send(self.slot(customer))
                && let Some((_, customer)) = refused.held.take()
            {
                // The waiter left; its slot goes to the next.
                self.lock().put(&customer);
            }
        }
    }

    /// Takes a slot for the waiter whose turn it is.
    fn next(&self) -> Option<(Waiter, Customer)> {
        let mut state = self.lock();
        if state.in_use >= self.size {
            return None;
        }
        let customer = state
            .waiting
            .iter()
            .filter_map(|(customer, queue)| {
                let held = state.held.get(customer).copied().unwrap_or(0);
                let first = queue.front()?.arrival;
                (held < self.share).then_some((held, first, customer))
            })
            .min_by_key(|(held, first, _)| (*held, *first))
            .map(|(_, _, customer)| customer.clone())?;
        let queue = state.waiting.get_mut(&customer)?;
        let waiter = queue.pop_front()?;
        if queue.is_empty() {
            state.waiting.remove(&customer);
        }
        state.take(&customer);
        Some((waiter, customer))
    }
}

impl State {
    fn take(&mut self, customer: &Customer) {
        self.in_use += 1;
        self.served += 1;
        *self.held.entry(customer.clone()).or_default() += 1;
    }

    fn put(&mut self, customer: &Customer) {
        self.in_use -= 1;
        if let Some(held) = self.held.get_mut(customer) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(customer);
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some((slots, customer)) = self.held.take() {
            slots.lock().put(&customer);
            slots.serve();
        }
    }
}

/// How full the door is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SlotCounts {
    pub slots: usize,
    pub in_use: usize,
    pub waiting: usize,
    pub served: u64,
    pub waited: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::poll_immediate;

    fn of(tenant: &str) -> Customer {
        Customer {
            tenant: tenant.to_owned(),
            peer: "vendor".to_owned(),
        }
    }

    #[tokio::test]
    async fn one_connector_never_holds_more_than_its_share() {
        let slots = Slots::new(4, 2);
        let _first = slots.enter(of("a")).await;
        let second = slots.enter(of("a")).await;
        let mut third = Box::pin(slots.enter(of("a")));
        assert!(poll_immediate(&mut third).await.is_none());
        let _other = slots.enter(of("b")).await;
        drop(second);
        let _third = third.await;
        assert_eq!(slots.counts().in_use, 3);
    }

    #[tokio::test]
    async fn a_freed_slot_goes_to_the_connector_that_holds_the_fewest() {
        let slots = Slots::new(2, 2);
        let greedy = slots.enter(of("greedy")).await;
        let _again = slots.enter(of("greedy")).await;
        let mut third = Box::pin(slots.enter(of("greedy")));
        assert!(poll_immediate(&mut third).await.is_none());
        let mut modest = Box::pin(slots.enter(of("modest")));
        assert!(poll_immediate(&mut modest).await.is_none());
        drop(greedy);
        assert!(poll_immediate(&mut modest).await.is_some());
        assert!(poll_immediate(&mut third).await.is_some());
    }

    #[tokio::test]
    async fn a_waiter_that_left_holds_nobody_up_and_every_slot_comes_back() {
        let slots = Slots::new(1, 1);
        let held = slots.enter(of("a")).await;
        let mut gone = Box::pin(slots.enter(of("a")));
        assert!(poll_immediate(&mut gone).await.is_none());
        drop(gone);
        drop(held);
        let next = poll_immediate(slots.enter(of("a"))).await.expect("the slot is free");
        let mut served_then_gone = Box::pin(slots.enter(of("b")));
        assert!(poll_immediate(&mut served_then_gone).await.is_none());
        drop(next);
        drop(served_then_gone);
        let counts = slots.counts();
        assert_eq!((counts.in_use, counts.waiting), (0, 0));
    }
}
