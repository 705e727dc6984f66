//! `/koppelingen/{peer}/wissel`: back to an earlier revision, or on to a newer one. Says beforehand what changes, asks
//! why, and does exactly what it said.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::form::Form;
use super::oops::Oops;
use super::refusal::{InDutch as _, Said};
use super::session::Visitor;
use super::shell::{Notice, Shell, after, page};
use crate::api::Service;
use crate::app::revision::{self, Back, Difference, Rollback};
use crate::store::peer;

/// The route.
pub fn routes() -> Router<Service> {
    Router::new().route("/koppelingen/{peer}/wissel", get(ask).post(switch))
}

#[derive(Deserialize)]
struct Which {
    /// The revision to go to; when absent, the one with a lower number that ran before.
    naar: Option<i64>,
}

struct Change {
    what: String,
    now: String,
    then: String,
}

#[derive(Template)]
#[template(path = "switch.html")]
struct SwitchPage {
    shell: Shell,
    peer: String,
    name: String,
    plan: Option<Plan>,
    typed: String,
}

struct Plan {
    from: i64,
    to: i64,
    back: bool,
    changes: Vec<Change>,
}

impl From<Rollback> for Plan {
    fn from(plan: Rollback) -> Self {
        Plan {
            from: plan.from,
            to: plan.to,
            back: plan.to < plan.from,
            changes: plan.differences.into_iter().map(change).collect(),
        }
    }
}

fn change(difference: Difference) -> Change {
    let or = |value: Option<String>| value.unwrap_or_else(|| "geen".to_owned());
    match difference {
        Difference::Code { from, to } => Change {
            what: "Connector".to_owned(),
            now: from,
            then: to,
        },
        Difference::Profile { from, to } => Change {
            what: "Profiel".to_owned(),
            now: or(from),
            then: or(to),
        },
        Difference::Configuration { key, from, to } => Change {
            what: format!("Instelling ‘{key}’"),
            now: or(from),
            then: or(to),
        },
        Difference::Grants => Change {
            what: "Rechten".to_owned(),
            now: "die van nu".to_owned(),
            then: "andere: wat de connector bij dit systeem mag vragen, verschilt".to_owned(),
        },
    }
}

async fn ask(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    shown(&service, &visitor, &id, which.naar, None, "").await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    to: Option<i64>,
    said: Option<Said>,
    typed: &str,
) -> Result<Response, Oops> {
    let row = peer::find(&service.core.db, visitor.tenant(), id)
        .await?
        .ok_or_else(|| Oops::absent("Deze koppeling is er niet."))?;
    let (plan, said) = match revision::plan_rollback(&service.core, visitor.tenant(), id, to).await {
        Ok(plan) => (Some(Plan::from(plan)), said),
        Err(error) => (None, Some(error.in_dutch()?)),
    };
    let (status, notice) = match said {
        None => (StatusCode::OK, None),
        Some(said) => (said.status, Notice::refused(said.sentence)),
    };
    let title = format!("Revisie wisselen: {}", row.name);
    let switch_page = SwitchPage {
        shell: Shell::around(service, visitor, "/koppelingen", title, notice).await?,
        peer: row.id,
        name: row.name,
        plan,
        typed: typed.to_owned(),
    };
    page(status, &switch_page)
}

async fn switch(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let number = |name: &str| {
        let read = fields.text(name).parse::<i64>();
        read.map_err(|_| Oops::Unreadable("Het formulier noemt geen revisie.".to_owned()))
    };
    let (seen, to) = (number("van")?, number("naar")?);
    let reason = fields.text("reden");
    let (core, tenant) = (&service.core, visitor.tenant());
    let running = peer::find(&core.db, tenant, &id).await?.and_then(|row| row.revision);
    if running != Some(seen) {
        let said =
            Said::conflict("Er is intussen een andere revisie in werking. Bekijk opnieuw wat er zou veranderen.");
        return shown(&service, visitor, &id, Some(to), Some(said), reason).await;
    }
    let switched = if to < seen {
        let back = Back {
            from: Some(seen),
            to: Some(to),
        };
        revision::rollback(core, tenant, visitor.id(), &id, back, reason).await
    } else {
        revision::rollout(core, tenant, visitor.id(), &id, to, reason).await
    };
    match switched {
        Ok(_) => Ok(after(&format!("/koppelingen/{id}"), "gewisseld")),
        Err(error) => {
            let said = error.in_dutch()?;
            shown(&service, visitor, &id, Some(to), Some(said), reason).await
        }
    }
}
