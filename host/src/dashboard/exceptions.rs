//! `/uitzonderingen`: what waits for a person, whose it is and the next step; and messages that don't get through.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::form::Form;
use super::oops::Oops;
use super::refusal::{InDutch as _, Said};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::api::page::{read_mark, write_mark};
use crate::app::account::actor;
use crate::app::{school, task as verbs};
use crate::domain::association::AssociationKind;
use crate::domain::calendar::day;
use crate::domain::lane::JobState;
use crate::domain::principal::Duty;
use crate::domain::retry::Blame;
use crate::jobs::letters;
use crate::store::account::AccountRow;
use crate::store::job::{self, JobRow};
use crate::store::mark::Mark;
use crate::store::task::{self, Claimed, TaskRow};
use crate::store::{association, peer};

/// Exceptions on one page; the oldest come first.
const ON_A_PAGE: u32 = 100;
/// Most messages listed of each system.
const MOST: u32 = 500;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/uitzonderingen", get(list))
        .route("/uitzonderingen/{task}", get(show).post(close))
        .route("/uitzonderingen/{task}/oppakken", post(claim))
        .route("/uitzonderingen/{task}/teruggeven", post(release))
        .route("/berichten/{job}", get(letter))
        .route("/berichten/{job}/opnieuw", post(requeue))
        .route("/berichten/{job}/afwijzen", post(dismiss))
}

struct Line {
    id: String,
    title: String,
    next_step: String,
    owner: String,
    unit: String,
    peer: String,
    age: String,
    working_days: String,
    mine: bool,
    claimed: String,
}

struct DeadLine {
    id: String,
    peer: String,
    flow: String,
    error: String,
    blame: &'static str,
    age: String,
}

#[derive(Template)]
#[template(path = "exceptions.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<Line>,
    dead: Vec<DeadLine>,
    choices: Vec<(&'static str, &'static str, bool)>,
    van: String,
    /// Whether this is not the first page, and where the next one begins; empty on the last.
    later: bool,
    next: String,
}

/// Which exceptions, and from where on.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// `mij`, `niemand`, or all.
    #[serde(default)]
    van: String,
    /// Where the page before ended.
    #[serde(default)]
    na: String,
}

async fn list(
    State(service): State<Service>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    must_work_here(&visitor)?;
    let (db, tenant, now) = (&service.core.db, visitor.tenant(), visitor.now);
    let units = Units::of(&service, tenant).await?;
    let calendar = school::time(db, tenant).await?.calendar;
    let (tasks, next) = tasks(&service, &visitor, &units, &asked).await?;
    let accounts = db.accounts(tenant).await?;
    let peers = peer::all(db, tenant).await?;
    let name_of = |id: &str| {
        let known = peers.iter().find(|peer| peer.id == id);
        known.map_or_else(|| id.to_owned(), |peer| peer.name.clone())
    };
    let mut lines: Vec<Line> = tasks
        .iter()
        .map(|task| Line {
            id: task.id.clone(),
            title: task.about.title.clone(),
            claimed: claimed(task, &visitor, &accounts),
            next_step: task.about.next_step.clone(),
            owner: task.about.owner.clone(),
            unit: units.name_opt(task.about.unit.as_deref()),
            peer: task.about.peer.as_deref().map_or_else(|| "–".to_owned(), name_of),
            age: words::age(task.opened_at, now),
            working_days: words::working_days(calendar.passed(day(task.opened_at), day(now))),
            mine: is_theirs(&units, &visitor, task),
        })
        .collect();
    // What the visitor can solve comes first; the oldest first within that.
    lines.sort_by_key(|line| !line.mine);
    let mut dead = Vec::new();
    let scope = units.reach(&visitor);
    let is_whole = asked.van.is_empty() && asked.na.is_empty();
    for id in peers
        .iter()
        .map(|peer| peer.id.as_str())
        .chain([""])
        .filter(|_| is_whole)
    {
        for row in job::of_peer_after(db, tenant, (id, JobState::Dead, &scope), &Mark::start(), MOST).await? {
            dead.push(DeadLine {
                peer: receiver(&row, &name_of(&row.peer)),
                flow: flow(&row),
                error: row.last_error.clone().unwrap_or_default(),
                blame: blame(row.blame),
                age: words::age(row.created_at, now),
                id: row.id,
            });
        }
    }
    let list = ListPage {
        shell: Shell::around(
            &service,
            &visitor,
            "/uitzonderingen",
            "Uitzonderingen",
            just_done.notice(),
        )
        .await?,
        lines,
        dead,
        choices: [("", "alle"), ("mij", "van mij"), ("niemand", "van niemand")]
            .map(|(word, name)| (word, name, asked.van == word))
            .into(),
        later: !asked.na.is_empty(),
        van: asked.van,
        next,
    };
    page(StatusCode::OK, &list)
}

/// A page of tasks, oldest first, and where the next one begins.
async fn tasks(
    service: &Service,
    visitor: &Visitor,
    units: &Units,
    asked: &Asked,
) -> Result<(Vec<TaskRow>, String), Oops> {
    let after = match asked.na.as_str() {
        "" => Mark::start(),
        mark => read_mark(mark).ok_or_else(|| Oops::absent("Dit blad is er niet. Begin bij het eerste blad."))?,
    };
    let claimed = match asked.van.as_str() {
        "mij" => Claimed::By(visitor.id()),
        "niemand" => Claimed::ByNobody,
        _ => Claimed::Any,
    };
    let scope = units.reach(visitor);
    let (db, which) = (&service.core.db, (&scope, claimed));
    let mut tasks = task::open_after(db, visitor.tenant(), which, &after, ON_A_PAGE + 1).await?;
    let is_more = tasks.len() > ON_A_PAGE as usize;
    tasks.truncate(ON_A_PAGE as usize);
    let next = match tasks.last() {
        Some(last) if is_more => {
            let mark = Mark {
                moment: last.opened_at,
                id: last.id.clone(),
            };
            write_mark(&mark).map_err(|error| Oops::ours(&error))?
        }
        _ => String::new(),
    };
    Ok((tasks, next))
}

/// Who has taken it up and since when; empty while nobody has.
pub(super) fn claimed(task: &TaskRow, visitor: &Visitor, accounts: &[AccountRow]) -> String {
    let Some(claim) = &task.claimed else {
        return String::new();
    };
    let known = accounts.iter().find(|account| account.id == claim.account);
    let name = match known {
        _ if claim.account == visitor.id() => "u",
        Some(account) => &account.name,
        None => &claim.account,
    };
    format!("{name}, sinds {}", words::moment(claim.at))
}

/// Refuses who holds no function at all, as the API does: tasks name students and vendors.
fn must_work_here(visitor: &Visitor) -> Result<(), Oops> {
    if Duty::ALL.into_iter().any(|duty| visitor.holds(duty)) {
        return Ok(());
    }
    Err(Oops::forbidden(
        "Uitzonderingen bekijken kan met een functie in deze school. Functioneel beheer kent functies toe.",
    ))
}

fn is_theirs(units: &Units, visitor: &Visitor, task: &TaskRow) -> bool {
    let owner = Duty::from_name(&task.about.owner);
    owner.is_some_and(|owner| units.covers(visitor, owner, task.about.unit.as_deref()))
}

fn receiver(row: &JobRow, name: &str) -> String {
    if row.peer.is_empty() {
        return "dit systeem zelf".to_owned();
    }
    name.to_owned()
}

/// The flow of a message, with its name.
pub(super) fn flow(row: &JobRow) -> String {
    row.flow
        .map_or_else(|| "–".to_owned(), |flow| format!("{flow} {}", words::flow(flow)))
}

/// Whose fault it is that a message does not get through.
pub(super) fn blame(blame: Option<Blame>) -> &'static str {
    match blame {
        Some(Blame::Vendor) => "het andere systeem",
        Some(Blame::Connector) => "de connector",
        Some(Blame::Host) => "dit systeem",
        None => "onbekend",
    }
}

#[derive(Template)]
#[template(path = "exception.html")]
struct TaskPage {
    shell: Shell,
    id: String,
    title: String,
    next_step: String,
    owner: String,
    unit: String,
    opened: String,
    age: String,
    closed: Option<(String, String, String)>,
    link: Option<(String, &'static str)>,
    mine: bool,
    claimed: String,
    /// Whether the visitor has taken it up.
    held: bool,
    is_letter: bool,
    typed: String,
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
    must_work_here(visitor)?;
    let units = Units::of(service, visitor.tenant()).await?;
    let row = task::find(&service.core.db, visitor.tenant(), id)
        .await?
        .filter(|row| row.about.unit.is_none() || units.shows(visitor, row.about.unit.as_deref()))
        .ok_or_else(|| Oops::absent("Deze uitzondering is er niet."))?;
    let calendar = school::time(&service.core.db, visitor.tenant()).await?.calendar;
    let accounts = service.core.db.accounts(visitor.tenant()).await?;
    let task_page = TaskPage {
        shell: Shell::around(service, visitor, "/uitzonderingen", &row.about.title, notice).await?,
        mine: is_theirs(&units, visitor, &row),
        claimed: claimed(&row, visitor, &accounts),
        held: row.claimed.as_ref().is_some_and(|claim| claim.account == visitor.id()),
        link: subject(service, visitor, &row).await?,
        is_letter: row.about.subject_kind == "job",
        unit: units.name_opt(row.about.unit.as_deref()),
        opened: words::moment(row.opened_at),
        age: words::working_days(calendar.passed(day(row.opened_at), day(visitor.now))),
        closed: row
            .closed
            .map(|closed| (words::moment(closed.at), words::actor(&closed.by), closed.resolution)),
        id: row.id,
        title: row.about.title,
        next_step: row.about.next_step,
        owner: row.about.owner,
        typed: typed.to_owned(),
    };
    page(status, &task_page)
}

fn told(said: Option<Said>) -> (StatusCode, Option<Notice>) {
    match said {
        None => (StatusCode::OK, None),
        Some(said) => (said.status, Notice::refused(said.sentence)),
    }
}

/// Where one reads on about what a task is about.
async fn subject(service: &Service, visitor: &Visitor, row: &TaskRow) -> Result<Option<(String, &'static str)>, Oops> {
    let id = &row.about.subject_id;
    Ok(match row.about.subject_kind.as_str() {
        "job" => Some((format!("/berichten/{id}"), "Bekijk het bericht")),
        "peer" => Some((format!("/koppelingen/{id}"), "Bekijk de koppeling")),
        "enablement" => {
            let peer = row.about.peer.as_deref();
            peer.map(|peer| (format!("/koppelingen/{peer}/uitrol"), "Bekijk de uitrol"))
        }
        "rollback" => Some(("/morgen".to_owned(), "Bekijk de zittingen van morgen")),
        "association" => {
            let found = association::find(&service.core.db, visitor.tenant(), id).await?;
            found
                .filter(|found| found.kind == AssociationKind::Deelname)
                .map(|_| (format!("/deelnames/{id}"), "Bekijk de tijdlijn van deze deelname"))
        }
        "offering" => {
            let found = crate::store::offering::find(&service.core.db, visitor.tenant(), id).await?;
            found
                .filter(|found| found.kind == crate::domain::offering::OfferingKind::Sitting)
                .map(|_| (format!("/zittingen/{id}"), "Bekijk de zitting"))
        }
        _ => None,
    })
}

async fn close(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let resolution = form.fields.text("gedaan");
    match verbs::close(&service.core, &form.visitor.who, &id, resolution).await {
        Ok(()) => Ok(after("/uitzonderingen", "afgehandeld")),
        Err(error) => shown(&service, &form.visitor, &id, told(Some(error.in_dutch()?)), resolution).await,
    }
}

async fn claim(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let take_over = form.fields.text("overnemen") == "ja";
    match verbs::claim(&service.core, &form.visitor.who, &id, take_over).await {
        Ok(()) => Ok(after(&format!("/uitzonderingen/{id}"), "opgepakt")),
        Err(error) => shown(&service, &form.visitor, &id, told(Some(error.in_dutch()?)), "").await,
    }
}

async fn release(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    match verbs::release(&service.core, &form.visitor.who, &id).await {
        Ok(()) => Ok(after(&format!("/uitzonderingen/{id}"), "teruggegeven")),
        Err(error) => shown(&service, &form.visitor, &id, told(Some(error.in_dutch()?)), "").await,
    }
}

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage {
    shell: Shell,
    id: String,
    peer: String,
    flow: String,
    kind: String,
    state: &'static str,
    attempts: u32,
    error: String,
    blame: &'static str,
    revision: String,
    created: String,
    behind: usize,
    decidable: bool,
    typed: String,
}

async fn letter(State(service): State<Service>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Oops> {
    letter_shown(&service, &visitor, &id, None, "").await
}

async fn letter_shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    said: Option<Said>,
    typed: &str,
) -> Result<Response, Oops> {
    if !visitor.holds(Duty::Beheren) && !visitor.holds(Duty::Plannen) {
        return Err(Oops::forbidden(
            "Berichten bekijken kan met de functie ‘beheren’ of ‘plannen’.",
        ));
    }
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let scope = Units::of(service, tenant).await?.reach(visitor);
    let row = job::find_in(db, tenant, &scope, id)
        .await?
        .ok_or_else(|| Oops::absent("Dit bericht is er niet."))?;
    let name = peer::find(db, tenant, &row.peer)
        .await?
        .map_or_else(String::new, |peer| peer.name);
    let lane = job::open_in_lane(db, tenant, &row.place.lane).await?;
    let (status, notice) = told(said);
    let letter_page = LetterPage {
        shell: Shell::around(service, visitor, "/uitzonderingen", "Bericht", notice).await?,
        peer: receiver(&row, &name),
        flow: flow(&row),
        state: words::job_state(row.state),
        attempts: row.attempts,
        error: row.last_error.clone().unwrap_or_else(|| "–".to_owned()),
        blame: blame(row.blame),
        revision: row.revision.map_or_else(|| "–".to_owned(), |number| number.to_string()),
        created: words::moment(row.created_at),
        behind: lane.iter().filter(|other| other.place.seq > row.place.seq).count(),
        decidable: row.state == JobState::Dead && visitor.manages(),
        id: row.id,
        kind: row.kind,
        typed: typed.to_owned(),
    };
    page(status, &letter_page)
}

async fn requeue(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let visitor = &form.visitor;
    match letters::requeue(&service.core, visitor.tenant(), &id, &actor(visitor.id())).await {
        Ok(()) => Ok(after("/uitzonderingen", "opnieuw")),
        Err(error) => letter_shown(&service, visitor, &id, Some(error.in_dutch()?), "").await,
    }
}

async fn dismiss(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let (visitor, reason) = (&form.visitor, form.fields.text("reden"));
    match letters::dismiss(&service.core, visitor.tenant(), &id, &actor(visitor.id()), reason).await {
        Ok(()) => Ok(after("/uitzonderingen", "afgewezen")),
        Err(error) => letter_shown(&service, visitor, &id, Some(error.in_dutch()?), reason).await,
    }
}
