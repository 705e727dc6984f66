//! Everything that runs or judges connectors: engine, limits, grants, egress, packages, signatures, admission.
//!
//! A package comes in through [`verify`](verify::verify), which needs no engine: [`package`] reads the archive,
//! [`signature`] and [`trust`] say whose it is, [`manifest`], [`contract`] and [`sbom`] whether it hangs together, and
//! [`refusal`] holds every reason to say no.

pub mod contract;
pub mod manifest;
pub mod package;
pub mod refusal;
pub mod sbom;
pub mod signature;
pub mod trust;
pub mod verify;
