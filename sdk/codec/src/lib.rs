//! OKE messages as pure functions: the canonical model, and a reader and writer per dialect.
