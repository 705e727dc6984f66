//! `/aansluitingen`: the systems around the host as functioneel beheer sets them up: where they are reached and whether
//! that works, their clients of our faces, the secrets of their webhooks, how flow 1 of a student system comes, and with whom an outside
//! planning system works.

mod dialect;
mod endpoint;
mod registrations;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use self::dialect::{HabitLine, put_dialect};
use self::endpoint::{EndpointLine, endpoints, put_endpoint, try_endpoint};
use self::registrations::{Registrations, pull_now, put_registrations, registrations};
use super::connection_words::TriedLine;
use super::form::Form;
use super::loss_words::{self, LossLine};
use super::oops::Oops;
use super::refusal::{InDutch as _, Said, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::today::hat;
use super::words;
use crate::api::Service;
use crate::app::account::actor;
use crate::app::client::SCOPES;
use crate::app::peer::{self as peer_verbs, PeerError};
use crate::app::{client as client_verbs, landscape, pushed, revision as revision_verbs};
use crate::connector::manifest::Manifest;
use crate::store::client;
use crate::store::landscape as links;
use crate::store::loss as loss_store;
use crate::store::peer::{self, PeerRow};

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/aansluitingen", get(list).post(create))
        .route("/aansluitingen/{peer}", get(show))
        .route("/aansluitingen/{peer}/adres", post(put_endpoint))
        .route("/aansluitingen/{peer}/proberen", post(try_endpoint))
        .route("/aansluitingen/{peer}/client", post(create_client))
        .route("/aansluitingen/{peer}/client/uitschakelen", post(disable_client))
        .route("/aansluitingen/{peer}/webhook", post(put_webhook))
        .route("/aansluitingen/{peer}/landschap", post(allow))
        .route("/aansluitingen/{peer}/schrijfwijze", post(put_dialect))
        .route("/aansluitingen/{peer}/toetsdeelnemers", post(put_registrations))
        .route("/aansluitingen/{peer}/ophalen", post(pull_now))
}

struct Line {
    id: String,
    name: String,
    hat: &'static str,
    endpoints: String,
    clients: usize,
}

#[derive(Template)]
#[template(path = "systems.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<Line>,
    typed_id: String,
    typed_name: String,
    hats: [(&'static str, &'static str); 3],
}

async fn list(State(service): State<Service>, visitor: Visitor) -> Result<Response, Oops> {
    listed(&service, &visitor, None, ("", "")).await
}

async fn listed(
    service: &Service,
    visitor: &Visitor,
    said: Option<Said>,
    (typed_id, typed_name): (&str, &str),
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let clients = client::all(db, tenant).await?;
    let mut lines = Vec::new();
    for row in peer::all(db, tenant).await? {
        let endpoints = db.endpoints(tenant, &row.id).await?;
        let endpoints: Vec<String> = endpoints.into_iter().map(|one| one.base_url).collect();
        lines.push(Line {
            hat: hat(&row.hat),
            endpoints: endpoints.join(", "),
            clients: clients.iter().filter(|one| one.peer == row.id && !one.disabled).count(),
            id: row.id,
            name: row.name,
        });
    }
    let (status, notice) = match said {
        None => (StatusCode::OK, None),
        Some(said) => (said.status, Notice::refused(said.sentence)),
    };
    let list = ListPage {
        shell: Shell::around(service, visitor, "/aansluitingen", "Aansluitingen", notice).await?,
        lines,
        typed_id: typed_id.to_owned(),
        typed_name: typed_name.to_owned(),
        hats: ["ta", "dr", "tpl"].map(|kind| (kind, hat(kind))),
    };
    page(status, &list)
}

async fn create(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let (id, name) = (fields.text("id"), fields.text("naam"));
    if name.is_empty() {
        let said = Said::bad("Vul de naam in waaronder dit systeem op pagina’s komt te staan.");
        return listed(&service, visitor, Some(said), (id, name)).await;
    }
    match peer_verbs::create(
        &service.core,
        visitor.tenant(),
        visitor.id(),
        id,
        fields.text("rol"),
        name,
    )
    .await
    {
        Ok(()) => Ok(after(&place(id), "aansluiting")),
        Err(error) => listed(&service, visitor, Some(in_dutch(error)?), (id, name)).await,
    }
}

fn place(id: &str) -> String {
    format!("/aansluitingen/{}", words::in_address(id))
}

struct ClientLine {
    id: String,
    scopes: String,
    since: String,
    disabled: bool,
}

struct WebhookLine {
    name: String,
    address: String,
    has_secret: bool,
}

struct LinkLine {
    id: String,
    name: String,
    hat: &'static str,
    allowed: bool,
}

#[derive(Template)]
#[template(path = "system.html")]
struct SystemPage {
    shell: Shell,
    id: String,
    name: String,
    hat: &'static str,
    endpoints: Vec<EndpointLine>,
    /// The endpoint that was just tried, and what each step found.
    tried: Option<(String, Vec<TriedLine>)>,
    clients: Vec<ClientLine>,
    /// Id and secret of the client that was just made, shown this once.
    made: Option<(String, String)>,
    token_url: String,
    scopes: Vec<(&'static str, &'static str)>,
    webhooks: Vec<WebhookLine>,
    links: Vec<LinkLine>,
    is_planner: bool,
    /// What it can't be told by the connector that runs, and how many deliveries left something out.
    losses: Vec<LossLine>,
    lost: i64,
    /// What it can't read here.
    unanswered: Vec<LossLine>,
    habits: Vec<HabitLine>,
    faces: Vec<String>,
    registrations: Option<Registrations>,
}

/// What the page says beside the system itself.
#[derive(Default)]
struct Seen {
    status: StatusCode,
    notice: Option<Notice>,
    tried: Option<(String, Vec<TriedLine>)>,
    made: Option<(String, String)>,
}

impl From<Said> for Seen {
    fn from(said: Said) -> Seen {
        Seen {
            status: said.status,
            notice: Notice::refused(said.sentence),
            ..Seen::default()
        }
    }
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    let seen = Seen {
        notice: just_done.notice(),
        ..Seen::default()
    };
    shown(&service, &visitor, &id, seen).await
}

async fn shown(service: &Service, visitor: &Visitor, id: &str, seen: Seen) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let row = found(service, visitor, id).await?;
    let manifest = manifest(service, tenant, &row).await?;
    let clients = client::all(db, tenant).await?;
    let clients = clients.into_iter().filter(|one| one.peer == row.id);
    let url = &service.public_url;
    let system = SystemPage {
        shell: Shell::around(service, visitor, "/aansluitingen", row.name.as_str(), seen.notice).await?,
        hat: hat(&row.hat),
        endpoints: endpoints(service, tenant, &row, manifest.as_ref()).await?,
        tried: seen.tried,
        clients: clients
            .map(|one| ClientLine {
                id: one.client_id,
                scopes: one.scopes.join(", "),
                since: words::day(one.created_at),
                disabled: one.disabled,
            })
            .collect(),
        made: seen.made,
        token_url: format!("{url}/oauth2/token"),
        scopes: scopes(&row.hat),
        webhooks: webhooks(service, tenant, &row, manifest.as_ref()).await?,
        links: links_of(service, tenant, &row).await?,
        is_planner: row.hat == "tpl",
        losses: match row.revision {
            Some(number) => loss_words::never_told(service, tenant, (&row.id, number)).await?,
            None => Vec::new(),
        },
        lost: loss_store::count(db, tenant, &row.id).await?,
        unanswered: loss_words::never_answered(&row.hat, &row.dialect),
        habits: dialect::lines(&row.dialect, &row.hat),
        registrations: registrations(service, tenant, &row).await?,
        faces: faces(&row.hat)
            .iter()
            .map(|face| format!("{url}/oke/{tenant}/{face}"))
            .collect(),
        id: row.id,
        name: row.name,
    };
    page(seen.status, &system)
}

async fn found(service: &Service, visitor: &Visitor, id: &str) -> Result<PeerRow, Oops> {
    let row = peer::find(&service.core.db, visitor.tenant(), id).await?;
    row.ok_or_else(|| Oops::absent("Dit systeem is er niet."))
}

/// What the connector that runs says of itself; nothing where none runs.
async fn manifest(service: &Service, tenant: &str, row: &PeerRow) -> Result<Option<Manifest>, Oops> {
    let Some(number) = row.revision else {
        return Ok(None);
    };
    let Some(revision) = service.core.db.revision(tenant, &row.id, number).await? else {
        return Ok(None);
    };
    Ok(revision_verbs::manifest(&service.core.db, &revision).await?)
}

async fn webhooks(
    service: &Service,
    tenant: &str,
    row: &PeerRow,
    manifest: Option<&Manifest>,
) -> Result<Vec<WebhookLine>, Oops> {
    let mut lines = Vec::new();
    for webhook in manifest
        .map(|manifest| manifest.webhooks.as_slice())
        .unwrap_or_default()
    {
        let name = webhook.name.as_str();
        let known = crate::store::push::webhook(&service.core.db, tenant, &row.id, name).await?;
        lines.push(WebhookLine {
            address: format!("{}/in/{tenant}/{}/{name}", service.public_url, row.id),
            has_secret: known.is_some(),
            name: name.to_owned(),
        });
    }
    Ok(lines)
}

/// With whom an outside planning system may work, and with whom it does.
async fn links_of(service: &Service, tenant: &str, row: &PeerRow) -> Result<Vec<LinkLine>, Oops> {
    if row.hat != "tpl" {
        return Ok(Vec::new());
    }
    let db = &service.core.db;
    let known = links::systems_of(db, tenant, &row.id).await?;
    let works_with = |id: &str| known.iter().any(|one| one.system == id && one.allowed);
    let others = peer::all(db, tenant).await?;
    let others = others.into_iter().filter(|one| one.hat == "ta" || one.hat == "dr");
    let line = |one: PeerRow| LinkLine {
        allowed: works_with(&one.id),
        hat: hat(&one.hat),
        id: one.id,
        name: one.name,
    };
    Ok(others.map(line).collect())
}

/// The scopes that the standard gives a peer of this role, with what each is for (RULES §2, §5).
fn scopes(hat: &str) -> Vec<(&'static str, &'static str)> {
    let flows = |scope: &str| match scope {
        "nl-test-admin-flow-0" => "toetscatalogus lezen",
        "nl-test-admin-flow-1-5" => "inschrijvingen en studentresultaten",
        "nl-test-admin-flow-2-3-4" => "zittingsplan, resultaten en zittingsverslag",
        _ => "deelnemers voor analyse",
    };
    let fits = |scope: &&str| match hat {
        "ta" => *scope == "nl-test-admin-flow-2-3-4" || *scope == "nl-test-admin-flow-6",
        "dr" => *scope == "nl-test-admin-flow-1-5",
        _ => *scope != "nl-test-admin-flow-6",
    };
    SCOPES
        .into_iter()
        .filter(fits)
        .map(|scope| (scope, flows(scope)))
        .collect()
}

/// The faces that a peer of this role calls.
fn faces(hat: &str) -> &'static [&'static str] {
    match hat {
        "tpl" => &["dr", "ta/…"],
        _ => &["tpl"],
    }
}

async fn create_client(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let scopes: Vec<String> = fields.all("scope").map(str::to_owned).collect();
    if scopes.is_empty() {
        let said = Said::bad("Vink aan waarvoor dit systeem zich mag aanmelden.");
        return shown(&service, visitor, &id, said.into()).await;
    }
    let seen = match client_verbs::create(&service.core, visitor.tenant(), visitor.id(), &id, &scopes).await {
        Ok(made) => Seen {
            made: Some((made.client_id, made.secret.reveal().to_owned())),
            ..Seen::default()
        },
        Err(error) => in_dutch(error)?.into(),
    };
    shown(&service, visitor, &id, seen).await
}

async fn disable_client(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let client = fields.text("client");
    match client_verbs::disable(&service.core, visitor.tenant(), visitor.id(), client).await {
        Ok(()) => Ok(after(&place(&id), "client-uit")),
        Err(error) => shown(&service, visitor, &id, in_dutch(error)?.into()).await,
    }
}

async fn put_webhook(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let (name, secret) = (fields.text("naam"), fields.text("geheim"));
    match pushed::put_secret(&service.core, visitor.tenant(), visitor.id(), &id, name, secret).await {
        Ok(()) => Ok(after(&place(&id), "webhook")),
        Err(PeerError::Endpoint(_)) => {
            let said = Said::bad("Dit geheim is zo kort dat het te raden is. Spreek een langer geheim af.");
            shown(&service, visitor, &id, said.into()).await
        }
        Err(error) => shown(&service, visitor, &id, in_dutch(error)?.into()).await,
    }
}

async fn allow(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let by = actor(visitor.id());
    let between = (id.as_str(), fields.text("systeem"));
    let allowed = fields.text("mag") == "ja";
    match landscape::allow(&service.core, visitor.tenant(), &by, between, allowed).await {
        Ok(()) => Ok(after(&place(&id), "landschap")),
        Err(refused) => {
            let said = of_refused(refused, "Dat kan nu niet.")?;
            shown(&service, visitor, &id, said.into()).await
        }
    }
}

fn in_dutch(error: PeerError) -> Result<Said, Oops> {
    Ok(match error {
        PeerError::Name(error) => return error.in_dutch(),
        PeerError::Exists(id) => Said::conflict(format!("Er is al een systeem ‘{id}’. Kies een andere korte naam.")),
        PeerError::Unknown(_) => return Err(Oops::absent("Dit systeem is er niet.")),
        PeerError::UnknownClient(_) => return Err(Oops::absent("Deze client is er niet.")),
        PeerError::BadHat(_) => Said::bad("Kies wat voor systeem dit is."),
        PeerError::Draft(_) => Said::bad(
            "Van OKE 1.1 (concept) is hier alleen stroom 3, en die loopt niet langs een studentsysteem. Kies OKE 1.0 of 1.0.1.",
        ),
        PeerError::Endpoint(_) => Said::bad(
            "Vul volledige adressen in, zoals https://host/pad, zonder gebruikersnaam, vraagteken of hekje. Een \
             adres met http:// kan alleen als het IP-adres als privé-adres is toegestaan.",
        ),
        other => return Err(Oops::ours(&other)),
    })
}
