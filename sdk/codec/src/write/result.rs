//! Result with its consumer block, `§4.3`.

use jiff::civil::Date;
use serde_json::Value;

use super::object::{Object, day, document, moment};
use crate::{
    dialect::Dialect,
    draft_1_1::OnlyHere,
    model::ExamResult,
    read::result::{FIELDS, OWN},
    scale, time, words,
};

/// Whether what only the 1.1 draft has a place for stays with the result, or is left out and reported.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfTheDraft {
    /// It stays: everything that is known.
    Stays,
    /// It is left out of a message ([`crate::loss`]).
    LeftOut,
}

pub(crate) fn result(r: &ExamResult, dialect: &Dialect, of_the_draft: OfTheDraft) -> Value {
    let (mut result_date, mut test_date) = (r.result_date, r.test_date);
    if dialect.quirks.swapped_dates {
        let determined = result_date.and_then(time::midnight);
        result_date = test_date.map(time::day_of);
        test_date = determined;
    }
    let mut own = Object::default();
    own.put("attendance", words::word(&r.attendance));
    own.text("executedOfferingName", &r.executed_offering_name);
    own.text("irregularities", &r.irregularities);
    own.maybe("testDate", test_date.map(moment));
    assessment(&mut own, r);
    let opaque = match of_the_draft {
        OfTheDraft::LeftOut if r.opaque.is_some() => OnlyHere::of(r).without(),
        OfTheDraft::LeftOut | OfTheDraft::Stays => r.opaque.clone(),
    };
    outcome(r, result_date).with_consumers(own, true, opaque.as_deref(), FIELDS, OWN)
}

/// What came of it.
pub(crate) fn outcome(r: &ExamResult, result_date: Option<Date>) -> Object {
    let mut object = Object::default();
    object.put("state", words::word(&r.state));
    object.word("pass", &r.pass);
    object.text("comment", &r.comment);
    object.maybe("score", r.score.clone().map(scale::with_decimal_point));
    object.maybe("resultDate", result_date.map(day));
    object.put("weight", 100);
    object
}

/// Who judged it, by which points and documents, and whether it is final: in the consumer block of every version.
pub(crate) fn assessment(own: &mut Object, r: &ExamResult) {
    own.text("assessorId", &r.assessor_id);
    own.text("assessorCode", &r.assessor_code);
    own.put("final", r.r#final);
    own.maybe("rawScore", r.raw_score);
    own.maybe("maxRawScore", r.max_raw_score);
    own.list("documents", &r.documents, document);
}
