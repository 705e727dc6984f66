//! Problem answers of the management API (`application/problem+json`): what, where, and how to mend it.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::account::AccountError;
use crate::app::admission::AdmissionError;
use crate::app::bundle::BundleError;
use crate::app::package::PackageError;
use crate::app::peer::PeerError;
use crate::app::publisher::PublisherError;
use crate::app::revision::RevisionError;
use crate::app::task::TaskError;
use crate::app::{CommitError, Refused};
use crate::jobs::letters::LetterError;
use crate::jobs::peers::PeerError as PauseError;
use crate::store::StoreError;

/// An answer that says no.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The HTTP status, as text, as the OKE faces write it too.
    pub status: String,
    /// A stable word that a program may branch on.
    pub reason: String,
    /// The status in words.
    pub title: String,
    /// What is wrong, where, and how to mend it.
    pub detail: String,
    #[serde(skip)]
    code: StatusCode,
}

impl Problem {
    /// A problem with its sentence.
    pub fn new(code: StatusCode, reason: impl Into<String>, detail: impl Into<String>) -> Self {
        Problem {
            status: code.as_u16().to_string(),
            reason: reason.into(),
            title: code.canonical_reason().unwrap_or("Problem").to_owned(),
            detail: detail.into(),
            code,
        }
    }

    /// 400.
    pub fn bad(reason: &str, detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, reason, detail)
    }

    /// 404.
    pub fn absent(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::NOT_FOUND, "unknown", detail)
    }

    /// 409: nothing is wrong with the request, but with how things stand.
    pub fn conflict(reason: &str, detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::CONFLICT, reason, detail)
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::FORBIDDEN, "not-allowed", detail)
    }

    /// 500, for which the log has the cause; the caller is told only that it was ours.
    pub fn ours(error: &dyn std::error::Error) -> Self {
        let causes: Vec<String> = std::iter::successors(error.source(), |cause| cause.source())
            .map(ToString::to_string)
            .collect();
        tracing::error!(
            causes = causes.join(": "),
            "a request failed through our own fault: {error}"
        );
        let detail = "this host could not do it through no fault of yours; the cause is in its log. Try again later.";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "ours", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.code, Json(self)).into_response();
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let reason = match &rejection {
            JsonRejection::MissingJsonContentType(_) => "content-type",
            JsonRejection::JsonDataError(_) | JsonRejection::JsonSyntaxError(_) => "json",
            _ => "body",
        };
        Problem::bad(reason, rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Problem::bad("query", rejection.body_text())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Problem::ours(&error)
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        if error.is_conflict() {
            return Problem::conflict(
                "changed-meanwhile",
                "others changed the same thing all the time; try again",
            );
        }
        Problem::ours(&error)
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::BadName(_) | AccountError::BadUnit(_) | AccountError::BadLabel(_) => {
                Problem::bad("name", error.to_string())
            }
            AccountError::NoReason => Problem::bad("no-reason", error.to_string()),
            AccountError::LastWithBeheren(_) => Problem::conflict("last-with-beheren", error.to_string()),
            AccountError::Disabled(_) => Problem::conflict("disabled", error.to_string()),
            AccountError::PersonHasAccount { .. } => Problem::conflict("person-has-account", error.to_string()),
            AccountError::Exists { .. } => Problem::conflict("exists", error.to_string()),
            AccountError::Unknown { .. } => Problem::absent(error.to_string()),
            AccountError::Refused(_) => Problem::conflict("separation-of-duties", error.to_string()),
            AccountError::Commit(error) => error.into(),
            AccountError::Store(error) => error.into(),
        }
    }
}

impl From<PeerError> for Problem {
    fn from(error: PeerError) -> Self {
        match error {
            PeerError::Name(error) => error.into(),
            PeerError::Exists(_) => Problem::conflict("exists", error.to_string()),
            PeerError::Unknown(_) | PeerError::UnknownClient(_) => Problem::absent(error.to_string()),
            PeerError::BadHat(_) | PeerError::Endpoint(_) => Problem::bad("endpoint", error.to_string()),
            PeerError::Draft(_) => Problem::bad("dialect", error.to_string()),
            PeerError::Sealed(error) => Problem::ours(&error),
            PeerError::Follow(error) => error.into(),
            PeerError::Commit(error) => error.into(),
            PeerError::Store(error) => error.into(),
        }
    }
}

impl From<PublisherError> for Problem {
    fn from(error: PublisherError) -> Self {
        match error {
            PublisherError::Malformed(_) => Problem::bad("key", error.to_string()),
            PublisherError::OtherRole(_) => Problem::conflict("other-role", error.to_string()),
            PublisherError::Expired(_) => Problem::conflict("expired", error.to_string()),
            PublisherError::NoReason => Problem::bad("no-reason", error.to_string()),
            PublisherError::OtherPublisher { .. } => Problem::conflict("other-publisher", error.to_string()),
            PublisherError::Revoked(_) => Problem::conflict("revoked-key", error.to_string()),
            PublisherError::Unknown(_) => Problem::absent(error.to_string()),
            PublisherError::Commit(error) => error.into(),
            PublisherError::Store(error) => error.into(),
        }
    }
}

impl From<PackageError> for Problem {
    fn from(error: PackageError) -> Self {
        match error {
            PackageError::Refused(refusal) => Problem::bad(refusal.reason(), refusal.to_string()),
            PackageError::VersionTaken { .. } => Problem::conflict("version-taken", error.to_string()),
            PackageError::Unknown(_) => Problem::absent(error.to_string()),
            PackageError::NotTaken(obstacle) => Problem::conflict(obstacle.reason(), obstacle.to_string()),
            PackageError::Follow(error) => error.into(),
            PackageError::Sealed(error) => Problem::ours(&error),
            PackageError::Commit(error) => error.into(),
            PackageError::Store(error) => error.into(),
        }
    }
}

impl From<BundleError> for Problem {
    fn from(error: BundleError) -> Self {
        let said = error.to_string();
        match error {
            BundleError::Refused(refusal) => Problem::bad(refusal.reason(), said),
            BundleError::Older { .. } => Problem::conflict("older-bundle", said),
            BundleError::SameNumber { .. } => Problem::conflict("same-number", said),
            BundleError::Key { .. } => Problem::conflict("key", said),
            BundleError::Package { error, .. } => {
                let inner = Problem::from(error);
                Problem::new(inner.code, inner.reason, said)
            }
            BundleError::Publisher(error) => error.into(),
            BundleError::Commit(error) => error.into(),
            BundleError::Store(error) => error.into(),
        }
    }
}

impl From<AdmissionError> for Problem {
    fn from(error: AdmissionError) -> Self {
        match error {
            AdmissionError::Policy(_) => Problem::bad("policy", error.to_string()),
            AdmissionError::UnknownPeer(_) => Problem::absent(error.to_string()),
            AdmissionError::SeenOther => Problem::conflict("changed-meanwhile", error.to_string()),
            AdmissionError::NothingToApprove => Problem::conflict("nothing-to-approve", error.to_string()),
            AdmissionError::NoReason => Problem::bad("no-reason", error.to_string()),
            AdmissionError::NobodySigned(_) => Problem::bad("nobody-signed", error.to_string()),
            AdmissionError::Package(error) => error.into(),
            AdmissionError::Commit(error) => error.into(),
            AdmissionError::Store(error) => error.into(),
        }
    }
}

impl From<RevisionError> for Problem {
    fn from(error: RevisionError) -> Self {
        match error {
            RevisionError::UnknownPeer(_) | RevisionError::UnknownRevision { .. } => Problem::absent(error.to_string()),
            RevisionError::NoEarlier(_) => Problem::conflict("no-earlier-revision", error.to_string()),
            RevisionError::RunsAnother { .. } => Problem::conflict("runs-another", error.to_string()),
            RevisionError::RunsAlready(_) => Problem::conflict("runs-already", error.to_string()),
            RevisionError::AnotherStep => Problem::conflict("another-step", error.to_string()),
            RevisionError::NoWayBack { .. } => Problem::conflict("no-way-back", error.to_string()),
            RevisionError::UnknownProfile { .. } => Problem::bad("unknown-profile", error.to_string()),
            RevisionError::Configuration(_) => Problem::bad("configuration", error.to_string()),
            RevisionError::NoReason => Problem::bad("no-reason", error.to_string()),
            RevisionError::Obstacles(ref obstacles) => {
                let reason = obstacles.first().map_or("not-admitted", |first| first.reason());
                Problem::conflict(reason, error.to_string())
            }
            RevisionError::Package(error) => error.into(),
            RevisionError::Commit(error) => error.into(),
            RevisionError::Store(error) => error.into(),
            RevisionError::Follow(error) => error.into(),
            RevisionError::Frozen { .. } => Problem::conflict("frozen", error.to_string()),
            RevisionError::NotNow(_) => Problem::conflict("not-now", error.to_string()),
            RevisionError::NoRollout(_) => Problem::conflict("no-rollout", error.to_string()),
            RevisionError::RollsOut(_) => Problem::conflict("rolls-out", error.to_string()),
            RevisionError::NotTheFirst(_) => Problem::conflict("not-the-first", error.to_string()),
            RevisionError::NothingToFix => Problem::conflict("nothing-to-fix", error.to_string()),
            RevisionError::NobodyHas(_) => Problem::conflict("nobody-has-it", error.to_string()),
            RevisionError::OtherGrants(_) => Problem::conflict("other-grants", error.to_string()),
            RevisionError::NoSitting(_) => Problem::bad("sitting", error.to_string()),
            RevisionError::ByFiles(_) => Problem::conflict("by-files", error.to_string()),
            RevisionError::Units(_) => Problem::bad("units", error.to_string()),
            RevisionError::NotAllowed(_) => Problem::forbidden(error.to_string()),
        }
    }
}

impl From<TaskError> for Problem {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::Unknown(_) => Problem::absent(error.to_string()),
            TaskError::Closed(_) => Problem::conflict("closed", error.to_string()),
            TaskError::Claimed { .. } => Problem::conflict("claimed", error.to_string()),
            TaskError::NotYours(_) => Problem::conflict("not-yours", error.to_string()),
            TaskError::NoResolution => Problem::bad("no-resolution", error.to_string()),
            TaskError::Refused(refusal) => Problem::forbidden(refusal.to_string()),
            TaskError::Commit(error) => error.into(),
            TaskError::Store(error) => error.into(),
        }
    }
}

impl From<LetterError> for Problem {
    fn from(error: LetterError) -> Self {
        match error {
            LetterError::Unknown(_) => Problem::absent(error.to_string()),
            LetterError::NotDead { .. } => Problem::conflict("not-dead", error.to_string()),
            LetterError::NoReason => Problem::bad("no-reason", error.to_string()),
            LetterError::Store(error) => error.into(),
            LetterError::Commit(error) => error.into(),
        }
    }
}

impl From<PauseError> for Problem {
    fn from(error: PauseError) -> Self {
        match error {
            PauseError::Unknown(_) => Problem::absent(error.to_string()),
            PauseError::NoReason => Problem::bad("no-reason", error.to_string()),
            PauseError::Store(error) => error.into(),
            PauseError::Commit(error) => error.into(),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let said = refused.to_string();
        match refused {
            Refused::Unknown { .. } => Problem::absent(said),
            Refused::Invalid(_) | Refused::WrongTimes(_) | Refused::WrongLine(_) => Problem::bad("invalid", said),
            Refused::NeedsNotTold(_) => Problem::bad("needs-not-told", said),
            Refused::NotNow(_) => Problem::conflict("not-now", said),
            Refused::TooSlow { .. } => Problem::conflict("vendor-too-slow", said),
            Refused::NotPlannable(_) => Problem::conflict("not-plannable", said),
            Refused::Attempt(_) => Problem::conflict("no-attempt", said),
            Refused::NotMerged(_) => Problem::conflict("not-merged", said),
            Refused::NotAllowed(_) => Problem::forbidden(said),
            Refused::Commit(error) => error.into(),
            Refused::Store(error) => error.into(),
            Refused::Seal(error) => Problem::ours(&error),
        }
    }
}
