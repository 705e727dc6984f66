//! `/koppelingen/{peer}/overnemen`: what a school has at a vendor already is taken in from a list, line by line seen before
//! anything is stored.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::form::{FileForm, Form};
use super::oops::Oops;
use super::refusal::{Said as Told, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::app::Refused;
use crate::app::adopting::list::{self, Listed};
use crate::app::adopting::{self, Adopter, Line, Preview, Said};
use crate::domain::principal::Duty;
use crate::store::peer;

/// The largest form, in bytes: a list of 1 MiB, and its lines in the form that has them stored.
const LARGEST_LIST: usize = 2 << 20;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/koppelingen/{peer}/overnemen", get(show).post(bring))
        .route("/koppelingen/{peer}/overnemen/bewaren", post(store))
        .layer(DefaultBodyLimit::max(LARGEST_LIST))
}

struct ToChoose {
    number: u32,
    what: String,
    options: Vec<(usize, String)>,
}

struct Shown {
    number: u32,
    what: String,
    word: &'static str,
    class: &'static str,
    says: String,
    /// Where it is known.
    href: Option<String>,
}

impl Shown {
    fn of(line: &Line) -> Shown {
        let is_of_sitting = line.listed.is_of_sitting();
        let (word, class, says, href) = match &line.said {
            Said::Take(differs) => ("wordt overgenomen", "good", differs.join("; "), None),
            Said::Known(id) => {
                let place = if is_of_sitting { "zittingen" } else { "deelnames" };
                let href = format!("/{place}/{}", words::in_address(id));
                ("staat er al", "", String::new(), Some(href))
            }
            Said::Choice(_) => ("kiezen", "wait", "Kies hieronder welke is bedoeld.".to_owned(), None),
            Said::Refused { message, .. } => ("niet", "bad", message.clone(), None),
        };
        Shown {
            number: line.listed.number,
            what: what(&line.listed),
            word,
            class,
            says,
            href,
        }
    }
}

/// The vendor's ids and ours: no names.
fn what(listed: &Listed) -> String {
    let cells = [
        Some(&listed.sitting),
        listed.deelname.as_ref(),
        listed.enrolment.as_ref(),
        listed.student.as_ref(),
    ];
    let cells: Vec<&str> = cells.into_iter().flatten().map(String::as_str).collect();
    cells.join(" · ")
}

#[derive(Template)]
#[template(path = "adopting.html")]
struct AdoptingPage {
    shell: Shell,
    peer: String,
    name: String,
    lines: Vec<Shown>,
    choose: Vec<ToChoose>,
    /// Of what is shown; empty where there is nothing to store.
    digest: String,
    /// The list itself, to be stored.
    list: String,
    taken: usize,
    known: usize,
    refused: usize,
}

/// What the page shows beside the vendor.
#[derive(Default)]
struct Seen {
    preview: Option<Preview>,
    list: String,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(
        &service,
        &visitor,
        &id,
        (StatusCode::OK, just_done.notice()),
        Seen::default(),
    )
    .await
}

fn must_plan(visitor: &Visitor) -> Result<(), Oops> {
    match visitor.manages() || visitor.holds(Duty::Plannen) {
        true => Ok(()),
        false => Err(Oops::forbidden(
            "Overnemen kan wie plant, of functioneel beheer: de functie ‘plannen’ of ‘beheren’.",
        )),
    }
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (status, notice): (StatusCode, Option<Notice>),
    seen: Seen,
) -> Result<Response, Oops> {
    must_plan(visitor)?;
    let row = peer::find(&service.core.db, visitor.tenant(), id).await?;
    let row = row
        .filter(|row| row.hat == "ta")
        .ok_or_else(|| Oops::absent("Deze leverancier is er niet."))?;
    let lines = seen.preview.as_ref().map_or(&[][..], |preview| &preview.lines);
    let [taken, known, choices, refused] = seen.preview.as_ref().map_or([0; 4], Preview::counts);
    let adopting_page = AdoptingPage {
        shell: Shell::around(
            service,
            visitor,
            "/koppelingen",
            format!("Overnemen: {}", row.name),
            notice,
        )
        .await?,
        choose: lines.iter().filter_map(to_choose).collect(),
        lines: lines.iter().map(Shown::of).collect(),
        digest: match (&seen.preview, taken + choices) {
            (Some(preview), 1..) => preview.digest.clone(),
            _ => String::new(),
        },
        list: seen.list,
        taken,
        known,
        refused,
        peer: row.id,
        name: row.name,
    };
    page(status, &adopting_page)
}

fn to_choose(line: &Line) -> Option<ToChoose> {
    let Said::Choice(several) = &line.said else { return None };
    let option = |(nth, one): (usize, &adopting::Choice)| {
        (
            nth,
            format!("deelname {} voor inschrijving {}", one.deelname, one.enrolment),
        )
    };
    Some(ToChoose {
        number: line.listed.number,
        what: what(&line.listed),
        options: several.iter().enumerate().map(option).collect(),
    })
}

fn adopter<'a>(visitor: &'a Visitor, peer: &'a str) -> Adopter<'a> {
    Adopter {
        tenant: visitor.tenant(),
        account: &visitor.who.account,
        peer,
    }
}

async fn bring(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Oops> {
    must_plan(&visitor)?;
    let form = FileForm::read(&visitor, multipart, ("bestand", &[]), "een lijst is hoogstens 1 MiB").await?;
    match list::from_file(&form.file) {
        Ok(listed) => previewed(&service, &visitor, &id, &listed, None).await,
        Err(why) => {
            let told = (StatusCode::UNPROCESSABLE_ENTITY, Notice::refused(why.to_string()));
            shown(&service, &visitor, &id, told, Seen::default()).await
        }
    }
}

async fn previewed(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    listed: &[Listed],
    told: Option<Told>,
) -> Result<Response, Oops> {
    let found = adopting::preview(&service.core, &service.connectors, adopter(visitor, id), listed).await;
    let preview = match found {
        Ok(preview) => preview,
        Err(refused) => {
            let told = in_dutch(refused)?;
            let told = (told.status, Notice::refused(told.sentence));
            return shown(service, visitor, id, told, Seen::default()).await;
        }
    };
    let seen = Seen {
        preview: Some(preview),
        list: serde_json::to_string(listed).map_err(|error| Oops::ours(&error))?,
    };
    let told = match told {
        None => (StatusCode::OK, None),
        Some(told) => (told.status, Notice::refused(told.sentence)),
    };
    shown(service, visitor, id, told, seen).await
}

fn in_dutch(refused: Refused) -> Result<Told, Oops> {
    match refused {
        Refused::NotPlannable(_) => Ok(Told::conflict(
            "Deze leverancier is uitgeschakeld: er komt niets nieuws meer bij. Laat functioneel beheer haar weer inschakelen.",
        )),
        Refused::Invalid(sentence) => Ok(Told::bad(sentence)),
        Refused::TooSlow { read, of, seconds } => Ok(Told::conflict(format!(
            "De leverancier antwoordt te traag: binnen {seconds} seconden zijn {read} van de {of} zittingen teruggelezen. \
             Er is niets overgenomen. Splits de lijst, of probeer het later opnieuw."
        ))),
        other => of_refused(
            other,
            "Dat kan nu niet: er werkt geen koppeling die deze leverancier kan teruglezen.",
        ),
    }
}

async fn store(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    must_plan(visitor)?;
    let listed: Vec<Listed> = serde_json::from_str(fields.text("lijst"))
        .map_err(|_| Oops::Unreadable("Het formulier kwam niet heel over. Breng de lijst opnieuw.".to_owned()))?;
    let choice = |(key, value): (&str, &str)| Some((key.strip_prefix("keuze-")?.parse().ok()?, value.parse().ok()?));
    let choices: BTreeMap<u32, usize> = fields.iter().filter_map(choice).collect();
    let asked = (listed.as_slice(), &choices);
    let adopter = adopter(visitor, &id);
    match adopting::store(
        &service.core,
        &service.connectors,
        adopter,
        asked,
        fields.text("digest"),
    )
    .await
    {
        Ok(_) => Ok(after(
            &format!("/koppelingen/{}/overnemen", words::in_address(&id)),
            "overgenomen",
        )),
        Err(Refused::NotNow(_)) => {
            let told = Told::conflict("Er is intussen iets veranderd. Kijk opnieuw wat er zou gebeuren.");
            previewed(&service, visitor, &id, &listed, Some(told)).await
        }
        Err(refused) => {
            let told = in_dutch(refused)?;
            let told = (told.status, Notice::refused(told.sentence));
            shown(&service, visitor, &id, told, Seen::default()).await
        }
    }
}
