//! Work that follows a commit: lanes, workers, retry; one file per kind of job under `kinds`.

pub mod wake;
