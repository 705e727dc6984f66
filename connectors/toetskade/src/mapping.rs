//! What the canonical model means to Toetskade, and back. Pure.

use jiff::ToSpan;
use oke_sdk::{
    Delivery, Error, dutch, extra_time,
    model::{
        Association, Attendance, Code, Component, ComponentStatus, DurationUntil, ExamResult, Normed, Offering,
        ResultState, ResultValueType, Role, StartOptions,
    },
    needs::NeedTable,
    numbered::{Numbered as _, peer_id},
};

use crate::wire::{Aid, Candidate, CandidateOutcome, Exam, NewCandidate, NewPeriod, Period, Status};

/// Extra time goes in steps of so many percents.
const STEP: u32 = 5;
/// The most extra time, in percents.
const MOST: u32 = 100;

/// Toetskade's aids.
const AIDS: NeedTable<Aid> = NeedTable(&[
    ("spoken", Aid::ReadAloud),
    ("calculator", Aid::Calculator),
    ("enlarged", Aid::Zoom),
    ("separate-room", Aid::SeparateRoom),
]);

pub(crate) fn component(exam: Exam) -> Component {
    let status = match exam.active {
        true => ComponentStatus::Active,
        false => ComponentStatus::Inactive,
    };
    Component {
        result_value_type: Some(ResultValueType::DecimalToTen),
        exam: Some(true),
        status,
        additional_testing_time_min: Some(extra_time::minutes_of(MOST, exam.minutes)),
        available_personal_needs: AIDS.codes_of(&exam.aids),
        ..Component::bare(exam.id.to_string(), Code::new("testCode", exam.code), exam.title)
    }
}

/// The exam that a sitting is of.
///
/// # Errors
/// [`Error::Unrepresentable`].
pub(crate) fn exam_of(sitting: &Offering) -> Result<u64, Error> {
    let id = sitting.offered_id.as_deref().unwrap_or_default();
    let why = || format!("Toetskade's exams have numbers, and `{id}` is none");
    id.parse().map_err(|_| Error::unrepresentable("component", why()))
}

/// A sitting as a period: a start and an end are all it has (R18).
///
/// # Errors
/// [`Error::Unrepresentable`] for times that a period and its exam can't hold.
pub(crate) fn period<'a>(sitting: &'a Offering, exam: &Exam) -> Result<NewPeriod<'a>, Error> {
    let (Some(from), Some(until)) = (sitting.start, sitting.end) else {
        return Err(Error::unrepresentable(
            "startDateTime",
            "a period needs a start and an end",
        ));
    };
    let lasts = exam.minutes;
    if sitting.duration_s.is_some_and(|seconds| seconds != lasts * 60) {
        return Err(Error::unrepresentable(
            "duration",
            format!("this exam lasts {lasts} minutes at Toetskade; plan it so"),
        ));
    }
    if sitting.start_options == Some(StartOptions::TriggeredStart) {
        return Err(Error::unrepresentable(
            "startOptions",
            "candidates begin by themselves; nobody can release them together",
        ));
    }
    let fills_period = from
        .checked_add(i64::from(lasts).minutes())
        .is_ok_and(|end| end == until);
    if sitting.duration_until == Some(DurationUntil::EndDateTime) && !fills_period {
        return Err(Error::unrepresentable(
            "durationUntil",
            "time is up after the exam's own minutes, not at the end of the period",
        ));
    }
    let last_start = until.checked_sub(i64::from(lasts).minutes()).unwrap_or(from);
    if sitting.last_possible_start.is_some_and(|last| last < last_start) {
        return Err(Error::unrepresentable(
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
    let code = Code::new("identifier", period.ours().unwrap_or_default());
    Offering {
        start: Some(period.from),
        end: Some(period.until),
        offered_id: Some(period.exam_id.to_string()),
        duration_s: Some(period.minutes * 60),
        start_options: Some(StartOptions::IndividualStart),
        ..Offering::bare(period.peer_id(), code, period.name)
    }
}

/// A deelname as a candidate of a period whose exam lasts so many minutes.
///
/// # Errors
/// [`Error::Unrepresentable`]: another role than student, no person, needs beyond the aids, extra time between the steps.
pub(crate) fn candidate(deelname: &Association, minutes: u32) -> Result<NewCandidate<'_>, Error> {
    if deelname.role != Role::Student {
        return Err(Error::unrepresentable("role", "Toetskade knows candidates only"));
    }
    let Some(person) = &deelname.person else {
        return Err(Error::unrepresentable(
            "person",
            "a candidate has a name and a number (R14), and only the id is given",
        ));
    };
    let extra_min = deelname.additional_time_min.unwrap_or(0);
    Ok(NewCandidate {
        reference: &deelname.association_id,
        student_number: person.student_number().unwrap_or(&person.person_id),
        first_name: person.first_name().unwrap_or_default(),
        prefix: person.surname_prefix.as_deref(),
        last_name: person.last_name(),
        extra_time_percent: extra_time::percent(extra_min, minutes, (STEP, MOST))?,
        aids: AIDS.words(&deelname.personal_needs)?,
    })
}

/// A candidate as the deelname it is, without the person.
pub(crate) fn deelname(candidate: &Candidate, sitting_peer_id: &str, minutes: u32) -> Association {
    let extra_min = extra_time::minutes_of(candidate.extra_time_percent, minutes);
    Association {
        additional_time_min: Some(extra_min).filter(|extra| *extra > 0),
        personal_needs: AIDS.codes_of(&candidate.aids),
        ..Association::bare(candidate.peer_id(), "", sitting_peer_id)
    }
}

/// An outcome as a delivery. Points are no grade: until the cesuur of the version is applied there is no score (R11).
///
/// # Errors
/// [`Error::Bug`] for a normed outcome without a grade that can be read.
pub(crate) fn delivery(outcome: CandidateOutcome) -> Result<Delivery, Error> {
    let (state, attendance, normed) = match outcome.status {
        Status::Absent => (ResultState::Completed, Attendance::NotPresent, Normed::Unknown),
        Status::Busy => (ResultState::InProgress, Attendance::NotFinished, Normed::Unknown),
        Status::Submitted => (ResultState::InProgress, Attendance::Present, Normed::Unknown),
        Status::Marked => (ResultState::Completed, Attendance::Present, Normed::No),
        Status::Normed => (ResultState::Completed, Attendance::Present, Normed::Yes),
    };
    let grade = outcome.grade.filter(|_| normed == Normed::Yes);
    let score = grade.as_deref().and_then(dutch::decimal);
    if normed == Normed::Yes && score.is_none() {
        return Err(Error::Bug(
            "a normed outcome came without a grade that can be read".to_owned(),
        ));
    }
    Ok(Delivery {
        deelname_peer_id: peer_id(outcome.candidate_id, outcome.reference.as_deref()),
        result: ExamResult {
            score,
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
