//! How far the chain is, and who kills the host when it has come a random bit further.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use oke_host::domain::clock::{Random, SeededRandom};
use oke_host::simulator::{Sis, Ta};
use tokio::task::JoinHandle;

use super::house::House;
use super::school::School;

/// Counts what was acknowledged to senders and what arrived at receivers.
#[derive(Clone)]
pub struct Progress {
    acknowledged: Arc<AtomicUsize>,
    sis: Arc<Sis>,
    vendor: Arc<Ta>,
}

impl Progress {
    pub fn over(school: &School) -> Self {
        Progress {
            acknowledged: Arc::default(),
            sis: school.sis.clone(),
            vendor: school.vendor.clone(),
        }
    }

    pub fn acknowledged(&self) {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    fn measure(&self) -> usize {
        let vendor = self.vendor.state();
        let sittings: u32 = vendor.sittings.iter().map(|one| one.writes).sum();
        let deelnames: u32 = vendor.deelnames.iter().map(|one| one.writes).sum();
        let writes = usize::try_from(sittings + deelnames).unwrap();
        self.acknowledged.load(Ordering::Relaxed) + writes + self.sis.state().applied.len()
    }
}

/// Kills the host when it has come a random bit further, and starts it again.
pub struct Killer {
    called_off: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Killer {
    /// At most this many kills.
    pub fn let_loose(house: &House, progress: &Progress, kills: usize) -> Self {
        let called_off = Arc::new(AtomicBool::new(false));
        let (house, progress) = (house.clone(), progress.clone());
        let task = tokio::spawn({
            let called_off = called_off.clone();
            async move {
                let dice = SeededRandom::from_seed(progress.measure() as u64 + 7);
                for _ in 0..kills {
                    let until = progress.measure() + 3 + throw(&dice, 12);
                    while progress.measure() < until {
                        if called_off.load(Ordering::Relaxed) {
                            return;
                        }
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                    // Somewhere inside whatever is under way now: a commit, a call, an answer.
                    tokio::time::sleep(Duration::from_micros(throw(&dice, 8000) as u64)).await;
                    house.kill();
                    house.start().await;
                }
            }
        });
        Killer { called_off, task }
    }

    /// No more kills; returns when the host serves again.
    pub async fn call_off(self) {
        self.called_off.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
    }
}

fn throw(dice: &SeededRandom, sides: usize) -> usize {
    let mut bytes = [0; 8];
    dice.fill(&mut bytes);
    usize::from_le_bytes(bytes) % sides
}
