//! Everything that runs or judges connectors: engine, limits, grants, egress, packages, signatures, admission.
//!
//! A package comes in through [`verify`](verify::verify), which needs no engine: [`package`] reads the archive,
//! [`signature`] and [`trust`] say whose it is, [`manifest`], [`contract`] and [`sbom`] whether it hangs together, and
//! [`refusal`] holds every reason to say no.
//!
//! A version then runs as [`engine::Engine::load`] → [`call::Caller`] → one method per function of the contract. To add a
//! function: the WIT, then a method in the file of its interface under `call/`, its types through `convert`. To add an
//! interface: the same, a line in [`crate::domain::interface::Interface`], and one in `loaded` and in `call/guard`.

mod bindings;
pub mod blame;
pub mod build;
pub mod bundle;
pub mod call;
pub mod capability;
pub mod compile;
pub mod contract;
mod convert;
pub mod egress;
pub mod engine;
pub mod files;
pub mod grant;
mod host_body;
mod host_http;
mod host_log;
pub mod limits;
pub mod loaded;
pub mod manifest;
pub mod mask;
pub mod package;
mod pool;
pub mod pushed;
pub mod recorder;
mod redact;
pub mod refusal;
pub mod sbom;
pub mod signature;
mod slow_lane;
mod store_data;
pub mod trust;
pub mod verify;

pub use host_body::DocumentBody;

#[cfg(test)]
pub(crate) mod fixture;
