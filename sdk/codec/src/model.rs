//! The canonical model: OOAPI objects as the OKE profile uses them, with OOAPI's names, independent of any dialect.
//!
//! The twin of `wit/types/model.wit`, field by field; the meaning of each field is documented there and in `§4` of the
//! agreement. Times are UTC instants, ids are opaque text (published examples are no UUIDs), and what this project does
//! not interpret travels in `opaque` (R13).

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// An OOAPI identifier entry (`primaryCode`, `otherCodes`), `§4.10`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Code {
    /// Compared without regard to case.
    pub code_type: String,
    /// The code itself.
    pub value: String,
}

/// What is not interpreted of an object (R13), one JSON object as text:
/// `{"consumers": [...], "fields": {...}, "own": {...}}` — other consumers' entries, unknown fields of the object, and
/// unknown fields of its `nl-test-admin` entry. Empty parts are left out; the whole is absent when there is nothing.
pub type Opaque = String;

macro_rules! closed_list {
    ($(#[$meta:meta])* $name:ident { $($(#[$case_meta:meta])* $case:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$case_meta])* $case),+ }
    };
}

macro_rules! open_list {
    ($(#[$meta:meta])* $name:ident { $($(#[$case_meta:meta])* $case:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$case_meta])* $case,)+
            /// A value this version does not know, as the peer wrote it.
            Other(String),
        }
    };
}

open_list! {
    /// Scale on which a result is expressed (`resultValueType`, table 4.1.D).
    ResultValueType {
        /// `pass-or-fail`.
        PassOrFail,
        /// `insufficient-satisfactory-good`.
        InsufficientSatisfactoryGood,
        /// `US letter`.
        UsLetter,
        /// `UK letter`.
        UkLetter,
        /// `DE grade`.
        DeGrade,
        /// `0-100`.
        ZeroToHundred,
        /// `0-10`.
        ZeroToTen,
        /// `0.0-10.0`, from 1.0 to 10.0.
        DecimalToTen,
        /// `referenceLevelRKTR`.
        ReferenceLevelRktr,
        /// `referenceLevelERK`.
        ReferenceLevelErk,
    }
}
closed_list! {
    /// Whether a component can be planned (table 4.1.E; an inactive one can't, R26).
    ComponentStatus {
        /// In use.
        Active,
        /// Under construction or withdrawn.
        Inactive,
    }
}
open_list! {
    /// Safety measures of a test or sitting (table 4.1.C).
    Safety {
        /// `securedComputer`.
        SecuredComputer,
        /// `fixedLocation`.
        FixedLocation,
        /// `surveillance`.
        Surveillance,
    }
}

/// A test in a vendor's catalogue (toets), `§4.1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Made by TA (`§4.0`).
    pub component_id: String,
    /// `test` in OKE.
    pub component_type: String,
    /// The test's code.
    pub primary_code: Code,
    /// Further codes.
    pub other_codes: Vec<Code>,
    /// Dutch name (R17).
    pub name: String,
    /// Dutch description.
    pub description: Option<String>,
    /// Scale of its results (R22).
    pub result_value_type: Option<ResultValueType>,
    /// Summative or formative.
    pub exam: Option<bool>,
    /// Lowest value that passes.
    pub pass_from: Option<String>,
    /// Number of retries allowed.
    pub retries: Option<u32>,
    /// Whether it can be planned (R26).
    pub status: ComponentStatus,
    /// Whether the school has a licence.
    pub licensed: Option<bool>,
    /// Most extra time, in minutes.
    pub additional_testing_time_min: Option<u32>,
    /// Needs the test can serve.
    pub available_personal_needs: Vec<String>,
    /// Safety measures it offers.
    pub safety: Vec<Safety>,
    /// What is not interpreted (R13).
    pub opaque: Option<Opaque>,
}

open_list! {
    /// Where and how (`modeOfDelivery`).
    ModeOfDelivery {
        /// On location, offline.
        Situated,
        /// Online, on a location.
        Online,
        /// Anywhere.
        DistanceLearning,
    }
}
closed_list! {
    /// `offeringState` of the consumer block; absent means active (R4).
    OfferingState {
        /// Stands.
        Active,
        /// Cancelled by its owner.
        Canceled,
    }
}
closed_list! {
    /// How a candidate starts (R18).
    StartOptions {
        /// Each when ready.
        IndividualStart,
        /// When the afnameleider releases.
        TriggeredStart,
    }
}
closed_list! {
    /// From when the duration counts (R18).
    DurationFrom {
        /// The start of the sitting.
        StartDateTime,
        /// The candidate's own start.
        IndividualStartDateTime,
        /// The release.
        TriggeredStartDateTime,
    }
}
closed_list! {
    /// When time is up (R18).
    DurationUntil {
        /// After the test's duration.
        TestDuration,
        /// At the end of the sitting.
        EndDateTime,
    }
}
closed_list! {
    /// What is offered.
    OfferingType {
        /// A test: planbare toets or zitting.
        Component,
        /// A course.
        Course,
        /// A program.
        Program,
    }
}

/// A test that may serve a planbare toets (`testsToBeUsed`, R22).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReference {
    /// Name of the examenleverancier.
    pub test_provider: String,
    /// Its component.
    pub component_id: String,
}

open_list! {
    /// Kind of a document (`§4.6` and the published lists).
    DocumentType {
        /// Beoordelingsformulier.
        AssessmentForm,
        /// With the candidate's answers.
        AssessmentFormWithAnswers,
        /// Beoordelingsmodel.
        AssessmentModel,
        /// Proces-verbaal.
        SessionReport,
        /// Presentielijst.
        AttendanceReport,
    }
}

/// A document named by a result or report, fetched by its id from who named it (R27).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentReference {
    /// Opaque.
    pub document_id: String,
    /// Its kind.
    pub document_type: DocumentType,
    /// Proposed file name.
    pub document_name: String,
}

/// A planbare toets (flow 1), a zitting (flow 2), or a course or program offering (`§4.2`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offering {
    /// Id, by its maker (`§4.0`).
    pub offering_id: String,
    /// What is offered.
    pub offering_type: OfferingType,
    /// Recognisable code.
    pub primary_code: Code,
    /// `systemId` names the FAO server (R19).
    pub other_codes: Vec<Code>,
    /// Dutch name.
    pub name: String,
    /// Dutch description.
    pub description: Option<String>,
    /// Where and how.
    pub modes_of_delivery: Vec<ModeOfDelivery>,
    /// False: no flow 5.
    pub result_expected: bool,
    /// Of the planbare toets (R22).
    pub result_value_type: Option<ResultValueType>,
    /// Start.
    pub start: Option<Timestamp>,
    /// End.
    pub end: Option<Timestamp>,
    /// Component, course or program offered.
    pub offered_id: Option<String>,
    /// Owning organisational unit (R24).
    pub organization_id: Option<String>,
    /// Stands or cancelled.
    pub state: OfferingState,
    /// Net duration, seconds.
    pub duration_s: Option<u32>,
    /// Latest start.
    pub last_possible_start: Option<Timestamp>,
    /// How candidates start.
    pub start_options: Option<StartOptions>,
    /// From when time counts.
    pub duration_from: Option<DurationFrom>,
    /// Until when.
    pub duration_until: Option<DurationUntil>,
    /// Safety measures.
    pub safety: Vec<Safety>,
    /// Rooms, for recognition.
    pub location_codes: Vec<String>,
    /// Whether final results may be sent (R11); absent means true.
    pub final_results_allowed: Option<bool>,
    /// Tests that may serve it.
    pub tests_to_be_used: Vec<TestReference>,
    /// Cohort.
    pub cohort: Option<String>,
    /// Report on the whole sitting (flow 4).
    pub irregularities: Option<String>,
    /// Documents of that report.
    pub documents: Vec<DocumentReference>,
    /// What is not interpreted (R13).
    pub opaque: Option<Opaque>,
}

/// A need (voorziening) assigned by the school (R15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedNeed {
    /// Free text between systems.
    pub code: String,
    /// Dutch description.
    pub description: Option<String>,
    /// From this day.
    pub start: Option<Date>,
    /// Until this day.
    pub end: Option<Date>,
}

/// A person (`§4.10`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Id.
    pub person_id: String,
    /// For a student: `studentNumber`.
    pub primary_code: Code,
    /// `accountId`, `eckid`, `username` (R19).
    pub other_codes: Vec<Code>,
    /// First names.
    pub given_name: Option<String>,
    /// Voorvoegsel.
    pub surname_prefix: Option<String>,
    /// Surname.
    pub surname: Option<String>,
    /// Name on screens.
    pub display_name: String,
    /// Roepnaam.
    pub preferred_name: Option<String>,
    /// Name on an identity document.
    pub id_check_name: Option<String>,
    /// Mail address.
    pub mail: Option<String>,
    /// `student`, `employee`, `guest`.
    pub affiliations: Vec<String>,
    /// Languages of choice.
    pub languages: Vec<String>,
    /// Flow 1 only (R15).
    pub assigned_needs: Vec<AssignedNeed>,
    /// What is not interpreted (R13).
    pub opaque: Option<Opaque>,
}

closed_list! {
    /// What the person is bound to.
    AssociationType {
        /// Toetsinschrijving or deelname.
        ComponentOfferingAssociation,
        /// Enrolment in a course.
        CourseOfferingAssociation,
        /// Enrolment in a program.
        ProgramOfferingAssociation,
    }
}
open_list! {
    /// Roles (R16).
    Role {
        /// Student.
        Student,
        /// Afnameleider.
        Coordinator,
        /// Surveillant.
        Invigilator,
        /// Beoordelaar.
        Assessor,
        /// Guest.
        Guest,
    }
}
open_list! {
    /// States (R16).
    AssociationState {
        /// Stands.
        Associated,
        /// Cancelled by its owner.
        Canceled,
        /// Ended.
        Finished,
    }
}
/// How many attempts are left (R9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptsLeft {
    /// Not said: no extra attempt without a person.
    Unknown,
    /// `null` in a message.
    Unlimited,
    /// At most so many.
    Left(u32),
}

/// Toetsinschrijving (flow 1, 5), deelname (flow 2, 3), or enrolment (`§4.3`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Association {
    /// Id, by its maker.
    pub association_id: String,
    /// What the person is bound to.
    pub association_type: AssociationType,
    /// In which role.
    pub role: Role,
    /// Stands, cancelled, finished.
    pub state: AssociationState,
    /// The person's id.
    pub person_id: String,
    /// The whole person where the message carries it (always in flow 2, R14).
    pub person: Option<Person>,
    /// The offering's id.
    pub offering_id: String,
    /// Extra time, minutes; 10,000 or more is unlimited (R15).
    pub additional_time_min: Option<u32>,
    /// Needs for this deelname.
    pub personal_needs: Vec<String>,
    /// Which attempt.
    pub attempt: Option<u32>,
    /// How many are left (R9).
    pub attempts_left: AttemptsLeft,
    /// Enrolment in the program.
    pub program_offering_association_id: Option<String>,
    /// Enrolment in the course.
    pub course_offering_association_id: Option<String>,
    /// The original toetsinschrijving of an extra attempt (R8).
    pub org_association_id: Option<String>,
    /// Enrolment start.
    pub start: Option<Date>,
    /// Expected end.
    pub expected_end: Option<Date>,
    /// Actual end.
    pub final_end: Option<Date>,
    /// Loopbaannummer or the like.
    pub sequence_code: Option<String>,
    /// What was delivered, if anything.
    pub result: Option<ExamResult>,
    /// What is not interpreted (R13).
    pub opaque: Option<Opaque>,
}

mod bare;
mod codes;
// Below the lists, so that they can use their macros.
mod group;
mod result;

pub use group::{Group, Membership, MembershipState};
pub use result::{Attendance, Delivery, ExamResult, Normed, PassState, Report, ResultState};
