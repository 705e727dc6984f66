//! Files that a person carries to and from a vendor: what they are and how far they are. Their content lies in the chunks
//! of documents, until their term is over.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::body;
use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::values;

/// The table.
pub static CARRIED_FILE: Table = Table {
    name: "carried_file",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "peer",
        "state",
        "name",
        "media_type",
        "size",
        "digest",
        "content",
        "lines",
        "counts",
        "made_by",
        "made_at",
        "stored_by",
        "stored_at",
        "revision",
        "erase_at",
        "erased_at",
        "version",
    ],
};

/// How far a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// A sitting list that was handed to a person.
    Taken,
    /// It came back, and nothing of it counts yet.
    Previewed,
    /// What was previewed is being stored.
    Storing,
    /// All of it is.
    Stored,
}

impl FileState {
    /// All of them.
    const ALL: [FileState; 4] = [Self::Taken, Self::Previewed, Self::Storing, Self::Stored];

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FileState::Taken => "taken",
            FileState::Previewed => "previewed",
            FileState::Storing => "storing",
            FileState::Stored => "stored",
        }
    }
}

/// What is in a file, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Counts {
    /// Of a sitting list: its sittings.
    pub sittings: u32,
    /// Its deelnames.
    pub deelnames: u32,
    /// Of what came back: lines that were taken, chosen ones among them.
    pub taken: u32,
    /// Lines that said nothing new.
    pub known: u32,
    /// Of a sitting list: deelnames that were left off, since a need can't be told.
    pub left_off: u32,
    /// Lines that were refused, or left out where a choice was to be made.
    pub refused: u32,
    /// Of the lines taken, how many are stored.
    pub stored: u32,
    /// Pieces of its lines that were gone through: where storing goes on.
    pub pieces: u32,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// The school.
    pub tenant: String,
    /// Its id.
    pub id: String,
    /// The vendor.
    pub peer: String,
    /// How far it is.
    pub state: FileState,
    /// Its name, sealed; empty once it is erased.
    pub name: Vec<u8>,
    /// Media type: as the connector says it of what it wrote, as its content shows of what came in.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// Keyed digest of the content.
    pub digest: String,
    /// Under which id its chunks lie.
    pub content: String,
    /// The same of its lines as they were previewed: named before the first of them is kept, so that none is without a row
    /// that names it.
    pub lines: Option<String>,
    /// In numbers.
    pub counts: Counts,
    /// The account that made or brought it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// Who had it stored, and when.
    pub stored: Option<(String, Timestamp)>,
    /// The connector revision that wrote or read it.
    pub revision: Option<i64>,
    /// When its content and name are erased.
    pub erase_at: Timestamp,
    /// When they were.
    pub erased_at: Option<Timestamp>,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl FileRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        let stored = self.stored.as_ref();
        Write {
            table: &CARRIED_FILE,
            values: values![
                &self.tenant,
                &self.id,
                &self.peer,
                self.state.name(),
                self.name.clone(),
                &self.media_type,
                self.size,
                &self.digest,
                &self.content,
                &self.lines,
                body::text(&self.counts),
                &self.made_by,
                self.made_at,
                stored.map(|(by, _)| by.clone()),
                stored.map(|(_, at)| *at),
                self.revision,
                self.erase_at,
                self.erased_at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let state = row.text("state")?;
        let state = FileState::ALL.into_iter().find(|known| known.name() == state);
        Ok(FileRow {
            tenant: row.text("tenant")?,
            id: row.text("id")?,
            peer: row.text("peer")?,
            state: state.ok_or_else(|| StoreError::unknown_word("state", "of a carried file"))?,
            name: row.bytes("name")?,
            media_type: row.text("media_type")?,
            size: row.int("size")?,
            digest: row.text("digest")?,
            content: row.text("content")?,
            lines: row.text_opt("lines")?,
            counts: body::parse("carried_file.counts", &row.text("counts")?)?,
            made_by: row.text("made_by")?,
            made_at: row.moment("made_at")?,
            stored: row.text_opt("stored_by")?.zip(row.moment_opt("stored_at")?),
            revision: row.int_opt("revision")?,
            erase_at: row.moment("erase_at")?,
            erased_at: row.moment_opt("erased_at")?,
            version: row.int("version")?,
        })
    }
}

/// One file of a vendor.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<FileRow>, StoreError> {
    let sql = "SELECT * FROM carried_file WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(FileRow::from_row).transpose()
}

/// The files of a vendor with this content, newest first.
///
/// # Errors
/// What the database says.
pub async fn with_digest(db: &Database, tenant: &str, peer: &str, digest: &str) -> Result<Vec<FileRow>, StoreError> {
    let sql =
        "SELECT * FROM carried_file WHERE tenant = $1 AND peer = $2 AND digest = $3 ORDER BY made_at DESC, id DESC";
    let rows = db.rows(sql, values![tenant, peer, digest]).await?;
    rows.iter().map(FileRow::from_row).collect()
}

/// The files of a vendor, newest first; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn newest(db: &Database, tenant: &str, peer: &str, limit: u32) -> Result<Vec<FileRow>, StoreError> {
    let sql = "SELECT * FROM carried_file WHERE tenant = $1 AND peer = $2 ORDER BY made_at DESC, id DESC LIMIT $3";
    let rows = db.rows(sql, values![tenant, peer, limit]).await?;
    rows.iter().map(FileRow::from_row).collect()
}

/// The files of any school whose term is over and whose content is still there, the longest over first; at most `limit`.
/// What is being stored is left alone until it is, or until a person ends the job that does it.
///
/// # Errors
/// What the database says.
pub async fn over(db: &Database, now: Timestamp, limit: u32) -> Result<Vec<FileRow>, StoreError> {
    let sql = "SELECT * FROM carried_file WHERE erased_at IS NULL AND erase_at <= $1
          AND (state <> 'storing' OR NOT EXISTS (SELECT 1 FROM job WHERE job.tenant = carried_file.tenant
              AND job.lane = '3/file/' || carried_file.id AND job.open = 1))
        ORDER BY erase_at LIMIT $2";
    let rows = db.rows(sql, values![now, limit]).await?;
    rows.iter().map(FileRow::from_row).collect()
}
