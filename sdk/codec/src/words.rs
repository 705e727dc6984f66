//! Enumeration values on the wire. Read without regard to case, spaces and dashes, with `cancelled` for `canceled`;
//! written as the agreement spells them.

use crate::model::{
    AssociationState, AssociationType, Attendance, ComponentStatus, DocumentType, DurationFrom, DurationUntil,
    MembershipState, ModeOfDelivery, OfferingState, OfferingType, PassState, ResultState, ResultValueType, Role,
    Safety, StartOptions,
};

/// An enumeration with its words on the wire.
pub(crate) trait Words: Clone + PartialEq + 'static {
    /// The agreement's words, then alternatives that are read.
    const WORDS: &'static [(&'static str, Self)];
    /// A value that is not in the list, where the list is open.
    fn other(_text: &str) -> Option<Self> {
        None
    }
    /// The text of such a value.
    fn as_other(&self) -> Option<&str> {
        None
    }
}

fn fold(text: &str) -> String {
    let folded: String = text
        .trim()
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if folded == "cancelled" {
        "canceled".into()
    } else {
        folded
    }
}

/// The value of a word.
pub(crate) fn parse<T: Words>(text: &str) -> Option<T> {
    let folded = fold(text);
    let known = T::WORDS.iter().find(|(word, _)| fold(word) == folded);
    known.map(|(_, value)| value.clone()).or_else(|| T::other(text))
}

/// The word of a value.
pub(crate) fn word<T: Words>(value: &T) -> String {
    if let Some(other) = value.as_other() {
        return other.to_owned();
    }
    let known = T::WORDS.iter().find(|(_, listed)| listed == value);
    known
        .map(|(word, _)| (*word).to_owned())
        .expect("every case has a word")
}

/// The words, for a message to whoever wrote another.
pub(crate) fn choices<T: Words>() -> String {
    let mut words: Vec<&str> = Vec::new();
    let mut seen: Vec<&T> = Vec::new();
    for (word, value) in T::WORDS {
        if !seen.contains(&value) {
            seen.push(value);
            words.push(word);
        }
    }
    words.join(", ")
}

macro_rules! closed {
    ($name:ident { $($word:literal => $case:ident),+ $(,)? }) => {
        impl Words for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $name::$case)),+];
        }
    };
}
macro_rules! open {
    ($name:ident { $($word:literal => $case:ident),+ $(,)? }) => {
        impl Words for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $name::$case)),+];
            fn other(text: &str) -> Option<Self> {
                Some($name::Other(text.to_owned()))
            }
            fn as_other(&self) -> Option<&str> {
                match self {
                    $name::Other(text) => Some(text),
                    _ => None,
                }
            }
        }
    };
}

open!(ResultValueType {
    "pass-or-fail" => PassOrFail,
    "insufficient-satisfactory-good" => InsufficientSatisfactoryGood,
    "US letter" => UsLetter,
    "UK letter" => UkLetter,
    "DE grade" => DeGrade,
    "0-100" => ZeroToHundred,
    "0-10" => ZeroToTen,
    "0.0-10.0" => DecimalToTen,
    "referenceLevelRKTR" => ReferenceLevelRktr,
    "referenceLevelERK" => ReferenceLevelErk,
});
closed!(ComponentStatus { "active" => Active, "inactive" => Inactive });
open!(Safety {
    "securedComputer" => SecuredComputer,
    "fixedLocation" => FixedLocation,
    "surveillance" => Surveillance,
});
open!(ModeOfDelivery { "situated" => Situated, "online" => Online, "distance-learning" => DistanceLearning });
closed!(OfferingState { "active" => Active, "canceled" => Canceled });
closed!(StartOptions { "individualStart" => IndividualStart, "triggeredStart" => TriggeredStart });
closed!(DurationFrom {
    "startDateTime" => StartDateTime,
    "individualStartDateTime" => IndividualStartDateTime,
    "triggeredStartDateTime" => TriggeredStartDateTime,
});
closed!(DurationUntil { "testDuration" => TestDuration, "endDateTime" => EndDateTime });
closed!(OfferingType {
    "component" => Component,
    "course" => Course,
    "program" => Program,
    "componentOffering" => Component,
    "courseOffering" => Course,
    "programOffering" => Program,
});
open!(DocumentType {
    "assessmentForm" => AssessmentForm,
    "assessmentFormWithAnswers" => AssessmentFormWithAnswers,
    "assessmentModel" => AssessmentModel,
    "sessionReport" => SessionReport,
    "attendanceReport" => AttendanceReport,
});
closed!(AssociationType {
    "componentOfferingAssociation" => ComponentOfferingAssociation,
    "courseOfferingAssociation" => CourseOfferingAssociation,
    "programOfferingAssociation" => ProgramOfferingAssociation,
    "componentOffering" => ComponentOfferingAssociation,
    "courseOffering" => CourseOfferingAssociation,
    "programOffering" => ProgramOfferingAssociation,
});
open!(Role {
    "student" => Student,
    "coordinator" => Coordinator,
    "invigilator" => Invigilator,
    "assessor" => Assessor,
    "guest" => Guest,
});
open!(MembershipState { "active" => Active, "canceled" => Canceled });
open!(AssociationState { "associated" => Associated, "canceled" => Canceled, "finished" => Finished });
closed!(ResultState {
    "in progress" => InProgress,
    "postponed" => Postponed,
    "queued" => Queued,
    "completed" => Completed,
});
open!(Attendance {
    "notKnown" => NotKnown,
    "notPresent" => NotPresent,
    "notStarted" => NotStarted,
    "notFinished" => NotFinished,
    "present" => Present,
});
closed!(PassState { "unknown" => Unknown, "passed" => Passed, "failed" => Failed });
