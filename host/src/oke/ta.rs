//! The TA face of a school's vendor, `/oke/{tenant}/ta/{vendor}/…`: the catalogue for planning and student systems (flow
//! 0), and for an outside TPL sittings and deelnames (flow 2), what came of them (flows 3 and 4) and documents (`§5.3`).
//! What is answered is the host's state; only start links are asked of the vendor, through its connector.

mod association;
mod catalogue;
mod offering;
mod start_link;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use super::answer::{elsewhere, metadata, method};
use super::bearer::{Client, FLOW_0, FLOW_2_3_4};
use super::document;
use super::problem::Problem;
use crate::api::Service;
use crate::store::{landscape, peer};

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/oke/{tenant}/ta/{vendor}", get(about).fallback(method))
        .route("/oke/{tenant}/ta/{vendor}/", get(about).fallback(method))
        .route(
            "/oke/{tenant}/ta/{vendor}/components",
            get(catalogue::list).fallback(method),
        )
        .route(
            "/oke/{tenant}/ta/{vendor}/components/{id}",
            get(catalogue::show).fallback(method),
        )
        .route(
            "/oke/{tenant}/ta/{vendor}/offerings/{id}",
            get(offering::show)
                .put(offering::put)
                .patch(offering::patch)
                .fallback(method),
        )
        .route(
            "/oke/{tenant}/ta/{vendor}/offerings/{id}/associations",
            get(association::list).fallback(method),
        )
        .route(
            "/oke/{tenant}/ta/{vendor}/associations/{id}",
            get(association::show)
                .put(association::put)
                .patch(association::patch)
                .fallback(method),
        )
        .route(
            "/oke/{tenant}/ta/{vendor}/associations/{id}/url",
            get(start_link::get).fallback(method),
        )
        .route(
            "/oke/{tenant}/ta/{vendor}/documents/{id}",
            get(document::of_ta).fallback(method),
        )
        .route("/oke/{tenant}/ta/{vendor}/{*elsewhere}", axum::routing::any(elsewhere))
}

/// What this face says of itself.
async fn about(
    State(service): State<Service>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<Value>, Problem> {
    let Path((tenant, vendor)) = path.map_err(|rejection| Problem::bad(rejection.body_text()))?;
    must_be_vendor(&service, &tenant, &vendor).await?;
    metadata(&service, &tenant).await
}

async fn must_be_vendor(service: &Service, tenant: &str, vendor: &str) -> Result<(), Problem> {
    let found = peer::find(&service.core.db, tenant, vendor).await?;
    match found.filter(|found| found.hat == "ta") {
        Some(_) => Ok(()),
        None => Err(Problem::absent("this school has no such examenleverancier")),
    }
}

/// Lets an outside TPL in that plans at this vendor, with scope flow-2-3-4. For any other the face isn't there.
///
/// # Errors
/// 403 without the scope, 404 for who does not plan here.
pub(super) async fn planner(service: &Service, client: &Client, vendor: &str) -> Result<(), Problem> {
    client.must_have(FLOW_2_3_4)?;
    plans_here(service, client, vendor).await
}

/// Lets an outside TPL read what it planned at this vendor, with scope flow-2-3-4: also when it plans there no more, since
/// results still go to it (R6). It sees its own objects only.
///
/// # Errors
/// 403 without the scope, 404 for any other.
pub(super) async fn reader(service: &Service, client: &Client, vendor: &str) -> Result<(), Problem> {
    client.must_have(FLOW_2_3_4)?;
    must_be_vendor(service, &client.sender.tenant, vendor).await?;
    match client.hat == "tpl" {
        true => Ok(()),
        false => Err(not_here()),
    }
}

fn not_here() -> Problem {
    Problem::absent(
        "this client does not plan at this examenleverancier; functioneel beheer of the school says who does",
    )
}

async fn plans_here(service: &Service, client: &Client, vendor: &str) -> Result<(), Problem> {
    let (tenant, planner) = (&client.sender.tenant, &client.sender.peer);
    must_be_vendor(service, tenant, vendor).await?;
    if client.hat == "tpl" && landscape::works_with(&service.core.db, tenant, planner, vendor).await? {
        return Ok(());
    }
    Err(not_here())
}

/// Lets in who may read a catalogue, with scope flow-0: a student system, and a TPL that plans at this vendor.
async fn reader_of_catalogue(service: &Service, client: &Client, vendor: &str) -> Result<(), Problem> {
    client.must_have(FLOW_0)?;
    match client.hat.as_str() {
        "dr" => must_be_vendor(service, &client.sender.tenant, vendor).await,
        _ => plans_here(service, client, vendor).await,
    }
}
