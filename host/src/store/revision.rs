//! Revisions: what runs for a peer. Immutable and numbered; an activation says which one, since when, by whom and why.

use super::{Database, StoreError, Table, Write, sql::Row};
use crate::values;

/// The table of revisions.
pub static REVISION: Table = Table {
    name: "revision",
    key: &["tenant", "peer", "number"],
    columns: &[
        "tenant",
        "peer",
        "number",
        "digest",
        "config",
        "grants",
        "profile",
        "author",
        "reason",
        "created_at",
    ],
};

/// The table of activations.
pub static ACTIVATION: Table = Table {
    name: "activation",
    key: &["tenant", "peer", "seq"],
    columns: &[
        "tenant", "peer", "seq", "revision", "previous", "kind", "actor", "reason", "at",
    ],
};

/// The table of endpoints.
pub static ENDPOINT: Table = Table {
    name: "endpoint",
    key: &["tenant", "peer", "name"],
    columns: &[
        "tenant",
        "peer",
        "name",
        "base_url",
        "auth",
        "token_url",
        "client_id",
        "secret",
        "scope",
        "allowed_addresses",
        "version",
    ],
};

/// Component, configuration, grants and profile, as one whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionRow {
    /// The school.
    pub tenant: String,
    /// Whose connector.
    pub peer: String,
    /// Counts up per peer.
    pub number: i64,
    /// Package.
    pub digest: String,
    /// Configuration values, as JSON object.
    pub config: String,
    /// What the connector may ask of which endpoint, as JSON.
    pub grants: String,
    /// Profile of the package that the configuration was taken from.
    pub profile: Option<String>,
    /// Account that made it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    pub created_at: jiff::Timestamp,
}

impl RevisionRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &REVISION,
            values: values![
                &self.tenant,
                &self.peer,
                self.number,
                &self.digest,
                &self.config,
                &self.grants,
                &self.profile,
                &self.author,
                &self.reason,
                self.created_at,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(RevisionRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            number: row.int("number")?,
            digest: row.text("digest")?,
            config: row.text("config")?,
            grants: row.text("grants")?,
            profile: row.text_opt("profile")?,
            author: row.text("author")?,
            reason: row.text("reason")?,
            created_at: row.moment("created_at")?,
        })
    }
}

/// One change of what runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivationRow {
    /// The school.
    pub tenant: String,
    /// Whose connector.
    pub peer: String,
    /// Counts up per peer.
    pub seq: i64,
    /// What runs from now on.
    pub revision: i64,
    /// What ran before.
    pub previous: Option<i64>,
    /// `install`, `rollout` or `rollback`.
    pub kind: String,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: jiff::Timestamp,
}

impl ActivationRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &ACTIVATION,
            values: values![
                &self.tenant,
                &self.peer,
                self.seq,
                self.revision,
                self.previous,
                &self.kind,
                &self.actor,
                &self.reason,
                self.at,
            ],
        }
    }
}

/// Where a connector's endpoint really is, and how the host signs in there.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointRow {
    /// The school.
    pub tenant: String,
    /// Whose.
    pub peer: String,
    /// The name in the manifest.
    pub name: String,
    /// Base address.
    pub base_url: String,
    /// `none`, `bearer` or `api-key`.
    pub auth: String,
    /// Where a bearer token is got.
    pub token_url: Option<String>,
    /// As whom.
    pub client_id: Option<String>,
    /// Sealed secret or key.
    pub secret: Option<Vec<u8>>,
    /// Scope asked for.
    pub scope: Option<String>,
    /// Private addresses allowed, as JSON list.
    pub allowed_addresses: String,
    /// Version of the row.
    pub version: i64,
}

impl EndpointRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &ENDPOINT,
            values: values![
                &self.tenant,
                &self.peer,
                &self.name,
                &self.base_url,
                &self.auth,
                &self.token_url,
                &self.client_id,
                self.secret.clone(),
                &self.scope,
                &self.allowed_addresses,
                self.version,
            ],
        }
    }
}

const REVISION_COLUMNS: &str = "tenant, peer, number, digest, config, grants, profile, author, reason, created_at";

impl Database {
    /// A revision by number.
    ///
    /// # Errors
    /// What the database says.
    pub async fn revision(&self, tenant: &str, peer: &str, number: i64) -> Result<Option<RevisionRow>, StoreError> {
        let sql = format!("SELECT {REVISION_COLUMNS} FROM revision WHERE tenant = $1 AND peer = $2 AND number = $3");
        self.row(sql, values![tenant, peer, number])
            .await?
            .as_ref()
            .map(RevisionRow::from_row)
            .transpose()
    }

    /// All revisions of a peer, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn revisions(&self, tenant: &str, peer: &str) -> Result<Vec<RevisionRow>, StoreError> {
        let sql =
            format!("SELECT {REVISION_COLUMNS} FROM revision WHERE tenant = $1 AND peer = $2 ORDER BY number DESC");
        self.rows(sql, values![tenant, peer])
            .await?
            .iter()
            .map(RevisionRow::from_row)
            .collect()
    }

    /// What ran when, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn activations(&self, tenant: &str, peer: &str) -> Result<Vec<ActivationRow>, StoreError> {
        let sql = "SELECT tenant, peer, seq, revision, previous, kind, actor, reason, at FROM activation \
                   WHERE tenant = $1 AND peer = $2 ORDER BY seq DESC";
        let activation = |row: &Row| {
            Ok(ActivationRow {
                tenant: row.text("tenant")?,
                peer: row.text("peer")?,
                seq: row.int("seq")?,
                revision: row.int("revision")?,
                previous: row.int_opt("previous")?,
                kind: row.text("kind")?,
                actor: row.text("actor")?,
                reason: row.text("reason")?,
                at: row.moment("at")?,
            })
        };
        self.rows(sql, values![tenant, peer])
            .await?
            .iter()
            .map(activation)
            .collect()
    }

    /// The endpoints of a peer.
    ///
    /// # Errors
    /// What the database says.
    pub async fn endpoints(&self, tenant: &str, peer: &str) -> Result<Vec<EndpointRow>, StoreError> {
        let sql = "SELECT tenant, peer, name, base_url, auth, token_url, client_id, secret, scope, allowed_addresses, \
                   version FROM endpoint WHERE tenant = $1 AND peer = $2 ORDER BY name";
        let endpoint = |row: &Row| {
            Ok(EndpointRow {
                tenant: row.text("tenant")?,
                peer: row.text("peer")?,
                name: row.text("name")?,
                base_url: row.text("base_url")?,
                auth: row.text("auth")?,
                token_url: row.text_opt("token_url")?,
                client_id: row.text_opt("client_id")?,
                secret: row.bytes_opt("secret")?,
                scope: row.text_opt("scope")?,
                allowed_addresses: row.text("allowed_addresses")?,
                version: row.int("version")?,
            })
        };
        self.rows(sql, values![tenant, peer])
            .await?
            .iter()
            .map(endpoint)
            .collect()
    }
}
