//! The OpenAPI document of the management API, made from the handlers themselves.

use axum::Json;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use super::v1::{
    account, adoption, attempt, bundle, comparison, contact, deelname, drain, duplicate, file, freeze, health, job,
    keuring, landscape, loss, needs, package, peer, policy, proposal, publisher, recording, registrations, result,
    revision, rollout, sample, scale_map, school, sitting, task, unit,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "OKE Host, management API", description = "What functioneel beheer, examenbureau and examencommissie \
        can do, for programs. Show an account's token as a bearer token."),
    paths(
        account::list, account::create, account::grant, account::withdraw,
        account::disable, account::enable, account::renew,
        unit::list, unit::put_unit,
        peer::list, peer::create, peer::put_endpoint, peer::test_endpoint, peer::put_dialect, peer::put_webhook, peer::clients, peer::create_client, peer::disable_client, peer::poll, peer::pause,
        peer::resume,
        loss::show,
        landscape::systems, landscape::allow, landscape::forbid,
        registrations::show, registrations::put,
        needs::show, needs::set, needs::blocked,
        attempt::show, attempt::set,
        duplicate::list, duplicate::merge, duplicate::unmerge, duplicate::apart,
        publisher::list, publisher::trust, publisher::revoke, publisher::expire, publisher::revocation,
        package::list, package::admit, bundle::import, bundle::foresee,
        keuring::list, keuring::ask, keuring::counter_sign, keuring::review, keuring::approve, keuring::policy,
        keuring::set_policy,
        revision::list, revision::install, revision::rollback, revision::rollout,
        rollout::show, rollout::begin, rollout::step, rollout::approve, rollout::difference, rollout::label,
        drain::list, drain::begin, drain::end, drain::lift,
        freeze::list, freeze::enter, freeze::withdraw, freeze::propose, freeze::calendar,
        health::show, recording::show, recording::set,
        file::list, file::sittings, file::take, file::content, file::bring, file::preview_lines, file::store,
        file::refused,
        job::list, job::requeue, job::dismiss,
        task::list, task::claim, task::release, task::close,
        sitting::list, sitting::show, sitting::plan, sitting::change, sitting::cancel,
        comparison::of_sitting, comparison::ask, comparison::repair, comparison::list, comparison::recent,
        comparison::stands, comparison::sign_off,
        adoption::preview, adoption::store,
        deelname::add, deelname::change_needs, deelname::follow_table, deelname::cancel, deelname::make_person,
        result::components, result::refresh, result::plannables, result::enrolments, result::versions, result::decide,
        result::examenversies, result::set_cesuur,
        policy::of_school, policy::set_of_school, policy::of_unit, policy::set_of_unit, policy::of_exam,
        policy::set_of_exam,
        proposal::list, proposal::of_deelname, proposal::propose, proposal::confirm, proposal::reject,
        scale_map::list, scale_map::propose, scale_map::settle,
        sample::list, sample::draw,
        school::show, school::set_terms, school::add_days_off, school::remove_days_off, school::deadlines,
        school::plan_cesuur,
        contact::show, contact::put_contact_email,
        document,
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

/// This document. The one operation that takes no token.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "openapi", security(()),
    responses((status = 200, description = "an OpenAPI document", content_type = "application/json")))]
pub async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::operations;

    /// Whoever adds a route documents it, and whoever documents one serves it.
    #[test]
    fn what_is_served_is_what_is_documented() {
        let served: BTreeSet<(String, String)> = operations(1, 1)
            .served()
            .iter()
            .map(|(method, path)| ((*method).to_owned(), (*path).to_owned()))
            .collect();
        let mut documented = BTreeSet::new();
        let document = serde_json::to_value(Document::openapi()).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                documented.insert((method.clone(), path.clone()));
            }
        }
        let undocumented: Vec<_> = served.difference(&documented).collect();
        let unserved: Vec<_> = documented.difference(&served).collect();
        assert!(
            undocumented.is_empty() && unserved.is_empty(),
            "served without being documented: {undocumented:?}; documented without being served: {unserved:?}"
        );
    }
}
