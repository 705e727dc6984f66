//! `/uitgevers`: the keys whose signatures the school trusts; trusted and revoked by functioneel beheer.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::DateTime;

use super::form::Form;
use super::oops::Oops;
use super::refusal::{InDutch as _, Said};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::app::publisher;
use crate::domain::calendar::zone;
use crate::store::package::PublisherKeyRow;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/uitgevers", get(list).post(trust))
        .route("/uitgevers/{key}", get(show).post(revoke))
}

struct Line {
    publisher: String,
    key: String,
    short: String,
    trusted: String,
    by: String,
    revoked: Option<String>,
    reason: String,
}

impl From<PublisherKeyRow> for Line {
    fn from(row: PublisherKeyRow) -> Self {
        Line {
            short: row.key_id.chars().take(16).collect(),
            trusted: words::moment(row.trusted_at),
            by: row.trusted_by,
            revoked: row.compromised_since.map(words::moment),
            reason: row.reason.unwrap_or_default(),
            publisher: row.publisher,
            key: row.key_id,
        }
    }
}

#[derive(Template)]
#[template(path = "publishers.html")]
struct ListPage<'a> {
    shell: Shell,
    lines: Vec<Line>,
    publisher: &'a str,
    key: &'a str,
}

async fn list(
    State(service): State<Service>,
    visitor: Visitor,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(&service, &visitor, StatusCode::OK, just_done.notice(), ("", "")).await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    status: StatusCode,
    notice: Option<Notice>,
    (publisher, key): (&str, &str),
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let keys = service.core.db.publisher_keys(visitor.tenant()).await?;
    let list = ListPage {
        shell: Shell::around(service, visitor, "/uitgevers", "Uitgevers", notice).await?,
        lines: keys.into_iter().map(Line::from).collect(),
        publisher,
        key,
    };
    page(status, &list)
}

async fn trust(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let (name, key) = (fields.text("uitgever"), fields.text("sleutel"));
    match publisher::trust(&service.core, visitor.tenant(), visitor.id(), name, key).await {
        Ok(_) => Ok(after("/uitgevers", "vertrouwd")),
        Err(error) => {
            let said = error.in_dutch()?;
            shown(
                &service,
                visitor,
                said.status,
                Notice::refused(said.sentence),
                (name, key),
            )
            .await
        }
    }
}

#[derive(Template)]
#[template(path = "publisher.html")]
struct KeyPage<'a> {
    shell: Shell,
    line: Line,
    public_key: String,
    packages: Vec<(String, String)>,
    reason: &'a str,
    since: &'a str,
}

async fn show(State(service): State<Service>, visitor: Visitor, Path(key): Path<String>) -> Result<Response, Oops> {
    key_shown(&service, &visitor, &key, None, ("", "")).await
}

async fn key_shown(
    service: &Service,
    visitor: &Visitor,
    key: &str,
    said: Option<Said>,
    (reason, since): (&str, &str),
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let row = db
        .publisher_key(tenant, key)
        .await?
        .ok_or_else(|| Oops::absent("Deze sleutel is hier niet bekend."))?;
    let packages = db.packages(tenant).await?;
    let signed = packages.into_iter().filter(|package| package.key_id == row.key_id);
    let (status, notice) = match said {
        None => (StatusCode::OK, None),
        Some(said) => (said.status, Notice::refused(said.sentence)),
    };
    let key_page = KeyPage {
        shell: Shell::around(
            service,
            visitor,
            "/uitgevers",
            format!("Sleutel van {}", row.publisher),
            notice,
        )
        .await?,
        packages: signed
            .map(|package| {
                let name = format!("{} {}", package.name, package.package_version);
                (name, words::moment(package.admitted_at))
            })
            .collect(),
        public_key: row.public_key.clone(),
        line: row.into(),
        reason,
        since,
    };
    page(status, &key_page)
}

async fn revoke(State(service): State<Service>, Path(key): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let (reason, since) = (fields.text("reden"), fields.text("sinds"));
    let typed = (reason, since);
    let Ok(moment) = at_school(since) else {
        let said = Said::bad("Dat moment is niet leesbaar. Kies een dag en tijd, of laat het leeg voor ‘vanaf nu’.");
        return key_shown(&service, visitor, &key, Some(said), typed).await;
    };
    match publisher::revoke(&service.core, visitor.tenant(), visitor.id(), &key, moment, reason).await {
        Ok(()) => Ok(after("/uitgevers", "ingetrokken")),
        Err(error) => key_shown(&service, visitor, &key, Some(error.in_dutch()?), typed).await,
    }
}

/// A moment as a browser's date and time field writes it, at school; empty is none.
pub fn at_school(text: &str) -> Result<Option<Timestamp>, jiff::Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let local: DateTime = text.parse()?;
    Ok(Some(local.to_zoned(zone())?.timestamp()))
}
