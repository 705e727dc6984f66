//! The TA face (§5.3).

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::super::paging::Query;
use super::super::problem::Problem;
use super::super::strict::{Media, read_object};
use super::super::tokens::{FLOW_0, FLOW_2_3_4};
use super::platform::{Platform, RefusedWrite};
use super::{System, flow2};

const ROLES: [&str; 7] = [
    "student",
    "lecturer",
    "teaching assistant",
    "coordinator",
    "guest",
    "invigilator",
    "assessor",
];
const STATES: [&str; 6] = ["pending", "canceled", "denied", "associated", "queued", "finished"];
const RESULT_STATES: [&str; 4] = ["in progress", "postponed", "completed", "queued"];

type Answer = Result<Json<Value>, Problem>;

pub(super) fn routes(system: Arc<System>) -> Router {
    Router::new()
        .route("/", get(service))
        .route("/components", get(components))
        .route("/components/{id}", get(component))
        .route("/offerings/{id}", get(offering).put(put_offering).patch(patch_offering))
        .route("/offerings/{id}/associations", get(associations))
        .route(
            "/associations/{id}",
            get(association).put(put_association).patch(patch_association),
        )
        .route("/associations/{id}/url", get(start_link))
        .route("/documents/{id}", get(document))
        .route("/start/{id}", get(start_page))
        .fallback(async || Problem::not_found("this system has no such endpoint; §5.3 of the agreement lists them"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .with_state(system)
}

/// Table 5.0.B. No token is needed to find out how to talk.
async fn service(State(system): State<Arc<System>>) -> Json<Value> {
    let domain = system.name.to_lowercase().replace(' ', "-");
    Json(json!({
        "contactEmail": format!("support@{domain}.example"),
        "specification": format!("https://{domain}.example/oke/openapi.yaml"),
        "documentation": format!("https://{domain}.example/oke"),
        "supportedVersions": ["v5"],
        "supportedConsumers": [{ "consumerKey": "nl-test-admin", "version": "1.0.1" }],
    }))
}

async fn components(State(system): State<Arc<System>>, headers: HeaderMap, uri: Uri) -> Answer {
    system.entrance.check(&headers, FLOW_0)?;
    let query = Query::of(&uri);
    let component_type = query.get("componentType");
    let licensed = query.one_of("licensed", &["true", "false"])?;
    let primary_code = query.get("primaryCode");
    let wanted = query.get("q").unwrap_or_default().to_lowercase();
    let matches = |test: &&super::Test| {
        component_type.is_none_or(|wanted| wanted == "test")
            // The school of this simulator has a licence for everything.
            && licensed != Some("false")
            && primary_code.is_none_or(|wanted| wanted == test.code)
            && test.json()["name"].to_string().to_lowercase().contains(&wanted)
    };
    let found = system.catalogue.tests().iter().filter(matches).map(super::Test::json);
    Ok(Json(query.page(found.collect())?))
}

async fn component(State(system): State<Arc<System>>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    system.entrance.check(&headers, FLOW_0)?;
    let test = system.catalogue.by_id(&id).ok_or_else(|| unknown("component", &id))?;
    Ok(Json(test.json()))
}

async fn offering(State(system): State<Arc<System>>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    system.entrance.check(&headers, FLOW_2_3_4)?;
    let platform = system.platform();
    let sitting = platform.sittings.get(&id).ok_or_else(|| unknown("sitting", &id))?;
    Ok(Json(sitting.read()))
}

async fn associations(
    State(system): State<Arc<System>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    system.entrance.check(&headers, FLOW_2_3_4)?;
    let query = Query::of(&uri);
    let role = query.one_of("role", &ROLES)?;
    let state = query.one_of("state", &STATES)?;
    let result_state = query.one_of("result-state", &RESULT_STATES)?;
    let with_person = query.expands("person");
    let platform = system.platform();
    if !platform.sittings.contains_key(&id) {
        return Err(unknown("sitting", &id));
    }
    let of_sitting = platform
        .deelnames
        .values()
        .filter(|deelname| deelname.offering_id() == id);
    let matches = |json: &Value| {
        role.is_none_or(|wanted| json["role"] == wanted)
            && state.is_none_or(|wanted| json["state"] == wanted)
            && result_state.is_none_or(|wanted| json["result"]["state"] == wanted)
    };
    let found = of_sitting.map(|deelname| deelname.read(with_person)).filter(matches);
    Ok(Json(query.page(found.collect())?))
}

async fn association(
    State(system): State<Arc<System>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    system.entrance.check(&headers, FLOW_2_3_4)?;
    let platform = system.platform();
    let deelname = platform.deelnames.get(&id).ok_or_else(|| unknown("deelname", &id))?;
    Ok(Json(deelname.read(Query::of(&uri).expands("person"))))
}

async fn start_link(State(system): State<Arc<System>>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    system.entrance.check(&headers, FLOW_2_3_4)?;
    let platform = system.platform();
    let deelname = platform.deelnames.get(&id).ok_or_else(|| unknown("deelname", &id))?;
    if deelname.is_canceled() {
        return Err(Problem::not_found(format!(
            "deelname {id} is cancelled, there is nothing to start"
        )));
    }
    Ok(Json(format!("{}/start/{id}", system.base_url).into()))
}

/// Where a start link leads: no token, since a student follows it.
async fn start_page(State(system): State<Arc<System>>, Path(id): Path<String>) -> Result<String, Problem> {
    let platform = system.platform();
    let deelname = platform.deelnames.get(&id).filter(|deelname| !deelname.is_canceled());
    deelname.ok_or_else(|| unknown("deelname", &id))?;
    Ok(format!("{}: hier begint de toets.\n", system.name))
}

async fn document(
    State(system): State<Arc<System>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    system.entrance.check(&headers, FLOW_2_3_4)?;
    let mut platform = system.platform();
    let document = platform
        .documents
        .get_mut(&id)
        .ok_or_else(|| unknown("document", &id))?;
    document.reads += 1;
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{}\"", document.name))
        .expect("document names are made here, of plain letters");
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, document.content.clone()).into_response())
}

async fn put_offering(State(system): State<Arc<System>>, Path(id): Path<String>, request: Request) -> Response {
    let apply = |platform: &mut Platform, body: Value| {
        flow2::put_offering(platform, &system.catalogue, &id, body).map(IntoResponse::into_response)
    };
    write(&system, request, Media::Json, apply).await
}

async fn patch_offering(State(system): State<Arc<System>>, Path(id): Path<String>, request: Request) -> Response {
    let apply = |platform: &mut Platform, body: Value| {
        flow2::patch_offering(platform, &id, &body).map(|()| StatusCode::OK.into_response())
    };
    write(&system, request, Media::MergePatch, apply).await
}

async fn put_association(State(system): State<Arc<System>>, Path(id): Path<String>, request: Request) -> Response {
    let apply = |platform: &mut Platform, body: Value| {
        flow2::put_association(platform, &system.catalogue, &id, body).map(IntoResponse::into_response)
    };
    write(&system, request, Media::Json, apply).await
}

async fn patch_association(State(system): State<Arc<System>>, Path(id): Path<String>, request: Request) -> Response {
    let apply = |platform: &mut Platform, body: Value| {
        flow2::patch_association(platform, &id, &body).map(|answer| Json(answer).into_response())
    };
    write(&system, request, Media::MergePatch, apply).await
}

/// Takes a message of flow 2: applies it, or refuses it and keeps why.
async fn write(
    system: &Arc<System>,
    request: Request,
    media: Media,
    apply: impl FnOnce(&mut Platform, Value) -> Result<Response, Problem>,
) -> Response {
    if let Err(problem) = system.entrance.check(request.headers(), FLOW_2_3_4) {
        return problem.into_response();
    }
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let body = read_object(request, media).await;
    let mut platform = system.platform();
    match body.and_then(|body| apply(&mut platform, body)) {
        Ok(response) => response,
        Err(problem) => {
            let (status, detail) = (problem.status.as_u16(), problem.detail.clone());
            platform.refused.push(RefusedWrite {
                at: system.now.get(),
                method,
                path,
                status,
                detail,
            });
            problem.into_response()
        }
    }
}

fn unknown(kind: &str, id: &str) -> Problem {
    Problem::not_found(format!("{kind} {id} is not known here"))
}
