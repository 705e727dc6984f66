//! `/vergelijken`: how the school stands beside the other systems today: what was compared, what differs, what went in and
//! came out per flow, and the daily check with who signed it off.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::Deserialize;

use super::comparison::{outcome, part};
use super::form::Form;
use super::oops::Oops;
use super::refusal::{Said, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::Refused;
use crate::app::comparison::daily;
use crate::domain::calendar::{self, in_words};
use crate::domain::daily::{FlowLine, Stood};
use crate::store::comparison::{self as comparison_store, Counted, Outcome};
use crate::store::peer;

/// Most open comparisons on the page.
const MOST: u32 = 200;
/// So far back comparisons are counted as those of now.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/vergelijken", get(show))
        .route("/vergelijken/nagekeken", post(sign_off))
}

struct Compared {
    peer: String,
    part: &'static str,
    equal: i64,
    differs: i64,
    waiting: i64,
    unreadable: i64,
    last: String,
}

struct Open {
    sitting: String,
    name: String,
    unit: String,
    part: &'static str,
    peer: String,
    word: &'static str,
    class: &'static str,
    detail: String,
    since: String,
}

struct Flow {
    peer: String,
    flow: String,
    went_in: i64,
    came_out: i64,
    waiting: i64,
    stuck: i64,
    set_aside: i64,
    balanced: bool,
}

struct Signed {
    day: String,
    who: String,
    when: String,
    stood: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "reconcile.html")]
struct ReconcilePage {
    shell: Shell,
    compared: Vec<Compared>,
    open: Vec<Open>,
    more: bool,
    flows: Vec<Flow>,
    day: String,
    chosen: String,
    earliest: String,
    latest: String,
    open_count: i64,
    differing: i64,
    not_compared: i64,
    overdue: i64,
    signs: bool,
    typed: String,
    signed: Vec<Signed>,
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    dag: String,
    #[serde(default)]
    gedaan: String,
}

async fn show(State(service): State<Service>, visitor: Visitor, Query(which): Query<Which>) -> Result<Response, Oops> {
    let today = calendar::day(visitor.now);
    let asked = which.dag.trim();
    let chosen = match asked {
        "" => Some(today),
        text => text
            .parse::<Date>()
            .ok()
            .filter(|day| daily::bounds(*day, visitor.now).is_ok()),
    };
    let notice = JustDone { gedaan: which.gedaan }.notice();
    match chosen {
        Some(day) => shown(&service, &visitor, day, (StatusCode::OK, notice), "").await,
        None => {
            let sentence = format!(
                "Kies een dag van {} dagen geleden tot en met vandaag; hieronder staat vandaag.",
                daily::DAYS_BACK
            );
            let told = (StatusCode::UNPROCESSABLE_ENTITY, Notice::refused(sentence));
            shown(&service, &visitor, today, told, "").await
        }
    }
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    day: Date,
    (status, notice): (StatusCode, Option<Notice>),
    typed: &str,
) -> Result<Response, Oops> {
    let (core, db, tenant, now) = (&service.core, &service.core.db, visitor.tenant(), visitor.now);
    let stood = daily::stands(core, tenant, day)
        .await
        .map_err(|error| Oops::ours(&error))?;
    let peers: HashMap<String, String> = peer::all(db, tenant)
        .await?
        .into_iter()
        .map(|it| (it.id, it.name))
        .collect();
    let named = |id: &str| peers.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let units = Units::of(service, tenant).await?;
    let since = now - FRESH;
    let listed = comparison_store::open(db, tenant, since, MOST).await?;
    let more = listed.len() == MOST as usize;
    let open = listed
        .into_iter()
        .filter(|one| units.shows(visitor, one.unit.as_deref()));
    let open = open.map(|one| {
        let (word, class) = outcome(one.row.outcome);
        Open {
            name: one.name,
            unit: units.name_opt(one.unit.as_deref()),
            part: part(one.row.part),
            peer: named(&one.row.peer),
            word,
            class,
            detail: one.row.detail,
            since: words::moment(one.row.at),
            sitting: one.row.sitting,
        }
    });
    let today = calendar::day(now);
    let reconcile = ReconcilePage {
        shell: Shell::around(service, visitor, "/vergelijken", "Vergelijken", notice).await?,
        compared: compared(comparison_store::counted_since(db, tenant, since).await?, named),
        open: open.collect(),
        more,
        day: in_words(day),
        chosen: day.to_string(),
        earliest: today
            .saturating_sub(jiff::Span::new().days(daily::DAYS_BACK))
            .to_string(),
        latest: today.to_string(),
        open_count: stood.open(),
        differing: stood.differing,
        not_compared: stood.not_compared,
        overdue: stood.overdue,
        signs: daily::may_sign(&visitor.who.account, now).is_ok(),
        typed: typed.to_owned(),
        signed: signed(service, visitor).await?,
        flows: stood.flows.iter().map(|line| flow(line, named(&line.peer))).collect(),
    };
    page(status, &reconcile)
}

fn compared(counted: Vec<Counted>, named: impl Fn(&str) -> String) -> Vec<Compared> {
    let mut lines: Vec<((String, crate::domain::comparison::Part), Compared, jiff::Timestamp)> = Vec::new();
    for one in counted {
        let key = (one.peer.clone(), one.part);
        let place = lines.iter().position(|(known, _, _)| *known == key);
        let place = place.unwrap_or_else(|| {
            let line = Compared {
                peer: named(&one.peer),
                part: part(one.part),
                equal: 0,
                differs: 0,
                waiting: 0,
                unreadable: 0,
                last: String::new(),
            };
            lines.push((key, line, one.last));
            lines.len() - 1
        });
        let (_, line, last) = &mut lines[place];
        match one.outcome {
            Outcome::Equal => line.equal += one.count,
            Outcome::Differs => line.differs += one.count,
            Outcome::Waiting => line.waiting += one.count,
            Outcome::Unreadable => line.unreadable += one.count,
        }
        *last = (*last).max(one.last);
    }
    let told = lines.into_iter().map(|(_, line, last)| Compared {
        last: words::moment(last),
        ..line
    });
    told.collect()
}

fn flow(line: &FlowLine, peer: String) -> Flow {
    Flow {
        peer,
        flow: format!("{} {}", line.flow, words::flow(line.flow)),
        went_in: line.went_in,
        came_out: line.came_out,
        waiting: line.waiting,
        stuck: line.stuck,
        set_aside: line.set_aside,
        balanced: line.is_balanced(),
    }
}

async fn signed(service: &Service, visitor: &Visitor) -> Result<Vec<Signed>, Oops> {
    let tenant = visitor.tenant();
    let names: HashMap<String, String> = service
        .core
        .db
        .accounts(tenant)
        .await?
        .into_iter()
        .map(|account| (account.id, account.name))
        .collect();
    let recent = daily::recent(&service.core, tenant).await?;
    let signed = recent.into_iter().map(|row| Signed {
        day: in_words(row.day),
        who: names.get(&row.account).cloned().unwrap_or(row.account),
        when: words::moment(row.at),
        stood: stood(&row.stood),
        reason: row.reason,
    });
    Ok(signed.collect())
}

/// What a day stood at, in a sentence.
fn stood(stood: &Stood) -> String {
    let sum = |of: fn(&FlowLine) -> i64| stood.flows.iter().map(of).sum::<i64>();
    format!(
        "{} verschillen; {} niet of niet geheel vergeleken; in {}, uit {}, onderweg {}, vast {}, terzijde {}",
        stood.differing,
        stood.not_compared,
        sum(|line| line.went_in),
        sum(|line| line.came_out),
        sum(|line| line.waiting),
        sum(|line| line.stuck),
        sum(|line| line.set_aside),
    )
}

async fn sign_off(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let (day, seen) = (fields.text("dag").parse::<Date>(), fields.text("open").parse::<i64>());
    let (Ok(day), Ok(seen)) = (day, seen) else {
        return Err(Oops::Unreadable("Het formulier noemt geen dag.".to_owned()));
    };
    let reason = fields.text("reden");
    let account = &visitor.who.account;
    let said = match daily::sign_off(&service.core, visitor.tenant(), account, day, (seen, reason)).await {
        Ok(_) => return Ok(after("/vergelijken", "nagekeken")),
        Err(Refused::Invalid(_)) if daily::bounds(day, visitor.now).is_ok() => {
            Said::bad("Er staat nog iets open. Schrijf erbij waarom de dag toch is nagekeken.")
        }
        Err(Refused::Invalid(_)) => Said::bad("Deze dag is niet meer te tellen."),
        Err(refused) => of_refused(
            refused,
            "Er is intussen meer open dan u zag. Kijk opnieuw en teken daarna.",
        )?,
    };
    let day = match daily::bounds(day, visitor.now) {
        Ok(_) => day,
        Err(_) => calendar::day(visitor.now),
    };
    shown(
        &service,
        visitor,
        day,
        (said.status, Notice::refused(said.sentence)),
        reason,
    )
    .await
}
