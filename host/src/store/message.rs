//! The inbox: what came in over a face, sealed, and what was done with it. Written once, in the commit that applies it.

use jiff::Timestamp;

use super::error::StoreError;
use super::seal::{SealError, Sealer};
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::values;

/// The table.
pub static MESSAGE: Table = Table {
    name: "message",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "flow",
        "peer",
        "method",
        "subject_kind",
        "subject_id",
        "outcome",
        "content",
        "received_at",
        "revision",
    ],
};

/// A message as it stands in the inbox; its content stays sealed until asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// The school.
    pub tenant: String,
    /// Its id.
    pub id: String,
    /// The flow.
    pub flow: i64,
    /// Who sent it.
    pub peer: String,
    /// PUT, PATCH, poll, webhook or file.
    pub method: String,
    /// Kind of the object it is about.
    pub subject_kind: String,
    /// That object's id.
    pub subject_id: String,
    /// applied, repeated, held or ignored.
    pub outcome: String,
    /// The content, sealed.
    pub sealed: Option<Vec<u8>>,
    /// When.
    pub received_at: Timestamp,
    /// The connector revision that brought it; none for what came over a face.
    pub revision: Option<i64>,
}

fn place(tenant: &str, id: &str) -> String {
    format!("message/{tenant}/{id}")
}

impl MessageRow {
    /// Seals a content for the message with this id.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn seal(sealer: &Sealer, tenant: &str, id: &str, content: &[u8]) -> Result<Vec<u8>, SealError> {
        sealer.seal(&place(tenant, id), content)
    }

    /// The content in the clear.
    ///
    /// # Errors
    /// [`SealError::Refused`] with another master key.
    pub fn content(&self, sealer: &Sealer) -> Result<Option<Vec<u8>>, SealError> {
        let sealed = self.sealed.as_deref();
        sealed
            .map(|sealed| sealer.open(&place(&self.tenant, &self.id), sealed))
            .transpose()
    }

    /// The row to insert.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &MESSAGE,
            values: values![
                &self.tenant,
                &self.id,
                self.flow,
                &self.peer,
                &self.method,
                &self.subject_kind,
                &self.subject_id,
                &self.outcome,
                self.sealed.clone(),
                self.received_at,
                self.revision,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(MessageRow {
            tenant: row.text("tenant")?,
            id: row.text("id")?,
            flow: row.int("flow")?,
            peer: row.text("peer")?,
            method: row.text("method")?,
            subject_kind: row.text("subject_kind")?,
            subject_id: row.text("subject_id")?,
            outcome: row.text("outcome")?,
            sealed: row.bytes_opt("content")?,
            received_at: row.moment("received_at")?,
            revision: row.int_opt("revision")?,
        })
    }
}

/// One message.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<MessageRow>, StoreError> {
    let sql = "SELECT * FROM message WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(MessageRow::from_row).transpose()
}

/// The messages about one object, oldest first.
///
/// # Errors
/// What the database says.
pub async fn about(
    db: &Database,
    tenant: &str,
    subject_kind: &str,
    subject_id: &str,
) -> Result<Vec<MessageRow>, StoreError> {
    let sql = "SELECT * FROM message WHERE tenant = $1 AND subject_kind = $2 AND subject_id = $3
               ORDER BY received_at, id";
    let rows = db.rows(sql, values![tenant, subject_kind, subject_id]).await?;
    rows.iter().map(MessageRow::from_row).collect()
}

/// How many messages of a (flow, peer) had an outcome since a moment.
///
/// # Errors
/// What the database says.
pub async fn counts_since(
    db: &Database,
    tenant: &str,
    since: Timestamp,
) -> Result<Vec<(i64, String, String, i64)>, StoreError> {
    let sql = "SELECT flow, peer, outcome, COUNT(*) AS count FROM message
        WHERE tenant = $1 AND received_at >= $2 GROUP BY flow, peer, outcome ORDER BY flow, peer, outcome";
    let rows = db.rows(sql, values![tenant, since]).await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.int("flow")?,
                row.text("peer")?,
                row.text("outcome")?,
                row.int("count")?,
            ))
        })
        .collect()
}
