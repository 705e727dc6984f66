//! Deelnames of an outside TPL (flow 2), read back with their results (flow 3).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use oke_codec::{AssociationFields, PersonAs, model, read_association_put, settle_id, write_association};
use serde_json::Value;

use super::offering::its_own;
use super::{planner, reader};
use crate::api::Service;
use crate::app::Refused;
use crate::app::relay::{self, At, back};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::model::ResultState;
use crate::oke::answer::{patched, stored, unreadable};
use crate::oke::bearer::Client;
use crate::oke::message::Message;
use crate::oke::problem::Problem;
use crate::oke::query::Query;
use crate::store::association::{self as associations, role_word, state_word};

/// What the published document lets a caller ask for; only some of it is used here (R16).
const ROLES: [&str; 7] = [
    "student",
    "lecturer",
    "teaching assistant",
    "coordinator",
    "guest",
    "invigilator",
    "assessor",
];
const STATES: [&str; 6] = ["pending", "canceled", "denied", "associated", "queued", "finished"];
const RESULT_STATES: [&str; 4] = ["in progress", "postponed", "completed", "queued"];
const ORDERS: [&str; 1] = ["associationId"];

pub(super) async fn list(
    State(service): State<Service>,
    client: Client,
    Path((tenant, vendor, id)): Path<(String, String, String)>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    reader(&service, &client, &vendor).await?;
    let page = query.page()?;
    let role = query.one_of("role", &ROLES)?;
    let state = query.one_of("state", &STATES)?;
    let result_state = query.one_of("result-state", &RESULT_STATES)?;
    let (_, is_reversed) = query.order(&ORDERS)?;
    let sitting = its_own(&service, &client, &vendor, &id).await?;
    let mut found = associations::of_offering(&service.core.db, &tenant, &sitting.id).await?;
    found.retain(|bound| {
        let facts = &bound.facts;
        let of_result = facts.result.as_ref().map(|result| result_state_word(result.state));
        bound.kind == AssociationKind::Relayed
            && role.is_none_or(|role| role_word(&facts.role) == role)
            && state.is_none_or(|state| state_word(&facts.state) == state)
            && result_state.is_none_or(|wanted| of_result == Some(wanted))
    });
    if is_reversed {
        found.reverse();
    }
    let (total, found) = page.cut(found);
    let person = person_as(&query);
    let mut items = Vec::with_capacity(found.len());
    for bound in found {
        items.push(back::told_deelname(&service.core, &tenant, bound).await?);
    }
    Ok(Json(page.with(total, items, |told| written(&client, told, person))))
}

fn result_state_word(state: ResultState) -> &'static str {
    match state {
        ResultState::InProgress => "in progress",
        ResultState::Postponed => "postponed",
        ResultState::Completed => "completed",
        ResultState::Queued => "queued",
    }
}

fn person_as(query: &Query) -> PersonAs {
    match query.expands("person") {
        true => PersonAs::Whole,
        false => PersonAs::Id,
    }
}

fn written(client: &Client, told: &model::Association, person: PersonAs) -> Value {
    write_association(
        told,
        &client.sender.dialect,
        AssociationFields::DeelnameWithResult,
        person,
    )
}

pub(super) async fn show(
    State(service): State<Service>,
    client: Client,
    Path((tenant, vendor, id)): Path<(String, String, String)>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    reader(&service, &client, &vendor).await?;
    let deelname = deelname(&service, &client, &vendor, &id).await?;
    let told = back::told_deelname(&service.core, &tenant, deelname).await?;
    Ok(Json(written(&client, &told, person_as(&query))))
}

/// The deelname by this id that the client made at this vendor.
async fn deelname(service: &Service, client: &Client, vendor: &str, id: &str) -> Result<Association, Problem> {
    let at = At {
        sender: &client.sender,
        vendor,
    };
    let found = relay::deelname(&service.core, at, id).await?;
    Ok(found.ok_or_else(|| Refused::unknown("deelname", id))?)
}

pub(super) async fn put(
    State(service): State<Service>,
    client: Client,
    Path((_, vendor, id)): Path<(String, String, String)>,
    mut message: Message,
) -> Result<Response, Problem> {
    planner(&service, &client, &vendor).await?;
    settle_id(&mut message.value, "associationId", &id).map_err(unreadable)?;
    let told = read_association_put(&message.value, &client.sender.dialect).map_err(unreadable)?;
    let at = At {
        sender: &client.sender,
        vendor: &vendor,
    };
    let outcome = relay::put_deelname(&service.core, at, &told, &message.content).await?;
    Ok(stored(outcome, message.value))
}

pub(super) async fn patch(
    State(service): State<Service>,
    client: Client,
    Path((_, vendor, id)): Path<(String, String, String)>,
    message: Message,
) -> Result<Response, Problem> {
    planner(&service, &client, &vendor).await?;
    let at = At {
        sender: &client.sender,
        vendor: &vendor,
    };
    let outcome = relay::patch_deelname(&service.core, at, &id, &message.value, &message.content).await?;
    let kept = deelname(&service, &client, &vendor, &id).await?;
    Ok(patched(outcome, &id, Some(&kept.facts.state)))
}
