//! Result (`§4.3`): attendance, score, and what the examencommissie decided; and what a vendor says of a deelname or a
//! sitting as a whole.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{DocumentReference, Opaque};

closed_list! {
    /// State of a result (R10).
    ResultState {
        /// `in progress`.
        InProgress,
        /// `postponed`.
        Postponed,
        /// `queued`.
        Queued,
        /// `completed`.
        Completed,
    }
}
open_list! {
    /// Attendance (R16).
    Attendance {
        /// Nothing known yet.
        NotKnown,
        /// Absent.
        NotPresent,
        /// Present, not started.
        NotStarted,
        /// Started, not handed in.
        NotFinished,
        /// Present and handed in.
        Present,
    }
}
closed_list! {
    /// `pass`.
    PassState {
        /// Not judged.
        Unknown,
        /// Passed.
        Passed,
        /// Failed.
        Failed,
    }
}
closed_list! {
    /// Whether the cesuur of the examenversie was applied to a score; another axis than `final` (R11).
    Normed {
        /// Applied.
        Yes,
        /// Not yet: a score now is no grade.
        No,
        /// Not said.
        Unknown,
    }
}

/// An OOAPI Result with its consumer block (`§4.3`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExamResult {
    /// State (R10).
    pub state: ResultState,
    /// Attendance.
    pub attendance: Attendance,
    /// Passed or not.
    pub pass: Option<PassState>,
    /// Comment.
    pub comment: Option<String>,
    /// Score on the scale of R22.
    pub score: Option<String>,
    /// The day the result was determined.
    pub result_date: Option<Date>,
    /// The moment the test was taken.
    pub test_date: Option<Timestamp>,
    /// Vastgesteld by the examencommissie (R11).
    pub r#final: bool,
    /// Points scored.
    pub raw_score: Option<i32>,
    /// Points to be had.
    pub max_raw_score: Option<i32>,
    /// Name of the zitting or variant.
    pub executed_offering_name: Option<String>,
    /// Assessor's id.
    pub assessor_id: Option<String>,
    /// Assessor's code.
    pub assessor_code: Option<String>,
    /// What happened with this candidate.
    pub irregularities: Option<String>,
    /// Evidence.
    pub documents: Vec<DocumentReference>,
    /// What is not interpreted (R13).
    pub opaque: Option<Opaque>,
}

/// What a vendor says of one deelname, full state (flow 3).
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The deelname, by the vendor's id.
    pub deelname_peer_id: String,
    /// Attendance and, when there is one, the score.
    pub result: ExamResult,
    /// Whether the cesuur was applied to the score; another axis than final (R11). `No` for a percentage or points sent
    /// before the cesuur, `Unknown` when the vendor does not tell.
    pub normed: Normed,
    /// The vendor's code of the version taken (examenversie); absent: the component itself.
    pub examenversie: Option<String>,
}

/// What a vendor reports of one sitting (zittingsverslag), full state (flow 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The sitting, by the vendor's id.
    pub sitting_peer_id: String,
    /// What happened during the sitting, in words.
    pub irregularities: Option<String>,
    /// Its documents, such as the proces-verbaal.
    pub documents: Vec<DocumentReference>,
}
