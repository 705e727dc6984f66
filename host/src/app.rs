//! One file per noun; functions are verbs that read, decide and return a write set for the committer.

use std::sync::Arc;

use crate::domain::clock::{Clock, Random};

/// What every verb may use besides the database: the time and the dice.
#[derive(Clone)]
pub struct World {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes unpredictable bytes.
    pub random: Arc<dyn Random>,
}
