//! Who sends: the client whose token a request shows, its school, its peer, and whether its scope covers the operation.

use std::collections::HashMap;

use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, Path};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::problem::Problem;
use crate::api::Service;
use crate::app::account::digest;
use crate::app::draft::Sender;
use crate::telemetry::names::UNAUTHENTICATED;

/// Flow 0.
pub const FLOW_0: &str = "nl-test-admin-flow-0";
/// Flows 1 and 5.
pub const FLOW_1_5: &str = "nl-test-admin-flow-1-5";
/// Flows 2, 3 and 4.
pub const FLOW_2_3_4: &str = "nl-test-admin-flow-2-3-4";
/// Flow 6.
pub const FLOW_6: &str = "nl-test-admin-flow-6";

/// The client behind a request to a face of its school. Another school's face does not exist for it (404).
pub struct Client {
    /// As the verbs want it.
    pub sender: Sender,
    /// `dr` for a student system, `ta` for a vendor, `tpl` for an outside planning system.
    pub hat: String,
    scopes: Vec<String>,
}

impl Client {
    /// Refuses a token without this scope.
    ///
    /// # Errors
    /// 403, which names the scope.
    pub fn must_have(&self, scope: &str) -> Result<(), Problem> {
        if self.scopes.iter().any(|held| held == scope) {
            return Ok(());
        }
        let held = self.scopes.join(" ");
        Err(Problem::forbidden(format!(
            "this takes a token with scope {scope}; the one shown has: {held}"
        )))
    }

    /// Refuses a token with neither scope (the published sources contradict each other on documents, RULES §4).
    ///
    /// # Errors
    /// 403, which names both.
    pub fn must_have_either(&self, one: &str, other: &str) -> Result<(), Problem> {
        if self.scopes.iter().any(|held| held == one || held == other) {
            return Ok(());
        }
        let held = self.scopes.join(" ");
        Err(Problem::forbidden(format!(
            "this takes a token with scope {one} or {other}; the one shown has: {held}"
        )))
    }
}

/// The token that a request shows, whoever's it is.
pub fn shown_token(headers: &HeaderMap) -> Option<String> {
    let shown = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = shown.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

impl FromRequestParts<Service> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let refused = |why: &'static str| {
            metrics::counter!(UNAUTHENTICATED, "door" => "oke").increment(1);
            Problem::unauthorized(why)
        };
        let token = shown_token(&parts.headers)
            .ok_or_else(|| refused("show a token as `Authorization: Bearer …`; POST /oauth2/token gives one"))?;
        let holder = service.core.holder(digest(&token)).await?;
        let holder = holder.ok_or_else(|| refused("this token is not known here; POST /oauth2/token gives one"))?;
        if holder.expires_at <= service.core.now() {
            return Err(refused("this token has expired; POST /oauth2/token gives a new one"));
        }
        let Path(path) = parts
            .extract::<Path<HashMap<String, String>>>()
            .await
            .map_err(|rejection| Problem::bad(rejection.body_text()))?;
        if path.get("tenant") != Some(&holder.tenant) {
            return Err(Problem::absent("there is no such school here"));
        }
        let sender = Sender {
            tenant: holder.tenant,
            peer: holder.peer,
            client: holder.client_id,
            dialect: holder.dialect,
        };
        Ok(Client {
            sender,
            hat: holder.hat,
            scopes: holder.scopes,
        })
    }
}
