//! The import `log`: a guest's lines, redacted, limited in number, and marked with whose they are.

use std::sync::atomic::Ordering;

use super::bindings::log;
use super::limits::MOST_LOG_LINES;
use super::redact;
use super::store_data::CallState;

/// Fields shown of one line.
const MOST_FIELDS: usize = 16;

impl log::Host for CallState {
    fn write(&mut self, level: log::Level, message: String, fields: Vec<(String, String)>) -> wasmtime::Result<()> {
        self.enter_host()?;
        if self.meter.log_lines.load(Ordering::Relaxed) >= MOST_LOG_LINES {
            self.meter.log_lines_dropped.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        self.meter.log_lines.fetch_add(1, Ordering::Relaxed);
        let message = redact::text(&message);
        let fields = fields
            .iter()
            .take(MOST_FIELDS)
            .map(|(key, value)| format!("{}={}", redact::key(key), redact::value(value)))
            .collect::<Vec<_>>()
            .join(" ");
        let context = &self.context;
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    tenant = %context.tenant,
                    peer = %context.peer,
                    revision = %context.revision,
                    component = %self.digest,
                    fields = %fields,
                    "connector: {message}"
                )
            };
        }
        match level {
            log::Level::Debug => line!(debug),
            log::Level::Info => line!(info),
            log::Level::Warn => line!(warn),
            log::Level::Error => line!(error),
        }
        Ok(())
    }
}
