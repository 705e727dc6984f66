//! The results of one exam as the examencommissie goes through them: in pages, by unit, with what was irregular; and the
//! decision on those that were ticked, or on all that can be decided on.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use serde::{Deserialize, Serialize};

use super::decisions::{Outcome, decide_on, outcome_of};
use super::exams::{exam, shown};
use super::form::{Fields, Form};
use super::oops::Oops;
use super::session::Visitor;
use super::shell::Notice;
use super::sittings::name;
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::api::page::{read_mark, write_mark};
use crate::app::sample;
use crate::app::vaststellen::Seen;
use crate::connector::package::sha256_hex;
use crate::domain::offering::Offering;
use crate::domain::principal::Duty;
use crate::domain::result::Version;
use crate::store::overview::OfExam;
use crate::store::sample::SampleRow;
use crate::store::{offering, person, result};

/// Results on one page: all of them may be decided on at once.
pub(super) const ON_A_PAGE: usize = 100;
/// Most results decided on by one press; what is left waits for the next.
const MOST_BY_ONE_PRESS: usize = 5_000;

/// The routes.
pub(super) fn routes() -> Router<Service> {
    Router::new().route("/toetsen/{plannable}/vaststellen", post(decide))
}

/// Which results, and from where on.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// The sample whose results are marked; the newest when it is none.
    #[serde(default)]
    pub(super) steekproef: String,
    /// `open`: what can be decided on; `steekproef`: the sample; else all.
    #[serde(default)]
    toon: String,
    /// Where the page before ended.
    #[serde(default)]
    na: String,
}

impl Asked {
    fn of(fields: &Fields) -> Asked {
        Asked {
            steekproef: fields.text("steekproef").to_owned(),
            toon: fields.text("toon").to_owned(),
            na: fields.text("na").to_owned(),
        }
    }
}

/// The last result of a page.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place {
    sitting: String,
    deelname: String,
}

impl Place {
    fn of(one: &OfExam) -> Place {
        Place {
            sitting: one.sitting.clone(),
            deelname: one.head.association.clone(),
        }
    }
}

/// One result on the page.
pub(super) struct ResultLine {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) score: String,
    pub(super) state: &'static str,
    pub(super) judgement: &'static str,
    pub(super) decided: &'static str,
    pub(super) irregularities: String,
    pub(super) sampled: bool,
    /// What the box carries: deelname and version, so that only what was seen is decided on; empty where there is
    /// nothing to decide.
    pub(super) seen: String,
    pub(super) ticked: bool,
    pub(super) refused: String,
}

/// The results of sittings of one unit.
pub(super) struct UnitResults {
    pub(super) unit: String,
    pub(super) lines: Vec<ResultLine>,
}

/// A choice of what to show: its word in the address, its name, how many, and whether it is chosen.
pub(super) struct Choice {
    pub(super) word: &'static str,
    pub(super) name: &'static str,
    pub(super) count: usize,
    pub(super) chosen: bool,
}

/// A page of the results of an exam.
pub(super) struct Results {
    pub(super) units: Vec<UnitResults>,
    pub(super) unit_choices: Vec<(String, String)>,
    /// Sitting, its name and what its report says.
    pub(super) reports: Vec<(String, String, String)>,
    pub(super) choices: Vec<Choice>,
    pub(super) sample: String,
    pub(super) toon: String,
    /// Where this page begins, as it was asked.
    pub(super) na: String,
    /// The first and last on this page, counted from 1.
    pub(super) from: usize,
    pub(super) until: usize,
    /// Of so many that are shown.
    pub(super) of: usize,
    /// Where the next page begins; empty on the last.
    pub(super) next: String,
    /// How many can be decided on, on all pages, and which those are.
    pub(super) open: usize,
    pub(super) stand: String,
    pub(super) by_one_press: usize,
}

/// The results in units that the visitor decides for, by sitting and deelname.
async fn reachable(service: &Service, visitor: &Visitor, exam: &str) -> Result<Vec<OfExam>, Oops> {
    let account = &visitor.who.account;
    let found = sample::reachable(&service.core, visitor.tenant(), account, exam, None).await;
    let mut found = found.map_err(|refused| Oops::ours(&refused))?;
    // Each database has an order of its own for texts.
    found.sort_by_cached_key(Place::of);
    Ok(found)
}

/// Reads the page that was asked for.
pub(super) async fn read(
    service: &Service,
    visitor: &Visitor,
    (exam, units): (&Offering, &Units),
    (asked, sample): (&Asked, Option<&SampleRow>),
    outcome: &Outcome,
) -> Result<Results, Oops> {
    let found = reachable(service, visitor, &exam.id).await?;
    let drawn: BTreeSet<&str> = sample
        .iter()
        .flat_map(|row| row.drawn.iter().map(String::as_str))
        .collect();
    let open: Vec<&OfExam> = found.iter().filter(|one| one.is_decidable()).collect();
    let sampled = || found.iter().filter(|one| drawn.contains(one.head.association.as_str()));
    let chosen: Vec<&OfExam> = match asked.toon.as_str() {
        "open" => open.clone(),
        "steekproef" => sampled().collect(),
        _ => found.iter().collect(),
    };
    let after: Option<Place> = match asked.na.as_str() {
        "" => None,
        mark => Some(read_mark(mark).ok_or_else(|| Oops::absent("Dit blad is er niet. Begin bij het eerste blad."))?),
    };
    let skipped = match &after {
        None => 0,
        Some(after) => chosen.partition_point(|one| Place::of(one) <= *after),
    };
    let here: Vec<&OfExam> = chosen.iter().skip(skipped).take(ON_A_PAGE).copied().collect();
    let until = skipped + here.len();
    let next = match here.last() {
        Some(last) if until < chosen.len() => write_mark(&Place::of(last)).map_err(|error| Oops::ours(&error))?,
        _ => String::new(),
    };
    let choice = |word, name, count| Choice {
        word,
        name,
        count,
        chosen: asked.toon == word,
    };
    let mut choices = vec![
        choice("", "alles", found.len()),
        choice("open", "vast te stellen", open.len()),
    ];
    if sample.is_some() {
        choices.push(choice("steekproef", "steekproef", sampled().count()));
    }
    let of_units: BTreeSet<&str> = found.iter().filter_map(|one| one.unit.as_deref()).collect();
    Ok(Results {
        units: lines(service, visitor, units, &here, (&drawn, outcome)).await?,
        unit_choices: of_units.iter().map(|id| ((*id).to_owned(), units.name(id))).collect(),
        reports: reports(service, visitor, &found).await?,
        choices,
        sample: sample.map(|row| row.id.clone()).unwrap_or_default(),
        toon: asked.toon.clone(),
        na: asked.na.clone(),
        from: skipped + usize::from(!here.is_empty()),
        until,
        of: chosen.len(),
        next,
        open: open.len(),
        stand: stand(&open),
        by_one_press: MOST_BY_ONE_PRESS,
    })
}

/// What a page said of the results that can be decided on: of another stand nothing is decided unseen.
fn stand(open: &[&OfExam]) -> String {
    let all: Vec<String> = open
        .iter()
        .map(|one| format!("{}:{}\n", one.head.seq, one.head.association))
        .collect();
    sha256_hex(all.concat().as_bytes())
}

/// What the reports of their sittings say (flow 4).
async fn reports(
    service: &Service,
    visitor: &Visitor,
    found: &[OfExam],
) -> Result<Vec<(String, String, String)>, Oops> {
    let sittings: BTreeSet<&str> = found.iter().map(|one| one.sitting.as_str()).collect();
    let mut said = Vec::new();
    for id in sittings {
        let sitting = offering::find(&service.core.db, visitor.tenant(), id).await?;
        let irregular = sitting.and_then(|sitting| Some((sitting.facts.name, sitting.facts.irregularities?)));
        said.extend(irregular.map(|(name, what)| (id.to_owned(), name, what)));
    }
    Ok(said)
}

async fn lines(
    service: &Service,
    visitor: &Visitor,
    units: &Units,
    here: &[&OfExam],
    (drawn, outcome): (&BTreeSet<&str>, &Outcome),
) -> Result<Vec<UnitResults>, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let ids: Vec<String> = here.iter().map(|one| one.person.clone()).collect();
    let persons = person::with_ids(db, tenant, &ids).await?;
    let ids: Vec<String> = here.iter().map(|one| one.head.association.clone()).collect();
    let versions = result::versions_of(db, tenant, &ids).await?;
    let mut by_unit: BTreeMap<Option<&str>, Vec<ResultLine>> = BTreeMap::new();
    for one in here {
        let head = &one.head;
        let present = |version: &&Version| version.association == head.association && version.seq == head.seq;
        let Some(version) = versions.iter().find(present) else {
            // Another version came between two reads: the next look shows it.
            continue;
        };
        let mut line = line(one, version, name(&persons, &one.person));
        line.sampled = drawn.contains(line.id.as_str());
        line.ticked = outcome.ticked.contains(&line.seen);
        line.refused = outcome.refused.get(&line.id).cloned().unwrap_or_default();
        by_unit.entry(one.unit.as_deref()).or_default().push(line);
    }
    let units = by_unit.into_iter().map(|(unit, mut lines)| {
        lines.sort_by_key(|line| line.name.to_lowercase());
        UnitResults {
            unit: units.name_opt(unit),
            lines,
        }
    });
    Ok(units.collect())
}

fn line(one: &OfExam, version: &Version, name: String) -> ResultLine {
    let delivered = &version.delivered.result;
    let said = delivered
        .irregularities
        .as_deref()
        .filter(|said| !said.trim().is_empty());
    ResultLine {
        id: one.head.association.clone(),
        name,
        score: words::score(delivered),
        state: words::state(delivered.state),
        judgement: words::judgement(one.head.judgement),
        decided: words::decided(one.head.decided),
        irregularities: said.unwrap_or("–").to_owned(),
        sampled: false,
        seen: match one.is_decidable() {
            true => format!("{}:{}", one.head.seq, one.head.association),
            false => String::new(),
        },
        ticked: false,
        refused: String::new(),
    }
}

async fn decide(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    if !visitor.holds(Duty::Vaststellen) {
        return Err(Oops::forbidden(
            "Vaststellen doet de examencommissie: een lid, of iemand met een mandaat.",
        ));
    }
    let outcome = match fields.text_opt("stand") {
        Some(stand) => all_that_is_open(&service, visitor, &id, (stand, fields)).await?,
        None => outcome_of(&service, visitor, fields).await?,
    };
    let status = match outcome.done {
        0 => StatusCode::CONFLICT,
        _ => StatusCode::OK,
    };
    shown(&service, visitor, &id, (status, outcome), &Asked::of(fields)).await
}

/// Decides on everything that can be decided on, if that is still what the page counted.
async fn all_that_is_open(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (seen_stand, fields): (&str, &Fields),
) -> Result<Outcome, Oops> {
    let mut outcome = Outcome::default();
    let units = Units::of(service, visitor.tenant()).await?;
    let exam = exam(service, visitor, &units, id).await?;
    let found = reachable(service, visitor, &exam.id).await?;
    let open: Vec<&OfExam> = found.iter().filter(|one| one.is_decidable()).collect();
    if fields.text("zeker") != "ja" {
        outcome.notice = Notice::refused("Vink eerst aan dat u alle getelde resultaten vaststelt.");
        return Ok(outcome);
    }
    if stand(&open) != seen_stand {
        outcome.notice = Notice::refused(format!(
            "Er is intussen iets veranderd: nu zijn {} resultaten vast te stellen. Er is niets vastgesteld; bekijk ze \
             opnieuw.",
            open.len()
        ));
        return Ok(outcome);
    }
    let seen: Vec<Seen> = open
        .iter()
        .take(MOST_BY_ONE_PRESS)
        .map(|one| Seen {
            deelname: one.head.association.clone(),
            seq: one.head.seq,
        })
        .collect();
    decide_on(service, visitor, &seen, fields.text("motivering"), &mut outcome).await?;
    outcome.notice = Some(told(&outcome, open.len() - seen.len()));
    Ok(outcome)
}

fn told(outcome: &Outcome, left: usize) -> Notice {
    let mut sentence = format!("Vastgesteld: {}.", outcome.done);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for why in outcome.refused.values() {
        *reasons.entry(why).or_default() += 1;
    }
    for (why, count) in &reasons {
        sentence.push_str(&format!(" Niet vastgesteld: {count}. {why}"));
    }
    if left > 0 {
        sentence.push_str(&format!(" Er wachten er nog {left}: stel die hierna vast."));
    }
    Notice {
        bad: !reasons.is_empty(),
        sentence,
    }
}
