//! What Toetskade holds: exams, periods, candidates, and the numbered list of outcomes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::SimulatorError;
use super::super::problem::Problem;

/// An exam.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToetskadeExam {
    /// Its number.
    pub id: u64,
    /// Its code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// How long it lasts.
    pub minutes: u32,
    /// Whether it can be planned.
    pub active: bool,
    /// The aids that it can be taken with.
    pub aids: Vec<String>,
}

impl ToetskadeExam {
    /// An active exam that can be read aloud and taken with a calculator.
    pub fn new(id: u64, code: &str, title: &str, minutes: u32) -> Self {
        Self {
            id,
            code: code.to_owned(),
            title: title.to_owned(),
            minutes,
            active: true,
            aids: vec!["readAloud".to_owned(), "calculator".to_owned()],
        }
    }
}

/// What a period is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WrittenPeriod {
    pub reference: String,
    pub exam_id: u64,
    pub name: String,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// A period as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToetskadePeriod {
    /// Its number.
    pub id: u64,
    /// The caller's own id.
    pub reference: String,
    /// Its exam.
    pub exam_id: u64,
    /// Its name.
    pub name: String,
    /// Start.
    pub from: Timestamp,
    /// End.
    pub until: Timestamp,
    /// Of its exam.
    pub minutes: u32,
}

/// What a candidate is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WrittenCandidate {
    pub reference: String,
    pub student_number: String,
    pub first_name: String,
    pub prefix: Option<String>,
    pub last_name: String,
    pub extra_time_percent: u32,
    pub aids: Vec<String>,
}

/// A candidate as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToetskadeCandidate {
    /// Its number.
    pub id: u64,
    /// The caller's own id.
    pub reference: String,
    /// Its period.
    pub period_id: u64,
    /// The student's number.
    pub student_number: String,
    /// In steps of five.
    pub extra_time_percent: u32,
    /// Aids.
    pub aids: Vec<String>,
}

/// What came of a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToetskadeOutcome {
    /// Its place in the list of all.
    pub number: u64,
    /// The candidate.
    pub candidate_id: u64,
    /// The caller's own id of it.
    pub reference: String,
    /// `absent`, `marked` or `normed`.
    pub status: &'static str,
    /// Points scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<i32>,
    /// Points to be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_points: Option<i32>,
    /// With a comma.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
    /// The version taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
    /// The day of this status.
    pub on: Date,
}

/// The points of every exam.
const MOST_POINTS: i32 = 60;
/// The aids there are.
const AIDS: [&str; 4] = ["readAloud", "calculator", "zoom", "separateRoom"];

#[derive(Debug, Default)]
pub(super) struct Desk {
    exams: BTreeMap<u64, ToetskadeExam>,
    periods: BTreeMap<u64, ToetskadePeriod>,
    candidates: BTreeMap<u64, ToetskadeCandidate>,
    /// Also those that are gone, by reference: what they handed in is marked all the same.
    ever: BTreeMap<String, u64>,
    outcomes: Vec<ToetskadeOutcome>,
}

/// The least number that is free: what was deleted makes room for the next.
fn free<T>(taken: &BTreeMap<u64, T>) -> u64 {
    (1..)
        .find(|number| !taken.contains_key(number))
        .expect("numbers don't end")
}

impl Desk {
    pub fn with(exams: Vec<ToetskadeExam>) -> Self {
        Self {
            exams: exams.into_iter().map(|exam| (exam.id, exam)).collect(),
            ..Self::default()
        }
    }

    pub fn exams_after(&self, after: u64, limit: usize) -> (Vec<ToetskadeExam>, Option<u64>) {
        let rest: Vec<&ToetskadeExam> = self.exams.range(after + 1..).map(|(_, exam)| exam).collect();
        let page: Vec<ToetskadeExam> = rest.iter().take(limit).map(|exam| (*exam).clone()).collect();
        let next = page.last().map(|exam| exam.id).filter(|_| rest.len() > page.len());
        (page, next)
    }

    pub fn exam(&self, id: u64) -> Result<&ToetskadeExam, Problem> {
        self.exams.get(&id).ok_or_else(|| absent("exam", id))
    }

    pub fn periods(&self) -> Vec<ToetskadePeriod> {
        self.periods.values().cloned().collect()
    }

    pub fn candidates(&self) -> Vec<ToetskadeCandidate> {
        self.candidates.values().cloned().collect()
    }

    pub fn period(&self, id: u64) -> Result<&ToetskadePeriod, Problem> {
        self.periods.get(&id).ok_or_else(|| absent("period", id))
    }

    pub fn candidate(&self, id: u64) -> Result<&ToetskadeCandidate, Problem> {
        self.candidates.get(&id).ok_or_else(|| absent("candidate", id))
    }

    /// Makes a period; made twice it is two.
    pub fn create_period(&mut self, written: WrittenPeriod) -> Result<ToetskadePeriod, Problem> {
        self.write_period(free(&self.periods), written)
    }

    pub fn write_period(&mut self, id: u64, written: WrittenPeriod) -> Result<ToetskadePeriod, Problem> {
        let exam = self.exams.get(&written.exam_id).filter(|exam| exam.active);
        let exam = exam.ok_or_else(|| Problem::bad_request(format!("exam {} can't be planned", written.exam_id)))?;
        if written.until <= written.from {
            return Err(Problem::bad_request("a period ends after it starts"));
        }
        let period = ToetskadePeriod {
            id,
            reference: written.reference,
            exam_id: written.exam_id,
            name: written.name,
            from: written.from,
            until: written.until,
            minutes: exam.minutes,
        };
        self.periods.insert(id, period.clone());
        Ok(period)
    }

    /// Deletes a period with its candidates; their numbers are free.
    pub fn delete_period(&mut self, id: u64) -> Result<(), Problem> {
        self.periods.remove(&id).ok_or_else(|| absent("period", id))?;
        self.candidates.retain(|_, candidate| candidate.period_id != id);
        Ok(())
    }

    /// Makes a candidate; made twice it is two.
    pub fn create_candidate(&mut self, period: u64, written: WrittenCandidate) -> Result<ToetskadeCandidate, Problem> {
        self.period(period)?;
        self.write_candidate(free(&self.candidates), period, written)
    }

    pub fn write_candidate(
        &mut self,
        id: u64,
        period_id: u64,
        written: WrittenCandidate,
    ) -> Result<ToetskadeCandidate, Problem> {
        let percent = written.extra_time_percent;
        if !percent.is_multiple_of(5) || percent > 100 {
            return Err(Problem::bad_request("extraTimePercent goes in steps of 5, up to 100"));
        }
        if let Some(other) = written.aids.iter().find(|aid| !AIDS.contains(&aid.as_str())) {
            return Err(Problem::bad_request(format!("there is no aid `{other}`")));
        }
        if written.student_number.is_empty() || written.last_name.is_empty() {
            return Err(Problem::bad_request("a candidate has a studentNumber and a lastName"));
        }
        let candidate = ToetskadeCandidate {
            id,
            reference: written.reference,
            period_id,
            student_number: written.student_number,
            extra_time_percent: percent,
            aids: written.aids,
        };
        self.ever.insert(candidate.reference.clone(), id);
        self.candidates.insert(id, candidate.clone());
        Ok(candidate)
    }

    /// Deletes a candidate; its number is free.
    pub fn delete_candidate(&mut self, id: u64) -> Result<(), Problem> {
        self.candidates
            .remove(&id)
            .map(|_| ())
            .ok_or_else(|| absent("candidate", id))
    }

    pub fn outcomes_after(&self, after: u64, limit: usize) -> (Vec<ToetskadeOutcome>, u64, bool) {
        let rest: Vec<&ToetskadeOutcome> = self.outcomes.iter().filter(|one| one.number > after).collect();
        let page: Vec<ToetskadeOutcome> = rest.iter().take(limit).map(|one| (*one).clone()).collect();
        let last = page.last().map_or(after, |one| one.number);
        (page.clone(), last, rest.len() > page.len())
    }

    /// The newest outcome under a number, whoever has it now.
    pub fn outcome_of(&self, candidate: u64) -> Option<&ToetskadeOutcome> {
        self.outcomes.iter().rev().find(|one| one.candidate_id == candidate)
    }

    pub fn absent(&mut self, reference: &str, on: Date) -> Result<ToetskadeOutcome, SimulatorError> {
        let empty = ToetskadeOutcome {
            number: 0,
            candidate_id: self.ever_of(reference)?,
            reference: reference.to_owned(),
            status: "absent",
            points: None,
            max_points: None,
            grade: None,
            version: None,
            taken_at: None,
            on,
        };
        Ok(self.add(empty))
    }

    pub fn mark(
        &mut self,
        reference: &str,
        version: &str,
        points: i32,
        (now, on): (Timestamp, Date),
    ) -> Result<ToetskadeOutcome, SimulatorError> {
        let marked = ToetskadeOutcome {
            number: 0,
            candidate_id: self.ever_of(reference)?,
            reference: reference.to_owned(),
            status: "marked",
            points: Some(points),
            max_points: Some(MOST_POINTS),
            grade: None,
            version: Some(version.to_owned()),
            taken_at: Some(now),
            on,
        };
        Ok(self.add(marked))
    }

    pub fn publish_cesuur(&mut self, version: &str, cesuur: i32, on: Date) -> Vec<ToetskadeOutcome> {
        let mut newest: BTreeMap<String, ToetskadeOutcome> = BTreeMap::new();
        for one in &self.outcomes {
            newest.insert(one.reference.clone(), one.clone());
        }
        let of_version = newest
            .into_values()
            .filter(|one| one.version.as_deref() == Some(version));
        let restated: Vec<ToetskadeOutcome> = of_version
            .map(|one| ToetskadeOutcome {
                status: "normed",
                grade: one.points.map(|points| grade(points, cesuur)),
                on,
                ..one
            })
            .collect();
        restated.into_iter().map(|one| self.add(one)).collect()
    }

    fn ever_of(&self, reference: &str) -> Result<u64, SimulatorError> {
        self.ever
            .get(reference)
            .copied()
            .ok_or_else(|| SimulatorError::Unknown {
                kind: "candidate",
                id: reference.to_owned(),
            })
    }

    fn add(&mut self, outcome: ToetskadeOutcome) -> ToetskadeOutcome {
        let number = self.outcomes.last().map_or(0, |last| last.number) + 1;
        let outcome = ToetskadeOutcome { number, ..outcome };
        self.outcomes.push(outcome.clone());
        outcome
    }
}

/// From 1,0 at no points by way of 5,5 at the cesuur to 10,0 at all points, in tenths.
fn grade(points: i32, cesuur: i32) -> String {
    let tenths = if points < cesuur {
        10 + 45 * points / cesuur.max(1)
    } else {
        55 + 45 * (points - cesuur) / (MOST_POINTS - cesuur).max(1)
    };
    format!("{},{}", tenths / 10, tenths % 10)
}

fn absent(kind: &str, id: u64) -> Problem {
    Problem::not_found(format!("there is no {kind} {id}"))
}
