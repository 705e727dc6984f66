//! What Toetskade's API (version 2) says and hears. Its ids are numbers of its own, which it gives out again once they are
//! free; `reference` is ours.

use jiff::{Timestamp, civil::Date};
use oke_sdk::numbered::Numbered;
use serde::{Deserialize, Serialize};

/// An exam that can be taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Exam {
    pub id: u64,
    pub code: String,
    pub title: String,
    /// How long it lasts; nobody can plan it shorter or longer.
    pub minutes: u32,
    pub active: bool,
    #[serde(default)]
    pub aids: Vec<Aid>,
}

/// What a candidate may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Aid {
    ReadAloud,
    Calculator,
    Zoom,
    SeparateRoom,
}

/// A period in which an exam can be taken, as it is sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewPeriod<'a> {
    pub reference: &'a str,
    pub exam_id: u64,
    pub name: &'a str,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// As it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Period {
    pub id: u64,
    pub reference: Option<String>,
    pub exam_id: u64,
    pub name: String,
    pub from: Timestamp,
    pub until: Timestamp,
    /// Of its exam.
    pub minutes: u32,
}

impl Numbered for Period {
    fn number(&self) -> u64 {
        self.id
    }

    fn ours(&self) -> Option<&str> {
        self.reference.as_deref()
    }
}

/// A candidate of a period, as it is sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewCandidate<'a> {
    pub reference: &'a str,
    pub student_number: &'a str,
    pub first_name: &'a str,
    pub prefix: Option<&'a str>,
    pub last_name: &'a str,
    /// In steps of 5.
    pub extra_time_percent: u32,
    pub aids: Vec<Aid>,
}

/// As it is read: without names, which nobody here needs back.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Candidate {
    pub id: u64,
    pub reference: Option<String>,
    pub extra_time_percent: u32,
    #[serde(default)]
    pub aids: Vec<Aid>,
}

impl Numbered for Candidate {
    fn number(&self) -> u64 {
        self.id
    }

    fn ours(&self) -> Option<&str> {
        self.reference.as_deref()
    }
}

/// How far a candidate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Status {
    Absent,
    Busy,
    Submitted,
    /// Points are known, the cesuur of the version is not.
    Marked,
    /// The cesuur was applied: there is a grade.
    Normed,
}

/// What came of a candidate, the same by poll and by webhook.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CandidateOutcome {
    pub candidate_id: u64,
    pub reference: Option<String>,
    pub status: Status,
    pub points: Option<i32>,
    pub max_points: Option<i32>,
    /// Dutch, with a comma: `6,4`.
    pub grade: Option<String>,
    /// The version of the exam that was taken.
    pub version: Option<String>,
    pub taken_at: Option<Timestamp>,
    /// The day of this status, in the Netherlands.
    pub on: Date,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Outcomes {
    pub outcomes: Vec<CandidateOutcome>,
    /// Number of the last outcome, where the next question begins.
    pub last: u64,
    pub more: bool,
}

/// What is pushed.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub(crate) enum Event {
    Outcome {
        outcome: CandidateOutcome,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Login {
    pub url: String,
}
