//! Person, `§4.10`.

use serde_json::{Value, json};

use super::{
    NOT_AVAILABLE, PersonFields, UNUSED_MAIL,
    object::{Object, code, day},
};
use crate::{
    dialect::{Dialect, PrefixPlace},
    model::{AssignedNeed, Person},
    read::person::{FIELDS, OWN},
};

pub(crate) fn person(p: &Person, dialect: &Dialect, fields: PersonFields) -> Value {
    let known_or_filler = |name: &Option<String>| name.clone().unwrap_or_else(|| NOT_AVAILABLE.to_owned());
    let mut object = Object::default();
    object.put("personId", p.person_id.clone());
    object.put("primaryCode", code(&p.primary_code, dialect));
    object.list("otherCodes", &p.other_codes, |other| code(other, dialect));
    object.put("givenName", known_or_filler(&p.given_name));
    object.text("surnamePrefix", &p.surname_prefix);
    object.put("surname", known_or_filler(&p.surname));
    object.put("displayName", p.display_name.clone());
    object.put("activeEnrollment", true);
    // Required by the published YAML even where it is empty.
    object.put("affiliations", p.affiliations.clone());
    object.put("mail", p.mail.clone().unwrap_or_else(|| UNUSED_MAIL.to_owned()));
    object.texts("languageOfChoice", &p.languages);
    let is_student = p
        .affiliations
        .iter()
        .any(|affiliation| affiliation.eq_ignore_ascii_case("student"));
    let mut own = Object::default();
    own.text("preferredName", &p.preferred_name);
    if fields == PersonFields::WithNeeds {
        own.list("assignedNeeds", &p.assigned_needs, assigned_need);
    }
    if is_student || p.id_check_name.is_some() {
        own.put("idCheckName", id_check_name(p, dialect));
    }
    object.with_consumers(own, is_student, p.opaque.as_deref(), FIELDS, OWN)
}

fn assigned_need(need: &AssignedNeed) -> Value {
    let mut object = Object::default();
    object.put("code", need.code.clone());
    if let Some(description) = &need.description {
        object.dutch("description", description);
    }
    object.maybe("startDate", need.start.map(day));
    object.maybe("endDate", need.end.map(day));
    Value::Object(object.0)
}

/// The name on the identity document, with prefix and student number where the peer wants them.
fn id_check_name(p: &Person, dialect: &Dialect) -> Value {
    let Some(name) = &p.id_check_name else {
        return json!(NOT_AVAILABLE);
    };
    let Some((surname, given)) = name.split_once(", ") else {
        return json!(name);
    };
    let placed = match (&p.surname_prefix, dialect.quirks.id_check_prefix) {
        (Some(prefix), PrefixPlace::Back) => {
            let bare = surname
                .strip_prefix(prefix.as_str())
                .and_then(|rest| rest.strip_prefix(' '));
            bare.map(|bare| format!("{bare}, {given} {prefix}"))
        }
        (Some(prefix), PrefixPlace::Front) => {
            let bare = given
                .strip_suffix(prefix.as_str())
                .and_then(|rest| rest.strip_suffix(' '));
            bare.map(|bare| format!("{prefix} {surname}, {bare}"))
        }
        _ => None,
    };
    let mut written = placed.unwrap_or_else(|| name.clone());
    let numbers = std::iter::once(&p.primary_code).chain(&p.other_codes);
    let mut numbers = numbers.filter(|code| code.code_type.eq_ignore_ascii_case("studentNumber"));
    if let (true, Some(number)) = (dialect.quirks.id_check_student_number, numbers.next()) {
        written = format!("{written}, {}", number.value);
    }
    written.into()
}
