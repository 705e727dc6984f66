//! What is kept of a message that a face refuses: nothing but an audit line, of who tried what on which object. A request
//! without a token that counts is counted only.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use tracing::warn;

use super::bearer::shown_token;
use crate::api::Service;
use crate::app::account::digest;
use crate::store::{AuditEntry, WriteSet};

/// The longest id that is repeated in an audit line.
const LONGEST_ID: usize = 128;

/// Notes a refusal after the fact, so that messages that are taken pay nothing for it.
pub async fn note(State(service): State<Service>, request: Request, next: Next) -> Response {
    let token = shown_token(request.headers());
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status();
    let is_refusal = status.is_client_error() && status != StatusCode::UNAUTHORIZED;
    if is_refusal && let Some(token) = token {
        audit(&service, &token, &method, &path, status).await;
    }
    response
}

async fn audit(service: &Service, token: &str, method: &str, path: &str, status: StatusCode) {
    let core = &service.core;
    let holder = match core.holder(digest(token)).await {
        Ok(Some(holder)) if holder.expires_at > core.now() => holder,
        Ok(_) => return,
        Err(error) => {
            warn!("could not look up who sent a refused message: {error}");
            return;
        }
    };
    let (subject_kind, subject_id) = subject(path);
    let mut set = WriteSet::of(&holder.tenant);
    set.audit(AuditEntry {
        actor: format!("client:{}", holder.client_id),
        verb: "message.refuse",
        subject_kind,
        subject_id,
        detail: format!("{method} {}", status.as_u16()),
        content: Vec::new(),
    });
    if let Err(error) = core.commit(set).await {
        warn!("could not note a refused message: {error}");
    }
}

/// Which object a path names, such as `/oke/roc/tpl/associations/ID` or `/oke/roc/ta/toa/offerings/ID`.
fn subject(path: &str) -> (&'static str, String) {
    let mut segments = path.trim_start_matches('/').split('/').skip(2);
    if segments.next() == Some("ta") {
        // The vendor whose face it is.
        segments.next();
    }
    let kind = match segments.next() {
        Some("offerings") => "offering",
        Some("associations") => "association",
        Some("persons") => "person",
        Some("documents") => "document",
        Some("groups") => "group",
        Some("components") => "component",
        _ => "face",
    };
    let id = segments.next().unwrap_or_default();
    (kind, id.chars().take(LONGEST_ID).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_object() {
        assert_eq!(subject("/oke/roc/tpl/persons/p-1"), ("person", "p-1".to_owned()));
        assert_eq!(subject("/oke/roc/tpl/groups/g"), ("group", "g".to_owned()));
        assert_eq!(subject("/oke/roc/tpl"), ("face", String::new()));
        assert_eq!(subject("/oke/roc/ta/toa/offerings/o"), ("offering", "o".to_owned()));
        assert_eq!(
            subject(&format!("/oke/roc/tpl/persons/{}", "é".repeat(900)))
                .1
                .chars()
                .count(),
            LONGEST_ID
        );
    }
}
