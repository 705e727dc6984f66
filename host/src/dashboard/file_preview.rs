//! `/koppelingen/{peer}/bestanden/{file}`: what a file that came back would do, line by line, and having exactly that
//! stored.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::file_words::{self, said, said_word, state_word, stated_in_words};
use super::files::{attachment, carrier, vendor};
use super::form::{Fields, Form};
use super::oops::Oops;
use super::refusal::InDutch as _;
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::app::files::keep::{self, Choices};
use crate::app::files::preview::{self, Line, Preview, Said};
use crate::app::files::{self, File, FileError, refused_lines};
use crate::store::carried_file::FileState;

/// Lines on one page.
const LINES: usize = 100;
/// Most lines to choose at on one page; who has more mends the file.
const MOST_CHOICES: usize = 500;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/koppelingen/{peer}/bestanden/{file}", get(show))
        .route("/koppelingen/{peer}/bestanden/{file}/opslaan", post(store))
        .route("/koppelingen/{peer}/bestanden/{file}/geweigerd.csv", get(refused))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// Which lines: `nemen`, `kiezen`, `geweigerd`, `bekend`; all without it.
    #[serde(default)]
    toon: String,
    /// How many of them are passed over.
    #[serde(default)]
    vanaf: usize,
}

impl Asked {
    fn shows(&self, line: &Line) -> bool {
        match self.toon.as_str() {
            "nemen" => matches!(line.said, Said::Result(_) | Said::Test(_)),
            "kiezen" => matches!(line.said, Said::Choice(_)),
            "geweigerd" => matches!(line.said, Said::Refused { .. }),
            "bekend" => matches!(line.said, Said::Known | Said::Nothing),
            _ => true,
        }
    }
}

struct Shown {
    number: u32,
    word: &'static str,
    class: &'static str,
    says: String,
    deelname: String,
    cells: String,
}

impl Shown {
    fn of(line: &Line) -> Self {
        let (word, class) = said_word(&line.said);
        Shown {
            number: line.number,
            word,
            class,
            says: said(&line.said),
            deelname: match &line.said {
                Said::Result(stated) => stated.deelname.clone(),
                _ => String::new(),
            },
            cells: line.cells.join(" · "),
        }
    }
}

struct ToChoose {
    number: u32,
    cells: String,
    options: Vec<(usize, String)>,
}

impl ToChoose {
    fn of(line: &Line) -> Option<Self> {
        let Said::Choice(several) = &line.said else { return None };
        let option =
            |(nth, stated): (usize, &preview::Stated)| (nth, format!("{}: {}", stated.label, stated_in_words(stated)));
        Some(ToChoose {
            number: line.number,
            cells: line.cells.join(" · "),
            options: several.iter().enumerate().map(option).collect(),
        })
    }
}

#[derive(Template)]
#[template(path = "file.html")]
struct FilePage {
    shell: Shell,
    peer: String,
    vendor: String,
    id: String,
    name: String,
    word: &'static str,
    class: &'static str,
    brought: String,
    by: String,
    stored: String,
    /// Until when its content is kept, or when it was erased.
    kept_until: String,
    is_erased: bool,
    taken: u32,
    kept: u32,
    known: u32,
    refused: u32,
    /// What would be stored, while nothing is.
    digest: String,
    choose: Vec<ToChoose>,
    more_choices: usize,
    toon: String,
    lines: Vec<Shown>,
    from: usize,
    total: usize,
    before: Option<usize>,
    next: Option<usize>,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(of): Path<(String, String)>,
    Query(asked): Query<Asked>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(&service, &visitor, &of, asked, (StatusCode::OK, just_done.notice())).await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    (peer, id): &(String, String),
    asked: Asked,
    (status, notice): (StatusCode, Option<Notice>),
) -> Result<Response, Oops> {
    let carrier = carrier(visitor)?;
    let core = &service.core;
    let file = files::find(core, carrier, (peer, id)).await.map_err(file_words::oops)?;
    match file.row.state {
        FileState::Previewed if file.row.erased_at.is_some() => {
            rendered(service, visitor, peer, &file, Body::default(), (status, notice)).await
        }
        FileState::Taken => Err(Oops::absent("Dit is een zittingslijst, geen bestand dat terugkwam.")),
        FileState::Storing | FileState::Stored => {
            let lines = keep::refused(core, &file.row).await.map_err(file_words::oops)?;
            let body = Body::stored(&lines, asked);
            rendered(service, visitor, peer, &file, body, (status, notice)).await
        }
        FileState::Previewed => {
            let previewed = preview::preview(core, &service.connectors, carrier, (peer, id)).await;
            match previewed {
                Ok(previewed) => {
                    let body = Body::previewed(&previewed, asked);
                    rendered(service, visitor, peer, &file, body, (status, notice)).await
                }
                Err(error) => {
                    let said = error.in_dutch()?;
                    let notice = Notice::refused(said.sentence);
                    rendered(service, visitor, peer, &file, Body::default(), (said.status, notice)).await
                }
            }
        }
    }
}

/// What is shown of the lines.
#[derive(Default)]
struct Body {
    digest: String,
    counts: Option<(u32, u32, u32)>,
    choose: Vec<ToChoose>,
    more_choices: usize,
    asked: Asked,
    lines: Vec<Shown>,
    total: usize,
}

impl Body {
    fn previewed(previewed: &Preview, asked: Asked) -> Self {
        let counts = previewed.counts();
        let mut choose: Vec<ToChoose> = previewed.lines.iter().filter_map(ToChoose::of).collect();
        let more_choices = choose.len().saturating_sub(MOST_CHOICES);
        choose.truncate(MOST_CHOICES);
        Body {
            digest: previewed.digest.clone(),
            counts: Some((counts.taken, counts.known, counts.refused)),
            choose,
            more_choices,
            ..Body::window(&previewed.lines, asked)
        }
    }

    fn stored(lines: &[Line], asked: Asked) -> Self {
        Body::window(lines, asked)
    }

    fn window(lines: &[Line], asked: Asked) -> Self {
        let fitting: Vec<&Line> = lines.iter().filter(|line| asked.shows(line)).collect();
        Body {
            total: fitting.len(),
            lines: fitting
                .iter()
                .skip(asked.vanaf)
                .take(LINES)
                .map(|line| Shown::of(line))
                .collect(),
            asked,
            ..Body::default()
        }
    }
}

async fn rendered(
    service: &Service,
    visitor: &Visitor,
    peer: &str,
    file: &File,
    body: Body,
    (status, notice): (StatusCode, Option<Notice>),
) -> Result<Response, Oops> {
    let vendor = vendor(service, visitor, peer).await?;
    let row = &file.row;
    let (word, class) = state_word(row);
    let (taken, known, refused) = body
        .counts
        .unwrap_or((row.counts.taken, row.counts.known, row.counts.refused));
    let from = body.asked.vanaf;
    let name = match row.erased_at {
        None => file.name.as_str(),
        Some(_) => "naam gewist",
    };
    let title = format!("Bestand: {name}");
    let file_page = FilePage {
        shell: Shell::around(service, visitor, "/bestanden", title, notice).await?,
        peer: vendor.id,
        vendor: vendor.name,
        id: row.id.clone(),
        name: name.to_owned(),
        word,
        class,
        brought: words::moment(row.made_at),
        by: row.made_by.clone(),
        stored: row
            .stored
            .as_ref()
            .map_or_else(String::new, |(by, at)| format!("{}, door {by}", words::moment(*at))),
        kept_until: words::day(row.erased_at.unwrap_or(row.erase_at)),
        is_erased: row.erased_at.is_some(),
        taken,
        kept: row.counts.stored,
        known,
        refused,
        digest: body.digest,
        choose: body.choose,
        more_choices: body.more_choices,
        toon: body.asked.toon,
        before: (from > 0).then(|| from.saturating_sub(LINES)),
        next: (from + LINES < body.total).then_some(from + LINES),
        from: from.min(body.total.saturating_sub(1)) + 1,
        total: body.total,
        lines: body.lines,
    };
    page(status, &file_page)
}

/// What was chosen: a field `regel-12` for line 12, empty to leave it out.
fn choices(fields: &Fields) -> Choices {
    let chosen = |(name, value): (&str, &str)| {
        let number = name.strip_prefix("regel-")?.parse().ok()?;
        Some((number, value.parse().ok()?))
    };
    fields.iter().filter_map(chosen).collect()
}

async fn store(State(service): State<Service>, Path(of): Path<(String, String)>, form: Form) -> Result<Response, Oops> {
    let carrier = carrier(&form.visitor)?;
    let (seen, choices) = (form.fields.text("gezien"), choices(&form.fields));
    let of_file = (of.0.as_str(), of.1.as_str());
    match keep::store(&service.core, &service.connectors, carrier, of_file, (seen, &choices)).await {
        Ok(_) => Ok(after(&format!("/koppelingen/{}/bestanden/{}", of.0, of.1), "bestand")),
        Err(error) => {
            let said = error.in_dutch()?;
            let notice = Notice::refused(said.sentence);
            shown(&service, &form.visitor, &of, Asked::default(), (said.status, notice)).await
        }
    }
}

/// The lines that are not taken, with their number and the reason, to be mended and brought again.
async fn refused(
    State(service): State<Service>,
    visitor: Visitor,
    Path((peer, id)): Path<(String, String)>,
) -> Result<Response, Oops> {
    let carrier = carrier(&visitor)?;
    let written = refused_lines(&service.core, &service.connectors, carrier, (&peer, &id)).await;
    let csv = written.map_err(|error: FileError| file_words::oops(error))?;
    Ok(attachment("geweigerd.csv", "text/csv; charset=utf-8", csv))
}
