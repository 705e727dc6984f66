//! `/api/v1/…/results`, `/decisions`, `/cesuur`: what came back, and what the examencommissie decides.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::page::{Asked, Page, Paging};
use crate::api::problem::Problem;
use crate::app::cesuur::{self, Examenversie};
use crate::app::polling::{self, Recurring};
use crate::app::vaststellen::{self, Seen};
use crate::domain::association::AssociationKind;
use crate::domain::model::{Attendance, ComponentStatus, Normed, ResultState};
use crate::domain::offering::{Offering, OfferingKind};
use crate::domain::principal::Duty;
use crate::store::component::{self, ComponentRow};
use crate::store::scope::Scope;
use crate::store::{Database, association, offering, result};

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/components", components)
        .post("/api/v1/peers/{peer}/catalogue/refresh", refresh)
        .get("/api/v1/plannables", plannables)
        .get("/api/v1/plannables/{plannable}/enrolments", enrolments)
        .get("/api/v1/deelnames/{deelname}/results", versions)
        .post("/api/v1/decisions", decide)
        .get(
            "/api/v1/peers/{peer}/components/{component}/examenversies",
            examenversies,
        )
        .put("/api/v1/cesuur", set_cesuur)
}

/// A test in a vendor's catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// The vendor.
    pub peer: String,
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether it can be planned (R26).
    pub active: bool,
}

/// The catalogues of all vendors.
#[utoipa::path(get, path = "/api/v1/components", tag = "planning", params(Asked),
    responses((status = 200, body = Vec<Component>, headers(("Link" = String, description = "the next page, `rel=\"next\"`; absent on the last"))),
        (status = "4XX", body = Problem)))]
pub async fn components(
    State(service): State<Service>,
    caller: Caller,
    paging: Paging,
) -> Result<Page<Component>, Problem> {
    caller.must_hold_any(&service, &Duty::ALL)?;
    let (peer, id): (String, String) = paging.after()?.unwrap_or_default();
    let db = &service.core.db;
    let found = component::all_after(db, caller.tenant(), (&peer, &id), paging.limit()).await?;
    let mark = |row: &ComponentRow| (row.peer.clone(), row.facts.component_id.clone());
    paging.page(found, mark, |row| Component {
        peer: row.peer,
        active: row.facts.status == ComponentStatus::Active,
        id: row.facts.component_id,
        name: row.facts.name,
    })
}

/// Fetches a vendor's catalogue anew (flow 0).
#[utoipa::path(post, path = "/api/v1/peers/{peer}/catalogue/refresh", tag = "planning",
    params(("peer" = String, Path)), responses((status = 202), (status = "4XX", body = Problem)))]
pub async fn refresh(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.must_hold_any(&service, &[Duty::Plannen, Duty::Beheren])?;
    let actor = crate::app::account::actor(caller.id());
    polling::now(&service.core, caller.tenant(), &peer, Recurring::Catalogue, &actor).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A planbare toets.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plannable {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The student system it came from.
    pub peer: String,
    /// Owning unit.
    pub unit: Option<String>,
    /// Components that may serve it (R22); any when empty.
    pub components: Vec<String>,
    /// Whether it was cancelled.
    pub canceled: bool,
}

/// The planbare toetsen of the units that the account's functions reach.
#[utoipa::path(get, path = "/api/v1/plannables", tag = "planning", params(Asked),
    responses((status = 200, body = Vec<Plannable>, headers(("Link" = String, description = "the next page, `rel=\"next\"`; absent on the last"))),
        (status = "4XX", body = Problem)))]
pub async fn plannables(
    State(service): State<Service>,
    caller: Caller,
    paging: Paging,
) -> Result<Page<Plannable>, Problem> {
    let scope = caller.reach(&service).await?;
    let after: String = paging.after()?.unwrap_or_default();
    let db = &service.core.db;
    let found = offering::plannables_after(db, caller.tenant(), &scope, &after, paging.limit()).await?;
    let mark = |one: &Offering| one.id.clone();
    paging.page(found, mark, |one| Plannable {
        canceled: one.is_canceled(),
        id: one.id,
        peer: one.peer,
        name: one.facts.name,
        unit: one.unit,
        components: one
            .facts
            .tests_to_be_used
            .into_iter()
            .map(|test| test.component_id)
            .collect(),
    })
}

/// A toetsinschrijving.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Enrolment {
    /// Id.
    pub id: String,
    /// Person.
    pub person: String,
    /// Role.
    #[schema(value_type = String)]
    pub role: crate::domain::model::Role,
    /// Whether it was cancelled.
    pub canceled: bool,
}

/// The toetsinschrijvingen of a planbare toets.
#[utoipa::path(get, path = "/api/v1/plannables/{plannable}/enrolments", tag = "planning",
    params(("plannable" = String, Path)), responses((status = 200, body = Vec<Enrolment>), (status = "4XX", body = Problem)))]
pub async fn enrolments(
    State(service): State<Service>,
    caller: Caller,
    Path(plannable): Path<String>,
) -> Result<Json<Vec<Enrolment>>, Problem> {
    let scope = caller.reach(&service).await?;
    let (db, tenant) = (&service.core.db, caller.tenant());
    must_see_plannable(db, tenant, &scope, &plannable).await?;
    let found = association::of_offering(db, tenant, &plannable).await?;
    let shown = found.into_iter().map(|one| Enrolment {
        canceled: one.is_canceled(),
        id: one.id,
        person: one.facts.person_id,
        role: one.facts.role,
    });
    Ok(Json(shown.collect()))
}

/// One version of a result, as it was delivered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// Counts from 1.
    pub seq: i64,
    /// State (R10).
    #[schema(value_type = String)]
    pub state: ResultState,
    /// Attendance.
    #[schema(value_type = String)]
    pub attendance: Attendance,
    /// Score.
    pub score: Option<String>,
    /// Vastgesteld upstream.
    pub r#final: bool,
    /// Whether the cesuur was applied, as far as the delivery says.
    #[schema(value_type = String)]
    pub normed: Normed,
    /// `accepted`, `held` or `aside`, when it came.
    pub judgement: String,
    /// Why it was held.
    pub why: String,
    /// `push`, `poll` or `read-back`.
    pub source: String,
    /// The message in the inbox.
    pub message: Option<String>,
    /// The connector revision that read it.
    pub revision: Option<i64>,
    /// The scale map that converted its score when it came.
    pub mapping: Option<String>,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
}

/// Every version of a deelname's result, oldest first; nothing is overwritten.
#[utoipa::path(get, path = "/api/v1/deelnames/{deelname}/results", tag = "results",
    params(("deelname" = String, Path), Asked),
    responses((status = 200, body = Vec<Version>, headers(("Link" = String, description = "the next page, `rel=\"next\"`; absent on the last"))),
        (status = "4XX", body = Problem)))]
pub async fn versions(
    State(service): State<Service>,
    caller: Caller,
    Path(deelname): Path<String>,
    paging: Paging,
) -> Result<Page<Version>, Problem> {
    let scope = caller.reach(&service).await?;
    let (db, tenant) = (&service.core.db, caller.tenant());
    must_see_deelname(db, tenant, &scope, &deelname).await?;
    let after: i64 = paging.after()?.unwrap_or_default();
    let found = result::versions_after(db, tenant, &deelname, after, paging.limit()).await?;
    paging.page(
        found,
        |one| one.seq,
        |one| {
            let (judgement, why) = one.judgement.names();
            Version {
                seq: one.seq,
                state: one.delivered.result.state,
                attendance: one.delivered.result.attendance,
                score: one.delivered.result.score,
                r#final: one.delivered.result.r#final,
                normed: one.delivered.normed,
                judgement: judgement.to_owned(),
                why: why.to_owned(),
                source: one.source.name().to_owned(),
                message: one.message,
                revision: one.revision,
                mapping: one.mapping,
                received_at: one.received_at,
            }
        },
    )
}

/// Refuses who may not see a planbare toets, as if there were none.
pub(super) async fn must_see_plannable(db: &Database, tenant: &str, scope: &Scope, id: &str) -> Result<(), Problem> {
    let found = offering::find(db, tenant, id).await?;
    match found.filter(|one| one.kind == OfferingKind::Plannable && scope.covers(one.unit.as_deref())) {
        Some(_) => Ok(()),
        None => Err(Problem::absent(format!(
            "there is no planbare toets `{id}` that you may see"
        ))),
    }
}

/// Refuses who may not see the sitting of a deelname, as if there were none.
pub(super) async fn must_see_deelname(db: &Database, tenant: &str, scope: &Scope, id: &str) -> Result<(), Problem> {
    let deelname = association::find(db, tenant, id)
        .await?
        .filter(|found| found.kind == AssociationKind::Deelname);
    let sitting = match &deelname {
        Some(deelname) => offering::find(db, tenant, &deelname.facts.offering_id).await?,
        None => None,
    };
    match sitting.filter(|sitting| scope.covers(sitting.unit.as_deref())) {
        Some(_) => Ok(()),
        None => Err(Problem::absent(format!("there is no deelname `{id}` that you may see"))),
    }
}

/// Results to decide on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// The versions that were seen.
    pub results: Vec<SeenResult>,
    /// Ground of the decision.
    #[serde(default)]
    pub reason: String,
}

/// A version of a result.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenResult {
    /// The deelname.
    pub deelname: String,
    /// The version.
    pub seq: i64,
}

/// What became of one of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decided {
    /// The decision, when there is one.
    pub decision: Option<String>,
    /// Why there is none.
    pub refused: Option<String>,
}

/// Vaststellen, by a member of the examencommissie or under a mandate; 200 at most, each stands or falls by itself.
#[utoipa::path(post, path = "/api/v1/decisions", tag = "results", request_body = Decide,
    responses((status = 200, body = Vec<Decided>), (status = "4XX", body = Problem)))]
pub async fn decide(
    State(service): State<Service>,
    caller: Caller,
    Body(decide): Body<Decide>,
) -> Result<Json<Vec<Decided>>, Problem> {
    let seen: Vec<Seen> = decide
        .results
        .into_iter()
        .map(|one| Seen {
            deelname: one.deelname,
            seq: one.seq,
        })
        .collect();
    let (core, account) = (&service.core, &caller.0.account);
    let decided = vaststellen::decide(core, caller.tenant(), account, &seen, &decide.reason).await?;
    let shown = decided.into_iter().map(|one| match one {
        Ok(id) => Decided {
            decision: Some(id),
            refused: None,
        },
        Err(refused) => Decided {
            decision: None,
            refused: Some(refused.to_string()),
        },
    });
    Ok(Json(shown.collect()))
}

/// What is known of a cesuur.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cesuur {
    /// The vendor.
    pub peer: String,
    /// Its component.
    pub component: String,
    /// The vendor's code of the version; absent: the component itself.
    pub examenversie: Option<String>,
    /// `yes`, `no` or `unknown`.
    #[schema(value_type = String)]
    pub normed: Normed,
    /// Where it is known from.
    pub source: String,
}

/// Says whether the cesuur of an examenversie is set; its results are judged again.
#[utoipa::path(put, path = "/api/v1/cesuur", tag = "results", request_body = Cesuur,
    responses((status = 202), (status = "4XX", body = Problem)))]
pub async fn set_cesuur(
    State(service): State<Service>,
    caller: Caller,
    Body(put): Body<Cesuur>,
) -> Result<StatusCode, Problem> {
    let versie = Examenversie {
        peer: put.peer,
        component: put.component,
        code: put.examenversie,
    };
    let (core, account) = (&service.core, &caller.0.account);
    cesuur::set(core, caller.tenant(), account, &versie, put.normed, &put.source).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What is known of the cesuur of one examenversie, and from where.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfExamenversie {
    /// The vendor's code of the version; the component where it names none.
    pub code: String,
    /// How many results.
    pub results: i64,
    /// To which the cesuur was applied, all in all.
    pub normed: i64,
    /// To which it was not.
    pub unnormed: i64,
    /// Held until it is.
    pub waiting: i64,
    /// Delivered as normed; beside `entered` this shows what deviates.
    pub delivered_normed: i64,
    /// Delivered as not normed.
    pub delivered_unnormed: i64,
    /// What a person entered last.
    pub entered: Option<Entered>,
    /// When it is planned, such as `2026-09-30`.
    pub planned_on: Option<String>,
}

/// A cesuur that a person entered.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entered {
    /// `yes`, `no` or `unknown`.
    pub normed: String,
    /// Where it is known from.
    pub source: String,
    /// Who entered it.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<cesuur::Known> for OfExamenversie {
    fn from(known: cesuur::Known) -> Self {
        let count = known.count;
        OfExamenversie {
            code: known.code,
            results: count.results,
            normed: count.normed,
            unnormed: count.unnormed,
            waiting: count.waiting,
            delivered_normed: count.delivered_normed,
            delivered_unnormed: count.delivered_unnormed,
            entered: known.entered.map(|row| Entered {
                normed: result::normed_word(row.normed).to_owned(),
                source: row.source,
                by: row.actor,
                at: row.at,
            }),
            planned_on: known.planned.map(|day| day.to_string()),
        }
    }
}

/// What is known of the cesuur of each examenversie of a component that has results, an entry or a plan.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/components/{component}/examenversies", tag = "results",
    params(("peer" = String, Path), ("component" = String, Path)),
    responses((status = 200, body = Vec<OfExamenversie>), (status = "4XX", body = Problem)))]
pub async fn examenversies(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, id)): Path<(String, String)>,
) -> Result<Json<Vec<OfExamenversie>>, Problem> {
    caller.must_hold_any(&service, &[Duty::Vaststellen, Duty::Plannen, Duty::Beheren])?;
    let (db, tenant) = (&service.core.db, caller.tenant());
    if component::find(db, tenant, &peer, &id).await?.is_none() {
        return Err(Problem::absent(format!(
            "there is no component `{id}` at `{peer}` in this school"
        )));
    }
    let known = cesuur::of_component(db, tenant, &peer, &id).await?;
    Ok(Json(known.into_iter().map(OfExamenversie::from).collect()))
}
