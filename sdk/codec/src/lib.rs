//! OKE messages as pure functions: the canonical model, and a reader and writer per dialect.
//!
//! The host and the connectors that speak OKE share this crate; it does no I/O and knows no clock.

pub mod model;
