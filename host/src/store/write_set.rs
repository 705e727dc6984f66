//! A write set: everything one decision changes, as data. Verbs return it, the committer makes it durable in one commit
//! together with its audit entries.

use super::sql::Value;

/// A table as the committer needs to know it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Columns that identify a row, first among `columns`.
    pub key: &'static [&'static str],
    /// All columns, in the order of a [`Write`]'s values. A table whose rows change has `version` among them.
    pub columns: &'static [&'static str],
}

impl Table {
    /// Whether rows of this table change and carry a version.
    #[must_use]
    pub fn is_versioned(&self) -> bool {
        self.columns.contains(&"version")
    }
}

/// One row to write. In a versioned table the row carries its new version and is applied only on top of the version
/// just before it (1: only when there is none yet); elsewhere it is inserted and never changed.
#[derive(Debug, Clone)]
pub struct Write {
    /// Where.
    pub table: &'static Table,
    /// One value per column.
    pub values: Vec<Value>,
}

impl Write {
    /// The value of a column.
    #[must_use]
    pub fn value(&self, column: &str) -> Option<&Value> {
        let place = self.table.columns.iter().position(|name| *name == column)?;
        self.values.get(place)
    }
}

/// A row that was only read, and whose version the decision depends on (0: it did not exist).
#[derive(Debug, Clone)]
pub struct Expectation {
    /// Where.
    pub table: &'static Table,
    /// The key's values.
    pub key: Vec<Value>,
    /// The version it had.
    pub version: i64,
}

/// Rows that are erased for good: what they hold may not be kept any longer. Only of tables whose rows never change; a row
/// with versions stays, emptied.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// Where.
    pub table: &'static Table,
    /// Values of the first columns of the key, which all these rows share.
    pub key: Vec<Value>,
}

/// Who did what to which object. No personal data: ids and digests only (invariant 10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// `account:ID`, `client:ID`, `job:KIND` or `host`.
    pub actor: String,
    /// Room and verb, such as `result.accept`.
    pub verb: &'static str,
    /// Kind of the object, such as `association`.
    pub subject_kind: &'static str,
    /// Its id.
    pub subject_id: String,
    /// What is worth telling beside that: numbers, reasons, revisions; no personal data.
    pub detail: String,
    /// The content the entry vouches for; kept as a salted digest only.
    pub content: Vec<u8>,
}

/// Everything one decision changes in one tenant.
#[derive(Debug, Clone, Default)]
pub struct WriteSet {
    /// The school.
    pub tenant: String,
    /// Rows, of any tables.
    pub rows: Vec<Write>,
    /// Rows only read.
    pub expects: Vec<Expectation>,
    /// Rows to erase.
    pub erases: Vec<Erasure>,
    /// Who did what.
    pub audit: Vec<AuditEntry>,
}

impl WriteSet {
    /// An empty write set of one tenant.
    #[must_use]
    pub fn of(tenant: &str) -> Self {
        WriteSet {
            tenant: tenant.to_owned(),
            ..WriteSet::default()
        }
    }

    /// Adds a row.
    pub fn put(&mut self, write: Write) -> &mut Self {
        self.rows.push(write);
        self
    }

    /// Makes the whole depend on a row that was only read: `version` is the one it had, 0 when there was none.
    pub fn expect(&mut self, table: &'static Table, key: Vec<Value>, version: i64) -> &mut Self {
        self.expects.push(Expectation { table, key, version });
        self
    }

    /// Erases rows.
    pub fn erase(&mut self, erasure: Erasure) -> &mut Self {
        self.erases.push(erasure);
        self
    }

    /// Adds an audit entry.
    pub fn audit(&mut self, entry: AuditEntry) -> &mut Self {
        self.audit.push(entry);
        self
    }

    /// Whether nothing would be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.erases.is_empty() && self.audit.is_empty()
    }
}
