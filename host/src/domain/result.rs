//! Results: how a delivery is judged against what is known, along four axes that stay apart: attendance, score on its
//! scale, normed (the cesuur), and final (vastgesteld). The history is kept whole.

use jiff::{Timestamp, civil::Date};

use super::model::{Attendance, ExamResult, Normed, PassState, ResultState, ResultValueType};
use super::scale_map::{Converted, ScaleMap};
use super::sending::is_off;

/// What a vendor delivered on a deelname (flow 3).
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// The result itself, replaced as a whole (R3).
    pub result: ExamResult,
    /// Whether the cesuur was applied, as far as the delivery says.
    pub normed: Normed,
    /// The vendor's code of the version taken; absent: the component itself.
    pub examenversie: Option<String>,
}

/// By which way a delivery came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A message on our face.
    Push,
    /// Read by polling.
    Poll,
    /// Read back on purpose (R25): the vendor's present state, which is never suspicious.
    ReadBack,
    /// From a file that a person carried, and looked at before it counted.
    File,
}

impl Source {
    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Source::Push => "push",
            Source::Poll => "poll",
            Source::ReadBack => "read-back",
            Source::File => "file",
        }
    }

    /// Reads [`Source::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Source> {
        [Source::Push, Source::Poll, Source::ReadBack, Source::File]
            .into_iter()
            .find(|source| source.name() == name)
    }
}

/// Why a delivery waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hold {
    /// The cesuur has not been applied: the score is no grade yet.
    NotNormed,
    /// The score is no value of the component's scale, such as a percentage before the cesuur (N#164, R22).
    OffScale,
    /// The score is no value of the planbare toets' scale, so that flow 5 can't carry it (R22, N#175).
    OffEnrolmentScale,
    /// The scale map that was approved for it has no row for what was delivered.
    NoRowInMap,
    /// Completed without the day on which it was determined (R12).
    NoResultDate,
    /// Completed and present, without score or pass (R12).
    NoOutcome,
    /// Another result after vaststelling.
    ChangedAfterDecision,
    /// Decided upstream, and now no longer final.
    FinalWithdrawn,
}

impl Hold {
    const ALL: [Hold; 8] = [
        Hold::NotNormed,
        Hold::OffScale,
        Hold::OffEnrolmentScale,
        Hold::NoRowInMap,
        Hold::NoResultDate,
        Hold::NoOutcome,
        Hold::ChangedAfterDecision,
        Hold::FinalWithdrawn,
    ];

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Hold::NotNormed => "not-normed",
            Hold::OffScale => "off-scale",
            Hold::OffEnrolmentScale => "off-enrolment-scale",
            Hold::NoRowInMap => "no-row-in-map",
            Hold::NoResultDate => "no-result-date",
            Hold::NoOutcome => "no-outcome",
            Hold::ChangedAfterDecision => "changed-after-decision",
            Hold::FinalWithdrawn => "final-withdrawn",
        }
    }
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Fit to be sent on and decided upon.
    Accepted,
    /// Kept, and waits for a person.
    Held(Hold),
    /// "In progress" after "completed": kept aside until read back (R10).
    Aside,
}

impl Judgement {
    /// As it is kept: the judgement, and why.
    #[must_use]
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Judgement::Accepted => ("accepted", ""),
            Judgement::Held(hold) => ("held", hold.name()),
            Judgement::Aside => ("aside", "in-progress-after-completed"),
        }
    }

    /// Reads [`Judgement::names`] back.
    #[must_use]
    pub fn from_names(judgement: &str, why: &str) -> Option<Judgement> {
        match judgement {
            "accepted" => Some(Judgement::Accepted),
            "held" => Hold::ALL
                .into_iter()
                .find(|hold| hold.name() == why)
                .map(Judgement::Held),
            "aside" => Some(Judgement::Aside),
            _ => None,
        }
    }
}

/// Who has decided on a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// Nobody yet.
    Undecided,
    /// The examencommissie, here.
    Vastgesteld,
    /// Upstream: it arrived with `final: true`, and nobody here decides over it (R11).
    Upstream,
    /// Nobody any more: two people took the vaststelling back.
    Withdrawn,
}

impl Decided {
    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Decided::Undecided => "undecided",
            Decided::Vastgesteld => "vastgesteld",
            Decided::Upstream => "upstream",
            Decided::Withdrawn => "withdrawn",
        }
    }

    /// Whether a decision stands.
    #[must_use]
    pub fn stands(self) -> bool {
        matches!(self, Decided::Vastgesteld | Decided::Upstream)
    }

    /// Reads [`Decided::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Decided> {
        [
            Decided::Undecided,
            Decided::Vastgesteld,
            Decided::Upstream,
            Decided::Withdrawn,
        ]
        .into_iter()
        .find(|decided| decided.name() == name)
    }
}

/// One version of a result, as it was delivered. Never changed but for its judgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The deelname.
    pub association: String,
    /// Counts from 1.
    pub seq: i64,
    /// What was delivered.
    pub delivered: Delivered,
    /// What became of it when it came.
    pub judgement: Judgement,
    /// By which way it came.
    pub source: Source,
    /// The inbox message, where there was one.
    pub message: Option<String>,
    /// The connector revision that read it, where there was one.
    pub revision: Option<i64>,
    /// The scale map by which its score was converted when it came.
    pub mapping: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
}

/// The present result of a deelname.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The deelname.
    pub association: String,
    /// The vendor.
    pub peer: String,
    /// The vendor's component.
    pub component: String,
    /// The examenversie; the component where the vendor names none.
    pub examenversie: String,
    /// The present version.
    pub seq: i64,
    /// Its judgement now.
    pub judgement: Judgement,
    /// Whether the cesuur was applied to it, as it stands now.
    pub normed: Normed,
    /// The scale map by which its score is converted now.
    pub mapping: Option<String>,
    /// Who has decided.
    pub decided: Decided,
    /// The version that was decided on.
    pub decided_seq: Option<i64>,
    /// The scale map that was in force for it then.
    pub decided_mapping: Option<String>,
    /// The newest decision, where it was taken here; also one that took another back.
    pub decision: Option<String>,
    /// The newest version sent on in flow 5.
    pub sent_seq: Option<i64>,
    /// The newest version that the student system confirmed.
    pub confirmed_seq: Option<i64>,
    /// Of the row; 0 before it is kept.
    pub version: i64,
}

/// By what a delivery is measured.
#[derive(Debug, Clone, Copy, Default)]
pub struct Yardstick<'a> {
    /// Scale of the component: judges flow 3 (R22).
    pub component: Option<&'a ResultValueType>,
    /// Scale of the planbare toets: judges flow 5 (R22).
    pub enrolment: Option<&'a ResultValueType>,
    /// What a person entered about the cesuur of this examenversie.
    pub cesuur: Option<Normed>,
    /// The approved scale map for it, where there is one: it judges every score, since a percentage may look like a
    /// grade.
    pub mapping: Option<&'a ScaleMap>,
}

/// What is known of a deelname's result when a delivery arrives.
#[derive(Debug, Clone, Copy)]
pub struct Present<'a> {
    /// The head.
    pub head: &'a Head,
    /// The version the head points at.
    pub version: &'a Version,
    /// The newest version of all, which lies aside when it is not the head's.
    pub newest: &'a Version,
    /// The version that was decided on, where one was.
    pub decided: Option<&'a Version>,
}

/// What a delivery comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The same as the present state: nothing new (R10).
    Repeated,
    /// A version to keep.
    Kept(Box<Judged>),
}

/// A delivery that says something new, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The delivery with what could be filled in.
    pub delivered: Delivered,
    /// What becomes of it.
    pub judgement: Judgement,
    /// Whether the cesuur was applied, all known things together.
    pub normed: Normed,
    /// The scale map by which its score is converted.
    pub mapping: Option<String>,
    /// Who has decided, after this.
    pub decided: Decided,
}

/// Whether a delivery says nothing new (R10).
#[must_use]
pub fn is_repeated(delivered: &Delivered, source: Source, present: Present<'_>) -> bool {
    let newest = &present.newest;
    let settles = source == Source::ReadBack && newest.judgement == Judgement::Aside;
    is_same(delivered, &present.version.delivered) || (!settles && is_same(delivered, &newest.delivered))
}

/// Judges a delivery. `received` is the day it came, on paper (Europe/Amsterdam): an attendance without a day was
/// determined then; a completed result's day is never made up.
#[must_use]
pub fn judge(
    delivered: Delivered,
    source: Source,
    present: Option<Present<'_>>,
    yardstick: Yardstick<'_>,
    received: Date,
) -> Verdict {
    if present.is_some_and(|present| is_repeated(&delivered, source, present)) {
        return Verdict::Repeated;
    }
    let mut delivered = delivered;
    if delivered.result.result_date.is_none() && delivered.result.state != ResultState::Completed {
        delivered.result.result_date = Some(received);
    }
    let normed = normed(delivered.normed, yardstick.cesuur);
    let (judgement, mapping) = match present {
        Some(present) if steps_back(&delivered, present, source) => (Judgement::Aside, None),
        _ => weigh(&delivered, normed, yardstick, present),
    };
    let before = present.map_or(Decided::Undecided, |present| present.head.decided);
    let decided = match judgement {
        Judgement::Accepted if delivered.result.r#final && !before.stands() => Decided::Upstream,
        _ => before,
    };
    Verdict::Kept(Box::new(Judged {
        delivered,
        judgement,
        normed,
        mapping,
        decided,
    }))
}

/// What a version comes to when it is judged again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// Its judgement now.
    pub judgement: Judgement,
    /// Whether the cesuur was applied, all known things together.
    pub normed: Normed,
    /// The scale map by which its score is converted.
    pub mapping: Option<String>,
}

/// Judges a version again by the same rules, after a person entered the cesuur of its examenversie or approved a scale
/// map. A version that lies aside stays there.
#[must_use]
pub fn judge_again(version: &Version, present: Present<'_>, yardstick: Yardstick<'_>) -> Again {
    let normed = normed(version.delivered.normed, yardstick.cesuur);
    let (judgement, mapping) = match version.judgement {
        Judgement::Aside => (Judgement::Aside, None),
        _ => weigh(&version.delivered, normed, yardstick, Some(present)),
    };
    Again {
        judgement,
        normed,
        mapping,
    }
}

/// What the delivery says of the cesuur goes before what a person entered for its examenversie: a score that was
/// delivered as not yet normed does not become a grade by itself, it has to be delivered again.
fn normed(delivered: Normed, entered: Option<Normed>) -> Normed {
    match delivered {
        Normed::Unknown => entered.unwrap_or(Normed::Unknown),
        said => said,
    }
}

/// Whether a delivery says nothing new. A day that was left out says nothing.
#[must_use]
pub fn is_same(delivered: &Delivered, known: &Delivered) -> bool {
    if delivered.result.result_date.is_some() {
        return delivered == known;
    }
    let mut dated = delivered.clone();
    if known.result.state != ResultState::Completed {
        dated.result.result_date = known.result.result_date;
    }
    dated == *known
}

/// Whether a delivery steps back behind a completed result (R10), or behind a cesuur that its vendor has applied, which
/// a message out of order does.
fn steps_back(delivered: &Delivered, present: Present<'_>, source: Source) -> bool {
    let before = &present.version.delivered;
    let reopens = before.result.state == ResultState::Completed && delivered.result.state != ResultState::Completed;
    let unnorms = before.normed == Normed::Yes && delivered.normed == Normed::No;
    source != Source::ReadBack && (reopens || unnorms)
}

/// The judgement, and the scale map by which the score is converted.
fn weigh(
    delivered: &Delivered,
    normed: Normed,
    yardstick: Yardstick<'_>,
    present: Option<Present<'_>>,
) -> (Judgement, Option<String>) {
    let present = present.filter(|present| present.head.decided.stands());
    let restates = present.is_some_and(|present| restates_decision(delivered, present));
    if let Some(present) = present.filter(|_| restates && !is_unnormed(&delivered.result, normed)) {
        // What was decided on was weighed then, by the scale map of then.
        return (Judgement::Accepted, present.head.decided_mapping.clone());
    }
    let (hold, mapping) = hold_by_content(&delivered.result, normed, yardstick);
    let hold = hold.or_else(|| present.and_then(|present| hold_by_decision(delivered, present)));
    (hold.map_or(Judgement::Accepted, Judgement::Held), mapping)
}

/// A score, or points, before the cesuur.
fn is_unnormed(result: &ExamResult, normed: Normed) -> bool {
    (result.score.is_some() || result.raw_score.is_some()) && normed == Normed::No
}

fn hold_by_content(result: &ExamResult, normed: Normed, yardstick: Yardstick<'_>) -> (Option<Hold>, Option<String>) {
    if is_unnormed(result, normed) {
        return (Some(Hold::NotNormed), None);
    }
    let map = yardstick.mapping.filter(|map| map.converts());
    let converted = map.map_or(Converted::Nothing, |map| map.convert(result));
    let named = match converted {
        Converted::To(_) => map.map(|map| map.id.clone()),
        Converted::Nothing | Converted::NoRow => None,
    };
    let misses = match &converted {
        Converted::NoRow => Some(Hold::NoRowInMap),
        Converted::To(value) => is_off(Some(value), yardstick.enrolment).then_some(Hold::OffEnrolmentScale),
        Converted::Nothing if is_off(result.score.as_deref(), yardstick.component) => Some(Hold::OffScale),
        Converted::Nothing => is_off(result.score.as_deref(), yardstick.enrolment).then_some(Hold::OffEnrolmentScale),
    };
    if misses.is_some() || result.state != ResultState::Completed {
        return (misses, named);
    }
    if result.result_date.is_none() {
        return (Some(Hold::NoResultDate), named);
    }
    let has_outcome =
        named.is_some() || result.score.is_some() || matches!(result.pass, Some(PassState::Passed | PassState::Failed));
    let is_empty = result.attendance == Attendance::Present && !has_outcome;
    (is_empty.then_some(Hold::NoOutcome), named)
}

/// Whether a delivery says just what was decided on. What the examencommissie decided may be confirmed upstream, but not
/// changed without it.
fn restates_decision(delivered: &Delivered, present: Present<'_>) -> bool {
    let decided_on = &present.decided.unwrap_or(present.version).delivered.result;
    match present.head.decided {
        Decided::Undecided | Decided::Withdrawn => false,
        Decided::Upstream => delivered.result == *decided_on,
        Decided::Vastgesteld => {
            let restated = ExamResult {
                r#final: decided_on.r#final,
                ..delivered.result.clone()
            };
            restated == *decided_on
        }
    }
}

fn hold_by_decision(delivered: &Delivered, present: Present<'_>) -> Option<Hold> {
    match present.head.decided {
        Decided::Undecided | Decided::Withdrawn => None,
        Decided::Upstream => (!delivered.result.r#final).then_some(Hold::FinalWithdrawn),
        Decided::Vastgesteld => (!restates_decision(delivered, present)).then_some(Hold::ChangedAfterDecision),
    }
}

#[cfg(test)]
#[path = "result_tests.rs"]
pub(super) mod tests;
