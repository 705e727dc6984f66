//! `/toetsen`: exams (planbare toetsen) with the policy that holds for each; for the examencommissie their results by
//! unit, with irregularities and samples.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use oke_codec::scale;

use super::decisions::{Outcome, outcome_of};
use super::form::{Fields, Form};
use super::oops::Oops;
use super::refusal::{Said as Sentence, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::sittings::name;
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::policy::{self, Scope};
use crate::app::sample::{self, NewSample};
use crate::app::vaststellen::MOST_AT_ONCE;
use crate::domain::offering::{Offering, OfferingKind};
use crate::domain::principal::Duty;
use crate::domain::sample::Size;
use crate::domain::sending::{FinalConflict, Policy, Said, SendPolicy};
use crate::domain::standing;
use crate::store::overview::OfExam;
use crate::store::sample::SampleRow;
use crate::store::{offering, person, sample as sample_store};

/// Most exams listed.
const MOST: u32 = 1_000;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/toetsen", get(list))
        .route("/toetsen/{plannable}", get(show))
        .route("/toetsen/{plannable}/beleid", post(set_policy))
        .route("/toetsen/{plannable}/steekproef", post(draw))
        .route("/toetsen/{plannable}/vaststellen", post(decide))
}

#[derive(Template)]
#[template(path = "exams.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<(String, String, String, bool)>,
    more: bool,
}

async fn list(State(service): State<Service>, visitor: Visitor) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let units = Units::of(&service, tenant).await?;
    let found = offering::of_kind(db, tenant, OfferingKind::Plannable, MOST).await?;
    let more = found.len() == MOST as usize;
    let mut lines: Vec<_> = found
        .into_iter()
        .filter(|one| units.shows(&visitor, one.unit.as_deref()))
        .map(|one| {
            let (unit, canceled) = (units.name_opt(one.unit.as_deref()), one.is_canceled());
            (one.id, one.facts.name, unit, canceled)
        })
        .collect();
    lines.sort_by(|one, other| (&one.1, &one.0).cmp(&(&other.1, &other.0)));
    let list = ListPage {
        shell: Shell::around(&service, &visitor, "/toetsen", "Toetsen", None).await?,
        lines,
        more,
    };
    page(StatusCode::OK, &list)
}

struct PolicyLine {
    what: &'static str,
    holds: &'static str,
    from: String,
}

struct ResultLine {
    id: String,
    name: String,
    score: String,
    state: &'static str,
    judgement: &'static str,
    decided: &'static str,
    irregularities: String,
    sampled: bool,
    /// What the box carries: deelname and version, so that only what was seen is decided on; empty where there is
    /// nothing to decide.
    seen: String,
    refused: String,
}

struct UnitResults {
    unit: String,
    lines: Vec<ResultLine>,
}

struct SampleLine {
    id: String,
    when: String,
    by: String,
    seed: String,
    what: String,
    shown: bool,
}

struct Choice {
    value: &'static str,
    word: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "exam.html")]
struct ExamPage {
    shell: Shell,
    id: String,
    name: String,
    unit: String,
    peer: String,
    scale: String,
    final_allowed: bool,
    policies: Vec<PolicyLine>,
    manages: bool,
    sends: Vec<Choice>,
    conflicts: Vec<Choice>,
    no_shows: Vec<Choice>,
    decides: bool,
    sample: String,
    at_once: usize,
    reports: Vec<(String, String, String)>,
    units: Vec<UnitResults>,
    unit_choices: Vec<(String, String)>,
    samples: Vec<SampleLine>,
}

fn send_word(send: SendPolicy) -> &'static str {
    match send {
        SendPolicy::Attendance => "alleen aanwezigheid tot de vaststelling",
        SendPolicy::Provisional => "als voorlopig tot de vaststelling",
        SendPolicy::AfterVaststelling => "pas na de vaststelling",
    }
}

fn conflict_word(conflict: FinalConflict) -> &'static str {
    match conflict {
        FinalConflict::Downgrade => "als voorlopig versturen, met een melding",
        FinalConflict::Hold => "laten wachten, met een melding",
    }
}

fn no_show_word(counts: bool) -> &'static str {
    if counts {
        "telt als poging"
    } else {
        "telt niet als poging"
    }
}

#[derive(serde::Deserialize)]
struct Asked {
    #[serde(default)]
    steekproef: String,
    #[serde(flatten)]
    done: JustDone,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Oops> {
    let outcome = Outcome {
        notice: asked.done.notice(),
        ..Outcome::default()
    };
    shown(&service, &visitor, &id, (StatusCode::OK, outcome), &asked.steekproef).await
}

async fn exam(service: &Service, visitor: &Visitor, units: &Units, id: &str) -> Result<Offering, Oops> {
    offering::find(&service.core.db, visitor.tenant(), id)
        .await?
        .filter(|found| found.kind == OfferingKind::Plannable && units.shows(visitor, found.unit.as_deref()))
        .ok_or_else(|| Oops::absent("Deze toets is er niet."))
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (status, outcome): (StatusCode, Outcome),
    sample: &str,
) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let units = Units::of(service, tenant).await?;
    let exam = exam(service, visitor, &units, id).await?;
    let said = policy::said_around(db, tenant, &exam).await?;
    let own = said.iter().find(|(scope, _)| matches!(scope, Scope::Exam(_)));
    let own = own.map_or_else(Said::default, |(_, said)| *said);
    let decides = visitor.holds(Duty::Vaststellen);
    let samples = match decides {
        true => sample_store::of_plannable(db, tenant, id).await?,
        false => Vec::new(),
    };
    let chosen = samples.iter().find(|row| row.id == sample).or(samples.first());
    let results = results(service, visitor, &exam, &units, (chosen, &outcome.refused)).await?;
    let sendings = SendPolicy::ALL.map(|send| (send.name(), send_word(send), own.send == Some(send)));
    let conflicts = FinalConflict::ALL.map(|one| (one.name(), conflict_word(one), own.final_conflict == Some(one)));
    let no_shows = [("ja", true), ("nee", false)]
        .map(|(value, counts)| (value, no_show_word(counts), own.no_show_counts == Some(counts)));
    let title = format!("Toets: {}", exam.facts.name);
    let chosen = chosen.map(|row| row.id.clone()).unwrap_or_default();
    let exam_page = ExamPage {
        shell: Shell::around(service, visitor, "/toetsen", title, outcome.notice).await?,
        unit: units.name_opt(exam.unit.as_deref()),
        scale: exam
            .facts
            .result_value_type
            .as_ref()
            .map_or_else(|| "–".to_owned(), scale::name),
        final_allowed: exam.facts.final_results_allowed.unwrap_or(true),
        policies: policy_lines(&said, &units),
        manages: units.covers(visitor, Duty::Beheren, exam.unit.as_deref()),
        sends: sendings.map(choice).into(),
        conflicts: conflicts.map(choice).into(),
        no_shows: no_shows.map(choice).into(),
        decides,
        at_once: MOST_AT_ONCE,
        reports: results.reports,
        unit_choices: results.unit_choices,
        units: results.units,
        samples: samples
            .into_iter()
            .map(|row| sample_line(row, &units, &chosen))
            .collect(),
        sample: chosen,
        id: exam.id,
        name: exam.facts.name,
        peer: exam.peer,
    };
    page(status, &exam_page)
}

fn choice((value, word, chosen): (&'static str, &'static str, bool)) -> Choice {
    Choice { value, word, chosen }
}

/// What holds, and whose word that is: the nearest that says anything.
fn policy_lines(said: &[(Scope, Said)], units: &Units) -> Vec<PolicyLine> {
    let holds = Policy::of(&said.iter().map(|(_, said)| *said).collect::<Vec<_>>());
    let from = |says: fn(&Said) -> bool| match said.iter().rev().find(|(_, said)| says(said)) {
        None => "standaard".to_owned(),
        Some((Scope::School, _)) => "de school".to_owned(),
        Some((Scope::Unit(id), _)) => units.name(id),
        Some((Scope::Exam(_), _)) => "deze toets".to_owned(),
    };
    vec![
        PolicyLine {
            what: "Resultaten naar de deelnemerregistratie",
            holds: send_word(holds.send),
            from: from(|said| said.send.is_some()),
        },
        PolicyLine {
            what: "Vastgesteld, terwijl de toets geen definitieve resultaten toestaat",
            holds: conflict_word(holds.final_conflict),
            from: from(|said| said.final_conflict.is_some()),
        },
        PolicyLine {
            what: "Afwezigheid",
            holds: no_show_word(holds.no_show_counts),
            from: from(|said| said.no_show_counts.is_some()),
        },
    ]
}

#[derive(Default)]
struct Results {
    units: Vec<UnitResults>,
    unit_choices: Vec<(String, String)>,
    /// Sitting, its name and what its report says.
    reports: Vec<(String, String, String)>,
}

async fn results(
    service: &Service,
    visitor: &Visitor,
    exam: &Offering,
    units: &Units,
    (sample, refused): (Option<&SampleRow>, &BTreeMap<String, String>),
) -> Result<Results, Oops> {
    if !visitor.holds(Duty::Vaststellen) {
        return Ok(Results::default());
    }
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let account = &visitor.who.account;
    let found = match sample::reachable(&service.core, tenant, account, &exam.id, None).await {
        Ok(found) => found,
        Err(refused) => return Err(Oops::ours(&refused)),
    };
    let ids: Vec<String> = found.iter().map(|one| one.person.clone()).collect();
    let persons = person::with_ids(db, tenant, &ids).await?;
    let mut reports: BTreeMap<&str, Option<(String, String)>> = BTreeMap::new();
    let mut by_unit: BTreeMap<Option<&str>, Vec<ResultLine>> = BTreeMap::new();
    for one in &found {
        if !reports.contains_key(one.sitting.as_str()) {
            let sitting = offering::find(db, tenant, &one.sitting).await?;
            let said = sitting.and_then(|sitting| Some((sitting.facts.name, sitting.facts.irregularities?)));
            reports.insert(&one.sitting, said);
        }
        let sampled = sample.is_some_and(|row| row.drawn.contains(&one.head.association));
        let mut line = result_line(one, name(&persons, &one.person), sampled);
        line.refused = refused.get(&line.id).cloned().unwrap_or_default();
        by_unit.entry(one.unit.as_deref()).or_default().push(line);
    }
    let reports = reports.into_iter();
    Ok(Results {
        reports: reports
            .filter_map(|(id, said)| said.map(|(name, said)| (id.to_owned(), name, said)))
            .collect(),
        unit_choices: by_unit
            .keys()
            .flatten()
            .map(|id| ((*id).to_owned(), units.name(id)))
            .collect(),
        units: by_unit
            .into_iter()
            .map(|(unit, mut lines)| {
                lines.sort_by_key(|line| (!line.sampled, line.name.to_lowercase()));
                UnitResults {
                    unit: units.name_opt(unit),
                    lines,
                }
            })
            .collect(),
    })
}

fn result_line(one: &OfExam, name: String, sampled: bool) -> ResultLine {
    let delivered = &one.version.delivered.result;
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
        sampled,
        seen: match standing::may_decide(&one.head, &one.version, one.head.seq) {
            Ok(()) => format!("{}:{}", one.head.seq, one.head.association),
            Err(_) => String::new(),
        },
        refused: String::new(),
    }
}

fn sample_line(row: SampleRow, units: &Units, chosen: &str) -> SampleLine {
    let size = match row.size {
        Size::Count(count) => format!("{count}"),
        Size::Percentage(percentage) => format!("{percentage}%"),
    };
    let unit = row
        .unit
        .as_deref()
        .map_or_else(String::new, |unit| format!(", {}", units.name(unit)));
    SampleLine {
        shown: row.id == chosen,
        what: format!("{} van {} (gevraagd: {size}{unit})", row.drawn.len(), row.listed.len()),
        when: words::moment(row.at),
        by: row.account,
        seed: row.seed.to_string(),
        id: row.id,
    }
}

const MEANWHILE: &str = "Dit kan nu niet: er zijn geen afgeronde resultaten waarover u besluit, of de stand is intussen \
                         veranderd.";

async fn refused(service: &Service, visitor: &Visitor, id: &str, said: Sentence) -> Result<Response, Oops> {
    let outcome = Outcome {
        notice: Notice::refused(said.sentence),
        ..Outcome::default()
    };
    shown(service, visitor, id, (said.status, outcome), "").await
}

async fn set_policy(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let unreadable = |what: &str| Oops::Unreadable(format!("Het formulier zegt niets leesbaars over {what}."));
    let said = Said {
        send: known(fields, "versturen", SendPolicy::from_name).map_err(|()| unreadable("versturen"))?,
        final_conflict: known(fields, "definitief", FinalConflict::from_name).map_err(|()| unreadable("definitief"))?,
        no_show_counts: known(fields, "afwezig", |word| match word {
            "ja" => Some(true),
            "nee" => Some(false),
            _ => None,
        })
        .map_err(|()| unreadable("afwezigheid"))?,
    };
    let (scope, account) = (Scope::Exam(id.clone()), &visitor.who.account);
    match policy::set(&service.core, visitor.tenant(), account, &scope, said).await {
        Ok(()) => Ok(after(&format!("/toetsen/{id}"), "beleid")),
        Err(error) => refused(&service, visitor, &id, of_refused(error, MEANWHILE)?).await,
    }
}

/// A choice of a form: nothing when it was left to what lies around.
fn known<T>(fields: &Fields, field: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ()> {
    match fields.text_opt(field) {
        None => Ok(None),
        Some(word) => read(word).map(Some).ok_or(()),
    }
}

async fn decide(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    if !visitor.holds(Duty::Vaststellen) {
        return Err(Oops::forbidden(
            "Vaststellen doet de examencommissie: een lid, of iemand met een mandaat.",
        ));
    }
    let outcome = outcome_of(&service, visitor, fields).await?;
    let status = match outcome.done {
        0 => StatusCode::CONFLICT,
        _ => StatusCode::OK,
    };
    shown(&service, visitor, &id, (status, outcome), fields.text("steekproef")).await
}

async fn draw(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let number = fields.text("omvang").parse::<u32>().ok().filter(|number| *number > 0);
    let percentage = fields.text("maat") == "procent";
    let seed = fields.text_opt("startgetal").map(str::parse::<u64>).transpose();
    let (Some(number), Ok(seed)) = (number.filter(|number| !percentage || *number <= 100), seed) else {
        let said = Sentence::bad(
            "Vul een omvang in: een aantal, of een percentage van 1 tot 100. Een startgetal is een heel getal.",
        );
        return refused(&service, visitor, &id, said).await;
    };
    let new = NewSample {
        plannable: id.clone(),
        unit: fields.text_opt("onderdeel").map(str::to_owned),
        seed,
        size: match percentage {
            true => Size::Percentage(number),
            false => Size::Count(number),
        },
    };
    match sample::draw(&service.core, visitor.tenant(), &visitor.who.account, &new).await {
        Ok(_) => Ok(after(&format!("/toetsen/{id}"), "getrokken")),
        Err(error) => refused(&service, visitor, &id, of_refused(error, MEANWHILE)?).await,
    }
}
