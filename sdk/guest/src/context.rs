//! The context of one call: who for, when, how long, and the configuration of the running revision.

use std::fmt;

use jiff::Timestamp;

use crate::{Error, http::Endpoint};

/// A configuration value, typed as the manifest's schema says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigValue {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

/// How loud a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For who is looking for a fault.
    Debug,
    /// Something that happened.
    Info,
    /// Odd, but handled.
    Warn,
    /// Went wrong.
    Error,
}

/// What every call carries. The same context and request give the same answer, so that a call can be replayed: there is
/// no clock but [`Context::now`], and nothing is remembered between calls.
#[derive(Clone)]
pub struct Context {
    pub(crate) tenant: String,
    pub(crate) now: Timestamp,
    pub(crate) budget_ms: u32,
    pub(crate) idempotency_key: String,
    pub(crate) config: Vec<(String, ConfigValue)>,
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) host: crate::testing::FakeHost,
}

impl Context {
    /// Alias of the school, stable, without meaning outside this host.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The time of the call.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Wall-clock budget of the whole call, HTTP included, in milliseconds, as it was at the start of the call.
    pub fn budget_ms(&self) -> u32 {
        self.budget_ms
    }

    /// Same for every repeat of the same effect: hand it to the vendor where it takes one.
    pub fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    /// A configuration value, where the revision has it.
    pub fn config(&self, name: &str) -> Option<&ConfigValue> {
        self.config.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A text of the configuration; absent is `None`.
    ///
    /// # Errors
    /// [`Error::Bug`] when the value has another type: then code and manifest disagree.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.config(name) {
            None => Ok(None),
            Some(ConfigValue::Text(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(name, "a text", other)),
        }
    }

    /// A whole number of the configuration; absent is `None`.
    ///
    /// # Errors
    /// As [`Context::text`].
    pub fn number(&self, name: &str) -> Result<Option<i64>, Error> {
        match self.config(name) {
            None => Ok(None),
            Some(ConfigValue::Number(number)) => Ok(Some(*number)),
            Some(other) => Err(wrong_type(name, "a whole number", other)),
        }
    }

    /// A yes or no of the configuration; absent is `None`.
    ///
    /// # Errors
    /// As [`Context::text`].
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        match self.config(name) {
            None => Ok(None),
            Some(ConfigValue::Flag(flag)) => Ok(Some(*flag)),
            Some(other) => Err(wrong_type(name, "true or false", other)),
        }
    }

    /// The way out through an endpoint, by the name it has in the manifest; never a URL.
    pub fn http<'a>(&'a self, endpoint: &'a str) -> Endpoint<'a> {
        Endpoint::new(self, endpoint)
    }

    /// What could be read of one item among many. One that could not is logged with `fields` and the reason, and left out:
    /// it costs only itself. For lists that the host compares with what it knows; where a missing item would be taken for
    /// one that is not there, refuse the whole instead.
    pub fn readable<T>(&self, item: Result<T, Error>, message: &str, fields: &[(&str, &str)]) -> Option<T> {
        match item {
            Ok(item) => Some(item),
            Err(error) => {
                let why = error.to_string();
                let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("why", why.as_str())]).collect();
                self.log(Level::Error, message, &fields);
                None
            }
        }
    }

    /// Writes a log line. The host limits the volume and redacts; personal data does not belong here all the same.
    pub fn log(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        #[cfg(not(target_arch = "wasm32"))]
        self.host.write_log(level, message, fields);
        #[cfg(target_arch = "wasm32")]
        {
            use crate::bindings::shared::oke::connector::log;
            let level = match level {
                Level::Debug => log::Level::Debug,
                Level::Info => log::Level::Info,
                Level::Warn => log::Level::Warn,
                Level::Error => log::Level::Error,
            };
            log::write(level, message, &fields);
        }
    }
}

/// Without the configuration, which may hold what a vendor would not have in a log.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("tenant", &self.tenant)
            .field("now", &self.now)
            .field("budget_ms", &self.budget_ms)
            .finish_non_exhaustive()
    }
}

fn wrong_type(name: &str, wanted: &str, found: &ConfigValue) -> Error {
    let found = match found {
        ConfigValue::Text(_) => "a text",
        ConfigValue::Number(_) => "a whole number",
        ConfigValue::Flag(_) => "true or false",
    };
    Error::Bug(format!(
        "configuration `{name}` should be {wanted} but is {found}: mend its type in connector.toml"
    ))
}

#[cfg(test)]
mod tests {
    use crate::{ConfigValue, Error, testing::FakeHost};

    #[test]
    fn an_item_that_can_not_be_read_costs_only_itself_and_the_log_says_why() {
        let host = FakeHost::new();
        let ctx = host.context();
        let items = [
            ("a", Ok(1)),
            ("b", Err(Error::rejected("odd", "no number"))),
            ("c", Ok(3)),
        ];

        let read: Vec<i32> = items
            .into_iter()
            .filter_map(|(name, item)| ctx.readable(item, "left out", &[("item", name)]))
            .collect();

        assert_eq!(read, [1, 3]);
        let logged = host.logged();
        assert_eq!((logged.len(), logged[0].fields[0].1.as_str()), (1, "b"));
        assert_eq!(logged[0].fields[1].1, "the vendor refused (odd): no number");
    }

    #[test]
    fn configuration_is_read_by_type_and_a_wrong_type_says_what_to_mend() {
        let host = FakeHost::new().with_config("page_size", ConfigValue::Number(50));
        let ctx = host.context();

        assert_eq!(ctx.number("page_size"), Ok(Some(50)));
        assert_eq!(ctx.text("absent"), Ok(None));
        let Err(Error::Bug(why)) = ctx.text("page_size") else {
            panic!("a number is no text")
        };
        assert_eq!(
            why,
            "configuration `page_size` should be a text but is a whole number: mend its type in connector.toml"
        );
    }
}
