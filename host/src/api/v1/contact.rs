//! `/api/v1/school`: the school itself, and whom the people of other systems write to.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::contact;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/school", show)
        .put("/api/v1/school/contact-email", put_contact_email)
}

/// The school.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct School {
    /// Short name in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whom the people of other systems write to, as `GET /` of the OKE faces tells them; absent until it is set.
    pub contact_email: Option<String>,
}

/// The school of the account, with its settings.
#[utoipa::path(get, path = "/api/v1/school", tag = "school",
    responses((status = 200, body = School), (status = "4XX", body = Problem)))]
pub async fn show(State(service): State<Service>, caller: Caller) -> Result<Json<School>, Problem> {
    let found = service.core.db.tenant(caller.tenant()).await?;
    let row = found.ok_or_else(|| Problem::absent("this account's school is not there"))?;
    Ok(Json(School {
        contact_email: contact::email_of(&row)?,
        id: row.tenant,
        name: row.name,
    }))
}

/// Whom to write to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContactEmail {
    /// A mail address, of a function rather than a person; `null` takes it away.
    pub contact_email: Option<String>,
}

/// Sets the `contactEmail` that the OKE faces show to other systems.
#[utoipa::path(put, path = "/api/v1/school/contact-email", tag = "school", request_body = ContactEmail,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn put_contact_email(
    State(service): State<Service>,
    caller: Caller,
    Body(put): Body<ContactEmail>,
) -> Result<StatusCode, Problem> {
    let (core, account) = (&service.core, &caller.0.account);
    contact::set_email(core, caller.tenant(), account, put.contact_email.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
