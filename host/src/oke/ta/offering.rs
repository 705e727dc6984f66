//! Sittings of an outside TPL (flow 2), read back with their report (flow 4).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use oke_codec::{OfferingFields, read_offering_put, settle_id, write_offering};
use serde_json::Value;

use super::{planner, reader};
use crate::api::Service;
use crate::app::Refused;
use crate::app::relay::{self, At, back};
use crate::domain::offering::Offering;
use crate::oke::answer::{stored, unreadable};
use crate::oke::bearer::Client;
use crate::oke::message::Message;
use crate::oke::problem::Problem;

pub(super) async fn show(
    State(service): State<Service>,
    client: Client,
    Path((tenant, vendor, id)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    reader(&service, &client, &vendor).await?;
    let sitting = its_own(&service, &client, &vendor, &id).await?;
    let told = back::told_sitting(&service.core, &tenant, &sitting).await?;
    let fields = OfferingFields::SittingWithReport;
    Ok(Json(write_offering(&told, &client.sender.dialect, fields)))
}

/// The sitting by this id that the client planned at this vendor.
pub(super) async fn its_own(service: &Service, client: &Client, vendor: &str, id: &str) -> Result<Offering, Problem> {
    let at = At {
        sender: &client.sender,
        vendor,
    };
    let found = relay::sitting(&service.core, at, id).await?;
    Ok(found.ok_or_else(|| Refused::unknown("sitting", id))?)
}

pub(super) async fn put(
    State(service): State<Service>,
    client: Client,
    Path((_, vendor, id)): Path<(String, String, String)>,
    mut message: Message,
) -> Result<Response, Problem> {
    planner(&service, &client, &vendor).await?;
    settle_id(&mut message.value, "offeringId", &id).map_err(unreadable)?;
    let told = read_offering_put(&message.value, &client.sender.dialect).map_err(unreadable)?;
    let at = At {
        sender: &client.sender,
        vendor: &vendor,
    };
    let outcome = relay::put_sitting(&service.core, at, &told, &message.content).await?;
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
    relay::patch_sitting(&service.core, at, &id, &message.value, &message.content).await?;
    Ok(Json(message.value).into_response())
}
