//! Tasks: exceptions that wait for a person, with an owner and a next step.

use jiff::Timestamp;

use super::error::StoreError;
use super::mark::Mark;
use super::scope::Scope;
use super::sql::{Database, Key, Row, Value, as_values};
use super::write_set::{Table, Write};
use crate::values;

/// The table.
pub static TASK: Table = Table {
    name: "task",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "kind",
        "owner",
        "unit",
        "peer",
        "subject_kind",
        "subject_id",
        "title",
        "next_step",
        "open",
        "opened_at",
        "closed_at",
        "closed_by",
        "resolution",
        "claimed_by",
        "claimed_at",
        "version",
    ],
};

/// A task to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What sort of exception, such as `dead-letter`.
    pub kind: String,
    /// The function that owns it: plannen, vaststellen or beheren.
    pub owner: String,
    /// The organisational unit it concerns.
    pub unit: Option<String>,
    /// The outside system it concerns.
    pub peer: Option<String>,
    /// Kind of the object it is about.
    pub subject_kind: String,
    /// That object's id.
    pub subject_id: String,
    /// Dutch, without personal data.
    pub title: String,
    /// Dutch: what the owner does now.
    pub next_step: String,
}

impl NewTask {
    /// The row.
    #[must_use]
    pub fn write(&self, tenant: &str, id: &str, now: Timestamp) -> Write {
        TaskRow {
            tenant: tenant.to_owned(),
            id: id.to_owned(),
            about: self.clone(),
            opened_at: now,
            claimed: None,
            closed: None,
            version: 0,
        }
        .next()
    }
}

/// Who has taken a task up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The account's id.
    pub account: String,
    /// Since when.
    pub at: Timestamp,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// When.
    pub at: Timestamp,
    /// By whom: `account:ID` or `host`.
    pub by: String,
    /// What was done.
    pub resolution: String,
}

/// A task as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    /// The school.
    pub tenant: String,
    /// Its id.
    pub id: String,
    /// What it is about.
    pub about: NewTask,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Who has taken it up; stays when it is closed.
    pub claimed: Option<Claim>,
    /// How it ended; `None` while it is open.
    pub closed: Option<Closing>,
    /// Counts its changes.
    pub version: i64,
}

impl TaskRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        let about = &self.about;
        let (closed, claimed) = (self.closed.as_ref(), self.claimed.as_ref());
        Write {
            table: &TASK,
            values: values![
                &self.tenant,
                &self.id,
                &about.kind,
                &about.owner,
                &about.unit,
                &about.peer,
                &about.subject_kind,
                &about.subject_id,
                &about.title,
                &about.next_step,
                closed.is_none(),
                self.opened_at,
                closed.map(|it| it.at),
                closed.map(|it| it.by.clone()),
                closed.map(|it| it.resolution.clone()),
                claimed.map(|it| it.account.clone()),
                claimed.map(|it| it.at),
                self.version + 1,
            ],
        }
    }

    /// The row that closes it.
    #[must_use]
    pub fn closed(mut self, by: &str, resolution: &str, at: Timestamp) -> Write {
        self.closed = Some(Closing {
            at,
            by: by.to_owned(),
            resolution: resolution.to_owned(),
        });
        self.next()
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let closed = match row.moment_opt("closed_at")? {
            None => None,
            Some(at) => Some(Closing {
                at,
                by: row.text("closed_by")?,
                resolution: row.text("resolution")?,
            }),
        };
        let claimed = match row.text_opt("claimed_by")? {
            None => None,
            Some(account) => Some(Claim {
                account,
                at: row.moment("claimed_at")?,
            }),
        };
        Ok(TaskRow {
            tenant: row.text("tenant")?,
            id: row.text("id")?,
            about: NewTask {
                kind: row.text("kind")?,
                owner: row.text("owner")?,
                unit: row.text_opt("unit")?,
                peer: row.text_opt("peer")?,
                subject_kind: row.text("subject_kind")?,
                subject_id: row.text("subject_id")?,
                title: row.text("title")?,
                next_step: row.text("next_step")?,
            },
            opened_at: row.moment("opened_at")?,
            claimed,
            closed,
            version: row.int("version")?,
        })
    }
}

/// One task.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<TaskRow>, StoreError> {
    let row = db
        .row("SELECT * FROM task WHERE tenant = $1 AND id = $2", values![tenant, id])
        .await?;
    row.as_ref().map(TaskRow::from_row).transpose()
}

/// Open tasks about one object, oldest first.
///
/// # Errors
/// What the database says.
pub async fn open_about(
    db: &Database,
    tenant: &str,
    subject_kind: &str,
    subject_id: &str,
) -> Result<Vec<TaskRow>, StoreError> {
    let sql = "SELECT * FROM task WHERE tenant = $1 AND subject_kind = $2 AND subject_id = $3 AND open = 1
               ORDER BY opened_at, id";
    let rows = db.rows(sql, values![tenant, subject_kind, subject_id]).await?;
    rows.iter().map(TaskRow::from_row).collect()
}

/// Open tasks of a kind about a peer, oldest first.
///
/// # Errors
/// What the database says.
pub async fn open_of_kind(db: &Database, tenant: &str, (peer, kind): (&str, &str)) -> Result<Vec<TaskRow>, StoreError> {
    let sql = "SELECT * FROM task WHERE tenant = $1 AND open = 1 AND peer = $2 AND kind = $3 ORDER BY opened_at, id";
    let rows = db.rows(sql, values![tenant, peer, kind]).await?;
    rows.iter().map(TaskRow::from_row).collect()
}

/// Open tasks about these objects of one kind, oldest first.
///
/// # Errors
/// What the database says.
pub async fn open_about_any(db: &Database, subject_kind: &str, subjects: &[Key]) -> Result<Vec<TaskRow>, StoreError> {
    let sql = "SELECT task.* FROM {asked} CROSS JOIN task
        WHERE task.tenant = asked.column1 AND task.subject_kind = asked.column3 AND task.subject_id = asked.column2
          AND task.open = 1
        ORDER BY task.opened_at, task.id";
    let mut keys = as_values(subjects);
    for key in &mut keys {
        key.push(Value::from(subject_kind));
    }
    db.rows_of_keys(sql, &keys)
        .await?
        .iter()
        .map(TaskRow::from_row)
        .collect()
}

/// Open tasks of a school, oldest first; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn open_tasks(db: &Database, tenant: &str, limit: u32) -> Result<Vec<TaskRow>, StoreError> {
    let sql = "SELECT * FROM task WHERE tenant = $1 AND open = 1 ORDER BY opened_at, id LIMIT $2";
    let rows = db.rows(sql, values![tenant, limit]).await?;
    rows.iter().map(TaskRow::from_row).collect()
}

/// Which open tasks, by who has taken them up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed<'a> {
    /// All of them.
    Any,
    /// Those that nobody has taken up.
    ByNobody,
    /// Those of this account.
    By(&'a str),
}

/// Open tasks after a place, oldest first, at most `limit`. A task without a unit is everybody's.
///
/// # Errors
/// What the database says.
pub async fn open_after(
    db: &Database,
    tenant: &str,
    (scope, claimed): (&Scope, Claimed<'_>),
    after: &Mark,
    limit: u32,
) -> Result<Vec<TaskRow>, StoreError> {
    let (in_scope, units) = scope.condition("unit", 6);
    let (is_claimed, account) = match claimed {
        Claimed::Any => ("$5 = ''", ""),
        Claimed::ByNobody => ("claimed_by IS NULL AND $5 = ''", ""),
        Claimed::By(account) => ("claimed_by = $5", account),
    };
    let sql = format!(
        "SELECT * FROM task
        WHERE tenant = $1 AND open = 1 AND opened_at >= $2 AND (opened_at > $2 OR id > $3) AND {is_claimed}
          AND (unit IS NULL OR {in_scope})
        ORDER BY opened_at, id LIMIT $4"
    );
    let mut values = values![tenant, after.moment, &after.id, limit, account];
    values.extend(units);
    db.rows(sql, values).await?.iter().map(TaskRow::from_row).collect()
}

/// All tasks about one object, open and closed, oldest first.
///
/// # Errors
/// What the database says.
pub async fn all_about(
    db: &Database,
    tenant: &str,
    subject_kind: &str,
    subject_id: &str,
) -> Result<Vec<TaskRow>, StoreError> {
    let sql = "SELECT * FROM task WHERE tenant = $1 AND subject_kind = $2 AND subject_id = $3 ORDER BY opened_at, id";
    let rows = db.rows(sql, values![tenant, subject_kind, subject_id]).await?;
    rows.iter().map(TaskRow::from_row).collect()
}
