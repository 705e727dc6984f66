//! Drains: who plans nothing new at a vendor, and what is still to come of what was planned there.

use jiff::Timestamp;

use super::error::StoreError;
use super::result::judgement;
use super::scope::Scope;
use super::sql::{Database, Key, Row, as_values};
use super::write_set::{Table, Write};
use crate::domain::deadline::Progress;
use crate::domain::drain::{DrainState, Left};
use crate::domain::model::AssociationState;
use crate::domain::offering::OfferingKind;
use crate::values;

/// The table.
pub static DRAIN: Table = Table {
    name: "drain",
    key: &["tenant", "peer", "unit"],
    columns: &[
        "tenant", "peer", "unit", "state", "actor", "reason", "since", "ended_at", "version",
    ],
};

/// A unit, or the whole school, that was disabled for a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrainRow {
    /// The school.
    pub tenant: String,
    /// The vendor.
    pub peer: String,
    /// The unit, with those in it; absent for the whole school.
    pub unit: Option<String>,
    /// How far it is.
    pub state: DrainState,
    /// Who did the last of it: `account:ID`, or `host`.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// Since when nothing new is planned.
    pub since: Timestamp,
    /// Since when nothing is served.
    pub ended_at: Option<Timestamp>,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl DrainRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &DRAIN,
            values: values![
                &self.tenant,
                &self.peer,
                self.unit.as_deref().unwrap_or_default(),
                self.state.name(),
                &self.actor,
                &self.reason,
                self.since,
                self.ended_at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let state = row.text("state")?;
        Ok(DrainRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            unit: Some(row.text("unit")?).filter(|unit| !unit.is_empty()),
            state: DrainState::from_name(&state).ok_or_else(|| StoreError::unknown_word("state", &state))?,
            actor: row.text("actor")?,
            reason: row.text("reason")?,
            since: row.moment("since")?,
            ended_at: row.moment_opt("ended_at")?,
            version: row.int("version")?,
        })
    }
}

/// Everybody who is or was disabled for a vendor; the whole school first.
///
/// # Errors
/// What the database says.
pub async fn of_peer(db: &Database, tenant: &str, peer: &str) -> Result<Vec<DrainRow>, StoreError> {
    let sql = "SELECT * FROM drain WHERE tenant = $1 AND peer = $2 ORDER BY unit";
    let rows = db.rows(sql, values![tenant, peer]).await?;
    rows.iter().map(DrainRow::from_row).collect()
}

/// A sitting at a vendor that may still wait for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The unit that owns it.
    pub unit: Option<String>,
    /// The school's own, or one of an outside TPL.
    pub kind: OfferingKind,
    /// Whether it was cancelled.
    pub is_canceled: bool,
    /// Whether the vendor has confirmed its last change.
    pub is_told: bool,
    /// When it ends.
    pub end: Option<Timestamp>,
}

/// The sittings of some units that are planned at a vendor and not settled, relayed ones too: by id, after an id, at most
/// so many.
///
/// # Errors
/// What the database says.
pub async fn planned_at(
    db: &Database,
    (tenant, peer): (&str, &str),
    units: &Scope,
    (after, limit): (&str, u32),
) -> Result<Vec<Planned>, StoreError> {
    let (in_units, more) = units.condition("planned.unit", 5);
    let sql = format!(
        "SELECT planned.id, planned.name, planned.unit, planned.kind, planned.state, planned.end_at,
            CAST(CASE WHEN COALESCE(planned.confirmed_version, 0) >= planned.plan_version THEN 1 ELSE 0 END AS BIGINT)
                AS told
        FROM offering planned
        LEFT JOIN settled done ON done.tenant = planned.tenant AND done.sitting = planned.id
            AND done.sitting_version = planned.version
        WHERE planned.tenant = $1 AND planned.peer = $2 AND planned.plan_version > 0 AND planned.id > $3
          AND done.sitting IS NULL AND {in_units}
        ORDER BY planned.id LIMIT $4"
    );
    let mut values = values![tenant, peer, after, limit];
    values.extend(more);
    let rows = db.rows(sql, values).await?;
    let planned = |row: &Row| {
        let kind = row.text("kind")?;
        Ok(Planned {
            id: row.text("id")?,
            name: row.text("name")?,
            unit: row.text_opt("unit")?,
            kind: OfferingKind::from_name(&kind).ok_or_else(|| StoreError::unknown_word("kind", &kind))?,
            is_canceled: row.text("state")? == "canceled",
            is_told: row.flag("told")?,
            end: row.moment_opt("end_at")?,
        })
    };
    rows.iter().map(planned).collect()
}

/// The school's own deelnames of these sittings, as a drain looks at them: sitting, deelname and how it stands.
///
/// # Errors
/// What the database says.
pub async fn left_at(db: &Database, sittings: &[Key]) -> Result<Vec<(String, String, Left)>, StoreError> {
    let sql = "SELECT deelname.offering, deelname.id, deelname.state, deelname.role,
            CAST(CASE WHEN deelname.confirmed_version IS NULL THEN 0 ELSE 1 END AS BIGINT) AS was_told,
            CAST(CASE WHEN COALESCE(deelname.confirmed_version, 0) >= deelname.plan_version THEN 1 ELSE 0 END AS BIGINT)
                AS told,
            COALESCE(present.progress, 'open') AS progress, COALESCE(head.judgement, 'accepted') AS judgement,
            COALESCE(head.why, '') AS why,
            (SELECT COUNT(*) FROM document WHERE document.tenant = deelname.tenant AND document.peer = deelname.peer
                AND document.subject_kind = 'association' AND document.subject_id = deelname.id
                AND document.fetched_at IS NULL) AS papers
        FROM {asked} CROSS JOIN association deelname
        LEFT JOIN result_head head ON head.tenant = deelname.tenant AND head.association = deelname.id
        LEFT JOIN result present ON present.tenant = head.tenant AND present.association = head.association
            AND present.seq = head.seq
        WHERE deelname.tenant = asked.column1 AND deelname.offering = asked.column2 AND deelname.kind = 'deelname'
        ORDER BY deelname.offering, deelname.id";
    let rows = db.rows_of_keys(sql, &as_values(sittings)).await?;
    rows.iter().map(left).collect()
}

fn left(row: &Row) -> Result<(String, String, Left), StoreError> {
    let (state, progress) = (row.text("state")?, row.text("progress")?);
    let left = Left {
        state: match state.as_str() {
            "associated" => AssociationState::Associated,
            "canceled" => AssociationState::Canceled,
            "finished" => AssociationState::Finished,
            _ => AssociationState::Other(state),
        },
        is_students: row.text("role")? == "student",
        was_told: row.flag("was_told")?,
        is_told: row.flag("told")?,
        progress: Progress::from_name(&progress).ok_or_else(|| StoreError::unknown_word("progress", &progress))?,
        judgement: judgement(row)?,
        has_documents: row.int("papers")? == 0,
    };
    Ok((row.text("offering")?, row.text("id")?, left))
}
