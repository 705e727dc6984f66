//! Persons (flow 1), and a student's program enrolments for a vendor (flow 6).

use axum::Json;
use axum::extract::{Path, State};
use oke_codec::{PersonFields, write_person};
use serde_json::Value;

use super::association::{Needs, expanded, is_of_student_system};
use super::student_systems;
use crate::api::Service;
use crate::app::Refused;
use crate::domain::association::{Association, AssociationKind};
use crate::domain::person::Person;
use crate::oke::bearer::{Client, FLOW_6};
use crate::oke::problem::Problem;
use crate::oke::query::Query;
use crate::store::association::{role_word, state_word};
use crate::store::{association, person};

pub(super) async fn show(
    State(service): State<Service>,
    client: Client,
    Path((tenant, id)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let systems = student_systems(&service, &client).await?;
    let found = person::find(&service.core.db, &tenant, &id).await?;
    let found: Option<Person> = found.filter(|found| !found.erased && systems.contains(&found.peer));
    let found = found.ok_or_else(|| Refused::unknown("person", &id))?;
    Ok(Json(write_person(
        &found.facts,
        &client.sender.dialect,
        PersonFields::WithNeeds,
    )))
}

/// Flow 6: for a vendor at which the student takes part, and for no other. The type may have either of its names (RULES
/// §4).
pub(super) async fn associations(
    State(service): State<Service>,
    client: Client,
    Path((tenant, id)): Path<(String, String)>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    client.must_have(FLOW_6)?;
    if client.hat != "ta" {
        return Err(Problem::forbidden(
            "only an examenleverancier may do this here (§5.1); this client is another system's",
        ));
    }
    let page = query.page()?;
    let kind = match query.get("associationType") {
        None | Some("programOffering" | "programOfferingAssociation") => Some(AssociationKind::Program),
        // Words of the published list that flow 6 does not bring: a student's other tests are no vendor's business.
        Some("courseOffering" | "courseOfferingAssociation" | "componentOffering" | "componentOfferingAssociation") => {
            None
        }
        Some(_) => {
            return Err(Problem::bad(
                "query parameter associationType is not in the list; flow 6 asks for programOffering",
            ));
        }
    };
    let db = &service.core.db;
    let of_person = association::of_person(db, &tenant, &id).await?;
    let takes_part = |bound: &Association| {
        matches!(bound.kind, AssociationKind::Deelname | AssociationKind::Relayed)
            && bound.peer == client.sender.peer
            && !bound.is_canceled()
    };
    if !of_person.iter().any(takes_part) {
        return Err(Refused::unknown("person", &id).into());
    }
    let mut found = Vec::new();
    for bound in of_person {
        let is_wanted = Some(bound.kind) == kind
            && is_of_student_system(bound.kind)
            && query
                .get("role")
                .is_none_or(|role| role_word(&bound.facts.role) == role)
            && query
                .get("state")
                .is_none_or(|state| state_word(&bound.facts.state) == state);
        if is_wanted {
            found.push(expanded(&service, &client, &bound, &query, Needs::Kept).await?);
        }
    }
    Ok(Json(page.of(found, Value::clone)))
}
