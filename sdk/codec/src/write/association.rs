//! Association, `§4.3`, `§4.5`, `§4.13`.

use serde_json::{Value, json};

use super::{
    AssociationFields, PersonAs, PersonFields,
    object::{Object, day, state},
    person,
    result::{self, OfTheDraft},
};
use crate::{
    dialect::{Dialect, ExtraTimeField},
    draft_1_1,
    model::{Association, AssociationState, AttemptsLeft, Role},
    read::association::{FIELDS, OWN},
    words,
};

pub(crate) fn association(a: &Association, dialect: &Dialect, fields: AssociationFields, person: PersonAs) -> Value {
    use AssociationFields::{All, Deelname, DeelnameWithResult, Enrolment, EnrolmentWithResult};
    let mut object = Object::default();
    object.put("associationId", a.association_id.clone());
    object.put("associationType", words::word(&a.association_type));
    object.put("role", words::word(&a.role));
    object.put("state", state(&a.state, dialect));
    let needs = match fields {
        Enrolment | EnrolmentWithResult | All => PersonFields::WithNeeds,
        Deelname | DeelnameWithResult => PersonFields::WithoutNeeds,
    };
    object.put(
        "person",
        match (&a.person, person) {
            (Some(whole), PersonAs::Whole) => person::person(whole, dialect, needs),
            _ => Value::String(a.person_id.clone()),
        },
    );
    object.put("offering", a.offering_id.clone());
    let mut own = Object::default();
    if matches!(fields, Deelname | DeelnameWithResult | All) {
        let extra_time = match dialect.quirks.extra_time {
            ExtraTimeField::AdditionalTimeInMin => "additionalTimeInMin",
            ExtraTimeField::ExtraTimeInMin => "extraTimeInMin",
        };
        own.maybe(extra_time, a.additional_time_min);
        own.texts("personalNeeds", &a.personal_needs);
    }
    if matches!(fields, Enrolment | EnrolmentWithResult | All) {
        enrolment(a, &mut own);
    }
    if matches!(fields, EnrolmentWithResult | All) {
        own.text("orgAssociationId", &a.org_association_id);
    }
    match (fields, &a.result) {
        (EnrolmentWithResult | DeelnameWithResult, Some(delivered)) if dialect.version.is_draft() => {
            object.maybe("result", draft_1_1::write(delivered, &mut own));
        }
        (EnrolmentWithResult | DeelnameWithResult, Some(delivered)) => {
            object.put("result", result::result(delivered, dialect, OfTheDraft::LeftOut));
        }
        (All, Some(delivered)) => object.put("result", result::result(delivered, dialect, OfTheDraft::Stays)),
        _ => {}
    }
    // An employee's association has no consumer block (§3.2.3), a student's always has one.
    let mut written = object.with_consumers(own, a.role == Role::Student, a.opaque.as_deref(), FIELDS, OWN);
    if let (EnrolmentWithResult | DeelnameWithResult, Value::Object(map)) = (fields, &mut written) {
        // The published schema has it in requests only.
        map.remove("remoteState");
    }
    written
}

/// What belongs to flow 1.
fn enrolment(a: &Association, own: &mut Object) {
    own.maybe("attempt", a.attempt);
    match a.attempts_left {
        AttemptsLeft::Unknown => {}
        AttemptsLeft::Unlimited => own.put("attemptLeft", Value::Null),
        AttemptsLeft::Left(left) => own.put("attemptLeft", left),
    }
    own.text("programOfferingAssociationId", &a.program_offering_association_id);
    own.text("courseOfferingAssociationId", &a.course_offering_association_id);
    own.maybe("startDate", a.start.map(day));
    own.maybe("expectedEndDate", a.expected_end.map(day));
    own.maybe("finalEndDate", a.final_end.map(day));
    own.text("sequenceCode", &a.sequence_code);
}

pub(crate) fn cancellation(a: &Association, dialect: &Dialect) -> Value {
    json!({
        "associationType": words::word(&a.association_type),
        "state": state(&AssociationState::Canceled, dialect),
    })
}
