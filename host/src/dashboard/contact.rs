//! `/school`: the school itself, and whom the people of other systems write to. Everybody may look; functioneel beheer
//! keeps it.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::form::Form;
use super::oops::Oops;
use super::refusal::{Said, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::units::Units;
use crate::api::Service;
use crate::app::{Refused, contact};

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new().route("/school", get(show).post(set))
}

#[derive(Template)]
#[template(path = "contact.html")]
struct SchoolPage {
    shell: Shell,
    id: String,
    name: String,
    email: String,
    typed: String,
    /// What was typed is none.
    invalid: bool,
    units: Vec<(String, String)>,
    manages: bool,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(&service, &visitor, (StatusCode::OK, just_done.notice()), None).await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    (status, notice): (StatusCode, Option<Notice>),
    typed: Option<&str>,
) -> Result<Response, Oops> {
    let tenant = visitor.tenant();
    let row = service.core.db.tenant(tenant).await?;
    let row = row.ok_or_else(|| Oops::absent("Deze school is er niet."))?;
    let email = contact::email_of(&row)?.unwrap_or_default();
    let units = Units::of(service, tenant).await?;
    let in_unit = |parent: &Option<String>| parent.as_deref().map_or_else(String::new, |id| units.name(id));
    let school_page = SchoolPage {
        shell: Shell::around(service, visitor, "/school", "School", notice).await?,
        units: units
            .sorted()
            .into_iter()
            .map(|unit| (unit.name.clone(), in_unit(&unit.parent)))
            .collect(),
        id: row.tenant,
        name: row.name,
        invalid: typed.is_some(),
        typed: typed.unwrap_or(&email).to_owned(),
        email,
        manages: visitor.manages(),
    };
    page(status, &school_page)
}

async fn set(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let typed = fields.text("adres");
    let (core, account) = (&service.core, &visitor.who.account);
    let said = match contact::set_email(core, visitor.tenant(), account, fields.text_opt("adres")).await {
        Ok(()) => return Ok(after("/school", "contact")),
        Err(Refused::Invalid(_)) => {
            Said::bad("Dat is geen mailadres. Schrijf het zoals examenbureau@school.nl, met ten hoogste 256 tekens.")
        }
        Err(refused) => of_refused(refused, "Dat kan nu niet. Laad de pagina opnieuw.")?,
    };
    let notice = Notice::refused(said.sentence);
    shown(&service, visitor, (said.status, notice), Some(typed)).await
}
