//! Changes that the SIS makes without telling the TPL: whoever asks sees them (flow 1 by pull).

use std::sync::Arc;

use serde_json::Value;

use super::super::SimulatorError;
use super::System;
use super::registry::Registry;

/// Forgets an offering or an association, as if it never was.
pub(super) fn forget(system: &Arc<System>, id: &str) -> Result<(), SimulatorError> {
    let mut registry = system.registry();
    let had = registry.associations.remove(id).is_some() | registry.offerings.remove(id).is_some();
    match had {
        true => Ok(()),
        false => Err(unknown(id)),
    }
}

/// Replaces fields of an offering, a person or an association. Nothing is checked: a SIS may hold what it should not.
pub(super) fn amend(system: &Arc<System>, id: &str, fields: &Value) -> Result<(), SimulatorError> {
    let mut registry = system.registry();
    let object = object(&mut registry, id).ok_or_else(|| unknown(id))?;
    for (name, value) in fields.as_object().into_iter().flatten() {
        object[name.as_str()] = value.clone();
    }
    Ok(())
}

fn object<'a>(registry: &'a mut Registry, id: &str) -> Option<&'a mut Value> {
    if let Some(held) = registry.associations.get_mut(id) {
        return Some(&mut held.json);
    }
    if let Some(offering) = registry.offerings.get_mut(id) {
        return Some(offering);
    }
    registry.persons.get_mut(id)
}

fn unknown(id: &str) -> SimulatorError {
    SimulatorError::Unknown {
        kind: "object",
        id: id.to_owned(),
    }
}
