//! What the host, as TA in front of a vendor, makes of a result that is on its way to an outside TPL. That TPL judges
//! scales, cesuur and decisions; here only what is new is told apart from what is known (R10).

use jiff::civil::Date;

use super::model::{ExamResult, ResultState};
use super::result::Source;

/// What a result comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// The same as the present state: nothing new.
    Repeated,
    /// It steps back behind a completed result, as a message out of order does: it lies aside until it is read back.
    Aside,
    /// It is the present state from now on.
    News(Box<ExamResult>),
}

/// Compares a result with the present state, never with a message before it (R10). `received` is the day it came: an
/// attendance without a day was determined then; a completed result's day is never made up.
#[must_use]
pub fn receive(present: Option<&ExamResult>, told: &ExamResult, source: Source, received: Date) -> Received {
    let mut told = told.clone();
    let is_completed = told.state == ResultState::Completed;
    if told.result_date.is_none() && !is_completed {
        let known = present.filter(|present| present.state != ResultState::Completed);
        told.result_date = known.and_then(|known| known.result_date).or(Some(received));
    }
    match present {
        Some(present) if *present == told => Received::Repeated,
        Some(present) if present.state == ResultState::Completed && !is_completed && source != Source::ReadBack => {
            Received::Aside
        }
        _ => Received::News(Box::new(told)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::Attendance;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn result(state: ResultState, score: Option<&str>, date: Option<&str>) -> ExamResult {
        ExamResult {
            state,
            attendance: Attendance::Present,
            pass: None,
            comment: None,
            score: score.map(str::to_owned),
            result_date: date.map(day),
            test_date: None,
            r#final: false,
            raw_score: None,
            max_raw_score: None,
            executed_offering_name: None,
            assessor_id: None,
            assessor_code: None,
            irregularities: None,
            documents: Vec::new(),
            opaque: None,
        }
    }

    fn completed(score: &str) -> ExamResult {
        result(ResultState::Completed, Some(score), Some("2026-09-02"))
    }

    /// R10: 5.4, then 5.6, then 5.4 is a correction and no repeat.
    #[test]
    fn a_result_is_compared_with_the_present_state() {
        let received = day("2026-09-03");
        let of =
            |present: &str, told: &str| receive(Some(&completed(present)), &completed(told), Source::Push, received);
        assert_eq!(of("5.4", "5.4"), Received::Repeated);
        assert_eq!(of("5.4", "5.6"), Received::News(Box::new(completed("5.6"))));
        assert_eq!(of("5.6", "5.4"), Received::News(Box::new(completed("5.4"))));
    }

    /// R10, R25: "in progress" after "completed" lies aside, unless the vendor itself was asked.
    #[test]
    fn a_step_back_lies_aside_until_it_is_read_back() {
        let back = result(ResultState::InProgress, None, Some("2026-09-01"));
        let present = completed("5.4");
        let received = day("2026-09-03");
        assert_eq!(receive(Some(&present), &back, Source::Push, received), Received::Aside);
        assert_eq!(receive(Some(&present), &back, Source::Poll, received), Received::Aside);
        let read = receive(Some(&present), &back, Source::ReadBack, received);
        assert_eq!(read, Received::News(Box::new(back)));
    }

    /// R12: an attendance without a day gets the day it came and is the same the next day; a completed result does not.
    #[test]
    fn only_the_day_of_an_attendance_is_filled() {
        let attendance = result(ResultState::InProgress, None, None);
        let Received::News(kept) = receive(None, &attendance, Source::Push, day("2026-09-03")) else {
            panic!("an attendance is news");
        };
        assert_eq!(kept.result_date, Some(day("2026-09-03")));
        let next_day = receive(Some(&kept), &attendance, Source::Poll, day("2026-09-04"));
        assert_eq!(next_day, Received::Repeated);
        let undated = result(ResultState::Completed, Some("5.4"), None);
        let Received::News(kept) = receive(Some(&kept), &undated, Source::Push, day("2026-09-04")) else {
            panic!("a result is news");
        };
        assert_eq!(kept.result_date, None);
    }
}
