//! Forms: read whole, and only with the word that this session's forms carry (against requests that another site makes
//! a browser send).

use axum::body::Bytes;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;

use super::oops::Oops;
use super::session::Visitor;
use crate::api::Service;

/// The fields of a form, in order.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// A field without the space around it; empty when it is absent.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.trim())
    }

    /// A field that may be left empty.
    #[must_use]
    pub fn text_opt(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// All fields by this name, such as ticked boxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// All fields, by name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Reads the body of a form.
    pub async fn read(request: Request, service: &Service) -> Result<Fields, Oops> {
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            return Err(unreadable("Dit is geen formulier van deze pagina's."));
        }
        let body = Bytes::from_request(request, service).await.map_err(|rejection| {
            match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => unreadable("Het formulier is te groot: kort de tekst in."),
                _ => unreadable("Het formulier kwam niet heel over."),
            }
        })?;
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
        // What is no UTF-8 was replaced by U+FFFD; the databases take no NUL.
        let is_bad = |text: &str| {
            text.contains('\u{FFFD}')
                || text
                    .chars()
                    .any(|it| it.is_control() && !matches!(it, '\n' | '\r' | '\t'))
        };
        if fields.iter().any(|(key, value)| is_bad(key) || is_bad(value)) {
            return Err(unreadable("Het formulier bevat tekens die geen tekst zijn."));
        }
        Ok(Fields(fields))
    }
}

fn unreadable(sentence: &str) -> Oops {
    Oops::Unreadable(sentence.to_owned())
}

/// A form sent by a signed-in visitor from one of their own pages.
pub struct Form {
    /// Who sent it.
    pub visitor: Visitor,
    /// What it says.
    pub fields: Fields,
}

impl FromRequest<Service> for Form {
    type Rejection = Oops;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Oops> {
        let visitor = Visitor::of(request.headers(), "/", service).await?;
        let fields = Fields::read(request, service).await?;
        must_be_ours(fields.text("csrf"), &visitor)?;
        Ok(Form { visitor, fields })
    }
}

/// A form with a file, which is not read as the others are.
pub struct FileForm {
    /// What it says beside the file.
    pub fields: Fields,
    /// The file's own name.
    pub name: String,
    /// What is in it.
    pub file: Bytes,
}

impl FileForm {
    /// Reads a form with a file in the field `name` and texts in no others than `texts`. `largest` says in Dutch how large
    /// it may be, which the route holds it to.
    ///
    /// # Errors
    /// A form that is none of this visitor's, or did not arrive whole.
    pub async fn read(
        visitor: &Visitor,
        multipart: Result<Multipart, MultipartRejection>,
        (name, texts): (&str, &[&str]),
        largest: &str,
    ) -> Result<FileForm, Oops> {
        let not_whole = || Oops::Unreadable(format!("Het formulier kwam niet heel over; {largest}."));
        let mut multipart = multipart.map_err(|_| not_whole())?;
        let mut form = FileForm {
            fields: Fields::default(),
            name: String::new(),
            file: Bytes::new(),
        };
        while let Some(field) = multipart.next_field().await.map_err(|_| not_whole())? {
            let key = field.name().unwrap_or_default().to_owned();
            if key == name {
                form.name = field.file_name().unwrap_or(name).to_owned();
                form.file = field.bytes().await.map_err(|_| not_whole())?;
            } else if key == "csrf" || texts.contains(&key.as_str()) {
                let text = field.text().await.map_err(|_| not_whole())?;
                form.fields.0.push((key, text));
            } else {
                return Err(not_whole());
            }
        }
        must_be_ours(form.fields.text("csrf"), visitor)?;
        Ok(form)
    }
}

/// The word that a form carries against requests that another site makes a browser send.
fn must_be_ours(word: &str, visitor: &Visitor) -> Result<(), Oops> {
    match is_same(word, &visitor.csrf) {
        true => Ok(()),
        false => Err(Oops::forbidden(
            "Dit formulier hoort niet bij uw huidige aanmelding. Misschien hebt u zich intussen opnieuw aangemeld.",
        )),
    }
}

/// Compares in a time that doesn't tell where the difference is.
fn is_same(one: &str, other: &str) -> bool {
    let differences = one.bytes().zip(other.bytes()).fold(0, |seen, (a, b)| seen | (a ^ b));
    one.len() == other.len() && differences == 0
}
