//! `/dubbelen`: students enrolled twice for one exam: the examenbureau merges them, keeps them apart, or takes them apart
//! again.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::form::Form;
use super::oops::Oops;
use super::refusal::{Said, of_duties};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::sittings::name;
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::Refused;
use crate::app::duplicate::{self, Pair, Read, Shown};
use crate::app::planning::Planner;
use crate::domain::duplicate::{NotMerged, PairState};
use crate::domain::person::Person;
use crate::domain::principal::Duty;
use crate::store::person;

/// Most pairs of a kind on one page; the longest first.
const MOST: u32 = 200;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/dubbelen", get(list))
        .route("/dubbelen/samenvoegen", post(merge))
        .route("/dubbelen/apart", post(apart))
        .route("/dubbelen/splitsen", post(unmerge))
}

struct Side {
    id: String,
    test: String,
    unit: String,
}

struct Line {
    student: String,
    attempt: u32,
    enrolment: Side,
    kept: Side,
    since: String,
    by: String,
    reason: String,
    sent: String,
}

#[derive(Template)]
#[template(path = "duplicates.html")]
struct ListPage {
    shell: Shell,
    found: Vec<Line>,
    merged: Vec<Line>,
    plans: bool,
}

async fn list(
    State(service): State<Service>,
    visitor: Visitor,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(&service, &visitor, (StatusCode::OK, just_done.notice())).await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    (status, notice): (StatusCode, Option<Notice>),
) -> Result<Response, Oops> {
    if !visitor.holds(Duty::Plannen) && !visitor.holds(Duty::Vaststellen) {
        return Err(Oops::forbidden(
            "Dubbele inschrijvingen bekijken kan met de functie ‘plannen’ of ‘vaststellen’.",
        ));
    }
    let list_page = ListPage {
        found: lines(service, visitor, PairState::Found).await?,
        merged: lines(service, visitor, PairState::Merged).await?,
        plans: visitor.holds(Duty::Plannen),
        shell: Shell::around(service, visitor, "/dubbelen", "Dubbele inschrijvingen", notice).await?,
    };
    page(status, &list_page)
}

async fn lines(service: &Service, visitor: &Visitor, state: PairState) -> Result<Vec<Line>, Oops> {
    let (core, tenant) = (&service.core, visitor.tenant());
    let units = Units::of(service, tenant).await?;
    let scope = units.reach(visitor);
    let found = duplicate::list(core, tenant, (state, &scope), MOST).await;
    let pairs: Vec<Shown> = found.map_err(ours)?;
    let ids: Vec<String> = pairs
        .iter()
        .map(|pair| pair.kept.association.facts.person_id.clone())
        .collect();
    let persons = person::with_ids(&core.db, tenant, &ids).await?;
    Ok(pairs.iter().map(|pair| line(pair, &persons, &units, visitor)).collect())
}

fn unit(read: &Read) -> Option<&str> {
    read.plannable.as_ref().and_then(|plannable| plannable.unit.as_deref())
}

fn line(pair: &Shown, persons: &[Person], units: &Units, visitor: &Visitor) -> Line {
    let side = |read: &Read| Side {
        id: read.association.id.clone(),
        test: read.plannable.as_ref().map_or_else(
            || "(planbare toets nog niet bekend)".to_owned(),
            |it| it.facts.name.clone(),
        ),
        unit: units.name_opt(unit(read)),
    };
    Line {
        student: name(persons, &pair.kept.association.facts.person_id),
        attempt: pair.kept.association.attempt(),
        enrolment: side(&pair.enrolment),
        kept: side(&pair.kept),
        since: words::age(pair.row.at, visitor.now),
        by: words::actor(&pair.row.actor),
        reason: pair.row.reason.clone(),
        sent: pair
            .row
            .confirmed_seq
            .map_or_else(|| "nog niet".to_owned(), |seq| format!("versie {seq}")),
    }
}

fn ours(refused: Refused) -> Oops {
    match refused {
        Refused::Store(error) => error.into(),
        Refused::Commit(error) => error.into(),
        other => Oops::ours(&other),
    }
}

fn planner(visitor: &Visitor) -> Planner<'_> {
    Planner {
        tenant: visitor.tenant(),
        account: &visitor.who.account,
    }
}

async fn merge(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let (one, other) = (form.fields.text("een"), form.fields.text("ander"));
    let kept = form.fields.text("houden");
    let pair = Pair {
        enrolment: if kept == one { other } else { one },
        kept,
        reason: form.fields.text("reden"),
    };
    let done = match [one, other].contains(&kept) {
        true => duplicate::merge(&service.core, planner(&form.visitor), pair).await,
        false => Err(Refused::Invalid(String::new())),
    };
    answered(&service, &form, done, "samengevoegd").await
}

async fn apart(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let pair = Pair {
        enrolment: form.fields.text("een"),
        kept: form.fields.text("ander"),
        reason: form.fields.text("reden"),
    };
    let done = duplicate::keep_apart(&service.core, planner(&form.visitor), pair).await;
    answered(&service, &form, done, "apart").await
}

async fn unmerge(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let (enrolment, reason) = (form.fields.text("een"), form.fields.text("reden"));
    let done = duplicate::unmerge(&service.core, planner(&form.visitor), enrolment, reason).await;
    answered(&service, &form, done, "gesplitst").await
}

async fn answered(service: &Service, form: &Form, done: Result<(), Refused>, word: &str) -> Result<Response, Oops> {
    let said = match done {
        Ok(()) => return Ok(after("/dubbelen", word)),
        Err(refused) => in_dutch(refused)?,
    };
    shown(service, &form.visitor, (said.status, Notice::refused(said.sentence))).await
}

fn in_dutch(refused: Refused) -> Result<Said, Oops> {
    Ok(match refused {
        Refused::Unknown { .. } => Said::conflict("Deze toetsinschrijving of zitting is er niet (meer)."),
        Refused::NotAllowed(refusal) => Said::conflict(of_duties(&refusal)),
        Refused::Invalid(_) => {
            Said::bad("Kies welke inschrijving blijft en geef een reden, zodat anderen dit later kunnen volgen.")
        }
        Refused::NotNow(_) => {
            Said::conflict("Intussen is hier iets gewijzigd. Er is niets gedaan; hieronder staat de huidige stand.")
        }
        Refused::NotMerged(why) => Said::conflict(match why {
            NotMerged::NotOne(..) => {
                "Dit is (nu) niet twee keer dezelfde toets: er is al een resultaat, er is iets vervallen, of toets of \
                 poging verschilt."
            }
            NotMerged::Scales(..) => {
                "De planbare toetsen hebben een verschillende schaal: één resultaat kan niet naar beide."
            }
            NotMerged::Chain(_) => "Een van beide is al met een andere samengevoegd. Splits die eerst.",
            NotMerged::KeepOther(..) => "Alleen de andere inschrijving heeft een deelname: kies die om te houden.",
            NotMerged::Begun(_) => {
                "De zitting van de deelname die zou vervallen is al begonnen: kies die inschrijving om te houden."
            }
        }),
        other => return Err(ours(other)),
    })
}
