//! `/zittingen/{sitting}/vergelijking`: what the host holds of a sitting beside what its vendor and student system answer,
//! field by field, with a button that has it compared now and one that repairs.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::form::Form;
use super::oops::Oops;
use super::refusal::of_refused;
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::sittings::{name, visible};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::comparison::{self, Why};
use crate::app::planning::Planner;
use crate::domain::comparison::{Difference, Field, Part, Subject};
use crate::domain::offering::Offering;
use crate::domain::person::Person;
use crate::domain::principal::Duty;
use crate::store::comparison::{ComparisonRow, Outcome};
use crate::store::{association, comparison as comparison_store, peer, person};

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/zittingen/{sitting}/vergelijking", get(show))
        .route("/zittingen/{sitting}/vergelijken", post(ask))
        .route("/zittingen/{sitting}/herstellen", post(repair))
}

/// What is compared, in words.
#[must_use]
pub fn part(part: Part) -> &'static str {
    match part {
        Part::Plan => "Zittingsplan bij de leverancier",
        Part::Results => "Resultaten bij de leverancier",
        Part::Enrolments => "Inschrijvingen in de deelnemerregistratie",
        Part::StudentResults => "Resultaten in de deelnemerregistratie",
    }
}

/// What came of it, and the class of its badge.
#[must_use]
pub fn outcome(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Equal => ("gelijk", "good"),
        Outcome::Differs => ("anders", "bad"),
        Outcome::Waiting => ("nog onderweg", "wait"),
        Outcome::Unreadable => ("kan deze koppeling niet teruglezen", "wait"),
    }
}

/// How a sitting stands beside the other systems, in a word or two.
#[must_use]
pub fn at_one_glance(rows: &[ComparisonRow]) -> &'static str {
    let has = |outcome| rows.iter().any(|row| row.outcome == outcome);
    match rows {
        [] => "nog niet vergeleken",
        _ if has(Outcome::Differs) => "er zijn verschillen",
        _ if has(Outcome::Waiting) => "nog niet alles is bevestigd",
        _ if has(Outcome::Unreadable) => "deels niet terug te lezen",
        _ => "alles gelijk",
    }
}

struct Line {
    object: String,
    name: String,
    /// Where more is told of it; empty where nothing is.
    link: String,
    field: &'static str,
    ours: String,
    theirs: String,
}

struct Section {
    part: &'static str,
    name: &'static str,
    peer: String,
    peer_name: String,
    word: &'static str,
    class: &'static str,
    when: String,
    lines: Vec<Line>,
    /// What the button does; empty where there is none.
    repair: &'static str,
    hint: &'static str,
}

#[derive(Template)]
#[template(path = "comparison.html")]
struct ComparisonPage {
    shell: Shell,
    id: String,
    name: String,
    day: String,
    sections: Vec<Section>,
    plans: bool,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(&service, &visitor, &id, (StatusCode::OK, just_done.notice())).await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (status, notice): (StatusCode, Option<Notice>),
) -> Result<Response, Oops> {
    let units = Units::of(service, visitor.tenant()).await?;
    let sitting = visible(service, visitor, &units, id).await?;
    let comparison = ComparisonPage {
        shell: Shell::around(service, visitor, "/zittingen", "Vergelijken", notice).await?,
        id: id.to_owned(),
        name: sitting.facts.name.clone(),
        day: sitting.facts.start.map_or_else(|| "–".to_owned(), words::moment),
        plans: units.covers(visitor, Duty::Plannen, sitting.unit.as_deref()),
        sections: sections(service, visitor, &sitting).await?,
    };
    page(status, &comparison)
}

/// Each part that can be compared now, and those that were before.
async fn sections(service: &Service, visitor: &Visitor, sitting: &Offering) -> Result<Vec<Section>, Oops> {
    let (core, db, tenant) = (&service.core, &service.core.db, visitor.tenant());
    let rows = comparison_store::of_sitting(db, tenant, &sitting.id).await?;
    let mut parts = comparison::parts(core, tenant, sitting, Why::Asked).await?;
    parts.extend(rows.iter().map(|row| (row.part, row.peer.clone())));
    let peers: HashMap<String, String> = peer::all(db, tenant)
        .await?
        .into_iter()
        .map(|it| (it.id, it.name))
        .collect();
    let people = People::of(service, visitor, sitting).await?;
    let mut sections = Vec::new();
    for (which, peer) in parts {
        let row = rows.iter().find(|row| row.part == which && row.peer == peer);
        let differences = match row {
            Some(row) => comparison::differences(core, row).map_err(|error| Oops::ours(&error))?,
            None => Vec::new(),
        };
        let (word, class) = row.map_or(("nog niet vergeleken", "wait"), |row| outcome(row.outcome));
        let differs = row.is_some_and(|row| row.outcome == Outcome::Differs);
        sections.push(Section {
            part: which.name(),
            name: part(which),
            peer_name: peers.get(&peer).unwrap_or(&peer).clone(),
            peer,
            word,
            class,
            when: row.map_or_else(String::new, when),
            lines: differences.iter().map(|one| people.line(one)).collect(),
            repair: if differs { button(which) } else { "" },
            hint: hint(which, row, &differences),
        });
    }
    Ok(sections)
}

fn when(row: &ComparisonRow) -> String {
    let mut said = words::moment(row.at);
    if row.outcome != Outcome::Unreadable {
        said.push_str(&format!(", {} vergeleken", row.compared));
    }
    if row.on_their_way > 0 {
        said.push_str(&format!(", {} nog niet bevestigd", row.on_their_way));
    }
    said
}

fn button(part: Part) -> &'static str {
    match part {
        Part::Plan => "Zitting en deelnames opnieuw bezorgen",
        Part::Results => "Resultaten opnieuw inlezen",
        Part::Enrolments => "Opnieuw ophalen bij de deelnemerregistratie",
        Part::StudentResults => "Resultaten opnieuw versturen",
    }
}

/// What the button can't do.
fn hint(part: Part, row: Option<&ComparisonRow>, differences: &[Difference]) -> &'static str {
    match row.map(|row| row.outcome) {
        Some(Outcome::Unreadable) => {
            "De koppeling die nu werkt, leest dit niet terug. Controleer het bij dit systeem zelf."
        }
        Some(Outcome::Waiting) => "Wat nog onderweg is, wordt vergeleken zodra het andere systeem het heeft bevestigd.",
        _ if part == Part::Plan && differences.iter().any(Difference::is_only_there) => {
            "Een deelname die hier nooit gepland is, verdwijnt niet door opnieuw bezorgen: bel de leverancier."
        }
        Some(Outcome::Differs) if part == Part::Results => {
            "Wat al is vastgesteld, verandert niet vanzelf: een ander resultaat wacht op de examencommissie."
        }
        Some(Outcome::Equal) if part == Part::Enrolments => {
            "Inschrijvingen die alleen in de deelnemerregistratie staan, kan de koppeling niet opsommen."
        }
        _ => "",
    }
}

/// Who the objects of a sitting belong to.
struct People {
    /// Person by deelname, enrolment and person.
    person_of: HashMap<String, String>,
    deelname_of: HashMap<String, String>,
    persons: Vec<Person>,
}

impl People {
    async fn of(service: &Service, visitor: &Visitor, sitting: &Offering) -> Result<People, Oops> {
        let (db, tenant) = (&service.core.db, visitor.tenant());
        let (mut person_of, mut deelname_of) = (HashMap::new(), HashMap::new());
        for deelname in association::of_offering(db, tenant, &sitting.id).await? {
            let person = deelname.facts.person_id.clone();
            for id in deelname.enrolment.iter().chain([&deelname.id, &person]) {
                person_of.insert(id.clone(), person.clone());
                deelname_of.insert(id.clone(), deelname.id.clone());
            }
        }
        let mut ids: Vec<String> = person_of.values().cloned().collect();
        ids.sort();
        ids.dedup();
        Ok(People {
            persons: person::with_ids(db, tenant, &ids).await?,
            person_of,
            deelname_of,
        })
    }

    fn line(&self, one: &Difference) -> Line {
        let object = match one.subject {
            Subject::Sitting => "zitting",
            Subject::Deelname => "deelname",
            Subject::Result | Subject::StudentResult => "resultaat",
            Subject::Plannable => "planbare toets",
            Subject::Enrolment => "inschrijving",
            Subject::Person => "persoon",
        };
        let is_withheld = one.subject == Subject::Person && one.field != Field::Presence;
        let said = |value: &Option<String>| match value {
            None if is_withheld => "(wordt niet herhaald)".to_owned(),
            None => "–".to_owned(),
            Some(value) => value_in_words(value),
        };
        Line {
            object: object.to_owned(),
            name: match self.person_of.get(&one.id) {
                Some(person) => name(&self.persons, person),
                None if matches!(one.subject, Subject::Sitting | Subject::Plannable) => String::new(),
                None => one.id.clone(),
            },
            link: match self.deelname_of.get(&one.id) {
                Some(deelname) => format!("/deelnames/{}", words::in_address(deelname)),
                None => String::new(),
            },
            field: one.field.in_dutch(),
            ours: said(&one.ours),
            theirs: said(&one.theirs),
        }
    }
}

/// Moments are kept in UTC and read at school.
fn value_in_words(value: &str) -> String {
    match value.parse::<jiff::Timestamp>() {
        Ok(at) => words::moment(at),
        Err(_) => value.to_owned(),
    }
}

fn planner(visitor: &Visitor) -> Planner<'_> {
    Planner {
        tenant: visitor.tenant(),
        account: &visitor.who.account,
    }
}

async fn ask(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let visitor = &form.visitor;
    match comparison::ask(&service.core, planner(visitor), &id).await {
        Ok(()) => Ok(after(&place(&id), "vergelijken")),
        Err(refused) => {
            let said = of_refused(refused, "Dat kan nu niet.")?;
            shown(&service, visitor, &id, (said.status, Notice::refused(said.sentence))).await
        }
    }
}

async fn repair(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let Some(part) = Part::from_name(fields.text("deel")) else {
        return Err(Oops::Unreadable(
            "Het formulier noemt niet wat te herstellen is.".to_owned(),
        ));
    };
    let which = (part, fields.text("systeem"));
    match comparison::repair(&service.core, planner(visitor), &id, which).await {
        Ok(()) => Ok(after(&place(&id), "hersteld")),
        Err(refused) => {
            let said = of_refused(
                refused,
                "Hier is intussen niets meer anders. Vergelijk zo nodig opnieuw.",
            )?;
            shown(&service, visitor, &id, (said.status, Notice::refused(said.sentence))).await
        }
    }
}

fn place(sitting: &str) -> String {
    format!("/zittingen/{}/vergelijking", words::in_address(sitting))
}
