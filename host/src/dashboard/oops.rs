//! The page for what can't be shown or done: what is the matter, and what to do.

use askama::Template;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};

use crate::app::CommitError;
use crate::store::StoreError;

/// Why there is no page. The sentences are Dutch.
#[derive(Debug)]
pub enum Oops {
    /// Nobody is signed in: first that, and then to where they were going.
    SignIn(String),
    /// Not theirs to see or do.
    Forbidden(String),
    /// Nothing here by that name.
    Absent(String),
    /// A form that can't be read.
    Unreadable(String),
    /// Our own fault; the log has the cause.
    Ours,
}

impl Oops {
    /// Not theirs.
    pub fn forbidden(sentence: impl Into<String>) -> Self {
        Oops::Forbidden(sentence.into())
    }

    /// Not here.
    pub fn absent(sentence: impl Into<String>) -> Self {
        Oops::Absent(sentence.into())
    }

    /// Our own fault: the cause goes to the log.
    pub fn ours(error: &dyn std::error::Error) -> Self {
        let causes: Vec<String> = std::iter::successors(error.source(), |cause| cause.source())
            .map(ToString::to_string)
            .collect();
        tracing::error!(
            causes = causes.join(": "),
            "a page failed through our own fault: {error}"
        );
        Oops::Ours
    }
}

impl From<StoreError> for Oops {
    fn from(error: StoreError) -> Self {
        Oops::ours(&error)
    }
}

impl From<CommitError> for Oops {
    fn from(error: CommitError) -> Self {
        Oops::ours(&error)
    }
}

impl From<askama::Error> for Oops {
    fn from(error: askama::Error) -> Self {
        Oops::ours(&error)
    }
}

#[derive(Template)]
#[template(path = "oops.html")]
struct OopsPage {
    title: &'static str,
    sentence: String,
    next_step: &'static str,
}

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        let (status, title, sentence, next_step) = match self {
            Oops::SignIn(to) => {
                let query: String = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("naar", &to)
                    .finish();
                return Redirect::to(&format!("/aanmelden?{query}")).into_response();
            }
            Oops::Forbidden(sentence) => (
                StatusCode::FORBIDDEN,
                "Dit mag u niet",
                sentence,
                "Er is niets gewijzigd. Hoort dit wel bij uw werk, vraag functioneel beheer dan om de juiste functie.",
            ),
            Oops::Absent(sentence) => (
                StatusCode::NOT_FOUND,
                "Niet gevonden",
                sentence,
                "Controleer het adres, of zoek het op vanaf het overzicht van de keten.",
            ),
            Oops::Unreadable(sentence) => (
                StatusCode::BAD_REQUEST,
                "Formulier niet leesbaar",
                sentence,
                "Er is niets gewijzigd. Ga terug, laad de pagina opnieuw en probeer het nog eens.",
            ),
            Oops::Ours => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Het ging mis aan onze kant",
                "De pagina kon niet worden gemaakt. De oorzaak staat in het logboek van dit systeem.".to_owned(),
                "Probeer het over een minuut opnieuw. Blijft het misgaan, meld het dan bij ICT met het tijdstip erbij. \
                 Berichten van andere systemen gaan hierdoor niet verloren.",
            ),
        };
        let page = OopsPage {
            title,
            sentence,
            next_step,
        };
        match page.render() {
            Ok(text) => (status, Html(text)).into_response(),
            Err(_) => (status, title).into_response(),
        }
    }
}

/// Any address without a page. Systems that ask for no page get no page.
pub async fn no_such_page(headers: HeaderMap) -> Response {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    if accepted.is_some_and(|accepted| accepted.contains("text/html")) {
        return Oops::absent("Op dit adres is geen pagina.").into_response();
    }
    StatusCode::NOT_FOUND.into_response()
}
