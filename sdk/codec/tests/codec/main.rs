//! The codec through its public doors: the rules one by one, the published examples, the habits of peers, and laws.
#![expect(
    clippy::unwrap_used,
    reason = "a story that meets an error it did not expect fails, as it should"
)]

mod any;
mod changes;
mod draft_1_1;
mod examples;
mod full;
mod given;
mod habits;
mod laws;
mod losses;
mod objects;
mod results;
