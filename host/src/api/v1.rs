//! Version 1 of the management API: one file per noun.

pub mod account;
pub mod adoption;
pub mod attempt;
pub mod bundle;
pub mod comparison;
pub mod contact;
pub mod deelname;
pub mod drain;
pub mod duplicate;
pub mod file;
pub mod freeze;
pub mod health;
pub mod job;
pub mod keuring;
pub mod landscape;
pub mod loss;
pub mod needs;
pub mod package;
pub mod peer;
pub mod policy;
pub mod proposal;
pub mod publisher;
pub mod recording;
pub mod registrations;
pub mod result;
pub mod revision;
pub mod rollout;
pub mod sample;
pub mod scale_map;
pub mod school;
pub mod sitting;
pub mod task;
pub mod unit;

use super::problem::Problem;
use crate::app::running::NotRunning;

/// A connector that does not load or run: the caller's to mend, except where the fault is ours.
fn not_running(error: NotRunning) -> Problem {
    match error {
        NotRunning::UnknownPeer(_) => Problem::absent(error.to_string()),
        NotRunning::Package(error) => error.into(),
        NotRunning::Store(error) => error.into(),
        NotRunning::Sealed(error) => Problem::ours(&error),
        other => Problem::bad("does-not-run", other.to_string()),
    }
}
