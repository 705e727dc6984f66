//! The school's units as organizations (flow 1).

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::student_systems;
use crate::api::Service;
use crate::app::Refused;
use crate::app::unit::Units;
use crate::oke::bearer::Client;
use crate::oke::problem::Problem;
use crate::oke::query::Query;
use crate::store::tenant::UnitRow;

pub(super) async fn show(
    State(service): State<Service>,
    client: Client,
    Path((tenant, id)): Path<(String, String)>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    student_systems(&service, &client).await?;
    let units = Units::of(&service.core.db, &tenant).await?;
    let unit = units.get(&id).ok_or_else(|| Refused::unknown("organization", &id))?;
    let mut written = written(unit);
    if let Some(parent) = &unit.parent {
        written["parent"] = match units.get(parent).filter(|_| query.expands("parent")) {
            Some(parent) => self::written(parent),
            None => json!(parent),
        };
    }
    let children = units
        .sorted()
        .into_iter()
        .filter(|other| other.parent.as_ref() == Some(&id));
    let children: Vec<Value> = children
        .map(|child| match query.expands("children") {
            true => self::written(child),
            false => json!(child.id),
        })
        .collect();
    if !children.is_empty() {
        written["children"] = json!(children);
    }
    Ok(Json(written))
}

/// What is known of a unit here: its id and its name (`§4.9`).
fn written(unit: &UnitRow) -> Value {
    let short: String = unit.name.chars().take(256).collect();
    json!({
        "organizationId": unit.id,
        "primaryCode": { "codeType": "organizationId", "code": unit.id },
        "organizationType": match unit.parent {
            Some(_) => "department",
            None => "institute",
        },
        "name": [{ "language": "nl-NL", "value": unit.name }],
        "shortName": short,
    })
}
