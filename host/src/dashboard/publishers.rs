//! `/uitgevers`: the keys whose signatures the school trusts; trusted and revoked by functioneel beheer.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;

use super::form::Form;
use super::oops::Oops;
use super::refusal::{InDutch as _, Said};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::app::publisher::{self, NewKey, Signed};
use crate::domain::calendar::zone;
use crate::store::package::{KeyRole, PublisherKeyRow};

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/uitgevers", get(list).post(trust))
        .route("/uitgevers/{key}", get(show).post(revoke))
        .route("/uitgevers/{key}/verlopen", post(expire))
}

struct Line {
    publisher: String,
    key: String,
    short: String,
    trusted: String,
    by: String,
    revoked: Option<String>,
    expires: Option<String>,
    counter: bool,
    reason: String,
}

impl From<PublisherKeyRow> for Line {
    fn from(row: PublisherKeyRow) -> Self {
        Line {
            short: row.key_id.chars().take(16).collect(),
            trusted: words::moment(row.trusted_at),
            by: row.trusted_by,
            revoked: row.compromised_since.map(words::moment),
            expires: row.expires_at.map(words::moment),
            counter: row.role == KeyRole::Counter,
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
    let new = NewKey {
        publisher: name,
        public_key: key,
        role: match fields.text("mede") {
            "ja" => KeyRole::Counter,
            _ => KeyRole::Publisher,
        },
    };
    match publisher::trust_for(&service.core, visitor.tenant(), visitor.id(), new).await {
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
    /// What the revocation would stop, since the moment that was asked after.
    foreseen: Option<Foreseen>,
    reason: &'a str,
    since: &'a str,
}

/// What the revocation of a key would mean.
struct Foreseen {
    since: String,
    stops: Vec<SignedLine>,
    goes_on: Vec<SignedLine>,
    no_way_back: Vec<SignedLine>,
    /// Keys that a bundle signed with this one brought.
    brought: Vec<String>,
}

struct SignedLine {
    peer: String,
    revision: i64,
    connector: String,
}

impl From<Signed> for SignedLine {
    fn from(signed: Signed) -> Self {
        SignedLine {
            peer: signed.peer,
            revision: signed.revision,
            connector: format!("{} {}", signed.name, signed.version),
        }
    }
}

#[derive(Deserialize)]
struct Asked {
    /// As compromised since when; the page tells what that would stop.
    sinds: Option<String>,
    #[serde(default)]
    gedaan: String,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(key): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Oops> {
    let just_done = JustDone { gedaan: asked.gedaan };
    let said = just_done.notice().map(|notice| Said {
        status: StatusCode::OK,
        sentence: notice.sentence,
    });
    let since = asked.sinds.unwrap_or_default();
    key_shown(&service, &visitor, &key, said, ("", &since)).await
}

/// What a revocation would stop; without a moment, since for ever: everything that was signed with the key.
async fn foreseen(service: &Service, tenant: &str, key: &str, since: &str) -> Result<Option<Foreseen>, Oops> {
    let moment = match at_school(since) {
        Ok(moment) => moment.unwrap_or(Timestamp::UNIX_EPOCH),
        Err(_) => return Ok(None),
    };
    let told = match publisher::revocation(&service.core, tenant, key, moment).await {
        Ok(told) => told,
        Err(error) => return Err(Oops::absent(error.in_dutch()?.sentence)),
    };
    let lines = |signed: Vec<Signed>| signed.into_iter().map(SignedLine::from).collect();
    Ok(Some(Foreseen {
        since: match since {
            "" => "het begin".to_owned(),
            _ => words::moment(moment),
        },
        stops: lines(told.stops),
        goes_on: lines(told.goes_on),
        no_way_back: lines(told.no_way_back),
        brought: told.brought,
    }))
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
        Some(said) if said.status.is_success() => (said.status, Notice::done(said.sentence)),
        Some(said) => (said.status, Notice::refused(said.sentence)),
    };
    let key_page = KeyPage {
        foreseen: foreseen(service, tenant, key, since).await?,
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

async fn expire(State(service): State<Service>, Path(key): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let unreadable = || Said::bad("Dat moment is niet leesbaar. Kies een dag en tijd.");
    let refused = match at_school(fields.text("moment")) {
        Ok(Some(moment)) => {
            match publisher::expire(&service.core, visitor.tenant(), visitor.id(), &key, moment).await {
                Ok(()) => return Ok(after(&format!("/uitgevers/{key}"), "verloopt")),
                Err(error) => error.in_dutch()?,
            }
        }
        Ok(None) | Err(_) => unreadable(),
    };
    key_shown(&service, visitor, &key, Some(refused), ("", "")).await
}

/// A moment as a browser's date and time field writes it, at school; empty is none.
pub fn at_school(text: &str) -> Result<Option<Timestamp>, jiff::Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let local: DateTime = text.parse()?;
    Ok(Some(local.to_zoned(zone())?.timestamp()))
}
