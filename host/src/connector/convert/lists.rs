//! The open and closed lists of the model, both ways, case by case.

use oke_codec::model;

use super::super::bindings::{serves, wire};
use super::word;

macro_rules! closed_list {
    ($($name:ident { $($case:ident),+ $(,)? })+) => {
        $(
            impl From<model::$name> for wire::$name {
                fn from(value: model::$name) -> Self {
                    match value { $(model::$name::$case => wire::$name::$case),+ }
                }
            }

            impl From<wire::$name> for model::$name {
                fn from(value: wire::$name) -> Self {
                    match value { $(wire::$name::$case => model::$name::$case),+ }
                }
            }
        )+
    };
}

macro_rules! open_list {
    ($($name:ident { $($case:ident),+ $(,)? })+) => {
        $(
            impl From<&model::$name> for wire::$name {
                fn from(value: &model::$name) -> Self {
                    match value {
                        $(model::$name::$case => wire::$name::$case,)+
                        model::$name::Other(text) => wire::$name::Other(text.clone()),
                    }
                }
            }

            impl TryFrom<wire::$name> for model::$name {
                type Error = &'static str;

                fn try_from(value: wire::$name) -> Result<Self, Self::Error> {
                    match value {
                        $(wire::$name::$case => Ok(model::$name::$case),)+
                        wire::$name::Other(text) if text.is_empty() => Err("is another value, but which is empty"),
                        wire::$name::Other(text) => word(text).map(model::$name::Other),
                    }
                }
            }
        )+
    };
}

closed_list! {
    ComponentStatus { Active, Inactive }
    OfferingState { Active, Canceled }
    StartOptions { IndividualStart, TriggeredStart }
    DurationFrom { StartDateTime, IndividualStartDateTime, TriggeredStartDateTime }
    DurationUntil { TestDuration, EndDateTime }
    OfferingType { Component, Course, Program }
    AssociationType { ComponentOfferingAssociation, CourseOfferingAssociation, ProgramOfferingAssociation }
    ResultState { InProgress, Postponed, Queued, Completed }
    PassState { Unknown, Passed, Failed }
    Normed { Yes, No, Unknown }
}

open_list! {
    ResultValueType {
        PassOrFail, InsufficientSatisfactoryGood, UsLetter, UkLetter, DeGrade, ZeroToHundred, ZeroToTen,
        DecimalToTen, ReferenceLevelRktr, ReferenceLevelErk,
    }
    Safety { SecuredComputer, FixedLocation, Surveillance }
    ModeOfDelivery { Situated, Online, DistanceLearning }
    DocumentType {
        AssessmentForm, AssessmentFormWithAnswers, AssessmentModel, SessionReport, AttendanceReport,
    }
    Role { Student, Coordinator, Invigilator, Assessor, Guest }
    AssociationState { Associated, Canceled, Finished }
    Attendance { NotKnown, NotPresent, NotStarted, NotFinished, Present }
    MembershipState { Active, Canceled }
}

impl From<model::AttemptsLeft> for wire::AttemptsLeft {
    fn from(left: model::AttemptsLeft) -> Self {
        match left {
            model::AttemptsLeft::Unknown => Self::Unknown,
            model::AttemptsLeft::Unlimited => Self::Unlimited,
            model::AttemptsLeft::Left(count) => Self::Left(count),
        }
    }
}

impl From<wire::AttemptsLeft> for model::AttemptsLeft {
    fn from(left: wire::AttemptsLeft) -> Self {
        match left {
            wire::AttemptsLeft::Unknown => Self::Unknown,
            wire::AttemptsLeft::Unlimited => Self::Unlimited,
            wire::AttemptsLeft::Left(count) => Self::Left(count),
        }
    }
}

impl From<super::super::call::Way> for serves::dr_studentresultaat::Way {
    fn from(way: super::super::call::Way) -> Self {
        match way {
            super::super::call::Way::Original => Self::Original,
            super::super::call::Way::ExtraAttempt => Self::ExtraAttempt,
        }
    }
}
