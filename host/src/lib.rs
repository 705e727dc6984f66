//! OKE Host as a library: the rooms, in reading order. `ARCHITECTURE.md` beside this crate walks through them.

pub mod api;
pub mod app;
pub mod audit;
pub mod cli;
pub mod config;
pub mod conformance;
pub mod connector;
pub mod dashboard;
pub mod demo;
pub mod domain;
pub mod jobs;
pub mod oke;
pub mod server;
pub mod simulator;
pub mod store;
pub mod telemetry;
