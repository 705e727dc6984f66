//! `/kalender`: on which days the school works, and how long it gives its people and systems. Everybody may look.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::civil::Date;

use super::form::Form;
use super::oops::Oops;
use super::refusal::{Said, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use crate::api::Service;
use crate::app::school;
use crate::domain::calendar::{day, in_words};
use crate::domain::deadline::{LONGEST_TERM, Terms};
use crate::domain::principal::{Duty, WHOLE_SCHOOL};
use crate::domain::school_calendar::{DaysOff, DaysOffRefused, LONGEST_RANGE, LiberationDay, SchoolCalendar};

/// Public holidays that are shown: those of so many days from today.
const AHEAD: usize = 400;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/kalender", get(show).post(add))
        .route("/kalender/termijnen", post(set_terms))
        .route("/kalender/vervallen", post(remove))
}

struct OffLine {
    from: String,
    name: String,
    first: String,
    last: String,
}

#[derive(Default)]
struct Typed {
    name: String,
    from: String,
    until: String,
}

#[derive(Template)]
#[template(path = "school.html")]
struct CalendarPage {
    shell: Shell,
    keeps: bool,
    assess: String,
    exchange: String,
    longest: u32,
    liberation: Vec<(&'static str, &'static str, bool)>,
    off: Vec<OffLine>,
    holidays: Vec<(String, &'static str)>,
    typed: Typed,
}

fn keeps(visitor: &Visitor) -> bool {
    let everywhere = [WHOLE_SCHOOL.to_owned()];
    let holds = |duty| visitor.who.account.holding(duty, &everywhere, visitor.now).is_ok();
    holds(Duty::Plannen) || holds(Duty::Beheren)
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(
        &service,
        &visitor,
        (StatusCode::OK, just_done.notice()),
        Typed::default(),
    )
    .await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    (status, notice): (StatusCode, Option<Notice>),
    typed: Typed,
) -> Result<Response, Oops> {
    let time = school::time(&service.core.db, visitor.tenant()).await?;
    let choice = time.calendar.liberation_day;
    let off = time.calendar.days_off.iter().map(|off| OffLine {
        from: off.from.to_string(),
        name: off.name.clone(),
        first: in_words(off.from),
        last: in_words(off.until),
    });
    let calendar_page = CalendarPage {
        shell: Shell::around(service, visitor, "/kalender", "Werkdagen en termijnen", notice).await?,
        keeps: keeps(visitor),
        assess: time.terms.assess.to_string(),
        exchange: time.terms.exchange.to_string(),
        longest: LONGEST_TERM,
        liberation: LiberationDay::ALL
            .into_iter()
            .map(|one| (one.name(), in_dutch(one), one == choice))
            .collect(),
        off: off.collect(),
        holidays: holidays(&time.calendar, day(visitor.now)),
        typed,
    };
    page(status, &calendar_page)
}

fn in_dutch(choice: LiberationDay) -> &'static str {
    match choice {
        LiberationDay::EveryFifthYear => "eens in de vijf jaar (2025, 2030, …)",
        LiberationDay::EveryYear => "elk jaar",
        LiberationDay::Never => "nooit",
    }
}

fn holidays(calendar: &SchoolCalendar, today: Date) -> Vec<(String, &'static str)> {
    let days = std::iter::successors(Some(today), |day| day.tomorrow().ok()).take(AHEAD);
    days.filter_map(|day| Some((in_words(day), calendar.holiday(day)?.name())))
        .collect()
}

async fn refused(service: &Service, visitor: &Visitor, said: Said, typed: Typed) -> Result<Response, Oops> {
    shown(service, visitor, (said.status, Notice::refused(said.sentence)), typed).await
}

async fn set_terms(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let term = |name| {
        let days = fields.text(name).parse::<u32>().ok();
        days.filter(|days| (1..=LONGEST_TERM).contains(days))
    };
    let choice = LiberationDay::from_name(fields.text("bevrijdingsdag"));
    let (Some(assess), Some(exchange), Some(choice)) = (term("beoordelen"), term("uitwisselen"), choice) else {
        let said = Said::bad(format!(
            "Vul bij beide termijnen een aantal werkdagen van 1 tot {LONGEST_TERM} in."
        ));
        return refused(&service, visitor, said, Typed::default()).await;
    };
    let terms = Terms { assess, exchange };
    match school::set_terms(&service.core, visitor.tenant(), &visitor.who.account, terms, choice).await {
        Ok(()) => Ok(after("/kalender", "termijnen")),
        Err(error) => {
            let said = of_refused(error, "Dat kan nu niet. Laad de pagina opnieuw.")?;
            refused(&service, visitor, said, Typed::default()).await
        }
    }
}

async fn add(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let typed = Typed {
        name: fields.text("naam").to_owned(),
        from: fields.text("vanaf").to_owned(),
        until: fields.text("tot").to_owned(),
    };
    let (Ok(from), Ok(until)) = (typed.from.parse::<Date>(), typed.until.parse::<Date>()) else {
        let said = Said::bad("Kies een eerste en een laatste vrije dag, zoals 2026-10-17.");
        return refused(&service, visitor, said, typed).await;
    };
    let off = match DaysOff::entered(from, until, &typed.name) {
        Ok(off) => off,
        Err(why) => return refused(&service, visitor, Said::bad(of_days_off(&why)), typed).await,
    };
    match school::add_days_off(&service.core, visitor.tenant(), &visitor.who.account, &off).await {
        Ok(()) => Ok(after("/kalender", "vrije-dagen")),
        Err(error) => {
            let said = of_refused(
                error,
                "Deze dagen vallen samen met vrije dagen die er al staan. Haal die eerst weg.",
            )?;
            refused(&service, visitor, said, typed).await
        }
    }
}

fn of_days_off(why: &DaysOffRefused) -> String {
    match why {
        DaysOffRefused::Backwards { .. } => "De laatste vrije dag ligt vóór de eerste. Draai ze om.".to_owned(),
        DaysOffRefused::TooLong { .. } => {
            format!("Dat zijn meer dan {LONGEST_RANGE} dagen. Controleer het jaar, of vul het in delen in.")
        }
        DaysOffRefused::Nameless { .. } => "Geef de vrije dagen een naam van ten hoogste 80 tekens.".to_owned(),
    }
}

async fn remove(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let Ok(from) = fields.text("vanaf").parse::<Date>() else {
        return Err(Oops::Unreadable("Het formulier noemt geen dag.".to_owned()));
    };
    match school::remove_days_off(&service.core, visitor.tenant(), &visitor.who.account, from).await {
        Ok(()) => Ok(after("/kalender", "vervallen")),
        Err(error) => {
            let said = of_refused(error, "Dat kan nu niet. Laad de pagina opnieuw.")?;
            refused(&service, visitor, said, Typed::default()).await
        }
    }
}
