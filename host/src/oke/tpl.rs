//! The TPL face of a school, `/oke/{tenant}/tpl/…`: flow 1 from its student system, flows 3 and 4 from its vendors,
//! documents for flow 5 (`§5.2`). Whose flow a PATCH belongs to follows from who sends it: a student system owns
//! offerings and associations, a vendor delivers results and reports on those it was given.

mod document;

use axum::extract::{Path, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use oke_codec::{
    Dialect, ResultFlow, Service as Metadata, SupportedConsumer, read_association_put, read_offering_put, read_person,
    read_report_message, read_result_message, settle_id, write_service,
};
use serde_json::{Value, json};

use super::bearer::{Client, FLOW_1_5, FLOW_2_3_4};
use super::message::Message;
use super::problem::Problem;
use crate::api::Service;
use crate::app::draft::Outcome;
use crate::app::{association, contact, offering, person, report, result};
use crate::store::association::state_word;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/oke/{tenant}/tpl", get(metadata))
        .route("/oke/{tenant}/tpl/", get(metadata))
        .route(
            "/oke/{tenant}/tpl/offerings/{id}",
            put(put_offering).patch(patch_offering).fallback(method),
        )
        .route(
            "/oke/{tenant}/tpl/associations/{id}",
            put(put_association).patch(patch_association).fallback(method),
        )
        .route("/oke/{tenant}/tpl/persons/{id}", put(put_person).fallback(method))
        .route("/oke/{tenant}/tpl/documents/{id}", get(document::get).fallback(method))
        .route("/oke/{tenant}/tpl/{*elsewhere}", axum::routing::any(elsewhere))
}

async fn method(method: Method, uri: Uri) -> Problem {
    Problem::method(format!(
        "{method} is no operation of {}; see §5 of the agreement",
        uri.path()
    ))
}

async fn elsewhere(method: Method, uri: Uri) -> Problem {
    Problem::absent(format!(
        "{method} {} is no operation of this face; see §5 of the agreement",
        uri.path()
    ))
}

/// What this face says of itself.
async fn metadata(State(service): State<Service>, Path(tenant): Path<String>) -> Result<Json<Value>, Problem> {
    let school = service.core.db.tenant(&tenant).await?;
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

async fn put_offering(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    mut message: Message,
) -> Result<Response, Problem> {
    student_system(&client, "PUT an offering")?;
    settle_id(&mut message.value, "offeringId", &id).map_err(refused)?;
    let told = read_offering_put(&message.value, &Dialect::default()).map_err(refused)?;
    let outcome = offering::put(&service.core, &client.sender, &told, &message.content).await?;
    Ok(stored(outcome, message.value))
}

async fn put_association(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    mut message: Message,
) -> Result<Response, Problem> {
    student_system(&client, "PUT an association")?;
    settle_id(&mut message.value, "associationId", &id).map_err(refused)?;
    let told = read_association_put(&message.value, &Dialect::default()).map_err(refused)?;
    let outcome = association::put(&service.core, &client.sender, &told, &message.content).await?;
    Ok(stored(outcome, message.value))
}

async fn put_person(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    mut message: Message,
) -> Result<Response, Problem> {
    student_system(&client, "PUT a person")?;
    settle_id(&mut message.value, "personId", &id).map_err(refused)?;
    let told = read_person(&message.value, &Dialect::default()).map_err(refused)?;
    let outcome = person::put(&service.core, &client.sender, &told, &message.content).await?;
    Ok(stored(outcome, message.value))
}

async fn patch_offering(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    message: Message,
) -> Result<Response, Problem> {
    let (core, sender) = (&service.core, &client.sender);
    if client.hat == "dr" {
        client.must_have(FLOW_1_5)?;
        offering::patch(core, sender, &id, &message.value, &message.content).await?;
    } else {
        client.must_have(FLOW_2_3_4)?;
        let told = read_report_message(&message.value, &Dialect::default()).map_err(refused)?;
        report::accept_message(core, sender, &id, &told, &message.content).await?;
    }
    Ok(Json(message.value).into_response())
}

async fn patch_association(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    message: Message,
) -> Result<Response, Problem> {
    let (core, sender) = (&service.core, &client.sender);
    let outcome = if client.hat == "dr" {
        client.must_have(FLOW_1_5)?;
        association::patch(core, sender, &id, &message.value, &message.content).await?
    } else {
        client.must_have(FLOW_2_3_4)?;
        let told = read_result_message(&message.value, ResultFlow::Three, &Dialect::default()).map_err(refused)?;
        result::accept_message(core, sender, &id, &told, &message.content).await?
    };
    let said = match outcome {
        Outcome::Created | Outcome::Applied => "stored",
        Outcome::Repeated => "known already",
        Outcome::Held => "stored, and waits for a person of the school",
    };
    // Its own state: what a vendor's message says of it means nothing (table 4.0.F).
    let kept = crate::store::association::find(&core.db, &sender.tenant, &id).await?;
    let state = kept.as_ref().map_or("associated", |kept| state_word(&kept.facts.state));
    Ok(Json(json!({ "associationId": id, "state": state, "message": said })).into_response())
}

/// Only a student system owns the objects of flow 1 (table 4.0.F).
fn student_system(client: &Client, what: &str) -> Result<(), Problem> {
    client.must_have(FLOW_1_5)?;
    if client.hat == "dr" {
        return Ok(());
    }
    Err(Problem::forbidden(format!(
        "only a student system may {what} here (table 4.0.F); this client is a vendor's"
    )))
}

fn stored(outcome: Outcome, object: Value) -> Response {
    let status = if outcome == Outcome::Created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    (status, Json(object)).into_response()
}

fn refused(problems: oke_codec::Problems) -> Problem {
    Problem::bad(problems.to_string())
}
