//! Flow 0: the vendor's catalogue as it was fetched last (`§3.0`).

use axum::Json;
use axum::extract::{Path, State};
use oke_codec::write_component;
use serde_json::Value;

use super::reader_of_catalogue;
use crate::api::Service;
use crate::oke::bearer::Client;
use crate::oke::problem::Problem;
use crate::oke::query::Query;
use crate::store::component::{self, ComponentRow};

/// The orders that the standard knows; the first is the default.
const ORDERS: [&str; 2] = ["name", "componentId"];

pub(super) async fn list(
    State(service): State<Service>,
    client: Client,
    Path((tenant, vendor)): Path<(String, String)>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    reader_of_catalogue(&service, &client, &vendor).await?;
    let page = query.page()?;
    let licensed = query.one_of("licensed", &["true", "false"])?.map(|word| word == "true");
    let since = query.since()?;
    let wanted = query.get("q").unwrap_or("").to_lowercase();
    let (order, is_reversed) = query.order(&ORDERS)?;
    let mut found = component::of_peer(&service.core.db, &tenant, &vendor).await?;
    found.retain(|row| {
        let facts = &row.facts;
        query
            .get("componentType")
            .is_none_or(|kind| facts.component_type == kind)
            && query
                .get("primaryCode")
                .is_none_or(|code| facts.primary_code.value == code)
            && licensed.is_none_or(|licensed| facts.licensed == Some(licensed))
            && since.is_none_or(|since| row.updated_at >= since)
            && (facts.name.to_lowercase().contains(&wanted)
                || facts.primary_code.value.to_lowercase().contains(&wanted))
    });
    found.sort_by(|one, other| {
        let names = |row: &ComponentRow| (row.facts.name.clone(), row.facts.component_id.clone());
        match order {
            "componentId" => one.facts.component_id.cmp(&other.facts.component_id),
            _ => names(one).cmp(&names(other)),
        }
    });
    if is_reversed {
        found.reverse();
    }
    Ok(Json(
        page.of(found, |row| write_component(&row.facts, &client.sender.dialect)),
    ))
}

pub(super) async fn show(
    State(service): State<Service>,
    client: Client,
    Path((tenant, vendor, id)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    reader_of_catalogue(&service, &client, &vendor).await?;
    let found = component::find(&service.core.db, &tenant, &vendor, &id).await?;
    let found =
        found.ok_or_else(|| Problem::absent(format!("there is no component `{id}` at this examenleverancier")))?;
    Ok(Json(write_component(&found.facts, &client.sender.dialect)))
}
