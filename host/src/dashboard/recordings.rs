//! `/koppelingen/{peer}/opnamen`: recording what a connector and its vendor say to each other, on and off; what was
//! recorded, masked, and as a file for the vendor.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::form::Form;
use super::oops::Oops;
use super::refusal::{InDutch, NO_REASON, Said};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::api::v1::recording::Recording;
use crate::app::recording::{self, MOST, MOST_DAYS, RecordingError};
use crate::connector::recorder::Exchanged;
use crate::domain::calendar::day;
use crate::store::peer;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/koppelingen/{peer}/opnamen", get(show).post(set))
        .route("/koppelingen/{peer}/opnamen.json", get(download))
}

struct CallLine {
    at: String,
    revision: i64,
    interface: String,
    outcome: String,
    good: bool,
    exchanges: Vec<ExchangeLine>,
}

struct ExchangeLine {
    request: String,
    sent: String,
    status: String,
    received: String,
}

impl From<&Exchanged> for ExchangeLine {
    fn from(it: &Exchanged) -> Self {
        let query: Vec<String> = it.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{}", query.join("&"))
        };
        ExchangeLine {
            request: format!("{} {}: {}{query}", it.endpoint, it.method, it.path),
            sent: it.sent.text.clone(),
            status: it
                .status
                .map_or_else(|| "geen antwoord".to_owned(), |status| status.to_string()),
            received: it.received.text.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "recordings.html")]
struct RecordingsPage {
    shell: Shell,
    peer: String,
    name: String,
    days: u32,
    most: u32,
    by: String,
    most_days: u32,
    most_calls: u32,
    calls: Vec<CallLine>,
    typed: String,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(&service, &visitor, &id, (StatusCode::OK, just_done.notice()), "").await
}

async fn read(service: &Service, visitor: &Visitor, id: &str) -> Result<recording::Shown, Oops> {
    visitor.must_manage()?;
    match recording::masked(&service.core, visitor.tenant(), id).await {
        Ok(shown) => Ok(shown),
        Err(error) => Err(Oops::absent(error.in_dutch()?.sentence)),
    }
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (status, notice): (StatusCode, Option<Notice>),
    typed: &str,
) -> Result<Response, Oops> {
    let read = read(service, visitor, id).await?;
    let known = peer::find(&service.core.db, visitor.tenant(), id).await?;
    let name = known.map_or_else(|| id.to_owned(), |peer| peer.name);
    let calls = read.calls.iter().map(|call| CallLine {
        at: words::moment(call.at),
        revision: call.revision,
        interface: call.interface.clone(),
        good: call.outcome == "done",
        outcome: match call.outcome.as_str() {
            "done" => "gelukt".to_owned(),
            other => other.to_owned(),
        },
        exchanges: call.said.exchanged.iter().map(ExchangeLine::from).collect(),
    });
    let recordings = RecordingsPage {
        shell: Shell::around(service, visitor, "/koppelingen", format!("Opnamen: {name}"), notice).await?,
        calls: calls.collect(),
        peer: id.to_owned(),
        name,
        days: read.days,
        most: read.most,
        by: read.set_by,
        most_days: MOST_DAYS,
        most_calls: MOST,
        typed: typed.to_owned(),
    };
    page(status, &recordings)
}

async fn set(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let reason = fields.text("reden");
    let number = |name: &str| fields.text(name).parse::<u32>().map_err(|_| RecordingError::Beyond);
    let of = number("dagen").and_then(|days| Ok((days, number("aantal")?)));
    let done = match of {
        Ok(of) => recording::set(&service.core, visitor.tenant(), visitor.id(), &id, of, reason).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(after(&format!("/koppelingen/{id}/opnamen"), "opname")),
        Err(error) => {
            let said = error.in_dutch()?;
            let told = (said.status, Notice::refused(said.sentence));
            shown(&service, visitor, &id, told, reason).await
        }
    }
}

async fn download(State(service): State<Service>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Oops> {
    let read = read(&service, &visitor, &id).await?;
    let noted = recording::note_export(&service.core, visitor.tenant(), visitor.id(), &id, read.calls.len()).await;
    noted.map_err(|error| Oops::ours(&error))?;
    let text = serde_json::to_string_pretty(&Recording::from(&read)).map_err(|error| Oops::ours(&error))?;
    let named = format!("attachment; filename=\"opnamen-{}.json\"", day(visitor.now));
    let headers = [
        (CONTENT_TYPE, "application/json; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, named),
    ];
    Ok((headers, text).into_response())
}

impl InDutch for RecordingError {
    fn in_dutch(self) -> Result<Said, Oops> {
        Ok(match self {
            RecordingError::UnknownPeer(_) => return Err(Oops::absent("Deze koppeling is er niet.")),
            RecordingError::Beyond => Said::bad(format!(
                "Bewaar opnamen 1 tot {MOST_DAYS} dagen (0: niet opnemen), en 1 tot {MOST} aanroepen."
            )),
            RecordingError::NoReason => Said::bad(NO_REASON),
            RecordingError::Sealed(error) => return Err(Oops::ours(&error)),
            RecordingError::Store(error) => return Err(error.into()),
            RecordingError::Commit(error) => return Err(error.into()),
        })
    }
}
