//! Logs, traces and metrics: every name in one place.
