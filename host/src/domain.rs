//! Nouns and rules. Knows no database, no HTTP, no engine, no JSON and no time of day.

pub mod association;
pub mod attempt;
pub mod breaker;
pub mod calendar;
pub mod carried;
pub mod clock;
pub mod comparison;
pub mod daily;
pub mod deadline;
pub mod decision;
pub mod drain;
pub mod duplicate;
pub mod exam_calendar;
pub mod exception;
pub mod interface;
pub mod keuring;
pub mod label;
pub mod lane;
pub mod needs;
pub mod offering;
pub mod person;
pub mod principal;
pub mod proposal;
pub mod pull;
pub mod relay;
pub mod result;
pub mod retry;
pub mod rollout;
#[cfg(test)]
mod rollout_tests;
pub mod sample;
pub mod scale_map;
pub mod school_calendar;
pub mod secret;
pub mod sending;
pub mod standing;
#[cfg(test)]
mod standing_laws;
pub mod test_group;

pub use oke_codec::model;
