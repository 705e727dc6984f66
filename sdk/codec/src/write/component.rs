//! Component (toets), `§4.1`.

use serde_json::Value;

use super::object::{Object, code, word};
use crate::{
    dialect::Dialect,
    model::Component,
    read::component::{FIELDS, OWN, filler},
    words,
};

pub(crate) fn component(c: &Component, dialect: &Dialect) -> Value {
    let mut object = Object::default();
    object.put("componentId", c.component_id.clone());
    object.put("componentType", c.component_type.clone());
    object.put("primaryCode", code(&c.primary_code, dialect));
    object.list("otherCodes", &c.other_codes, |other| code(other, dialect));
    object.dutch("name", &c.name);
    if let Some(description) = &c.description {
        object.dutch("description", description);
    }
    object.put("teachingLanguage", "nld");
    let mut own = Object::default();
    own.maybe("additionalTestingTime", c.additional_testing_time_min);
    own.texts("availablePersonalNeeds", &c.available_personal_needs);
    own.list("safety", &c.safety, word);
    own.maybe("exam", c.exam);
    own.word("resultValueType", &c.result_value_type);
    own.text("passFrom", &c.pass_from);
    own.maybe("retries", c.retries);
    own.put("status", words::word(&c.status));
    own.maybe("licensed", c.licensed);
    let mut written = object.with_consumers(own, true, c.opaque.as_deref(), FIELDS, OWN);
    if let Value::Object(map) = &mut written {
        map.entry("abbreviation").or_insert_with(|| filler(c).into());
    }
    written
}
