//! `/toetsen`: exams (planbare toetsen) with the policy that holds for each, and samples; for the examencommissie their
//! results (`exam_results.rs`).

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use oke_codec::scale;

use super::decisions::Outcome;
use super::exam_results::{self, Asked, Results};
use super::form::Form;
use super::oops::Oops;
use super::policies::{Choices, said_by};
use super::refusal::{Said as Sentence, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::policy::{self, Scope};
use crate::app::sample::{self, NewSample};
use crate::domain::offering::{Offering, OfferingKind};
use crate::domain::principal::Duty;
use crate::domain::sample::Size;
use crate::domain::sending::{Policy, Said};
use crate::store::sample::SampleRow;
use crate::store::{offering, sample as sample_store};

/// Most exams listed; the others are found by their name.
const MOST: u32 = 200;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/toetsen", get(list))
        .route("/toetsen/{plannable}", get(show))
        .route("/toetsen/{plannable}/beleid", post(set_policy))
        .route("/toetsen/{plannable}/steekproef", post(draw))
        .merge(exam_results::routes())
}

#[derive(Template)]
#[template(path = "exams.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<(String, String, String, bool)>,
    more: bool,
    zoek: String,
}

#[derive(Default, serde::Deserialize)]
struct Search {
    #[serde(default)]
    zoek: String,
}

async fn list(
    State(service): State<Service>,
    visitor: Visitor,
    Query(search): Query<Search>,
) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let units = Units::of(&service, tenant).await?;
    let scope = units.reach(&visitor);
    let found = offering::plannables_named(db, tenant, &scope, search.zoek.trim(), MOST).await?;
    let more = found.len() == MOST as usize;
    let mut lines: Vec<_> = found
        .into_iter()
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
        zoek: search.zoek,
    };
    page(StatusCode::OK, &list)
}

struct PolicyLine {
    what: &'static str,
    holds: &'static str,
    from: String,
}

struct SampleLine {
    id: String,
    when: String,
    by: String,
    seed: String,
    what: String,
    shown: bool,
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
    choices: Choices,
    /// For who decides.
    results: Option<Results>,
    samples: Vec<SampleLine>,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    Query(done): Query<JustDone>,
) -> Result<Response, Oops> {
    let outcome = Outcome {
        notice: done.notice(),
        ..Outcome::default()
    };
    shown(&service, &visitor, &id, (StatusCode::OK, outcome), &asked).await
}

pub(super) async fn exam(service: &Service, visitor: &Visitor, units: &Units, id: &str) -> Result<Offering, Oops> {
    offering::find(&service.core.db, visitor.tenant(), id)
        .await?
        .filter(|found| found.kind == OfferingKind::Plannable && units.shows(visitor, found.unit.as_deref()))
        .ok_or_else(|| Oops::absent("Deze toets is er niet."))
}

pub(super) async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (status, outcome): (StatusCode, Outcome),
    asked: &Asked,
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
    let chosen = samples
        .iter()
        .find(|row| row.id == asked.steekproef)
        .or(samples.first());
    let results = match decides {
        true => Some(exam_results::read(service, visitor, (&exam, &units), (asked, chosen), &outcome).await?),
        false => None,
    };
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
        choices: Choices::of(own),
        results,
        samples: samples
            .into_iter()
            .map(|row| sample_line(row, &units, &chosen))
            .collect(),
        id: exam.id,
        name: exam.facts.name,
        peer: exam.peer,
    };
    page(status, &exam_page)
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
            holds: words::send(holds.send),
            from: from(|said| said.send.is_some()),
        },
        PolicyLine {
            what: "Vastgesteld, terwijl de toets geen definitieve resultaten toestaat",
            holds: words::final_conflict(holds.final_conflict),
            from: from(|said| said.final_conflict.is_some()),
        },
        PolicyLine {
            what: "Afwezigheid",
            holds: words::no_show(holds.no_show_counts),
            from: from(|said| said.no_show_counts.is_some()),
        },
    ]
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
    shown(service, visitor, id, (said.status, outcome), &Asked::default()).await
}

async fn set_policy(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let said = said_by(fields)?;
    let (scope, account) = (Scope::Exam(id.clone()), &visitor.who.account);
    match policy::set(&service.core, visitor.tenant(), account, &scope, said).await {
        Ok(()) => Ok(after(&format!("/toetsen/{id}"), "beleid")),
        Err(error) => refused(&service, visitor, &id, of_refused(error, MEANWHILE)?).await,
    }
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
