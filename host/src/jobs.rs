//! Work that follows a commit: lanes, workers, retry; one file per kind of job under `kinds`.
//!
//! A verb makes a job with [`crate::store::job::NewJob`] in the write set of the change that causes it. The
//! [`engine::Jobs`] takes up jobs whose turn it is and hands them to the [`kind::JobKind`] of their name; what follows
//! from its answer is committed together with the job's end.
//!
//! To add a kind: a file under `kinds` with a type that implements [`kind::JobKind`], and its line in
//! [`kinds::registry`]. Its effect may be repeated (a process can end between the effect and the commit): it must be
//! the same write to the same id, or find before it creates.

pub mod engine;
pub mod kind;
pub mod kinds;
pub mod letters;
pub mod peers;
pub mod pieces;
pub mod predecessor;
mod settle;
#[cfg(test)]
mod stories;
pub mod wake;

pub use engine::{Jobs, Settings};
pub use kind::{Done, JobContext, JobError, JobKind, Registry};
