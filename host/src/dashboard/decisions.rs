//! `/vaststellen`: results that wait for the examencommissie, by sitting; ticked and decided on together. Each stands or
//! falls by itself, and what is refused says why.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::form::{Fields, Form};
use super::oops::Oops;
use super::refusal::of_duties;
use super::session::Visitor;
use super::shell::{Notice, Shell, page};
use super::sittings::{name, visible};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::Refused;
use crate::app::vaststellen::{self, MOST_AT_ONCE, Seen};
use crate::domain::model::ResultState;
use crate::domain::principal::Duty;
use crate::domain::proposal::ProposalKind;
use crate::domain::result::{Decided, Judgement};
use crate::store::mark::Mark;
use crate::store::overview::{self, Undecided};
use crate::store::{association, offering, person, proposal, result};

/// Most results looked at to list sittings.
const MOST: u32 = 20_000;

/// Most proposals listed.
const MOST_PROPOSALS: u32 = 200;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/vaststellen", get(list))
        .route("/vaststellen/{sitting}", get(show).post(decide))
}

fn must_decide(visitor: &Visitor) -> Result<(), Oops> {
    if visitor.holds(Duty::Vaststellen) {
        return Ok(());
    }
    Err(Oops::forbidden(
        "Vaststellen doet de examencommissie: een lid, of iemand met een mandaat.",
    ))
}

struct Line {
    id: String,
    name: String,
    unit: String,
    when: String,
    count: usize,
    changed: usize,
    irregular: usize,
    planned: bool,
}

#[derive(Template)]
#[template(path = "decisions.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<Line>,
    more: bool,
    proposals: Vec<(String, String)>,
}

async fn list(State(service): State<Service>, visitor: Visitor) -> Result<Response, Oops> {
    must_decide(&visitor)?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let units = Units::of(&service, tenant).await?;
    let waiting = overview::undecided(db, tenant, None, MOST).await?;
    let more = waiting.len() == MOST as usize;
    let mut by_sitting: BTreeMap<&str, Vec<&Undecided>> = BTreeMap::new();
    for one in waiting.iter().filter(|one| is_decidable(one)) {
        by_sitting.entry(&one.sitting).or_default().push(one);
    }
    let mut lines = Vec::new();
    for (id, results) in by_sitting {
        let Some(sitting) = offering::find(db, tenant, id).await? else {
            continue;
        };
        if !units.covers(&visitor, Duty::Vaststellen, sitting.unit.as_deref()) {
            continue;
        }
        lines.push(Line {
            count: results.len(),
            changed: results
                .iter()
                .filter(|one| one.head.judgement != Judgement::Accepted)
                .count(),
            irregular: results.iter().filter(|one| irregularity(one).is_some()).count()
                + usize::from(sitting.facts.irregularities.is_some()),
            unit: units.name_opt(sitting.unit.as_deref()),
            when: sitting.facts.start.map_or_else(|| "–".to_owned(), words::moment),
            planned: sitting.planned_by.iter().any(|by| by == visitor.id()),
            id: sitting.id,
            name: sitting.facts.name,
        });
    }
    let list = ListPage {
        shell: Shell::around(&service, &visitor, "/vaststellen", "Vaststellen", None).await?,
        lines,
        more,
        proposals: proposals(&service, &visitor, &units).await?,
    };
    page(StatusCode::OK, &list)
}

/// The proposals that wait for a second person, in units that the visitor decides for.
async fn proposals(service: &Service, visitor: &Visitor, units: &Units) -> Result<Vec<(String, String)>, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let mut lines = Vec::new();
    for one in proposal::open_after(db, tenant, &units.reach(visitor), &Mark::start(), MOST_PROPOSALS).await? {
        let Some(deelname) = association::find(db, tenant, &one.association).await? else {
            continue;
        };
        let Some(sitting) = offering::find(db, tenant, &deelname.facts.offering_id).await? else {
            continue;
        };
        if units.covers(visitor, Duty::Vaststellen, sitting.unit.as_deref()) {
            let what = match one.kind {
                ProposalKind::Correction => "Correctie",
                ProposalKind::Withdrawal => "Intrekking",
            };
            let (when, by) = (words::moment(one.at), one.proposer);
            let text = format!("{what} bij {}, voorgesteld door {by}, {when}", sitting.facts.name);
            lines.push((one.association, text));
        }
    }
    Ok(lines)
}

fn is_decidable(one: &Undecided) -> bool {
    one.version.delivered.result.state == ResultState::Completed
}

fn irregularity(one: &Undecided) -> Option<&str> {
    let said = one.version.delivered.result.irregularities.as_deref();
    said.filter(|said| !said.trim().is_empty())
}

struct ResultLine {
    id: String,
    /// What the box carries: deelname and version, so that only what was seen is decided on.
    seen: String,
    name: String,
    attendance: String,
    score: String,
    day: String,
    normed: &'static str,
    irregularities: String,
    changed: bool,
    ticked: bool,
    refused: String,
}

#[derive(Template)]
#[template(path = "decision.html")]
struct SittingPage<'a> {
    shell: Shell,
    id: String,
    name: String,
    unit: String,
    when: String,
    irregularities: String,
    lines: Vec<ResultLine>,
    gone: Vec<(String, String)>,
    hindrance: Option<String>,
    at_once: usize,
    typed: &'a str,
}

/// What became of a form: how many were decided, and why others were not.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) done: usize,
    pub(super) refused: BTreeMap<String, String>,
    pub(super) notice: Option<Notice>,
    pub(super) ticked: Vec<String>,
}

async fn show(State(service): State<Service>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Oops> {
    must_decide(&visitor)?;
    shown(&service, &visitor, &id, Outcome::default(), "").await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    mut outcome: Outcome,
    typed: &str,
) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let units = Units::of(service, tenant).await?;
    let sitting = visible(service, visitor, &units, id).await?;
    let hindrance = if !units.covers(visitor, Duty::Vaststellen, sitting.unit.as_deref()) {
        Some("U hebt de functie ‘vaststellen’ nu niet voor dit onderdeel van de school.".to_owned())
    } else if sitting.planned_by.iter().any(|by| by == visitor.id()) {
        Some(
            "U hebt deze zitting gepland. Wie plant, stelt de resultaten ervan niet vast: laat een ander lid dit doen."
                .to_owned(),
        )
    } else {
        None
    };
    let deelnames = association::of_offering(db, tenant, id).await?;
    let ids: Vec<String> = deelnames.iter().map(|one| one.facts.person_id.clone()).collect();
    let persons = person::with_ids(db, tenant, &ids).await?;
    let name_of = |deelname: &str| {
        let found = deelnames.iter().find(|one| one.id == deelname);
        found.map_or_else(String::new, |one| name(&persons, &one.facts.person_id))
    };
    let waiting = overview::undecided(db, tenant, Some(id), MOST).await?;
    let mut lines: Vec<ResultLine> = Vec::new();
    for one in waiting.iter().filter(|one| is_decidable(one)) {
        let deelname = &one.head.association;
        let refused = outcome.refused.remove(deelname).unwrap_or_default();
        lines.push(line(one, name_of(deelname), refused, &outcome.ticked));
    }
    lines.sort_by_key(|line| line.name.to_lowercase());
    // What was refused and no longer waits here: decided by somebody else, or withdrawn meanwhile.
    let gone = outcome
        .refused
        .iter()
        .map(|(deelname, why)| (name_of(deelname), why.clone()));
    let gone: Vec<(String, String)> = gone.collect();
    let status = if outcome.notice.as_ref().is_some_and(|notice| notice.bad) && outcome.done == 0 {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    let title = format!("Vaststellen: {}", sitting.facts.name);
    let sitting_page = SittingPage {
        shell: Shell::around(service, visitor, "/vaststellen", title, outcome.notice).await?,
        unit: units.name_opt(sitting.unit.as_deref()),
        when: sitting.facts.start.map_or_else(|| "–".to_owned(), words::moment),
        irregularities: sitting.facts.irregularities.clone().unwrap_or_default(),
        id: sitting.id,
        name: sitting.facts.name,
        lines,
        gone,
        hindrance,
        at_once: MOST_AT_ONCE,
        typed,
    };
    page(status, &sitting_page)
}

fn line(one: &Undecided, name: String, refused: String, ticked: &[String]) -> ResultLine {
    let delivered = &one.version.delivered.result;
    let seen = format!("{}:{}", one.head.seq, one.head.association);
    ResultLine {
        id: one.head.association.clone(),
        name,
        attendance: words::attendance(&delivered.attendance),
        score: words::score(delivered),
        day: delivered
            .result_date
            .map_or_else(|| "–".to_owned(), crate::domain::calendar::in_words),
        normed: words::normed(one.head.normed),
        irregularities: irregularity(one).unwrap_or("–").to_owned(),
        changed: one.head.judgement != Judgement::Accepted,
        ticked: ticked.contains(&seen),
        seen,
        refused,
    }
}

async fn decide(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    must_decide(visitor)?;
    let outcome = outcome_of(&service, visitor, fields).await?;
    shown(&service, visitor, &id, outcome, fields.text("motivering")).await
}

/// Decides on the results that were ticked on a form.
pub(super) async fn outcome_of(service: &Service, visitor: &Visitor, fields: &Fields) -> Result<Outcome, Oops> {
    let ticked: Vec<String> = fields.all("gezien").map(str::to_owned).collect();
    let mut outcome = Outcome {
        ticked: ticked.clone(),
        ..Outcome::default()
    };
    let mut seen = Vec::new();
    for box_ in &ticked {
        let read = box_.split_once(':').and_then(|(seq, deelname)| {
            let seq = seq.parse().ok()?;
            Some((seq, deelname))
        });
        let (seq, deelname) = read.ok_or_else(|| Oops::Unreadable("Het formulier noemt geen resultaat.".to_owned()))?;
        seen.push(Seen {
            deelname: deelname.to_owned(),
            seq,
        });
    }
    if seen.is_empty() || seen.len() > MOST_AT_ONCE {
        let sentence = if seen.is_empty() {
            "Vink eerst aan welke resultaten u vaststelt.".to_owned()
        } else {
            format!(
                "Dat zijn er {} tegelijk; stel er ten hoogste {MOST_AT_ONCE} per keer vast.",
                seen.len()
            )
        };
        outcome.notice = Notice::refused(sentence);
        return Ok(outcome);
    }
    decide_on(service, visitor, &seen, fields.text("motivering"), &mut outcome).await?;
    let refused = outcome.refused.len();
    outcome.notice = match (outcome.done, refused) {
        (done, 0) => Notice::done(format!(
            "Vastgesteld: {done}. De deelnemerregistratie krijgt ze als definitief."
        )),
        (done, refused) => Notice::refused(format!(
            "Vastgesteld: {done}. Niet vastgesteld: {refused}; de reden staat bij elk resultaat."
        )),
    };
    Ok(outcome)
}

/// Decides on what was seen, so many per commit; each stands or falls by itself.
pub(super) async fn decide_on(
    service: &Service,
    visitor: &Visitor,
    seen: &[Seen],
    reason: &str,
    outcome: &mut Outcome,
) -> Result<(), Oops> {
    for some in seen.chunks(MOST_AT_ONCE) {
        let decided = vaststellen::decide(&service.core, visitor.tenant(), &visitor.who.account, some, reason).await;
        let decided = decided.map_err(|failure| Oops::ours(&failure))?;
        for (one, answer) in some.iter().zip(decided) {
            match answer {
                Ok(_) => outcome.done += 1,
                Err(refused) => {
                    let why = in_dutch(service, visitor.tenant(), one, refused).await?;
                    outcome.refused.insert(one.deelname.clone(), why);
                }
            }
        }
    }
    Ok(())
}

/// Why a result was not decided on, told from where it stands now.
async fn in_dutch(service: &Service, tenant: &str, seen: &Seen, refused: Refused) -> Result<String, Oops> {
    match refused {
        Refused::NotAllowed(refusal) => return Ok(of_duties(&refusal)),
        Refused::Unknown { .. } => return Ok("Dit resultaat is er niet.".to_owned()),
        Refused::NotNow(_) => {}
        other => return Ok(other.to_string()),
    }
    let Some(head) = result::head(&service.core.db, tenant, &seen.deelname).await? else {
        return Ok("Er is nog geen resultaat.".to_owned());
    };
    Ok(if head.seq != seen.seq {
        format!(
            "Het resultaat is gewijzigd sinds u het zag (versie {} is nu {}). Bekijk het opnieuw.",
            seen.seq, head.seq
        )
    } else if head.decided == Decided::Upstream {
        "Dit is al elders vastgesteld; daar beslist hier niemand over.".to_owned()
    } else if head.decided == Decided::Vastgesteld && head.decided_seq == Some(head.seq) {
        "Dit resultaat is al vastgesteld.".to_owned()
    } else if head.judgement != Judgement::Accepted {
        format!("Dit resultaat wordt vastgehouden: {}.", words::why(head.judgement))
    } else {
        "Dit resultaat is nog niet afgerond of nog niet genormeerd.".to_owned()
    })
}
