//! From what went wrong to what the job does next: whose fault it is and whether trying again is of use.

use std::time::Duration;

use crate::app::CommitError;
use crate::app::counting::blame_of;
use crate::app::running::NotRunning;
use crate::connector::blame::{self, CallError, Decision};
use crate::domain::retry::{Blame, Verdict};
use crate::jobs::JobError;

/// Between two tries while no connector runs, or the credentials are refused: long enough not to hammer, short enough
/// that work goes on soon after a person has acted.
const UNTIL_MENDED: Duration = Duration::from_secs(60);
/// Between two tries of what the running connector doesn't offer: only another version mends that, and its
/// installation takes the work up again by itself.
const UNTIL_INSTALLED: Duration = Duration::from_secs(15 * 60);

/// Between two looks at work of a unit that is not enabled: enabling it takes the work up by itself.
const UNTIL_ENABLED: Duration = Duration::from_secs(15 * 60);

/// What a failed call comes to.
pub(super) fn of_call(error: &CallError) -> JobError {
    let blame = blame_of(error);
    let what = error.for_person();
    if is_of_the_settings(error) {
        return of_settings(what);
    }
    match &error.decision {
        Decision::RetryAfter(after) => JobError::transient(blame, *after, what),
        Decision::RateLimited(after) => JobError::rate_limited(*after, what),
        // Not for good: with new credentials everything that waits goes on by itself.
        Decision::AuthExpired => JobError::transient(blame, Some(UNTIL_MENDED), what),
        Decision::Permanent { .. } | Decision::Unrepresentable { .. } | Decision::Unsupported | Decision::Bug => {
            JobError::permanent(blame, what)
        }
    }
}

/// Whether what is set up here stands in the way, such as an endpoint without an address.
pub(super) fn is_of_the_settings(error: &CallError) -> bool {
    error.blame == blame::Blame::Host && matches!(error.decision, Decision::Permanent { .. })
}

/// True of the peer as a whole, and no message's fault: its whole queue waits, none is held against itself.
fn of_settings(what: String) -> JobError {
    JobError {
        verdict: Verdict::RateLimited {
            after: Some(UNTIL_MENDED),
        },
        blame: Blame::Host,
        message: what,
    }
}

/// What it comes to that no call could be made: nothing is lost, the work goes on once that is mended.
pub(super) fn of_not_running(error: NotRunning) -> JobError {
    let what = error.to_string();
    match error {
        NotRunning::Store(error) => error.into(),
        NotRunning::NotServed { .. } => JobError::transient(Blame::Connector, Some(UNTIL_INSTALLED), what),
        NotRunning::NotEnabled { .. } => JobError {
            verdict: Verdict::Waits { after: UNTIL_ENABLED },
            blame: Blame::Host,
            message: what,
        },
        NotRunning::UnknownPeer(_) => JobError::permanent(Blame::Host, what),
        NotRunning::NoRevision(_)
        | NotRunning::Revoked { .. }
        | NotRunning::Endpoint { .. }
        | NotRunning::Package(_)
        | NotRunning::Load(_)
        | NotRunning::Sealed(_) => of_settings(what),
    }
}

impl From<CommitError> for JobError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => error.into(),
            CommitError::Malformed(_) => JobError::permanent(Blame::Host, error.to_string()),
            CommitError::Conflict(_) | CommitError::Stopped => {
                JobError::transient(Blame::Host, None, error.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::interface::Interface;

    fn call(blame: blame::Blame, decision: Decision) -> JobError {
        of_call(&CallError {
            blame,
            decision,
            detail: "the vendor refused the request".to_owned(),
            incident: false,
            frames: Vec::new(),
        })
    }

    #[test]
    fn each_decision_of_a_call_keeps_its_meaning_as_a_jobs_verdict() {
        let seven = Some(Duration::from_secs(7));
        let again = call(blame::Blame::Vendor, Decision::RetryAfter(seven));
        assert_eq!(
            (again.verdict, again.blame),
            (Verdict::Retry { after: seven }, Blame::Vendor)
        );
        let slower = call(blame::Blame::Vendor, Decision::RateLimited(seven));
        assert_eq!(slower.verdict, Verdict::RateLimited { after: seven });
        let bug = call(blame::Blame::Connector, Decision::Bug);
        assert_eq!((bug.verdict, bug.blame), (Verdict::Permanent, Blame::Connector));
        let unsupported = call(blame::Blame::Vendor, Decision::Unsupported);
        assert_eq!(unsupported.verdict, Verdict::Permanent);
        let expired = call(blame::Blame::Vendor, Decision::AuthExpired);
        assert!(matches!(expired.verdict, Verdict::Retry { after: Some(_) }));
    }

    #[test]
    fn what_the_vendor_cannot_express_names_the_field_and_no_person() {
        let error = call(
            blame::Blame::Vendor,
            Decision::Unrepresentable {
                field: "personal-needs".to_owned(),
                why: "student 123456 wants braille".to_owned(),
            },
        );
        assert_eq!(error.verdict, Verdict::Permanent);
        assert!(error.message.contains("`personal-needs`"), "{}", error.message);
        assert!(!error.message.contains("123456"), "{}", error.message);
    }

    #[test]
    fn without_a_running_connector_the_queue_waits_and_no_message_is_held_against_itself() {
        let none = of_not_running(NotRunning::NoRevision("toetsgilde".to_owned()));
        assert!(matches!(none.verdict, Verdict::RateLimited { after: Some(_) }));
        assert!(none.message.contains("install one"), "{}", none.message);
        let unserved = of_not_running(NotRunning::NotServed {
            peer: "toetsgilde".to_owned(),
            interface: Interface::TaZittingsplan,
        });
        assert_eq!(unserved.blame, Blame::Connector);
        assert!(matches!(unserved.verdict, Verdict::Retry { .. }));
    }
}
