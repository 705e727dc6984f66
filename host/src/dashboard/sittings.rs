//! `/zittingen`: sittings of today and tomorrow, or of a chosen day, with what the vendor has confirmed and on which
//! revision; what is stuck comes first. And one sitting with its deelnames.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use serde::Deserialize;

use super::oops::Oops;
use super::session::Visitor;
use super::shell::{Notice, Shell, page};
use super::today::day_around;
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::deliver::sitting_lane;
use crate::domain::association::Association;
use crate::domain::calendar::zone;
use crate::domain::model::Role;
use crate::domain::offering::{Offering, OfferingKind};
use crate::domain::result::{Head, Version};
use crate::store::overview::{self, Confirmed};
use crate::store::{association, comparison, offering, peer, person, result};

/// Most sittings on one page.
const MOST: u32 = 1_000;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/zittingen", get(list))
        .route("/zittingen/{sitting}", get(show))
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    dag: String,
}

struct Line {
    id: String,
    name: String,
    unit: String,
    day: String,
    time: String,
    vendor: String,
    students: i64,
    staff: i64,
    total: i64,
    confirmed: i64,
    complete: bool,
    sitting_confirmed: bool,
    revisions: String,
    dead: i64,
    tasks: i64,
    canceled: bool,
}

#[derive(Template)]
#[template(path = "sittings.html")]
struct ListPage {
    shell: Shell,
    heading: String,
    chosen: String,
    lines: Vec<Line>,
    more: bool,
}

async fn list(State(service): State<Service>, visitor: Visitor, Query(which): Query<Which>) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let chosen = which.dag.trim().parse::<Date>();
    let (status, notice) = match &chosen {
        Err(_) if !which.dag.trim().is_empty() => (
            StatusCode::UNPROCESSABLE_ENTITY,
            Notice::refused("Dat is geen dag. Schrijf een dag als 2026-09-01; hieronder staan vandaag en morgen."),
        ),
        _ => (StatusCode::OK, None),
    };
    let (from, until, heading) = match chosen {
        Ok(day) => {
            let noon = day
                .at(12, 0, 0, 0)
                .to_zoned(zone())
                .map_err(|error| Oops::ours(&error))?;
            let (from, until) = day_around(noon.timestamp())?;
            (from, until, format!("Zittingen op {}", words::day(from)))
        }
        Err(_) => {
            let (from, until) = day_around(visitor.now)?;
            (from, day_around(until)?.1, "Zittingen vandaag en morgen".to_owned())
        }
    };
    let units = Units::of(&service, tenant).await?;
    let sittings = offering::starting_between(db, tenant, OfferingKind::Sitting, from, until, MOST).await?;
    let more = sittings.len() == MOST as usize;
    let vendors: HashMap<String, String> = peer::all(db, tenant)
        .await?
        .into_iter()
        .map(|it| (it.id, it.name))
        .collect();
    let standing = overview::confirmed_between(db, tenant, from, until).await?;
    let dead: HashMap<String, i64> = overview::dead_by_sitting_lane(db, tenant).await?.into_iter().collect();
    let tasks: HashMap<String, i64> = overview::open_tasks_by_sitting(db, tenant).await?.into_iter().collect();
    let mut lines: Vec<Line> = sittings
        .iter()
        .filter(|sitting| units.shows(&visitor, sitting.unit.as_deref()))
        .map(|sitting| {
            let of_sitting = standing.iter().filter(|one| one.sitting == sitting.id);
            Line {
                vendor: vendors.get(&sitting.peer).unwrap_or(&sitting.peer).clone(),
                unit: units.name_opt(sitting.unit.as_deref()),
                dead: dead.get(&sitting_lane(&sitting.id)).copied().unwrap_or_default(),
                tasks: tasks.get(&sitting.id).copied().unwrap_or_default(),
                ..line(sitting, of_sitting)
            }
        })
        .collect();
    // Stuck first, then what the vendor has not confirmed whole; by start within that.
    lines.sort_by_key(|line| (line.canceled, line.dead + line.tasks == 0, line.complete));
    let sittings_page = ListPage {
        shell: Shell::around(&service, &visitor, "/zittingen", "Zittingen", notice).await?,
        heading,
        chosen: from.to_zoned(zone()).date().to_string(),
        lines,
        more,
    };
    page(status, &sittings_page)
}

/// What a sitting itself and the counts of its deelnames tell.
fn line<'a>(sitting: &Offering, standing: impl Iterator<Item = &'a Confirmed>) -> Line {
    let (mut total, mut students, mut confirmed) = (0, 0, 0);
    let mut revisions = Vec::new();
    for one in standing {
        total += one.count;
        students += one.students;
        if let Some(revision) = one.revision {
            confirmed += one.count;
            revisions.push(format!("rev. {revision}: {}", one.count));
        }
    }
    if total == 0
        && let Some(done) = sitting.confirmed
    {
        revisions.push(format!("rev. {}", done.revision));
    }
    Line {
        id: sitting.id.clone(),
        name: sitting.facts.name.clone(),
        unit: String::new(),
        day: sitting.facts.start.map_or_else(|| "–".to_owned(), words::day),
        time: times(sitting),
        vendor: String::new(),
        students,
        staff: total - students,
        total,
        confirmed,
        complete: sitting.is_confirmed() && confirmed == total,
        sitting_confirmed: sitting.is_confirmed(),
        revisions: if revisions.is_empty() {
            "–".to_owned()
        } else {
            revisions.join(", ")
        },
        dead: 0,
        tasks: 0,
        canceled: sitting.is_canceled(),
    }
}

fn times(sitting: &Offering) -> String {
    let of = |at: Option<jiff::Timestamp>| at.map_or_else(String::new, words::clock);
    format!("{}–{}", of(sitting.facts.start), of(sitting.facts.end))
}

struct DeelnameLine {
    id: String,
    name: String,
    role: String,
    needs: String,
    extra_time: String,
    confirmed: String,
    /// The vendor can't be told of a need.
    blocked: bool,
    canceled: bool,
    attendance: String,
    score: String,
    normed: &'static str,
    judgement: &'static str,
    why: &'static str,
    held: bool,
    decided: &'static str,
    sent: &'static str,
}

#[derive(Template)]
#[template(path = "sitting.html")]
struct SittingPage {
    shell: Shell,
    id: String,
    compared: &'static str,
    name: String,
    unit: String,
    day: String,
    time: String,
    vendor: String,
    component: String,
    places: String,
    confirmed: String,
    canceled: bool,
    planned_by: String,
    irregularities: String,
    students: Vec<DeelnameLine>,
    staff: Vec<DeelnameLine>,
    tasks: Vec<(String, String)>,
}

/// A sitting that this visitor may see.
pub async fn visible(service: &Service, visitor: &Visitor, units: &Units, id: &str) -> Result<Offering, Oops> {
    offering::find(&service.core.db, visitor.tenant(), id)
        .await?
        .filter(|found| found.kind == OfferingKind::Sitting && units.shows(visitor, found.unit.as_deref()))
        .ok_or_else(|| Oops::absent("Deze zitting is er niet, of hoort niet bij uw deel van de school."))
}

/// Name of a person as far as it is known and kept.
#[must_use]
pub fn name(persons: &[crate::domain::person::Person], id: &str) -> String {
    match persons.iter().find(|person| person.id == id) {
        None => "(nog niet bekend)".to_owned(),
        Some(person) if person.erased => "(gegevens gewist)".to_owned(),
        Some(person) => person.facts.display_name.clone(),
    }
}

async fn show(State(service): State<Service>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let units = Units::of(&service, tenant).await?;
    let sitting = visible(&service, &visitor, &units, &id).await?;
    let deelnames = association::of_offering(db, tenant, &id).await?;
    let ids: Vec<String> = deelnames.iter().map(|one| one.facts.person_id.clone()).collect();
    let persons = person::with_ids(db, tenant, &ids).await?;
    let heads = result::heads_of_sitting(db, tenant, &id).await?;
    let blocked: Vec<String> = crate::store::needs::standings_of_sitting(db, tenant, &id)
        .await?
        .into_iter()
        .filter(|standing| standing.blocked)
        .map(|standing| standing.association)
        .collect();
    let with_results: Vec<String> = heads.iter().map(|head| head.association.clone()).collect();
    let versions = result::versions_of(db, tenant, &with_results).await?;
    let (mut students, mut staff) = (Vec::new(), Vec::new());
    for one in &deelnames {
        let head = heads.iter().find(|head| head.association == one.id);
        let present = head.and_then(|head| {
            let of_head = |version: &&Version| version.association == head.association && version.seq == head.seq;
            versions.iter().find(of_head).map(|version| (head, version))
        });
        let mut line = deelname(one, name(&persons, &one.facts.person_id), present);
        line.blocked = blocked.contains(&one.id);
        if one.facts.role == Role::Student {
            students.push(line);
        } else {
            staff.push(line);
        }
    }
    // What is held first, cancelled last; by name within that.
    let order = |line: &DeelnameLine| (line.canceled, !line.held, line.name.to_lowercase());
    students.sort_by_key(order);
    staff.sort_by_key(order);
    let open = crate::store::task::open_about(db, tenant, "offering", &id).await?;
    let vendor = peer::find(db, tenant, &sitting.peer).await?;
    let compared = super::comparison::at_one_glance(&comparison::of_sitting(db, tenant, &id).await?);
    let sitting_page = SittingPage {
        shell: Shell::around(&service, &visitor, "/zittingen", &sitting.facts.name, None).await?,
        unit: units.name_opt(sitting.unit.as_deref()),
        day: sitting.facts.start.map_or_else(|| "–".to_owned(), words::day),
        time: times(&sitting),
        vendor: vendor.map_or_else(|| sitting.peer.clone(), |peer| peer.name),
        component: sitting.component.clone().unwrap_or_else(|| "–".to_owned()),
        places: joined(&sitting.facts.location_codes),
        confirmed: confirmed(sitting.is_confirmed(), sitting.confirmed),
        canceled: sitting.is_canceled(),
        planned_by: joined(&sitting.planned_by),
        irregularities: sitting.facts.irregularities.clone().unwrap_or_default(),
        tasks: open.into_iter().map(|task| (task.id, task.about.title)).collect(),
        name: sitting.facts.name,
        id,
        compared,
        students,
        staff,
    };
    page(StatusCode::OK, &sitting_page)
}

fn joined(words: &[String]) -> String {
    if words.is_empty() {
        "–".to_owned()
    } else {
        words.join(", ")
    }
}

/// What the vendor has confirmed, in words.
fn confirmed(present: bool, done: Option<crate::domain::offering::Confirmation>) -> String {
    match done {
        Some(done) if present => format!("ja, {} (rev. {})", words::moment(done.at), done.revision),
        Some(done) => format!("een eerdere versie (rev. {})", done.revision),
        None => "nog niet".to_owned(),
    }
}

fn deelname(one: &Association, name: String, present: Option<(&Head, &Version)>) -> DeelnameLine {
    let mut line = DeelnameLine {
        id: one.id.clone(),
        name,
        role: words::role(&one.facts.role),
        needs: joined(&one.facts.personal_needs),
        extra_time: words::extra_time(one.facts.additional_time_min),
        confirmed: match one.confirmed {
            Some(done) if one.is_confirmed() => format!("ja (rev. {})", done.revision),
            Some(_) => "eerdere versie".to_owned(),
            None => "nog niet".to_owned(),
        },
        blocked: false,
        canceled: one.is_canceled(),
        attendance: "–".to_owned(),
        score: "–".to_owned(),
        normed: "–",
        judgement: "–",
        why: "",
        held: false,
        decided: "–",
        sent: "–",
    };
    if let Some((head, version)) = present {
        let delivered = &version.delivered.result;
        line.attendance = words::attendance(&delivered.attendance);
        line.score = words::score(delivered);
        line.normed = words::normed(head.normed);
        line.judgement = words::judgement(head.judgement);
        line.why = words::why(head.judgement);
        line.held = !line.why.is_empty();
        line.decided = words::decided(head.decided);
        line.sent = match (head.sent_seq, head.confirmed_seq) {
            (None, _) => "nog niet",
            (Some(sent), Some(confirmed)) if confirmed >= sent => "bevestigd",
            (Some(_), _) => "onderweg",
        };
    }
    line
}
