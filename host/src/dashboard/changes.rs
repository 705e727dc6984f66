//! `/koppelingen/{peer}/wijzigingen`: the change log of a connector, with the vendor's notes and who made what why, and
//! what differs between any two revisions.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::connectors::named;
use super::oops::Oops;
use super::session::Visitor;
use super::shell::{Shell, page};
use super::words;
use crate::api::Service;
use crate::app::revision::{self, Difference};
use crate::store::peer;

/// The route.
pub fn routes() -> Router<Service> {
    Router::new().route("/koppelingen/{peer}/wijzigingen", get(show))
}

/// A difference in words.
pub struct Change {
    /// What differs.
    pub what: String,
    /// In the one.
    pub now: String,
    /// In the other.
    pub then: String,
}

/// A difference as functioneel beheer reads it.
pub fn change(difference: Difference) -> Change {
    let or = |value: Option<String>| value.unwrap_or_else(|| "geen".to_owned());
    let either = |what: String, added: bool| {
        let (now, then) = if added { ("nee", "ja") } else { ("ja", "nee") };
        Change {
            what,
            now: now.to_owned(),
            then: then.to_owned(),
        }
    };
    match difference {
        Difference::Code { from, to } => Change {
            what: "Connector".to_owned(),
            now: from,
            then: to,
        },
        Difference::Profile { from, to } => Change {
            what: "Profiel".to_owned(),
            now: or(from),
            then: or(to),
        },
        Difference::Configuration { key, from, to } => Change {
            what: format!("Instelling ‘{key}’"),
            now: or(from),
            then: or(to),
        },
        Difference::Grant {
            added,
            endpoint,
            request,
        } => either(format!("Mag ‘{request}’ vragen bij ‘{endpoint}’"), added),
        Difference::Secret { added, endpoint } => either(format!("Gebruikt de sleutel van adres ‘{endpoint}’"), added),
        Difference::Interface { added, interface } => either(format!("Kent ‘{interface}’"), added),
        Difference::Table { added, code } => either(format!("Voorziening ‘{code}’ kan worden doorgegeven"), added),
    }
}

#[derive(Deserialize)]
struct Which {
    van: Option<i64>,
    naar: Option<i64>,
}

struct Entry {
    number: i64,
    connector: String,
    notes: String,
    author: String,
    reason: String,
    at: String,
    /// Since the revision before it.
    changes: Vec<Change>,
}

#[derive(Template)]
#[template(path = "changes.html")]
struct ChangesPage {
    shell: Shell,
    peer: String,
    name: String,
    entries: Vec<Entry>,
    numbers: Vec<i64>,
    compared: Option<(i64, i64, Vec<Change>)>,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Oops> {
    let (core, tenant) = (&service.core, visitor.tenant());
    let row = peer::find(&core.db, tenant, &id)
        .await?
        .ok_or_else(|| Oops::absent("Deze koppeling is er niet."))?;
    let revisions = core.db.revisions(tenant, &id).await?;
    let mut entries = Vec::new();
    for (place, revision) in revisions.iter().enumerate() {
        let package = core.db.package(tenant, &revision.digest).await?;
        let before = revisions.get(place + 1);
        let changes = match before {
            Some(before) => between(&service, tenant, before, revision).await?,
            None => Vec::new(),
        };
        let is_new_code = before.is_none_or(|before| before.digest != revision.digest);
        let notes = package
            .as_ref()
            .filter(|_| is_new_code)
            .map(|package| package.notes.clone());
        entries.push(Entry {
            number: revision.number,
            connector: package.as_ref().map_or_else(|| "onbekend pakket".to_owned(), named),
            notes: notes.unwrap_or_default(),
            author: revision.author.clone(),
            reason: revision.reason.clone(),
            at: words::moment(revision.created_at),
            changes,
        });
    }
    let found = |number: i64| revisions.iter().find(|revision| revision.number == number);
    let compared = match (which.van.and_then(found), which.naar.and_then(found)) {
        (Some(one), Some(other)) => {
            let changes = between(&service, tenant, one, other).await?;
            Some((one.number, other.number, changes))
        }
        _ => None,
    };
    let changes_page = ChangesPage {
        shell: Shell::around(
            &service,
            &visitor,
            "/koppelingen",
            format!("Wijzigingen: {}", row.name),
            None,
        )
        .await?,
        numbers: revisions.iter().map(|revision| revision.number).collect(),
        peer: row.id,
        name: row.name,
        entries,
        compared,
    };
    page(StatusCode::OK, &changes_page)
}

async fn between(
    service: &Service,
    tenant: &str,
    one: &crate::store::revision::RevisionRow,
    other: &crate::store::revision::RevisionRow,
) -> Result<Vec<Change>, Oops> {
    let differences = revision::between(&service.core, tenant, one, other).await;
    let differences = differences.map_err(|error| Oops::ours(&error))?;
    Ok(differences.into_iter().map(change).collect())
}
