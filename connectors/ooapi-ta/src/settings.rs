//! What the operator or a profile sets, beside the dialect.

use oke_sdk::{Context, Error, model::Normed};

/// How results reach the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Results {
    /// The vendor sends them to the host's TPL face.
    Push,
    /// The host asks for them.
    Poll,
}

/// The settings of this connector, see `connector.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub results: Results,
    /// Items per page.
    pub page_size: u32,
    /// Requests of one poll at most.
    pub requests_per_poll: u32,
    /// What this vendor's scores are when a message says nothing of it.
    pub normed: Normed,
}

impl Settings {
    /// # Errors
    /// [`Error::Bug`] when the manifest lets through what is not known here.
    pub(crate) fn of(ctx: &Context) -> Result<Self, Error> {
        let results = match ctx.text("results")?.unwrap_or("push") {
            "push" => Results::Push,
            "poll" => Results::Poll,
            other => return Err(unknown("results", other)),
        };
        let normed = match ctx.text("normed")?.unwrap_or("unknown") {
            "unknown" => Normed::Unknown,
            "yes" => Normed::Yes,
            other => return Err(unknown("normed", other)),
        };
        let page_size = ctx.text("page-size")?.unwrap_or("100");
        let requests = ctx.number("requests-per-poll")?.unwrap_or(5);
        Ok(Self {
            results,
            page_size: page_size.parse().map_err(|_| unknown("page-size", page_size))?,
            requests_per_poll: u32::try_from(requests)
                .map_err(|_| unknown("requests-per-poll", &requests.to_string()))?,
            normed,
        })
    }
}

fn unknown(name: &str, value: &str) -> Error {
    Error::Bug(format!(
        "configuration `{name}` is `{value}`, which the manifest should not let through"
    ))
}
