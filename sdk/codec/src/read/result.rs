//! Result with its consumer block, `§4.3`.

use serde_json::Value;

use super::{
    common::{document, loose_day, moment},
    field::{Extent, Fields, Spot, flag, text, whole, word},
};
use crate::{
    dialect::Dialect,
    model::{Attendance, DocumentReference, ExamResult, ResultState},
    scale, time,
};

/// Fields that are interpreted; `weight` is always 100 and dropped (R17).
pub(crate) const FIELDS: &[&str] = &["state", "pass", "comment", "score", "resultDate", "weight", "consumers"];
/// Fields of the consumer block that are interpreted.
pub(crate) const OWN: &[&str] = &[
    "consumerKey",
    "attendance",
    "executedOfferingName",
    "assessorId",
    "assessorCode",
    "irregularities",
    "final",
    "rawScore",
    "maxRawScore",
    "testDate",
    "documents",
];

/// Where the attendance of a result stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttendanceStands {
    /// In the result's consumer block, where it is required (R12).
    InResult,
    /// In the association's, as in the 1.1 draft; in the result's it may be.
    InAssociation,
}

/// A result, with what was filled because it was absent, and what is absent and can't be filled.
pub(crate) struct ReadResult {
    pub result: ExamResult,
    /// Its own consumer block has the attendance.
    pub attended: bool,
    pub filled: Vec<&'static str>,
    pub missing: Vec<&'static str>,
}

/// Reads a result. Required are only `state` and `attendance` (R12).
pub(crate) fn result(value: &Value, spot: &Spot, dialect: &Dialect, stands: AttendanceStands) -> Option<ReadResult> {
    let fields = Fields::of(value, spot.clone(), Extent::Whole)?;
    let mut r = ExamResult::bare(ResultState::InProgress, Attendance::NotKnown);
    let mut readable = fields.required(
        &["state"],
        "`in progress`, `postponed`, `queued` or `completed`",
        word,
        &mut r.state,
    );
    fields.optional(&["pass"], word, &mut r.pass);
    fields.optional(&["comment"], text, &mut r.comment);
    fields.optional(&["score"], text, &mut r.score);
    r.score = r
        .score
        .take()
        .filter(|score| !score.trim().is_empty())
        .map(scale::with_decimal_point);
    fields.defaulted(&["resultDate"], loose_day, None, &mut r.result_date);
    let consumers = fields.consumers();
    let (mut attended, mut nameless) = (false, false);
    for own in &consumers.own {
        attended |= own.has(&["attendance"]);
        if own.has(&["attendance"]) {
            readable &= own.required(
                &["attendance"],
                "`present`, `notPresent` or another",
                word,
                &mut r.attendance,
            );
        }
        own.optional(&["executedOfferingName"], text, &mut r.executed_offering_name);
        own.optional(&["assessorId"], text, &mut r.assessor_id);
        own.optional(&["assessorCode"], text, &mut r.assessor_code);
        own.optional(&["irregularities"], text, &mut r.irregularities);
        own.defaulted(&["final"], flag, false, &mut r.r#final);
        own.optional(&["rawScore"], whole, &mut r.raw_score);
        own.optional(&["maxRawScore"], whole, &mut r.max_raw_score);
        own.optional(&["testDate"], moment, &mut r.test_date);
        let mut documents = Vec::new();
        own.list(&["documents"], document_or_nameless, &mut documents);
        nameless |= documents.contains(&None);
        r.documents.extend(documents.into_iter().flatten());
    }
    if !attended && stands == AttendanceStands::InResult {
        fields.spot.below("consumers").problem(
            "has no attendance",
            "add an entry with consumerKey `nl-test-admin` and the attendance, like `present`",
        );
        readable = false;
    }
    if dialect.quirks.swapped_dates && attended {
        swap_dates(&mut r);
    }
    let filled = if fields.has(&["weight"]) {
        Vec::new()
    } else {
        vec!["weight"]
    };
    fields.opaque(consumers, FIELDS, OWN, Vec::new(), &mut r.opaque);
    let missing = if nameless { vec!["documentId"] } else { Vec::new() };
    readable.then_some(ReadResult {
        result: r,
        attended,
        filled,
        missing,
    })
}

/// A document without an id can't be fetched; R12 lets nothing but `state` and `attendance` refuse a result for being
/// absent, so that it is left out and named as missing.
fn document_or_nameless(value: &Value, spot: &Spot) -> Option<Option<DocumentReference>> {
    let nameless = value
        .as_object()
        .is_some_and(|map| !map.keys().any(|key| key.eq_ignore_ascii_case("documentId")));
    if nameless {
        Some(None)
    } else {
        document(value, spot).map(Some)
    }
}

/// The peer means it the other way round (see [`crate::dialect::Quirks::swapped_dates`]): its `testDate` is when the
/// result was determined, its `resultDate` the day of the test. Without a `testDate` only the day of the test is known.
pub(crate) fn swap_dates(r: &mut ExamResult) {
    let determined = r.test_date.map(time::day_of);
    r.test_date = r.result_date.and_then(time::midnight);
    r.result_date = determined;
}
