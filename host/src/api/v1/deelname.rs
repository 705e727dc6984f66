//! `/api/v1/deelnames` and the persons the student system does not know: planning (flow 2).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sitting::{Made, Reason};
use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::planning;
use crate::app::planning::deelname::{For, NewDeelname};
use crate::domain::model::Role;
use crate::domain::needs::Needs;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .post("/api/v1/sittings/{sitting}/deelnames", add)
        .put("/api/v1/deelnames/{deelname}/needs", change_needs)
        .delete("/api/v1/deelnames/{deelname}/needs", follow_table)
        .post("/api/v1/deelnames/{deelname}/cancel", cancel)
        .post("/api/v1/persons", make_person)
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
pub async fn cancel(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(why): Body<Reason>,
) -> Result<StatusCode, Problem> {
    planning::deelname::cancel(&service.core, caller.planner(), &id, &why.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
