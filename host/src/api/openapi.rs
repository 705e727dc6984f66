//! The OpenAPI document of the management API, made from the handlers themselves.

use axum::Json;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use super::v1::{
    account, attempt, duplicate, job, needs, package, peer, policy, proposal, publisher, result, revision, sample,
    scale_map, school, sitting, task, unit,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "OKE Host, management API", description = "What functioneel beheer, examenbureau and examencommissie \
        can do, for programs. Show an account's token as a bearer token."),
    paths(
        account::list, account::create, account::grant, account::withdraw,
        unit::list, unit::put_unit,
        peer::list, peer::create, peer::put_endpoint, peer::create_client, peer::disable_client, peer::poll, peer::pause,
        peer::resume,
        needs::show, needs::set, needs::blocked,
        attempt::show, attempt::set,
        duplicate::list, duplicate::merge, duplicate::unmerge, duplicate::apart,
        publisher::list, publisher::trust, publisher::revoke,
        package::list, package::admit,
        revision::list, revision::install, revision::rollback, revision::rollout,
        job::list, job::requeue, job::dismiss,
        task::list, task::close,
        sitting::list, sitting::show, sitting::plan, sitting::change, sitting::cancel, sitting::add,
        sitting::change_needs, sitting::follow_table, sitting::cancel_deelname, sitting::make_person,
        result::components, result::refresh, result::plannables, result::enrolments, result::versions, result::decide,
        result::set_cesuur,
        policy::of_school, policy::set_of_school, policy::of_unit, policy::set_of_unit, policy::of_exam,
        policy::set_of_exam,
        proposal::list, proposal::of_deelname, proposal::propose, proposal::confirm, proposal::reject,
        scale_map::list, scale_map::propose, scale_map::settle,
        sample::list, sample::draw,
        school::show, school::set_terms, school::add_days_off, school::remove_days_off, school::deadlines,
        school::plan_cesuur,
    ),
    modifiers(&Bearer),
    security(("token" = [])),
)]
struct Document;

/// Every operation takes an account's token.
struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// `GET /api/v1/openapi.json`.
pub async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
