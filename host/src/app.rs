//! One file per noun; functions are verbs that read, decide and return a write set for the committer.
//!
//! To add a verb: a function that reads through `store`, judges with `domain` and returns a [`core::Decision`]; its
//! caller runs it with [`core::Core::decide`], which runs it again when something it read has changed meanwhile.

use std::sync::Arc;

use crate::domain::clock::{Clock, Random};

pub mod account;
#[cfg(test)]
mod account_stories;
pub mod admission;
#[cfg(test)]
mod admission_stories;
pub mod adopting;
pub mod around;
pub mod association;
pub mod attempt;
pub mod bundle;
#[cfg(test)]
mod bundle_stories;
pub mod cancel;
pub mod catalogue;
pub mod cesuur;
#[cfg(test)]
mod chain_stories;
pub mod client;
#[cfg(test)]
mod commit_stories;
pub mod committer;
pub mod comparison;
pub mod connection;
pub mod contact;
pub mod core;
pub mod counting;
pub mod deadline;
pub mod deliver;
pub mod document;
pub mod draft;
pub mod draining;
pub mod duplicate;
pub mod files;
pub mod freeze;
mod group;
mod group_read;
pub mod health;
#[cfg(test)]
mod hostile_stories;
pub mod judging;
pub mod keuring;
mod key_locks;
pub mod landscape;
pub mod losses;
mod machine;
pub mod mended;
pub mod needs;
pub mod offering;
pub mod package;
pub mod peer;
pub mod person;
pub mod planning;
pub mod policy;
pub mod polled;
pub mod polling;
pub mod presence;
pub mod proposal;
pub mod publisher;
pub mod pull;
pub mod pushed;
pub mod recording;
pub mod refused;
pub mod relay;
pub mod repair;
pub mod report;
pub mod result;
pub mod revision;
pub mod rollout;
pub mod running;
pub mod sample;
pub mod scale_map;
pub mod school;
mod set_up;
pub mod studentresultaat;
pub mod task;
pub mod test_group;
pub mod unit;
pub mod vaststellen;

pub use committer::CommitError;
pub use core::{Core, Decision};
pub use draft::Draft;
pub use refused::Refused;

/// What every verb may use besides the database: the time and the dice.
#[derive(Clone)]
pub struct World {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes unpredictable bytes.
    pub random: Arc<dyn Random>,
}
