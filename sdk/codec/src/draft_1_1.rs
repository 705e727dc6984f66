//! The draft of OKE 1.1: the form that results have in it (flow 3, and flow 5 alike). All that the codec knows of it is
//! here; every other message of that draft is read and written as in 1.0.1.
//!
//! Read in the standard's public repository, branch `v1.1`, commit d49c3fc of 15 April 2025 ("5.0.0 MBO v1.1 rc"):
//! `doc/flow3.md`, `doc/flow5.md` and the schemas `nl-test-admin-Association` and `nl-test-admin-Result`. It is a draft
//! and no agreement: its text was still discussed after that.
//!
//! What it moves: attendance, irregularities, the moment of the test and the executed offering's name leave the result's
//! consumer block for `testMomentEnrollmentDetails` in the association's; the result itself may be absent, or follow in a
//! message of its own, without the attendance that came before. What it adds: `planningState`, and among the details the
//! planned times, the room and the coordinator. The model has no field for those: they travel uninterpreted with the
//! result (R13), as unknown fields of its consumer block, so that they reach whoever is spoken to in 1.1; to others they
//! are lost, and reported ([`crate::loss`]).
//!
//! Where the draft contradicts itself, both are read and the schema's is written:
//!
//! | topic | schema | elsewhere in the draft |
//! |---|---|---|
//! | name of the details | `testMomentEnrollmentDetails` | flow 3: `testEnrollmentDetails` |
//! | name of the attendance | `attendance` | flow 3: `attentdance` |
//! | required details | `startDateTime`, `endDateTime`, `executedOfferingName` | flow 3 gives none of them: written where known |
//! | attendance in the result's block | required, but not among its properties | absent in every example: not written |
//! | moment of the test | `testDateTime` | flow 5 still explains `testDate`, the other way round |

use serde_json::{Map, Value};

use crate::{
    model::{Association, Attendance, ExamResult, ResultState},
    opaque::{Parts, give_back},
    read::{
        common::moment,
        field::{Extent, Fields, Report, Spot, text, word},
        result,
    },
    words,
    write::{
        object::{self, Object},
        result::{assessment, outcome},
    },
};

/// How far the planning is.
const PLANNING_STATE: &str = "planningState";
/// What is told of the moment of the test.
const DETAILS: &str = "testMomentEnrollmentDetails";
/// The same, as the walk-through of flow 3 calls it.
const DETAILS_IN_EXAMPLES: &str = "testEnrollmentDetails";
/// What the draft adds to the consumer block of an association.
const NAMES: &[&str] = &[PLANNING_STATE, DETAILS, DETAILS_IN_EXAMPLES];
/// The attendance, and as the walk-through of flow 3 spells it.
const ATTENDANCE: &[&str] = &["attendance", "attentdance"];
/// Details that the model has.
const IN_MODEL: &[&str] = &[
    "attendance",
    "attentdance",
    "executedOfferingName",
    "testDateTime",
    "irregularities",
];

/// What the consumer block of an association says in this form, as it came.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Said {
    planning_state: Option<Value>,
    details: Option<Value>,
}

impl Said {
    /// Finds this form by its shape; problems of its details are reported. Nothing else in `consumers` is looked at:
    /// whoever brings a result may bring no more than that (table 4.0.F).
    pub fn of(message: &Fields) -> Option<Self> {
        let unsaid = Report::default();
        let unreported = message.reporting_to(&unsaid);
        let mut said = Self::default();
        for own in unreported.consumers().own {
            if let Some((_, state)) = own.find(&[PLANNING_STATE]) {
                said.planning_state = Some(state.clone());
            }
            let found = own.find(&[DETAILS, DETAILS_IN_EXAMPLES]);
            if let Some((key, details)) = found.filter(|(_, details)| !details.is_null()) {
                let spot = Spot {
                    report: message.spot.report,
                    at: own.spot.below(key).at,
                };
                if let Some(fields) = Fields::of(details, spot, Extent::Patch) {
                    onto(&fields, &mut nothing_yet());
                    said.details = Some(details.clone());
                }
            }
        }
        (said != Self::default()).then_some(said)
    }

    /// Whether there are details, where this form has the attendance.
    pub fn has_details(&self) -> bool {
        self.details.is_some()
    }

    /// Whether the details say the attendance.
    pub fn has_attendance(&self) -> bool {
        let reported = Report::default();
        let found = self.fields(&reported).and_then(|details| details.find(ATTENDANCE));
        found.is_some_and(|(_, attendance)| !attendance.is_null())
    }

    fn fields<'a, 'r>(&'a self, report: &'r Report) -> Option<Fields<'a, 'r>> {
        Fields::of(self.details.as_ref()?, Spot::root(report), Extent::Patch)
    }

    /// Onto a result: what is said replaces, `null` removes, what is not said stays (R3).
    pub fn onto(&self, r: &mut ExamResult) {
        // Its problems were reported when it was found.
        let reported = Report::default();
        let mut told = Parts::default();
        if let Some(state) = &self.planning_state {
            told.own.insert(PLANNING_STATE.to_owned(), state.clone());
        }
        if let Some(details) = self.fields(&reported) {
            onto(&details, r);
            let others = details.unknown(IN_MODEL);
            if !others.is_empty() {
                told.own.insert(DETAILS.to_owned(), Value::Object(others));
            }
        }
        let mut parts = Parts::of(r.opaque.as_deref());
        parts.merge(told);
        if parts
            .own
            .get(DETAILS)
            .and_then(Value::as_object)
            .is_some_and(Map::is_empty)
        {
            parts.own.remove(DETAILS);
        }
        r.opaque = parts.into_opaque();
    }
}

/// The details that the model has.
fn onto(details: &Fields, r: &mut ExamResult) {
    details.defaulted(ATTENDANCE, word, Attendance::NotKnown, &mut r.attendance);
    details.optional(&["executedOfferingName"], text, &mut r.executed_offering_name);
    details.optional(&["testDateTime"], moment, &mut r.test_date);
    details.optional(&["irregularities"], text, &mut r.irregularities);
}

/// A deelname of which no result was told: attendance alone says that it is under way.
fn nothing_yet() -> ExamResult {
    ExamResult::bare(ResultState::InProgress, Attendance::NotKnown)
}

/// Onto an association that was read whole: it goes with the result, or makes one where somebody's attendance is known.
/// What is planned only stays where it was, uninterpreted.
pub(crate) fn onto_association(said: &Said, a: &mut Association) {
    let mut result = a.result.clone().unwrap_or_else(nothing_yet);
    said.onto(&mut result);
    if a.result.is_none() && result.attendance == Attendance::NotKnown {
        return;
    }
    a.result = Some(result);
    let mut parts = Parts::of(a.opaque.as_deref());
    parts
        .own
        .retain(|name, _| !NAMES.iter().any(|known| known.eq_ignore_ascii_case(name)));
    a.opaque = parts.into_opaque();
}

/// A message of flow 3 in this form: it may tell a part, and what it leaves out stays as it was told before.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The result, where there is one, and whether its own consumer block has the attendance.
    pub(crate) result: Option<(ExamResult, bool)>,
    /// What the association's consumer block says.
    pub(crate) said: Said,
}

impl Part {
    /// The whole result: this part over what was told before.
    #[must_use]
    pub fn over(&self, before: Option<&ExamResult>) -> ExamResult {
        let mut whole = match (&self.result, before) {
            (Some((result, _)), None) => result.clone(),
            (Some((result, attended)), Some(before)) => beside(result, *attended, before),
            (None, Some(before)) => before.clone(),
            (None, None) => nothing_yet(),
        };
        self.said.onto(&mut whole);
        whole
    }
}

/// A result that was told beside the details of before: it replaces the one of before as a whole (R3), but not those,
/// unless it says them itself as the agreement does.
fn beside(result: &ExamResult, attended: bool, before: &ExamResult) -> ExamResult {
    let mut parts = Parts::of(result.opaque.as_deref());
    for (name, value) in OnlyHere::of(before).told() {
        parts.own.entry(name).or_insert(value);
    }
    if attended {
        return ExamResult {
            opaque: parts.into_opaque(),
            ..result.clone()
        };
    }
    ExamResult {
        attendance: before.attendance.clone(),
        executed_offering_name: before.executed_offering_name.clone(),
        test_date: before.test_date,
        irregularities: before.irregularities.clone(),
        opaque: parts.into_opaque(),
        ..result.clone()
    }
}

/// What a result carries that only this form has a place for.
pub(crate) struct OnlyHere {
    /// How far the planning is.
    pub planning_state: Option<Value>,
    /// Details that the model has no field for: planned times, room, coordinator.
    pub details: Map<String, Value>,
    /// What else is not interpreted.
    rest: Parts,
}

impl OnlyHere {
    pub fn of(r: &ExamResult) -> Self {
        let mut rest = Parts::of(r.opaque.as_deref());
        let (mut planning_state, mut details) = (None, Map::new());
        for (name, value) in std::mem::take(&mut rest.own) {
            match value {
                state if name == PLANNING_STATE => planning_state = Some(state),
                Value::Object(said) if name == DETAILS => details = said,
                other => drop(rest.own.insert(name, other)),
            }
        }
        Self {
            planning_state,
            details,
            rest,
        }
    }

    /// What else is not interpreted, for a message that has no place for this.
    pub fn without(self) -> Option<String> {
        self.rest.into_opaque()
    }

    /// Only this, as a result carries it.
    fn told(self) -> impl Iterator<Item = (String, Value)> {
        let details = (!self.details.is_empty()).then_some(Value::Object(self.details));
        let named = [(PLANNING_STATE, self.planning_state), (DETAILS, details)];
        named
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    }
}

/// Writes a result in this form: the details into the association's consumer block, and the result itself unless there is
/// nothing in it but that the deelname is under way.
pub(crate) fn write(r: &ExamResult, block: &mut Object) -> Option<Value> {
    let only_here = OnlyHere::of(r);
    block.maybe(PLANNING_STATE, only_here.planning_state.clone());
    let mut told = Object::default();
    told.text("executedOfferingName", &r.executed_offering_name);
    told.put("attendance", words::word(&r.attendance));
    told.maybe("testDateTime", r.test_date.map(object::moment));
    told.text("irregularities", &r.irregularities);
    give_back(&mut told.0, only_here.details.clone(), IN_MODEL);
    block.put(DETAILS, Value::Object(told.0));

    let opaque = only_here.without();
    let under_way = ExamResult {
        attendance: r.attendance.clone(),
        executed_offering_name: r.executed_offering_name.clone(),
        test_date: r.test_date,
        irregularities: r.irregularities.clone(),
        opaque: r.opaque.clone(),
        ..nothing_yet()
    };
    if opaque.is_none() && *r == under_way {
        return None;
    }
    let mut own = Object::default();
    assessment(&mut own, r);
    Some(outcome(r, r.result_date).with_consumers(own, true, opaque.as_deref(), result::FIELDS, result::OWN))
}
