//! `/uitrolstops`: times from the exam calendar in which no connector is rolled out. Rolling back is always possible.

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
use super::refusal::{Said, of_label, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::app::Refused;
use crate::app::freeze::{self, New, Proposal};
use crate::domain::calendar::{in_words, zone};
use crate::domain::exam_calendar::{Period, WrongLine};
use crate::domain::principal::{Duty, WHOLE_SCHOOL};

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/uitrolstops", get(list).post(enter))
        .route("/uitrolstops/kalender", post(calendar))
        .route("/uitrolstops/overnemen", post(take_over))
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

struct ProposalLine {
    /// First day, last day and name, as the form sends them.
    value: String,
    name: String,
    days: String,
    sittings: u32,
    there: bool,
}

impl From<Proposal> for ProposalLine {
    fn from(it: Proposal) -> Self {
        let (first, last) = (it.period.first, it.period.last);
        ProposalLine {
            value: format!("{first} {last} {}", it.name),
            days: format!("{} t/m {}", in_words(first), in_words(last)),
            name: it.name,
            sittings: it.sittings,
            there: it.there,
        }
    }
}

/// What a calendar asks for.
struct CalendarRead {
    proposals: Vec<ProposalLine>,
    refused: Vec<(usize, String)>,
    /// Whether anything of it can still be taken over.
    is_open: bool,
}

#[derive(Template)]
#[template(path = "freezes.html")]
struct FreezesPage {
    shell: Shell,
    lines: Vec<Line>,
    proposals: Vec<ProposalLine>,
    least: u32,
    read: Option<CalendarRead>,
    keeps: bool,
    typed: String,
    calendar: String,
}

#[derive(Deserialize)]
struct Asked {
    /// A week with so many sittings is an exam week.
    #[serde(default)]
    zittingen: String,
    #[serde(default)]
    gedaan: String,
}

async fn list(State(service): State<Service>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Oops> {
    let least = asked.zittingen.trim().parse().unwrap_or(freeze::EXAM_WEEK);
    let notice = JustDone { gedaan: asked.gedaan }.notice();
    let typed = Typed {
        least,
        ..Typed::default()
    };
    shown(&service, &visitor, (StatusCode::OK, notice), typed).await
}

/// What was typed and read.
struct Typed<'a> {
    name: &'a str,
    calendar: &'a str,
    read: Option<CalendarRead>,
    least: u32,
}

impl Default for Typed<'_> {
    fn default() -> Self {
        Typed {
            name: "",
            calendar: "",
            read: None,
            least: freeze::EXAM_WEEK,
        }
    }
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    (status, notice): (StatusCode, Option<Notice>),
    typed: Typed<'_>,
) -> Result<Response, Oops> {
    let (core, tenant) = (&service.core, visitor.tenant());
    let coming = freeze::coming(core, tenant).await?;
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
    let proposals = freeze::proposals(core, tenant, typed.least).await?;
    let freezes = FreezesPage {
        shell: Shell::around(service, visitor, "/koppelingen", "Uitrolstops", notice).await?,
        lines: lines.collect(),
        proposals: proposals.into_iter().map(ProposalLine::from).collect(),
        least: typed.least.max(1),
        read: typed.read,
        keeps: holds(Duty::Plannen) || holds(Duty::Beheren),
        typed: typed.name.to_owned(),
        calendar: typed.calendar.to_owned(),
    };
    page(status, &freezes)
}

/// What a school's calendar asks for: nothing is kept until it is taken over.
async fn calendar(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let (visitor, text) = (&form.visitor, form.fields.text("kalender"));
    let (good, refused) = freeze::from_calendar(&service.core, visitor.tenant(), text).await?;
    let read = CalendarRead {
        is_open: good.iter().any(|one| !one.there),
        proposals: good.into_iter().map(ProposalLine::from).collect(),
        refused: refused
            .into_iter()
            .map(|(number, why)| (number, wrong_line(&why)))
            .collect(),
    };
    let typed = Typed {
        calendar: text,
        read: Some(read),
        ..Typed::default()
    };
    shown(&service, visitor, (StatusCode::OK, None), typed).await
}

fn wrong_line(why: &WrongLine) -> String {
    match why {
        WrongLine::Cells(_) => "schrijf: eerste dag; laatste dag; naam".to_owned(),
        WrongLine::Day(text) => format!("‘{text}’ is geen dag; schrijf 10-05-2027 of 2027-05-10"),
        WrongLine::TooMany => "vanaf hier is niet meer gelezen; plak de rest apart".to_owned(),
        WrongLine::Ends => "de laatste dag ligt voor de eerste".to_owned(),
        WrongLine::Name(why) => of_label(why),
    }
}

/// Proposals become freezes: the one whose button was pressed, or all of its table.
async fn take_over(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let chosen = match fields.text("alles") {
        "ja" => "elk",
        _ => "voorstel",
    };
    let new: Option<Vec<New>> = fields.all(chosen).map(proposed).collect();
    let said = match new.filter(|new| !new.is_empty()) {
        None => Said::bad("Het formulier noemt geen voorstel."),
        Some(new) => match freeze::enter_all(&service.core, visitor.tenant(), &visitor.who.account, &new).await {
            Ok(_) => return Ok(after("/uitrolstops", "stilgezet")),
            Err(Refused::Invalid(_)) => Said::bad("Deze tijd is al voorbij."),
            Err(refused) => of_refused(refused, "Dat kan nu niet.")?,
        },
    };
    shown(
        &service,
        visitor,
        (said.status, Notice::refused(said.sentence)),
        Typed::default(),
    )
    .await
}

/// A proposal as its button sends it: first day, last day and name.
fn proposed(value: &str) -> Option<New> {
    let mut parts = value.splitn(3, ' ');
    let period = Period {
        first: parts.next()?.parse().ok()?,
        last: parts.next()?.parse().ok()?,
    };
    let (from, until) = period.moments().ok()?;
    let name = parts.next()?.to_owned();
    Some(New { from, until, name })
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
    let told = (said.status, Notice::refused(said.sentence));
    let typed = Typed {
        name,
        ..Typed::default()
    };
    shown(&service, visitor, told, typed).await
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
            let told = (said.status, Notice::refused(said.sentence));
            shown(&service, visitor, told, Typed::default()).await
        }
    }
}
