//! What vendors push: the secret that each webhook is checked with, and every push as it came, sealed. A push is written
//! once, in the commit that has it translated.

use jiff::Timestamp;

use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::values;

/// The table of secrets.
pub static WEBHOOK: Table = Table {
    name: "webhook",
    key: &["tenant", "peer", "name"],
    columns: &["tenant", "peer", "name", "secret", "version"],
};

/// The table of pushes.
pub static PUSH: Table = Table {
    name: "push",
    key: &["tenant", "id"],
    columns: &["tenant", "id", "peer", "webhook", "content", "received_at"],
};

/// With what the pushes of a webhook are checked.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookRow {
    /// The school.
    pub tenant: String,
    /// The vendor.
    pub peer: String,
    /// Name in the manifest.
    pub name: String,
    /// Shared secret or public key, sealed.
    pub secret: Vec<u8>,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl WebhookRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &WEBHOOK,
            values: values![
                &self.tenant,
                &self.peer,
                &self.name,
                self.secret.clone(),
                self.version + 1,
            ],
        }
    }
}

/// One push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushRow {
    /// The school.
    pub tenant: String,
    /// Its id.
    pub id: String,
    /// The vendor.
    pub peer: String,
    /// Name of the webhook.
    pub webhook: String,
    /// Its body, sealed.
    pub content: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
}

impl PushRow {
    /// The row to insert.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &PUSH,
            values: values![
                &self.tenant,
                &self.id,
                &self.peer,
                &self.webhook,
                self.content.clone(),
                self.received_at,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(PushRow {
            tenant: row.text("tenant")?,
            id: row.text("id")?,
            peer: row.text("peer")?,
            webhook: row.text("webhook")?,
            content: row.bytes("content")?,
            received_at: row.moment("received_at")?,
        })
    }
}

/// The secret of a webhook; version 0 and no secret when there is none.
///
/// # Errors
/// What the database says.
pub async fn webhook(db: &Database, tenant: &str, peer: &str, name: &str) -> Result<Option<WebhookRow>, StoreError> {
    let sql = "SELECT secret, version FROM webhook WHERE tenant = $1 AND peer = $2 AND name = $3";
    let row = db.row(sql, values![tenant, peer, name]).await?;
    row.map(|row| {
        Ok(WebhookRow {
            tenant: tenant.to_owned(),
            peer: peer.to_owned(),
            name: name.to_owned(),
            secret: row.bytes("secret")?,
            version: row.int("version")?,
        })
    })
    .transpose()
}

/// A push.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<PushRow>, StoreError> {
    let sql = "SELECT tenant, id, peer, webhook, content, received_at FROM push WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(PushRow::from_row).transpose()
}
