//! What every call of a connector leaves behind, whoever made it: metrics, the counts of its revision, whose fault a failure
//! is, and a line in the log when it is an incident.

use super::Core;
use super::rollout::tally::{Call, Tally};
use crate::connector::blame::{self, CallError, Decision};
use crate::connector::call::Answer;
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::telemetry::names;

/// Whose call it was, of what.
#[derive(Debug, Clone, Copy)]
pub struct Of<'a> {
    /// The school.
    pub tenant: &'a str,
    /// The outside system.
    pub peer: &'a str,
    /// The revision it ran on; none when no call could be made.
    pub revision: Option<i64>,
    /// What was called.
    pub interface: Interface,
}

/// Counts a call that ended.
pub fn count<T>(core: &Core, tally: &Tally, of: Of<'_>, answer: &Answer<T>) {
    let error = answer.outcome.as_ref().err();
    let labels = [
        ("tenant", of.tenant.to_owned()),
        ("peer", of.peer.to_owned()),
        ("interface", of.interface.as_str().to_owned()),
        (
            "outcome",
            error.map_or("done", |error| error.decision.word()).to_owned(),
        ),
    ];
    metrics::counter!(names::CONNECTOR_CALLS, &labels).increment(1);
    metrics::histogram!(names::CONNECTOR_SECONDS, &labels).record(answer.report.wall.as_secs_f64());
    if let Some(revision) = of.revision {
        let call = Call {
            tenant: of.tenant,
            peer: of.peer,
            revision,
            interface: of.interface,
            blame: error.and_then(held_against),
            report: answer.report,
            fault: error.and_then(fault),
        };
        tally.count(call, core.now());
    }
    if let Some(error) = error.filter(|error| error.incident) {
        tracing::error!(
            peer = %of.peer, interface = %of.interface, blame = %error.blame,
            "incident in a call to {}: {}", of.peer, error.detail
        );
    }
}

/// Whose fault a failed call is.
#[must_use]
pub fn blame_of(error: &CallError) -> Blame {
    match error.blame {
        blame::Blame::Vendor => Blame::Vendor,
        blame::Blame::Connector => Blame::Connector,
        blame::Blame::Host => Blame::Host,
    }
}

/// Whose failure it counts as; an operation that isn't offered is an answer and no failure.
fn held_against(error: &CallError) -> Option<Blame> {
    (error.decision != Decision::Unsupported).then(|| blame_of(error))
}

/// How the connector's code failed, when that is what happened.
fn fault(error: &CallError) -> Option<(&str, &[String])> {
    let is_of_the_code = error.blame == blame::Blame::Connector;
    is_of_the_code.then_some((error.detail.as_str(), error.frames.as_slice()))
}
