//! `/api/v1/sittings` and `/api/v1/deelnames`: planning (flow 2).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::problem::Problem;
use crate::app::planning::deelname::{For, NewDeelname};
use crate::app::planning::sitting::{NewSitting, Plan};
use crate::app::planning::{self, Planner};
use crate::domain::model::{self, Role};
use crate::domain::needs::Needs;
use crate::domain::offering::{Offering, OfferingKind, Times};
use crate::domain::principal::Duty;
use crate::store::{association, needs, offering, result};

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/api/v1/sittings", get(list).post(plan))
        .route("/api/v1/sittings/{sitting}", get(show).put(change))
        .route("/api/v1/sittings/{sitting}/cancel", post(cancel))
        .route("/api/v1/sittings/{sitting}/deelnames", post(add))
        .route("/api/v1/persons", post(make_person))
        .route(
            "/api/v1/deelnames/{deelname}/needs",
            put(change_needs).delete(follow_table),
        )
        .route("/api/v1/deelnames/{deelname}/cancel", post(cancel_deelname))
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
            unit: sitting.facts.organization_id.clone(),
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

/// All sittings, 1,000 at most.
#[utoipa::path(get, path = "/api/v1/sittings", tag = "planning",
    responses((status = 200, body = Vec<Sitting>), (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller) -> Result<Json<Vec<Sitting>>, Problem> {
    caller.must_hold_any(&service, &Duty::ALL)?;
    let sittings = offering::of_kind(&service.core.db, caller.tenant(), OfferingKind::Sitting, 1_000).await?;
    Ok(Json(sittings.iter().map(Sitting::from).collect()))
}

/// One sitting with its deelnames and where their results stand.
#[utoipa::path(get, path = "/api/v1/sittings/{sitting}", tag = "planning", params(("sitting" = String, Path)),
    responses((status = 200, body = SittingWithDeelnames), (status = "4XX", body = Problem)))]
pub async fn show(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SittingWithDeelnames>, Problem> {
    caller.must_hold_any(&service, &Duty::ALL)?;
    let (db, tenant) = (&service.core.db, caller.tenant());
    let found = offering::find(db, tenant, &id)
        .await?
        .filter(|found| found.kind == OfferingKind::Sitting);
    let sitting = found.ok_or_else(|| Problem::absent(format!("there is no sitting `{id}`")))?;
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

/// Deelnames to add: for toetsinschrijvingen, or for persons in a role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum PostDeelname {
    /// For a toetsinschrijving.
    Enrolment(ForEnrolment),
    /// For a person: staff, or a member of a test group.
    Person(ForPerson),
}

/// For a toetsinschrijving.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForEnrolment {
    /// The toetsinschrijving.
    pub enrolment: String,
    /// Plan an extra attempt (R8, R9).
    #[serde(default)]
    pub extra_attempt: bool,
    /// Take it upon yourself where the student system has not said how many attempts are left (R9).
    #[serde(default)]
    pub confirmed: bool,
}

/// For a person in a role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForPerson {
    /// The person.
    pub person: String,
    /// `student`, `coordinator`, `invigilator`, `assessor` or `guest`.
    #[schema(value_type = String)]
    pub role: Role,
}

/// What became of one of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Added {
    /// The deelname, when there is one.
    pub id: Option<String>,
    /// Why there is none.
    pub refused: Option<String>,
}

/// Adds deelnames, 200 at most; each stands or falls by itself, in the same order.
#[utoipa::path(post, path = "/api/v1/sittings/{sitting}/deelnames", tag = "planning",
    request_body = Vec<PostDeelname>, params(("sitting" = String, Path)),
    responses((status = 200, body = Vec<Added>), (status = "4XX", body = Problem)))]
pub async fn add(
    State(service): State<Service>,
    caller: Caller,
    Path(sitting): Path<String>,
    Body(new): Body<Vec<PostDeelname>>,
) -> Result<Json<Vec<Added>>, Problem> {
    let candidate = |one| match one {
        PostDeelname::Enrolment(one) => For::Enrolment {
            id: one.enrolment,
            extra_attempt: one.extra_attempt,
            confirmed: one.confirmed,
        },
        PostDeelname::Person(one) => For::Person {
            id: one.person,
            role: one.role,
        },
    };
    let new: Vec<NewDeelname> = new
        .into_iter()
        .map(|one| NewDeelname {
            candidate: candidate(one),
            needs: None,
        })
        .collect();
    let added = planning::deelname::add(&service.core, caller.planner(), &sitting, &new).await?;
    let shown = added.into_iter().map(|one| match one {
        Ok(id) => Added {
            id: Some(id),
            refused: None,
        },
        Err(refused) => Added {
            id: None,
            refused: Some(refused.to_string()),
        },
    });
    Ok(Json(shown.collect()))
}

/// A person whom the student system does not know, such as an external assessor (`§4.0`).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostPerson {
    /// Name on screens.
    pub display_name: String,
    /// First names.
    pub given_name: Option<String>,
    /// Voorvoegsel.
    pub surname_prefix: Option<String>,
    /// Surname.
    pub surname: Option<String>,
    /// Mail address.
    pub mail: Option<String>,
    /// `employee` or `guest`.
    pub affiliation: String,
}

/// Makes a person whom the student system does not know.
#[utoipa::path(post, path = "/api/v1/persons", tag = "planning", request_body = PostPerson,
    responses((status = 201, body = Made), (status = "4XX", body = Problem)))]
pub async fn make_person(
    State(service): State<Service>,
    caller: Caller,
    Body(new): Body<PostPerson>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let new = planning::person::NewPerson {
        display_name: new.display_name,
        given_name: new.given_name,
        surname_prefix: new.surname_prefix,
        surname: new.surname,
        mail: new.mail,
        code: None,
        affiliation: new.affiliation,
    };
    let id = planning::person::make(&service.core, caller.planner(), &new).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Needs of a deelname.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutNeeds {
    /// Extra time, minutes; 10,000 or more is unlimited (R15).
    pub additional_time_min: Option<u32>,
    /// Codes.
    #[serde(default)]
    pub personal_needs: Vec<String>,
}

/// Changes the needs of a deelname, and tells the vendor.
#[utoipa::path(put, path = "/api/v1/deelnames/{deelname}/needs", tag = "planning", request_body = PutNeeds,
    params(("deelname" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn change_needs(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(put): Body<PutNeeds>,
) -> Result<StatusCode, Problem> {
    let needs = Needs {
        additional_time_min: put.additional_time_min,
        personal_needs: put.personal_needs,
    };
    planning::deelname::change(&service.core, caller.planner(), &id, &needs).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets the vendor's table decide on the needs of a deelname again.
#[utoipa::path(delete, path = "/api/v1/deelnames/{deelname}/needs", tag = "planning",
    params(("deelname" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn follow_table(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    planning::deelname::follow_table(&service.core, caller.planner(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Cancels a deelname, and tells the vendor (R4).
#[utoipa::path(post, path = "/api/v1/deelnames/{deelname}/cancel", tag = "planning", request_body = Reason,
    params(("deelname" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn cancel_deelname(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(why): Body<Reason>,
) -> Result<StatusCode, Problem> {
    planning::deelname::cancel(&service.core, caller.planner(), &id, &why.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
