//! Result with its consumer block, `§4.3`.

use serde_json::Value;

use super::object::{Object, day, document, moment};
use crate::{
    dialect::Dialect,
    model::ExamResult,
    read::result::{FIELDS, OWN},
    scale, time, words,
};

pub(crate) fn result(r: &ExamResult, dialect: &Dialect) -> Value {
    let (mut result_date, mut test_date) = (r.result_date, r.test_date);
    if dialect.quirks.swapped_dates {
        let determined = result_date.and_then(time::midnight);
        result_date = test_date.map(time::day_of);
        test_date = determined;
    }
    let mut object = Object::default();
    object.put("state", words::word(&r.state));
    object.word("pass", &r.pass);
    object.text("comment", &r.comment);
    object.maybe("score", r.score.clone().map(scale::with_decimal_point));
    object.maybe("resultDate", result_date.map(day));
    object.put("weight", 100);
    let mut own = Object::default();
    own.put("attendance", words::word(&r.attendance));
    own.text("executedOfferingName", &r.executed_offering_name);
    own.text("assessorId", &r.assessor_id);
    own.text("assessorCode", &r.assessor_code);
    own.text("irregularities", &r.irregularities);
    own.put("final", r.r#final);
    own.maybe("rawScore", r.raw_score);
    own.maybe("maxRawScore", r.max_raw_score);
    own.maybe("testDate", test_date.map(moment));
    own.list("documents", &r.documents, document);
    object.with_consumers(own, true, r.opaque.as_deref(), FIELDS, OWN)
}
