//! The world as it is: the machine's clock and the operating system's randomness.

use std::sync::Arc;

use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};

use super::World;
use crate::domain::clock::{Clock, Random};

struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        // The databases keep milliseconds: a moment that was stored and read is then the same moment.
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

struct MachineRandom(SystemRandom);

impl Random for MachineRandom {
    fn fill(&self, buffer: &mut [u8]) {
        self.0
            .fill(buffer)
            .expect("the operating system gives random bytes, or nothing here can be trusted");
    }
}

impl World {
    /// The machine's own clock and dice.
    #[must_use]
    pub fn of_this_machine() -> Self {
        World {
            clock: Arc::new(MachineClock),
            random: Arc::new(MachineRandom(SystemRandom::new())),
        }
    }
}
