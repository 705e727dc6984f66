//! `/koppelingen/{peer}/wissel`: back to an earlier revision, or on to a newer one for everybody. Says beforehand what
//! changes, what would not fit and what the newer one has done outside, asks why, and does exactly what it said.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::changes::{Change, change};
use super::form::Form;
use super::oops::Oops;
use super::refusal::{InDutch as _, Said};
use super::session::Visitor;
use super::shell::{Notice, Shell, after, page};
use crate::api::Service;
use crate::app::revision::{self, Back, DoneOutside, Misfit, Rollback};
use crate::store::peer;

/// The route.
pub fn routes() -> Router<Service> {
    Router::new().route("/koppelingen/{peer}/wissel", get(ask).post(switch))
}

#[derive(Deserialize)]
struct Which {
    /// The revision that goes, where it is not the one that would by itself.
    van: Option<i64>,
    /// The revision to go to; when absent, the one with a lower number that ran before.
    naar: Option<i64>,
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
    only_named: bool,
    changes: Vec<Change>,
    misfits: Vec<String>,
    done: Vec<String>,
}

impl From<Rollback> for Plan {
    fn from(plan: Rollback) -> Self {
        let back = plan.to < plan.from;
        let consequences = plan.consequences;
        Plan {
            from: plan.from,
            to: plan.to,
            back,
            only_named: plan.only_named,
            changes: plan.differences.into_iter().map(change).collect(),
            misfits: consequences.misfits.iter().filter(|_| back).map(misfit).collect(),
            done: if back { done(consequences.done) } else { Vec::new() },
        }
    }
}

fn misfit(misfit: &Misfit) -> String {
    match misfit {
        Misfit::KeyGone(key) => format!("De instelling ‘{key}’ kent de oude connector niet: die wordt niet gebruikt."),
        Misfit::CursorNotReplayable(_) => {
            "De oude connector kan niet verder waar de nieuwe gebleven was met ophalen. Hij \
             gaat verder waar hij zelf gebleven was; wat al bekend is, verandert niet."
                .to_owned()
        }
        Misfit::GrantGone { endpoint, request } => {
            format!("De oude connector heeft nooit ‘{request}’ bij ‘{endpoint}’ mogen vragen.")
        }
        Misfit::NotServed(interface) => {
            format!("De oude connector kent ‘{interface}’ niet: wat daarvoor klaarstaat, wacht.")
        }
        Misfit::EndpointMissing(endpoint) => {
            format!("De oude connector heeft het adres ‘{endpoint}’ nodig en dat is niet ingericht.")
        }
    }
}

/// What the newer revision has done that no switch takes back.
fn done(done: DoneOutside) -> Vec<String> {
    let told = [
        (done.sittings, "zittingen bij de leverancier gepland of gewijzigd"),
        (done.deelnames, "deelnames bij de leverancier gepland of gewijzigd"),
        (done.results, "resultaten opgehaald"),
        (done.sent, "resultaten naar de deelnemerregistratie gestuurd (stroom 5)"),
        (done.ids, "id’s die de leverancier daarbij zelf heeft gemaakt"),
    ];
    let told = told.into_iter().filter(|(count, _)| *count > 0);
    told.map(|(count, what)| format!("{count} {what}")).collect()
}

async fn ask(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    shown(&service, &visitor, &id, (which.van, which.naar), None, "").await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (from, to): (Option<i64>, Option<i64>),
    said: Option<Said>,
    typed: &str,
) -> Result<Response, Oops> {
    let (core, tenant) = (&service.core, visitor.tenant());
    let row = peer::find(&core.db, tenant, id)
        .await?
        .ok_or_else(|| Oops::absent("Deze koppeling is er niet."))?;
    service.connectors.tally().write(core).await;
    let back = Back {
        from,
        to,
        ..Back::default()
    };
    let (plan, said) = match revision::plan_switch(core, tenant, id, back).await {
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
    let row = peer::find(&core.db, tenant, &id).await?;
    let runs = match &row {
        Some(row) => revision::taken_back(core, tenant, row, Some(seen)).await?,
        None => None,
    };
    if runs != Some(seen) {
        let said =
            Said::conflict("Er is intussen een andere revisie in werking. Bekijk opnieuw wat er zou veranderen.");
        return shown(&service, visitor, &id, (None, Some(to)), Some(said), reason).await;
    }
    let switched = if to < seen {
        let back = Back {
            from: Some(seen),
            to: Some(to),
            code_only: fields.text("alleen-code") == "ja",
        };
        revision::rollback(core, tenant, visitor.id(), &id, back, reason).await
    } else {
        revision::rollout(core, tenant, visitor.id(), &id, to, reason).await
    };
    match switched {
        Ok(_) => Ok(after(&format!("/koppelingen/{id}"), "gewisseld")),
        Err(error) => {
            let said = error.in_dutch()?;
            shown(&service, visitor, &id, (Some(seen), Some(to)), Some(said), reason).await
        }
    }
}
