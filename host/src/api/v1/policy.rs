//! `/api/v1/policy`, `/units/{unit}/policy`, `/plannables/{plannable}/policy`: when results go to the student system, and
//! what leads; of the school, a unit or an exam.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::policy::{self, Scope};
use crate::domain::offering::OfferingKind;
use crate::domain::principal::Duty;
use crate::domain::sending::{FinalConflict, Policy as Holding, Said, SendPolicy};
use crate::store::offering;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/policy", of_school)
        .put("/api/v1/policy", set_of_school)
        .get("/api/v1/units/{unit}/policy", of_unit)
        .put("/api/v1/units/{unit}/policy", set_of_unit)
        .get("/api/v1/plannables/{plannable}/policy", of_exam)
        .put("/api/v1/plannables/{plannable}/policy", set_of_exam)
}

/// What a school, unit or exam says of its own; what is left out is said by what lies around it.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Policy {
    /// When flow 5 is sent: `attendance`, `provisional` or `after-vaststelling`.
    pub send_results: Option<String>,
    /// What happens with a decided result while the planbare toets says `finalResultsAllowed: false`: `downgrade` (it
    /// goes as provisional, with a task) or `hold` (it waits, with a task).
    pub final_conflict: Option<String>,
    /// Whether an absence counts as an attempt.
    pub no_show_counts: Option<bool>,
}

impl From<Said> for Policy {
    fn from(said: Said) -> Self {
        Policy {
            send_results: said.send.map(|policy| policy.name().to_owned()),
            final_conflict: said.final_conflict.map(|policy| policy.name().to_owned()),
            no_show_counts: said.no_show_counts,
        }
    }
}

impl TryFrom<Policy> for Said {
    type Error = Problem;

    fn try_from(put: Policy) -> Result<Self, Problem> {
        let bad = |field: &str, word: &str, choices: &str| {
            Problem::bad("policy", format!("`{field}`: `{word}` is none of {choices}"))
        };
        let send = put.send_results.as_deref().map(|word| {
            let known = SendPolicy::from_name(word);
            known.ok_or_else(|| bad("sendResults", word, "attendance, provisional, after-vaststelling"))
        });
        let conflict = put.final_conflict.as_deref().map(|word| {
            let known = FinalConflict::from_name(word);
            known.ok_or_else(|| bad("finalConflict", word, "downgrade, hold"))
        });
        Ok(Said {
            send: send.transpose()?,
            final_conflict: conflict.transpose()?,
            no_show_counts: put.no_show_counts,
        })
    }
}

/// The policy of an exam: what it says itself, and what holds all in all.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfExam {
    /// What the exam says itself.
    pub own: Policy,
    /// What holds for it: exam, unit, school, default.
    pub holds: Policy,
}

async fn said(service: &Service, caller: &Caller, scope: &Scope) -> Result<Policy, Problem> {
    caller.must_hold_any(service, &Duty::ALL)?;
    let said = policy::said_by(&service.core.db, caller.tenant(), scope).await?;
    Ok(said.into())
}

async fn set(service: &Service, caller: &Caller, scope: &Scope, put: Policy) -> Result<StatusCode, Problem> {
    let said = Said::try_from(put)?;
    policy::set(&service.core, caller.tenant(), &caller.0.account, scope, said).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the school says.
#[utoipa::path(get, path = "/api/v1/policy", tag = "results",
    responses((status = 200, body = Policy), (status = "4XX", body = Problem)))]
pub async fn of_school(State(service): State<Service>, caller: Caller) -> Result<Json<Policy>, Problem> {
    Ok(Json(said(&service, &caller, &Scope::School).await?))
}

/// Changes the school's policy, from now on.
#[utoipa::path(put, path = "/api/v1/policy", tag = "results", request_body = Policy,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn set_of_school(
    State(service): State<Service>,
    caller: Caller,
    Body(put): Body<Policy>,
) -> Result<StatusCode, Problem> {
    set(&service, &caller, &Scope::School, put).await
}

/// What a unit says.
#[utoipa::path(get, path = "/api/v1/units/{unit}/policy", tag = "results", params(("unit" = String, Path)),
    responses((status = 200, body = Policy), (status = "4XX", body = Problem)))]
pub async fn of_unit(
    State(service): State<Service>,
    caller: Caller,
    Path(unit): Path<String>,
) -> Result<Json<Policy>, Problem> {
    Ok(Json(said(&service, &caller, &Scope::Unit(unit)).await?))
}

/// Changes a unit's policy, from now on.
#[utoipa::path(put, path = "/api/v1/units/{unit}/policy", tag = "results", params(("unit" = String, Path)),
    request_body = Policy, responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn set_of_unit(
    State(service): State<Service>,
    caller: Caller,
    Path(unit): Path<String>,
    Body(put): Body<Policy>,
) -> Result<StatusCode, Problem> {
    set(&service, &caller, &Scope::Unit(unit), put).await
}

/// The policy of an exam.
#[utoipa::path(get, path = "/api/v1/plannables/{plannable}/policy", tag = "results",
    params(("plannable" = String, Path)), responses((status = 200, body = OfExam), (status = "4XX", body = Problem)))]
pub async fn of_exam(
    State(service): State<Service>,
    caller: Caller,
    Path(plannable): Path<String>,
) -> Result<Json<OfExam>, Problem> {
    caller.must_hold_any(&service, &Duty::ALL)?;
    let (db, tenant) = (&service.core.db, caller.tenant());
    let exam = offering::find(db, tenant, &plannable)
        .await?
        .filter(|found| found.kind == OfferingKind::Plannable)
        .ok_or_else(|| Problem::absent(format!("there is no planbare toets `{plannable}` here")))?;
    let Holding {
        send,
        final_conflict,
        no_show_counts,
    } = policy::of_exam(db, tenant, &exam).await?;
    let holds = Said {
        send: Some(send),
        final_conflict: Some(final_conflict),
        no_show_counts: Some(no_show_counts),
    };
    Ok(Json(OfExam {
        own: policy::said_by(db, tenant, &Scope::Exam(plannable)).await?.into(),
        holds: holds.into(),
    }))
}

/// Changes an exam's policy; results that it lets go now are sent.
#[utoipa::path(put, path = "/api/v1/plannables/{plannable}/policy", tag = "results",
    params(("plannable" = String, Path)), request_body = Policy,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn set_of_exam(
    State(service): State<Service>,
    caller: Caller,
    Path(plannable): Path<String>,
    Body(put): Body<Policy>,
) -> Result<StatusCode, Problem> {
    set(&service, &caller, &Scope::Exam(plannable), put).await
}
