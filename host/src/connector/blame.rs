//! How a call ends when it does not end well: whose fault it is, and what the host does next.
//!
//! The guest's own errors carry their decision (`connector.wit`, `call.error`). Everything a guest *does* wrong, a
//! trap, a limit, values that break the model, a refused request, is `bug` and the connector's fault. Time that runs
//! out is the connector's fault when the guest used it up itself and the vendor's when the network did.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::header::HeaderName;

use crate::domain::interface::Interface;

use super::bindings::call;
use super::convert::Broken;
use super::limits::{Meter, OverLimit};
use super::redact;

/// Whose fault a failed call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The system behind the connector: down, slow, refusing.
    Vendor,
    /// The connector's code.
    Connector,
    /// This host: its configuration, its capacity.
    Host,
}

impl Blame {
    /// A word for metrics and stored rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Connector => "connector",
            Self::Host => "host",
        }
    }
}

impl fmt::Display for Blame {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What the host does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Try again, after this long if someone said so, else with backoff.
    RetryAfter(Option<Duration>),
    /// Slow down for this whole peer, for this long if it said so.
    RateLimited(Option<Duration>),
    /// The credentials were refused: a person looks.
    AuthExpired,
    /// Understood and refused: a person looks. The vendor's own words, which may name a person: never logged.
    Permanent {
        /// The vendor's code.
        code: String,
        /// The vendor's sentence.
        message: String,
    },
    /// The vendor's format can't carry a fact; nothing was sent. May name a person: never logged.
    Unrepresentable {
        /// The field of the canonical model.
        field: String,
        /// Why not.
        why: String,
    },
    /// This connector, or the vendor behind it, does not offer the operation.
    Unsupported,
    /// The connector is wrong: repeat only after a person or a new version.
    Bug,
}

impl Decision {
    /// A word for metrics and lists.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Decision::RetryAfter(_) => "transient",
            Decision::RateLimited(_) => "rate-limited",
            Decision::AuthExpired => "auth-expired",
            Decision::Permanent { .. } => "rejected",
            Decision::Unrepresentable { .. } => "unrepresentable",
            Decision::Unsupported => "unsupported",
            Decision::Bug => "bug",
        }
    }
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    /// Whose fault it is.
    pub blame: Blame,
    /// What to do next.
    pub decision: Decision,
    /// One sentence for the log, without personal data.
    pub detail: String,
    /// The connector tried what it was not granted, or a name led where it must not: someone should be told.
    pub incident: bool,
    /// Where in the connector's code it was stopped: names of its own functions, innermost first.
    pub frames: Vec<String>,
}

impl CallError {
    pub(super) fn new(blame: Blame, decision: Decision, detail: impl Into<String>) -> Self {
        Self {
            blame,
            decision,
            detail: detail.into(),
            incident: false,
            frames: Vec::new(),
        }
    }

    /// How the call ended, in few words: what to do and whose fault it is.
    #[must_use]
    pub fn told(&self) -> String {
        format!("{} ({})", self.decision.word(), self.blame)
    }

    /// The sentence, and the innermost functions it happened in.
    fn placed(&self) -> String {
        match self.frames.is_empty() {
            true => self.detail.clone(),
            false => {
                let innermost: Vec<&str> = self.frames.iter().take(3).map(String::as_str).collect();
                format!("{} in {}", self.detail, innermost.join(", called by "))
            }
        }
    }

    pub(super) fn bug(detail: impl Into<String>) -> Self {
        Self::new(Blame::Connector, Decision::Bug, detail)
    }

    /// What a person needs who looks into it, without personal data: the vendor's own words only as far as they can't
    /// name anyone.
    #[must_use]
    pub fn for_person(&self) -> String {
        match &self.decision {
            Decision::Permanent { code, message } if message != &self.detail => {
                let code = redact::value(code);
                format!("{}, code `{code}`: {}", self.detail, redact::text(message))
            }
            Decision::Unrepresentable { field, why } => {
                format!("{}: `{}`: {}", self.detail, redact::text(field), redact::text(why))
            }
            _ => self.placed(),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} (blame: {})", self.placed(), self.blame)
    }
}

impl std::error::Error for CallError {}

/// Something that is reported whatever the call's outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Incident {
    /// The connector asked for what the grant does not cover. The path is without ids.
    NotGranted { endpoint: String, request: String },
    /// The connector tried to set a header that belongs to the host, such as credentials.
    HostsHeader { endpoint: String, header: HeaderName },
    /// A base URL or its name led to an address inside that nobody allowed.
    ForbiddenAddress { endpoint: String },
    /// The grant covers an endpoint that the revision gives no base URL.
    NoBaseUrl { endpoint: String },
}

impl From<Incident> for CallError {
    fn from(incident: Incident) -> Self {
        match incident {
            Incident::NotGranted { endpoint, request } => Self {
                incident: true,
                ..Self::bug(format!(
                    "the connector asked for {request} on endpoint `{endpoint}`, which its grant does not cover"
                ))
            },
            Incident::HostsHeader { endpoint, header } => Self {
                incident: true,
                ..Self::bug(format!(
                    "the connector set the header `{header}`, which belongs to the host, on endpoint `{endpoint}`"
                ))
            },
            Incident::ForbiddenAddress { endpoint } => {
                let why = format!(
                    "endpoint `{endpoint}` leads to a private or special address (or to plain http outside one); name \
                     that address in the endpoint's grant if it is meant"
                );
                Self {
                    incident: true,
                    ..Self::new(Blame::Host, permanent("address-refused", &why), why.clone())
                }
            }
            Incident::NoBaseUrl { endpoint } => {
                let why = format!("endpoint `{endpoint}` is granted but has no base URL in this revision");
                Self::new(Blame::Host, permanent("endpoint-not-configured", &why), why.clone())
            }
        }
    }
}

/// The ways a call fails inside this room.
#[derive(Debug)]
pub(super) enum Failure {
    /// The guest said so itself.
    Said(call::Error),
    /// The guest was stopped, or never started.
    Stopped(wasmtime::Error),
    /// The guest's answer breaks the model.
    Broken(Broken),
    /// The component does not export the interface.
    NotServed(Interface),
    /// No slot came free within the budget.
    NoSlot,
    /// The budget ran out while the call was under way.
    TooLate,
}

/// Longest wait a vendor can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

impl Failure {
    /// Turns what happened into blame and decision.
    pub fn judge(self, meter: &Meter, budget: Duration) -> CallError {
        match self {
            Self::Said(error) => said(error),
            Self::Broken(broken) => CallError::bug(format!("the connector's answer breaks the model: {broken}")),
            Self::NotServed(interface) => CallError::new(
                Blame::Host,
                Decision::Unsupported,
                format!("the connector does not serve `{interface}`"),
            ),
            Self::NoSlot => CallError::new(
                Blame::Host,
                Decision::RetryAfter(None),
                "no slot for a connector came free within the budget",
            ),
            Self::TooLate => out_of_time(meter, budget),
            Self::Stopped(error) => stopped(&error, meter, budget),
        }
    }
}

fn permanent(code: &str, message: &str) -> Decision {
    Decision::Permanent {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

fn said(error: call::Error) -> CallError {
    let wait = |seconds: Option<u32>| seconds.map(|s| Duration::from_secs(s.into()).min(LONGEST_WAIT));
    match error {
        call::Error::Transient(after) => CallError::new(
            Blame::Vendor,
            Decision::RetryAfter(wait(after)),
            "the connector reports a passing failure",
        ),
        call::Error::RateLimited(after) => CallError::new(
            Blame::Vendor,
            Decision::RateLimited(wait(after)),
            "the vendor asks to slow down",
        ),
        call::Error::AuthExpired => CallError::new(
            Blame::Vendor,
            Decision::AuthExpired,
            "the vendor refused the credentials",
        ),
        call::Error::Rejected(rejection) => CallError::new(
            Blame::Vendor,
            Decision::Permanent {
                code: cut(rejection.code, 128),
                message: cut(rejection.message, 1024),
            },
            "the vendor refused the request",
        ),
        call::Error::Unrepresentable(fact) => CallError::new(
            Blame::Vendor,
            Decision::Unrepresentable {
                field: cut(fact.field, 128),
                why: cut(fact.why, 1024),
            },
            "the vendor's format can't carry a fact of the request",
        ),
        call::Error::Unsupported(what) => CallError::new(
            Blame::Vendor,
            Decision::Unsupported,
            format!("the connector does not offer this: {}", redact::text(&what)),
        ),
        call::Error::Bug(what) => CallError::bug(format!("the connector reports a bug: {}", redact::text(&what))),
    }
}

fn stopped(error: &wasmtime::Error, meter: &Meter, budget: Duration) -> CallError {
    if let Some(over) = error.downcast_ref::<OverLimit>() {
        return CallError {
            frames: frames(error),
            ..CallError::bug(format!("the connector was stopped: {over}"))
        };
    }
    let stopped = match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::Interrupt) => out_of_time(meter, budget),
        _ if meter.memory_refused.load(Ordering::Relaxed) > 0 => {
            CallError::bug("the connector was stopped: it asked for more memory than its limit")
        }
        Some(trap) => CallError::bug(format!("the connector trapped: {trap}")),
        // What is left are breaches of the canonical ABI: invalid UTF-8, an unknown case, more than the fuel for
        // values across the border. The texts are wasmtime's own and hold no values.
        None => CallError::bug(format!("the connector was stopped: {}", root(error))),
    };
    CallError {
        frames: frames(error),
        ..stopped
    }
}

/// Guest time beyond this share of the budget makes running out of time the connector's fault.
const GUEST_SHARE: u32 = 2;

fn out_of_time(meter: &Meter, budget: Duration) -> CallError {
    let in_guest = Duration::from_millis(meter.guest_ticks.load(Ordering::Relaxed).into());
    let in_network = Duration::from_micros(meter.network_micros.load(Ordering::Relaxed));
    let millis = budget.as_millis();
    if in_network > budget / GUEST_SHARE {
        return CallError::new(
            Blame::Vendor,
            Decision::RetryAfter(None),
            format!("the vendor used up the budget of {millis} ms"),
        );
    }
    // A demoted spinner waits for its turns: what it would have used is its own, not the host's.
    if in_guest > budget / GUEST_SHARE || meter.demoted.load(Ordering::Relaxed) > 0 {
        return CallError::bug(format!(
            "the connector used up the budget of {millis} ms without finishing"
        ));
    }
    CallError::new(
        Blame::Host,
        Decision::RetryAfter(None),
        format!("the budget of {millis} ms ran out while the host was busy"),
    )
}

/// The most functions that are named.
const MOST_FRAMES: usize = 24;

/// The functions it happened in, innermost first: what a vendor needs to find the place. Names of functions hold no
/// data. The engine's own text is read, since only there names are as their programmer wrote them.
fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<wasmtime::WasmBacktrace>() else {
        return Vec::new();
    };
    let told = backtrace.to_string();
    let names = told
        .lines()
        .filter_map(|line| line.split_once('!').map(|(_, name)| name));
    names.map(|name| cut(name.to_owned(), 160)).take(MOST_FRAMES).collect()
}

fn root(error: &wasmtime::Error) -> String {
    cut(error.root_cause().to_string(), 256)
}

fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text.retain(|character| !character.is_control());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Duration = Duration::from_secs(1);

    #[test]
    fn each_error_of_the_contract_carries_its_own_decision() {
        let judged = |error| Failure::Said(error).judge(&Meter::default(), BUDGET);
        let transient = judged(call::Error::Transient(Some(7)));
        assert_eq!(transient.decision, Decision::RetryAfter(Some(Duration::from_secs(7))));
        assert_eq!(transient.blame, Blame::Vendor);
        let limited = judged(call::Error::RateLimited(Some(u32::MAX)));
        assert_eq!(limited.decision, Decision::RateLimited(Some(LONGEST_WAIT)));
        assert_eq!(judged(call::Error::AuthExpired).decision, Decision::AuthExpired);
        let bug = judged(call::Error::Bug("met 123456789".to_owned()));
        assert_eq!((bug.blame, bug.decision), (Blame::Connector, Decision::Bug));
        assert!(!bug.detail.contains("123456789"), "{}", bug.detail);
    }

    #[test]
    fn time_that_the_vendor_used_up_is_not_the_connectors_fault() {
        let meter = Meter::default();
        meter.network_micros.store(900_000, Ordering::Relaxed);
        let late = Failure::TooLate.judge(&meter, BUDGET);
        assert_eq!((late.blame, late.decision), (Blame::Vendor, Decision::RetryAfter(None)));
    }

    #[test]
    fn time_that_the_guest_used_up_is_the_connectors_fault() {
        let meter = Meter::default();
        meter.guest_ticks.store(900, Ordering::Relaxed);
        let late = Failure::TooLate.judge(&meter, BUDGET);
        assert_eq!((late.blame, late.decision), (Blame::Connector, Decision::Bug));
    }

    #[test]
    fn time_lost_to_a_busy_host_is_nobodys_bug() {
        let late = Failure::TooLate.judge(&Meter::default(), BUDGET);
        assert_eq!((late.blame, late.decision), (Blame::Host, Decision::RetryAfter(None)));
    }
}
