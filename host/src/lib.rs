//! OKE Host as a library: the rooms, in reading order. `ARCHITECTURE.md` beside this crate walks through them.

pub mod config;
pub mod domain;
pub mod store;
pub mod app;
pub mod audit;
pub mod jobs;
pub mod connector;
pub mod oke;
pub mod api;
pub mod dashboard;
pub mod simulator;
pub mod telemetry;
pub mod cli;
