//! Jobs: effects that follow a commit, in lanes.

use jiff::Timestamp;

use super::error::StoreError;
use super::mark::Mark;
use super::scope::Scope;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::lane::{JobState, Place};
use crate::domain::retry::Blame;
use crate::values;

/// The table.
pub static JOB: Table = Table {
    name: "job",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "kind",
        "peer",
        "flow",
        "lane",
        "seq",
        "parent_lane",
        "parent_seq",
        "payload",
        "full_state",
        "state",
        "open",
        "attempts",
        "strikes",
        "due_at",
        "leased_by",
        "leased_until",
        "last_error",
        "blame",
        "revision",
        "created_at",
        "finished_at",
        "version",
    ],
};

/// A job to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Which kind does the work, as registered with the engine.
    pub kind: String,
    /// The outside system it talks to, by which work is bounded and paused; empty for work inside the host.
    pub peer: String,
    /// The flow it belongs to, for the pages.
    pub flow: Option<i64>,
    /// Its lane ([`crate::domain::lane::name`]).
    pub lane: String,
    /// Its number in the lane: the version of the row that caused it. Taken already: the commit is a conflict.
    pub seq: i64,
    /// Lane of the sitting it belongs to, and the number up to which that lane goes first.
    pub parent: Option<(String, i64)>,
    /// What the kind needs, ids rather than content.
    pub payload: String,
    /// Whether it delivers the whole present state of its object, so that it may take the place of dead letters before
    /// it in its lane (the engine sees to it).
    pub full_state: bool,
    /// Not before this.
    pub due_at: Timestamp,
}

impl NewJob {
    /// The row.
    #[must_use]
    pub fn write(&self, tenant: &str, id: &str, now: Timestamp) -> Write {
        JobRow {
            tenant: tenant.to_owned(),
            id: id.to_owned(),
            kind: self.kind.clone(),
            peer: self.peer.clone(),
            flow: self.flow,
            place: Place {
                lane: self.lane.clone(),
                seq: self.seq,
                parent: self.parent.clone(),
            },
            payload: self.payload.clone(),
            full_state: self.full_state,
            state: JobState::Ready,
            attempts: 0,
            strikes: 0,
            due_at: self.due_at,
            lease: None,
            last_error: None,
            blame: None,
            revision: None,
            created_at: now,
            finished_at: None,
            version: 0,
        }
        .next()
    }
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRow {
    /// The school.
    pub tenant: String,
    /// Its id.
    pub id: String,
    /// Which kind does the work.
    pub kind: String,
    /// The outside system it talks to; empty for work inside the host.
    pub peer: String,
    /// The flow.
    pub flow: Option<i64>,
    /// Its place among the other jobs.
    pub place: Place,
    /// What the kind needs.
    pub payload: String,
    /// Whether it delivers the whole present state of its object.
    pub full_state: bool,
    /// What has become of it.
    pub state: JobState,
    /// How often a worker took it up.
    pub attempts: u32,
    /// Failures held against itself.
    pub strikes: u32,
    /// Not before this.
    pub due_at: Timestamp,
    /// While it runs: the node that has it, and until when.
    pub lease: Option<(String, Timestamp)>,
    /// The last failure, without personal data.
    pub last_error: Option<String>,
    /// Who has to act on it.
    pub blame: Option<Blame>,
    /// The connector revision that handled it last.
    pub revision: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it left its lane.
    pub finished_at: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
}

impl JobRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        let (parent_lane, parent_seq) = self.place.parent.clone().unwrap_or_default();
        let (leased_by, leased_until) = self.lease.clone().unzip();
        Write {
            table: &JOB,
            values: values![
                &self.tenant,
                &self.id,
                &self.kind,
                &self.peer,
                self.flow,
                &self.place.lane,
                self.place.seq,
                parent_lane,
                parent_seq,
                &self.payload,
                self.full_state,
                self.state.as_str(),
                self.state.is_open(),
                self.attempts,
                self.strikes,
                self.due_at,
                leased_by,
                leased_until,
                &self.last_error,
                self.blame.map(Blame::as_str),
                self.revision,
                self.created_at,
                self.finished_at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let parent_lane = row.text("parent_lane")?;
        let state = row.text("state")?;
        let blame = row.text_opt("blame")?;
        Ok(JobRow {
            tenant: row.text("tenant")?,
            id: row.text("id")?,
            kind: row.text("kind")?,
            peer: row.text("peer")?,
            flow: row.int_opt("flow")?,
            place: Place {
                lane: row.text("lane")?,
                seq: row.int("seq")?,
                parent: match parent_lane.is_empty() {
                    true => None,
                    false => Some((parent_lane, row.int("parent_seq")?)),
                },
            },
            payload: row.text("payload")?,
            full_state: row.flag("full_state")?,
            state: JobState::from_word(&state).ok_or_else(|| StoreError::unknown_word("state", &state))?,
            attempts: row.count("attempts")?,
            strikes: row.count("strikes")?,
            due_at: row.moment("due_at")?,
            lease: row.text_opt("leased_by")?.zip(row.moment_opt("leased_until")?),
            last_error: row.text_opt("last_error")?,
            blame: match blame {
                None => None,
                Some(word) => Some(Blame::from_word(&word).ok_or_else(|| StoreError::unknown_word("blame", &word))?),
            },
            revision: row.int_opt("revision")?,
            created_at: row.moment("created_at")?,
            finished_at: row.moment_opt("finished_at")?,
            version: row.int("version")?,
        })
    }
}

fn all(rows: Vec<Row>) -> Result<Vec<JobRow>, StoreError> {
    rows.iter().map(JobRow::from_row).collect()
}

/// One job.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<JobRow>, StoreError> {
    let row = db
        .row("SELECT * FROM job WHERE tenant = $1 AND id = $2", values![tenant, id])
        .await?;
    row.as_ref().map(JobRow::from_row).transpose()
}

/// All jobs of a lane, in order.
///
/// # Errors
/// What the database says.
pub async fn in_lane(db: &Database, tenant: &str, lane: &str) -> Result<Vec<JobRow>, StoreError> {
    let sql = "SELECT * FROM job WHERE tenant = $1 AND lane = $2 ORDER BY seq";
    all(db.rows(sql, values![tenant, lane]).await?)
}

/// The highest number of a lane; 0 for one that was never used.
///
/// # Errors
/// What the database says.
pub async fn last_in_lane(db: &Database, tenant: &str, lane: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COALESCE(MAX(seq), 0) AS last FROM job WHERE tenant = $1 AND lane = $2";
    match db.row(sql, values![tenant, lane]).await? {
        Some(row) => row.int("last"),
        None => Ok(0),
    }
}

/// The jobs of a lane that nobody has taken up yet, in order.
///
/// # Errors
/// What the database says.
pub async fn waiting_in_lane(db: &Database, tenant: &str, lane: &str) -> Result<Vec<JobRow>, StoreError> {
    let sql = "SELECT * FROM job WHERE tenant = $1 AND lane = $2 AND open = 1 AND state = 'ready' ORDER BY seq";
    all(db.rows(sql, values![tenant, lane]).await?)
}

/// Open jobs of a lane, in order.
///
/// # Errors
/// What the database says.
pub async fn open_in_lane(db: &Database, tenant: &str, lane: &str) -> Result<Vec<JobRow>, StoreError> {
    let sql = "SELECT * FROM job WHERE tenant = $1 AND lane = $2 AND open = 1 ORDER BY seq";
    all(db.rows(sql, values![tenant, lane]).await?)
}

/// Jobs of a peer in one state, oldest first; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn of_peer(
    db: &Database,
    tenant: &str,
    peer: &str,
    state: JobState,
    limit: u32,
) -> Result<Vec<JobRow>, StoreError> {
    let sql = "SELECT * FROM job WHERE tenant = $1 AND peer = $2 AND state = $3 ORDER BY created_at, id LIMIT $4";
    all(db.rows(sql, values![tenant, peer, state.as_str(), limit]).await?)
}

/// Jobs of a peer in one state after a place, oldest first; at most `limit`. In the scope of some units are those whose
/// lane is of a sitting, planbare toets or association of theirs; what concerns a whole vendor is the school's.
///
/// # Errors
/// What the database says.
pub async fn of_peer_after(
    db: &Database,
    tenant: &str,
    (peer, state, scope): (&str, JobState, &Scope),
    after: &Mark,
    limit: u32,
) -> Result<Vec<JobRow>, StoreError> {
    let mut values = values![tenant, peer, state.as_str(), after.moment, &after.id, limit];
    if *scope == Scope::School {
        let sql = "SELECT * FROM job WHERE tenant = $1 AND peer = $2 AND state = $3
              AND created_at >= $4 AND (created_at > $4 OR id > $5)
            ORDER BY created_at, id LIMIT $6";
        return all(db.rows(sql, values).await?);
    }
    let (in_scope, units) = scope.condition("place.unit", 7);
    values.extend(units);
    let sql = format!(
        "SELECT job.* FROM job {AT_PLACE}
        WHERE job.tenant = $1 AND job.peer = $2 AND job.state = $3
          AND job.created_at >= $4 AND (job.created_at > $4 OR job.id > $5) AND {in_scope}
        ORDER BY job.created_at, job.id LIMIT $6"
    );
    all(db.rows(sql, values).await?)
}

/// One job, where it concerns what lies in a scope, as [`of_peer_after`] lists them.
///
/// # Errors
/// What the database says.
pub async fn find_in(db: &Database, tenant: &str, scope: &Scope, id: &str) -> Result<Option<JobRow>, StoreError> {
    if *scope == Scope::School {
        return find(db, tenant, id).await;
    }
    let (in_scope, units) = scope.condition("place.unit", 3);
    let mut values = values![tenant, id];
    values.extend(units);
    let sql = format!("SELECT job.* FROM job {AT_PLACE} WHERE job.tenant = $1 AND job.id = $2 AND {in_scope}");
    let row = db.row(sql, values).await?;
    row.as_ref().map(JobRow::from_row).transpose()
}

/// The sitting or planbare toets of a job's lane: the id begins behind the flow's digit and the kind
/// ([`crate::domain::lane::name`]).
const AT_PLACE: &str = "LEFT JOIN association bound ON bound.tenant = job.tenant
        AND job.lane LIKE '_/association/%' AND bound.id = SUBSTR(job.lane, 15)
    JOIN offering place ON place.tenant = job.tenant AND place.id = CASE
        WHEN job.lane LIKE '_/association/%' THEN bound.offering
        WHEN job.lane LIKE '_/offering/%' THEN SUBSTR(job.lane, 12)
        WHEN job.lane LIKE '_/plannable/%' THEN SUBSTR(job.lane, 13) END";

/// Jobs of one peer whose turn and time it is ([`Place::has_its_turn`] in SQL), oldest first.
///
/// # Errors
/// What the database says.
pub async fn whose_turn_it_is(
    db: &Database,
    tenant: &str,
    peer: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<JobRow>, StoreError> {
    let sql = "SELECT * FROM job
        WHERE tenant = $1 AND peer = $2 AND open = 1 AND state = 'ready' AND due_at <= $3
          AND NOT EXISTS (SELECT 1 FROM job earlier
              WHERE earlier.tenant = job.tenant AND earlier.lane = job.lane AND earlier.open = 1
                AND earlier.seq < job.seq)
          AND (parent_lane = '' OR NOT EXISTS (SELECT 1 FROM job awaited
              WHERE awaited.tenant = job.tenant AND awaited.lane = job.parent_lane AND awaited.open = 1
                AND awaited.seq <= job.parent_seq))
        ORDER BY due_at, seq LIMIT $4";
    all(db.rows(sql, values![tenant, peer, now, limit]).await?)
}

/// When the next job of a peer falls due after `now`, be it its turn or not.
///
/// # Errors
/// What the database says.
pub async fn next_due(
    db: &Database,
    tenant: &str,
    peer: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT MIN(due_at) AS due_at FROM job
        WHERE tenant = $1 AND peer = $2 AND open = 1 AND state = 'ready' AND due_at > $3";
    match db.row(sql, values![tenant, peer, now]).await? {
        Some(row) => row.moment_opt("due_at"),
        None => Ok(None),
    }
}

/// Every (tenant, peer) that has ready jobs, with the earliest time one falls due.
///
/// # Errors
/// What the database says.
pub async fn waiting_peers(db: &Database) -> Result<Vec<(String, String, Timestamp)>, StoreError> {
    let sql = "SELECT tenant, peer, MIN(due_at) AS due_at FROM job
        WHERE open = 1 AND state = 'ready' GROUP BY tenant, peer";
    let rows = db.rows(sql, vec![]).await?;
    rows.iter()
        .map(|row| Ok((row.text("tenant")?, row.text("peer")?, row.moment("due_at")?)))
        .collect()
}

/// Which running jobs nobody is at any more.
#[derive(Debug, Clone, Copy)]
pub enum Abandoned<'a> {
    /// Those whose lease ended before this.
    Since(Timestamp),
    /// Those that another node than this has, where only one serves at a time.
    ByOthersThan(&'a str),
    /// Those of a node that is known to be gone.
    By(&'a str),
}

/// Running jobs that nobody is at any more; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn abandoned(db: &Database, which: Abandoned<'_>, limit: u32) -> Result<Vec<JobRow>, StoreError> {
    let (condition, value) = match which {
        Abandoned::Since(moment) => ("leased_until < $1", super::sql::Value::from(moment)),
        Abandoned::ByOthersThan(node) => ("leased_by <> $1", super::sql::Value::from(node)),
        Abandoned::By(node) => ("leased_by = $1", super::sql::Value::from(node)),
    };
    let sql = format!(
        "SELECT * FROM job WHERE open = 1 AND state = 'running' AND {condition} ORDER BY leased_until LIMIT $2"
    );
    all(db.rows(sql, vec![value, super::sql::Value::from(limit)]).await?)
}

/// How many jobs of a (peer, flow) stand in a state, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The outside system.
    pub peer: String,
    /// The flow.
    pub flow: Option<i64>,
    /// The state they are in.
    pub state: JobState,
    /// How many.
    pub count: i64,
    /// When the oldest was made.
    pub oldest: Timestamp,
}

/// What waits, runs or is stuck in a tenant, per peer and flow.
///
/// # Errors
/// What the database says.
pub async fn backlog(db: &Database, tenant: &str) -> Result<Vec<Backlog>, StoreError> {
    let sql = "SELECT peer, flow, state, COUNT(*) AS count, MIN(created_at) AS oldest FROM job
        WHERE tenant = $1 AND open = 1 GROUP BY peer, flow, state ORDER BY peer, flow, state";
    let rows = db.rows(sql, values![tenant]).await?;
    rows.iter()
        .map(|row| {
            let state = row.text("state")?;
            Ok(Backlog {
                peer: row.text("peer")?,
                flow: row.int_opt("flow")?,
                state: JobState::from_word(&state).ok_or_else(|| StoreError::unknown_word("state", &state))?,
                count: row.int("count")?,
                oldest: row.moment("oldest")?,
            })
        })
        .collect()
}

/// Dead letters of a peer that have a later full-state message waiting in their lane, by id.
///
/// # Errors
/// What the database says.
pub async fn outdated_letters(db: &Database, tenant: &str, peer: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM job WHERE tenant = $1 AND peer = $2 AND state = 'dead'
          AND EXISTS (SELECT 1 FROM job newer
              WHERE newer.tenant = job.tenant AND newer.lane = job.lane AND newer.open = 1
                AND newer.seq > job.seq AND newer.full_state = 1)
        ORDER BY seq";
    let rows = db.rows(sql, values![tenant, peer]).await?;
    rows.iter().map(|row| row.text("id")).collect()
}

/// Which (tenant, peer) a written job row concerns, and when there may be work for it: at its due time, or, when it
/// left its lane, at once for those behind it (`None`).
#[must_use]
pub fn announces(write: &Write) -> Option<(String, String, Option<i64>)> {
    let word = write.value("state")?.as_text()?;
    let due = match JobState::from_word(word)? {
        JobState::Running | JobState::Dead => return None,
        JobState::Ready => write.value("due_at")?.as_int(),
        JobState::Done | JobState::Dismissed | JobState::Superseded => None,
    };
    let tenant = write.value("tenant")?.as_text()?.to_owned();
    let peer = write.value("peer")?.as_text()?.to_owned();
    Some((tenant, peer, due))
}
