//! `/werklijst`: what the examenbureau still has to see to, by deadline: sittings that have ended and are not finished,
//! and who did not turn up lately.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::deadlines::Badge;
use super::oops::Oops;
use super::session::Visitor;
use super::shell::{Shell, page};
use super::sittings::name;
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::deadline;
use crate::domain::calendar::{day, in_words};
use crate::store::{deadline as store, peer, person};

/// Most sittings on the page; those with the nearest deadline come first.
const MOST: usize = 300;
/// Most no-shows on the page; the latest come first.
const MOST_ABSENT: u32 = 200;
/// How far back no-shows are listed, in days.
const LATELY: i64 = 14;

/// The route.
pub fn routes() -> Router<Service> {
    Router::new().route("/werklijst", get(list))
}

struct Line {
    id: String,
    name: String,
    unit: String,
    vendor: String,
    ended: String,
    students: i64,
    absent: i64,
    unassessed: i64,
    without_cesuur: i64,
    underway: i64,
    due: String,
    standing: Badge,
}

struct AbsentLine {
    deelname: String,
    name: String,
    sitting: String,
    ended: String,
    unit: String,
}

#[derive(Template)]
#[template(path = "worklist.html")]
struct ListPage {
    shell: Shell,
    today: String,
    lines: Vec<Line>,
    more: usize,
    not_looked_at: i64,
    absent: Vec<AbsentLine>,
    more_absent: bool,
    lately: i64,
}

async fn list(State(service): State<Service>, visitor: Visitor) -> Result<Response, Oops> {
    let (db, tenant, now) = (&service.core.db, visitor.tenant(), visitor.now);
    let today = day(now);
    let units = Units::of(&service, tenant).await?;
    let since = now - jiff::SignedDuration::from_hours(24 * LATELY);
    let (work, absent) = tokio::try_join!(
        deadline::work(db, tenant, now),
        store::absent_between(db, tenant, since, now, MOST_ABSENT),
    )?;
    let peers = peer::all(db, tenant).await?;
    let vendor = |id: &str| {
        let known = peers.iter().find(|peer| peer.id == id);
        known.map_or_else(|| id.to_owned(), |peer| peer.name.clone())
    };
    let visible: Vec<_> = work
        .sittings
        .iter()
        .filter(|sitting| units.shows(&visitor, sitting.unit.as_deref()))
        .collect();
    let lines = visible.iter().take(MOST).map(|sitting| Line {
        id: sitting.id.clone(),
        name: sitting.name.clone(),
        unit: units.name_opt(sitting.unit.as_deref()),
        vendor: vendor(&sitting.peer),
        ended: words::moment(sitting.ended),
        students: sitting.students,
        absent: sitting.absent,
        unassessed: sitting.unassessed,
        without_cesuur: sitting.without_cesuur,
        underway: sitting.underway,
        due: sitting.due.map_or_else(|| "–".to_owned(), in_words),
        standing: Badge::of(sitting.due, today, &work.time.calendar),
    });
    let more_absent = absent.len() == MOST_ABSENT as usize;
    let ids: Vec<String> = absent.iter().map(|one| one.person.clone()).collect();
    let persons = person::with_ids(db, tenant, &ids).await?;
    let absent = absent
        .into_iter()
        .filter(|one| units.shows(&visitor, one.unit.as_deref()))
        .map(|one| AbsentLine {
            name: name(&persons, &one.person),
            deelname: one.deelname,
            sitting: one.sitting,
            ended: words::day(one.ended),
            unit: units.name_opt(one.unit.as_deref()),
        });
    let worklist = ListPage {
        shell: Shell::around(&service, &visitor, "/werklijst", "Werklijst", None).await?,
        today: in_words(today),
        not_looked_at: work.not_looked_at,
        more: visible.len().saturating_sub(MOST),
        lines: lines.collect(),
        absent: absent.collect(),
        more_absent,
        lately: LATELY,
    };
    page(StatusCode::OK, &worklist)
}
