//! Rollouts: which units have which revision, how far each rollout is, and what was done about it.

use serde::{Deserialize, Serialize};

use super::body;
use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::principal::Duty;
use crate::domain::rollout::criteria::Criteria;
use crate::domain::rollout::{Rollout, Route, Stage, Verdict};
use crate::values;

/// The table of units that are named apart.
pub static ENABLEMENT: Table = Table {
    name: "enablement",
    key: &["tenant", "peer", "unit", "flow"],
    columns: &["tenant", "peer", "unit", "flow", "revision", "since", "version"],
};

/// The table of rollouts.
pub static ROLLOUT: Table = Table {
    name: "rollout",
    key: &["tenant", "peer", "seq"],
    columns: &[
        "tenant",
        "peer",
        "seq",
        "revision",
        "replaces",
        "stage",
        "share",
        "steps",
        "verdict",
        "go_by",
        "criteria",
        "author",
        "reason",
        "started_at",
        "step_at",
        "ended_at",
        "route",
        "sitting",
        "version",
    ],
};

/// The table of approvals on the fast route.
pub static ROLLOUT_APPROVAL: Table = Table {
    name: "rollout_approval",
    key: &["tenant", "peer", "rollout", "account"],
    columns: &["tenant", "peer", "rollout", "account", "person", "reason", "at"],
};

/// The table of what was done about rollouts.
pub static ROLLOUT_EVENT: Table = Table {
    name: "rollout_event",
    key: &["tenant", "peer", "rollout", "seq"],
    columns: &[
        "tenant", "peer", "rollout", "seq", "kind", "detail", "actor", "reason", "at",
    ],
};

/// A unit that has a revision of its own in one flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnablementRow {
    /// The school.
    pub tenant: String,
    /// The outside system.
    pub peer: String,
    /// The unit; those in it have the same, unless named themselves.
    pub unit: String,
    /// The flow.
    pub flow: i64,
    /// What it has; `None` when it is named no longer.
    pub revision: Option<i64>,
    /// Since when.
    pub since: jiff::Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl EnablementRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &ENABLEMENT,
            values: values![
                &self.tenant,
                &self.peer,
                &self.unit,
                self.flow,
                self.revision,
                self.since,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(EnablementRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            unit: row.text("unit")?,
            flow: row.int("flow")?,
            revision: row.int_opt("revision")?,
            since: row.moment("since")?,
            version: row.int("version")?,
        })
    }
}

/// Every unit that is or was named apart for a peer, by unit and flow.
///
/// # Errors
/// What the database says.
pub async fn enablements(db: &Database, tenant: &str, peer: &str) -> Result<Vec<EnablementRow>, StoreError> {
    let sql = "SELECT * FROM enablement WHERE tenant = $1 AND peer = $2 ORDER BY unit, flow";
    let rows = db.rows(sql, values![tenant, peer]).await?;
    rows.iter().map(EnablementRow::from_row).collect()
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CriteriaBody {
    least_calls: u64,
    most_by_connector: u64,
    most_by_vendor: u64,
    most_by_host: u64,
    most_unreconciled: u64,
    most_p95_ms: u64,
}

impl From<Criteria> for CriteriaBody {
    fn from(it: Criteria) -> Self {
        CriteriaBody {
            least_calls: it.least_calls,
            most_by_connector: it.most_by_connector,
            most_by_vendor: it.most_by_vendor,
            most_by_host: it.most_by_host,
            most_unreconciled: it.most_unreconciled,
            most_p95_ms: it.most_p95_ms,
        }
    }
}

impl From<CriteriaBody> for Criteria {
    fn from(it: CriteriaBody) -> Self {
        Criteria {
            least_calls: it.least_calls,
            most_by_connector: it.most_by_connector,
            most_by_vendor: it.most_by_vendor,
            most_by_host: it.most_by_host,
            most_unreconciled: it.most_unreconciled,
            most_p95_ms: it.most_p95_ms,
        }
    }
}

/// Writes a rollout as the next version of the row that was read.
#[must_use]
pub fn next(tenant: &str, peer: &str, rollout: &Rollout) -> Write {
    Write {
        table: &ROLLOUT,
        values: values![
            tenant,
            peer,
            rollout.seq,
            rollout.revision,
            rollout.replaces,
            rollout.stage.name(),
            i64::from(rollout.share),
            rollout.steps,
            rollout.verdict.name(),
            rollout.go_by.name(),
            body::text(&CriteriaBody::from(rollout.criteria)),
            &rollout.author,
            &rollout.reason,
            rollout.started_at,
            rollout.step_at,
            rollout.ended_at,
            rollout.route.name(),
            &rollout.sitting,
            rollout.version + 1,
        ],
    }
}

fn from_row(row: &Row) -> Result<Rollout, StoreError> {
    let (stage, verdict, go_by) = (row.text("stage")?, row.text("verdict")?, row.text("go_by")?);
    let route = row.text("route")?;
    let criteria: CriteriaBody = body::parse("rollout.criteria", &row.text("criteria")?)?;
    Ok(Rollout {
        seq: row.int("seq")?,
        revision: row.int("revision")?,
        replaces: row.int_opt("replaces")?,
        route: Route::from_name(&route).ok_or_else(|| StoreError::unknown_word("route", &route))?,
        sitting: row.text_opt("sitting")?,
        stage: Stage::from_name(&stage).ok_or_else(|| StoreError::unknown_word("stage", &stage))?,
        share: u8::try_from(row.int("share")?).unwrap_or(100),
        steps: row.count("steps")?,
        verdict: Verdict::from_name(&verdict).ok_or_else(|| StoreError::unknown_word("verdict", &verdict))?,
        go_by: Duty::from_name(&go_by).ok_or_else(|| StoreError::unknown_word("go_by", &go_by))?,
        criteria: criteria.into(),
        author: row.text("author")?,
        reason: row.text("reason")?,
        started_at: row.moment("started_at")?,
        step_at: row.moment_opt("step_at")?,
        ended_at: row.moment_opt("ended_at")?,
        version: row.int("version")?,
    })
}

/// The newest rollout of a peer: the only one that may be open.
///
/// # Errors
/// What the database says.
pub async fn newest(db: &Database, tenant: &str, peer: &str) -> Result<Option<Rollout>, StoreError> {
    let sql = "SELECT * FROM rollout WHERE tenant = $1 AND peer = $2 ORDER BY seq DESC LIMIT 1";
    let row = db.row(sql, values![tenant, peer]).await?;
    row.as_ref().map(from_row).transpose()
}

/// All rollouts of a peer, newest first.
///
/// # Errors
/// What the database says.
pub async fn all(db: &Database, tenant: &str, peer: &str) -> Result<Vec<Rollout>, StoreError> {
    let sql = "SELECT * FROM rollout WHERE tenant = $1 AND peer = $2 ORDER BY seq DESC";
    let rows = db.rows(sql, values![tenant, peer]).await?;
    rows.iter().map(from_row).collect()
}

/// Something that was done about a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The school.
    pub tenant: String,
    /// The outside system.
    pub peer: String,
    /// Which rollout.
    pub rollout: i64,
    /// Counts up per rollout.
    pub seq: i64,
    /// `start`, `units`, `share`, `all`, `approval`, `sitting`, `rest`, `go`, `no-go`, `pause`, `resume`, `stop`, `criteria` or `rollback`.
    pub kind: String,
    /// As JSON: units and flows, the share, or what the criteria came to.
    pub detail: String,
    /// The account.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: jiff::Timestamp,
}

impl EventRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &ROLLOUT_EVENT,
            values: values![
                &self.tenant,
                &self.peer,
                self.rollout,
                self.seq,
                &self.kind,
                &self.detail,
                &self.actor,
                &self.reason,
                self.at,
            ],
        }
    }
}

/// What was done about a rollout, oldest first.
///
/// # Errors
/// What the database says.
pub async fn events(db: &Database, tenant: &str, peer: &str, rollout: i64) -> Result<Vec<EventRow>, StoreError> {
    let sql = "SELECT * FROM rollout_event WHERE tenant = $1 AND peer = $2 AND rollout = $3 ORDER BY seq";
    let rows = db.rows(sql, values![tenant, peer, rollout]).await?;
    let event = |row: &Row| {
        Ok(EventRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            rollout: row.int("rollout")?,
            seq: row.int("seq")?,
            kind: row.text("kind")?,
            detail: row.text("detail")?,
            actor: row.text("actor")?,
            reason: row.text("reason")?,
            at: row.moment("at")?,
        })
    };
    rows.iter().map(event).collect()
}

/// An approval of a rollout on the fast route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRow {
    /// The school.
    pub tenant: String,
    /// The outside system.
    pub peer: String,
    /// Which rollout.
    pub rollout: i64,
    /// The account that approved.
    pub account: String,
    /// The person behind it, where that is known.
    pub person: Option<String>,
    /// Why.
    pub reason: String,
    /// When.
    pub at: jiff::Timestamp,
}

impl ApprovalRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &ROLLOUT_APPROVAL,
            values: values![
                &self.tenant,
                &self.peer,
                self.rollout,
                &self.account,
                &self.person,
                &self.reason,
                self.at,
            ],
        }
    }
}

/// Who approved a rollout, in order.
///
/// # Errors
/// What the database says.
pub async fn approvals(
    db: &Database,
    tenant: &str,
    (peer, rollout): (&str, i64),
) -> Result<Vec<ApprovalRow>, StoreError> {
    let sql = "SELECT * FROM rollout_approval WHERE tenant = $1 AND peer = $2 AND rollout = $3 ORDER BY at, account";
    let rows = db.rows(sql, values![tenant, peer, rollout]).await?;
    let approval = |row: &Row| {
        Ok(ApprovalRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            rollout: row.int("rollout")?,
            account: row.text("account")?,
            person: row.text_opt("person")?,
            reason: row.text("reason")?,
            at: row.moment("at")?,
        })
    };
    rows.iter().map(approval).collect()
}
