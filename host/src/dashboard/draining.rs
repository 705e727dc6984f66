//! `/koppelingen/{peer}/afbouw`: a vendor is disabled for units or for the whole school. What is planned there stays
//! served until its last result is in; the page shows what that waits for.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::form::Form;
use super::oops::Oops;
use super::refusal::{NO_REASON, Said, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::Refused;
use crate::app::draining::{self, Change, Shown, Waiting};
use crate::domain::drain::DrainState;
use crate::domain::offering::OfferingKind;
use crate::domain::principal::WHOLE_SCHOOL;
use crate::store::peer;

/// The most sittings that the page looks at.
const MOST: u32 = 200;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new().route("/koppelingen/{peer}/afbouw", get(show).post(change))
}

struct SittingLine {
    /// Absent for a sitting of an outside planning system, which has no page here.
    href: Option<String>,
    name: String,
    ends: String,
    unconfirmed: bool,
    /// Id and what it waits for.
    deelnames: Vec<(String, &'static str)>,
}

struct Line {
    /// As the form sends it.
    unit: String,
    name: String,
    ended: bool,
    since: String,
    by: String,
    reason: String,
    sittings: Vec<SittingLine>,
    deelnames: usize,
    /// There are more sittings than were looked at.
    more: bool,
    looked_at: u32,
}

#[derive(Template)]
#[template(path = "drains.html")]
struct DrainsPage {
    shell: Shell,
    peer: String,
    name: String,
    whole_school: &'static str,
    lines: Vec<Line>,
    /// Id and name of units that are not disabled.
    units: Vec<(String, String)>,
    typed: String,
    manages: bool,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(&service, &visitor, &id, (StatusCode::OK, just_done.notice()), "").await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (status, notice): (StatusCode, Option<Notice>),
    typed: &str,
) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let row = peer::find(db, tenant, id).await?.filter(|row| row.hat == "ta");
    let row = row.ok_or_else(|| Oops::absent("Deze leverancier is er niet."))?;
    let units = Units::of(service, tenant).await?;
    let drains = draining::shown(db, tenant, id, MOST).await?;
    let is_off = |unit: &str| drains.iter().any(|one| one.row.unit.as_deref() == Some(unit));
    let free = units.sorted().into_iter().filter(|unit| !is_off(&unit.id));
    let free = free.map(|unit| (unit.id.clone(), unit.name.clone())).collect();
    let drains_page = DrainsPage {
        shell: Shell::around(
            service,
            visitor,
            "/koppelingen",
            format!("Uitschakelen: {}", row.name),
            notice,
        )
        .await?,
        whole_school: WHOLE_SCHOOL,
        units: free,
        lines: drains.into_iter().map(|drain| line(drain, visitor, &units)).collect(),
        typed: typed.to_owned(),
        manages: visitor.manages(),
        peer: row.id,
        name: row.name,
    };
    page(status, &drains_page)
}

fn line(Shown { row, waits, more }: Shown, visitor: &Visitor, units: &Units) -> Line {
    let unit = row.unit.as_deref().unwrap_or(WHOLE_SCHOOL);
    Line {
        name: units.name(unit),
        ended: row.state == DrainState::Ended,
        since: words::moment(row.ended_at.unwrap_or(row.since)),
        by: match row.actor.as_str() {
            "host" => "vanzelf".to_owned(),
            actor => words::actor(actor),
        },
        reason: row.reason,
        deelnames: waits.iter().map(|one| one.deelnames.len()).sum(),
        sittings: waits.into_iter().map(|one| sitting(one, visitor, units)).collect(),
        more,
        looked_at: MOST,
        unit: unit.to_owned(),
    }
}

/// Names and deelnames of a unit are for who has a function there (R24).
fn sitting(one: Waiting, visitor: &Visitor, units: &Units) -> SittingLine {
    let shows = one.sitting.kind == OfferingKind::Sitting && units.shows(visitor, one.sitting.unit.as_deref());
    let deelnames = one.deelnames.into_iter().filter(|_| shows);
    SittingLine {
        href: shows.then(|| format!("/zittingen/{}", words::in_address(&one.sitting.id))),
        name: match shows {
            true => one.sitting.name,
            false => "Een zitting van een ander onderdeel of systeem".to_owned(),
        },
        ends: one.sitting.end.map_or_else(|| "–".to_owned(), words::moment),
        unconfirmed: !one.sitting.is_told,
        deelnames: deelnames.map(|(id, awaits)| (id, awaits.in_dutch())).collect(),
    }
}

async fn change(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let reason = fields.text("reden");
    let (change, done) = match fields.text("wat") {
        "beginnen" => (Change::Begin, "afbouw"),
        "beeindigen" => (Change::EndNow, "afbouw-klaar"),
        "inschakelen" => (Change::Lift, "weer-ingeschakeld"),
        _ => return Err(Oops::absent("Dit formulier is er niet.")),
    };
    let units: Vec<String> = fields.all("onderdeel").map(str::to_owned).collect();
    let said = match units.as_slice() {
        _ if reason.is_empty() => Said::bad(NO_REASON),
        [] => Said::bad("Kies minstens één onderdeel, of de hele school."),
        units => {
            let whole = units.iter().any(|unit| unit == WHOLE_SCHOOL);
            let units = if whole { &units[..0] } else { units };
            let account = &visitor.who.account;
            match draining::change(&service.core, visitor.tenant(), account, &id, (change, units), reason).await {
                Ok(()) => {
                    let place = format!("/koppelingen/{}/afbouw", words::in_address(&id));
                    return Ok(after(&place, done));
                }
                Err(Refused::Invalid(_)) => Said::bad("Kies minstens één onderdeel, of de hele school."),
                Err(refused) => of_refused(refused, "Dit onderdeel is niet (meer) uitgeschakeld.")?,
            }
        }
    };
    let told = (said.status, Notice::refused(said.sentence));
    shown(&service, visitor, &id, told, reason).await
}
