//! `/api/v1/sittings`: planning (flow 2).

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
use crate::app::planning::sitting::{NewSitting, Plan};
use crate::app::planning::{self, Planner};
use crate::domain::model::{self, Role};
use crate::domain::offering::{Offering, OfferingKind, Times};
use crate::store::mark::Mark;
use crate::store::{association, needs, offering, result};

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/sittings", list)
        .post("/api/v1/sittings", plan)
        .get("/api/v1/sittings/{sitting}", show)
        .put("/api/v1/sittings/{sitting}", change)
        .post("/api/v1/sittings/{sitting}/cancel", cancel)
}

impl Caller {
    /// As planning wants it.
    pub(super) fn planner(&self) -> Planner<'_> {
        Planner {
            tenant: self.tenant(),
            account: &self.0.account,
        }
    }
}

/// When and how a sitting is; what a planner decides and may change (R18).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutPlan {
    /// Name; by default the component's with the day.
    pub name: Option<String>,
    /// Code by which the afnameleider knows it; by default its id.
    pub code: Option<String>,
    /// Start.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// End.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// Latest start.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_possible_start: Option<Timestamp>,
    /// Net duration, minutes.
    pub duration_min: Option<u32>,
    /// `individual_start` or `triggered_start`.
    #[schema(value_type = Option<String>)]
    pub start_options: Option<model::StartOptions>,
    /// `start_date_time`, `individual_start_date_time` or `triggered_start_date_time`.
    #[schema(value_type = Option<String>)]
    pub duration_from: Option<model::DurationFrom>,
    /// `test_duration` or `end_date_time`.
    #[schema(value_type = Option<String>)]
    pub duration_until: Option<model::DurationUntil>,
    /// Rooms.
    #[serde(default)]
    pub location_codes: Vec<String>,
    /// `situated`, `online` or `distance_learning`; online when absent.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub modes_of_delivery: Vec<model::ModeOfDelivery>,
    /// `secured_computer`, `fixed_location`, `surveillance`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub safety: Vec<model::Safety>,
    /// FAO server, for a test that is taken offline (R19).
    pub fao_system_id: Option<String>,
}

impl From<PutPlan> for Plan {
    fn from(put: PutPlan) -> Self {
        let mut modes_of_delivery = put.modes_of_delivery;
        if modes_of_delivery.is_empty() {
            modes_of_delivery.push(model::ModeOfDelivery::Online);
        }
        Plan {
            name: put.name,
            code: put.code,
            times: Times {
                start: put.start,
                end: put.end,
                last_possible_start: put.last_possible_start,
                duration_s: put.duration_min.map(|minutes| minutes.saturating_mul(60)),
                start_options: put.start_options,
                duration_from: put.duration_from,
                duration_until: put.duration_until,
            },
            location_codes: put.location_codes,
            modes_of_delivery,
            safety: put.safety,
            fao_system_id: put.fao_system_id,
        }
    }
}

/// A sitting to plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostSitting {
    /// The planbare toets it serves; without one it is for a test group (R26).
    pub plannable: Option<String>,
    /// The vendor.
    pub peer: String,
    /// A component of that vendor's catalogue.
    pub component: String,
    /// Owning unit; by default that of the planbare toets.
    pub unit: Option<String>,
    /// When and how.
    pub plan: PutPlan,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Made {
    /// Its id.
    pub id: String,
}

/// A sitting at one glance.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sitting {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The vendor.
    pub peer: String,
    /// Owning unit.
    pub unit: Option<String>,
    /// Start.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start: Option<Timestamp>,
    /// End.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end: Option<Timestamp>,
    /// Whether it was cancelled.
    pub canceled: bool,
    /// Whether the vendor has confirmed the present plan.
    pub confirmed: bool,
    /// The connector revision that delivered what was confirmed.
    pub revision: Option<i64>,
    /// Accounts that planned it.
    pub planned_by: Vec<String>,
}

impl From<&Offering> for Sitting {
    fn from(sitting: &Offering) -> Self {
        Sitting {
            id: sitting.id.clone(),
            name: sitting.facts.name.clone(),
            peer: sitting.peer.clone(),
            unit: sitting.unit.clone(),
            start: sitting.facts.start,
            end: sitting.facts.end,
            canceled: sitting.is_canceled(),
            confirmed: sitting.is_confirmed(),
            revision: sitting.confirmed.as_ref().map(|one| one.revision),
            planned_by: sitting.planned_by.clone(),
        }
    }
}

/// A deelname at one glance.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deelname {
    /// Id.
    pub id: String,
    /// Person.
    pub person: String,
    /// Role, as the standard spells it.
    #[schema(value_type = String)]
    pub role: Role,
    /// The toetsinschrijving it serves.
    pub enrolment: Option<String>,
    /// Whether it was cancelled.
    pub canceled: bool,
    /// Whether the vendor has confirmed it.
    pub confirmed: bool,
    /// The connector revision that delivered what was confirmed.
    pub revision: Option<i64>,
    /// Extra time, minutes.
    pub additional_time_min: Option<u32>,
    /// Needs.
    pub personal_needs: Vec<String>,
    /// Whether the vendor can't be told of a need, so that it waits.
    pub needs_blocked: bool,
    /// Present version of its result.
    pub result_seq: Option<i64>,
    /// State of that version (R10).
    #[schema(value_type = Option<String>)]
    pub result_state: Option<model::ResultState>,
    /// Attendance.
    #[schema(value_type = Option<String>)]
    pub attendance: Option<model::Attendance>,
    /// Score.
    pub score: Option<String>,
    /// `accepted`, `held` or `aside`.
    pub judgement: Option<String>,
    /// Why it is held.
    pub why: Option<String>,
    /// `undecided`, `vastgesteld` or `upstream`.
    pub decided: Option<String>,
    /// Newest version that the student system confirmed.
    pub confirmed_seq: Option<i64>,
}

/// A sitting with its deelnames.
#[derive(Debug, Serialize, ToSchema)]
pub struct SittingWithDeelnames {
    /// The sitting.
    #[serde(flatten)]
    pub sitting: Sitting,
    /// Its deelnames, staff included.
    pub deelnames: Vec<Deelname>,
}

/// The sittings of the units that the account's functions reach, by start.
#[utoipa::path(get, path = "/api/v1/sittings", tag = "planning", params(Asked),
    responses((status = 200, body = Vec<Sitting>, headers(("Link" = String, description = "the next page, `rel=\"next\"`; absent on the last"))),
        (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller, paging: Paging) -> Result<Page<Sitting>, Problem> {
    let scope = caller.reach(&service).await?;
    let after = paging.after()?.unwrap_or_else(Mark::start);
    let db = &service.core.db;
    let sittings = offering::sittings_after(db, caller.tenant(), &scope, &after, paging.limit()).await?;
    let mark = |sitting: &Offering| Mark {
        moment: sitting.facts.start.unwrap_or(Timestamp::MIN),
        id: sitting.id.clone(),
    };
    paging.page(sittings, mark, |sitting| Sitting::from(&sitting))
}

/// One sitting with its deelnames and where their results stand.
#[utoipa::path(get, path = "/api/v1/sittings/{sitting}", tag = "planning", params(("sitting" = String, Path)),
    responses((status = 200, body = SittingWithDeelnames), (status = "4XX", body = Problem)))]
pub async fn show(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SittingWithDeelnames>, Problem> {
    let scope = caller.reach(&service).await?;
    let (db, tenant) = (&service.core.db, caller.tenant());
    let found = offering::find(db, tenant, &id)
        .await?
        .filter(|found| found.kind == OfferingKind::Sitting && scope.covers(found.unit.as_deref()));
    let sitting = found.ok_or_else(|| Problem::absent(format!("there is no sitting `{id}` that you may see")))?;
    let mut deelnames = Vec::new();
    let associations = association::of_offering(db, tenant, &id).await?;
    let heads = result::heads_of_sitting(db, tenant, &id).await?;
    let with_result: Vec<String> = heads.iter().map(|head| head.association.clone()).collect();
    let versions = result::versions_of(db, tenant, &with_result).await?;
    let standings = needs::standings_of_sitting(db, tenant, &id).await?;
    for one in associations {
        let needs_blocked = standings.iter().any(|it| it.blocked && it.association == one.id);
        let head = heads.iter().find(|head| head.association == one.id);
        let present = head.and_then(|head| {
            versions
                .iter()
                .find(|version| version.association == head.association && version.seq == head.seq)
        });
        let present = present.map(|version| &version.delivered.result);
        let judgement = head.map(|head| head.judgement.names());
        deelnames.push(Deelname {
            canceled: one.is_canceled(),
            confirmed: one.is_confirmed(),
            revision: one.confirmed.as_ref().map(|one| one.revision),
            id: one.id,
            person: one.facts.person_id,
            role: one.facts.role,
            enrolment: one.enrolment,
            additional_time_min: one.facts.additional_time_min,
            personal_needs: one.facts.personal_needs,
            needs_blocked,
            result_seq: head.map(|head| head.seq),
            result_state: present.map(|result| result.state),
            attendance: present.map(|result| result.attendance.clone()),
            score: present.and_then(|result| result.score.clone()),
            judgement: judgement.map(|(word, _)| word.to_owned()),
            why: judgement.map(|(_, why)| why.to_owned()).filter(|why| !why.is_empty()),
            decided: head.map(|head| head.decided.name().to_owned()),
            confirmed_seq: head.and_then(|head| head.confirmed_seq),
        });
    }
    Ok(Json(SittingWithDeelnames {
        sitting: Sitting::from(&sitting),
        deelnames,
    }))
}

/// Plans a sitting and tells the vendor.
#[utoipa::path(post, path = "/api/v1/sittings", tag = "planning", request_body = PostSitting,
    responses((status = 201, body = Made), (status = "4XX", body = Problem)))]
pub async fn plan(
    State(service): State<Service>,
    caller: Caller,
    Body(new): Body<PostSitting>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let new = NewSitting {
        plannable: new.plannable,
        peer: new.peer,
        component: new.component,
        unit: new.unit,
        plan: new.plan.into(),
    };
    let id = planning::sitting::plan(&service.core, caller.planner(), &new).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Changes when and how a sitting is, and tells the vendor.
#[utoipa::path(put, path = "/api/v1/sittings/{sitting}", tag = "planning", request_body = PutPlan,
    params(("sitting" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn change(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(put): Body<PutPlan>,
) -> Result<StatusCode, Problem> {
    planning::sitting::change(&service.core, caller.planner(), &id, &put.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The reason.
    pub reason: String,
}

/// Cancels a sitting with its deelnames, and tells the vendor (R4, R5).
#[utoipa::path(post, path = "/api/v1/sittings/{sitting}/cancel", tag = "planning", request_body = Reason,
    params(("sitting" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn cancel(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(why): Body<Reason>,
) -> Result<StatusCode, Problem> {
    planning::sitting::cancel(&service.core, caller.planner(), &id, &why.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
