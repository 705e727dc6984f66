//! `/cesuren`: of which examenversies the cesuur is known, from where, and what deviates; entered by the examencommissie
//! with its source where the vendor's deliveries don't say it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::form::Form;
use super::oops::Oops;
use super::refusal::{Said, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::app::Refused;
use crate::app::cesuur::{self, Examenversie, Known};
use crate::domain::model::Normed;
use crate::domain::principal::Duty;
use crate::store::component::{self, ComponentRow};
use crate::store::examenversie::{self, ExamenversieRow};
use crate::store::peer;

/// Most exams listed.
const MOST: u32 = 200;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/cesuren", get(list))
        .route("/cesuren/{peer}/{component}", get(show).post(enter))
}

fn must_see(visitor: &Visitor) -> Result<(), Oops> {
    if visitor.holds(Duty::Vaststellen) || visitor.holds(Duty::Plannen) || visitor.holds(Duty::Beheren) {
        return Ok(());
    }
    Err(Oops::forbidden(
        "Cesuren bekijken kan met de functie ‘vaststellen’, ‘plannen’ of ‘beheren’.",
    ))
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    zoek: String,
}

struct Line {
    peer: String,
    id: String,
    name: String,
    vendor: String,
}

#[derive(Template)]
#[template(path = "cesuren.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<Line>,
    zoek: String,
    more: bool,
}

async fn list(State(service): State<Service>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Oops> {
    must_see(&visitor)?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let peers = peer::all(db, tenant).await?;
    let found = component::search(db, tenant, asked.zoek.trim(), MOST).await?;
    let more = found.len() == MOST as usize;
    let lines = found.into_iter().map(|row| {
        let vendor = peers.iter().find(|peer| peer.id == row.peer);
        Line {
            vendor: vendor.map_or_else(|| row.peer.clone(), |peer| peer.name.clone()),
            id: row.facts.component_id,
            name: row.facts.name,
            peer: row.peer,
        }
    });
    let list = ListPage {
        shell: Shell::around(&service, &visitor, "/cesuren", "Cesuren", None).await?,
        lines: lines.collect(),
        zoek: asked.zoek,
        more,
    };
    page(StatusCode::OK, &list)
}

struct VersionLine {
    code: String,
    name: String,
    results: i64,
    normed: i64,
    unnormed: i64,
    unknown: i64,
    waiting: i64,
    from: String,
    planned: String,
    deviation: String,
}

struct EntryLine {
    when: String,
    by: String,
    what: String,
    source: String,
}

#[derive(Template)]
#[template(path = "cesuur.html")]
struct VersionsPage {
    shell: Shell,
    peer: String,
    id: String,
    name: String,
    vendor: String,
    lines: Vec<VersionLine>,
    entries: Vec<EntryLine>,
    decides: bool,
    typed: Typed,
}

#[derive(Default)]
struct Typed {
    code: String,
    source: String,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(of): Path<(String, String)>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    let notice = just_done.notice();
    shown(&service, &visitor, &of, (StatusCode::OK, notice), Typed::default()).await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    (peer_id, id): &(String, String),
    (status, notice): (StatusCode, Option<Notice>),
    typed: Typed,
) -> Result<Response, Oops> {
    must_see(visitor)?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let row: ComponentRow = component::find(db, tenant, peer_id, id)
        .await?
        .ok_or_else(|| Oops::absent("Dit examen is er niet."))?;
    let vendor = peer::find(db, tenant, peer_id).await?;
    let known = cesuur::of_component(db, tenant, peer_id, id).await?;
    let entries = examenversie::entries(db, tenant, (peer_id, id), MOST).await?;
    let accounts = db.accounts(tenant).await?;
    let name_of = |actor: &str| {
        let id = actor.strip_prefix("account:").unwrap_or(actor);
        let account = accounts.iter().find(|account| account.id == id);
        account.map_or_else(|| id.to_owned(), |account| account.name.clone())
    };
    let versions_page = VersionsPage {
        shell: Shell::around(
            service,
            visitor,
            "/cesuren",
            format!("Cesuur: {}", row.facts.name),
            notice,
        )
        .await?,
        lines: known.iter().map(|one| version_line(one, id, &name_of)).collect(),
        entries: entries
            .into_iter()
            .map(|entry| entry_line(entry, id, &name_of))
            .collect(),
        decides: visitor.holds(Duty::Vaststellen),
        peer: peer_id.clone(),
        id: id.clone(),
        name: row.facts.name,
        vendor: vendor.map_or_else(|| peer_id.clone(), |peer| peer.name),
        typed,
    };
    page(status, &versions_page)
}

fn version_name(code: &str, component: &str) -> String {
    match code == component {
        true => "zonder versie".to_owned(),
        false => code.to_owned(),
    }
}

fn version_line(one: &Known, component: &str, name_of: &dyn Fn(&str) -> String) -> VersionLine {
    let count = &one.count;
    let from = match &one.entered {
        Some(entered) => format!(
            "ingevoerd: {}, door {}, {}. Bron: {}",
            set_or_not(entered.normed),
            name_of(&entered.actor),
            words::moment(entered.at),
            entered.source
        ),
        None if count.delivered_normed > 0 => "geleverd door de leverancier".to_owned(),
        None => "nog niet bekend".to_owned(),
    };
    let deviation = match one.entered.as_ref().map(|entered| entered.normed) {
        Some(Normed::Yes) if count.delivered_unnormed > 0 => format!(
            "{} nog geleverd als niet genormeerd; die worden bij de leverancier teruggelezen",
            count.delivered_unnormed
        ),
        Some(Normed::No) if count.delivered_normed > 0 => format!(
            "{} geleverd als genormeerd, terwijl is ingevoerd dat de cesuur er nog niet is",
            count.delivered_normed
        ),
        None if count.delivered_normed > 0 && count.delivered_unnormed > 0 => format!(
            "{} genormeerd en {} niet genormeerd geleverd onder dezelfde versie",
            count.delivered_normed, count.delivered_unnormed
        ),
        _ => String::new(),
    };
    VersionLine {
        code: one.code.clone(),
        name: version_name(&one.code, component),
        results: count.results,
        normed: count.normed,
        unnormed: count.unnormed,
        unknown: count.results - count.normed - count.unnormed,
        waiting: count.waiting,
        from,
        planned: one
            .planned
            .map_or_else(|| "–".to_owned(), crate::domain::calendar::in_words),
        deviation,
    }
}

fn entry_line(entry: ExamenversieRow, component: &str, name_of: &dyn Fn(&str) -> String) -> EntryLine {
    EntryLine {
        when: words::moment(entry.at),
        by: name_of(&entry.actor),
        what: format!("{}: {}", version_name(&entry.code, component), set_or_not(entry.normed)),
        source: entry.source,
    }
}

fn set_or_not(normed: Normed) -> &'static str {
    match normed {
        Normed::Yes => "de cesuur is vastgesteld",
        Normed::No => "de cesuur is er nog niet",
        Normed::Unknown => "onbekend; de leverancier zegt het",
    }
}

async fn enter(State(service): State<Service>, Path(of): Path<(String, String)>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let normed = match fields.text("genormeerd") {
        "ja" => Normed::Yes,
        "nee" => Normed::No,
        "onbekend" => Normed::Unknown,
        _ => {
            return Err(Oops::Unreadable(
                "Het formulier zegt niet of de cesuur er is.".to_owned(),
            ));
        }
    };
    let typed = Typed {
        code: fields.text("versie").to_owned(),
        source: fields.text("bron").to_owned(),
    };
    let (peer, component) = of.clone();
    let versie = Examenversie {
        peer,
        component,
        code: fields.text_opt("versie").map(str::to_owned),
    };
    let account = &visitor.who.account;
    let said = match cesuur::set(&service.core, visitor.tenant(), account, &versie, normed, &typed.source).await {
        Ok(()) => {
            let (peer, component) = (words::in_address(&of.0), words::in_address(&of.1));
            return Ok(after(&format!("/cesuren/{peer}/{component}"), "cesuur"));
        }
        Err(Refused::Invalid(_)) => {
            Said::bad("Vul de bron in: waar u de cesuur van kent, zoals de brief of de pagina van de leverancier.")
        }
        Err(refused) => of_refused(refused, "Dit kan nu niet. Laad de pagina opnieuw.")?,
    };
    let notice = Notice::refused(said.sentence);
    shown(&service, visitor, &of, (said.status, notice), typed).await
}
