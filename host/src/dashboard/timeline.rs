//! `/deelnames/{id}`: the whole life of a result: every version and what became of it, decisions, deliveries to the
//! student system, and the audit entries.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;

use super::loss_words;
use super::oops::Oops;
use super::session::Visitor;
use super::shell::{Shell, page};
use super::sittings::{name, visible};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::domain::association::{Association, AssociationKind};
use crate::domain::decision::{Decision, DecisionKind};
use crate::domain::lane::{self, JobState};
use crate::domain::model::Role;
use crate::domain::principal::Duty;
use crate::domain::result::Version;
use crate::store::audit::AuditRow;
use crate::store::job::JobRow;
use crate::store::{association, audit, decision, job, message, person, result, task};

/// The route.
pub fn routes() -> Router<Service> {
    Router::new().route("/deelnames/{deelname}", get(show))
}

/// One thing that happened.
struct Event {
    at: Timestamp,
    when: String,
    /// Class: `in`, `held`, `decision`, `out`, `wait`, `note`.
    class: &'static str,
    title: String,
    /// Label and value.
    facts: Vec<(&'static str, String)>,
}

impl Event {
    fn at(at: Timestamp, class: &'static str, title: String) -> Event {
        Event {
            at,
            when: words::moment(at),
            class,
            title,
            facts: Vec::new(),
        }
    }

    fn fact(mut self, label: &'static str, value: impl Into<String>) -> Event {
        let value = value.into();
        if !value.is_empty() {
            self.facts.push((label, value));
        }
        self
    }
}

struct AuditLine {
    when: String,
    by: String,
    what: String,
    detail: String,
    digest: String,
}

#[derive(Template)]
#[template(path = "timeline.html")]
struct TimelinePage {
    shell: Shell,
    plans: bool,
    name: String,
    role: String,
    sitting: (String, String),
    day: String,
    needs: String,
    extra_time: String,
    canceled: bool,
    id: String,
    decides: bool,
    attempt: u32,
    present: Option<Present>,
    events: Vec<Event>,
    entries: Vec<AuditLine>,
    tasks: Vec<(String, String)>,
}

struct Present {
    score: String,
    attendance: String,
    state: &'static str,
    normed: &'static str,
    examenversie: String,
    judgement: &'static str,
    why: &'static str,
    decided: &'static str,
    seq: i64,
    sent: String,
    confirmed: String,
}

async fn show(State(service): State<Service>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let deelname = association::find(db, tenant, &id)
        .await?
        .filter(|found| found.kind == AssociationKind::Deelname)
        .ok_or_else(|| Oops::absent("Deze deelname is er niet."))?;
    let units = Units::of(&service, tenant).await?;
    let sitting = visible(&service, &visitor, &units, &deelname.facts.offering_id).await?;
    let persons = person::with_ids(db, tenant, std::slice::from_ref(&deelname.facts.person_id)).await?;
    let versions = result::versions(db, tenant, &id).await?;
    let entries = audit::about(db, tenant, "association", &id).await?;
    let open = task::open_about(db, tenant, "association", &id).await?;
    let name = name(&persons, &deelname.facts.person_id);
    let timeline = TimelinePage {
        shell: Shell::around(&service, &visitor, "/zittingen", format!("Tijdlijn: {name}"), None).await?,
        plans: visitor.holds(Duty::Plannen) && deelname.facts.role == Role::Student && !deelname.is_canceled(),
        role: words::role(&deelname.facts.role),
        sitting: (sitting.id, sitting.facts.name),
        day: sitting.facts.start.map_or_else(|| "–".to_owned(), words::moment),
        needs: deelname.facts.personal_needs.join(", "),
        extra_time: words::extra_time(deelname.facts.additional_time_min),
        canceled: deelname.is_canceled(),
        attempt: deelname.attempt(),
        decides: visitor.holds(Duty::Vaststellen),
        id: deelname.id.clone(),
        present: present(&service, tenant, &id, &versions).await?,
        events: events(&service, tenant, &deelname, &versions).await?,
        entries: entries.into_iter().map(audit_line).collect(),
        tasks: open.into_iter().map(|task| (task.id, task.about.title)).collect(),
        name,
    };
    page(StatusCode::OK, &timeline)
}

async fn present(service: &Service, tenant: &str, id: &str, versions: &[Version]) -> Result<Option<Present>, Oops> {
    let head = result::head(&service.core.db, tenant, id).await?;
    Ok(head.and_then(|head| {
        let version = versions.iter().find(|version| version.seq == head.seq)?;
        let delivered = &version.delivered.result;
        let number = |seq: Option<i64>| seq.map_or_else(|| "nog niet".to_owned(), |seq| format!("versie {seq}"));
        Some(Present {
            score: words::score(delivered),
            attendance: words::attendance(&delivered.attendance),
            state: words::state(delivered.state),
            normed: words::normed(head.normed),
            examenversie: head.examenversie,
            judgement: words::judgement(head.judgement),
            why: words::why(head.judgement),
            decided: words::decided(head.decided),
            seq: head.seq,
            sent: number(head.sent_seq),
            confirmed: number(head.confirmed_seq),
        })
    }))
}

async fn events(
    service: &Service,
    tenant: &str,
    deelname: &Association,
    versions: &[Version],
) -> Result<Vec<Event>, Oops> {
    let db = &service.core.db;
    let mut events: Vec<Event> = versions.iter().map(version_event).collect();
    let decisions = decision::on_association(db, tenant, &deelname.id).await?;
    events.extend(decisions.into_iter().map(decision_event));
    if let Some(done) = deelname.confirmed {
        let event = Event::at(done.at, "out", "Leverancier bevestigt de deelname".to_owned());
        events.push(event.fact("Revisie", done.revision.to_string()));
    }
    if let Some(enrolment) = &deelname.enrolment {
        let jobs = job::in_lane(db, tenant, &lane::name(5, "association", enrolment)).await?;
        // Two deelnames may serve one enrolment: only what went out for this one.
        let own = jobs.into_iter().filter(|job| names(&job.payload, &deelname.id));
        events.extend(own.map(delivery_event));
    }
    for row in loss_words::of_subject(service, tenant, ("association", &deelname.id)).await? {
        let what = loss_words::left_out(&row);
        let event = Event::at(row.at, "note", "Niet alles kon worden verteld".to_owned());
        events.push(
            event
                .fact("Aan", row.peer)
                .fact("Stroom", row.flow.to_string())
                .fact("Wat wegbleef", what),
        );
    }
    // Messages that made no version: repeats, and what was held before the deelname was known.
    for row in message::about(db, tenant, "association", &deelname.id).await? {
        if versions
            .iter()
            .any(|version| version.message.as_deref() == Some(row.id.as_str()))
        {
            continue;
        }
        let what = match row.outcome.as_str() {
            "repeated" => "Hetzelfde bericht nog eens ontvangen",
            "held" => "Bericht ontvangen en vastgehouden",
            "ignored" => "Bericht ontvangen dat niets wijzigt",
            _ => "Bericht ontvangen",
        };
        let event = Event::at(row.received_at, "note", what.to_owned());
        events.push(event.fact("Van", row.peer).fact("Bericht", row.id));
    }
    events.sort_by_key(|event| event.at);
    Ok(events)
}

fn names(payload: &str, deelname: &str) -> bool {
    let payload: Result<serde_json::Value, _> = serde_json::from_str(payload);
    payload.is_ok_and(|payload| payload.get("association").and_then(|id| id.as_str()) == Some(deelname))
}

fn version_event(version: &Version) -> Event {
    let delivered = &version.delivered.result;
    let why = words::why(version.judgement);
    let class = if why.is_empty() { "in" } else { "held" };
    let title = format!("Versie {}: {}", version.seq, words::judgement(version.judgement));
    let day = |day: jiff::civil::Date| crate::domain::calendar::in_words(day);
    Event::at(version.received_at, class, title)
        .fact("Waarom", why)
        .fact("Status", words::state(delivered.state))
        .fact("Aanwezigheid", words::attendance(&delivered.attendance))
        .fact("Score", words::score(delivered))
        .fact("Resultaatdatum", delivered.result_date.map(day).unwrap_or_default())
        .fact("Genormeerd", words::normed(version.delivered.normed))
        .fact(
            "Examenversie",
            version.delivered.examenversie.clone().unwrap_or_default(),
        )
        .fact("Definitief", if delivered.r#final { "ja, door de bron" } else { "" })
        .fact(
            "Onregelmatigheden",
            delivered.irregularities.clone().unwrap_or_default(),
        )
        .fact("Beoordelaar", delivered.assessor_code.clone().unwrap_or_default())
        .fact("Omzettingstabel", version.mapping.clone().unwrap_or_default())
        .fact("Bron", words::source(version.source))
        .fact("Bericht", version.message.clone().unwrap_or_default())
        .fact(
            "Revisie",
            version.revision.map(|number| number.to_string()).unwrap_or_default(),
        )
}

fn decision_event(taken: Decision) -> Event {
    let title = match taken.kind {
        DecisionKind::Vaststellen => format!("Versie {} vastgesteld", taken.seq),
        DecisionKind::Correction => format!("Correctie: versie {} vastgesteld", taken.seq),
        DecisionKind::Withdrawal => format!("Vaststelling van versie {} ingetrokken", taken.seq),
    };
    Event::at(taken.at, "decision", title)
        .fact("Besluit", taken.printed)
        .fact("Door", taken.account)
        .fact("Motivering", taken.reason)
        .fact("Omzettingstabel", taken.mapping.unwrap_or_default())
        .fact(
            "Bevoegdheid",
            if taken.mandate {
                "mandaat"
            } else {
                "lid examencommissie"
            },
        )
}

fn delivery_event(row: JobRow) -> Event {
    let at = row.finished_at.unwrap_or(row.created_at);
    let class = match row.state {
        JobState::Dead => "held",
        JobState::Ready | JobState::Running => "wait",
        JobState::Done | JobState::Dismissed | JobState::Superseded => "out",
    };
    let title = format!("Naar de deelnemerregistratie: {}", words::job_state(row.state));
    let seq = serde_json::from_str::<serde_json::Value>(&row.payload).ok();
    let seq = seq.and_then(|payload| payload.get("seq").and_then(serde_json::Value::as_i64));
    Event::at(at, class, title)
        .fact("Versie", seq.map(|seq| seq.to_string()).unwrap_or_default())
        .fact("Klaargezet", words::moment(row.created_at))
        .fact("Pogingen", row.attempts.to_string())
        .fact(
            "Revisie",
            row.revision.map(|number| number.to_string()).unwrap_or_default(),
        )
        .fact("Laatste fout", row.last_error.unwrap_or_default())
}

fn audit_line(row: AuditRow) -> AuditLine {
    AuditLine {
        when: Timestamp::from_millisecond(row.at).map_or_else(|_| "–".to_owned(), words::moment),
        by: words::actor(&row.actor),
        what: words::verb(&row.verb).to_owned(),
        detail: row.detail,
        digest: row.hash.chars().take(12).collect(),
    }
}
