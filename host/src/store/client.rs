//! Clients of the OKE faces, each acting for one peer, and the tokens they were given. Secrets and tokens are kept as
//! digests only.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use oke_codec::Dialect;

use super::error::StoreError;
use super::sql::{Database, Row, Value};
use super::write_set::{Table, Write};
use crate::values;

/// The table of clients.
pub static OAUTH_CLIENT: Table = Table {
    name: "oauth_client",
    key: &["tenant", "client_id"],
    columns: &[
        "tenant",
        "client_id",
        "peer",
        "secret_hash",
        "scopes",
        "disabled",
        "created_at",
        "version",
    ],
};

/// The table of tokens.
pub static ACCESS_TOKEN: Table = Table {
    name: "access_token",
    key: &["token_hash"],
    columns: &["token_hash", "tenant", "client_id", "scopes", "expires_at"],
};

/// A client as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// The school.
    pub tenant: String,
    /// Its id, one of a kind among all schools.
    pub client_id: String,
    /// The peer it acts for.
    pub peer: String,
    /// Digest of its secret.
    pub secret_hash: String,
    /// Scopes it may ask for.
    pub scopes: Vec<String>,
    /// Gets no tokens any more, and those it has are refused.
    pub disabled: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl ClientRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &OAUTH_CLIENT,
            values: values![
                &self.tenant,
                &self.client_id,
                &self.peer,
                &self.secret_hash,
                self.scopes.join(" "),
                self.disabled,
                self.created_at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(ClientRow {
            tenant: row.text("tenant")?,
            client_id: row.text("client_id")?,
            peer: row.text("peer")?,
            secret_hash: row.text("secret_hash")?,
            scopes: words(&row.text("scopes")?),
            disabled: row.flag("disabled")?,
            created_at: row.moment("created_at")?,
            version: row.int("version")?,
        })
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// A token to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Digest of the token.
    pub token_hash: String,
    /// The school.
    pub tenant: String,
    /// Whose.
    pub client_id: String,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// Until when.
    pub expires_at: Timestamp,
}

impl TokenRow {
    /// Inserts it.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &ACCESS_TOKEN,
            values: values![
                &self.token_hash,
                &self.tenant,
                &self.client_id,
                self.scopes.join(" "),
                self.expires_at,
            ],
        }
    }
}

/// Who holds a token: everything a face needs to know to let a message in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The school.
    pub tenant: String,
    /// The client.
    pub client_id: String,
    /// The peer it acts for.
    pub peer: String,
    /// That peer's hat: `dr`, `ta` or `tpl`.
    pub hat: String,
    /// That peer's dialect.
    pub dialect: Dialect,
    /// What the token is good for.
    pub scopes: Vec<String>,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A client by its id, which no two schools share.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, client_id: &str) -> Result<Option<ClientRow>, StoreError> {
    let sql = "SELECT * FROM oauth_client WHERE client_id = $1";
    let row = db.row(sql, values![client_id]).await?;
    row.as_ref().map(ClientRow::from_row).transpose()
}

/// The clients of a school, by peer and id.
///
/// # Errors
/// What the database says.
pub async fn all(db: &Database, tenant: &str) -> Result<Vec<ClientRow>, StoreError> {
    let sql = "SELECT * FROM oauth_client WHERE tenant = $1 ORDER BY peer, client_id";
    let rows = db.rows(sql, values![tenant]).await?;
    rows.iter().map(ClientRow::from_row).collect()
}

/// Who holds the tokens with these digests, by digest; nobody once the client is disabled. Expired ones are found too,
/// so that the answer can say so.
///
/// # Errors
/// What the database says.
pub async fn holders(db: &Database, token_hashes: &[String]) -> Result<HashMap<String, Holder>, StoreError> {
    let sql = "SELECT token.token_hash AS token_hash, token.tenant AS tenant, token.client_id AS client_id,
            token.scopes AS scopes, token.expires_at AS expires_at, client.peer AS peer, peer.hat AS hat,
            peer.dialect AS dialect
        FROM {asked} CROSS JOIN access_token token CROSS JOIN oauth_client client CROSS JOIN peer
        WHERE token.token_hash = asked.column1
          AND client.tenant = token.tenant AND client.client_id = token.client_id AND client.disabled = 0
          AND peer.tenant = client.tenant AND peer.id = client.peer";
    let digests: BTreeSet<&String> = token_hashes.iter().collect();
    let keys: Vec<Vec<Value>> = digests.into_iter().map(|digest| values![digest]).collect();
    let rows = db.rows_of_keys(sql, &keys).await?;
    let holder = |row: &Row| -> Result<Holder, StoreError> {
        Ok(Holder {
            tenant: row.text("tenant")?,
            client_id: row.text("client_id")?,
            peer: row.text("peer")?,
            hat: row.text("hat")?,
            dialect: super::peer::dialect(row)?,
            scopes: words(&row.text("scopes")?),
            expires_at: row.moment("expires_at")?,
        })
    };
    rows.iter()
        .map(|row| Ok((row.text("token_hash")?, holder(row)?)))
        .collect()
}
