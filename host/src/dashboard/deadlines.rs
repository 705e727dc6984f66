//! `/termijnen`: what is late, due today and ahead, and whose it is; how long exceptions have waited, in working days;
//! and planning a cesuur.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use serde::Deserialize;

use super::exceptions::claimed;
use super::form::Form;
use super::oops::Oops;
use super::refusal::{Said, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::deadline::{self, Due};
use crate::domain::calendar::{day, in_words};
use crate::domain::deadline::{Kind, Standing, standing};
use crate::domain::principal::Duty;
use crate::domain::school_calendar::SchoolCalendar;
use crate::store::{peer, task};

/// Most exceptions on the page; the oldest come first.
const MOST: u32 = 500;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new().route("/termijnen", get(list).post(plan))
}

#[derive(Default, Deserialize)]
struct Which {
    #[serde(default)]
    functie: String,
    #[serde(flatten)]
    just_done: JustDone,
}

struct DueLine {
    kind: &'static str,
    name: String,
    sitting: Option<String>,
    vendor: String,
    count: i64,
    due: String,
    standing: Badge,
    owner: &'static str,
    unit: String,
}

struct TaskLine {
    id: String,
    title: String,
    owner: String,
    unit: String,
    opened: String,
    age: String,
    claimed: String,
}

/// How a deadline stands, in a word with a colour.
pub struct Badge {
    /// Class: `good`, `wait` or `bad`; empty for none.
    pub class: &'static str,
    /// Dutch.
    pub word: String,
}

impl Badge {
    /// Of a deadline on a day; `None` is one that nobody has planned.
    #[must_use]
    pub fn of(due: Option<Date>, today: Date, calendar: &SchoolCalendar) -> Badge {
        let (class, word) = match due.map(|due| standing(due, today, calendar)) {
            None => ("wait", "niet gepland".to_owned()),
            Some(Standing::Late(0)) => ("bad", "te laat".to_owned()),
            Some(Standing::Late(days)) => ("bad", format!("{} te laat", words::working_days(days))),
            Some(Standing::Today) => ("wait", "vandaag".to_owned()),
            Some(Standing::Ahead(days)) => ("", format!("over {}", words::working_days(days))),
        };
        Badge { class, word }
    }
}

#[derive(Template)]
#[template(path = "deadlines.html")]
struct ListPage {
    shell: Shell,
    duties: Vec<(&'static str, bool)>,
    today: String,
    late: usize,
    due_today: usize,
    lines: Vec<DueLine>,
    tasks: Vec<TaskLine>,
    more: bool,
    not_looked_at: i64,
    assess: u32,
    exchange: u32,
    cesuren: Vec<(String, String)>,
    typed: String,
}

async fn list(State(service): State<Service>, visitor: Visitor, Query(which): Query<Which>) -> Result<Response, Oops> {
    shown(&service, &visitor, &which, None, "").await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    which: &Which,
    said: Option<Said>,
    typed: &str,
) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let today = day(visitor.now);
    let units = Units::of(service, tenant).await?;
    let work = deadline::work(db, tenant, visitor.now).await?;
    let calendar = &work.time.calendar;
    let wanted = Duty::from_name(&which.functie);
    let is_wanted = |owner: &str| wanted.is_none_or(|wanted| wanted.name() == owner);
    let peers = peer::all(db, tenant).await?;
    let vendor = |id: &str| {
        let known = peers.iter().find(|peer| peer.id == id);
        known.map_or_else(|| id.to_owned(), |peer| peer.name.clone())
    };
    let visible: Vec<&Due> = work
        .due
        .iter()
        .filter(|piece| units.shows(visitor, piece.unit.as_deref()) && is_wanted(piece.owner.name()))
        .collect();
    let accounts = db.accounts(tenant).await?;
    let tasks = task::open_tasks(db, tenant, MOST).await?;
    let more = tasks.len() == MOST as usize;
    let tasks = tasks
        .into_iter()
        .filter(|task| task.about.unit.is_none() || units.shows(visitor, task.about.unit.as_deref()))
        .filter(|task| is_wanted(&task.about.owner))
        .map(|task| TaskLine {
            claimed: claimed(&task, visitor, &accounts),
            unit: units.name_opt(task.about.unit.as_deref()),
            id: task.id,
            title: task.about.title,
            owner: task.about.owner,
            opened: words::day(task.opened_at),
            age: words::working_days(calendar.passed(day(task.opened_at), today)),
        })
        .collect();
    let counts = |of: fn(Standing) -> bool| {
        let dues = visible.iter().filter_map(|piece| piece.due);
        dues.filter(|due| of(standing(*due, today, calendar))).count()
    };
    let cesuren = match visitor.holds(Duty::Vaststellen) {
        true => awaited_cesuren(&visible, vendor),
        false => Vec::new(),
    };
    let (status, notice) = match said {
        None => (StatusCode::OK, which.just_done.notice()),
        Some(said) => (said.status, Notice::refused(said.sentence)),
    };
    let list = ListPage {
        shell: Shell::around(service, visitor, "/termijnen", "Termijnen", notice).await?,
        duties: Duty::ALL
            .iter()
            .map(|duty| (duty.name(), wanted == Some(*duty)))
            .collect(),
        today: in_words(today),
        late: counts(|standing| matches!(standing, Standing::Late(_))),
        due_today: counts(|standing| standing == Standing::Today),
        lines: visible
            .iter()
            .map(|piece| line(piece, &units, vendor(&piece.peer), (today, calendar)))
            .collect(),
        tasks,
        not_looked_at: work.not_looked_at,
        more,
        assess: work.time.terms.assess,
        exchange: work.time.terms.exchange,
        cesuren,
        typed: typed.to_owned(),
    };
    page(status, &list)
}

/// The examenversies whose cesuur is awaited, as a choice and its words.
fn awaited_cesuren(visible: &[&Due], vendor: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let mut cesuren: Vec<(String, String)> = Vec::new();
    for piece in visible.iter().filter(|piece| piece.kind == Kind::Cesuur) {
        let value = chosen(&piece.peer, &piece.component, &piece.name);
        let label = format!("{}: {}, versie {}", vendor(&piece.peer), piece.component, piece.name);
        if !cesuren.iter().any(|(known, _)| *known == value) {
            cesuren.push((value, label));
        }
    }
    cesuren
}

fn line(piece: &Due, units: &Units, vendor: String, (today, calendar): (Date, &SchoolCalendar)) -> DueLine {
    DueLine {
        kind: piece.kind.name(),
        name: match piece.kind {
            Kind::Cesuur => format!("{}, versie {}", piece.component, piece.name),
            Kind::Assess | Kind::Exchange => piece.name.clone(),
        },
        sitting: piece.sitting.clone(),
        vendor,
        count: piece.count,
        due: piece.due.map_or_else(|| "–".to_owned(), in_words),
        standing: Badge::of(piece.due, today, calendar),
        owner: piece.owner.name(),
        unit: units.name_opt(piece.unit.as_deref()),
    }
}

/// An examenversie as one field of a form carries it: no part holds a line feed, since ids and codes are one line.
fn chosen(peer: &str, component: &str, code: &str) -> String {
    format!("{peer}\n{component}\n{code}")
}

async fn plan(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let typed = fields.text("dag");
    // A browser sends a line feed as carriage return and line feed.
    let chosen = fields.text("examenversie").replace('\r', "");
    let mut parts = chosen.splitn(3, '\n');
    let (Some(peer), Some(component), Some(code)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Oops::Unreadable("Het formulier noemt geen examenversie.".to_owned()));
    };
    let said = match typed.parse::<Date>() {
        Err(_) => Said::bad("Kies een dag voor de cesuur, zoals 2026-09-30."),
        Ok(chosen) if chosen < day(visitor.now) => {
            Said::bad("Die dag is voorbij. Kies vandaag of een latere dag voor de cesuur.")
        }
        Ok(day) => {
            let versie = (peer, component, code);
            match deadline::plan_cesuur(&service.core, visitor.tenant(), &visitor.who.account, versie, day).await {
                Ok(()) => return Ok(after("/termijnen", "cesuur-gepland")),
                Err(refused) => of_refused(refused, "De cesuur kan nu niet worden gepland.")?,
            }
        }
    };
    shown(&service, visitor, &Which::default(), Some(said), typed).await
}
