//! The TPL face of a school, `/oke/{tenant}/tpl/…`: flow 1 from its student system, flows 3 and 4 from its vendors,
//! documents for flow 5, and optionally toetsgroepen of flow 1b (`§5.2`). Whose flow a PATCH belongs to follows from who
//! sends it: a student system owns offerings and associations, a vendor delivers results and reports on those it was
//! given.

mod group;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use oke_codec::{
    ResultFlow, read_association_put, read_offering_put, read_person, read_report_message, read_result_message,
    settle_id,
};

use super::answer::{elsewhere, metadata_of_school, method, patched, stored, unreadable};
use super::bearer::{Client, FLOW_1_5, FLOW_2_3_4};
use super::document;
use super::message::Message;
use super::problem::Problem;
use crate::api::Service;
use crate::app::{association, offering, person, report, result};
use crate::store::association as association_store;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/oke/{tenant}/tpl", get(metadata_of_school).fallback(method))
        .route("/oke/{tenant}/tpl/", get(metadata_of_school).fallback(method))
        .route(
            "/oke/{tenant}/tpl/offerings/{id}",
            put(put_offering).patch(patch_offering).fallback(method),
        )
        .route(
            "/oke/{tenant}/tpl/associations/{id}",
            put(put_association).patch(patch_association).fallback(method),
        )
        .route("/oke/{tenant}/tpl/persons/{id}", put(put_person).fallback(method))
        .route("/oke/{tenant}/tpl/groups/{id}", put(group::put).fallback(method))
        .route(
            "/oke/{tenant}/tpl/groups/{id}/members",
            put(group::put_member_of_body).fallback(method),
        )
        .route(
            "/oke/{tenant}/tpl/groups/{id}/members/{person}",
            put(group::put_member).fallback(method),
        )
        .route(
            "/oke/{tenant}/tpl/documents/{id}",
            get(document::of_tpl).fallback(method),
        )
        .route("/oke/{tenant}/tpl/{*elsewhere}", axum::routing::any(elsewhere))
}

async fn put_offering(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    mut message: Message,
) -> Result<Response, Problem> {
    student_system(&client, "PUT an offering")?;
    settle_id(&mut message.value, "offeringId", &id).map_err(unreadable)?;
    let told = read_offering_put(&message.value, &client.sender.dialect).map_err(unreadable)?;
    let outcome = offering::put(&service.core, &client.sender, &told, &message.content).await?;
    Ok(stored(outcome, message.value))
}

async fn put_association(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    mut message: Message,
) -> Result<Response, Problem> {
    student_system(&client, "PUT an association")?;
    settle_id(&mut message.value, "associationId", &id).map_err(unreadable)?;
    let told = read_association_put(&message.value, &client.sender.dialect).map_err(unreadable)?;
    let outcome = association::put(&service.core, &client.sender, &told, &message.content).await?;
    Ok(stored(outcome, message.value))
}

async fn put_person(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    mut message: Message,
) -> Result<Response, Problem> {
    student_system(&client, "PUT a person")?;
    settle_id(&mut message.value, "personId", &id).map_err(unreadable)?;
    let told = read_person(&message.value, &client.sender.dialect).map_err(unreadable)?;
    let outcome = person::put(&service.core, &client.sender, &told, &message.content).await?;
    Ok(stored(outcome, message.value))
}

async fn patch_offering(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    message: Message,
) -> Result<Response, Problem> {
    let (core, sender) = (&service.core, &client.sender);
    if client.hat == "dr" {
        client.must_have(FLOW_1_5)?;
        offering::patch(core, sender, &id, &message.value, &message.content).await?;
    } else {
        vendor(&client, "PATCH the report of a sitting")?;
        let told = read_report_message(&message.value, &client.sender.dialect).map_err(unreadable)?;
        report::accept_message(core, sender, &id, &told, &message.content).await?;
    }
    Ok(Json(message.value).into_response())
}

async fn patch_association(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    message: Message,
) -> Result<Response, Problem> {
    let (core, sender) = (&service.core, &client.sender);
    let (outcome, state) = if client.hat == "dr" {
        client.must_have(FLOW_1_5)?;
        (
            association::patch(core, sender, &id, &message.value, &message.content).await?,
            None,
        )
    } else {
        vendor(&client, "PATCH a result")?;
        let told =
            read_result_message(&message.value, ResultFlow::Three, &client.sender.dialect).map_err(unreadable)?;
        let accepted = result::accept_message(core, sender, &id, &told, &message.content).await?;
        (accepted.outcome, accepted.state)
    };
    // Its own state: what a vendor's message says of it means nothing (table 4.0.F).
    let state = match state {
        Some(state) => Some(state),
        None => association_store::find(&core.db, &sender.tenant, &id)
            .await?
            .map(|kept| kept.facts.state),
    };
    Ok(patched(outcome, &id, state.as_ref()))
}

/// Only a student system owns the objects of flow 1 (table 4.0.F).
fn student_system(client: &Client, what: &str) -> Result<(), Problem> {
    client.must_have(FLOW_1_5)?;
    if client.hat == "dr" {
        return Ok(());
    }
    Err(Problem::forbidden(format!(
        "only a student system may {what} here (table 4.0.F); this client is another system's"
    )))
}

/// Only a vendor delivers flows 3 and 4 (table 4.0.F).
fn vendor(client: &Client, what: &str) -> Result<(), Problem> {
    client.must_have(FLOW_2_3_4)?;
    if client.hat == "ta" {
        return Ok(());
    }
    Err(Problem::forbidden(format!(
        "only an examenleverancier may {what} here (table 4.0.F); this client is another system's"
    )))
}
