//! `/koppelingen`: what runs for each system around the host, who put it there and why; pausing and resuming.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::form::Form;
use super::oops::Oops;
use super::refusal::InDutch as _;
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::today::{Standing, hat};
use super::words;
use crate::api::Service;
use crate::app::account::actor;
use crate::app::files;
use crate::app::rollout::measure;
use crate::app::{peer as peer_verbs, revision, rollout};
use crate::domain::lane::JobState;
use crate::domain::principal::Duty;
use crate::domain::rollout::Environment;
use crate::jobs::peers;
use crate::store::job;
use crate::store::package::PackageRow;
use crate::store::peer::{self, PeerRow, PeerState};
use crate::store::revision::EndpointRow;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/koppelingen", get(list))
        .route("/koppelingen/{peer}", get(show))
        .route("/koppelingen/{peer}/pauzeren", post(pause))
        .route("/koppelingen/{peer}/hervatten", post(resume))
        .route("/koppelingen/{peer}/omgeving", post(label))
}

struct Line {
    id: String,
    name: String,
    hat: &'static str,
    standing: Standing,
    revision: String,
    phased: bool,
    environment: &'static str,
    version: String,
    since: String,
    by: String,
}

#[derive(Template)]
#[template(path = "connectors.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<Line>,
}

async fn list(State(service): State<Service>, visitor: Visitor) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let mut lines = Vec::new();
    for row in peer::all(db, tenant).await? {
        let newest = db.activations(tenant, &row.id).await?.into_iter().next();
        let version = match row.revision {
            Some(number) => running(&service, tenant, &row.id, number).await?,
            None => None,
        };
        lines.push(Line {
            standing: Standing::of(&row, visitor.now),
            phased: row.phased || row.named_only,
            environment: words::environment(row.environment),
            revision: row
                .revision
                .map_or_else(|| "geen".to_owned(), |number| number.to_string()),
            version: version.map_or_else(String::new, |package| named(&package)),
            since: newest.as_ref().map_or_else(String::new, |one| words::moment(one.at)),
            by: newest.map_or_else(String::new, |one| one.actor),
            hat: hat(&row.hat),
            id: row.id,
            name: row.name,
        });
    }
    let list = ListPage {
        shell: Shell::around(&service, &visitor, "/koppelingen", "Koppelingen", None).await?,
        lines,
    };
    page(StatusCode::OK, &list)
}

/// A connector with its version.
pub fn named(package: &PackageRow) -> String {
    format!("{} {}", package.name, package.package_version)
}

async fn running(service: &Service, tenant: &str, peer: &str, number: i64) -> Result<Option<PackageRow>, Oops> {
    let db = &service.core.db;
    let Some(revision) = db.revision(tenant, peer, number).await? else {
        return Ok(None);
    };
    Ok(db.package(tenant, &revision.digest).await?)
}

struct RevisionLine {
    number: i64,
    runs: bool,
    /// Older than what runs: going there is going back.
    back: bool,
    connector: String,
    notes: String,
    digest: String,
    profile: String,
    author: String,
    reason: String,
    at: String,
}

struct ActivationLine {
    at: String,
    by: String,
    what: &'static str,
    revision: i64,
    previous: String,
    reason: String,
}

struct EndpointLine {
    name: String,
    base_url: String,
    sign_in: &'static str,
    scope: String,
    has_secret: bool,
    allowed: String,
}

#[derive(Template)]
#[template(path = "connector.html")]
struct PeerPage {
    shell: Shell,
    id: String,
    name: String,
    hat: &'static str,
    standing: Standing,
    paused: bool,
    running: String,
    /// The package of what everybody has.
    running_digest: Option<String>,
    can_go_back: bool,
    waiting: i64,
    dead: i64,
    revisions: Vec<RevisionLine>,
    activations: Vec<ActivationLine>,
    endpoints: Vec<EndpointLine>,
    calls: Vec<CallsLine>,
    phased: bool,
    /// Somebody plans nothing new at it.
    drains: bool,
    is_vendor: bool,
    /// This visitor may take in what the school has there already.
    adopts: bool,
    /// It works with files, which this visitor may carry.
    by_file: bool,
    environment: &'static str,
    environments: Vec<(&'static str, &'static str, bool)>,
    manages: bool,
    typed: String,
}

/// What calls of a revision came to in the last thirty days.
struct CallsLine {
    revision: i64,
    calls: u64,
    by_connector: u64,
    by_vendor: u64,
    by_host: u64,
    p95: String,
    stuck: u64,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(&service, &visitor, &id, StatusCode::OK, just_done.notice(), "").await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    status: StatusCode,
    notice: Option<Notice>,
    typed: &str,
) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let row = peer::find(db, tenant, id)
        .await?
        .ok_or_else(|| Oops::absent("Deze koppeling is er niet."))?;
    let revisions = revisions(service, tenant, &row).await?;
    let package = match row.revision {
        Some(number) => running(service, tenant, &row.id, number).await?,
        None => None,
    };
    let running = revisions.iter().find(|one| row.revision == Some(one.number));
    let running = running.map_or_else(
        || "geen".to_owned(),
        |one| format!("{} · {}", one.number, one.connector),
    );
    let backlog = job::backlog(db, tenant).await?;
    let count = |dead: bool| -> i64 {
        let of_peer = backlog.iter().filter(|part| part.peer == row.id && part.flow.is_some());
        let of_state = of_peer.filter(|part| (part.state == JobState::Dead) == dead);
        of_state.map(|part| part.count).sum()
    };
    let activations = db.activations(tenant, id).await?;
    let peer_page = PeerPage {
        shell: Shell::around(service, visitor, "/koppelingen", &row.name, notice).await?,
        standing: Standing::of(&row, visitor.now),
        paused: matches!(row.state, PeerState::Paused { .. }),
        running,
        running_digest: package.map(|package| package.digest),
        can_go_back: revisions.iter().any(|one| one.back),
        waiting: count(false),
        dead: count(true),
        activations: activations
            .into_iter()
            .map(|one| ActivationLine {
                at: words::moment(one.at),
                by: one.actor,
                what: match one.kind.as_str() {
                    "install" => "geïnstalleerd",
                    "enable" => "voor een deel in werking gesteld",
                    "rollout" => "in werking gesteld",
                    "rollback" => "teruggedraaid",
                    _ => "gewijzigd",
                },
                revision: one.revision,
                previous: one.previous.map_or_else(|| "–".to_owned(), |number| number.to_string()),
                reason: one.reason,
            })
            .collect(),
        endpoints: db
            .endpoints(tenant, id)
            .await?
            .into_iter()
            .map(endpoint)
            .collect::<Result<_, _>>()?,
        calls: calls(service, tenant, &row.id, &revisions).await?,
        phased: row.phased,
        drains: row.drains,
        is_vendor: row.hat == "ta",
        adopts: visitor.manages() || visitor.holds(Duty::Plannen),
        by_file: visitor.holds(Duty::Plannen) && files::carried(&service.core, tenant, id).await?.is_some(),
        environment: words::environment(row.environment),
        environments: Environment::ALL
            .iter()
            .map(|one| (one.name(), words::environment(*one), *one == row.environment))
            .collect(),
        revisions,
        manages: visitor.manages(),
        typed: typed.to_owned(),
        hat: hat(&row.hat),
        id: row.id,
        name: row.name,
    };
    page(status, &peer_page)
}

async fn revisions(service: &Service, tenant: &str, row: &PeerRow) -> Result<Vec<RevisionLine>, Oops> {
    let db = &service.core.db;
    let serving = rollout::serving(db, tenant, &row.id).await?;
    let serving = serving.map(|(_, serving)| serving).unwrap_or_default();
    let goes_back_from = revision::going_back_from(&service.core, tenant, row).await?;
    let mut lines = Vec::new();
    for revision in db.revisions(tenant, &row.id).await? {
        let package = db.package(tenant, &revision.digest).await?;
        lines.push(RevisionLine {
            runs: serving.uses(revision.number),
            back: goes_back_from.is_some_and(|running| revision.number < running),
            connector: package.as_ref().map_or_else(|| "onbekend pakket".to_owned(), named),
            notes: package.map_or_else(String::new, |package| package.notes),
            number: revision.number,
            digest: revision.digest.chars().take(12).collect(),
            profile: revision.profile.unwrap_or_else(|| "–".to_owned()),
            author: revision.author,
            reason: revision.reason,
            at: words::moment(revision.created_at),
        });
    }
    Ok(lines)
}

/// So long back calls are counted on the page.
const CALLS_OF: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);

async fn calls(
    service: &Service,
    tenant: &str,
    peer: &str,
    revisions: &[RevisionLine],
) -> Result<Vec<CallsLine>, Oops> {
    let core = &service.core;
    service.connectors.tally().write(core).await;
    let mut lines = Vec::new();
    for revision in revisions {
        let of = (peer, revision.number);
        let measured = measure::calls(&core.db, tenant, of, core.now() - CALLS_OF).await?;
        let stuck = measure::stuck(core, tenant, of).await?;
        if measured.calls() + stuck > 0 {
            lines.push(CallsLine {
                revision: revision.number,
                calls: measured.calls(),
                by_connector: measured.by_connector,
                by_vendor: measured.by_vendor,
                by_host: measured.by_host,
                p95: measured
                    .p95_ms()
                    .map_or_else(|| "–".to_owned(), |millis| format!("hoogstens {millis} ms")),
                stuck,
            });
        }
    }
    Ok(lines)
}

async fn label(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let (visitor, fields) = (&form.visitor, &form.fields);
    let environment = Environment::from_name(fields.text("omgeving"))
        .ok_or_else(|| Oops::Unreadable("Het formulier noemt geen omgeving.".to_owned()))?;
    match peer_verbs::label(&service.core, visitor.tenant(), visitor.id(), &id, environment).await {
        Ok(()) => Ok(after(&format!("/koppelingen/{id}"), "omgeving")),
        Err(peer_verbs::PeerError::Unknown(_)) => Err(Oops::absent("Deze koppeling is er niet.")),
        Err(error) => Err(Oops::ours(&error)),
    }
}

fn endpoint(row: EndpointRow) -> Result<EndpointLine, Oops> {
    let allowed: Vec<String> = serde_json::from_str(&row.allowed_addresses).map_err(|error| Oops::ours(&error))?;
    Ok(EndpointLine {
        name: row.name,
        base_url: row.base_url,
        sign_in: match row.auth.as_str() {
            "bearer" => "OAuth 2 (client credentials)",
            "api-key" => "sleutel (X-API-Key)",
            _ => "geen",
        },
        scope: row.scope.unwrap_or_else(|| "–".to_owned()),
        has_secret: row.secret.is_some(),
        allowed: if allowed.is_empty() {
            "–".to_owned()
        } else {
            allowed.join(", ")
        },
    })
}

async fn pause(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let (visitor, reason) = (&form.visitor, form.fields.text("reden"));
    match peers::pause(&service.core, visitor.tenant(), &id, &actor(visitor.id()), reason).await {
        Ok(()) => Ok(after(&format!("/koppelingen/{id}"), "gepauzeerd")),
        Err(error) => {
            let said = error.in_dutch()?;
            shown(
                &service,
                visitor,
                &id,
                said.status,
                Notice::refused(said.sentence),
                reason,
            )
            .await
        }
    }
}

async fn resume(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let visitor = &form.visitor;
    match peers::resume(&service.core, visitor.tenant(), &id, &actor(visitor.id())).await {
        Ok(()) => Ok(after(&format!("/koppelingen/{id}"), "hervat")),
        Err(error) => {
            let said = error.in_dutch()?;
            shown(&service, visitor, &id, said.status, Notice::refused(said.sentence), "").await
        }
    }
}
