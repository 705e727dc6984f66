//! `/koppelingen/{peer}/uitrol`: a revision comes to the school step by step: who has it, what its calls came to, and Go
//! or No-Go by the function named for it.

mod fast;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use self::fast::{Fast, approve, fast};
use super::form::{Fields, Form};
use super::loss_words::{self, LossLine};
use super::oops::Oops;
use super::refusal::{InDutch as _, Said};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::revision::{self, RevisionError};
use crate::app::rollout::{self, measure, steps};
use crate::domain::principal::Duty;
use crate::domain::rollout::criteria::{Criteria, Criterion, Judged, Outcome};
use crate::domain::rollout::{APPROVALS, FLOWS_BY_UNIT, Rollout, Route, Serving, Stage, Verdict};
use crate::store::rollout as rollout_store;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/koppelingen/{peer}/uitrol", get(show).post(begin))
        .route("/koppelingen/{peer}/uitrol/stap", post(step))
        .route("/koppelingen/{peer}/uitrol/goedkeuren", post(approve))
}

struct UnitLine {
    id: String,
    name: String,
    /// Per flow that goes by unit: the revision it has.
    flows: Vec<(i64, String)>,
}

struct CriterionLine {
    name: &'static str,
    measured: String,
    threshold: String,
    class: &'static str,
    outcome: &'static str,
}

struct EventLine {
    at: String,
    by: String,
    what: String,
    reason: String,
}

struct Present {
    revision: i64,
    replaces: String,
    stage: &'static str,
    running: bool,
    paused: bool,
    share: u8,
    steps: u32,
    go_by: &'static str,
    verdict: &'static str,
    /// On the fast route.
    fast: Option<Fast>,
    /// The next step may be taken.
    may_step: bool,
    /// A step waits for its Go or No-Go.
    awaits_go: bool,
    says_go: bool,
    outcome: &'static str,
    outcome_class: &'static str,
    met: bool,
    criteria: Vec<CriterionLine>,
    thresholds: Criteria,
    events: Vec<EventLine>,
}

#[derive(Template)]
#[template(path = "rollout.html")]
struct RolloutPage {
    shell: Shell,
    peer: String,
    name: String,
    environment: &'static str,
    default: String,
    named_only: bool,
    /// The vendor works with files: no part of the school can have a revision of its own.
    for_everybody_only: bool,
    units: Vec<UnitLine>,
    flows: Vec<(i64, &'static str)>,
    present: Option<Present>,
    /// Revisions that can be rolled out.
    choices: Vec<(i64, String)>,
    duties: Vec<(&'static str, bool)>,
    frozen: Option<String>,
    /// What the system can't be told by the revision that comes, or by each that can come.
    losses: Vec<(i64, Vec<LossLine>)>,
    manages: bool,
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
    let (core, tenant) = (&service.core, visitor.tenant());
    let known = rollout::serving(&core.db, tenant, id).await?;
    let (row, serving) = known.ok_or_else(|| Oops::absent("Deze koppeling is er niet."))?;
    let units = Units::of(service, tenant).await?;
    let newest = rollout_store::newest(&core.db, tenant, id).await?;
    let is_open = newest.as_ref().is_some_and(|newest| newest.stage.is_open());
    let for_everybody_only = match &newest {
        Some(newest) => match core.db.revision(tenant, id, newest.revision).await? {
            Some(wanted) => steps::is_for_everybody_only(core, &row, &wanted).await?,
            None => false,
        },
        None => false,
    };
    let present = match newest {
        None => None,
        Some(newest) => Some(present(service, visitor, id, newest, &units).await?),
    };
    let mut choices = Vec::new();
    for revision in core.db.revisions(tenant, id).await? {
        if !is_open && (serving.named_only || serving.default != Some(revision.number)) {
            let package = core.db.package(tenant, &revision.digest).await?;
            let package = package.as_ref().map_or_else(String::new, super::connectors::named);
            choices.push((revision.number, package));
        }
    }
    let coming = present.as_ref().filter(|_| is_open).map(|present| present.revision);
    let coming: Vec<i64> = match coming {
        Some(number) => vec![number],
        None => choices.iter().map(|(number, _)| *number).collect(),
    };
    let mut losses = Vec::new();
    for number in coming {
        let lost = loss_words::never_told(service, tenant, (id, number)).await?;
        if !lost.is_empty() {
            losses.push((number, lost));
        }
    }
    let frozen = revision::frozen_by(core, tenant)
        .await
        .map_err(|error| Oops::ours(&error))?;
    let rollout_page = RolloutPage {
        shell: Shell::around(
            service,
            visitor,
            "/koppelingen",
            format!("Uitrol: {}", row.name),
            notice,
        )
        .await?,
        environment: words::environment(row.environment),
        default: serving
            .default
            .map_or_else(|| "geen".to_owned(), |number| number.to_string()),
        named_only: serving.named_only,
        for_everybody_only,
        units: unit_lines(&units, &serving),
        flows: FLOWS_BY_UNIT.iter().map(|flow| (*flow, words::flow(*flow))).collect(),
        present,
        choices,
        duties: Duty::ALL
            .iter()
            .map(|duty| (duty.name(), *duty == Duty::Plannen))
            .collect(),
        frozen: frozen.map(|freeze| format!("{}, tot {}", freeze.name, words::moment(freeze.until))),
        losses,
        manages: visitor.manages(),
        typed: typed.to_owned(),
        peer: row.id,
        name: row.name,
    };
    page(status, &rollout_page)
}

fn unit_lines(units: &Units, serving: &Serving) -> Vec<UnitLine> {
    let line = |unit: &&crate::store::tenant::UnitRow| UnitLine {
        id: unit.id.clone(),
        name: unit.name.clone(),
        flows: FLOWS_BY_UNIT
            .iter()
            .map(|flow| {
                let named = serving.named.get(&(unit.id.clone(), *flow));
                (
                    *flow,
                    named.map_or_else(|| "–".to_owned(), |number| format!("revisie {number}")),
                )
            })
            .collect(),
    };
    units.sorted().iter().map(line).collect()
}

async fn present(
    service: &Service,
    visitor: &Visitor,
    peer: &str,
    rollout: Rollout,
    units: &Units,
) -> Result<Present, Oops> {
    let (core, tenant) = (&service.core, visitor.tenant());
    let report = measure::present_step(core, service.connectors.tally(), tenant, peer, &rollout).await?;
    let mut events = Vec::new();
    for event in rollout_store::events(&core.db, tenant, peer, rollout.seq).await? {
        events.push(EventLine {
            at: words::moment(event.at),
            what: event_words(&event.kind, &event.detail, units),
            by: event.actor,
            reason: event.reason,
        });
    }
    let is_open = rollout.stage.is_open();
    let fast = match rollout.route {
        Route::Fast => Some(fast(service, visitor, peer, &rollout).await?),
        Route::Steps => None,
    };
    Ok(Present {
        fast,
        revision: rollout.revision,
        replaces: rollout
            .replaces
            .map_or_else(|| "geen".to_owned(), |number| number.to_string()),
        stage: match rollout.stage {
            Stage::Running => "loopt",
            Stage::Paused => "gepauzeerd",
            Stage::Stopped => "gestopt: wie erop zit, blijft",
            Stage::Completed => "afgerond: iedereen heeft deze revisie",
            Stage::RolledBack => "teruggedraaid",
        },
        running: rollout.stage == Stage::Running,
        paused: rollout.stage == Stage::Paused,
        share: rollout.share,
        steps: rollout.steps,
        go_by: rollout.go_by.name(),
        verdict: match rollout.verdict {
            Verdict::Undecided => "nog niet",
            Verdict::Go => "Go",
            Verdict::NoGo => "No-Go",
        },
        may_step: rollout.stage == Stage::Running && (rollout.steps == 0 || rollout.verdict == Verdict::Go),
        awaits_go: is_open && rollout.steps > 0 && rollout.verdict != Verdict::Go,
        says_go: visitor.holds(rollout.go_by),
        outcome: outcome_words(report.outcome),
        outcome_class: outcome_class(report.outcome),
        met: report.outcome == Outcome::Pass,
        criteria: report.judged.iter().map(criterion).collect(),
        thresholds: rollout.criteria,
        events,
    })
}

fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "gehaald",
        Outcome::Fail => "niet gehaald",
        Outcome::NotEnough => "nog te weinig gegevens",
    }
}

fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "good",
        Outcome::Fail => "bad",
        Outcome::NotEnough => "wait",
    }
}

fn criterion(judged: &Judged) -> CriterionLine {
    let measured = |unit: &str| {
        judged
            .measured
            .map_or_else(|| "–".to_owned(), |count| format!("{count}{unit}"))
    };
    let (name, measured, threshold) = match judged.criterion {
        Criterion::Calls => ("Aanroepen", measured(""), format!("minstens {}", judged.threshold)),
        Criterion::ByConnector => (
            "Fouten van de connector",
            measured(""),
            format!("hoogstens {} op de 1000", judged.threshold),
        ),
        Criterion::ByVendor => (
            "Fouten van de leverancier",
            measured(""),
            format!("hoogstens {} op de 1000", judged.threshold),
        ),
        Criterion::ByHost => (
            "Fouten van dit systeem",
            measured(""),
            format!("hoogstens {} op de 1000", judged.threshold),
        ),
        Criterion::Unreconciled => (
            "Berichten vast",
            measured(""),
            format!("hoogstens {}", judged.threshold),
        ),
        Criterion::P95 => (
            "Duur van 95 op de 100 aanroepen",
            judged
                .measured
                .map_or_else(|| "–".to_owned(), |millis| format!("hoogstens {millis} ms")),
            format!("hoogstens {} ms", judged.threshold),
        ),
    };
    CriterionLine {
        name,
        measured,
        threshold,
        class: outcome_class(judged.outcome),
        outcome: outcome_words(judged.outcome),
    }
}

fn event_words(kind: &str, detail: &str, units: &Units) -> String {
    let detail: serde_json::Value = serde_json::from_str(detail).unwrap_or_default();
    let listed = |value: &serde_json::Value, told: &dyn Fn(&serde_json::Value) -> String| {
        let list = value.as_array().cloned().unwrap_or_default();
        list.iter().map(told).collect::<Vec<_>>().join(", ")
    };
    match kind {
        "start" if detail["route"] == Route::Fast.name() => "spoedroute begonnen".to_owned(),
        "start" => "uitrol begonnen".to_owned(),
        "approval" => format!("goedgekeurd ({} van {APPROVALS})", detail["approvals"]),
        "sitting" => "eerst op één zitting".to_owned(),
        "rest" => "iedereen die de oude versie had".to_owned(),
        "units" => {
            let flows = listed(&detail["flows"], &|flow| {
                words::flow(flow.as_i64().unwrap_or(-1)).to_owned()
            });
            let flows = if flows.is_empty() {
                "alle stromen".to_owned()
            } else {
                flows
            };
            let named = listed(&detail["units"], &|unit| units.name(unit.as_str().unwrap_or_default()));
            format!("ingeschakeld: {named} ({flows})")
        }
        "share" => format!("{}% van de overige zittingen", detail["percent"]),
        "all" => "iedereen".to_owned(),
        "go" => format!("Go ({})", outcome_of(&detail)),
        "no-go" => format!("No-Go ({})", outcome_of(&detail)),
        "pause" => "gepauzeerd".to_owned(),
        "resume" => "hervat".to_owned(),
        "stop" => "gestopt".to_owned(),
        "criteria" => "criteria gewijzigd".to_owned(),
        "rollback" => "teruggedraaid".to_owned(),
        other => other.to_owned(),
    }
}

fn outcome_of(detail: &serde_json::Value) -> &'static str {
    match detail["outcome"].as_str() {
        Some("pass") => "criteria gehaald",
        Some("fail") => "criteria niet gehaald",
        _ => "nog te weinig gegevens",
    }
}

fn number<T: std::str::FromStr>(fields: &Fields, name: &str) -> Result<T, Said> {
    let read = fields.text(name).parse::<T>();
    read.map_err(|_| Said::bad("Vul in elk getalveld een heel getal in."))
}

fn criteria(fields: &Fields) -> Result<Criteria, Said> {
    Ok(Criteria {
        least_calls: number(fields, "aanroepen")?,
        most_by_connector: number(fields, "connector")?,
        most_by_vendor: number(fields, "leverancier")?,
        most_by_host: number(fields, "systeem")?,
        most_unreconciled: number(fields, "vast")?,
        most_p95_ms: number(fields, "duur")?,
    })
}

async fn begin(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let reason = fields.text("reden");
    let go_by = Duty::from_name(fields.text("go-door")).ok_or_else(|| Said::bad("Kies welke functie de Go geeft."));
    let begin = number(fields, "revisie").and_then(|revision| {
        let route = match fields.text("route") {
            "spoed" => Route::Fast,
            _ => Route::Steps,
        };
        // One sitting makes few calls.
        let least_calls = match route {
            Route::Fast => 1,
            Route::Steps => Criteria::default().least_calls,
        };
        Ok(steps::Begin {
            revision,
            route,
            go_by: go_by?,
            criteria: Criteria {
                least_calls,
                ..Criteria::default()
            },
        })
    });
    let said = match begin {
        Err(said) => said,
        Ok(begin) => {
            let account = &visitor.who.account;
            match steps::begin(&service.core, visitor.tenant(), account, &id, &begin, reason).await {
                Ok(_) => return Ok(after(&format!("/koppelingen/{id}/uitrol"), "uitrol")),
                Err(error) => error.in_dutch()?,
            }
        }
    };
    let told = (said.status, Notice::refused(said.sentence));
    shown(&service, visitor, &id, told, reason).await
}

async fn step(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let reason = fields.text("reden");
    let said = match read(fields) {
        Err(said) => said,
        Ok(step) => match taken(&service, visitor, &id, (&step, reason)).await {
            Ok(()) => return Ok(after(&format!("/koppelingen/{id}/uitrol"), "uitrolstap")),
            Err(error) => error.in_dutch()?,
        },
    };
    let told = (said.status, Notice::refused(said.sentence));
    shown(&service, visitor, &id, told, reason).await
}

async fn taken(
    service: &Service,
    visitor: &Visitor,
    peer: &str,
    step: (&steps::Step, &str),
) -> Result<(), RevisionError> {
    let (core, tally) = (&service.core, service.connectors.tally());
    steps::take(core, tally, visitor.tenant(), &visitor.who.account, peer, step).await?;
    Ok(())
}

fn read(fields: &Fields) -> Result<steps::Step, Said> {
    Ok(match fields.text("stap") {
        "onderdelen" => steps::Step::Units {
            units: fields.all("onderdeel").map(str::to_owned).collect(),
            flows: fields.all("stroom").filter_map(|flow| flow.parse().ok()).collect(),
        },
        "deel" => steps::Step::Share(number(fields, "percentage")?),
        "iedereen" => steps::Step::All,
        "zitting" => steps::Step::Sitting(fields.text("zitting").to_owned()),
        "rest" => steps::Step::Rest,
        "go" => steps::Step::Go {
            despite: fields.text("ondanks") == "ja",
        },
        "no-go" => steps::Step::NoGo,
        "pauzeren" => steps::Step::Pause,
        "hervatten" => steps::Step::Resume,
        "stoppen" => steps::Step::Stop,
        "criteria" => steps::Step::Criteria(criteria(fields)?),
        _ => return Err(Said::bad("Het formulier noemt geen stap.")),
    })
}
