//! `/voorzieningen`: what the codes of needs mean at each vendor, and which deelnames wait because a need can't be told.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::form::{Fields, Form};
use super::oops::Oops;
use super::refusal::{Said, of_duties};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::sittings::{name, visible};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::Refused;
use crate::app::needs::{self, Vendor, table};
use crate::domain::needs::{Bounds, Line, Meaning, Obstacle, Rounding, Time, Translation, Unit, Wrong};
use crate::domain::principal::Duty;
use crate::store::mark::Mark;
use crate::store::needs as needs_store;
use crate::store::peer::{self, PeerRow};
use crate::store::{association, person};

/// Most waiting deelnames on one page; the longest first.
const MOST: u32 = 200;
/// Empty lines below a table, for new codes.
const EMPTY_LINES: usize = 5;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/voorzieningen", get(list))
        .route("/voorzieningen/{peer}", get(show).post(write))
}

struct VendorLine {
    id: String,
    name: String,
    lines: usize,
    blocked: i64,
}

#[derive(Template)]
#[template(path = "needs.html")]
struct ListPage {
    shell: Shell,
    vendors: Vec<VendorLine>,
}

fn must_see(visitor: &Visitor) -> Result<(), Oops> {
    if visitor.holds(Duty::Plannen) || visitor.holds(Duty::Beheren) {
        return Ok(());
    }
    Err(Oops::forbidden(
        "Voorzieningen bekijken kan met de functie ‘plannen’ of ‘beheren’.",
    ))
}

async fn list(State(service): State<Service>, visitor: Visitor) -> Result<Response, Oops> {
    must_see(&visitor)?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let blocked = needs_store::blocked_per_peer(db, tenant).await?;
    let mut vendors = Vec::new();
    for peer in peer::all(db, tenant).await? {
        if peer.hat != "ta" {
            continue;
        }
        let row = needs_store::translation(db, tenant, &peer.id).await?;
        let waiting = blocked.iter().find(|(id, _)| *id == peer.id);
        vendors.push(VendorLine {
            lines: row.map_or(0, |row| row.translation.lines.len()),
            blocked: waiting.map_or(0, |(_, number)| *number),
            id: peer.id,
            name: peer.name,
        });
    }
    let shell = Shell::around(&service, &visitor, "/voorzieningen", "Voorzieningen", None).await?;
    page(StatusCode::OK, &ListPage { shell, vendors })
}

/// A line of the table as typed.
#[derive(Clone, Default)]
struct Typed {
    code: String,
    kind: String,
    amount: String,
    told: String,
}

struct Waiting {
    id: String,
    name: String,
    sitting: String,
    since: String,
    why: Vec<String>,
}

#[derive(Template)]
#[template(path = "needs_vendor.html")]
struct VendorPage {
    shell: Shell,
    id: String,
    name: String,
    can: String,
    codes: Vec<String>,
    waiting: Vec<Waiting>,
    missing: Vec<String>,
    lines: Vec<Typed>,
    round_up: bool,
    version: i64,
    manages: bool,
    plans: bool,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    let done = just_done.notice();
    vendor_shown(&service, &visitor, &id, (StatusCode::OK, done), None).await
}

async fn vendor_shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (status, notice): (StatusCode, Option<Notice>),
    typed: Option<(Vec<Typed>, bool, i64)>,
) -> Result<Response, Oops> {
    must_see(visitor)?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let row: PeerRow = peer::find(db, tenant, id)
        .await?
        .filter(|found| found.hat == "ta")
        .ok_or_else(|| Oops::absent("Deze leverancier is er niet."))?;
    let vendor = Vendor::of(db, tenant, id).await?;
    let (waiting, missing) = waiting(service, visitor, &vendor, id).await?;
    let kept = || {
        let lines = vendor.table.lines.iter().map(Typed::from).collect();
        (lines, vendor.table.rounding == Rounding::Up, vendor.version)
    };
    let (mut lines, round_up, version) = typed.unwrap_or_else(kept);
    let manages = visitor.manages();
    if manages {
        lines.resize(lines.len() + EMPTY_LINES, Typed::default());
    }
    let vendor_page = VendorPage {
        shell: Shell::around(
            service,
            visitor,
            "/voorzieningen",
            format!("Voorzieningen bij {}", row.name),
            notice,
        )
        .await?,
        id: row.id,
        name: row.name,
        can: can(vendor.bounds.as_ref()),
        codes: vendor.bounds.unwrap_or_default().codes,
        waiting,
        missing,
        lines,
        round_up,
        version,
        manages,
        plans: visitor.holds(Duty::Plannen),
    };
    page(status, &vendor_page)
}

/// The deelnames that wait, and the codes that the table lacks for them.
async fn waiting(
    service: &Service,
    visitor: &Visitor,
    vendor: &Vendor,
    id: &str,
) -> Result<(Vec<Waiting>, Vec<String>), Oops> {
    let (core, tenant) = (&service.core, visitor.tenant());
    let units = Units::of(service, tenant).await?;
    let (mut lines, mut missing) = (Vec::new(), Vec::new());
    for row in needs_store::blocked_after(&core.db, tenant, (id, &units.reach(visitor)), &Mark::start(), MOST).await? {
        let obstacles = needs::obstacles_of(core, tenant, vendor, &row.association)
            .await
            .map_err(ours)?;
        for obstacle in &obstacles {
            if let Obstacle::Untranslated(code) = obstacle
                && !missing.contains(code)
            {
                missing.push(code.clone());
            }
        }
        let Some(deelname) = association::find(&core.db, tenant, &row.association).await? else {
            continue;
        };
        let Ok(sitting) = visible(service, visitor, &units, &deelname.facts.offering_id).await else {
            continue;
        };
        let persons = person::with_ids(&core.db, tenant, std::slice::from_ref(&deelname.facts.person_id)).await?;
        lines.push(Waiting {
            name: name(&persons, &deelname.facts.person_id),
            sitting: format!(
                "{}, {}",
                sitting.facts.name,
                sitting.facts.start.map_or_else(|| "–".to_owned(), words::moment)
            ),
            since: words::age(row.at, visitor.now),
            why: obstacles.iter().map(in_words).collect(),
            id: deelname.id,
        });
    }
    missing.sort_unstable();
    Ok((lines, missing))
}

/// What a connector can tell, in words.
pub(super) fn can(bounds: Option<&Bounds>) -> String {
    let Some(bounds) = bounds else {
        return "Er draait nog geen koppeling: wat die kan doorgeven, blijkt bij het bezorgen.".to_owned();
    };
    let codes = match bounds.codes.is_empty() {
        true => "geen middelen".to_owned(),
        false => bounds.codes.join(", "),
    };
    let time = bounds.extra_time.map(|steps| {
        let unit = unit(steps.unit);
        let most = steps.maximum.map(|maximum| format!(", ten hoogste {maximum} {unit}"));
        format!(
            "extra tijd in stappen van {} {unit}{}",
            steps.step,
            most.unwrap_or_default()
        )
    });
    format!("{codes}; {}", time.unwrap_or_else(|| "geen extra tijd".to_owned()))
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Minutes => "minuten",
        Unit::Percent => "procent",
    }
}

/// Why a need can't be told, in Dutch.
pub(super) fn in_words(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::Untranslated(code) => format!("‘{code}’ staat niet in de vertaaltabel"),
        Obstacle::NotTaken(code) => format!("de koppeling kan ‘{code}’ niet doorgeven"),
        Obstacle::NoExtraTime => "de koppeling kan geen extra tijd doorgeven".to_owned(),
        Obstacle::TooMuch { unit: of, maximum } => {
            format!("meer extra tijd dan kan: ten hoogste {maximum} {}", unit(*of))
        }
        Obstacle::BetweenSteps { unit: of, step } => {
            format!("extra tijd kan alleen in stappen van {step} {}", unit(*of))
        }
        Obstacle::NoDuration => "extra tijd in procenten, maar de zitting heeft geen duur".to_owned(),
    }
}

impl From<&Line> for Typed {
    fn from(line: &Line) -> Self {
        let (kind, amount, told) = match &line.meaning {
            Meaning::Arranged => ("school", String::new(), None),
            Meaning::Told { time, code } => match time {
                None => ("geen", String::new(), code.clone()),
                Some(Time::Minutes(minutes)) => ("minuten", minutes.to_string(), code.clone()),
                Some(Time::Percent(percent)) => ("procent", percent.to_string(), code.clone()),
            },
        };
        Typed {
            code: line.code.clone(),
            kind: kind.to_owned(),
            amount,
            told: told.unwrap_or_default(),
        }
    }
}

impl Typed {
    fn is_empty(&self) -> bool {
        self.code.is_empty() && self.amount.is_empty() && self.told.is_empty()
    }

    /// The line, or what is wrong with it.
    fn line(&self) -> Result<Line, String> {
        let amount = || {
            let parsed = self.amount.parse::<u32>();
            parsed.map_err(|_| format!("Bij ‘{}’ hoort een heel aantal minuten of procenten.", self.code))
        };
        let code = Some(self.told.clone()).filter(|told| !told.is_empty());
        let time = match self.kind.as_str() {
            "minuten" => Some(Time::Minutes(amount()?)),
            "procent" => Some(Time::Percent(amount()?)),
            "school" if code.is_some() || !self.amount.is_empty() => {
                return Err(format!(
                    "‘{}’ regelt de school zelf: dan hoort er geen tijd of middel bij.",
                    self.code
                ));
            }
            "school" => {
                return Ok(Line {
                    code: self.code.clone(),
                    meaning: Meaning::Arranged,
                });
            }
            _ if !self.amount.is_empty() => {
                return Err(format!(
                    "Kies bij ‘{}’ of het aantal minuten of procenten is.",
                    self.code
                ));
            }
            _ => None,
        };
        Ok(Line {
            code: self.code.clone(),
            meaning: Meaning::Told { time, code },
        })
    }
}

fn typed(fields: &Fields) -> Vec<Typed> {
    let column = |name| fields.all(name).map(|text| text.trim().to_owned());
    let lines = column("code")
        .zip(column("soort"))
        .zip(column("aantal"))
        .zip(column("middel"))
        .map(|(((code, kind), amount), told)| Typed {
            code,
            kind,
            amount,
            told,
        });
    lines.filter(|line| !line.is_empty()).collect()
}

async fn write(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let lines = typed(&form.fields);
    let round_up = form.fields.text("afronden") == "omhoog";
    let seen: i64 = form.fields.text("versie").parse().unwrap_or(-1);
    let said = match lines.iter().map(Typed::line).collect::<Result<Vec<Line>, String>>() {
        Err(sentence) => Said::bad(sentence),
        Ok(read) => {
            let translation = Translation {
                rounding: if round_up { Rounding::Up } else { Rounding::Exact },
                lines: read,
            };
            let (core, visitor) = (&service.core, &form.visitor);
            let account = &visitor.who.account;
            match table::set(core, visitor.tenant(), account, &id, &translation, Some(seen)).await {
                Ok(()) => return Ok(after(&format!("/voorzieningen/{id}"), "vertaald")),
                Err(refused) => in_dutch(refused)?,
            }
        }
    };
    let told = (said.status, Notice::refused(said.sentence));
    vendor_shown(&service, &form.visitor, &id, told, Some((lines, round_up, seen))).await
}

pub(super) fn in_dutch(refused: Refused) -> Result<Said, Oops> {
    Ok(match refused {
        Refused::Unknown { .. } => return Err(Oops::absent("Dit is er niet (meer).")),
        Refused::NotAllowed(refusal) => Said::conflict(of_duties(&refusal)),
        Refused::WrongLine(wrong) => Said::bad(format!("‘{}’ kan zo niet: {}", wrong.code, of_line(&wrong.why))),
        Refused::NeedsNotTold(obstacles) => {
            let why: Vec<String> = obstacles.iter().map(in_words).collect();
            Said::bad(format!(
                "Dit kan de leverancier niet worden verteld: {}.",
                why.join("; ")
            ))
        }
        Refused::NotNow(_) => Said::conflict(
            "Intussen is hier iets gewijzigd. Hieronder staat wat u invulde; open de pagina opnieuw voor de huidige stand.",
        ),
        Refused::Invalid(_) => Said::bad("De tabel is te lang of een code is langer dan 100 tekens."),
        other => return Err(ours(other)),
    })
}

pub(super) fn ours(refused: Refused) -> Oops {
    match refused {
        Refused::Store(error) => error.into(),
        Refused::Commit(error) => error.into(),
        other => Oops::ours(&other),
    }
}

fn of_line(wrong: &Wrong) -> String {
    match wrong {
        Wrong::NoCode => "vul de code van de deelnemerregistratie in, of laat de regel leeg.".to_owned(),
        Wrong::Twice => "de code staat er al; hoofdletters en streepjes tellen niet.".to_owned(),
        Wrong::SaysNothing => "geef extra tijd, een middel, of kies dat de school het zelf regelt.".to_owned(),
        Wrong::NoAmount => "0 is geen extra tijd; vul een aantal in.".to_owned(),
        Wrong::ManyPercents => "zoveel procent is vast een vergissing; onbeperkt is 10000 minuten.".to_owned(),
        Wrong::NotTaken(code) => format!("de koppeling kan het middel ‘{code}’ niet doorgeven."),
        Wrong::NoExtraTime => "de koppeling kan geen extra tijd doorgeven.".to_owned(),
        Wrong::TooMuch => "zoveel extra tijd kan de koppeling niet doorgeven.".to_owned(),
    }
}
