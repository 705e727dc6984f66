//! `/koppelingen/{peer}/gezondheid`: per revision what calls came to and took, whose fault what failed is, where the
//! connector's code failed, and messages that are stuck, to be queued again. Also as a file for the vendor.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use super::connectors::named;
use super::exceptions;
use super::form::Form;
use super::oops::Oops;
use super::refusal::{InDutch as _, Said};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::api::v1::health::PeerHealth;
use crate::app::account::actor;
use crate::app::health::{self, Health, MOST_LETTERS, RevisionHealth};
use crate::domain::calendar::day;
use crate::domain::rollout::criteria::Measured;
use crate::jobs::letters;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/koppelingen/{peer}/gezondheid", get(show))
        .route("/koppelingen/{peer}/gezondheid.json", get(download))
        .route("/koppelingen/{peer}/gezondheid/opnieuw", post(requeue))
}

struct CallsLine {
    revision: i64,
    serves: bool,
    connector: String,
    calls: u64,
    by_connector: u64,
    by_vendor: u64,
    by_host: u64,
    dead: u64,
}

struct TookLine {
    revision: i64,
    average: String,
    p95: String,
    guest: String,
    network: String,
    memory: String,
    requests: u64,
    sent: String,
    received: String,
}

struct FaultLine {
    revision: i64,
    interface: String,
    what: String,
    frames: Vec<String>,
    times: u64,
    first: String,
    last: String,
}

struct LetterLine {
    id: String,
    flow: String,
    revision: String,
    blame: &'static str,
    error: String,
    age: String,
}

#[derive(Template)]
#[template(path = "health.html")]
struct HealthPage {
    shell: Shell,
    peer: String,
    name: String,
    since: String,
    calls: Vec<CallsLine>,
    took: Vec<TookLine>,
    faults: Vec<FaultLine>,
    letters: Vec<LetterLine>,
    more_letters: bool,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(&service, &visitor, &id, (StatusCode::OK, just_done.notice())).await
}

async fn read(service: &Service, visitor: &Visitor, id: &str) -> Result<Health, Oops> {
    visitor.must_manage()?;
    let health = health::of_peer(&service.core, &service.connectors, visitor.tenant(), id).await?;
    health.ok_or_else(|| Oops::absent("Deze koppeling is er niet."))
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (status, notice): (StatusCode, Option<Notice>),
) -> Result<Response, Oops> {
    let health = read(service, visitor, id).await?;
    // What never ran tells nothing, unless it is all there is.
    let ran = |one: &&RevisionHealth| one.serves || one.measured.calls() > 0 || !one.faults.is_empty();
    let revisions: Vec<&RevisionHealth> = health.revisions.iter().filter(ran).collect();
    let letters = health.letters.iter().map(|row| LetterLine {
        flow: exceptions::flow(row),
        revision: row.revision.map_or_else(|| "–".to_owned(), |number| number.to_string()),
        blame: exceptions::blame(row.blame),
        error: row.last_error.clone().unwrap_or_else(|| "–".to_owned()),
        age: words::age(row.created_at, visitor.now),
        id: row.id.clone(),
    });
    let health_page = HealthPage {
        shell: Shell::around(
            service,
            visitor,
            "/koppelingen",
            format!("Gezondheid: {}", health.peer.name),
            notice,
        )
        .await?,
        since: words::day(health.since),
        calls: revisions.iter().map(|one| calls(one)).collect(),
        took: revisions
            .iter()
            .filter(|one| one.measured.calls() > 0)
            .map(|one| took(one.revision.number, &one.measured))
            .collect(),
        faults: revisions.iter().flat_map(|one| faults(one)).collect(),
        more_letters: health.letters.len() >= MOST_LETTERS as usize,
        letters: letters.collect(),
        peer: health.peer.id,
        name: health.peer.name,
    };
    page(status, &health_page)
}

fn calls(one: &RevisionHealth) -> CallsLine {
    CallsLine {
        revision: one.revision.number,
        serves: one.serves,
        connector: one.package.as_ref().map_or_else(|| "onbekend pakket".to_owned(), named),
        calls: one.measured.calls(),
        by_connector: one.measured.by_connector,
        by_vendor: one.measured.by_vendor,
        by_host: one.measured.by_host,
        dead: one.measured.unreconciled,
    }
}

fn took(revision: i64, measured: &Measured) -> TookLine {
    let took = measured.took;
    TookLine {
        revision,
        average: words::millis(took.wall_us / measured.calls().max(1) / 1_000),
        p95: measured.p95_ms().map_or_else(
            || "–".to_owned(),
            |millis| format!("hoogstens {}", words::millis(millis)),
        ),
        guest: words::millis(took.guest_ms),
        network: words::millis(took.network_us / 1_000),
        memory: words::bytes(took.memory_peak),
        requests: took.requests,
        sent: words::bytes(took.bytes_sent),
        received: words::bytes(took.bytes_received),
    }
}

fn faults(one: &RevisionHealth) -> impl Iterator<Item = FaultLine> + '_ {
    one.faults.iter().map(|fault| FaultLine {
        revision: one.revision.number,
        interface: fault.interface.clone(),
        what: fault.what.clone(),
        frames: fault.frames.clone(),
        times: fault.times,
        first: words::moment(fault.first_at),
        last: words::moment(fault.last_at),
    })
}

async fn download(State(service): State<Service>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Oops> {
    let health = read(&service, &visitor, &id).await?;
    let text = serde_json::to_string_pretty(&PeerHealth::from(&health)).map_err(|error| Oops::ours(&error))?;
    let named = format!("attachment; filename=\"gezondheid-{}.json\"", day(visitor.now));
    let headers = [
        (CONTENT_TYPE, "application/json; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, named),
    ];
    Ok((headers, text).into_response())
}

async fn requeue(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let (visitor, fields) = (&form.visitor, &form.fields);
    let health = read(&service, visitor, &id).await?;
    let chosen: Vec<&str> = match fields.text("alle") {
        "ja" => health.letters.iter().map(|row| row.id.as_str()).collect(),
        _ => fields.all("bericht").collect(),
    };
    if chosen.is_empty() {
        return refused(&service, visitor, &id, Said::bad("Er is geen bericht gekozen.")).await;
    }
    for letter in chosen {
        if let Err(error) = letters::requeue(&service.core, visitor.tenant(), letter, &actor(visitor.id())).await {
            return refused(&service, visitor, &id, error.in_dutch()?).await;
        }
    }
    Ok(after(&format!("/koppelingen/{id}/gezondheid"), "opnieuw"))
}

async fn refused(service: &Service, visitor: &Visitor, id: &str, said: Said) -> Result<Response, Oops> {
    shown(service, visitor, id, (said.status, Notice::refused(said.sentence))).await
}
