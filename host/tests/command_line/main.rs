//! The `oke` binary at the command line, as the people who use it see it: what it prints, and its exit codes
//! (0 done, 1 refused with the reason, 2 usage).

#![expect(clippy::unwrap_used, reason = "a test ends where its arrangement fails")]

mod audit;
mod bundle;
mod house;
mod online;
mod skeleton;
mod start;
