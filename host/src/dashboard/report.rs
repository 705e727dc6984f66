//! `/rapportage`: the examencommissie's report over a period: results, cesuur and deviations per exam and unit; to print,
//! or as a file for a spreadsheet.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::oops::Oops;
use super::session::Visitor;
use super::shell::{Notice, Shell, page};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::domain::calendar::{day, in_words};
use crate::domain::exam_calendar;
use crate::domain::principal::Duty;
use crate::store::report::{self, Count};
use crate::store::{component, examenversie, peer};

/// Most irregular results, and most irregular sittings, that are written out.
const MOST_IRREGULAR: u32 = 200;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/rapportage", get(show))
        .route("/rapportage.csv", get(download))
}

#[derive(Deserialize)]
struct Period {
    #[serde(default)]
    van: String,
    #[serde(default)]
    tot: String,
}

impl Period {
    /// First and last day; this month until today where none are given. `None` for what is no period.
    fn days(&self, today: Date) -> Option<(Date, Date)> {
        let given = |text: &str, default: Date| match text.trim() {
            "" => Some(default),
            text => text.parse().ok(),
        };
        let (from, until) = (given(&self.van, today.first_of_month())?, given(&self.tot, today)?);
        (from <= until).then_some((from, until))
    }
}

struct Line {
    exam: String,
    vendor: String,
    versie: String,
    unit: String,
    cesuur: String,
    count: Count,
}

impl Line {
    /// Of the normed results that were passed or failed, how many per hundred passed.
    fn rate(&self) -> String {
        rate(&self.count)
    }

    /// The average of the normed scores that are numbers, and of how many.
    fn average(&self) -> String {
        if self.count.scored == 0 {
            return "–".to_owned();
        }
        format!("{} ({})", mean(&self.count), self.count.scored)
    }
}

fn rate(count: &Count) -> String {
    let judged = count.normed_passed + count.normed_failed;
    if judged == 0 {
        return "–".to_owned();
    }
    // Half up, in whole numbers: a report says the same whoever counts again.
    let per_mille = (count.normed_passed * 2_000 + judged) / (judged * 2);
    format!("{},{}%", per_mille / 10, per_mille % 10)
}

#[expect(clippy::cast_precision_loss, reason = "fewer results than a float counts exactly")]
fn mean(count: &Count) -> String {
    if count.scored == 0 {
        return String::new();
    }
    format!("{:.2}", count.score / count.scored as f64).replace('.', ",")
}

/// Something irregular, as it is shown.
struct IrregularLine {
    sitting: String,
    name: String,
    unit: String,
    ended: String,
    deelname: String,
    said: String,
}

fn must_decide(visitor: &Visitor) -> Result<(), Oops> {
    if visitor.holds(Duty::Vaststellen) {
        return Ok(());
    }
    Err(Oops::forbidden(
        "De rapportage is van de examencommissie: een lid, of iemand met een mandaat.",
    ))
}

/// The lines of a period, for the units for which this visitor decides.
async fn lines(service: &Service, visitor: &Visitor, (from, until): (Date, Date)) -> Result<Vec<Line>, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let (from, until) = moments((from, until))?;
    let counts = report::over(db, tenant, from, until).await?;
    let units = Units::of(service, tenant).await?;
    let peers = peer::all(db, tenant).await?;
    let mut lines = Vec::new();
    for count in counts {
        if !units.covers(visitor, Duty::Vaststellen, count.unit.as_deref()) {
            continue;
        }
        let exam = component::find(db, tenant, &count.peer, &count.component).await?;
        let set = examenversie::find(db, tenant, &count.peer, &count.component, &count.examenversie).await?;
        let vendor = peers.iter().find(|peer| peer.id == count.peer);
        lines.push(Line {
            exam: exam.map_or_else(|| count.component.clone(), |exam| exam.facts.name),
            vendor: vendor.map_or_else(|| count.peer.clone(), |peer| peer.name.clone()),
            versie: match count.examenversie.as_str() {
                "" => "geen resultaat".to_owned(),
                code if code == count.component => "–".to_owned(),
                code => code.to_owned(),
            },
            unit: units.name_opt(count.unit.as_deref()),
            cesuur: match set {
                None => String::new(),
                Some(set) => format!("{}: {}", in_words(day(set.at)), set.source),
            },
            count,
        });
    }
    lines.sort_by(|one, other| (&one.exam, &one.versie, &one.unit).cmp(&(&other.exam, &other.versie, &other.unit)));
    Ok(lines)
}

/// From the begin of the first day to the end of the last, at school.
fn moments((first, last): (Date, Date)) -> Result<(Timestamp, Timestamp), Oops> {
    exam_calendar::Period { first, last }
        .moments()
        .map_err(|error| Oops::ours(&error))
}

/// What was irregular at sittings of the units for which this visitor decides.
async fn irregular(service: &Service, visitor: &Visitor, days: (Date, Date)) -> Result<Vec<IrregularLine>, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let units = Units::of(service, tenant).await?;
    let scope = units.reach(visitor);
    let found = report::irregularities(db, tenant, &scope, moments(days)?, MOST_IRREGULAR).await?;
    let theirs = found
        .into_iter()
        .filter(|one| units.covers(visitor, Duty::Vaststellen, one.unit.as_deref()));
    let lines = theirs.map(|one| IrregularLine {
        unit: units.name_opt(one.unit.as_deref()),
        ended: words::day(one.ended),
        deelname: one.deelname.unwrap_or_default(),
        sitting: one.sitting,
        name: one.name,
        said: one.said,
    });
    Ok(lines.collect())
}

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    shell: Shell,
    from: Date,
    until: Date,
    from_words: String,
    until_words: String,
    made: String,
    lines: Vec<Line>,
    total: Count,
    total_rate: String,
    irregular: Vec<IrregularLine>,
    most: u32,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Query(period): Query<Period>,
) -> Result<Response, Oops> {
    must_decide(&visitor)?;
    let today = day(visitor.now);
    let (status, notice, days) = match period.days(today) {
        Some(days) => (StatusCode::OK, None, days),
        None => (
            StatusCode::UNPROCESSABLE_ENTITY,
            Notice::refused("Dat is geen periode. Schrijf twee dagen als 2026-09-01, de eerste vóór de laatste."),
            (today.first_of_month(), today),
        ),
    };
    let lines = lines(&service, &visitor, days).await?;
    let total = total(&lines);
    let report_page = ReportPage {
        shell: Shell::around(&service, &visitor, "/rapportage", "Rapportage", notice).await?,
        from: days.0,
        until: days.1,
        from_words: in_words(days.0),
        until_words: in_words(days.1),
        made: in_words(today),
        total_rate: rate(&total),
        total,
        irregular: irregular(&service, &visitor, days).await?,
        most: MOST_IRREGULAR,
        lines,
    };
    page(status, &report_page)
}

fn total(lines: &[Line]) -> Count {
    let sum = |of: fn(&Count) -> i64| lines.iter().map(|line| of(&line.count)).sum();
    // A sitting with results of two examenversies stands on two lines, and scores are of different scales: neither is
    // added up.
    Count {
        deelnames: sum(|count| count.deelnames),
        absent: sum(|count| count.absent),
        known: sum(|count| count.known),
        passed: sum(|count| count.passed),
        failed: sum(|count| count.failed),
        normed: sum(|count| count.normed),
        decided: sum(|count| count.decided),
        held: sum(|count| count.held),
        irregular: sum(|count| count.irregular),
        restated: sum(|count| count.restated),
        normed_passed: sum(|count| count.normed_passed),
        normed_failed: sum(|count| count.normed_failed),
        corrected: sum(|count| count.corrected),
        withdrawn: sum(|count| count.withdrawn),
        changed: sum(|count| count.changed),
        ..Count::default()
    }
}

async fn download(
    State(service): State<Service>,
    visitor: Visitor,
    Query(period): Query<Period>,
) -> Result<Response, Oops> {
    must_decide(&visitor)?;
    let days = period
        .days(day(visitor.now))
        .ok_or_else(|| Oops::Unreadable("Dat is geen periode. Schrijf twee dagen als 2026-09-01.".to_owned()))?;
    let mut file = String::from(FIRST_LINE);
    for line in lines(&service, &visitor, days).await? {
        let count = &line.count;
        for text in [&line.exam, &line.vendor, &line.versie, &line.unit, &line.cesuur] {
            file.push_str(&cell(text));
            file.push(';');
        }
        // Bare, as a spreadsheet reads numbers.
        file.push_str(&format!("{};{};", line.rate().trim_matches('–'), mean(count)));
        let numbers = [
            count.sittings,
            count.deelnames,
            count.absent,
            count.known,
            count.passed,
            count.failed,
            count.normed,
            count.decided,
            count.held,
            count.irregular,
            count.restated,
            count.changed,
            count.corrected,
            count.withdrawn,
        ];
        file.push_str(&numbers.map(|number| number.to_string()).join(";"));
        file.push_str("\r\n");
    }
    let named = format!("attachment; filename=\"rapportage-{}-{}.csv\"", days.0, days.1);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, named),
    ];
    Ok((headers, file).into_response())
}

/// With the mark by which spreadsheets know UTF-8; semicolons, since Dutch ones take a comma for a decimal point.
const FIRST_LINE: &str = "\u{FEFF}Examen;Leverancier;Examenversie;Onderdeel;Cesuur ingevoerd;Slagingspercentage;Gemiddelde score;Zittingen;Deelnames;Afwezig;\
                          Resultaten;Behaald;Niet behaald;Genormeerd;Vastgesteld;Vastgehouden;Onregelmatigheden;Gewijzigd;\
                          Gewijzigd na vaststelling;Gecorrigeerd;Ingetrokken\r\n";

/// A text as one cell. What a spreadsheet would take for a formula is made text by an apostrophe: names come from other
/// systems.
fn cell(text: &str) -> String {
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    let apostrophe = if is_formula { "'" } else { "" };
    format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_never_ends_early() {
        assert_eq!(cell("Rekenen 3F"), "\"Rekenen 3F\"");
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        for start in ["+", "-", "@", "\t", "\r", " ="] {
            assert!(cell(&format!("{start}1+1")).starts_with("\"'"), "{start:?}");
        }
        assert_eq!(cell("a\";b"), "\"a\"\";b\"");
    }

    #[test]
    fn rates_are_of_what_is_normed_and_judged_and_averages_say_of_how_many() {
        let line = |count| Line {
            exam: String::new(),
            vendor: String::new(),
            versie: String::new(),
            unit: String::new(),
            cesuur: String::new(),
            count,
        };
        let none = line(Count {
            known: 7,
            passed: 7,
            ..Count::default()
        });
        assert_eq!((none.rate().as_str(), none.average().as_str()), ("–", "–"));
        let some = line(Count {
            normed_passed: 2,
            normed_failed: 1,
            scored: 3,
            score: 20.0,
            ..Count::default()
        });
        assert_eq!((some.rate().as_str(), some.average().as_str()), ("66,7%", "6,67 (3)"));
        let all = Count {
            normed_passed: 5,
            ..Count::default()
        };
        assert_eq!(rate(&all), "100,0%");
    }

    #[test]
    fn a_period_is_this_month_unless_it_is_given() {
        let today = date(2026, 9, 17);
        let of = |van: &str, tot: &str| {
            let period = Period {
                van: van.to_owned(),
                tot: tot.to_owned(),
            };
            period.days(today)
        };
        assert_eq!(of("", ""), Some((date(2026, 9, 1), today)));
        assert_eq!(
            of("2026-08-01", "2026-08-31"),
            Some((date(2026, 8, 1), date(2026, 8, 31)))
        );
        assert_eq!(of("2026-08-31", "2026-08-01"), None);
        assert_eq!(of("gisteren", ""), None);
    }
}
