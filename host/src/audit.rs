//! The audit chain: append, checkpoint, verify.
