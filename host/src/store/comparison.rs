//! What a part of a sitting was when it was last compared with the other side.

use jiff::Timestamp;

use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::comparison::Part;
use crate::values;

/// The table.
pub static COMPARISON: Table = Table {
    name: "comparison",
    key: &["tenant", "sitting", "part", "peer"],
    columns: &[
        "tenant",
        "sitting",
        "part",
        "peer",
        "outcome",
        "detail",
        "differences",
        "found",
        "compared",
        "on_their_way",
        "revision",
        "plan_version",
        "at",
        "version",
    ],
};

/// What came of comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Both sides have the same.
    Equal,
    /// Something differs.
    Differs,
    /// Nothing differs so far, and some of it is still on its way to the other side.
    Waiting,
    /// The connector can't read it back.
    Unreadable,
}

impl Outcome {
    const ALL: [Outcome; 4] = [Outcome::Equal, Outcome::Differs, Outcome::Waiting, Outcome::Unreadable];

    /// As it is kept, and said by programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Equal => "equal",
            Outcome::Differs => "differs",
            Outcome::Waiting => "waiting",
            Outcome::Unreadable => "unreadable",
        }
    }

    fn from_word(word: &str) -> Result<Outcome, StoreError> {
        let found = Outcome::ALL.into_iter().find(|outcome| outcome.name() == word);
        found.ok_or_else(|| StoreError::unknown_word("outcome", word))
    }
}

/// The last comparison of a part of a sitting with a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonRow {
    /// The school.
    pub tenant: String,
    /// The sitting.
    pub sitting: String,
    /// What was compared.
    pub part: Part,
    /// The outside system.
    pub peer: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What differs, in Dutch and without personal data.
    pub detail: String,
    /// What differs field by field, sealed; none where nothing does.
    pub differences: Option<Vec<u8>>,
    /// What the round under way has found so far, sealed.
    pub found: Option<Vec<u8>>,
    /// How many objects were compared.
    pub compared: i64,
    /// How many objects the other side has not confirmed yet.
    pub on_their_way: i64,
    /// The revision that read it; 0 where none could.
    pub revision: i64,
    /// The plan version it was held against.
    pub plan_version: i64,
    /// When the last whole round ended.
    pub at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl ComparisonRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &COMPARISON,
            values: values![
                &self.tenant,
                &self.sitting,
                self.part.name(),
                &self.peer,
                self.outcome.name(),
                &self.detail,
                self.differences.clone(),
                self.found.clone(),
                self.compared,
                self.on_their_way,
                self.revision,
                self.plan_version,
                self.at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(ComparisonRow {
            tenant: row.text("tenant")?,
            sitting: row.text("sitting")?,
            part: part(row)?,
            peer: row.text("peer")?,
            outcome: Outcome::from_word(&row.text("outcome")?)?,
            detail: row.text("detail")?,
            differences: row.bytes_opt("differences")?,
            found: row.bytes_opt("found")?,
            compared: row.int("compared")?,
            on_their_way: row.int("on_their_way")?,
            revision: row.int("revision")?,
            plan_version: row.int("plan_version")?,
            at: row.moment("at")?,
            version: row.int("version")?,
        })
    }
}

fn part(row: &Row) -> Result<Part, StoreError> {
    let word = row.text("part")?;
    Part::from_name(&word).ok_or_else(|| StoreError::unknown_word("part", &word))
}

/// The last comparison of a part, if there was one.
///
/// # Errors
/// What the database says.
pub async fn find(
    db: &Database,
    tenant: &str,
    sitting: &str,
    (part, peer): (Part, &str),
) -> Result<Option<ComparisonRow>, StoreError> {
    let sql = "SELECT * FROM comparison WHERE tenant = $1 AND sitting = $2 AND part = $3 AND peer = $4";
    let row = db.row(sql, values![tenant, sitting, part.name(), peer]).await?;
    row.as_ref().map(ComparisonRow::from_row).transpose()
}

/// The last comparisons of a sitting.
///
/// # Errors
/// What the database says.
pub async fn of_sitting(db: &Database, tenant: &str, sitting: &str) -> Result<Vec<ComparisonRow>, StoreError> {
    let sql = "SELECT * FROM comparison WHERE tenant = $1 AND sitting = $2 ORDER BY part, peer";
    let rows = db.rows(sql, values![tenant, sitting]).await?;
    rows.iter().map(ComparisonRow::from_row).collect()
}

/// A comparison that is not equal, and the sitting it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenComparison {
    /// The comparison, without its sealed parts.
    pub row: ComparisonRow,
    /// Name of the sitting.
    pub name: String,
    /// The sitting's unit.
    pub unit: Option<String>,
}

/// What differs now, whenever it was compared, and what was read since a moment and could not be called equal; the
/// newest first, at most so many.
///
/// # Errors
/// What the database says.
pub async fn open(
    db: &Database,
    tenant: &str,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<OpenComparison>, StoreError> {
    let sql = "SELECT known.tenant, known.sitting, known.part, known.peer, known.outcome, known.detail, known.compared,
            known.on_their_way, known.revision, known.plan_version, known.at, known.version,
            sitting.name, sitting.unit
        FROM comparison known JOIN offering sitting ON sitting.tenant = known.tenant AND sitting.id = known.sitting
        WHERE known.tenant = $1 AND known.outcome IN ('differs', 'waiting', 'unreadable')
          AND (known.outcome = 'differs' OR known.at >= $2)
        ORDER BY CASE known.outcome WHEN 'differs' THEN 0 WHEN 'waiting' THEN 1 ELSE 2 END, known.at DESC, known.sitting,
            known.part
        LIMIT $3";
    let rows = db.rows(sql, values![tenant, since, limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(OpenComparison {
                row: ComparisonRow {
                    tenant: row.text("tenant")?,
                    sitting: row.text("sitting")?,
                    part: part(row)?,
                    peer: row.text("peer")?,
                    outcome: Outcome::from_word(&row.text("outcome")?)?,
                    detail: row.text("detail")?,
                    differences: None,
                    found: None,
                    compared: row.int("compared")?,
                    on_their_way: row.int("on_their_way")?,
                    revision: row.int("revision")?,
                    plan_version: row.int("plan_version")?,
                    at: row.moment("at")?,
                    version: row.int("version")?,
                },
                name: row.text("name")?,
                unit: row.text_opt("unit")?,
            })
        })
        .collect()
}

/// How many parts came to an outcome with a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The outside system.
    pub peer: String,
    /// What was compared.
    pub part: Part,
    /// What came of it.
    pub outcome: Outcome,
    /// Of how many sittings.
    pub count: i64,
    /// The last time.
    pub last: Timestamp,
}

/// What was compared since a moment, by system, part and outcome.
///
/// # Errors
/// What the database says.
pub async fn counted_since(db: &Database, tenant: &str, since: Timestamp) -> Result<Vec<Counted>, StoreError> {
    let sql = "SELECT peer, part, outcome, COUNT(*) AS count, MAX(at) AS last FROM comparison
        WHERE tenant = $1 AND at >= $2 GROUP BY peer, part, outcome ORDER BY peer, part, outcome";
    let rows = db.rows(sql, values![tenant, since]).await?;
    rows.iter()
        .map(|row| {
            Ok(Counted {
                peer: row.text("peer")?,
                part: part(row)?,
                outcome: Outcome::from_word(&row.text("outcome")?)?,
                count: row.int("count")?,
                last: row.moment("last")?,
            })
        })
        .collect()
}

/// How many parts differ now.
///
/// # Errors
/// What the database says.
pub async fn differing(db: &Database, tenant: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS count FROM comparison WHERE tenant = $1 AND outcome = 'differs'";
    match db.row(sql, values![tenant]).await? {
        Some(row) => row.int("count"),
        None => Ok(0),
    }
}

/// How many sittings of the school's own plan in a period, unchanged since a moment, have no comparison since then.
///
/// # Errors
/// What the database says.
pub async fn overdue(
    db: &Database,
    tenant: &str,
    (from, until): (Timestamp, Timestamp),
    since: Timestamp,
) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS count FROM offering sitting
        WHERE sitting.tenant = $1 AND sitting.kind = 'sitting' AND sitting.start_at >= $2 AND sitting.start_at < $3
          AND sitting.state <> 'canceled' AND sitting.updated_at < $4
          AND NOT EXISTS (SELECT 1 FROM comparison known WHERE known.tenant = sitting.tenant
              AND known.sitting = sitting.id AND known.at >= $4)";
    match db.row(sql, values![tenant, from, until, since]).await? {
        Some(row) => row.int("count"),
        None => Ok(0),
    }
}
