//! `/deelnames/{id}/voorzieningen`: the needs of one deelname, set by hand or left to the vendor's table.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::form::Form;
use super::needs::{can, in_dutch, in_words, ours};
use super::oops::Oops;
use super::refusal::Said;
use super::session::Visitor;
use super::shell::{Notice, Shell, after, page};
use super::sittings::{name, visible};
use super::units::Units;
use crate::api::Service;
use crate::app::Refused;
use crate::app::needs::{self, Vendor};
use crate::app::planning::{Planner, deelname as verbs};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::needs::{KNOWN_CODES, Needs};
use crate::domain::principal::Duty;
use crate::store::needs as needs_store;
use crate::store::{association, person};

/// The route.
pub fn routes() -> Router<Service> {
    Router::new().route("/deelnames/{deelname}/voorzieningen", get(of_deelname).post(set))
}

#[derive(Template)]
#[template(path = "deelname_needs.html")]
struct DeelnamePage {
    shell: Shell,
    id: String,
    name: String,
    sitting: String,
    can: String,
    why: Vec<String>,
    by_hand: bool,
    minutes: String,
    codes: Vec<(String, bool)>,
}

async fn of_deelname(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Oops> {
    deelname_shown(&service, &visitor, &id, (StatusCode::OK, None), None).await
}

async fn deelname_shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (status, notice): (StatusCode, Option<Notice>),
    typed: Option<(String, Vec<String>)>,
) -> Result<Response, Oops> {
    if !visitor.holds(Duty::Plannen) {
        return Err(Oops::forbidden(
            "Voorzieningen vastleggen kan met de functie ‘plannen’.",
        ));
    }
    let (core, tenant) = (&service.core, visitor.tenant());
    let deelname: Association = association::find(&core.db, tenant, id)
        .await?
        .filter(|found| found.kind == AssociationKind::Deelname)
        .ok_or_else(|| Oops::absent("Deze deelname is er niet."))?;
    let units = Units::of(service, tenant).await?;
    let sitting = visible(service, visitor, &units, &deelname.facts.offering_id).await?;
    let vendor = Vendor::of(&core.db, tenant, &deelname.peer).await?;
    let standing = needs_store::standing(&core.db, tenant, id).await?;
    let why = match standing.as_ref().is_some_and(|standing| standing.blocked) {
        true => needs::obstacles_of(core, tenant, &vendor, id).await.map_err(ours)?,
        false => Vec::new(),
    };
    let persons = person::with_ids(&core.db, tenant, std::slice::from_ref(&deelname.facts.person_id)).await?;
    let kept = || {
        let minutes = deelname.facts.additional_time_min;
        let minutes = minutes.map_or_else(String::new, |minutes| minutes.to_string());
        (minutes, deelname.facts.personal_needs.clone())
    };
    let (minutes, chosen) = typed.unwrap_or_else(kept);
    let mut codes = match &vendor.bounds {
        Some(bounds) => bounds.codes.clone(),
        None => KNOWN_CODES.map(str::to_owned).to_vec(),
    };
    codes.extend(
        chosen
            .iter()
            .filter(|code| !codes.contains(code))
            .cloned()
            .collect::<Vec<_>>(),
    );
    let shown = DeelnamePage {
        shell: Shell::around(
            service,
            visitor,
            "/voorzieningen",
            "Voorzieningen van een deelname",
            notice,
        )
        .await?,
        id: deelname.id.clone(),
        name: name(&persons, &deelname.facts.person_id),
        sitting: sitting.facts.name,
        can: can(vendor.bounds.as_ref()),
        why: why.iter().map(in_words).collect(),
        by_hand: standing.is_some_and(|standing| standing.by_hand),
        minutes,
        codes: codes
            .into_iter()
            .map(|code| (code.clone(), chosen.contains(&code)))
            .collect(),
    };
    page(status, &shown)
}

async fn set(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let (core, visitor) = (&service.core, &form.visitor);
    let planner = Planner {
        tenant: visitor.tenant(),
        account: &visitor.who.account,
    };
    let (minutes, chosen) = (
        form.fields.text("minuten").to_owned(),
        form.fields.all("middel").map(str::to_owned).collect::<Vec<_>>(),
    );
    let said = match (form.fields.text("wie"), minutes.is_empty(), minutes.parse::<u32>()) {
        ("tabel", _, _) => match verbs::follow_table(core, planner, &id).await {
            Ok(()) => return Ok(after(&format!("/deelnames/{id}"), "vertaald")),
            Err(refused) => of_deelname_refused(refused)?,
        },
        (_, false, Err(_)) => Said::bad("Vul een heel aantal minuten in, of laat het leeg."),
        (_, _, parsed) => {
            let needs = Needs {
                additional_time_min: parsed.ok().filter(|minutes| *minutes > 0),
                personal_needs: chosen.clone(),
            };
            match verbs::change(core, planner, &id, &needs).await {
                Ok(()) => return Ok(after(&format!("/deelnames/{id}"), "vertaald")),
                Err(refused) => of_deelname_refused(refused)?,
            }
        }
    };
    let told = (said.status, Notice::refused(said.sentence));
    deelname_shown(&service, visitor, &id, told, Some((minutes, chosen))).await
}

fn of_deelname_refused(refused: Refused) -> Result<Said, Oops> {
    match refused {
        Refused::NotNow(_) => Ok(Said::conflict(
            "Deze deelname of de zitting is geannuleerd, of de gegevens van de student zijn er niet.",
        )),
        other => in_dutch(other),
    }
}
