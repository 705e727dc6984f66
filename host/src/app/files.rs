//! Files that a person carries to and from a vendor without an API.
//!
//! Out: [`plan`] writes the sitting list, and what a person takes along counts as told. In: [`bring`] keeps what came back,
//! [`preview`] shows line by line what it would do, and [`keep`] stores exactly that, piece by piece. A file is one
//! vendor's; who plans for a sitting's unit carries its files. After its term [`erase`] leaves of a file that it was there.

pub mod erase;
pub mod keep;
pub mod plan;
pub mod preview;

use std::sync::Arc;

use jiff::Timestamp;

use super::draft::Draft;
use super::running::{Connectors, NotRunning};
use super::{CommitError, Core, Decision, Refused, counting, revision, rollout};
use crate::connector::blame::CallError;
use crate::connector::call::{Answer, Caller, Encoding, Table};
use crate::connector::files::{self, Sheet, Unreadable, Unwritable};
use crate::connector::manifest::{ConfigValue, Configuration};
use crate::domain::carried::{KEPT_UNUSED_DAYS, erase_at};
use crate::domain::interface::Interface;
use crate::domain::principal::{Account, Duty};
use crate::store::carried_file::{self, Counts, FileRow, FileState};
use crate::store::seal::SealError;
use crate::store::{StoreError, document, peer};

/// Configuration value that says how many hours before its start a sitting is fixed.
const FIXED_HOURS: &str = "fixed-hours";
/// Bytes per chunk row.
const CHUNK: usize = 256 * 1024;
/// So many files are read at the same time: each may take much memory for a moment.
static READING: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);
/// The longest name of a file that is kept.
const LONGEST_NAME: usize = 200;
/// Files in the history of a vendor.
const MOST_LISTED: u32 = 100;

/// Who carries files, for which school.
#[derive(Debug, Clone, Copy)]
pub struct Carrier<'a> {
    /// The school.
    pub tenant: &'a str,
    /// The account.
    pub account: &'a Account,
}

impl Carrier<'_> {
    fn actor(&self) -> String {
        super::account::actor(&self.account.id)
    }

    /// Whether this account may read a file: it holds the students of other units too, so that it is read by who made or
    /// brought it, and by who plans for the whole school.
    fn may_read(&self, core: &Core, row: &FileRow) -> bool {
        let whole_school = self.account.holding(Duty::Plannen, &[], core.now()).is_ok();
        whole_school || row.made_by == self.account.id
    }

    /// Whether this account plans for any unit.
    fn check(&self, core: &Core) -> Result<(), FileError> {
        let plans = self.account.holds_anywhere(Duty::Plannen, core.now());
        if plans {
            return Ok(());
        }
        let refusal = self.account.holding(Duty::Plannen, &[], core.now()).map(|_| ());
        refusal.map_err(|refusal| Refused::NotAllowed(refusal).into())
    }
}

/// Why a file can't be carried.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It can't be read; the sentence is for the person who carries it, in Dutch.
    #[error("{0}")]
    Unreadable(#[from] Unreadable),
    /// It can't be written.
    #[error("the sitting list can't be written: {0}")]
    Unwritable(#[from] Unwritable),
    /// No connector can be called.
    #[error(transparent)]
    NotRunning(#[from] NotRunning),
    /// The connector refused it, or failed.
    #[error("{}", .0.for_person())]
    Call(CallError),
    /// What would be stored is not what was seen.
    #[error("what this file does has changed since it was previewed; look again")]
    SeenOther,
    /// Its term is over.
    #[error(
        "the content of this file was erased on {0}, at the end of its term; bring the file again where that helps"
    )]
    Erased(Timestamp),
    /// It is stored already, or being stored.
    #[error("this file is {}; bring it again to see whether it says anything new", .0.name())]
    NotPreviewed(FileState),
    /// There is nothing in it to store.
    #[error("there is nothing to store: no line says anything new, or all that do wait for a choice")]
    NothingToStore,
    /// Two lines that were chosen are about one deelname.
    #[error("lines {0} and {1} are about the same deelname; choose one")]
    TwoOfOne(u32, u32),
    /// A choice that was not offered.
    #[error("line {0} does not offer this choice")]
    NoSuchChoice(u32),
    /// There is nothing to write.
    #[error("choose at least one sitting for the list")]
    NoSittings,
    /// More than one file can hold.
    #[error(
        "the list would have more than {} deelnames; choose fewer sittings",
        plan::MOST_DEELNAMES
    )]
    TooMany,
    /// A verb refused.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl From<CommitError> for FileError {
    fn from(error: CommitError) -> Self {
        FileError::Refused(error.into())
    }
}

impl From<StoreError> for FileError {
    fn from(error: StoreError) -> Self {
        FileError::Refused(error.into())
    }
}

impl From<SealError> for FileError {
    fn from(error: SealError) -> Self {
        FileError::Refused(error.into())
    }
}

/// How a vendor that works with files is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// The revision that everybody has.
    pub revision: i64,
    /// So many hours before its start a sitting is fixed.
    pub fixed_hours: i64,
}

/// Whether a vendor works with files: its connector serves those, and not the plan itself. `None` for every other.
///
/// # Errors
/// What the database says.
pub async fn carried(core: &Core, tenant: &str, peer: &str) -> Result<Option<Carried>, StoreError> {
    let Some((_, serving)) = rollout::serving(&core.db, tenant, peer).await? else {
        return Ok(None);
    };
    let Some(number) = serving.default else {
        return Ok(None);
    };
    let Some(row) = core.db.revision(tenant, peer, number).await? else {
        return Ok(None);
    };
    if !revision::works_with_files(&core.db, &row).await? {
        return Ok(None);
    }
    let config: Configuration = serde_json::from_str(&row.config).map_err(|error| StoreError::Inconsistent {
        column: "revision.config".to_owned(),
        why: error.to_string(),
    })?;
    let fixed_hours = match config.get(FIXED_HOURS) {
        Some(ConfigValue::Number(hours)) => (*hours).max(0),
        _ => 0,
    };
    Ok(Some(Carried {
        revision: number,
        fixed_hours,
    }))
}

/// A file as it is shown.
#[derive(Debug, Clone)]
pub struct File {
    /// The row.
    pub row: FileRow,
    /// Its name in the clear; empty once it is erased.
    pub name: String,
}

fn name_place(tenant: &str, id: &str) -> String {
    format!("carried_file/{tenant}/{id}/name")
}

fn opened(core: &Core, row: FileRow) -> Result<File, FileError> {
    let name = match row.erased_at {
        None => core.sealer.open(&name_place(&row.tenant, &row.id), &row.name)?,
        Some(_) => Vec::new(),
    };
    Ok(File {
        name: String::from_utf8_lossy(&name).into_owned(),
        row,
    })
}

/// The files of a vendor, newest first.
///
/// # Errors
/// [`FileError`]: an account that carries none.
pub async fn list(core: &Core, carrier: Carrier<'_>, peer: &str) -> Result<Vec<File>, FileError> {
    carrier.check(core)?;
    let rows = carried_file::newest(&core.db, carrier.tenant, peer, MOST_LISTED).await?;
    let rows = rows.into_iter().filter(|row| carrier.may_read(core, row));
    rows.map(|row| opened(core, row)).collect()
}

/// One file of a vendor.
///
/// # Errors
/// [`FileError`]: no such file, or an account that carries none.
pub async fn find(core: &Core, carrier: Carrier<'_>, (peer, id): (&str, &str)) -> Result<File, FileError> {
    carrier.check(core)?;
    let row = carried_file::find(&core.db, carrier.tenant, id).await?;
    let row = row.filter(|row| row.peer == peer && carrier.may_read(core, row));
    opened(core, row.ok_or_else(|| Refused::unknown("file", id))?)
}

/// The content of a file.
///
/// # Errors
/// [`FileError`]: it was erased, or a chunk does not open.
pub async fn content(core: &Core, row: &FileRow) -> Result<Vec<u8>, FileError> {
    if let Some(at) = row.erased_at {
        return Err(FileError::Erased(at));
    }
    let mut bytes = Vec::new();
    for seq in 0.. {
        let Some(chunk) = chunk(core, &row.tenant, &row.content, seq).await? else {
            break;
        };
        bytes.extend(chunk);
    }
    if i64::try_from(bytes.len()).ok() == Some(row.size) {
        return Ok(bytes);
    }
    // Its term may have ended while it was read.
    let now = carried_file::find(&core.db, &row.tenant, &row.id).await?;
    match now.and_then(|now| now.erased_at) {
        Some(at) => Err(FileError::Erased(at)),
        None => Err(FileError::from(StoreError::Inconsistent {
            column: "carried_file.content".to_owned(),
            why: format!("{} bytes of {} are there", bytes.len(), row.size),
        })),
    }
}

/// A piece of a content; `None` past the end.
async fn chunk(core: &Core, tenant: &str, content: &str, seq: i64) -> Result<Option<Vec<u8>>, Refused> {
    let Some(sealed) = document::sealed_chunk(&core.db, tenant, content, seq).await? else {
        return Ok(None);
    };
    let opened = document::open_chunk(&core.sealer, tenant, content, seq, &sealed)?;
    Ok(Some(opened))
}

/// Puts a content into a draft, in chunks.
fn put_content(draft: &mut Draft<'_>, content: &str, bytes: &[u8]) -> Result<(), FileError> {
    for (seq, piece) in bytes.chunks(CHUNK).enumerate() {
        let seq = i64::try_from(seq).expect("a file in memory has no more chunks");
        draft.put(document::chunk_row(
            &draft.core.sealer,
            draft.tenant,
            content,
            seq,
            piece,
        )?);
    }
    Ok(())
}

/// Keeps a file that a person brought, once it can be read, and returns its id. Nothing of it counts yet. The same file
/// again, while nothing of it was stored, is that file.
///
/// # Errors
/// [`FileError::Unreadable`] with the reason; nothing is kept then.
pub async fn bring(
    core: &Core,
    carrier: Carrier<'_>,
    peer_id: &str,
    (name, bytes): (&str, &[u8]),
) -> Result<String, FileError> {
    carrier.check(core)?;
    if peer::find(&core.db, carrier.tenant, peer_id).await?.is_none() {
        return Err(Refused::unknown("peer", peer_id).into());
    }
    decoded(bytes.to_vec()).await?;
    let tenant = carrier.tenant;
    let digest = core.sealer.digest(&format!("carried_file/{tenant}/{peer_id}"), bytes);
    let name: String = name.chars().filter(|it| !it.is_control()).take(LONGEST_NAME).collect();
    core.decide(&[format!("carried_file/{tenant}/{digest}")], || async {
        let mut draft = Draft::of(core, tenant, carrier.actor());
        let known = carried_file::with_digest(&core.db, tenant, peer_id, &digest).await?;
        let known = known.into_iter().find(|row| {
            row.state == FileState::Previewed && row.erased_at.is_none() && row.made_by == carrier.account.id
        });
        let id = match known {
            Some(known) => {
                let id = known.id.clone();
                let erase_at = erase_at(draft.now, KEPT_UNUSED_DAYS);
                draft.put(FileRow { erase_at, ..known }.next());
                id
            }
            None => {
                let id = core.id();
                let row = FileRow {
                    tenant: tenant.to_owned(),
                    id: id.clone(),
                    peer: peer_id.to_owned(),
                    state: FileState::Previewed,
                    name: core.sealer.seal(&name_place(tenant, &id), name.as_bytes())?,
                    media_type: files::media_type(bytes).to_owned(),
                    size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
                    digest: digest.clone(),
                    content: core.id(),
                    lines: None,
                    counts: Counts::default(),
                    made_by: carrier.account.id.clone(),
                    made_at: draft.now,
                    stored: None,
                    revision: None,
                    erase_at: erase_at(draft.now, KEPT_UNUSED_DAYS),
                    erased_at: None,
                    version: 0,
                };
                put_content(&mut draft, &row.content, bytes)?;
                draft.audit("file.bring", ("file", &id), peer_id.to_owned(), bytes);
                draft.put(row.next());
                id
            }
        };
        Ok(Decision {
            write_set: draft.finish(),
            answer: id,
        })
    })
    .await
}

/// The lines of a file that are not taken, as CSV in UTF-8: number, reason, and their cells, to be mended and brought again.
///
/// # Errors
/// [`FileError`], as [`preview::preview`].
pub async fn refused_lines(
    core: &Core,
    connectors: &Connectors,
    carrier: Carrier<'_>,
    (peer, id): (&str, &str),
) -> Result<Vec<u8>, FileError> {
    let file = find(core, carrier, (peer, id)).await?;
    let sheet = decoded(content(core, &file.row).await?).await?;
    let lines = match file.row.state {
        FileState::Previewed => preview::preview(core, connectors, carrier, (peer, id)).await?.lines,
        FileState::Taken | FileState::Storing | FileState::Stored => keep::refused(core, &file.row).await?,
    };
    let refused = lines.into_iter().filter_map(|line| match line.said {
        preview::Said::Refused { message, .. } => {
            let about = [line.number.to_string(), message];
            Some(about.into_iter().chain(line.cells).collect())
        }
        _ => None,
    });
    let about = ["regel".to_owned(), "reden van weigering".to_owned()];
    let table = Table {
        encoding: Encoding::Utf8,
        delimiter: b';',
        rows: refused.collect(),
        columns: about.into_iter().chain(sheet.columns.clone()).collect(),
    };
    Ok(files::write(&table)?)
}

/// Reads a file, beside the threads that serve others.
async fn decoded(bytes: Vec<u8>) -> Result<Arc<Sheet>, FileError> {
    let _turn = READING.acquire().await;
    let read = tokio::task::spawn_blocking(move || files::read(&bytes)).await;
    Ok(Arc::new(read.map_err(|_| Unreadable::NoSpreadsheet)??))
}

/// What a call gave, counted like any other.
fn counted<T>(
    connectors: &Connectors,
    core: &Core,
    (tenant, peer, revision): (&str, &str, i64),
    answer: Answer<T>,
) -> Result<T, FileError> {
    let of = counting::Of {
        tenant,
        peer,
        revision: Some(revision),
        interface: Interface::Files,
    };
    counting::count(core, connectors.tally(), of, &answer);
    answer.outcome.map_err(FileError::Call)
}

/// A caller for one call on the revision that everybody has. `effect` names what it is for.
async fn caller(
    connectors: &Connectors,
    core: &Core,
    (tenant, peer): (&str, &str),
    effect: &str,
) -> Result<(Caller, i64), FileError> {
    let mut key = core
        .sealer
        .digest(&format!("idempotency/{tenant}/{peer}/files"), effect.as_bytes());
    key.truncate(32);
    let running = connectors.caller(tenant, peer, Interface::Files, &key).await?;
    Ok((running.caller, running.revision))
}
