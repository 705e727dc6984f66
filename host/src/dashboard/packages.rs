//! `/pakketten`: connectors that were admitted, how each fared in its keuring, and bringing one in.

use askama::Template;
use axum::Router;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::form::{FileForm, Form};
use super::keuring_words;
use super::oops::Oops;
use super::refusal::InDutch as _;
use super::refused_package;
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::app::keuring;
use crate::app::package;
use crate::store::keuring::{self as kept, KeuringRow, KeuringState};
use crate::store::package::PackageRow;
use crate::store::peer;

/// What stands around a package in an upload, in bytes.
const FORM_AROUND: usize = 64 * 1024;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/pakketten", get(list))
        .route("/pakketten/{digest}", get(show))
        .route("/pakketten/{digest}/keuren", post(ask))
}

/// The one form that carries a file.
pub fn upload_route(stream_limit: usize) -> Router<Service> {
    Router::new()
        .route("/pakketten", post(upload))
        .layer(DefaultBodyLimit::max(stream_limit.saturating_add(FORM_AROUND)))
}

struct Line {
    digest: String,
    name: String,
    key: String,
    admitted: String,
    by: String,
    keuring: Badge,
}

/// How a package fared, as a badge.
pub struct Badge {
    /// The word.
    pub word: String,
    /// Its class.
    pub class: &'static str,
}

impl Badge {
    /// Of a package's keuringen, newest first.
    fn of(rows: &[KeuringRow]) -> Self {
        let (word, class) = match rows.first().map(|row| (row.state, row)) {
            None => ("niet gekeurd".to_owned(), "wait"),
            Some((KeuringState::Waiting, row)) if row.total == 0 => ("wacht op keuring".to_owned(), "wait"),
            Some((KeuringState::Waiting, row)) => (format!("keuring: {} van {}", row.done, row.total), "wait"),
            Some((KeuringState::Passed, _)) => ("goedgekeurd".to_owned(), "good"),
            Some((KeuringState::Failed, _)) => ("afgekeurd".to_owned(), "bad"),
        };
        Badge { word, class }
    }
}

#[derive(Template)]
#[template(path = "packages.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<Line>,
}

async fn list(
    State(service): State<Service>,
    visitor: Visitor,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    listed(&service, &visitor, StatusCode::OK, just_done.notice()).await
}

async fn listed(
    service: &Service,
    visitor: &Visitor,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let mut lines = Vec::new();
    for row in db.packages(tenant).await? {
        let keuringen = kept::of_package(db, tenant, &row.digest).await?;
        lines.push(Line {
            name: format!("{} {}", row.name, row.package_version),
            key: row.key_id.chars().take(16).collect(),
            admitted: words::moment(row.admitted_at),
            by: row.admitted_by,
            keuring: Badge::of(&keuringen),
            digest: row.digest,
        });
    }
    let list = ListPage {
        shell: Shell::around(service, visitor, "/pakketten", "Pakketten", notice).await?,
        lines,
    };
    page(status, &list)
}

async fn upload(
    State(service): State<Service>,
    visitor: Visitor,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let form = FileForm::read(&visitor, multipart, ("pakket", &[]), "het pakket is hoogstens 64 MiB").await?;
    match package::admit(&service.core, visitor.tenant(), visitor.id(), form.file).await {
        Ok(admitted) => Ok(after(&format!("/pakketten/{}", admitted.digest), "binnengehaald")),
        Err(error) => {
            let said = match error {
                package::PackageError::Refused(refusal) => {
                    format!("Dit pakket wordt geweigerd. {}", refused_package::package(&refusal))
                }
                other => other.in_dutch()?.sentence,
            };
            listed(
                &service,
                &visitor,
                StatusCode::UNPROCESSABLE_ENTITY,
                Notice::refused(said),
            )
            .await
        }
    }
}

struct OutcomeLine {
    scenario: String,
    word: &'static str,
    class: &'static str,
    why: String,
    millis: u32,
}

struct Part {
    interface: &'static str,
    passed: usize,
    lines: Vec<OutcomeLine>,
}

struct Shown {
    badge: Badge,
    asked: String,
    by: String,
    ended: String,
    obstacle: String,
    sealed: bool,
    parts: Vec<Part>,
}

struct PeerLine {
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "package.html")]
struct PackagePage {
    shell: Shell,
    digest: String,
    name: String,
    notes: String,
    key: String,
    admitted: String,
    by: String,
    keuring: Option<Shown>,
    under_way: bool,
    peers: Vec<PeerLine>,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(digest): Path<String>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let row = found(&service, tenant, &digest).await?;
    let keuringen = kept::of_package(db, tenant, &digest).await?;
    let peers = peer::all(db, tenant).await?;
    let name = format!("{} {}", row.name, row.package_version);
    let package_page = PackagePage {
        shell: Shell::around(&service, &visitor, "/pakketten", &name, just_done.notice()).await?,
        name,
        notes: row.notes,
        key: row.key_id,
        admitted: words::moment(row.admitted_at),
        by: row.admitted_by,
        under_way: keuringen.iter().any(|one| one.state == KeuringState::Waiting),
        keuring: keuringen.first().map(|newest| shown(&service, newest, &keuringen)),
        peers: peers
            .into_iter()
            .map(|peer| PeerLine {
                id: peer.id,
                name: peer.name,
            })
            .collect(),
        digest,
    };
    page(StatusCode::OK, &package_page)
}

async fn found(service: &Service, tenant: &str, digest: &str) -> Result<PackageRow, Oops> {
    let row = service.core.db.package(tenant, digest).await?;
    row.ok_or_else(|| Oops::absent("Dit pakket is er niet."))
}

fn shown(service: &Service, row: &KeuringRow, all: &[KeuringRow]) -> Shown {
    let mut parts: Vec<Part> = Vec::new();
    for one in &row.outcomes {
        let interface = keuring_words::interface(one.interface);
        if parts.last().is_none_or(|part| part.interface != interface) {
            parts.push(Part {
                interface,
                passed: 0,
                lines: Vec::new(),
            });
        }
        let part = parts.last_mut().expect("one was pushed just now when there was none");
        let (word, class) = keuring_words::verdict(one.verdict);
        part.passed += usize::from(class == "good");
        part.lines.push(OutcomeLine {
            scenario: keuring_words::scenario(&one.scenario).to_owned(),
            word,
            class,
            why: one.why.clone().unwrap_or_default(),
            millis: one.millis,
        });
    }
    Shown {
        badge: Badge::of(all),
        asked: words::moment(row.asked_at),
        by: row.asked_by.clone(),
        ended: row.ended_at.map(words::moment).unwrap_or_default(),
        obstacle: row.obstacle.clone().unwrap_or_default(),
        sealed: keuring::is_sealed(&service.core, row),
        parts,
    }
}

async fn ask(State(service): State<Service>, Path(digest): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let visitor = &form.visitor;
    match keuring::ask(&service.core, visitor.tenant(), visitor.id(), &digest).await {
        Ok(_) => Ok(after(&format!("/pakketten/{digest}"), "gekeurd")),
        Err(error) => Err(match error.in_dutch() {
            Ok(said) => Oops::absent(said.sentence),
            Err(oops) => oops,
        }),
    }
}
