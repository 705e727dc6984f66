//! Group and membership, `§4.7`, `§4.8`.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    common::{Reference, code, dutch_any, loose_day, moment, reference},
    field::{Extent, Fields, Spot, full_text, text, whole, word},
};
use crate::model::{Code, Group, Membership, MembershipState};

/// Fields of a group that are interpreted.
pub(crate) const GROUP_FIELDS: &[&str] = &[
    "groupId",
    "groupType",
    "primaryCode",
    "otherCodes",
    "name",
    "description",
    "startDate",
    "endDate",
    "personCount",
    "organization",
    "consumers",
];
/// Fields of a membership that are interpreted.
pub(crate) const MEMBERSHIP_FIELDS: &[&str] =
    &["personId", "startDateTime", "endDateTime", "state", "role", "consumers"];

/// Reads a whole group. Neither object has a consumer block of this profile.
pub(crate) fn group(value: &Value, spot: Spot) -> Option<Group> {
    let fields = Fields::of(value, spot, Extent::Whole)?;
    let mut g = Group {
        group_id: String::new(),
        group_type: String::new(),
        primary_code: Code {
            code_type: String::new(),
            value: String::new(),
        },
        other_codes: Vec::new(),
        name: String::new(),
        description: None,
        start: None,
        end: None,
        person_count: None,
        organization_id: None,
        opaque: None,
    };
    fields.required(&["groupId"], "the id of the group", full_text, &mut g.group_id);
    fields.required(
        &["groupType"],
        "`learning group`, `class` or `team`",
        full_text,
        &mut g.group_type,
    );
    fields.primary_code(&mut g.primary_code);
    fields.list(&["otherCodes"], code, &mut g.other_codes);
    fields.required(&["name"], "a list with the name in nl-NL", dutch_any, &mut g.name);
    fields.dutch(&["description"], &mut g.description);
    fields.defaulted(&["startDate"], loose_day, None, &mut g.start);
    fields.defaulted(&["endDate"], loose_day, None, &mut g.end);
    fields.optional(&["personCount"], whole, &mut g.person_count);
    let mut expanded = Vec::new();
    if let Some((key, value)) = fields.find(&["organization"]).filter(|(_, value)| !value.is_null())
        && let Some(Reference { id, expanded: object }) = reference(value, &["organizationId"], &fields.spot.below(key))
    {
        g.organization_id = Some(id);
        expanded.push(("organization", object));
    }
    let consumers = fields.consumers();
    fields.opaque(consumers, GROUP_FIELDS, &["consumerKey"], expanded, &mut g.opaque);
    Some(g)
}

/// Reads a whole membership.
pub(crate) fn membership(value: &Value, spot: Spot) -> Option<Membership> {
    let fields = Fields::of(value, spot, Extent::Whole)?;
    let mut m = Membership {
        person_id: String::new(),
        state: MembershipState::Active,
        role: None,
        start: Timestamp::UNIX_EPOCH,
        end: None,
        opaque: None,
    };
    let id = |value: &Value, spot: &Spot| full_text(value, spot);
    fields.required(&["personId"], "the id of the person", id, &mut m.person_id);
    fields.required(
        &["startDateTime"],
        "the date and time with an offset",
        moment,
        &mut m.start,
    );
    let mut end = None;
    fields.optional(&["endDateTime"], loose_moment, &mut end);
    m.end = end.flatten();
    fields.defaulted(&["state"], word, MembershipState::Active, &mut m.state);
    fields.optional(&["role"], word, &mut m.role);
    let consumers = fields.consumers();
    fields.opaque(
        consumers,
        MEMBERSHIP_FIELDS,
        &["consumerKey"],
        Vec::new(),
        &mut m.opaque,
    );
    Some(m)
}

/// An optional moment; an empty text counts as none.
fn loose_moment(value: &Value, spot: &Spot) -> Option<Option<Timestamp>> {
    match text(value, spot) {
        Some(text) if text.trim().is_empty() => Some(None),
        Some(_) => moment(value, spot).map(Some),
        None => None,
    }
}
