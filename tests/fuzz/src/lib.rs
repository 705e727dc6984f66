//! What the fuzz targets share: the laws they hold readers to, the seeds they begin with, and a mutator for JSON.
//!
//! One more target is one more file in `fuzz_targets`, a `[[bin]]`, and its name in `tests/runner/src/fuzz.rs`.

pub mod codec;
pub mod json;
pub mod merge;
pub mod readers;
pub mod seeds;

/// The host's readers of packages: the very files, without the rest of the host. Its engine would have to be built once
/// more with instrumentation, and no reader of packages needs it.
#[path = "../../../host/src/connector"]
#[allow(
    dead_code,
    unused_imports,
    reason = "half of what these files hold is for the rest of the host"
)]
pub mod connector {
    pub mod build;
    pub mod bundle;
    pub mod contract;
    pub mod fixture;
    pub mod manifest;
    pub mod package;
    pub mod refusal;
    pub mod sbom;
    pub mod signature;
    pub mod trust;
    pub mod verify;
}

/// What those need of the host's domain.
#[path = "../../../host/src/domain"]
#[allow(dead_code, reason = "half of what these files hold is for the rest of the host")]
pub mod domain {
    pub mod clock;
    pub mod interface;
}

/// What the codec's own tests begin with.
#[path = "../../../sdk/codec/tests/codec/given.rs"]
#[allow(dead_code, reason = "some of it is for those tests only")]
pub mod given;
