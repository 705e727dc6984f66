//! The DR face of a school, `/oke/{tenant}/dr/…`, in front of its student system's connector: what that system told the
//! host (flow 1), for an outside TPL that plans for it; the results that such a TPL brings (flow 5), handed on to the
//! student system; and a student's program enrolments for a vendor (flow 6) (`§5.1`). What is read is the host's state.

mod association;
mod group;
mod offering;
mod organization;
mod person;

use axum::Router;
use axum::routing::get;
use serde_json::Value;

use super::answer::{elsewhere, metadata_of_school, method};
use super::bearer::{Client, FLOW_1_5};
use super::problem::Problem;
use super::query::Query;
use crate::api::Service;
use crate::store::{landscape, peer};

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/oke/{tenant}/dr", get(metadata_of_school).fallback(method))
        .route("/oke/{tenant}/dr/", get(metadata_of_school).fallback(method))
        .route(
            "/oke/{tenant}/dr/associations/{id}",
            get(association::show)
                .put(association::put)
                .patch(association::patch)
                .fallback(method),
        )
        .route("/oke/{tenant}/dr/groups", get(group::list).fallback(method))
        .route("/oke/{tenant}/dr/groups/{id}", get(group::show).fallback(method))
        .route(
            "/oke/{tenant}/dr/groups/{id}/members",
            get(group::members).fallback(method),
        )
        .route("/oke/{tenant}/dr/offerings", get(offering::list).fallback(method))
        .route("/oke/{tenant}/dr/offerings/{id}", get(offering::show).fallback(method))
        .route(
            "/oke/{tenant}/dr/offerings/{id}/associations",
            get(association::of_offering).fallback(method),
        )
        .route(
            "/oke/{tenant}/dr/organizations/{id}",
            get(organization::show).fallback(method),
        )
        .route("/oke/{tenant}/dr/persons/{id}", get(person::show).fallback(method))
        .route(
            "/oke/{tenant}/dr/persons/{id}/associations",
            get(person::associations).fallback(method),
        )
        .route("/oke/{tenant}/dr/{*elsewhere}", axum::routing::any(elsewhere))
}

/// The student systems that an outside TPL works with; of any other nothing is there for it (RULES §4).
///
/// # Errors
/// 403 without scope flow-1-5, or for another system than a TPL.
async fn student_systems(service: &Service, client: &Client) -> Result<Vec<String>, Problem> {
    client.must_have(FLOW_1_5)?;
    if client.hat != "tpl" {
        return Err(Problem::forbidden(
            "only a planning system may do this here (§5.1); this client is another system's",
        ));
    }
    let (db, tenant) = (&service.core.db, &client.sender.tenant);
    let linked = landscape::systems_of(db, tenant, &client.sender.peer).await?;
    let peers = peer::all(db, tenant).await?;
    let is_student_system = |id: &str| peers.iter().any(|peer| peer.id == id && peer.hat == "dr");
    let allowed = linked
        .into_iter()
        .filter(|link| link.allowed && is_student_system(&link.system));
    Ok(allowed.map(|link| link.system).collect())
}

/// References of an object that came whole go by id, but for those that were asked for (R14).
fn collapsed(mut object: Value, query: &Query, prefix: &str) -> Value {
    const IDS: [(&str, &str); 4] = [
        ("component", "componentId"),
        ("course", "courseId"),
        ("program", "programId"),
        ("organization", "organizationId"),
    ];
    for (field, id) in IDS {
        let whole = object.get(field).and_then(|value| value.get(id)).cloned();
        if let Some(id) = whole.filter(|_| !query.expands(&format!("{prefix}{field}"))) {
            object[field] = id;
        }
    }
    object
}
