//! Who calls: the account whose token the request shows, and the functions it must hold.

use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Json, Request};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::Service;
use super::problem::Problem;
use super::storable::not_storable;
use crate::app::account::{self, SignedIn};
use crate::app::unit::Units;
use crate::domain::principal::{Duty, WHOLE_SCHOOL};
use crate::store::scope::Scope;
use crate::telemetry::names::UNAUTHENTICATED;

/// The account behind a request. Requests without one are counted, not written one by one.
pub struct Caller(pub SignedIn);

impl FromRequestParts<Service> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let shown = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = shown.and_then(|value| value.strip_prefix("Bearer "));
        let who = match token {
            Some(token) => account::by_token(&service.core, token.trim()).await?,
            None => None,
        };
        who.map(Caller).ok_or_else(|| {
            metrics::counter!(UNAUTHENTICATED, "door" => "api").increment(1);
            let detail = "show an account's token as `Authorization: Bearer oke_…`; `oke init` and POST /api/v1/accounts \
                          make them";
            Problem::new(StatusCode::UNAUTHORIZED, "who-are-you", detail)
        })
    }
}

impl Caller {
    /// The school.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.0.tenant
    }

    /// The account's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.account.id
    }

    /// Refuses who does not hold this function for the whole school now.
    ///
    /// # Errors
    /// 403, which says what it takes.
    pub fn must_hold(&self, service: &Service, duty: Duty) -> Result<(), Problem> {
        let everywhere = [WHOLE_SCHOOL.to_owned()];
        match self.0.account.holding(duty, &everywhere, service.core.now()) {
            Ok(_) => Ok(()),
            Err(refusal) => Err(Problem::forbidden(format!(
                "{refusal}; it takes `{}` for the whole school",
                duty.name()
            ))),
        }
    }

    /// What the account's functions reach now: that much of sittings, results and tasks it sees (R24).
    ///
    /// # Errors
    /// 403 for an account without any function; what the database says.
    pub async fn reach(&self, service: &Service) -> Result<Scope, Problem> {
        self.must_hold_any(service, &Duty::ALL)?;
        let units = Units::of(&service.core.db, self.tenant()).await?;
        Ok(units.reach(&self.0.account, service.core.now()))
    }

    /// Refuses who holds none of these functions anywhere: enough to read.
    ///
    /// # Errors
    /// 403, which says what it takes.
    pub fn must_hold_any(&self, service: &Service, duties: &[Duty]) -> Result<(), Problem> {
        let now = service.core.now();
        if duties.iter().any(|duty| self.0.account.holds_anywhere(*duty, now)) {
            return Ok(());
        }
        let names: Vec<&str> = duties.iter().map(|duty| duty.name()).collect();
        Err(Problem::forbidden(format!(
            "it takes one of these functions: {}",
            names.join(", ")
        )))
    }
}

/// A JSON body, whose rejection is a problem answer.
pub struct Body<T>(pub T);

impl<T, S> FromRequest<S> for Body<T>
where
    T: serde::de::DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state)
            .await
            .map_err(JsonRejection::from)?;
        let again = Request::from_parts(parts, bytes.clone().into());
        let Json(value) = Json::<T>::from_request(again, state).await?;
        let as_json = serde_json::from_slice(&bytes).ok();
        if let Some(what) = as_json.as_ref().and_then(not_storable) {
            return Err(Problem::bad("text", what));
        }
        Ok(Body(value))
    }
}
