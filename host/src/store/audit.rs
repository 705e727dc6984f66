//! Audit entries and checkpoints as rows. How they chain is the audit room's business.

use super::error::StoreError;
use super::sql::{Database, Row, Transaction};
use super::write_set::{Table, Write};
use crate::values;

/// Entries.
pub static AUDIT: Table = Table {
    name: "audit",
    key: &["tenant", "writer", "seq"],
    columns: &[
        "tenant",
        "writer",
        "seq",
        "at",
        "actor",
        "verb",
        "subject_kind",
        "subject_id",
        "detail",
        "digest",
        "previous",
        "hash",
    ],
};

/// Checkpoints.
pub static CHECKPOINT: Table = Table {
    name: "checkpoint",
    key: &["id"],
    columns: &["id", "at", "previous", "heads", "key_id", "signature"],
};

/// An entry as it stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRow {
    /// The school.
    pub tenant: String,
    /// The process that wrote it, one name per start.
    pub writer: String,
    /// Its number in the chain of (tenant, writer), from 1.
    pub seq: i64,
    /// Milliseconds since 1970 UTC.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// Did what.
    pub verb: String,
    /// To which kind of object.
    pub subject_kind: String,
    /// That object's id.
    pub subject_id: String,
    /// What is worth telling beside that.
    pub detail: String,
    /// Keyed digest of the content it vouches for.
    pub digest: String,
    /// Hash of the entry before it.
    pub previous: String,
    /// Hash of this entry.
    pub hash: String,
}

impl AuditRow {
    /// The row to insert.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &AUDIT,
            values: values![
                &self.tenant,
                &self.writer,
                self.seq,
                self.at,
                &self.actor,
                &self.verb,
                &self.subject_kind,
                &self.subject_id,
                &self.detail,
                &self.digest,
                &self.previous,
                &self.hash,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(AuditRow {
            tenant: row.text("tenant")?,
            writer: row.text("writer")?,
            seq: row.int("seq")?,
            at: row.int("at")?,
            actor: row.text("actor")?,
            verb: row.text("verb")?,
            subject_kind: row.text("subject_kind")?,
            subject_id: row.text("subject_id")?,
            detail: row.text("detail")?,
            digest: row.text("digest")?,
            previous: row.text("previous")?,
            hash: row.text("hash")?,
        })
    }
}

/// The newest entry of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// The school.
    pub tenant: String,
    /// The writer.
    pub writer: String,
    /// Its number.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
    /// Its time.
    pub at: i64,
}

/// The head of one chain, seen from inside a transaction.
///
/// # Errors
/// What the database says.
pub async fn head(tx: &mut Transaction, tenant: &str, writer: &str) -> Result<Option<(i64, String)>, StoreError> {
    let sql = "SELECT seq, hash FROM audit WHERE tenant = $1 AND writer = $2 ORDER BY seq DESC LIMIT 1";
    let rows = tx.rows(sql, values![tenant, writer]).await?;
    let head = rows.first();
    head.map(|row| Ok((row.int("seq")?, row.text("hash")?))).transpose()
}

/// The head of every chain. Walks from chain to chain over the primary key, so that it costs as many steps as there
/// are chains and not as there are entries.
///
/// # Errors
/// What the database says.
pub async fn heads(db: &Database) -> Result<Vec<ChainHead>, StoreError> {
    let sql = "SELECT tenant, writer, seq, hash, at FROM audit
        WHERE (tenant, writer) = (SELECT tenant, writer FROM audit WHERE (tenant, writer) > ($1, $2)
                                  ORDER BY tenant, writer LIMIT 1)
        ORDER BY seq DESC LIMIT 1";
    let mut heads: Vec<ChainHead> = Vec::new();
    loop {
        let (tenant, writer) = heads
            .last()
            .map_or(("", ""), |last| (last.tenant.as_str(), last.writer.as_str()));
        let Some(row) = db.row(sql, values![tenant, writer]).await? else {
            return Ok(heads);
        };
        heads.push(ChainHead {
            tenant: row.text("tenant")?,
            writer: row.text("writer")?,
            seq: row.int("seq")?,
            hash: row.text("hash")?,
            at: row.int("at")?,
        });
    }
}

/// Entries of one chain after a number, in order; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn page(
    db: &Database,
    tenant: &str,
    writer: &str,
    after: i64,
    limit: u32,
) -> Result<Vec<AuditRow>, StoreError> {
    let sql = "SELECT * FROM audit WHERE tenant = $1 AND writer = $2 AND seq > $3 ORDER BY seq LIMIT $4";
    let rows = db.rows(sql, values![tenant, writer, after, limit]).await?;
    rows.iter().map(AuditRow::from_row).collect()
}

/// Entries about one object, oldest first.
///
/// # Errors
/// What the database says.
pub async fn about(
    db: &Database,
    tenant: &str,
    subject_kind: &str,
    subject_id: &str,
) -> Result<Vec<AuditRow>, StoreError> {
    let sql = "SELECT * FROM audit WHERE tenant = $1 AND subject_kind = $2 AND subject_id = $3
               ORDER BY at, writer, seq";
    let rows = db.rows(sql, values![tenant, subject_kind, subject_id]).await?;
    rows.iter().map(AuditRow::from_row).collect()
}

/// A checkpoint as it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// Its id, ordered by time.
    pub id: String,
    /// When it was made.
    pub at: i64,
    /// Digest of the checkpoint before it; empty for the first.
    pub previous: String,
    /// The heads, as JSON text.
    pub heads: String,
    /// Which key signed.
    pub key_id: String,
    /// Over all of the above.
    pub signature: String,
}

impl CheckpointRow {
    /// The row to insert.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &CHECKPOINT,
            values: values![
                &self.id,
                self.at,
                &self.previous,
                &self.heads,
                &self.key_id,
                &self.signature,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(CheckpointRow {
            id: row.text("id")?,
            at: row.int("at")?,
            previous: row.text("previous")?,
            heads: row.text("heads")?,
            key_id: row.text("key_id")?,
            signature: row.text("signature")?,
        })
    }
}

/// All checkpoints, oldest first.
///
/// # Errors
/// What the database says.
pub async fn checkpoints(db: &Database) -> Result<Vec<CheckpointRow>, StoreError> {
    let rows = db.rows("SELECT * FROM checkpoint ORDER BY at, id", vec![]).await?;
    rows.iter().map(CheckpointRow::from_row).collect()
}

/// The newest checkpoint.
///
/// # Errors
/// What the database says.
pub async fn newest_checkpoint(db: &Database) -> Result<Option<CheckpointRow>, StoreError> {
    let row = db
        .row("SELECT * FROM checkpoint ORDER BY at DESC, id DESC LIMIT 1", vec![])
        .await?;
    row.as_ref().map(CheckpointRow::from_row).transpose()
}
