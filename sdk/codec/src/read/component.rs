//! Component (toets), `§4.1`.

use serde_json::Value;

use super::{
    common::{code, dutch_required},
    field::{Extent, Fields, Spot, flag, full_text, text, whole, word},
};
use crate::{
    model::{Code, Component, ComponentStatus},
    opaque::Parts,
};

/// Fields that are interpreted; `teachingLanguage` is always Dutch and dropped (R17).
pub(crate) const FIELDS: &[&str] = &[
    "componentId",
    "componentType",
    "primaryCode",
    "otherCodes",
    "name",
    "description",
    "teachingLanguage",
    "consumers",
];
/// Fields of the consumer block that are interpreted.
pub(crate) const OWN: &[&str] = &[
    "consumerKey",
    "additionalTestingTime",
    "availablePersonalNeeds",
    "safety",
    "exam",
    "resultValueType",
    "passFrom",
    "retries",
    "status",
    "licensed",
];

/// A component as it is before anything was read.
fn blank() -> Component {
    Component {
        component_id: String::new(),
        component_type: "test".into(),
        primary_code: Code {
            code_type: String::new(),
            value: String::new(),
        },
        other_codes: Vec::new(),
        name: String::new(),
        description: None,
        result_value_type: None,
        exam: None,
        pass_from: None,
        retries: None,
        status: ComponentStatus::Active,
        licensed: None,
        additional_testing_time_min: None,
        available_personal_needs: Vec::new(),
        safety: Vec::new(),
        opaque: None,
    }
}

/// Reads a whole component.
pub(crate) fn component(value: &Value, spot: Spot) -> Option<Component> {
    let fields = Fields::of(value, spot, Extent::Whole)?;
    let mut c = blank();
    fields.required(
        &["componentId"],
        "the id of the component",
        full_text,
        &mut c.component_id,
    );
    fields.defaulted(&["componentType"], text, "test".into(), &mut c.component_type);
    fields.primary_code(&mut c.primary_code);
    fields.list(&["otherCodes"], code, &mut c.other_codes);
    fields.required(&["name"], "a list with the name in nl-NL", dutch_required, &mut c.name);
    fields.dutch(&["description"], &mut c.description);
    let consumers = fields.consumers();
    for own in &consumers.own {
        own.optional(&["additionalTestingTime"], whole, &mut c.additional_testing_time_min);
        own.list(&["availablePersonalNeeds"], text, &mut c.available_personal_needs);
        own.list(&["safety"], word, &mut c.safety);
        own.optional(&["exam"], flag, &mut c.exam);
        own.optional(&["resultValueType"], word, &mut c.result_value_type);
        own.optional(&["passFrom"], text, &mut c.pass_from);
        own.optional(&["retries"], whole, &mut c.retries);
        own.defaulted(&["status"], word, ComponentStatus::Active, &mut c.status);
        own.optional(&["licensed"], flag, &mut c.licensed);
    }
    fields.opaque(consumers, FIELDS, OWN, Vec::new(), &mut c.opaque);
    without_filler(&mut c);
    Some(c)
}

/// The abbreviation, required, that is written where none was received: the code, cut to 256 characters (`§4.1`).
pub(crate) fn filler(c: &Component) -> String {
    c.primary_code.value.chars().take(256).collect()
}

/// An abbreviation that is only the code says nothing; the writer makes the same.
fn without_filler(c: &mut Component) {
    let mut parts = Parts::of(c.opaque.as_deref());
    if parts.fields.get("abbreviation").and_then(Value::as_str) == Some(filler(c).as_str()) {
        parts.fields.remove("abbreviation");
        c.opaque = parts.into_opaque();
    }
}
