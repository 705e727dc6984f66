//! `/api/v1/peers/{peer}/files`: the files of a vendor without an API, as a person carries them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::not_running;
use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::files::keep::{self, Choices};
use crate::app::files::preview::{self, Said, Stated};
use crate::app::files::{self, Carrier, FileError, plan};
use crate::connector::blame::Decision;
use crate::connector::files::LARGEST_FILE;
use crate::domain::carried::Standing;
use crate::store::carried_file::Counts;

/// Lines in one answer.
const MOST_LINES: usize = 1_000;

/// What is served with a JSON body.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/peers/{peer}/files", list)
        .get("/api/v1/peers/{peer}/files/sittings", sittings)
        .post("/api/v1/peers/{peer}/files/plan", take)
        .get("/api/v1/peers/{peer}/files/{file}/content", content)
        .get("/api/v1/peers/{peer}/files/{file}/preview", preview_lines)
        .post("/api/v1/peers/{peer}/files/{file}/store", store)
        .get("/api/v1/peers/{peer}/files/{file}/refused", refused)
}

/// What is served with a file as its body.
pub fn uploads() -> Operations {
    Operations::default()
        .post("/api/v1/peers/{peer}/files", bring)
        .with_bodies_up_to(LARGEST_FILE)
}

fn carrier(caller: &Caller) -> Carrier<'_> {
    Carrier {
        tenant: caller.tenant(),
        account: &caller.0.account,
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        let said = error.to_string();
        match error {
            FileError::Unreadable(why) => Problem::bad(why.code(), said),
            FileError::Unwritable(_) => Problem::conflict("encoding", said),
            FileError::NotRunning(error) => not_running(error),
            FileError::Call(error) => match error.decision {
                Decision::Permanent { code, message } => Problem::bad(&code, message),
                Decision::Unrepresentable { .. } => Problem::conflict("unrepresentable", said),
                _ => Problem::new(StatusCode::BAD_GATEWAY, "connector", said),
            },
            FileError::SeenOther => Problem::conflict("changed-meanwhile", said),
            FileError::NotPreviewed(_) => Problem::conflict("not-now", said),
            FileError::Erased(_) => Problem::conflict("erased", said),
            FileError::NothingToStore => Problem::bad("nothing-to-store", said),
            FileError::TwoOfOne(..) | FileError::NoSuchChoice(_) => Problem::bad("choice", said),
            FileError::NoSittings | FileError::TooMany => Problem::bad("sittings", said),
            FileError::Refused(refused) => refused.into(),
        }
    }
}

/// A file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `taken` for a sitting list; `previewed`, `storing` or `stored` for what came back.
    pub state: String,
    /// Bytes.
    pub size: i64,
    /// Who made or brought it.
    pub made_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// When its content and name are erased.
    #[schema(value_type = String, format = DateTime)]
    pub erase_at: Timestamp,
    /// When they were; then its name is empty.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub erased_at: Option<Timestamp>,
    /// What is in it, in numbers.
    pub counts: FileCounts,
}

/// A file in numbers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileCounts {
    /// Sittings of a list.
    pub sittings: u32,
    /// Deelnames of a list.
    pub deelnames: u32,
    /// Deelnames that were left off it, since a need can't be told.
    pub left_off: u32,
    /// Lines that are taken.
    pub taken: u32,
    /// Lines that say nothing new.
    pub known: u32,
    /// Lines that are refused, or were left out.
    pub refused: u32,
    /// Of those taken, how many are stored.
    pub stored: u32,
}

impl From<Counts> for FileCounts {
    fn from(counts: Counts) -> Self {
        FileCounts {
            sittings: counts.sittings,
            deelnames: counts.deelnames,
            left_off: counts.left_off,
            taken: counts.taken,
            known: counts.known,
            refused: counts.refused,
            stored: counts.stored,
        }
    }
}

/// The files of a vendor, newest first; at most 100.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/files", tag = "files", params(("peer" = String, Path)),
    responses((status = 200, body = Vec<File>), (status = "4XX", body = Problem)))]
pub async fn list(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
) -> Result<Json<Vec<File>>, Problem> {
    let files = files::list(&service.core, carrier(&caller), &peer).await?;
    let shown = files.into_iter().map(|file| File {
        id: file.row.id,
        name: file.name,
        state: file.row.state.name().to_owned(),
        size: file.row.size,
        made_by: file.row.made_by,
        made_at: file.row.made_at,
        erase_at: file.row.erase_at,
        erased_at: file.row.erased_at,
        counts: file.row.counts.into(),
    });
    Ok(Json(shown.collect()))
}

/// A sitting, and whether the next list should have it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedSitting {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its deelnames that stand.
    pub deelnames: usize,
    /// Of those: that stay off a list, since a need can't be told.
    pub left_off: usize,
    /// `new`, `changed`, `taken` or `too-late`.
    pub standing: String,
    /// From when on it is fixed at the vendor.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub fixed_from: Option<Timestamp>,
}

/// The coming sittings of a vendor that works with files, by start.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/files/sittings", tag = "files", params(("peer" = String, Path)),
    responses((status = 200, body = Vec<ListedSitting>), (status = "4XX", body = Problem)))]
pub async fn sittings(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
) -> Result<Json<Vec<ListedSitting>>, Problem> {
    let listed = plan::listed(&service.core, carrier(&caller), &peer).await?;
    let shown = listed.into_iter().map(|one| ListedSitting {
        name: one.sitting.facts.name,
        id: one.sitting.id,
        deelnames: one.deelnames,
        left_off: one.left_off,
        standing: match one.standing {
            Standing::New => "new",
            Standing::Changed => "changed",
            Standing::Taken => "taken",
            Standing::TooLate { .. } => "too-late",
        }
        .to_owned(),
        fixed_from: one.fixed_from,
    });
    Ok(Json(shown.collect()))
}

/// Which sittings to put on a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewList {
    /// Their ids.
    pub sittings: Vec<String>,
}

/// The files of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeList {
    /// Their ids.
    pub files: Vec<String>,
}

/// Makes the sitting list of these sittings. What stands on it counts as told to the vendor.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/files/plan", tag = "files", request_body = NewList,
    params(("peer" = String, Path)), responses((status = 201, body = MadeList), (status = "4XX", body = Problem)))]
pub async fn take(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(new): Body<NewList>,
) -> Result<(StatusCode, Json<MadeList>), Problem> {
    let (core, connectors) = (&service.core, &service.connectors);
    let files = plan::take(core, connectors, carrier(&caller), &peer, &new.sittings).await?;
    Ok((StatusCode::CREATED, Json(MadeList { files })))
}

/// The content of a file, byte for byte.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/files/{file}/content", tag = "files",
    params(("peer" = String, Path), ("file" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = "4XX", body = Problem)))]
pub async fn content(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let file = files::find(&service.core, carrier(&caller), (&peer, &id)).await?;
    let content = files::content(&service.core, &file.row).await?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], content).into_response())
}

/// What a file is called.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Named {
    /// Its name, to know it by.
    #[serde(default)]
    pub name: String,
}

/// A file that was brought.
#[derive(Debug, Serialize, ToSchema)]
pub struct Brought {
    /// Its id.
    pub id: String,
}

/// Brings a file from the vendor (the body is the file: CSV or XLSX). It is kept, and nothing of it counts yet. A file that
/// can't be read is refused with the reason, in Dutch, for the person who carries it.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/files", tag = "files", params(("peer" = String, Path), Named),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Brought), (status = "4XX", body = Problem)))]
pub async fn bring(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Query(named): Query<Named>,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Brought>), Problem> {
    let name = Some(named.name.as_str())
        .filter(|name| !name.is_empty())
        .unwrap_or("bestand");
    let id = files::bring(&service.core, carrier(&caller), &peer, (name, &bytes)).await?;
    Ok((StatusCode::CREATED, Json(Brought { id })))
}

/// What a file would do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FilePreview {
    /// Of all its lines together: to store exactly this.
    pub digest: String,
    /// In numbers.
    pub counts: FileCounts,
    /// Lines that wait for a choice.
    pub choices: usize,
    /// How many lines there are.
    pub total: usize,
    /// Lines from `from` on, at most 1000.
    pub lines: Vec<FileLine>,
}

/// A line.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileLine {
    /// Its number in the file.
    pub number: u32,
    /// `take`, `known`, `nothing`, `choice` or `refused`.
    pub comes_to: String,
    /// Why it is refused.
    pub code: Option<String>,
    /// The same for the person who carries the file, in Dutch.
    pub message: Option<String>,
    /// What it says, or may say: more than one for a choice.
    pub readings: Vec<FileReading>,
    /// The test that it names.
    pub component: Option<String>,
}

/// What a line says of a deelname.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileReading {
    /// The deelname.
    pub deelname: String,
    /// What tells it from other readings, in Dutch.
    pub label: String,
    /// Score, where there is one.
    pub score: Option<String>,
    /// Points, where there are any.
    pub raw_score: Option<i32>,
    /// Whether the cesuur was applied: `yes`, `no` or `unknown`.
    pub normed: String,
    /// Version of the result that there is now, where there is one.
    pub present_version: Option<i64>,
    /// Its score, where it has one.
    pub present_score: Option<String>,
}

impl From<Stated> for FileReading {
    fn from(stated: Stated) -> Self {
        FileReading {
            deelname: stated.deelname,
            label: stated.label,
            score: stated.result.score,
            raw_score: stated.result.raw_score,
            normed: stated.normed,
            present_version: stated.present.as_ref().map(|present| present.seq),
            present_score: stated.present.and_then(|present| present.score),
        }
    }
}

impl From<preview::Line> for FileLine {
    fn from(line: preview::Line) -> Self {
        let (mut code, mut message, mut component) = (None, None, None);
        let (comes_to, readings) = match line.said {
            Said::Result(stated) => ("take", vec![stated.into()]),
            Said::Test(test) => {
                component = Some(test.component_id);
                ("take", Vec::new())
            }
            Said::Known => ("known", Vec::new()),
            Said::Nothing => ("nothing", Vec::new()),
            Said::Choice(several) => ("choice", several.into_iter().map(FileReading::from).collect()),
            Said::Refused { code: of, message: why } => {
                (code, message) = (Some(of), Some(why));
                ("refused", Vec::new())
            }
        };
        FileLine {
            number: line.number,
            comes_to: comes_to.to_owned(),
            code,
            message,
            readings,
            component,
        }
    }
}

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Start {
    /// So many lines are passed over.
    #[serde(default)]
    pub from: usize,
}

/// What a file would do now, line by line. Nothing is stored.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/files/{file}/preview", tag = "files",
    params(("peer" = String, Path), ("file" = String, Path), Start),
    responses((status = 200, body = FilePreview), (status = "4XX", body = Problem)))]
pub async fn preview_lines(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, id)): Path<(String, String)>,
    Query(at): Query<Start>,
) -> Result<Json<FilePreview>, Problem> {
    let (core, connectors) = (&service.core, &service.connectors);
    let previewed = preview::preview(core, connectors, carrier(&caller), (&peer, &id)).await?;
    Ok(Json(FilePreview {
        counts: previewed.counts().into(),
        choices: previewed.choices(),
        total: previewed.lines.len(),
        lines: previewed
            .lines
            .into_iter()
            .skip(at.from)
            .take(MOST_LINES)
            .map(FileLine::from)
            .collect(),
        digest: previewed.digest,
    }))
}

/// What was seen, and chosen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToStore {
    /// The digest of the preview.
    pub digest: String,
    /// By the number of a line: which of its readings, counted from 0. A line without a choice is left out.
    #[serde(default)]
    pub choices: Choices,
}

/// Has a file stored, exactly as it was previewed. It goes on after the answer: the list of files says how far it is.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/files/{file}/store", tag = "files", request_body = ToStore,
    params(("peer" = String, Path), ("file" = String, Path)),
    responses((status = 202, body = FileCounts), (status = "4XX", body = Problem)))]
pub async fn store(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, id)): Path<(String, String)>,
    Body(to_store): Body<ToStore>,
) -> Result<(StatusCode, Json<FileCounts>), Problem> {
    let (core, connectors) = (&service.core, &service.connectors);
    let seen = (to_store.digest.as_str(), &to_store.choices);
    let counts = keep::store(core, connectors, carrier(&caller), (&peer, &id), seen).await?;
    Ok((StatusCode::ACCEPTED, Json(counts.into())))
}

/// The lines that are not taken, as CSV: number, reason in Dutch, and their cells.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/files/{file}/refused", tag = "files",
    params(("peer" = String, Path), ("file" = String, Path)),
    responses((status = 200, body = String, content_type = "text/csv"), (status = "4XX", body = Problem)))]
pub async fn refused(
    State(service): State<Service>,
    caller: Caller,
    Path((peer, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (core, connectors) = (&service.core, &service.connectors);
    let csv = files::refused_lines(core, connectors, carrier(&caller), (&peer, &id)).await?;
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8")], csv).into_response())
}
