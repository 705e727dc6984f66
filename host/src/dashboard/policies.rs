//! `/beleid`: what the school and its units say about sending results on, what leads and what counts; and how each student
//! system keeps attempts. What one exam says stands at the exam (`exams.rs`).

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::form::{Fields, Form};
use super::oops::Oops;
use super::refusal::of_refused;
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::attempt;
use crate::app::policy::{self, Scope};
use crate::domain::attempt::Model;
use crate::domain::principal::{Duty, WHOLE_SCHOOL};
use crate::domain::sending::{FinalConflict, Said, SendPolicy};
use crate::store::peer;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/beleid", get(show).post(set))
        .route("/beleid/pogingen", post(set_model))
}

/// A value of a form, its word, and whether it is chosen.
type Choice = (&'static str, &'static str, bool);

/// The fields of a form for a policy (`policy_fields.html`).
pub(super) struct Choices {
    pub(super) sends: Vec<Choice>,
    pub(super) conflicts: Vec<Choice>,
    pub(super) no_shows: Vec<Choice>,
}

impl Choices {
    /// With what was said chosen.
    pub(super) fn of(said: Said) -> Choices {
        let send = |one: SendPolicy| (one.name(), words::send(one), said.send == Some(one));
        let conflict = |one: FinalConflict| (one.name(), words::final_conflict(one), said.final_conflict == Some(one));
        let no_show = |(word, counts)| (word, words::no_show(counts), said.no_show_counts == Some(counts));
        Choices {
            sends: SendPolicy::ALL.map(send).into(),
            conflicts: FinalConflict::ALL.map(conflict).into(),
            no_shows: [("ja", true), ("nee", false)].map(no_show).into(),
        }
    }
}

/// What a form with those fields says.
pub(super) fn said_by(fields: &Fields) -> Result<Said, Oops> {
    Ok(Said {
        send: known(fields, "versturen", SendPolicy::from_name)?,
        final_conflict: known(fields, "definitief", FinalConflict::from_name)?,
        no_show_counts: known(fields, "afwezig", |word| match word {
            "ja" => Some(true),
            "nee" => Some(false),
            _ => None,
        })?,
    })
}

/// A choice of a form: nothing when it was left to what lies around.
fn known<T>(fields: &Fields, field: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Oops> {
    let unreadable = || Oops::Unreadable(format!("Het formulier zegt niets leesbaars over ‘{field}’."));
    let word = fields.text_opt(field);
    word.map(|word| read(word).ok_or_else(unreadable)).transpose()
}

struct Line {
    /// As it stands in the address; the whole school by its own sign.
    id: String,
    name: String,
    send: &'static str,
    conflict: &'static str,
    no_show: &'static str,
    manages: bool,
}

struct SystemLine {
    id: String,
    name: String,
    model: &'static str,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "policies.html")]
struct PoliciesPage {
    shell: Shell,
    lines: Vec<Line>,
    /// Of which the form is: id, name and what it says.
    chosen: Option<(String, String)>,
    choices: Choices,
    systems: Vec<SystemLine>,
    manages: bool,
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    onderdeel: String,
}

fn must_work_here(visitor: &Visitor) -> Result<(), Oops> {
    if Duty::ALL.into_iter().any(|duty| visitor.holds(duty)) {
        return Ok(());
    }
    Err(Oops::forbidden(
        "Het beleid bekijken kan met een functie in deze school.",
    ))
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(
        &service,
        &visitor,
        &asked.onderdeel,
        (StatusCode::OK, just_done.notice()),
    )
    .await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    chosen: &str,
    (status, notice): (StatusCode, Option<Notice>),
) -> Result<Response, Oops> {
    must_work_here(visitor)?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let units = Units::of(service, tenant).await?;
    let of_units = policy::said_by_units(db, tenant).await?;
    let school = policy::said_by(db, tenant, &Scope::School).await?;
    let mut all = vec![(
        WHOLE_SCHOOL.to_owned(),
        units.name(WHOLE_SCHOOL),
        school,
        visitor.manages(),
    )];
    for unit in units.sorted() {
        if units.shows(visitor, Some(&unit.id)) {
            let said = of_units.iter().find(|(id, _)| *id == unit.id);
            let manages = units.covers(visitor, Duty::Beheren, Some(&unit.id));
            let said = said.map(|(_, said)| *said).unwrap_or_default();
            all.push((unit.id.clone(), unit.name.clone(), said, manages));
        }
    }
    let form = all.iter().find(|(id, _, _, manages)| id == chosen && *manages);
    let policies_page = PoliciesPage {
        shell: Shell::around(service, visitor, "/beleid", "Beleid", notice).await?,
        chosen: form.map(|(id, name, _, _)| (id.clone(), name.clone())),
        choices: Choices::of(form.map(|(_, _, said, _)| *said).unwrap_or_default()),
        systems: systems(service, visitor).await?,
        manages: visitor.manages(),
        lines: all.into_iter().map(line).collect(),
    };
    page(status, &policies_page)
}

fn line((id, name, said, manages): (String, String, Said, bool)) -> Line {
    Line {
        id,
        name,
        send: said.send.map_or("–", words::send),
        conflict: said.final_conflict.map_or("–", words::final_conflict),
        no_show: said.no_show_counts.map_or("–", words::no_show),
        manages,
    }
}

async fn systems(service: &Service, visitor: &Visitor) -> Result<Vec<SystemLine>, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let mut lines = Vec::new();
    for peer in peer::all(db, tenant).await? {
        if peer.hat != "dr" {
            continue;
        }
        let model = attempt::model(db, tenant, &peer.id).await?;
        lines.push(SystemLine {
            id: peer.id,
            name: peer.name,
            model: words::attempts(model),
            choices: Model::ALL
                .map(|one| (one.name(), words::attempts(one), one == model))
                .into(),
        });
    }
    Ok(lines)
}

const MEANWHILE: &str = "Dit kan nu niet. Laad de pagina opnieuw.";

async fn set(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let said = said_by(fields)?;
    let of = fields.text("onderdeel");
    let scope = match of {
        WHOLE_SCHOOL => Scope::School,
        unit => Scope::Unit(unit.to_owned()),
    };
    match policy::set(&service.core, visitor.tenant(), &visitor.who.account, &scope, said).await {
        Ok(()) => Ok(after("/beleid", "beleid")),
        Err(error) => {
            let said = of_refused(error, MEANWHILE)?;
            shown(&service, visitor, of, (said.status, Notice::refused(said.sentence))).await
        }
    }
}

async fn set_model(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let model = Model::from_name(fields.text("wijze")).ok_or_else(|| {
        Oops::Unreadable("Het formulier noemt geen wijze waarop pogingen worden bijgehouden.".to_owned())
    })?;
    let account = &visitor.who.account;
    match attempt::set_model(&service.core, visitor.tenant(), account, fields.text("systeem"), model).await {
        Ok(()) => Ok(after("/beleid", "pogingen")),
        Err(error) => {
            let said = of_refused(error, MEANWHILE)?;
            shown(&service, visitor, "", (said.status, Notice::refused(said.sentence))).await
        }
    }
}
