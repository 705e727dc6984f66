//! Person, `§4.10`.

use serde_json::Value;

use super::{
    common::{code, loose_day},
    field::{Extent, Fields, Spot, full_text, text},
};
use crate::{
    model::{AssignedNeed, Code, Person},
    write::{NOT_AVAILABLE, UNUSED_MAIL},
};

/// Fields that are interpreted, and those that the agreement crosses out: known, to be ignored on receipt, and not
/// passed on, since nobody in the chain needs them (`§4.10`).
pub(crate) const FIELDS: &[&str] = &[
    "personId",
    "primaryCode",
    "otherCodes",
    "givenName",
    "surnamePrefix",
    "surname",
    "displayName",
    "activeEnrollment",
    "affiliations",
    "mail",
    "languageOfChoice",
    "consumers",
    "preferredName",
    "initials",
    "dateOfBirth",
    "cityOfBirth",
    "countryOfBirth",
    "nationality",
    "dateOfNationality",
    "secondaryMail",
    "telephoneNumber",
    "mobileNumber",
    "photoSocial",
    "photoOfficial",
    "gender",
    "titlePrefix",
    "titleSuffix",
    "office",
    "address",
    "ICEName",
    "ICEPhoneNumber",
    "ICERelation",
];
/// Fields of the consumer block that are interpreted.
pub(crate) const OWN: &[&str] = &["consumerKey", "preferredName", "assignedNeeds", "idCheckName"];

fn blank() -> Person {
    Person {
        person_id: String::new(),
        primary_code: Code {
            code_type: String::new(),
            value: String::new(),
        },
        other_codes: Vec::new(),
        given_name: None,
        surname_prefix: None,
        surname: None,
        display_name: String::new(),
        preferred_name: None,
        id_check_name: None,
        mail: None,
        affiliations: Vec::new(),
        languages: Vec::new(),
        assigned_needs: Vec::new(),
        opaque: None,
    }
}

/// Reads a whole person.
pub(crate) fn person(value: &Value, spot: Spot) -> Option<Person> {
    let fields = Fields::of(value, spot, Extent::Whole)?;
    let mut person = blank();
    fields.required(&["personId"], "the id of the person", full_text, &mut person.person_id);
    onto(&fields, &mut person);
    Some(person)
}

/// Reads what its owner changes onto a stored person; the id is ignored (R1).
pub(crate) fn patch(value: &Value, spot: Spot, stored: &Person) -> Option<Person> {
    let fields = Fields::of(value, spot, Extent::Patch)?;
    let mut patched = stored.clone();
    onto(&fields, &mut patched);
    Some(patched)
}

fn onto(fields: &Fields, p: &mut Person) {
    fields.primary_code(&mut p.primary_code);
    fields.list(&["otherCodes"], code, &mut p.other_codes);
    fields.optional(&["givenName"], text, &mut p.given_name);
    fields.optional(&["surnamePrefix"], text, &mut p.surname_prefix);
    fields.optional(&["surname"], text, &mut p.surname);
    fields.required(
        &["displayName"],
        "the name to show on the screen",
        full_text,
        &mut p.display_name,
    );
    fields.optional(&["mail"], text, &mut p.mail);
    fields.list(&["affiliations"], text, &mut p.affiliations);
    fields.list(&["languageOfChoice"], text, &mut p.languages);
    // One published example has it outside the consumer block.
    fields.optional(&["preferredName"], text, &mut p.preferred_name);
    let consumers = fields.consumers();
    for own in &consumers.own {
        own.optional(&["preferredName"], text, &mut p.preferred_name);
        own.list(&["assignedNeeds"], assigned_need, &mut p.assigned_needs);
        own.optional(&["idCheckName"], text, &mut p.id_check_name);
    }
    fields.opaque(consumers, FIELDS, OWN, Vec::new(), &mut p.opaque);
    without_fillers(p);
}

/// What was only filled in because it is required says nothing (R17, `§4.10`).
fn without_fillers(p: &mut Person) {
    p.mail = p.mail.take().filter(|mail| !mail.is_empty() && mail != UNUSED_MAIL);
    for name in [&mut p.given_name, &mut p.surname, &mut p.id_check_name] {
        *name = name.take().filter(|name| !name.eq_ignore_ascii_case(NOT_AVAILABLE));
    }
    p.id_check_name = p.id_check_name.take().map(without_student_number);
}

/// `idCheckName` without the student number that the published YAML allows at its end (`§4` of the rules): what follows
/// surname and given names, has a digit and no space. All of those, so that what was read reads back the same.
fn without_student_number(name: String) -> String {
    let is_number = |part: &&str| part.contains(|c: char| c.is_ascii_digit()) && !part.trim().contains(' ');
    let mut parts: Vec<&str> = name.split(", ").collect();
    while parts.len() > 2 && parts.last().is_some_and(is_number) {
        parts.pop();
    }
    parts.join(", ")
}

fn assigned_need(value: &Value, spot: &Spot) -> Option<AssignedNeed> {
    let fields = Fields::of(value, spot.clone(), Extent::Whole)?;
    let mut need = AssignedNeed {
        code: String::new(),
        description: None,
        start: None,
        end: None,
    };
    let coded = fields.required(&["code"], "the code of the need", full_text, &mut need.code);
    fields.dutch(&["description"], &mut need.description);
    for (names, target) in [("startDate", &mut need.start), ("endDate", &mut need.end)] {
        fields.defaulted(&[names], loose_day, None, target);
    }
    coded.then_some(need)
}
