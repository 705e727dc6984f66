//! Nouns and rules. Knows no database, no HTTP, no engine, no JSON and no time of day.

pub mod clock;
pub mod interface;

pub use oke_codec::model;
