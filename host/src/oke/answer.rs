//! What the faces answer in the same way: what was stored, what a face says of itself, and what is no operation.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use oke_codec::{Service as Metadata, SupportedConsumer, write_service};
use serde_json::{Value, json};

use super::problem::Problem;
use crate::api::Service;
use crate::app::contact;
use crate::app::draft::Outcome;
use crate::domain::model::AssociationState;
use crate::store::association::state_word;

/// An object that was put: 201 when it is new (R1).
pub fn stored(outcome: Outcome, object: Value) -> Response {
    let status = if outcome == Outcome::Created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    (status, Json(object)).into_response()
}

/// The states that the published document lets an answer name.
const STATES: [&str; 6] = ["pending", "canceled", "denied", "associated", "queued", "finished"];

/// An association that was patched (R21): its id, its own state, and what became of the message, in Dutch (R17).
pub fn patched(outcome: Outcome, id: &str, state: Option<&AssociationState>) -> Response {
    let said = match outcome {
        Outcome::Created | Outcome::Applied => "Opgeslagen.",
        Outcome::Repeated => "Was al bekend.",
        Outcome::Held => "Opgeslagen; wacht op een medewerker van de school.",
    };
    let state = state.map(state_word).filter(|state| STATES.contains(state));
    let message = json!([{ "language": "nl-NL", "value": said }]);
    Json(json!({ "associationId": id, "state": state.unwrap_or("associated"), "message": message })).into_response()
}

/// A message that can't be read.
pub fn unreadable(problems: oke_codec::Problems) -> Problem {
    Problem::bad(problems.to_string())
}

/// 405.
pub async fn method(method: Method, uri: Uri) -> Problem {
    Problem::method(format!(
        "{method} is no operation of {}; see §5 of the agreement",
        uri.path()
    ))
}

/// 404, of a path that no face has.
pub async fn elsewhere(method: Method, uri: Uri) -> Problem {
    Problem::absent(format!(
        "{method} {} is no operation of this face; see §5 of the agreement",
        uri.path()
    ))
}

/// What a school's faces say of themselves.
///
/// # Errors
/// 404 for a school that is not here.
pub async fn metadata(service: &Service, tenant: &str) -> Result<Json<Value>, Problem> {
    let school = service.core.db.tenant(tenant).await?;
    let school = school.ok_or_else(|| Problem::absent("there is no such school here"))?;
    let consumer = |version: &str| SupportedConsumer {
        consumer_key: "nl-test-admin".to_owned(),
        version: Some(version.to_owned()),
    };
    let metadata = Metadata {
        // Required by the standard; until the school has set one it is left out rather than made up (`oke check` warns).
        contact_email: contact::email_of(&school)?.unwrap_or_default(),
        specification: "https://open-onderwijs-api.nl/specification/v5/docs.html".to_owned(),
        documentation: format!("{}/api/v1/openapi.json", service.public_url),
        supported_versions: vec!["v5".to_owned()],
        supported_consumers: vec![consumer("1.0"), consumer("1.0.1")],
    };
    Ok(Json(write_service(&metadata)))
}

/// What a face with only the school in its address says of itself.
pub async fn metadata_of_school(
    State(service): State<Service>,
    tenant: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Problem> {
    let Path(tenant) = tenant.map_err(|rejection| Problem::bad(rejection.body_text()))?;
    metadata(&service, &tenant).await
}
