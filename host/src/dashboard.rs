//! Pages in Dutch, rendered on the server, readable without scripts.
//!
//! Each file is one page with the forms on it; its template has the same name in English or Dutch under `templates/`.
//! To add a page: a file with `routes()`, its line below, and its place in `shell`'s navigation. A form is read with
//! `form::Form`, which checks the session's word; what a person may not do is refused by the verb, and not shown.

mod accounts;
mod admission;
mod adopting;
mod bundles;
mod cesuren;
mod changes;
mod comparison;
mod connection_words;
mod connectors;
mod contact;
mod deadlines;
mod decisions;
mod deelname_needs;
mod draining;
mod duplicates;
mod exam_results;
mod exams;
mod exceptions;
mod file_preview;
mod file_words;
mod files;
mod form;
mod freezes;
mod health;
mod keuring_words;
mod loss_words;
mod needs;
mod oops;
mod packages;
mod policies;
mod publishers;
mod reconcile;
mod recordings;
mod refusal;
mod refused_package;
mod report;
mod revisions;
mod rollout;
mod scale_maps;
mod school;
mod session;
mod shell;
mod sittings;
mod standing;
mod statics;
mod switch;
mod systems;
#[cfg(test)]
mod tests;
mod timeline;
mod today;
mod tomorrow;
mod units;
mod words;
mod worklist;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use crate::api::Service;

/// The largest form, in bytes: 200 results to decide on fit many times.
const LARGEST_FORM: usize = 256 * 1024;

/// The routes of the pages.
pub fn router(service: Service) -> Router {
    Router::new()
        .merge(session::routes())
        .merge(today::routes())
        .merge(connectors::routes())
        .merge(revisions::routes())
        .merge(switch::routes())
        .merge(systems::routes())
        .merge(changes::routes())
        .merge(rollout::routes())
        .merge(draining::routes())
        .merge(freezes::routes())
        .merge(health::routes())
        .merge(recordings::routes())
        .merge(tomorrow::routes())
        .merge(comparison::routes())
        .merge(reconcile::routes())
        .merge(exceptions::routes())
        .merge(files::routes())
        .merge(file_preview::routes())
        .merge(needs::routes())
        .merge(deelname_needs::routes())
        .merge(duplicates::routes())
        .merge(sittings::routes())
        .merge(timeline::routes())
        .merge(publishers::routes())
        .merge(packages::routes())
        .merge(bundles::routes())
        .merge(admission::routes())
        .merge(decisions::routes())
        .merge(standing::routes())
        .merge(exams::routes())
        .merge(scale_maps::routes())
        .merge(policies::routes())
        .merge(cesuren::routes())
        .merge(contact::routes())
        .merge(accounts::routes())
        .merge(deadlines::routes())
        .merge(worklist::routes())
        .merge(school::routes())
        .merge(report::routes())
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .merge(adopting::routes())
        .merge(packages::upload_route(service.stream_limit))
        .merge(bundles::upload_route(service.stream_limit))
        .merge(files::upload_route())
        .merge(statics::routes())
        .fallback(oops::no_such_page)
        .layer(axum::middleware::map_response(guarded))
        .with_state(service)
}

/// What every answer tells the browser: nothing from elsewhere, no scripts, no frames, nothing kept on disk.
async fn guarded(mut response: Response) -> Response {
    const POLICY: &str = "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; \
                          form-action 'self'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    set(headers, CONTENT_SECURITY_POLICY, POLICY);
    set(headers, X_FRAME_OPTIONS, "DENY");
    set(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, REFERRER_POLICY, "same-origin");
    if !headers.contains_key(CACHE_CONTROL) {
        set(headers, CACHE_CONTROL, "no-store");
    }
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
