//! Results: as the host holds them and as the vendor (flow 3) or the student system (flow 5) has them.

use super::{Difference, Field, Fields, Subject, missing_there, only_there, yes_or_no};
use crate::domain::model::{Association, Attendance, DocumentReference, ExamResult, Normed, PassState, ResultState};
use crate::domain::result::Delivered;

/// What a vendor has otherwise of the result of a deelname. `ours` is the present version.
#[must_use]
pub fn of_result(deelname: &str, ours: Option<&Delivered>, theirs: Option<&Delivered>) -> Vec<Difference> {
    let (ours, theirs) = match (ours, theirs) {
        (None, None) => return Vec::new(),
        (Some(_), None) => return vec![missing_there(Subject::Result, deelname)],
        (None, Some(_)) => return vec![only_there(Subject::Result, deelname)],
        (Some(ours), Some(theirs)) => (ours, theirs),
    };
    let mut fields = Fields::of(Subject::Result, deelname);
    outcome(&mut fields, &ours.result, &theirs.result);
    let (is, read) = (&ours.result, &theirs.result);
    fields.exact(Field::Attendance, &is.attendance, &read.attendance, |it| {
        Some(attendance(it))
    });
    fields.exact(Field::Pass, &passed(is), &passed(read), |it| it.map(str::to_owned));
    fields.exact(Field::Comment, &is.comment, &read.comment, Clone::clone);
    let number = |points: &Option<i32>| points.map(|points| points.to_string());
    fields.exact(Field::RawScore, &is.raw_score, &read.raw_score, number);
    fields.exact(Field::MaxRawScore, &is.max_raw_score, &read.max_raw_score, number);
    let at = |at: &Option<jiff::Timestamp>| at.map(|at| at.to_string());
    fields.exact(Field::TestDate, &is.test_date, &read.test_date, at);
    let assessor = |one: &ExamResult| one.assessor_code.clone().or_else(|| one.assessor_id.clone());
    fields.exact(Field::Assessor, &assessor(is), &assessor(read), Clone::clone);
    fields.exact(
        Field::Irregularities,
        &is.irregularities,
        &read.irregularities,
        Clone::clone,
    );
    fields.set(Field::Documents, &named(&is.documents), &named(&read.documents));
    fields.exact(Field::Normed, &ours.normed, &theirs.normed, |it| {
        let word = match it {
            Normed::Yes => "ja",
            Normed::No => "nee",
            Normed::Unknown => "onbekend",
        };
        Some(word.to_owned())
    });
    fields.exact(
        Field::Examenversie,
        &ours.examenversie,
        &theirs.examenversie,
        Clone::clone,
    );
    fields.found
}

/// What a student system has otherwise of a result that it has taken, on the association that it was written to. What only
/// TPL and TA tell each other it need not answer.
#[must_use]
pub fn of_student_result(id: &str, sent: &ExamResult, theirs: Option<&Association>) -> Vec<Difference> {
    let Some(read) = theirs.and_then(|read| read.result.as_ref()) else {
        return vec![missing_there(Subject::StudentResult, id)];
    };
    let mut fields = Fields::of(Subject::StudentResult, id);
    outcome(&mut fields, sent, read);
    if read.attendance != Attendance::NotKnown {
        fields.exact(Field::Attendance, &sent.attendance, &read.attendance, |it| {
            Some(attendance(it))
        });
    }
    if read.pass.is_some() {
        fields.exact(Field::Pass, &passed(sent), &passed(read), |it| it.map(str::to_owned));
    }
    fields.found
}

/// What both sides of every flow tell. A day that the other side leaves out of what is not completed says nothing.
fn outcome(fields: &mut Fields<'_>, ours: &ExamResult, theirs: &ExamResult) {
    fields.exact(Field::ResultState, &ours.state, &theirs.state, |it| {
        Some(state(*it).to_owned())
    });
    fields.exact(Field::Score, &ours.score, &theirs.score, Clone::clone);
    fields.exact(Field::Final, &ours.r#final, &theirs.r#final, |it| Some(yes_or_no(*it)));
    if theirs.result_date.is_some() || ours.state == ResultState::Completed {
        let day = |day: &Option<jiff::civil::Date>| day.map(|day| day.to_string());
        fields.exact(Field::ResultDate, &ours.result_date, &theirs.result_date, day);
    }
}

fn named(documents: &[DocumentReference]) -> Vec<String> {
    documents.iter().map(|one| one.document_id.clone()).collect()
}

/// Not judged is the same as nothing said.
fn passed(result: &ExamResult) -> Option<&'static str> {
    match result.pass {
        None | Some(PassState::Unknown) => None,
        Some(PassState::Passed) => Some("behaald"),
        Some(PassState::Failed) => Some("niet behaald"),
    }
}

fn state(state: ResultState) -> &'static str {
    match state {
        ResultState::InProgress => "bezig",
        ResultState::Postponed => "uitgesteld",
        ResultState::Queued => "in de wachtrij",
        ResultState::Completed => "afgerond",
    }
}

fn attendance(attendance: &Attendance) -> String {
    let word = match attendance {
        Attendance::NotKnown => "niet bekend",
        Attendance::NotPresent => "afwezig",
        Attendance::NotStarted => "niet begonnen",
        Attendance::NotFinished => "niet ingeleverd",
        Attendance::Present => "aanwezig",
        Attendance::Other(other) => other,
    };
    word.to_owned()
}
