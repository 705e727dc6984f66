//! The chain with the real connectors over real sockets: what is planned reaches the vendor, what the vendor has comes
//! back, pushed or polled, and reaches the student system. Without guests built each story says that it was skipped.

#![expect(
    clippy::unwrap_used,
    reason = "the house is the stories' own: what fails in it fails the story"
)]

mod adopting;
mod browser;
#[expect(dead_code, reason = "the stories of the pages use the rest of it")]
#[path = "../../src/dashboard/tests/browser/chromium.rs"]
mod chromium;
mod comparison;
mod desk;
mod draining;
mod flow1;
mod flow2;
mod flow5;
mod house;
mod keuring;
mod losses;
mod outside;
mod polling;
mod pulled;
mod rollout;
mod toetskade;
mod toetskist;
mod toetskist_bad;
mod trouble;
#[expect(dead_code, reason = "the stories of the pages use the rest of it")]
#[path = "../../src/dashboard/tests/browser/window.rs"]
mod window;

// The browser asks its driver by the same calls in both places.
use oke_host::simulator;
