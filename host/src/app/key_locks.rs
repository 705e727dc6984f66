//! Locks by name inside this process. They spare needless conflicts; correctness rests on row versions alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// Locks by name; a name takes room only while somebody holds or awaits it.
#[derive(Default)]
pub(super) struct KeyLocks(Mutex<HashMap<String, Arc<AsyncMutex<()>>>>);

/// Held locks, given back on drop.
pub(super) struct Held<'a> {
    locks: &'a KeyLocks,
    names: Vec<String>,
    guards: Vec<OwnedMutexGuard<()>>,
}

impl KeyLocks {
    /// Takes all, in the order of their names, so that two verbs never wait for each other.
    pub(super) async fn take(&self, names: &[String]) -> Held<'_> {
        let mut names = names.to_vec();
        names.sort_unstable();
        names.dedup();
        let mut held = Held {
            locks: self,
            names: Vec::with_capacity(names.len()),
            guards: Vec::with_capacity(names.len()),
        };
        for name in names {
            let lock = {
                let mut locks = self.0.lock().expect("no holder of this lock panics");
                locks.entry(name.clone()).or_default().clone()
            };
            // Named before it is awaited: if the caller stops waiting here, the name is still cleared up.
            held.names.push(name);
            held.guards.push(lock.lock_owned().await);
        }
        held
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.guards.clear();
        let mut locks = self.locks.0.lock().expect("no holder of this lock panics");
        for name in &self.names {
            if locks.get(name).is_some_and(|lock| Arc::strong_count(lock) == 1) {
                locks.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Waker};

    use super::*;

    fn waits<T>(future: Pin<&mut impl Future<Output = T>>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[tokio::test]
    async fn names_take_no_room_when_nobody_holds_them() {
        let locks = KeyLocks::default();
        let held = locks.take(&["b".to_owned(), "a".to_owned(), "b".to_owned()]).await;
        assert_eq!(locks.0.lock().unwrap().len(), 2);
        let names = ["a".to_owned()];
        let mut waiter = Box::pin(locks.take(&names));
        assert!(waits(waiter.as_mut()));
        drop(held);
        drop(waiter.await);
        assert!(locks.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_waiter_that_gives_up_leaves_nothing_behind() {
        let locks = KeyLocks::default();
        let names = ["a".to_owned()];
        let held = locks.take(&names).await;
        let mut waiter = Box::pin(locks.take(&names));
        assert!(waits(waiter.as_mut()));
        drop(waiter);
        drop(held);
        assert!(locks.0.lock().unwrap().is_empty());
    }
}
