//! Planbare toetsen, and course and program offerings (flow 1).

use axum::Json;
use axum::extract::{Path, State};
use oke_codec::{OfferingFields, write_offering};
use serde_json::Value;

use super::{collapsed, student_systems};
use crate::api::Service;
use crate::app::Refused;
use crate::domain::offering::{Offering, OfferingKind};
use crate::oke::bearer::Client;
use crate::oke::problem::Problem;
use crate::oke::query::Query;
use crate::store::offering::{self, Period};

/// The kinds that a student system owns.
pub(super) fn is_of_student_system(kind: OfferingKind) -> bool {
    matches!(
        kind,
        OfferingKind::Plannable | OfferingKind::Course | OfferingKind::Program
    )
}

pub(super) async fn list(State(service): State<Service>, client: Client, query: Query) -> Result<Json<Value>, Problem> {
    let systems = student_systems(&service, &client).await?;
    let page = query.page()?;
    let kind = match query.one_of("offeringType", &["component", "course", "program"])? {
        Some("course") => OfferingKind::Course,
        Some("program") => OfferingKind::Program,
        // Without a type it is about what is to be planned.
        _ => OfferingKind::Plannable,
    };
    let is_test = query.get("component.componentType").is_none_or(|kind| kind == "test");
    let period = Period {
        since: query.since()?,
        until: query.until()?,
    };
    let found = match is_test {
        true => {
            offering::overlapping(
                &service.core.db,
                &client.sender.tenant,
                (kind, &systems),
                period,
                page.window(),
            )
            .await?
        }
        false => Vec::new(),
    };
    Ok(Json(
        page.of_window(found, |offering| written(&client, offering, &query)),
    ))
}

fn written(client: &Client, offering: &Offering, query: &Query) -> Value {
    let written = write_offering(&offering.facts, &client.sender.dialect, OfferingFields::Planned);
    collapsed(written, query, "")
}

pub(super) async fn show(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let systems = student_systems(&service, &client).await?;
    let offering = find(&service, &client, &systems, &id).await?;
    Ok(Json(written(&client, &offering, &query)))
}

/// An offering of one of these student systems.
pub(super) async fn find(
    service: &Service,
    client: &Client,
    systems: &[String],
    id: &str,
) -> Result<Offering, Problem> {
    let found = offering::find(&service.core.db, &client.sender.tenant, id).await?;
    let found = found.filter(|found| is_of_student_system(found.kind) && systems.contains(&found.peer));
    Ok(found.ok_or_else(|| Refused::unknown("offering", id))?)
}
