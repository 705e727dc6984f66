//! `/uitrolstops`: times from the exam calendar in which no connector is rolled out. Rolling back is always possible.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::civil::DateTime;

use super::form::Form;
use super::oops::Oops;
use super::refusal::{Said, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::app::{Refused, freeze};
use crate::domain::calendar::zone;
use crate::domain::principal::{Duty, WHOLE_SCHOOL};

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/uitrolstops", get(list).post(enter))
        .route("/uitrolstops/{freeze}/intrekken", post(withdraw))
}

struct Line {
    id: String,
    name: String,
    from: String,
    until: String,
    by: String,
    holds: bool,
}

#[derive(Template)]
#[template(path = "freezes.html")]
struct FreezesPage {
    shell: Shell,
    lines: Vec<Line>,
    keeps: bool,
    typed: String,
}

async fn list(
    State(service): State<Service>,
    visitor: Visitor,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(&service, &visitor, StatusCode::OK, just_done.notice(), "").await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    status: StatusCode,
    notice: Option<Notice>,
    typed: &str,
) -> Result<Response, Oops> {
    let coming = freeze::coming(&service.core, visitor.tenant()).await?;
    let lines = coming.into_iter().map(|row| Line {
        holds: row.holds_at(visitor.now),
        id: row.id,
        name: row.name,
        from: words::moment(row.from),
        until: words::moment(row.until),
        by: row.entered_by,
    });
    let everywhere = [WHOLE_SCHOOL.to_owned()];
    let holds = |duty| visitor.who.account.holding(duty, &everywhere, visitor.now).is_ok();
    let freezes = FreezesPage {
        shell: Shell::around(service, visitor, "/koppelingen", "Uitrolstops", notice).await?,
        lines: lines.collect(),
        keeps: holds(Duty::Plannen) || holds(Duty::Beheren),
        typed: typed.to_owned(),
    };
    page(status, &freezes)
}

async fn enter(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let name = fields.text("naam");
    let said = match (moment(fields.text("vanaf")), moment(fields.text("tot"))) {
        (Some(from), Some(until)) => {
            let account = &visitor.who.account;
            match freeze::enter(&service.core, visitor.tenant(), account, (from, until), name).await {
                Ok(_) => return Ok(after("/uitrolstops", "stilgezet")),
                Err(Refused::Invalid(_)) => {
                    Said::bad("Geef een naam, en een einde dat na het begin ligt en nog niet voorbij is.")
                }
                Err(refused) => of_refused(refused, "Dat kan nu niet.")?,
            }
        }
        _ => Said::bad("Vul begin en einde in als dag en tijd."),
    };
    let notice = Notice::refused(said.sentence);
    shown(&service, visitor, said.status, notice, name).await
}

/// A moment as a browser sends it: the time at school.
fn moment(text: &str) -> Option<Timestamp> {
    let at: DateTime = text.parse().ok()?;
    at.to_zoned(zone()).ok().map(|zoned| zoned.timestamp())
}

async fn withdraw(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let visitor = &form.visitor;
    match freeze::withdraw(&service.core, visitor.tenant(), &visitor.who.account, &id).await {
        Ok(()) => Ok(after("/uitrolstops", "stop-vervallen")),
        Err(refused) => {
            let said = of_refused(refused, "Dat kan nu niet.")?;
            shown(&service, visitor, said.status, Notice::refused(said.sentence), "").await
        }
    }
}
