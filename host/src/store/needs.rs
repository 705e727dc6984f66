//! Needs: the table of each vendor, and the deelnames whose needs stand apart from it: set by a person, or blocked.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::body;
use super::error::StoreError;
use super::mark::Mark;
use super::scope::Scope;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::needs::{Line, Meaning, Rounding, Time, Translation};
use crate::values;

/// The tables of vendors.
pub static NEEDS_TRANSLATION: Table = Table {
    name: "needs_translation",
    key: &["tenant", "peer"],
    columns: &["tenant", "peer", "body", "actor", "at", "version"],
};

/// A vendor's table as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslationRow {
    /// The school.
    pub tenant: String,
    /// The vendor.
    pub peer: String,
    /// The table.
    pub translation: Translation,
    /// Who wrote it: `account:ID`.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

/// The table as JSON text.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    round_up: bool,
    lines: Vec<BodyLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BodyLine {
    code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minutes: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percent: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<String>,
    #[serde(default)]
    arranged: bool,
}

impl From<&Translation> for Body {
    fn from(translation: &Translation) -> Self {
        let lines = translation.lines.iter().map(|line| {
            let mut body = BodyLine {
                code: line.code.clone(),
                minutes: None,
                percent: None,
                told: None,
                arranged: false,
            };
            match &line.meaning {
                Meaning::Arranged => body.arranged = true,
                Meaning::Told { time, code } => {
                    body.told.clone_from(code);
                    match time {
                        Some(Time::Minutes(minutes)) => body.minutes = Some(*minutes),
                        Some(Time::Percent(percent)) => body.percent = Some(*percent),
                        None => {}
                    }
                }
            }
            body
        });
        Body {
            round_up: translation.rounding == Rounding::Up,
            lines: lines.collect(),
        }
    }
}

impl From<Body> for Translation {
    fn from(body: Body) -> Self {
        let lines = body.lines.into_iter().map(|line| Line {
            code: line.code,
            meaning: match line.arranged {
                true => Meaning::Arranged,
                false => Meaning::Told {
                    time: line.minutes.map(Time::Minutes).or(line.percent.map(Time::Percent)),
                    code: line.told,
                },
            },
        });
        Translation {
            rounding: if body.round_up { Rounding::Up } else { Rounding::Exact },
            lines: lines.collect(),
        }
    }
}

impl TranslationRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &NEEDS_TRANSLATION,
            values: values![
                &self.tenant,
                &self.peer,
                body::text(&Body::from(&self.translation)),
                &self.actor,
                self.at,
                self.version + 1,
            ],
        }
    }
}

/// A vendor's table; `None` while nobody wrote one.
///
/// # Errors
/// What the database says.
pub async fn translation(db: &Database, tenant: &str, peer: &str) -> Result<Option<TranslationRow>, StoreError> {
    let sql = "SELECT * FROM needs_translation WHERE tenant = $1 AND peer = $2";
    let Some(row) = db.row(sql, values![tenant, peer]).await? else {
        return Ok(None);
    };
    let body: Body = body::parse("needs_translation.body", &row.text("body")?)?;
    Ok(Some(TranslationRow {
        tenant: row.text("tenant")?,
        peer: row.text("peer")?,
        translation: body.into(),
        actor: row.text("actor")?,
        at: row.moment("at")?,
        version: row.int("version")?,
    }))
}

/// Deelnames whose needs stand apart.
pub static NEEDS_STANDING: Table = Table {
    name: "needs_standing",
    key: &["tenant", "association"],
    columns: &["tenant", "association", "peer", "by_hand", "blocked", "at", "version"],
};

/// How the needs of one deelname stand. No row: they follow from the table, and the vendor can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingRow {
    /// The school.
    pub tenant: String,
    /// The deelname.
    pub association: String,
    /// The vendor.
    pub peer: String,
    /// A person has set them: the table no longer decides.
    pub by_hand: bool,
    /// The vendor can't be told: the deelname waits.
    pub blocked: bool,
    /// Since when.
    pub at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl StandingRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &NEEDS_STANDING,
            values: values![
                &self.tenant,
                &self.association,
                &self.peer,
                self.by_hand,
                self.blocked,
                self.at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(StandingRow {
            tenant: row.text("tenant")?,
            association: row.text("association")?,
            peer: row.text("peer")?,
            by_hand: row.flag("by_hand")?,
            blocked: row.flag("blocked")?,
            at: row.moment("at")?,
            version: row.int("version")?,
        })
    }
}

/// How the needs of a deelname stand; `None` when they follow from the table and the vendor can be told.
///
/// # Errors
/// What the database says.
pub async fn standing(db: &Database, tenant: &str, association: &str) -> Result<Option<StandingRow>, StoreError> {
    let sql = "SELECT * FROM needs_standing WHERE tenant = $1 AND association = $2";
    let row = db.row(sql, values![tenant, association]).await?;
    row.as_ref().map(StandingRow::from_row).transpose()
}

/// Blocked deelnames of a vendor after a place, at sittings in a scope, longest first; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn blocked_after(
    db: &Database,
    tenant: &str,
    (peer, scope): (&str, &Scope),
    after: &Mark,
    limit: u32,
) -> Result<Vec<StandingRow>, StoreError> {
    let (in_scope, units) = scope.condition("sitting.unit", 6);
    let sql = format!(
        "SELECT waiting.* FROM needs_standing waiting CROSS JOIN association deelname CROSS JOIN offering sitting
        WHERE waiting.tenant = $1 AND waiting.blocked = 1 AND waiting.peer = $2
          AND waiting.at >= $3 AND (waiting.at > $3 OR waiting.association > $4)
          AND deelname.tenant = waiting.tenant AND deelname.id = waiting.association
          AND sitting.tenant = deelname.tenant AND sitting.id = deelname.offering AND {in_scope}
        ORDER BY waiting.at, waiting.association LIMIT $5"
    );
    let mut values = values![tenant, peer, after.moment, &after.id, limit];
    values.extend(units);
    db.rows(sql, values).await?.iter().map(StandingRow::from_row).collect()
}

/// How many deelnames of each vendor are blocked, by vendor.
///
/// # Errors
/// What the database says.
pub async fn blocked_per_peer(db: &Database, tenant: &str) -> Result<Vec<(String, i64)>, StoreError> {
    let sql = "SELECT peer, COUNT(*) AS number FROM needs_standing WHERE tenant = $1 AND blocked = 1
        GROUP BY peer ORDER BY peer";
    let rows = db.rows(sql, values![tenant]).await?;
    rows.iter()
        .map(|row| Ok((row.text("peer")?, row.int("number")?)))
        .collect()
}

/// How the needs of the deelnames of a sitting stand, where they stand apart.
///
/// # Errors
/// What the database says.
pub async fn standings_of_sitting(db: &Database, tenant: &str, sitting: &str) -> Result<Vec<StandingRow>, StoreError> {
    let sql = "SELECT needs_standing.* FROM needs_standing
        JOIN association ON association.tenant = needs_standing.tenant AND association.id = needs_standing.association
        WHERE association.tenant = $1 AND association.offering = $2";
    let rows = db.rows(sql, values![tenant, sitting]).await?;
    rows.iter().map(StandingRow::from_row).collect()
}
