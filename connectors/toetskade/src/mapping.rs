//! What the canonical model means to Toetskade, and back. Pure.

use jiff::ToSpan;
use oke_sdk::{
    Delivery, Error,
    model::{
        Association, Attendance, Code, Component, ComponentStatus, DurationUntil, ExamResult, Normed, Offering, Person,
        ResultState, ResultValueType, Role, StartOptions,
    },
};

use crate::wire::{Aid, Candidate, CandidateOutcome, Exam, NewCandidate, NewPeriod, Period, Status};

/// Extra time goes in steps of so many percents.
const STEP: u32 = 5;
/// The most extra time, in percents.
const MOST: u32 = 100;

/// An id of Toetskade's together with ours: it gives the number of a cancelled candidate to the next one, and only both
/// together name one thing for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeerId<'a> {
    pub number: u64,
    pub reference: &'a str,
}

impl<'a> PeerId<'a> {
    /// `None` for an id of another shape: what the host has no id of Toetskade's for, it names by its own.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (number, reference) = text.split_once('@')?;
        Some(Self {
            number: number.parse().ok()?,
            reference,
        })
    }
}

/// As the host keeps it.
pub(crate) fn peer_id(number: u64, reference: Option<&str>) -> String {
    format!("{number}@{}", reference.unwrap_or_default())
}

pub(crate) fn component(exam: Exam) -> Component {
    let status = match exam.active {
        true => ComponentStatus::Active,
        false => ComponentStatus::Inactive,
    };
    Component {
        result_value_type: Some(ResultValueType::DecimalToTen),
        exam: Some(true),
        status,
        additional_testing_time_min: Some(exam.minutes * MOST / 100),
        available_personal_needs: needs(&exam.aids),
        ..Component::bare(exam.id.to_string(), Code::new("testCode", exam.code), exam.title)
    }
}

/// The exam that a sitting is of.
///
/// # Errors
/// [`Error::Unrepresentable`].
pub(crate) fn exam_of(sitting: &Offering) -> Result<u64, Error> {
    let id = sitting.offered_id.as_deref().unwrap_or_default();
    id.parse().map_err(|_| {
        cannot(
            "component",
            format!("Toetskade's exams have numbers, and `{id}` is none"),
        )
    })
}

/// A sitting as a period: a start and an end are all it has (R18).
///
/// # Errors
/// [`Error::Unrepresentable`] for times that a period and its exam can't hold.
pub(crate) fn period<'a>(sitting: &'a Offering, exam: &Exam) -> Result<NewPeriod<'a>, Error> {
    let (Some(from), Some(until)) = (sitting.start, sitting.end) else {
        return Err(cannot("startDateTime", "a period needs a start and an end"));
    };
    let lasts = exam.minutes;
    if sitting.duration_s.is_some_and(|seconds| seconds != lasts * 60) {
        return Err(cannot(
            "duration",
            format!("this exam lasts {lasts} minutes at Toetskade; plan it so"),
        ));
    }
    if sitting.start_options == Some(StartOptions::TriggeredStart) {
        return Err(cannot(
            "startOptions",
            "candidates begin by themselves; nobody can release them together",
        ));
    }
    let fills_period = from
        .checked_add(i64::from(lasts).minutes())
        .is_ok_and(|end| end == until);
    if sitting.duration_until == Some(DurationUntil::EndDateTime) && !fills_period {
        return Err(cannot(
            "durationUntil",
            "time is up after the exam's own minutes, not at the end of the period",
        ));
    }
    let last_start = until.checked_sub(i64::from(lasts).minutes()).unwrap_or(from);
    if sitting.last_possible_start.is_some_and(|last| last < last_start) {
        return Err(cannot(
            "lastPossibleStartDateTime",
            format!("candidates may begin until {lasts} minutes before the end; plan an earlier end"),
        ));
    }
    Ok(NewPeriod {
        reference: &sitting.offering_id,
        exam_id: exam.id,
        name: &sitting.name,
        from,
        until,
    })
}

/// A period as the sitting it holds.
pub(crate) fn sitting(period: Period) -> Offering {
    let reference = period.reference.as_deref();
    let code = Code::new("identifier", reference.unwrap_or_default());
    Offering {
        start: Some(period.from),
        end: Some(period.until),
        offered_id: Some(period.exam_id.to_string()),
        duration_s: Some(period.minutes * 60),
        start_options: Some(StartOptions::IndividualStart),
        ..Offering::bare(peer_id(period.id, reference), code, period.name)
    }
}

/// A deelname as a candidate of a period whose exam lasts so many minutes.
///
/// # Errors
/// [`Error::Unrepresentable`]: another role than student, no person, needs beyond the aids, extra time between the steps.
pub(crate) fn candidate(deelname: &Association, minutes: u32) -> Result<NewCandidate<'_>, Error> {
    if deelname.role != Role::Student {
        return Err(cannot("role", "Toetskade knows candidates only"));
    }
    let Some(person) = &deelname.person else {
        return Err(cannot(
            "person",
            "a candidate has a name and a number (R14), and only the id is given",
        ));
    };
    let aids: Result<Vec<Aid>, Error> = deelname.personal_needs.iter().map(|need| aid(need)).collect();
    Ok(NewCandidate {
        reference: &deelname.association_id,
        student_number: student_number(person),
        first_name: person
            .preferred_name
            .as_deref()
            .or(person.given_name.as_deref())
            .unwrap_or_default(),
        prefix: person.surname_prefix.as_deref(),
        last_name: person.surname.as_deref().unwrap_or(&person.display_name),
        extra_time_percent: percents(deelname.additional_time_min.unwrap_or(0), minutes)?,
        aids: aids?,
    })
}

/// A candidate as the deelname it is, without the person.
pub(crate) fn deelname(candidate: &Candidate, sitting_peer_id: &str, minutes: u32) -> Association {
    let id = peer_id(candidate.id, candidate.reference.as_deref());
    Association {
        additional_time_min: Some(minutes_of(candidate.extra_time_percent, minutes)).filter(|extra| *extra > 0),
        personal_needs: needs(&candidate.aids),
        ..Association::bare(id, "", sitting_peer_id)
    }
}

/// An outcome as a delivery. Points are no grade: until the cesuur of the version is applied there is no score (R11).
///
/// # Errors
/// [`Error::Bug`] for a normed outcome without a grade.
pub(crate) fn delivery(outcome: CandidateOutcome) -> Result<Delivery, Error> {
    let (state, attendance, normed) = match outcome.status {
        Status::Absent => (ResultState::Completed, Attendance::NotPresent, Normed::Unknown),
        Status::Busy => (ResultState::InProgress, Attendance::NotFinished, Normed::Unknown),
        Status::Submitted => (ResultState::InProgress, Attendance::Present, Normed::Unknown),
        Status::Marked => (ResultState::Completed, Attendance::Present, Normed::No),
        Status::Normed => (ResultState::Completed, Attendance::Present, Normed::Yes),
    };
    let grade = outcome.grade.filter(|_| outcome.status == Status::Normed);
    if outcome.status == Status::Normed && grade.is_none() {
        return Err(Error::Bug("a normed outcome came without a grade".to_owned()));
    }
    Ok(Delivery {
        deelname_peer_id: peer_id(outcome.candidate_id, outcome.reference.as_deref()),
        result: ExamResult {
            score: grade.map(|grade| grade.replace(',', ".")),
            result_date: Some(outcome.on),
            test_date: outcome.taken_at,
            raw_score: outcome.points,
            max_raw_score: outcome.max_points,
            ..ExamResult::bare(state, attendance)
        },
        normed,
        examenversie: outcome.version,
    })
}

/// The host hands over the minutes of a whole step, rounded up.
fn percents(minutes: u32, lasts: u32) -> Result<u32, Error> {
    let steps = (0..=MOST / STEP).map(|step| step * STEP);
    let mut fitting = steps.filter(|percent| minutes_of(*percent, lasts) == minutes);
    fitting.next().ok_or_else(|| {
        cannot(
            "additionalTimeInMin",
            format!("{minutes} minutes is no whole step of {STEP} % of {lasts} minutes, up to {MOST} %"),
        )
    })
}

fn minutes_of(percent: u32, lasts: u32) -> u32 {
    (percent * lasts).div_ceil(100)
}

fn student_number(person: &Person) -> &str {
    let codes = std::iter::once(&person.primary_code).chain(&person.other_codes);
    let number = codes
        .into_iter()
        .find(|code| code.code_type.eq_ignore_ascii_case("studentNumber"));
    number.map_or(person.person_id.as_str(), |code| code.value.as_str())
}

/// Our code for each aid.
const AIDS: [(&str, Aid); 4] = [
    ("spoken", Aid::ReadAloud),
    ("calculator", Aid::Calculator),
    ("enlarged", Aid::Zoom),
    ("separate-room", Aid::SeparateRoom),
];

fn aid(need: &str) -> Result<Aid, Error> {
    let known = AIDS.iter().find(|(code, _)| *code == need);
    known
        .map(|(_, aid)| *aid)
        .ok_or_else(|| cannot("personalNeeds", format!("Toetskade has no aid for `{need}`")))
}

fn needs(aids: &[Aid]) -> Vec<String> {
    let given = AIDS.iter().filter(|(_, aid)| aids.contains(aid));
    given.map(|(code, _)| (*code).to_owned()).collect()
}

fn cannot(field: &str, why: impl Into<String>) -> Error {
    Error::Unrepresentable {
        field: field.to_owned(),
        why: why.into(),
    }
}
