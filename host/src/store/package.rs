//! Publishers' keys and connector packages. A package is immutable, known by its digest, and lies in sealed chunks, so
//! that every node has it.

use super::{Database, StoreError, Table, Write, mark::Mark, sql::Row};
use crate::values;

/// The table of publishers' keys.
pub static PUBLISHER_KEY: Table = Table {
    name: "publisher_key",
    key: &["tenant", "key_id"],
    columns: &[
        "tenant",
        "key_id",
        "publisher",
        "public_key",
        "trusted_at",
        "trusted_by",
        "revoked_at",
        "revoked_by",
        "compromised_since",
        "reason",
        "expires_at",
        "role",
        "version",
    ],
};

/// The table of counter-signatures.
pub static COUNTER_SIGNATURE: Table = Table {
    name: "counter_signature",
    key: &["tenant", "digest"],
    columns: &["tenant", "digest", "envelope", "added_by", "added_at", "version"],
};

/// The table of packages.
pub static PACKAGE: Table = Table {
    name: "package",
    key: &["tenant", "digest"],
    columns: &[
        "tenant",
        "digest",
        "name",
        "package_version",
        "key_id",
        "manifest",
        "notes",
        "size",
        "admitted_at",
        "admitted_by",
        "admission",
    ],
};

/// The table of packages' bytes.
pub static PACKAGE_CHUNK: Table = Table {
    name: "package_chunk",
    key: &["tenant", "digest", "seq"],
    columns: &["tenant", "digest", "seq", "bytes"],
};

/// Bytes per chunk row.
pub const CHUNK: usize = 256 * 1024;

/// A key of a publisher that the school trusts, or no longer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherKeyRow {
    /// The school.
    pub tenant: String,
    /// Id, derived from the key.
    pub key_id: String,
    /// Whose.
    pub publisher: String,
    /// The key, as text.
    pub public_key: String,
    /// Since when.
    pub trusted_at: jiff::Timestamp,
    /// By which account.
    pub trusted_by: String,
    /// When it was revoked.
    pub revoked_at: Option<jiff::Timestamp>,
    /// By which account.
    pub revoked_by: Option<String>,
    /// What was first admitted from this moment on is no longer trusted.
    pub compromised_since: Option<jiff::Timestamp>,
    /// Why it was revoked.
    pub reason: Option<String>,
    /// What is admitted from this moment on may no longer be signed with it.
    pub expires_at: Option<jiff::Timestamp>,
    /// What it signs.
    pub role: KeyRole,
    /// Version of the row.
    pub version: i64,
}

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRole {
    /// Packages.
    Publisher,
    /// Along with publishers, as a school does.
    Counter,
}

impl KeyRole {
    /// As the column and the management API have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            KeyRole::Publisher => "publisher",
            KeyRole::Counter => "counter",
        }
    }

    /// By its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [KeyRole::Publisher, KeyRole::Counter]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

impl PublisherKeyRow {
    /// Whether what was signed with it and first admitted at this moment is no longer trusted: the revocation says
    /// since when the key was in other hands.
    #[must_use]
    pub fn refuses(&self, admitted_at: jiff::Timestamp) -> bool {
        self.compromised_since.is_some_and(|since| since <= admitted_at)
    }

    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &PUBLISHER_KEY,
            values: values![
                &self.tenant,
                &self.key_id,
                &self.publisher,
                &self.public_key,
                self.trusted_at,
                &self.trusted_by,
                self.revoked_at,
                &self.revoked_by,
                self.compromised_since,
                &self.reason,
                self.expires_at,
                self.role.name(),
                self.version,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(PublisherKeyRow {
            tenant: row.text("tenant")?,
            key_id: row.text("key_id")?,
            publisher: row.text("publisher")?,
            public_key: row.text("public_key")?,
            trusted_at: row.moment("trusted_at")?,
            trusted_by: row.text("trusted_by")?,
            revoked_at: row.moment_opt("revoked_at")?,
            revoked_by: row.text_opt("revoked_by")?,
            compromised_since: row.moment_opt("compromised_since")?,
            reason: row.text_opt("reason")?,
            expires_at: row.moment_opt("expires_at")?,
            role: {
                let role = row.text("role")?;
                KeyRole::from_name(&role).ok_or_else(|| StoreError::unknown_word("role", &role))?
            },
            version: row.int("version")?,
        })
    }
}

/// An admitted package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageRow {
    /// The school.
    pub tenant: String,
    /// Digest of its signed content.
    pub digest: String,
    /// The connector's name.
    pub name: String,
    /// Its version.
    pub package_version: String,
    /// The key that signed it.
    pub key_id: String,
    /// Its manifest, as it lies in the package.
    pub manifest: String,
    /// Release notes, Dutch.
    pub notes: String,
    /// Size in bytes.
    pub size: i64,
    /// When this school first admitted the digest: the time that counts for revocation.
    pub admitted_at: jiff::Timestamp,
    /// By which account.
    pub admitted_by: String,
    /// The host's own signed statement of admission.
    pub admission: String,
}

impl PackageRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &PACKAGE,
            values: values![
                &self.tenant,
                &self.digest,
                &self.name,
                &self.package_version,
                &self.key_id,
                &self.manifest,
                &self.notes,
                self.size,
                self.admitted_at,
                &self.admitted_by,
                &self.admission,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(PackageRow {
            tenant: row.text("tenant")?,
            digest: row.text("digest")?,
            name: row.text("name")?,
            package_version: row.text("package_version")?,
            key_id: row.text("key_id")?,
            manifest: row.text("manifest")?,
            notes: row.text("notes")?,
            size: row.int("size")?,
            admitted_at: row.moment("admitted_at")?,
            admitted_by: row.text("admitted_by")?,
            admission: row.text("admission")?,
        })
    }
}

/// The detached counter-signatures of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterSignatureRow {
    /// The school.
    pub tenant: String,
    /// The package.
    pub digest: String,
    /// The DSSE envelope, JSON.
    pub envelope: String,
    /// Who added the newest.
    pub added_by: String,
    /// When: the time that counts for the keys.
    pub added_at: jiff::Timestamp,
    /// Version of the row; 0 before it is written.
    pub version: i64,
}

impl CounterSignatureRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &COUNTER_SIGNATURE,
            values: values![
                &self.tenant,
                &self.digest,
                &self.envelope,
                &self.added_by,
                self.added_at,
                self.version + 1,
            ],
        }
    }
}

/// One chunk of a package's bytes, sealed by the caller.
#[must_use]
pub fn chunk(tenant: &str, digest: &str, seq: i64, sealed: Vec<u8>) -> Write {
    Write {
        table: &PACKAGE_CHUNK,
        values: values![tenant, digest, seq, sealed],
    }
}

const PACKAGE_COLUMNS: &str =
    "tenant, digest, name, package_version, key_id, manifest, notes, size, admitted_at, admitted_by, admission";
const KEY_COLUMNS: &str = "tenant, key_id, publisher, public_key, trusted_at, trusted_by, revoked_at, revoked_by, \
                           compromised_since, reason, expires_at, role, version";

impl Database {
    /// A publisher's key.
    ///
    /// # Errors
    /// What the database says.
    pub async fn publisher_key(&self, tenant: &str, key_id: &str) -> Result<Option<PublisherKeyRow>, StoreError> {
        let sql = format!("SELECT {KEY_COLUMNS} FROM publisher_key WHERE tenant = $1 AND key_id = $2");
        self.row(sql, values![tenant, key_id])
            .await?
            .as_ref()
            .map(PublisherKeyRow::from_row)
            .transpose()
    }

    /// All keys a school ever trusted.
    ///
    /// # Errors
    /// What the database says.
    pub async fn publisher_keys(&self, tenant: &str) -> Result<Vec<PublisherKeyRow>, StoreError> {
        let sql = format!("SELECT {KEY_COLUMNS} FROM publisher_key WHERE tenant = $1 ORDER BY publisher, trusted_at");
        self.rows(sql, values![tenant])
            .await?
            .iter()
            .map(PublisherKeyRow::from_row)
            .collect()
    }

    /// A package by digest.
    ///
    /// # Errors
    /// What the database says.
    pub async fn package(&self, tenant: &str, digest: &str) -> Result<Option<PackageRow>, StoreError> {
        let sql = format!("SELECT {PACKAGE_COLUMNS} FROM package WHERE tenant = $1 AND digest = $2");
        self.row(sql, values![tenant, digest])
            .await?
            .as_ref()
            .map(PackageRow::from_row)
            .transpose()
    }

    /// A package by name and version.
    ///
    /// # Errors
    /// What the database says.
    pub async fn package_version(
        &self,
        tenant: &str,
        name: &str,
        version: &str,
    ) -> Result<Option<PackageRow>, StoreError> {
        let sql =
            format!("SELECT {PACKAGE_COLUMNS} FROM package WHERE tenant = $1 AND name = $2 AND package_version = $3");
        self.row(sql, values![tenant, name, version])
            .await?
            .as_ref()
            .map(PackageRow::from_row)
            .transpose()
    }

    /// All packages of a school, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn packages(&self, tenant: &str) -> Result<Vec<PackageRow>, StoreError> {
        let sql = format!("SELECT {PACKAGE_COLUMNS} FROM package WHERE tenant = $1 ORDER BY admitted_at DESC, digest");
        self.rows(sql, values![tenant])
            .await?
            .iter()
            .map(PackageRow::from_row)
            .collect()
    }

    /// Packages of a school before a place, newest first; at most `limit`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn packages_before(
        &self,
        tenant: &str,
        before: &Mark,
        limit: u32,
    ) -> Result<Vec<PackageRow>, StoreError> {
        let sql = format!(
            "SELECT {PACKAGE_COLUMNS} FROM package
            WHERE tenant = $1 AND admitted_at <= $2 AND (admitted_at < $2 OR digest > $3)
            ORDER BY admitted_at DESC, digest LIMIT $4"
        );
        let rows = self
            .rows(sql, values![tenant, before.moment, &before.id, limit])
            .await?;
        rows.iter().map(PackageRow::from_row).collect()
    }

    /// The sealed chunks of a package, in order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn package_chunks(&self, tenant: &str, digest: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        let sql = "SELECT bytes FROM package_chunk WHERE tenant = $1 AND digest = $2 ORDER BY seq";
        self.rows(sql, values![tenant, digest])
            .await?
            .iter()
            .map(|row| row.bytes("bytes"))
            .collect()
    }

    /// The counter-signatures of a package.
    ///
    /// # Errors
    /// What the database says.
    pub async fn counter_signature(
        &self,
        tenant: &str,
        digest: &str,
    ) -> Result<Option<CounterSignatureRow>, StoreError> {
        let sql = "SELECT * FROM counter_signature WHERE tenant = $1 AND digest = $2";
        let row = self.row(sql, values![tenant, digest]).await?;
        row.map(|row| {
            Ok(CounterSignatureRow {
                tenant: row.text("tenant")?,
                digest: row.text("digest")?,
                envelope: row.text("envelope")?,
                added_by: row.text("added_by")?,
                added_at: row.moment("added_at")?,
                version: row.int("version")?,
            })
        })
        .transpose()
    }
}
