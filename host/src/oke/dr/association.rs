//! Enrolments of the student system (flow 1), and the results that an outside TPL brings for them (flow 5).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use oke_codec::{
    AssociationFields, OfferingFields, PersonAs, ResultFlow, read_association, read_result_message, settle_id,
    write_association, write_offering,
};
use serde_json::Value;

use super::{collapsed, offering, student_systems};
use crate::api::Service;
use crate::app::relay::student_result::{self, Brought};
use crate::app::{Core, Refused};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::model;
use crate::oke::answer::{patched, stored, unreadable};
use crate::oke::bearer::Client;
use crate::oke::message::Message;
use crate::oke::problem::Problem;
use crate::oke::query::Query;
use crate::store::association::{self as associations, role_word, state_word};
use crate::store::{offering as offerings, person};

/// The kinds that a student system owns.
pub(super) fn is_of_student_system(kind: AssociationKind) -> bool {
    matches!(
        kind,
        AssociationKind::Enrolment | AssociationKind::Course | AssociationKind::Program
    )
}

pub(super) async fn show(
    State(service): State<Service>,
    client: Client,
    Path((tenant, id)): Path<(String, String)>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let systems = student_systems(&service, &client).await?;
    let found = associations::find(&service.core.db, &tenant, &id).await?;
    let found = found.filter(|found| systems.contains(&found.peer) && is_shown(found, &client));
    let found = found.ok_or_else(|| Refused::unknown("association", &id))?;
    Ok(Json(expanded(&service, &client, &found, &query, Needs::Told).await?))
}

/// What a student system made, and extra attempts that this very client brought; not those planned in this host.
fn is_shown(association: &Association, client: &Client) -> bool {
    let is_its_own = association.planner.as_deref() == Some(&client.sender.peer);
    (is_of_student_system(association.kind) && association.planned_by.is_none()) || is_its_own
}

pub(super) async fn of_offering(
    State(service): State<Service>,
    client: Client,
    Path((tenant, id)): Path<(String, String)>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let systems = student_systems(&service, &client).await?;
    let page = query.page()?;
    offering::find(&service, &client, &systems, &id).await?;
    let mut found = associations::of_offering(&service.core.db, &tenant, &id).await?;
    found.retain(|bound| {
        systems.contains(&bound.peer)
            && is_shown(bound, &client)
            && query
                .get("role")
                .is_none_or(|role| role_word(&bound.facts.role) == role)
            && query
                .get("state")
                .is_none_or(|state| state_word(&bound.facts.state) == state)
    });
    let (total, found) = page.cut(found);
    let mut items = Vec::with_capacity(found.len());
    for bound in &found {
        items.push(expanded(&service, &client, bound, &query, Needs::Told).await?);
    }
    Ok(Json(page.written(total, items)))
}

/// Whether a person's needs are told: to who plans they are, to a vendor only what was planned (R15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// With the person.
    Told,
    /// Left out.
    Kept,
}

/// An enrolment with what was asked for whole: `person`, `offering`, `offering.program` and the like.
pub(super) async fn expanded(
    service: &Service,
    client: &Client,
    found: &Association,
    query: &Query,
    needs: Needs,
) -> Result<Value, Problem> {
    let tenant = client.sender.tenant.as_str();
    let Core { db, .. } = &service.core;
    let mut facts = found.facts.clone();
    let mut person_as = PersonAs::Id;
    if query.expands("person") {
        let known = person::find(db, tenant, &facts.person_id).await?;
        facts.person = known.filter(|known| !known.erased).map(|known| known.facts);
        if let (Needs::Kept, Some(person)) = (needs, facts.person.as_mut()) {
            person.assigned_needs.clear();
        }
        person_as = PersonAs::Whole;
    }
    let fields = AssociationFields::EnrolmentWithResult;
    let mut written = write_association(&facts, &client.sender.dialect, fields, person_as);
    if (query.expands("offering") || query.expands_below("offering."))
        && let Some(known) = offerings::find(db, tenant, &facts.offering_id).await?
    {
        let whole = write_offering(&known.facts, &client.sender.dialect, OfferingFields::Planned);
        written["offering"] = collapsed(whole, query, "offering.");
    }
    Ok(written)
}

/// Flow 5, of an extra attempt: a new association with its result, foreseen or not (R7, R8).
pub(super) async fn put(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    mut message: Message,
) -> Result<Response, Problem> {
    let systems = student_systems(&service, &client).await?;
    settle_id(&mut message.value, "associationId", &id).map_err(unreadable)?;
    let told = read_association(&message.value, &client.sender.dialect).map_err(unreadable)?;
    if told.result.is_none() {
        return Err(Problem::bad(
            "/result is missing: give the result with at least state and attendance",
        ));
    }
    let brought = Brought {
        sender: &client.sender,
        systems: &systems,
        content: &message.content,
        carries_person: told.person.is_some(),
    };
    let outcome = student_result::put(&service.core, brought, &told).await?;
    Ok(stored(outcome, message.value))
}

/// Flow 5, of an enrolment that is known: everything but the result is ignored (R12); a cancelled one takes it too (R6).
pub(super) async fn patch(
    State(service): State<Service>,
    client: Client,
    Path((tenant, id)): Path<(String, String)>,
    message: Message,
) -> Result<Response, Problem> {
    let systems = student_systems(&service, &client).await?;
    let told = read_result_message(&message.value, ResultFlow::Five, &client.sender.dialect).map_err(unreadable)?;
    let brought = Brought {
        sender: &client.sender,
        systems: &systems,
        content: &message.content,
        carries_person: false,
    };
    let outcome = student_result::patch(&service.core, brought, &id, &told).await?;
    let kept = associations::find(&service.core.db, &tenant, &id).await?;
    let state: Option<&model::AssociationState> = kept.as_ref().map(|kept| &kept.facts.state);
    Ok(patched(outcome, &id, state))
}
