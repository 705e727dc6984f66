//! Association: toetsinschrijving, deelname, enrolment, `§4.3`, `§4.5`, `§4.13`.

use serde_json::Value;

use super::{
    common::{loose_day, reference},
    field::{Extent, Fields, Report, Spot, full_text, text, whole, word},
    person,
    result::{self, AttendanceStands},
};
use crate::{
    dialect::Dialect,
    draft_1_1::{self, Said},
    model::{Association, AssociationState, AssociationType, AttemptsLeft, Person, Role},
};

/// Fields that are interpreted.
pub(crate) const FIELDS: &[&str] = &[
    "associationId",
    "associationType",
    "role",
    "state",
    "person",
    "offering",
    "result",
    "consumers",
];
/// Fields of the consumer block that are interpreted, in all their spellings.
pub(crate) const OWN: &[&str] = &[
    "consumerKey",
    "additionalTimeInMin",
    "extraTimeInMin",
    "personalNeeds",
    "attempt",
    "attemptLeft",
    "programOfferingAssociationId",
    "courseOfferingAssociationId",
    "orgAssociationId",
    "startDate",
    "expectedEndDate",
    "finalEndDate",
    "sequenceCode",
];

fn blank() -> Association {
    Association {
        association_id: String::new(),
        association_type: AssociationType::ComponentOfferingAssociation,
        role: Role::Student,
        state: AssociationState::Associated,
        person_id: String::new(),
        person: None,
        offering_id: String::new(),
        additional_time_min: None,
        personal_needs: Vec::new(),
        attempt: None,
        attempts_left: AttemptsLeft::Unknown,
        program_offering_association_id: None,
        course_offering_association_id: None,
        org_association_id: None,
        start: None,
        expected_end: None,
        final_end: None,
        sequence_code: None,
        result: None,
        opaque: None,
    }
}

/// Reads a whole association, with the person where it was expanded, and with its result where a dialect is given.
pub(crate) fn association(value: &Value, spot: Spot, with_result: Option<&Dialect>) -> Option<Association> {
    let fields = Fields::of(value, spot, Extent::Whole)?;
    let mut a = blank();
    fields.required(
        &["associationId"],
        "the id of the association",
        full_text,
        &mut a.association_id,
    );
    fields.required(
        &["associationType"],
        "`componentOfferingAssociation` or another type",
        word,
        &mut a.association_type,
    );
    onto(&fields, &mut a);
    if let Some(dialect) = with_result {
        // How far the planning is, said alone, is the association's own and stays there.
        let said = Said::of(&fields).filter(Said::has_details);
        let stands = match said {
            Some(_) => AttendanceStands::InAssociation,
            None => AttendanceStands::InResult,
        };
        let read_result =
            |value: &Value, spot: &Spot| result::result(value, spot, dialect, stands).map(|read| read.result);
        fields.optional(&["result"], read_result, &mut a.result);
        if let Some(said) = said {
            draft_1_1::onto_association(&said, &mut a);
        }
    }
    Some(a)
}

/// Reads what its owner changes onto a stored association. The id and the result are not the owner's to change and
/// ignored (R1, table 4.0.F).
pub(crate) fn patch(value: &Value, spot: Spot, stored: &Association) -> Option<Association> {
    let fields = Fields::of(value, spot, Extent::Patch)?;
    let mut patched = stored.clone();
    if fields.required(
        &["associationType"],
        "the type it has",
        word,
        &mut patched.association_type,
    ) && patched.association_type != stored.association_type
    {
        fields
            .spot
            .below("associationType")
            .problem("is not the type of this association", "give the type that it has");
    }
    onto(&fields, &mut patched);
    Some(patched)
}

/// All but id, type and result.
fn onto(fields: &Fields, a: &mut Association) {
    fields.required(&["role"], "the role, like `student`", word, &mut a.role);
    fields.required(&["state"], "`associated`, `canceled` or `finished`", word, &mut a.state);
    person_onto(fields, a);
    let offering_id = |value: &Value, spot: &Spot| reference(value, &["offeringId"], spot).map(|found| found.id);
    fields.required(&["offering"], "the id of the offering", offering_id, &mut a.offering_id);
    let consumers = fields.consumers();
    for own in &consumers.own {
        own.optional(
            &["additionalTimeInMin", "extraTimeInMin"],
            whole,
            &mut a.additional_time_min,
        );
        own.list(&["personalNeeds"], text, &mut a.personal_needs);
        own.optional(&["attempt"], whole, &mut a.attempt);
        let left = |value: &Value, spot: &Spot| whole(value, spot).map(AttemptsLeft::Left);
        // The exception to R3: here `null` is a value.
        own.defaulted(&["attemptLeft"], left, AttemptsLeft::Unlimited, &mut a.attempts_left);
        own.optional(
            &["programOfferingAssociationId"],
            full_text,
            &mut a.program_offering_association_id,
        );
        own.optional(
            &["courseOfferingAssociationId"],
            full_text,
            &mut a.course_offering_association_id,
        );
        own.optional(&["orgAssociationId"], full_text, &mut a.org_association_id);
        own.defaulted(&["startDate"], loose_day, None, &mut a.start);
        own.defaulted(&["expectedEndDate"], loose_day, None, &mut a.expected_end);
        own.defaulted(&["finalEndDate"], loose_day, None, &mut a.final_end);
        own.optional(&["sequenceCode"], text, &mut a.sequence_code);
    }
    // An expanded offering is an object of its own: read it with `read_offering` from `/offering`.
    fields.opaque(consumers, FIELDS, OWN, Vec::new(), &mut a.opaque);
}

/// The person, by id or whole. A PATCH with a part of the same person changes that part.
fn person_onto(fields: &Fields, a: &mut Association) {
    let Some((key, value @ Value::Object(_))) = fields.find(&["person"]) else {
        let before = a.person_id.clone();
        let id = |value: &Value, spot: &Spot| full_text(value, spot);
        fields.required(&["person"], "the person, or the person's id", id, &mut a.person_id);
        if a.person_id != before {
            a.person = None;
        }
        return;
    };
    let spot = fields.spot.below(key);
    let is_another = |stored: &Person| person_id(value).is_some_and(|id| id != stored.person_id);
    let read = match (&a.person, fields.extent) {
        (Some(stored), Extent::Patch) if !is_another(stored) => person::patch(value, spot, stored),
        // Of a person who is new here too, `null` in a patch is nothing that is kept.
        (_, Extent::Patch) => person::person(value, spot).and_then(|read| {
            let known = Report::default();
            person::patch(value, Spot::root(&known), &read)
        }),
        (_, Extent::Whole) => person::person(value, spot),
    };
    if let Some(read) = read {
        a.person_id.clone_from(&read.person_id);
        a.person = Some(read);
    }
}

/// The id that a person's object gives, as its reader finds it: by the name in any case, and a number by its digits.
fn person_id(value: &Value) -> Option<String> {
    let unsaid = Report::default();
    let fields = Fields::of(value, Spot::root(&unsaid), Extent::Patch)?;
    let (_, id) = fields.find(&["personId"])?;
    full_text(id, &fields.spot)
}
