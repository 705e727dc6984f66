//! Between the canonical model and the types generated from `wit/types/model.wit`: each object listed once, both ways.

use jiff::{Timestamp, civil::Date};
use oke_codec::model;

use crate::{
    ConfigValue, Error,
    bindings::shared::oke::{connector::call, types::model as wit},
};

/// From the model to the wire of the contract: always possible.
pub(crate) trait ToWit {
    type Wit;
    fn to_wit(self) -> Self::Wit;
}

/// From the wire of the contract to the model.
pub(crate) trait FromWit<W>: Sized {
    fn from_wit(wit: W) -> Result<Self, Broken>;
}

/// The host sent a value that can't be: a day that does not exist, a moment out of range.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken(String);

impl From<Broken> for call::Error {
    fn from(broken: Broken) -> Self {
        Self::Bug(broken.0)
    }
}

impl From<Error> for call::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Transient(after) => Self::Transient(after),
            Error::RateLimited(after) => Self::RateLimited(after),
            Error::AuthExpired => Self::AuthExpired,
            Error::Rejected { code, message } => Self::Rejected(call::Rejection { code, message }),
            Error::Unrepresentable { field, why } => Self::Unrepresentable(call::Unrepresentable { field, why }),
            Error::Unsupported(what) => Self::Unsupported(what),
            Error::Bug(what) => Self::Bug(what),
        }
    }
}

macro_rules! same {
    ($($type:ty),+) => {$(
        impl ToWit for $type {
            type Wit = $type;
            fn to_wit(self) -> $type { self }
        }
        impl FromWit<$type> for $type {
            fn from_wit(wit: $type) -> Result<Self, Broken> { Ok(wit) }
        }
    )+};
}
same!(String, bool, u32, i32);

impl<T: ToWit> ToWit for Option<T> {
    type Wit = Option<T::Wit>;
    fn to_wit(self) -> Self::Wit {
        self.map(T::to_wit)
    }
}

impl<W, T: FromWit<W>> FromWit<Option<W>> for Option<T> {
    fn from_wit(wit: Option<W>) -> Result<Self, Broken> {
        wit.map(T::from_wit).transpose()
    }
}

impl<T: ToWit> ToWit for Vec<T> {
    type Wit = Vec<T::Wit>;
    fn to_wit(self) -> Self::Wit {
        self.into_iter().map(T::to_wit).collect()
    }
}

impl<W, T: FromWit<W>> FromWit<Vec<W>> for Vec<T> {
    fn from_wit(wit: Vec<W>) -> Result<Self, Broken> {
        wit.into_iter().map(T::from_wit).collect()
    }
}

impl ToWit for Timestamp {
    type Wit = wit::Moment;
    fn to_wit(self) -> wit::Moment {
        self.as_millisecond()
    }
}

impl FromWit<wit::Moment> for Timestamp {
    fn from_wit(moment: wit::Moment) -> Result<Self, Broken> {
        Self::from_millisecond(moment)
            .map_err(|_| Broken(format!("the host sent moment {moment}, which is out of range")))
    }
}

impl ToWit for Date {
    type Wit = wit::Date;
    fn to_wit(self) -> wit::Date {
        wit::Date {
            year: self.year(),
            month: self.month().unsigned_abs(),
            day: self.day().unsigned_abs(),
        }
    }
}

impl FromWit<wit::Date> for Date {
    fn from_wit(date: wit::Date) -> Result<Self, Broken> {
        let (year, month, day) = (date.year, date.month, date.day);
        let broken = || {
            Broken(format!(
                "the host sent day {year}-{month:02}-{day:02}, which does not exist"
            ))
        };
        let month = i8::try_from(month).map_err(|_| broken())?;
        let day = i8::try_from(day).map_err(|_| broken())?;
        Self::new(year, month, day).map_err(|_| broken())
    }
}

impl ToWit for model::AttemptsLeft {
    type Wit = wit::AttemptsLeft;
    fn to_wit(self) -> wit::AttemptsLeft {
        match self {
            Self::Unknown => wit::AttemptsLeft::Unknown,
            Self::Unlimited => wit::AttemptsLeft::Unlimited,
            Self::Left(count) => wit::AttemptsLeft::Left(count),
        }
    }
}

impl FromWit<wit::AttemptsLeft> for model::AttemptsLeft {
    fn from_wit(wit: wit::AttemptsLeft) -> Result<Self, Broken> {
        Ok(match wit {
            wit::AttemptsLeft::Unknown => Self::Unknown,
            wit::AttemptsLeft::Unlimited => Self::Unlimited,
            wit::AttemptsLeft::Left(count) => Self::Left(count),
        })
    }
}

impl FromWit<call::ConfigValue> for ConfigValue {
    fn from_wit(wit: call::ConfigValue) -> Result<Self, Broken> {
        Ok(match wit {
            call::ConfigValue::Text(text) => Self::Text(text),
            call::ConfigValue::Number(number) => Self::Number(number),
            call::ConfigValue::Flag(flag) => Self::Flag(flag),
        })
    }
}

#[cfg(target_arch = "wasm32")]
impl FromWit<call::Context> for crate::Context {
    fn from_wit(wit: call::Context) -> Result<Self, Broken> {
        let config = wit
            .config
            .into_iter()
            .map(|(name, value)| Ok((name, ConfigValue::from_wit(value)?)))
            .collect::<Result<_, Broken>>()?;
        Ok(Self {
            tenant: wit.tenant,
            now: Timestamp::from_wit(wit.now)?,
            budget_ms: wit.budget_ms,
            idempotency_key: wit.idempotency_key,
            config,
        })
    }
}

macro_rules! closed_list {
    ($name:ident: $($case:ident),+) => {
        impl ToWit for model::$name {
            type Wit = wit::$name;
            fn to_wit(self) -> wit::$name {
                match self { $(Self::$case => wit::$name::$case),+ }
            }
        }
        impl FromWit<wit::$name> for model::$name {
            fn from_wit(wit: wit::$name) -> Result<Self, Broken> {
                Ok(match wit { $(wit::$name::$case => Self::$case),+ })
            }
        }
    };
}

macro_rules! open_list {
    ($name:ident: $($case:ident),+) => {
        impl ToWit for model::$name {
            type Wit = wit::$name;
            fn to_wit(self) -> wit::$name {
                match self { $(Self::$case => wit::$name::$case,)+ Self::Other(text) => wit::$name::Other(text) }
            }
        }
        impl FromWit<wit::$name> for model::$name {
            fn from_wit(wit: wit::$name) -> Result<Self, Broken> {
                Ok(match wit { $(wit::$name::$case => Self::$case,)+ wit::$name::Other(text) => Self::Other(text) })
            }
        }
    };
}

/// `field` where both sides name it alike, `model = wit` where a Rust keyword makes them differ.
macro_rules! record {
    ($name:ident: $($field:ident $(= $wit_field:ident)?),+ $(,)?) => {
        impl ToWit for model::$name {
            type Wit = wit::$name;
            fn to_wit(self) -> wit::$name {
                record!(@to_wit self, $name, $($field $(= $wit_field)?),+)
            }
        }
        impl FromWit<wit::$name> for model::$name {
            fn from_wit(wit: wit::$name) -> Result<Self, Broken> {
                Ok(Self { $($field: FromWit::from_wit(record!(@field wit, $field $(, $wit_field)?))?),+ })
            }
        }
    };
    (@to_wit $self:ident, $name:ident, $($field:ident),+) => {
        wit::$name { $($field: $self.$field.to_wit()),+ }
    };
    (@to_wit $self:ident, $name:ident, $first:ident = $first_wit:ident, $($field:ident),+) => {
        wit::$name { $first_wit: $self.$first.to_wit(), $($field: $self.$field.to_wit()),+ }
    };
    (@field $from:ident, $field:ident) => { $from.$field };
    (@field $from:ident, $field:ident, $wit_field:ident) => { $from.$wit_field };
}

open_list!(ResultValueType: PassOrFail, InsufficientSatisfactoryGood, UsLetter, UkLetter, DeGrade, ZeroToHundred,
    ZeroToTen, DecimalToTen, ReferenceLevelRktr, ReferenceLevelErk);
open_list!(Safety: SecuredComputer, FixedLocation, Surveillance);
open_list!(ModeOfDelivery: Situated, Online, DistanceLearning);
open_list!(DocumentType: AssessmentForm, AssessmentFormWithAnswers, AssessmentModel, SessionReport, AttendanceReport);
open_list!(Role: Student, Coordinator, Invigilator, Assessor, Guest);
open_list!(AssociationState: Associated, Canceled, Finished);
open_list!(Attendance: NotKnown, NotPresent, NotStarted, NotFinished, Present);
open_list!(MembershipState: Active, Canceled);
closed_list!(ComponentStatus: Active, Inactive);
closed_list!(OfferingState: Active, Canceled);
closed_list!(StartOptions: IndividualStart, TriggeredStart);
closed_list!(DurationFrom: StartDateTime, IndividualStartDateTime, TriggeredStartDateTime);
closed_list!(DurationUntil: TestDuration, EndDateTime);
closed_list!(OfferingType: Component, Course, Program);
closed_list!(AssociationType: ComponentOfferingAssociation, CourseOfferingAssociation, ProgramOfferingAssociation);
closed_list!(ResultState: InProgress, Postponed, Queued, Completed);
closed_list!(PassState: Unknown, Passed, Failed);
closed_list!(Normed: Yes, No, Unknown);

record!(Code: code_type, value);
record!(TestReference: test_provider, component_id);
record!(DocumentReference: document_id, document_type, document_name);
record!(AssignedNeed: code, description, start, end);
record!(Component: component_id, component_type, primary_code, other_codes, name, description, result_value_type, exam,
    pass_from, retries, status, licensed, additional_testing_time_min, available_personal_needs, safety, opaque);
record!(Offering: offering_id, offering_type, primary_code, other_codes, name, description, modes_of_delivery,
    result_expected, result_value_type, start, end, offered_id, organization_id, state, duration_s, last_possible_start,
    start_options, duration_from, duration_until, safety, location_codes, final_results_allowed, tests_to_be_used,
    cohort, irregularities, documents, opaque);
record!(Person: person_id, primary_code, other_codes, given_name, surname_prefix, surname, display_name, preferred_name,
    id_check_name, mail, affiliations, languages, assigned_needs, opaque);
record!(Association: association_id, association_type, role, state, person_id, person, offering_id, additional_time_min,
    personal_needs, attempt, attempts_left, program_offering_association_id, course_offering_association_id,
    org_association_id, start, expected_end, final_end, sequence_code, result, opaque);
record!(ExamResult: r#final = final_, state, attendance, pass, comment, score, result_date, test_date, raw_score,
    max_raw_score, executed_offering_name, assessor_id, assessor_code, irregularities, documents, opaque);
record!(Group: group_id, group_type, primary_code, other_codes, name, description, start, end, person_count,
    organization_id, opaque);
record!(Membership: person_id, state, role, start, end, opaque);
record!(Delivery: deelname_peer_id, result, normed, examenversie);
record!(Report: sitting_peer_id, irregularities, documents);

#[cfg(test)]
mod tests;
