//! Who may change what (R1, R3, R4, table 4.0.F): patches and repeated PUTs of an owner, results and reports of
//! somebody else, each onto what is stored.

use serde_json::Value;

use crate::{
    dialect::Dialect,
    message::{ReportMessage, ResultMessage},
    model::{Association, AssociationState, Offering, OfferingState, Person},
    problem::Problems,
    read::{
        self,
        field::{Extent, Fields, Report, Spot},
    },
    words,
};

/// Whether a PATCH of an association is its owner's cancellation (R4).
pub fn is_association_cancellation(patch: &Value) -> bool {
    let report = Report::default();
    let Some(fields) = Fields::of(patch, Spot::root(&report), Extent::Patch) else {
        return false;
    };
    let state = fields.find(&["state"]).and_then(|(_, state)| state.as_str());
    state.and_then(words::parse::<AssociationState>) == Some(AssociationState::Canceled)
}

/// Whether a PATCH of an offering is its owner's cancellation (R4).
pub fn is_offering_cancellation(patch: &Value) -> bool {
    let report = Report::default();
    let Some(fields) = Fields::of(patch, Spot::root(&report), Extent::Patch) else {
        return false;
    };
    fields.consumers().own.iter().any(|own| {
        let state = own.find(&["offeringState"]).and_then(|(_, state)| state.as_str());
        state.and_then(words::parse::<OfferingState>) == Some(OfferingState::Canceled)
    })
}

/// Whether a PATCH is its owner's cancellation of an association or an offering: everything else in it is ignored
/// (R4). Ask this of an owner's message only: in a flow 3, 4 or 5 message a cancellation means nothing (table 4.0.F).
pub fn is_cancellation(patch: &Value) -> bool {
    let is_offering = patch.get("offeringType").is_some();
    is_offering_cancellation(patch) || (!is_offering && is_association_cancellation(patch))
}

/// An owner's PATCH of an offering (R3): `consumers` merges per key and per field; id and report are ignored; a
/// cancellation does nothing else (R4).
///
/// # Errors
/// All problems of the patch; the stored offering stays as it is.
pub fn patch_offering(stored: &Offering, patch: &Value, _dialect: &Dialect) -> Result<Offering, Problems> {
    if is_offering_cancellation(patch) {
        return Ok(Offering {
            state: OfferingState::Canceled,
            ..stored.clone()
        });
    }
    read::whole(|spot| read::offering::patch(patch, spot, stored))
}

/// An owner's PATCH of an association (R3): `consumers` merges per key and per field, `attemptLeft: null` means
/// unlimited; id and result are ignored; a cancellation does nothing else (R4).
///
/// # Errors
/// All problems of the patch; the stored association stays as it is.
pub fn patch_association(stored: &Association, patch: &Value, _dialect: &Dialect) -> Result<Association, Problems> {
    if is_association_cancellation(patch) {
        return Ok(Association {
            state: AssociationState::Canceled,
            ..stored.clone()
        });
    }
    read::whole(|spot| read::association::patch(patch, spot, stored))
}

/// An owner's PATCH of a person (R3).
///
/// # Errors
/// All problems of the patch; the stored person stays as it is.
pub fn patch_person(stored: &Person, patch: &Value, _dialect: &Dialect) -> Result<Person, Problems> {
    read::whole(|spot| read::person::patch(patch, spot, stored))
}

/// An owner's PUT of an offering over what is stored: the report that was delivered since stays (table 4.0.F), and
/// what is not interpreted stays unless the PUT brings its own (R13).
pub fn merge_put_offering(stored: Option<&Offering>, put: &Offering) -> Offering {
    let mut merged = put.clone();
    merged.irregularities = stored.and_then(|stored| stored.irregularities.clone());
    merged.documents = stored.map(|stored| stored.documents.clone()).unwrap_or_default();
    if merged.opaque.is_none() {
        merged.opaque = stored.and_then(|stored| stored.opaque.clone());
    }
    merged
}

/// What a PUT of an association may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutBrings {
    /// Flow 1 and 2: a result in it is ignored, and one that was delivered since stays.
    NoResult,
    /// Flow 5: an extra attempt with its result (R8), which replaces an earlier one.
    Result,
}

/// An owner's PUT of an association over what is stored: a result that was delivered since stays (table 4.0.F), a
/// person known whole stays where the PUT names the same one by id, and what is not interpreted stays unless the PUT
/// brings its own (R13).
pub fn merge_put_association(stored: Option<&Association>, put: &Association, brings: PutBrings) -> Association {
    let mut merged = put.clone();
    if brings == PutBrings::NoResult {
        merged.result = None;
    }
    let Some(stored) = stored else { return merged };
    if merged.result.is_none() {
        merged.result.clone_from(&stored.result);
    }
    if merged.person.is_none() && merged.person_id == stored.person_id {
        merged.person.clone_from(&stored.person);
    }
    if merged.opaque.is_none() {
        merged.opaque.clone_from(&stored.opaque);
    }
    merged
}

/// A PUT of a person over what is stored: what is not interpreted stays unless the PUT brings its own (R13).
pub fn merge_put_person(stored: Option<&Person>, put: &Person) -> Person {
    let mut merged = put.clone();
    if merged.opaque.is_none() {
        merged.opaque = stored.and_then(|stored| stored.opaque.clone());
    }
    merged
}

/// A result onto an association: replaces the result as a whole, and touches nothing else (R3, table 4.0.F). Of the 1.1
/// draft, which may tell a part, the rest of what was told before stays.
#[must_use]
pub fn apply_result(stored: &Association, message: &ResultMessage) -> Association {
    let result = match &message.part {
        Some(part) => part.over(stored.result.as_ref()),
        None => message.result.clone(),
    };
    Association {
        result: Some(result),
        ..stored.clone()
    }
}

/// A report onto an offering: sets what the message carries, and touches nothing else (R3, table 4.0.F).
#[must_use]
pub fn apply_report(stored: &Offering, message: &ReportMessage) -> Offering {
    let mut reported = stored.clone();
    if message.carries_irregularities {
        reported.irregularities.clone_from(&message.irregularities);
    }
    if message.carries_documents {
        reported.documents.clone_from(&message.documents);
    }
    reported
}

/// Settles the id of a PUT body with the id of the path (R1): a missing one is filled in, the same one is fine. `name`
/// is the field, like `associationId`.
///
/// # Errors
/// The body is no object, or carries another id.
pub fn settle_id(body: &mut Value, name: &str, path_id: &str) -> Result<(), Problems> {
    let Value::Object(map) = body else {
        return Err(Problems::one("", "is no object", "send the whole object as JSON"));
    };
    let key = map.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
    match key.as_ref().and_then(|key| map.get(key)) {
        None | Some(Value::Null) => {
            if let Some(key) = key {
                map.remove(&key);
            }
            map.insert(name.to_owned(), path_id.into());
            Ok(())
        }
        // Ids are opaque text, but most are UUIDs, which differ in case only between some systems.
        Some(Value::String(id)) if id.eq_ignore_ascii_case(path_id) => {
            if let Some(key) = key {
                map.insert(key, path_id.into());
            }
            Ok(())
        }
        Some(_) => Err(Problems::one(
            format!("/{name}"),
            "is another id than the path's",
            "give the id of the path, or leave it out",
        )),
    }
}
