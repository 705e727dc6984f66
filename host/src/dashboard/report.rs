//! `/rapportage`: the examencommissie's report over a period: results, cesuur and deviations per exam and unit; to print,
//! or as a file for a spreadsheet.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use jiff::civil::Date;
use serde::Deserialize;

use super::oops::Oops;
use super::session::Visitor;
use super::shell::{Notice, Shell, page};
use super::units::Units;
use crate::api::Service;
use crate::domain::calendar::{day, in_words, zone};
use crate::domain::principal::Duty;
use crate::store::report::{self, Count};
use crate::store::{component, examenversie, peer};

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
    let start = |day: Date| {
        let at = day.to_zoned(zone()).map_err(|error| Oops::ours(&error))?;
        Ok::<_, Oops>(at.timestamp())
    };
    let after = until.tomorrow().map_err(|error| Oops::ours(&error))?;
    let counts = report::over(db, tenant, start(from)?, start(after)?).await?;
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
    let report_page = ReportPage {
        shell: Shell::around(&service, &visitor, "/rapportage", "Rapportage", notice).await?,
        from: days.0,
        until: days.1,
        from_words: in_words(days.0),
        until_words: in_words(days.1),
        made: in_words(today),
        total: total(&lines),
        lines,
    };
    page(status, &report_page)
}

fn total(lines: &[Line]) -> Count {
    let sum = |of: fn(&Count) -> i64| lines.iter().map(|line| of(&line.count)).sum();
    Count {
        peer: String::new(),
        component: String::new(),
        examenversie: String::new(),
        unit: None,
        // A sitting with results of two examenversies stands on two lines: not to be added up.
        sittings: 0,
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
const FIRST_LINE: &str = "\u{FEFF}Examen;Leverancier;Examenversie;Onderdeel;Cesuur ingevoerd;Zittingen;Deelnames;Afwezig;\
                          Resultaten;Behaald;Niet behaald;Genormeerd;Vastgesteld;Vastgehouden;Onregelmatigheden;Gewijzigd\r\n";

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
