//! Keuringen of packages, what people approved for a peer, and what a school demands before a connector runs.

use super::{Database, StoreError, Table, Write, sql::Row};
use crate::domain::keuring::{AdmissionPolicy, Outcome};
use crate::values;

/// The table of policies.
pub static ADMISSION_POLICY: Table = Table {
    name: "admission_policy",
    key: &["tenant"],
    columns: &["tenant", "policy", "set_by", "set_at", "version"],
};

/// The table of keuringen.
pub static KEURING: Table = Table {
    name: "keuring",
    key: &["tenant", "id"],
    columns: &[
        "tenant", "id", "digest", "state", "done", "total", "outcomes", "obstacle", "seal", "asked_by", "asked_at",
        "ended_at", "version",
    ],
};

/// The table of approvals.
pub static CAPABILITY_APPROVAL: Table = Table {
    name: "capability_approval",
    key: &["tenant", "peer", "digest", "fingerprint", "approved_by"],
    columns: &[
        "tenant",
        "peer",
        "digest",
        "fingerprint",
        "approved_by",
        "changes",
        "reason",
        "approved_at",
    ],
};

/// What a school demands, when that is not the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmissionPolicyRow {
    /// The school.
    pub tenant: String,
    /// What it demands.
    pub policy: AdmissionPolicy,
    /// Who said so.
    pub set_by: String,
    /// When.
    pub set_at: jiff::Timestamp,
    /// Version of the row; 0 before it is written.
    pub version: i64,
}

impl AdmissionPolicyRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        let policy = serde_json::to_string(&self.policy).expect("a policy is JSON");
        Write {
            table: &ADMISSION_POLICY,
            values: values![&self.tenant, policy, &self.set_by, self.set_at, self.version + 1],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(AdmissionPolicyRow {
            tenant: row.text("tenant")?,
            policy: read("policy", &row.text("policy")?)?,
            set_by: row.text("set_by")?,
            set_at: row.moment("set_at")?,
            version: row.int("version")?,
        })
    }
}

/// Where a keuring stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeuringState {
    /// It has not ended.
    Waiting,
    /// Every scenario that could be tried passed.
    Passed,
    /// One failed, or the package could not be tried at all.
    Failed,
}

impl KeuringState {
    /// As the column and the management API have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            KeuringState::Waiting => "waiting",
            KeuringState::Passed => "passed",
            KeuringState::Failed => "failed",
        }
    }

    fn from_name(name: &str) -> Result<Self, StoreError> {
        let all = [KeuringState::Waiting, KeuringState::Passed, KeuringState::Failed];
        let found = all.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| StoreError::unknown_word("state", name))
    }
}

/// One keuring of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeuringRow {
    /// The school.
    pub tenant: String,
    /// Its id.
    pub id: String,
    /// The package.
    pub digest: String,
    /// Where it stands.
    pub state: KeuringState,
    /// Scenarios played.
    pub done: i64,
    /// Scenarios in all; 0 before they are known.
    pub total: i64,
    /// What came of each.
    pub outcomes: Vec<Outcome>,
    /// Why the package could not be tried at all.
    pub obstacle: Option<String>,
    /// The host's signature, once it has ended.
    pub seal: Option<String>,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    pub asked_at: jiff::Timestamp,
    /// When it ended.
    pub ended_at: Option<jiff::Timestamp>,
    /// Version of the row; 0 before it is written.
    pub version: i64,
}

impl KeuringRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &KEURING,
            values: values![
                &self.tenant,
                &self.id,
                &self.digest,
                self.state.name(),
                self.done,
                self.total,
                serde_json::to_string(&self.outcomes).expect("outcomes are JSON"),
                &self.obstacle,
                &self.seal,
                &self.asked_by,
                self.asked_at,
                self.ended_at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(KeuringRow {
            tenant: row.text("tenant")?,
            id: row.text("id")?,
            digest: row.text("digest")?,
            state: KeuringState::from_name(&row.text("state")?)?,
            done: row.int("done")?,
            total: row.int("total")?,
            outcomes: read("outcomes", &row.text("outcomes")?)?,
            obstacle: row.text_opt("obstacle")?,
            seal: row.text_opt("seal")?,
            asked_by: row.text("asked_by")?,
            asked_at: row.moment("asked_at")?,
            ended_at: row.moment_opt("ended_at")?,
            version: row.int("version")?,
        })
    }
}

/// What a person approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRow {
    /// The school.
    pub tenant: String,
    /// For which peer.
    pub peer: String,
    /// Of which package.
    pub digest: String,
    /// Of exactly this difference.
    pub fingerprint: String,
    /// By which account.
    pub approved_by: String,
    /// The difference, in words.
    pub changes: Vec<String>,
    /// Why.
    pub reason: String,
    /// When.
    pub approved_at: jiff::Timestamp,
}

impl ApprovalRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &CAPABILITY_APPROVAL,
            values: values![
                &self.tenant,
                &self.peer,
                &self.digest,
                &self.fingerprint,
                &self.approved_by,
                serde_json::to_string(&self.changes).expect("sentences are JSON"),
                &self.reason,
                self.approved_at,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(ApprovalRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            digest: row.text("digest")?,
            fingerprint: row.text("fingerprint")?,
            approved_by: row.text("approved_by")?,
            changes: read("changes", &row.text("changes")?)?,
            reason: row.text("reason")?,
            approved_at: row.moment("approved_at")?,
        })
    }
}

fn read<T: serde::de::DeserializeOwned>(column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Inconsistent {
        column: column.to_owned(),
        why: error.to_string(),
    })
}

/// What a school demands, when that is not the default.
///
/// # Errors
/// What the database says.
pub async fn policy(db: &Database, tenant: &str) -> Result<Option<AdmissionPolicyRow>, StoreError> {
    let sql = "SELECT * FROM admission_policy WHERE tenant = $1";
    let row = db.row(sql, values![tenant]).await?;
    row.as_ref().map(AdmissionPolicyRow::from_row).transpose()
}

/// A keuring.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<KeuringRow>, StoreError> {
    let sql = "SELECT * FROM keuring WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(KeuringRow::from_row).transpose()
}

/// The keuringen of a package, newest first.
///
/// # Errors
/// What the database says.
pub async fn of_package(db: &Database, tenant: &str, digest: &str) -> Result<Vec<KeuringRow>, StoreError> {
    let sql = "SELECT * FROM keuring WHERE tenant = $1 AND digest = $2 ORDER BY asked_at DESC, id DESC";
    let rows = db.rows(sql, values![tenant, digest]).await?;
    rows.iter().map(KeuringRow::from_row).collect()
}

/// What people approved of a package for a peer, oldest first.
///
/// # Errors
/// What the database says.
pub async fn approvals(db: &Database, tenant: &str, peer: &str, digest: &str) -> Result<Vec<ApprovalRow>, StoreError> {
    let sql = "SELECT * FROM capability_approval WHERE tenant = $1 AND peer = $2 AND digest = $3 ORDER BY approved_at";
    let rows = db.rows(sql, values![tenant, peer, digest]).await?;
    rows.iter().map(ApprovalRow::from_row).collect()
}
