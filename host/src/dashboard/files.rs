//! `/bestanden`: the files of vendors without an API. Making a sitting list, bringing what came back, and the history.

use askama::Template;
use axum::Router;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};

use super::file_words::{self, state_word};
use super::form::{FileForm, Form};
use super::oops::Oops;
use super::refusal::InDutch as _;
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::app::files::{self, Carrier, File, FileError, plan};
use crate::connector::files::LARGEST_FILE;
use crate::domain::carried::{KEPT_DAYS, KEPT_UNUSED_DAYS, Standing};
use crate::domain::principal::Duty;
use crate::store::carried_file::FileState;
use crate::store::peer::{self, PeerRow};

/// What stands around a file in an upload, in bytes.
const FORM_AROUND: usize = 64 * 1024;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/bestanden", get(vendors))
        .route("/koppelingen/{peer}/bestanden", get(show))
        .route("/koppelingen/{peer}/bestanden/lijst", post(take))
        .route("/koppelingen/{peer}/bestanden/{file}/zittingslijst.csv", get(download))
}

/// The form that carries a file.
pub fn upload_route() -> Router<Service> {
    Router::new()
        .route("/koppelingen/{peer}/bestanden", post(bring))
        .layer(DefaultBodyLimit::max(LARGEST_FILE + FORM_AROUND))
}

/// Who carries files: who plans.
pub(super) fn carrier(visitor: &Visitor) -> Result<Carrier<'_>, Oops> {
    if !visitor.holds(Duty::Plannen) {
        return Err(Oops::forbidden(
            "Bestanden van een leverancier halen en brengen kan met de functie ‘plannen’.",
        ));
    }
    Ok(Carrier {
        tenant: visitor.tenant(),
        account: &visitor.who.account,
    })
}

pub(super) async fn vendor(service: &Service, visitor: &Visitor, id: &str) -> Result<PeerRow, Oops> {
    let row = peer::find(&service.core.db, visitor.tenant(), id).await?;
    row.ok_or_else(|| Oops::absent("Deze koppeling is er niet."))
}

struct VendorLine {
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "files_vendors.html")]
struct VendorsPage {
    shell: Shell,
    lines: Vec<VendorLine>,
}

/// The vendors that work with files; with one of them there is nothing to choose.
async fn vendors(State(service): State<Service>, visitor: Visitor) -> Result<Response, Oops> {
    carrier(&visitor)?;
    let (core, tenant) = (&service.core, visitor.tenant());
    let mut lines = Vec::new();
    for row in peer::all(&core.db, tenant).await? {
        if files::carried(core, tenant, &row.id).await?.is_some() {
            lines.push(VendorLine {
                id: row.id,
                name: row.name,
            });
        }
    }
    if let [only] = lines.as_slice() {
        return Ok(Redirect::to(&format!("/koppelingen/{}/bestanden", only.id)).into_response());
    }
    let vendors = VendorsPage {
        shell: Shell::around(&service, &visitor, "/bestanden", "Bestanden", None).await?,
        lines,
    };
    page(StatusCode::OK, &vendors)
}

struct SittingLine {
    id: String,
    name: String,
    when: String,
    deelnames: usize,
    left_off: usize,
    word: &'static str,
    class: &'static str,
    fixed: String,
    ticked: bool,
}

struct FileLine {
    id: String,
    name: String,
    is_list: bool,
    at: String,
    by: String,
    what: String,
    /// Until when it is kept, or when it was erased.
    kept: String,
    is_erased: bool,
    word: &'static str,
    class: &'static str,
}

#[derive(Template)]
#[template(path = "files.html")]
struct FilesPage {
    shell: Shell,
    id: String,
    name: String,
    hours: i64,
    sittings: Vec<SittingLine>,
    /// Some deelname stays off a list.
    left_off: bool,
    files: Vec<FileLine>,
    largest_mib: usize,
    kept_days: i64,
    kept_unused_days: i64,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(&service, &visitor, &id, (StatusCode::OK, just_done.notice())).await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (status, notice): (StatusCode, Option<Notice>),
) -> Result<Response, Oops> {
    let carrier = carrier(visitor)?;
    let (core, vendor) = (&service.core, vendor(service, visitor, id).await?);
    let Some(carried) = files::carried(core, visitor.tenant(), id).await? else {
        return Err(Oops::absent("Deze koppeling werkt niet met bestanden."));
    };
    let listed = plan::listed(core, carrier, id).await.map_err(file_words::oops)?;
    let files = files::list(core, carrier, id).await.map_err(file_words::oops)?;
    let files_page = FilesPage {
        shell: Shell::around(
            service,
            visitor,
            "/bestanden",
            format!("Bestanden: {}", vendor.name),
            notice,
        )
        .await?,
        id: vendor.id,
        name: vendor.name,
        hours: carried.fixed_hours,
        left_off: listed.iter().any(|one| one.left_off > 0),
        sittings: listed.into_iter().map(sitting_line).collect(),
        files: files.iter().map(file_line).collect(),
        largest_mib: LARGEST_FILE >> 20,
        kept_days: KEPT_DAYS,
        kept_unused_days: KEPT_UNUSED_DAYS,
    };
    page(status, &files_page)
}

fn sitting_line(one: plan::Listed) -> SittingLine {
    let (word, class) = match one.standing {
        Standing::New => ("nog niet meegenomen", "wait"),
        Standing::Changed => ("gewijzigd sinds de vorige lijst", "wait"),
        Standing::Taken => ("meegenomen", "good"),
        Standing::TooLate { was_taken: true } => ("staat vast, en is daarna gewijzigd", "bad"),
        Standing::TooLate { was_taken: false } => ("staat vast, en is nooit meegenomen", "bad"),
    };
    let facts = &one.sitting.facts;
    SittingLine {
        word,
        class,
        when: facts.start.map_or_else(|| "–".to_owned(), words::moment),
        fixed: one.fixed_from.map_or_else(|| "–".to_owned(), words::moment),
        deelnames: one.deelnames,
        left_off: one.left_off,
        ticked: one.standing.goes_along(),
        name: match one.sitting.is_canceled() {
            true => format!("{} (geannuleerd)", facts.name),
            false => facts.name.clone(),
        },
        id: one.sitting.id,
    }
}

fn file_line(file: &File) -> FileLine {
    let (row, counts) = (&file.row, file.row.counts);
    let (word, class) = state_word(row);
    FileLine {
        id: row.id.clone(),
        name: match row.erased_at {
            None => file.name.clone(),
            Some(_) => "naam gewist".to_owned(),
        },
        kept: match row.erased_at {
            None => words::day(row.erase_at),
            Some(at) => format!("gewist op {}", words::day(at)),
        },
        is_erased: row.erased_at.is_some(),
        is_list: row.state == FileState::Taken,
        at: words::moment(row.made_at),
        by: row.made_by.clone(),
        what: match row.state {
            FileState::Taken if counts.left_off > 0 => format!(
                "{} zittingen, {} deelnames; {} niet mee door een voorziening",
                counts.sittings, counts.deelnames, counts.left_off
            ),
            FileState::Taken => format!("{} zittingen, {} deelnames", counts.sittings, counts.deelnames),
            FileState::Previewed => "niets van opgeslagen".to_owned(),
            FileState::Storing => format!("{} van {} regels opgeslagen", counts.stored, counts.taken),
            FileState::Stored => format!(
                "{} opgeslagen, {} al bekend, {} geweigerd",
                counts.stored, counts.known, counts.refused
            ),
        },
        word,
        class,
    }
}

async fn take(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let carrier = carrier(&form.visitor)?;
    let sittings: Vec<String> = form.fields.all("zitting").map(str::to_owned).collect();
    match plan::take(&service.core, &service.connectors, carrier, &id, &sittings).await {
        Ok(_) => Ok(after(&format!("/koppelingen/{id}/bestanden"), "zittingslijst")),
        Err(error) => refused(&service, &form.visitor, &id, error).await,
    }
}

async fn refused(service: &Service, visitor: &Visitor, id: &str, error: FileError) -> Result<Response, Oops> {
    let said = error.in_dutch()?;
    shown(service, visitor, id, (said.status, Notice::refused(said.sentence))).await
}

async fn bring(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Oops> {
    let carrier = carrier(&visitor)?;
    let largest = format!("een bestand is hoogstens {} MiB", LARGEST_FILE >> 20);
    let form = FileForm::read(&visitor, multipart, ("bestand", &[]), &largest).await?;
    match files::bring(&service.core, carrier, &id, (&form.name, &form.file)).await {
        Ok(file) => Ok(Redirect::to(&format!("/koppelingen/{id}/bestanden/{file}")).into_response()),
        Err(error) => refused(&service, &visitor, &id, error).await,
    }
}

/// A sitting list as it was made.
async fn download(
    State(service): State<Service>,
    visitor: Visitor,
    Path((peer, id)): Path<(String, String)>,
) -> Result<Response, Oops> {
    let carrier = carrier(&visitor)?;
    let file = files::find(&service.core, carrier, (&peer, &id)).await;
    let file = file.map_err(file_words::oops)?;
    if file.row.state != FileState::Taken {
        return Err(Oops::absent("Dit is geen zittingslijst."));
    }
    let content = files::content(&service.core, &file.row)
        .await
        .map_err(file_words::oops)?;
    Ok(attachment(&file.name, &file.row.media_type, content))
}

/// A file for the browser to save. The name is ours, or the connector's, which has no more than letters, digits and dashes.
pub(super) fn attachment(name: &str, media_type: &str, content: Vec<u8>) -> Response {
    let headers = [
        (CONTENT_TYPE, media_type.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, content).into_response()
}
