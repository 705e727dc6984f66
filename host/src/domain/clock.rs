//! Time and randomness as arguments, so that tests move the clock and repeat the dice.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, UTC.
    fn now(&self) -> Timestamp;
}

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub struct MovableClock(Arc<Mutex<Timestamp>>);

impl MovableClock {
    /// A clock that stands at `at`.
    #[must_use]
    pub fn at(at: Timestamp) -> Self {
        MovableClock(Arc::new(Mutex::new(at)))
    }

    /// Moves it forward (or back).
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().expect("no holder of this lock panics");
        *now += by;
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no holder of this lock panics")
    }
}

/// Makes unpredictable bytes.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// Bytes that repeat for the same seed. For tests and the demo's data; never for secrets.
pub struct SeededRandom(Mutex<u64>);

impl SeededRandom {
    /// The sequence of this seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        SeededRandom(Mutex::new(seed))
    }
}

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        // SplitMix64: short, and good enough where nobody guesses.
        let mut state = self.0.lock().expect("no holder of this lock panics");
        for chunk in buffer.chunks_mut(8) {
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^= mixed >> 31;
            chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A new id, unique and roughly ordered by time (UUID version 7).
#[must_use]
pub fn id(clock: &dyn Clock, random: &dyn Random) -> String {
    let mut dice = [0_u8; 10];
    random.fill(&mut dice);
    let millis = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &dice)
        .into_uuid()
        .to_string()
}
