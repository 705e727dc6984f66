//! Signing in and out, and who looks at a page.

use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, Query, Request, State};
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use jiff::Timestamp;
use serde::Deserialize;

use super::form::{Fields, Form};
use super::oops::Oops;
use crate::api::Service;
use crate::app::account::{self, AccountError, SignedIn};
use crate::domain::principal::{Duty, WHOLE_SCHOOL};
use crate::telemetry::names::UNAUTHENTICATED;

const SESSION: &str = "oke_session";

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/aanmelden", get(ask).post(sign_in))
        .route("/afmelden", post(sign_out))
}

/// Who looks at a page.
pub struct Visitor {
    /// The account.
    pub who: SignedIn,
    /// The word that each form of this session carries.
    pub csrf: String,
    /// The time at which the page is made.
    pub now: Timestamp,
}

impl Visitor {
    /// Who sent these headers; `to` is where they go after signing in.
    pub async fn of(headers: &HeaderMap, to: &str, service: &Service) -> Result<Visitor, Oops> {
        let cookie = shown(headers).ok_or_else(|| Oops::SignIn(to.to_owned()))?;
        match account::by_cookie(&service.core, &cookie).await? {
            Some((who, csrf)) => Ok(Visitor {
                who,
                csrf,
                now: service.core.now(),
            }),
            None => Err(Oops::SignIn(to.to_owned())),
        }
    }

    /// The school.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.who.tenant
    }

    /// The account's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.who.account.id
    }

    /// Whether this is functioneel beheer of the whole school, as installing, trusting and granting take.
    #[must_use]
    pub fn manages(&self) -> bool {
        let everywhere = [WHOLE_SCHOOL.to_owned()];
        self.who.account.holding(Duty::Beheren, &everywhere, self.now).is_ok()
    }

    /// Whether a function is held for any unit: enough to see a page, never to decide.
    #[must_use]
    pub fn holds(&self, duty: Duty) -> bool {
        self.who.account.holds_anywhere(duty, self.now)
    }

    /// Refuses everybody but functioneel beheer of the whole school.
    pub fn must_manage(&self) -> Result<(), Oops> {
        if self.manages() {
            return Ok(());
        }
        Err(Oops::forbidden(
            "Dit kan alleen functioneel beheer: de functie ‘beheren’ voor de hele school.",
        ))
    }
}

impl FromRequestParts<Service> for Visitor {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Oops> {
        let to = parts.uri.path_and_query().map_or("/", |to| to.as_str());
        Visitor::of(&parts.headers, to, service).await
    }
}

fn shown(headers: &HeaderMap) -> Option<String> {
    if !headers.contains_key(COOKIE) {
        return None;
    }
    CookieJar::from_headers(headers)
        .get(SESSION)
        .map(|cookie| cookie.value().to_owned())
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    to: &'a str,
    refused: bool,
}

#[derive(Deserialize)]
struct Going {
    #[serde(default)]
    naar: String,
}

/// A place on this host; anything else leads to the overview, so that no link to us ends up elsewhere.
fn place_here(to: &str) -> &str {
    let is_path = to.starts_with('/') && !to.starts_with("//") && !to.contains('\\');
    if is_path && !to.chars().any(char::is_control) {
        to
    } else {
        "/"
    }
}

async fn ask(Query(going): Query<Going>) -> Result<Response, Oops> {
    let page = SignInPage {
        to: place_here(&going.naar),
        refused: false,
    };
    Ok(Html(page.render()?).into_response())
}

async fn sign_in(State(service): State<Service>, jar: CookieJar, request: Request) -> Result<Response, Oops> {
    let elsewhere = request
        .headers()
        .get("sec-fetch-site")
        .is_some_and(|site| site == "cross-site");
    if elsewhere {
        return Err(Oops::forbidden(
            "Aanmelden kan alleen op deze pagina zelf, niet vanaf een andere site.",
        ));
    }
    let fields = Fields::read(request, &service).await?;
    let to = place_here(fields.text("naar"));
    let opened = account::sign_in(&service.core, fields.text("token")).await;
    let Some(session) = opened.map_err(|error: AccountError| Oops::ours(&error))? else {
        metrics::counter!(UNAUTHENTICATED, "door" => "page").increment(1);
        let page = SignInPage { to, refused: true };
        return Ok((StatusCode::UNAUTHORIZED, Html(page.render()?)).into_response());
    };
    let cookie = Cookie::build((SESSION, session.cookie.reveal().to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(service.public_url.starts_with("https://"))
        .build();
    Ok((jar.add(cookie), Redirect::to(to)).into_response())
}

async fn sign_out(State(service): State<Service>, jar: CookieJar, _form: Form) -> Result<Response, Oops> {
    if let Some(cookie) = jar.get(SESSION) {
        let ended = account::sign_out(&service.core, cookie.value()).await;
        ended.map_err(|error| Oops::ours(&error))?;
    }
    let gone = Cookie::build((SESSION, "")).path("/").build();
    Ok((jar.remove(gone), Redirect::to("/aanmelden")).into_response())
}
