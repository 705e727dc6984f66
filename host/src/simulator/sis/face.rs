//! The DR face (§5.1): what a TPL may read of flow 1, what it may write in flow 5, and what a TA may read in flow 6.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::super::moment::{parse_boundary, parse_date, parse_moment};
use super::super::paging::Query;
use super::super::problem::Problem;
use super::super::strict::{Media, read_object, reference};
use super::super::tokens::{FLOW_1_5, FLOW_6};
use super::registry::{RefusedMessage, Registry};
use super::{System, documents, flow5};

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
const TYPES: [&str; 3] = [
    "programOfferingAssociation",
    "courseOfferingAssociation",
    "componentOfferingAssociation",
];

type Answer = Result<Json<Value>, Problem>;

pub(super) fn routes(system: Arc<System>) -> Router {
    Router::new()
        .route("/", get(service))
        .route("/offerings", get(offerings))
        .route("/offerings/{id}", get(offering))
        .route("/offerings/{id}/associations", get(associations_of_offering))
        .route(
            "/associations/{id}",
            get(association).put(put_result).patch(patch_result),
        )
        .route("/persons/{id}", get(person))
        .route("/persons/{id}/associations", get(enrolments_of_person))
        .route("/organizations/{id}", get(organization))
        .route("/groups", get(groups))
        .route("/groups/{id}", get(group))
        .route("/groups/{id}/members", get(members))
        .fallback(async || Problem::not_found("this system has no such endpoint; §5.1 of the agreement lists them"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .with_state(system)
}

/// Table 5.0.B. No token is needed to find out how to talk.
async fn service() -> Json<Value> {
    Json(json!({
        "contactEmail": "functioneelbeheer@mbo-waterland.example",
        "specification": "https://mbo-waterland.example/oke/openapi.yaml",
        "documentation": "https://mbo-waterland.example/oke",
        "supportedVersions": ["v5"],
        "supportedConsumers": [{ "consumerKey": "nl-test-admin", "version": "1.0.1" }],
    }))
}

async fn offerings(State(system): State<Arc<System>>, headers: HeaderMap, uri: Uri) -> Answer {
    system.entrance.check(&headers, FLOW_1_5)?;
    let query = Query::of(&uri);
    let offering_type = query.one_of("offeringType", &["component", "course", "program"])?;
    let component_type = query.get("component.componentType");
    let since = boundary(&query, "since")?;
    let until = boundary(&query, "until")?;
    let wanted = query.get("q").map(str::to_lowercase);

    let registry = system.registry();
    let matches = |offering: &&Value| {
        let (start, end) = period(offering);
        offering_type.is_none_or(|wanted| offering["offeringType"] == wanted)
            && component_type.is_none_or(|wanted| offering["component"]["componentType"] == wanted)
            // R20: everything that overlaps the period.
            && since.zip(end).is_none_or(|(since, end)| end >= since)
            && until.zip(start).is_none_or(|(until, start)| start <= until)
            && wanted.as_deref().is_none_or(|wanted| names(offering).to_lowercase().contains(wanted))
    };
    let found = registry
        .offerings
        .values()
        .filter(matches)
        .map(|offering| expanded_offering(&registry, offering, &query, ""));
    Ok(Json(query.page(found.collect())?))
}

async fn offering(State(system): State<Arc<System>>, headers: HeaderMap, Path(id): Path<String>, uri: Uri) -> Answer {
    system.entrance.check(&headers, FLOW_1_5)?;
    let registry = system.registry();
    let offering = registry.offerings.get(&id).ok_or_else(|| unknown("offering", &id))?;
    Ok(Json(expanded_offering(&registry, offering, &Query::of(&uri), "")))
}

async fn associations_of_offering(
    State(system): State<Arc<System>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    system.entrance.check(&headers, FLOW_1_5)?;
    let query = Query::of(&uri);
    let association_type = query.one_of("associationType", &TYPES)?;
    let role = query.one_of("role", &ROLES)?;
    let state = query.one_of("state", &STATES)?;
    let result_state = query.one_of("result-state", &RESULT_STATES)?;
    let registry = system.registry();
    if !registry.offerings.contains_key(&id) {
        return Err(unknown("offering", &id));
    }
    let matches = |json: &&Value| {
        reference(json, "offering", "offeringId") == Some(id.as_str())
            && association_type.is_none_or(|wanted| json["associationType"] == wanted)
            && role.is_none_or(|wanted| json["role"] == wanted)
            && state.is_none_or(|wanted| json["state"] == wanted)
            && result_state.is_none_or(|wanted| json["result"]["state"] == wanted)
    };
    let all = registry.associations.values().map(|held| &held.json);
    let found = all
        .filter(matches)
        .map(|json| expanded_association(&registry, json, &query));
    Ok(Json(query.page(found.collect())?))
}

async fn association(
    State(system): State<Arc<System>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    system.entrance.check(&headers, FLOW_1_5)?;
    let registry = system.registry();
    let held = registry
        .associations
        .get(&id)
        .ok_or_else(|| unknown("association", &id))?;
    Ok(Json(expanded_association(&registry, &held.json, &Query::of(&uri))))
}

async fn person(State(system): State<Arc<System>>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    system.entrance.check(&headers, FLOW_1_5)?;
    let registry = system.registry();
    registry
        .persons
        .get(&id)
        .cloned()
        .map(Json)
        .ok_or_else(|| unknown("person", &id))
}

/// Flow 6 (§3.6.3): programme enrolments only, never with the person in them.
async fn enrolments_of_person(
    State(system): State<Arc<System>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    system.entrance.check(&headers, FLOW_6)?;
    let query = Query::of(&uri);
    query.one_of("associationType", &["programOffering", "programOfferingAssociation"])?;
    if query.expands("person") {
        return Err(Problem::bad_request("expand=person is not offered in flow 6 (§3.6.3)"));
    }
    let registry = system.registry();
    if !registry.persons.contains_key(&id) {
        return Err(unknown("person", &id));
    }
    let matches = |json: &&Value| {
        json["associationType"] == "programOfferingAssociation"
            && reference(json, "person", "personId") == Some(id.as_str())
    };
    let all = registry.associations.values().map(|held| &held.json);
    let found = all
        .filter(matches)
        .map(|json| expanded_association(&registry, json, &query));
    Ok(Json(query.page(found.collect())?))
}

async fn organization(
    State(system): State<Arc<System>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    system.entrance.check(&headers, FLOW_1_5)?;
    let query = Query::of(&uri);
    let registry = system.registry();
    let mut json = registry
        .organizations
        .get(&id)
        .cloned()
        .ok_or_else(|| unknown("organization", &id))?;
    let whole = |id: &Value| id.as_str().and_then(|id| registry.organizations.get(id)).cloned();
    if query.expands("parent")
        && let Some(parent) = whole(&json["parent"])
    {
        json["parent"] = parent;
    }
    if query.expands("children")
        && let Some(children) = json["children"].as_array()
    {
        json["children"] = children.iter().filter_map(whole).collect();
    }
    Ok(Json(json))
}

async fn groups(State(system): State<Arc<System>>, headers: HeaderMap, uri: Uri) -> Answer {
    system.entrance.check(&headers, FLOW_1_5)?;
    let query = Query::of(&uri);
    let wanted = query.get("q").unwrap_or_default().to_lowercase();
    let all = system.school.groups.iter().map(|group| &group.json);
    let found = all.filter(|json| names(json).to_lowercase().contains(&wanted)).cloned();
    Ok(Json(query.page(found.collect())?))
}

async fn group(State(system): State<Arc<System>>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    system.entrance.check(&headers, FLOW_1_5)?;
    let found = system
        .school
        .groups
        .iter()
        .find(|group| group.json["groupId"] == id.as_str());
    found
        .map(|group| Json(group.json.clone()))
        .ok_or_else(|| unknown("group", &id))
}

async fn members(State(system): State<Arc<System>>, headers: HeaderMap, Path(id): Path<String>, uri: Uri) -> Answer {
    system.entrance.check(&headers, FLOW_1_5)?;
    let found = system
        .school
        .groups
        .iter()
        .find(|group| group.json["groupId"] == id.as_str());
    let group = found.ok_or_else(|| unknown("group", &id))?;
    Ok(Json(Query::of(&uri).page(group.members.clone())?))
}

async fn patch_result(State(system): State<Arc<System>>, Path(id): Path<String>, request: Request) -> Response {
    take(&system, "PATCH", &id, request).await
}

async fn put_result(State(system): State<Arc<System>>, Path(id): Path<String>, request: Request) -> Response {
    take(&system, "PUT", &id, request).await
}

/// Takes a message of flow 5: applies it or refuses it, and keeps it either way.
async fn take(system: &Arc<System>, method: &str, id: &str, request: Request) -> Response {
    if let Err(problem) = system.entrance.check(request.headers(), FLOW_1_5) {
        return problem.into_response();
    }
    let media = if method == "PUT" {
        Media::Json
    } else {
        Media::MergePatch
    };
    let body = read_object(request, media).await;
    let at = system.now.get();
    match body.and_then(|body| apply(system, at, method, id, body)) {
        Ok(response) => response,
        Err(problem) => {
            let refused = RefusedMessage {
                at,
                method: method.to_owned(),
                association_id: id.to_owned(),
                status: problem.status.as_u16(),
                detail: problem.detail.clone(),
            };
            system.registry().refused.push(refused);
            problem.into_response()
        }
    }
}

fn apply(system: &Arc<System>, at: jiff::Timestamp, method: &str, id: &str, body: Value) -> Result<Response, Problem> {
    let mut registry = system.registry();
    let accepted = match method {
        "PUT" => flow5::check_put(&registry, id, &body)?,
        _ => flow5::check_patch(&registry, id, &body)?,
    };
    registry.apply(at, method, id, body.clone(), accepted.remarks);
    let state = registry.associations[id].json["state"].clone();
    drop(registry);
    documents::fetch(system, id, &body);
    Ok(match accepted.status {
        StatusCode::OK if method == "PATCH" => {
            let message = [json!({ "language": "nl-NL", "value": "Resultaat verwerkt" })];
            Json(json!({ "associationId": id, "state": state, "message": message })).into_response()
        }
        status => status.into_response(),
    })
}

fn expanded_association(registry: &Registry, json: &Value, query: &Query) -> Value {
    let mut json = json.clone();
    let person = reference(&json, "person", "personId").and_then(|id| registry.persons.get(id));
    if query.expands("person")
        && let Some(person) = person
    {
        json["person"] = person.clone();
    }
    let asks_inside = query.expands("offering.program") || query.expands("offering.organization");
    let offering = reference(&json, "offering", "offeringId").and_then(|id| registry.offerings.get(id));
    if (query.expands("offering") || asks_inside)
        && let Some(offering) = offering
    {
        json["offering"] = expanded_offering(registry, offering, query, "offering.");
    }
    json
}

/// Programs and components are always whole, since this system has no endpoints for them (§4.2, §4.12).
fn expanded_offering(registry: &Registry, offering: &Value, query: &Query, prefix: &str) -> Value {
    let mut offering = offering.clone();
    let organization = offering["organization"]
        .as_str()
        .and_then(|id| registry.organizations.get(id));
    if query.expands(&format!("{prefix}organization"))
        && let Some(organization) = organization
    {
        offering["organization"] = organization.clone();
    }
    offering
}

fn period(offering: &Value) -> (Option<jiff::Timestamp>, Option<jiff::Timestamp>) {
    let boundary = |moment: &str, date: &str| {
        let by_moment = offering[moment].as_str().and_then(parse_moment);
        by_moment.or_else(|| {
            offering[date]
                .as_str()
                .filter(|text| parse_date(text).is_some())
                .and_then(parse_boundary)
        })
    };
    (
        boundary("startDateTime", "startDate"),
        boundary("endDateTime", "endDate"),
    )
}

fn boundary(query: &Query, name: &str) -> Result<Option<jiff::Timestamp>, Problem> {
    let Some(text) = query.get(name) else { return Ok(None) };
    let found = parse_boundary(text);
    found.map(Some).ok_or_else(|| {
        Problem::bad_request(format!(
            "query parameter {name}={text} is not a moment with offset or a date"
        ))
    })
}

fn names(json: &Value) -> String {
    let texts = json["name"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry["value"].as_str());
    let code = json["primaryCode"]["code"].as_str();
    texts.chain(code).collect::<Vec<_>>().join(" ")
}

fn unknown(kind: &str, id: &str) -> Problem {
    Problem::not_found(format!("{kind} {id} is not known here"))
}
