//! `/morgen`: the sittings of tomorrow, and whether each vendor has confirmed them and was seen to have them as planned.
//! What is not sure stands first.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::oops::Oops;
use super::session::Visitor;
use super::shell::{Shell, page};
use super::today::day_around;
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::domain::comparison::Part;
use crate::domain::offering::{Offering, OfferingKind};
use crate::store::comparison::{self, ComparisonRow, Outcome};
use crate::store::overview;
use crate::store::{offering, peer};

/// Most sittings on one page.
const MOST: u32 = 1_000;

/// The route.
pub fn routes() -> Router<Service> {
    Router::new().route("/morgen", get(show))
}

struct Line {
    id: String,
    name: String,
    time: String,
    unit: String,
    vendor: String,
    total: i64,
    confirmed: i64,
    sure: bool,
    standing: &'static str,
    read_back: String,
    differs: bool,
}

#[derive(Template)]
#[template(path = "tomorrow.html")]
struct TomorrowPage {
    shell: Shell,
    day: String,
    sure: usize,
    unsure: usize,
    lines: Vec<Line>,
    more: bool,
}

async fn show(State(service): State<Service>, visitor: Visitor) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let (_, from) = day_around(visitor.now)?;
    let (from, until) = day_around(from)?;
    let units = Units::of(&service, tenant).await?;
    let sittings = offering::starting_between(db, tenant, OfferingKind::Sitting, from, until, MOST).await?;
    let more = sittings.len() == MOST as usize;
    let vendors: HashMap<String, String> = peer::all(db, tenant)
        .await?
        .into_iter()
        .map(|it| (it.id, it.name))
        .collect();
    let mut counts: HashMap<String, (i64, i64)> = HashMap::new();
    for one in overview::confirmed_between(db, tenant, from, until).await? {
        let (total, confirmed) = counts.entry(one.sitting).or_default();
        *total += one.count;
        *confirmed += one.revision.map_or(0, |_| one.count);
    }
    let mut lines = Vec::new();
    let standing = sittings
        .iter()
        .filter(|sitting| !sitting.is_canceled() && units.shows(&visitor, sitting.unit.as_deref()));
    for sitting in standing {
        let check = comparison::find(db, tenant, &sitting.id, (Part::Plan, &sitting.peer)).await?;
        // Of another plan it says nothing.
        let check = check.filter(|check| check.plan_version == sitting.plan_version);
        let mut line = line(sitting, counts.get(&sitting.id).copied().unwrap_or_default(), check);
        line.unit = units.name_opt(sitting.unit.as_deref());
        line.vendor = vendors.get(&sitting.peer).unwrap_or(&sitting.peer).clone();
        lines.push(line);
    }
    lines.sort_by_key(|line| line.sure);
    let tomorrow = TomorrowPage {
        shell: Shell::around(&service, &visitor, "/morgen", "Morgen", None).await?,
        day: words::day(from),
        sure: lines.iter().filter(|line| line.sure).count(),
        unsure: lines.iter().filter(|line| !line.sure).count(),
        lines,
        more,
    };
    page(StatusCode::OK, &tomorrow)
}

fn line(sitting: &Offering, (total, confirmed): (i64, i64), check: Option<ComparisonRow>) -> Line {
    let clock = |at: Option<jiff::Timestamp>| at.map_or_else(String::new, words::clock);
    let is_told = sitting.is_confirmed() && confirmed == total;
    let differs = check.as_ref().is_some_and(|check| check.outcome == Outcome::Differs);
    Line {
        id: sitting.id.clone(),
        name: sitting.facts.name.clone(),
        time: format!("{}–{}", clock(sitting.facts.start), clock(sitting.facts.end)),
        unit: String::new(),
        vendor: String::new(),
        total,
        confirmed,
        sure: is_told && !differs,
        standing: match (is_told, sitting.confirmed.is_some()) {
            (true, _) => "bevestigd",
            (false, true) => "opnieuw onderweg",
            (false, false) => "nog niet bevestigd",
        },
        read_back: match check {
            None => "–".to_owned(),
            Some(check) => match check.outcome {
                Outcome::Equal => format!("gelijk, {}", words::moment(check.at)),
                Outcome::Differs => format!("anders: {}", check.detail),
                Outcome::Waiting => format!("nog {} onderweg, {}", check.on_their_way, words::moment(check.at)),
                Outcome::Unreadable => "kan deze koppeling niet".to_owned(),
            },
        },
        differs,
    }
}
