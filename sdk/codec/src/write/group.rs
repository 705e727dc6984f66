//! Group and membership, `§4.7`, `§4.8`.

use serde_json::Value;

use super::object::{Object, code, day, moment, reference};
use crate::{
    dialect::Dialect,
    model::{Group, Membership},
    opaque::Parts,
    read::group::{GROUP_FIELDS, MEMBERSHIP_FIELDS},
    words,
};

pub(crate) fn group(g: &Group, dialect: &Dialect) -> Value {
    let mut expanded = Parts::of(g.opaque.as_deref()).fields;
    let mut object = Object::default();
    object.put("groupId", g.group_id.clone());
    object.put("groupType", g.group_type.clone());
    object.put("primaryCode", code(&g.primary_code, dialect));
    object.list("otherCodes", &g.other_codes, |other| code(other, dialect));
    object.dutch("name", &g.name);
    if let Some(description) = &g.description {
        object.dutch("description", description);
    }
    object.maybe("startDate", g.start.map(day));
    object.maybe("endDate", g.end.map(day));
    object.maybe("personCount", g.person_count);
    if let Some(id) = &g.organization_id {
        let written = reference(id, &["organizationId"], expanded.remove("organization"), dialect);
        object.put("organization", written);
    }
    object.with_consumers(
        Object::default(),
        false,
        g.opaque.as_deref(),
        GROUP_FIELDS,
        &["consumerKey"],
    )
}

pub(crate) fn membership(m: &Membership) -> Value {
    let mut object = Object::default();
    object.put("personId", m.person_id.clone());
    object.put("startDateTime", moment(m.start));
    object.maybe("endDateTime", m.end.map(moment));
    object.put("state", words::word(&m.state));
    object.word("role", &m.role);
    object.with_consumers(
        Object::default(),
        false,
        m.opaque.as_deref(),
        MEMBERSHIP_FIELDS,
        &["consumerKey"],
    )
}
