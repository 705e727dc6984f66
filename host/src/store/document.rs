//! Documents: evidence named in results and reports, its content sealed in chunks (R27).

use jiff::Timestamp;

use super::error::StoreError;
use super::seal::{SealError, Sealer};
use super::sql::{Database, Row};
use super::write_set::{Erasure, Table, Write};
use crate::domain::model::DocumentType;
use crate::values;

/// The table of documents.
pub static DOCUMENT: Table = Table {
    name: "document",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "peer",
        "peer_id",
        "subject_kind",
        "subject_id",
        "document_type",
        "name",
        "media_type",
        "size",
        "sha256",
        "content",
        "fetched_at",
        "version",
    ],
};

/// The table of chunks.
pub static DOCUMENT_CHUNK: Table = Table {
    name: "document_chunk",
    key: &["tenant", "content", "seq"],
    columns: &["tenant", "content", "seq", "bytes"],
};

/// What was fetched of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its media type, as its maker says.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// Digest of the content, hexadecimal.
    pub sha256: String,
    /// Under which id its chunks lie: each try to fetch has one of its own.
    pub content: String,
    /// When.
    pub at: Timestamp,
}

/// A document as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRow {
    /// The school.
    pub tenant: String,
    /// Our id (R27).
    pub id: String,
    /// Who named it, and has it.
    pub peer: String,
    /// Its id there.
    pub peer_id: String,
    /// `association` for a result, `offering` for a report.
    pub subject_kind: String,
    /// That object's id, ours.
    pub subject_id: String,
    /// Kind of document, as the codec spells it.
    pub document_type: DocumentType,
    /// Proposed file name.
    pub name: String,
    /// What was fetched, once it was.
    pub fetched: Option<Fetched>,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

fn type_word(document_type: &DocumentType) -> &str {
    match document_type {
        DocumentType::AssessmentForm => "assessmentForm",
        DocumentType::AssessmentFormWithAnswers => "assessmentFormWithAnswers",
        DocumentType::AssessmentModel => "assessmentModel",
        DocumentType::SessionReport => "sessionReport",
        DocumentType::AttendanceReport => "attendanceReport",
        DocumentType::Other(other) => other,
    }
}

fn type_from(word: String) -> DocumentType {
    match word.as_str() {
        "assessmentForm" => DocumentType::AssessmentForm,
        "assessmentFormWithAnswers" => DocumentType::AssessmentFormWithAnswers,
        "assessmentModel" => DocumentType::AssessmentModel,
        "sessionReport" => DocumentType::SessionReport,
        "attendanceReport" => DocumentType::AttendanceReport,
        _ => DocumentType::Other(word),
    }
}

impl DocumentRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        let fetched = self.fetched.as_ref();
        Write {
            table: &DOCUMENT,
            values: values![
                &self.tenant,
                &self.id,
                &self.peer,
                &self.peer_id,
                &self.subject_kind,
                &self.subject_id,
                type_word(&self.document_type),
                &self.name,
                fetched.map(|fetched| fetched.media_type.clone()),
                fetched.map(|fetched| fetched.size),
                fetched.map(|fetched| fetched.sha256.clone()),
                fetched.map(|fetched| fetched.content.clone()),
                fetched.map(|fetched| fetched.at),
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let fetched = match row.moment_opt("fetched_at")? {
            None => None,
            Some(at) => Some(Fetched {
                media_type: row.text("media_type")?,
                size: row.int("size")?,
                sha256: row.text("sha256")?,
                content: row.text("content")?,
                at,
            }),
        };
        Ok(DocumentRow {
            tenant: row.text("tenant")?,
            id: row.text("id")?,
            peer: row.text("peer")?,
            peer_id: row.text("peer_id")?,
            subject_kind: row.text("subject_kind")?,
            subject_id: row.text("subject_id")?,
            document_type: type_from(row.text("document_type")?),
            name: row.text("name")?,
            fetched,
            version: row.int("version")?,
        })
    }
}

/// One document, by our id.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<DocumentRow>, StoreError> {
    let sql = "SELECT * FROM document WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(DocumentRow::from_row).transpose()
}

/// The documents that a peer named for one object, by our id.
///
/// # Errors
/// What the database says.
pub async fn of_subject(
    db: &Database,
    tenant: &str,
    peer: &str,
    subject: (&str, &str),
) -> Result<Vec<DocumentRow>, StoreError> {
    let (kind, id) = subject;
    let sql = "SELECT * FROM document
        WHERE tenant = $1 AND peer = $2 AND subject_kind = $3 AND subject_id = $4 ORDER BY id";
    let rows = db.rows(sql, values![tenant, peer, kind, id]).await?;
    rows.iter().map(DocumentRow::from_row).collect()
}

fn place(tenant: &str, content: &str, seq: i64) -> String {
    format!("document/{tenant}/{content}/{seq}")
}

/// Inserts a piece of a document's content, sealed. `seq` counts from 0.
///
/// # Errors
/// [`SealError::NoRandomness`].
pub fn chunk_row(sealer: &Sealer, tenant: &str, content: &str, seq: i64, bytes: &[u8]) -> Result<Write, SealError> {
    let sealed = sealer.seal(&place(tenant, content, seq), bytes)?;
    Ok(Write {
        table: &DOCUMENT_CHUNK,
        values: values![tenant, content, seq, sealed],
    })
}

/// Erases a content, all its pieces.
#[must_use]
pub fn erasure(tenant: &str, content: &str) -> Erasure {
    Erasure {
        table: &DOCUMENT_CHUNK,
        key: values![tenant, content],
    }
}

/// A piece of a document's content, still sealed; `None` past the end.
///
/// # Errors
/// What the database says.
pub async fn sealed_chunk(db: &Database, tenant: &str, content: &str, seq: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT bytes FROM document_chunk WHERE tenant = $1 AND content = $2 AND seq = $3";
    let row = db.row(sql, values![tenant, content, seq]).await?;
    row.map(|row| row.bytes("bytes")).transpose()
}

/// Whether a content has a piece.
///
/// # Errors
/// What the database says.
pub async fn has_chunk(db: &Database, tenant: &str, content: &str, seq: i64) -> Result<bool, StoreError> {
    let sql = "SELECT seq FROM document_chunk WHERE tenant = $1 AND content = $2 AND seq = $3";
    Ok(db.row(sql, values![tenant, content, seq]).await?.is_some())
}

/// Opens what [`sealed_chunk`] found.
///
/// # Errors
/// [`SealError::Refused`] with another master key.
pub fn open_chunk(sealer: &Sealer, tenant: &str, content: &str, seq: i64, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    sealer.open(&place(tenant, content, seq), sealed)
}
