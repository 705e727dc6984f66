//! The audit chain (invariant 10): append, checkpoint, verify.
//!
//! Every process writes a chain of its own per tenant, so that nodes never wait for each other; an entry's hash covers
//! the entry before it. A checkpoint signs the heads of the chains and leaves the database, so that whoever can write
//! to the database can't rewrite the past unseen. What was written since the last checkpoint rests on the chain alone.

pub mod append;
pub mod checkpoint;
#[cfg(test)]
mod stories;
pub mod verify;
