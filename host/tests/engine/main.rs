//! The engine through its public doors, with the guests of `tests/guests`: good ones work, hostile ones end inside
//! their budget with the right blame, their slot comes back, and a good neighbour keeps answering.
//!
//! The guests' core modules are taken from the folder in `OKE_GUESTS`; `cargo guests` builds them and says where they
//! are. Without it every test here says that it skipped.

#![expect(clippy::unwrap_used, reason = "a test ends where its arrangement fails")]

mod cache;
mod conformance;
mod documents;
mod good;
mod greedy;
mod hostile;
mod oversteps;
mod stage;
mod vendor;
