//! Peers: the systems around the host, whether they are paused, and their circuit breaker.

use oke_codec::Dialect;

use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::breaker::Breaker;
use crate::domain::rollout::Environment;
use crate::values;

/// The table.
pub static PEER: Table = Table {
    name: "peer",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "hat",
        "name",
        "state",
        "state_reason",
        "failures",
        "open_until",
        "revision",
        "environment",
        "phased",
        "named_only",
        "dialect",
        "drains",
        "version",
    ],
};

/// Whether messages go to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerState {
    /// They do.
    Active,
    /// A person has stopped them.
    Paused {
        /// By whom and why.
        reason: String,
    },
}

/// A peer as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRow {
    /// The school.
    pub tenant: String,
    /// Its id, as in URLs.
    pub id: String,
    /// `dr` for a SIS, `ta` for an examenleverancier, `tpl` for an outside planning system.
    pub hat: String,
    /// Its name on the pages.
    pub name: String,
    /// Whether messages go to it.
    pub state: PeerState,
    /// Its circuit breaker.
    pub breaker: Breaker,
    /// The revision that everybody has who is not named apart; `None` before the first.
    pub revision: Option<i64>,
    /// What it is, for people.
    pub environment: Environment,
    /// Units are named apart, or a share of the sittings is ([`super::rollout`]).
    pub phased: bool,
    /// Units that are not named are not served.
    pub named_only: bool,
    /// How it writes and reads at our faces.
    pub dialect: Dialect,
    /// Units, or the whole school, plan nothing new at it ([`super::drain`]).
    pub drains: bool,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl PeerRow {
    /// A new peer, active and closed, at version 0: [`PeerRow::next`] makes its first row.
    #[must_use]
    pub fn new(tenant: &str, id: &str, hat: &str, name: &str) -> Self {
        PeerRow {
            tenant: tenant.to_owned(),
            id: id.to_owned(),
            hat: hat.to_owned(),
            name: name.to_owned(),
            state: PeerState::Active,
            breaker: Breaker::default(),
            revision: None,
            environment: Environment::default(),
            phased: false,
            named_only: false,
            dialect: Dialect::default(),
            drains: false,
            version: 0,
        }
    }

    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        let (state, reason) = match &self.state {
            PeerState::Active => ("active", ""),
            PeerState::Paused { reason } => ("paused", reason.as_str()),
        };
        Write {
            table: &PEER,
            values: values![
                &self.tenant,
                &self.id,
                &self.hat,
                &self.name,
                state,
                reason,
                self.breaker.failures,
                self.breaker.open_until,
                self.revision,
                self.environment.name(),
                self.phased,
                self.named_only,
                written(&self.dialect),
                self.drains,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let state = match row.text("state")?.as_str() {
            "active" => PeerState::Active,
            "paused" => PeerState::Paused {
                reason: row.text("state_reason")?,
            },
            other => return Err(StoreError::unknown_word("state", other)),
        };
        let environment = row.text("environment")?;
        Ok(PeerRow {
            tenant: row.text("tenant")?,
            id: row.text("id")?,
            hat: row.text("hat")?,
            name: row.text("name")?,
            state,
            breaker: Breaker {
                failures: row.count("failures")?,
                open_until: row.moment_opt("open_until")?,
            },
            revision: row.int_opt("revision")?,
            environment: Environment::from_name(&environment)
                .ok_or_else(|| StoreError::unknown_word("environment", &environment))?,
            phased: row.flag("phased")?,
            named_only: row.flag("named_only")?,
            dialect: dialect(row)?,
            drains: row.flag("drains")?,
            version: row.int("version")?,
        })
    }
}

/// The column `dialect` of a row: what a peer does otherwise than the agreement 1.0.1, as JSON; empty when nothing.
///
/// # Errors
/// [`StoreError::Inconsistent`].
pub(super) fn dialect(row: &Row) -> Result<Dialect, StoreError> {
    let text = row.text("dialect")?;
    if text.is_empty() {
        return Ok(Dialect::default());
    }
    serde_json::from_str(&text).map_err(|error| StoreError::Inconsistent {
        column: "peer.dialect".to_owned(),
        why: error.to_string(),
    })
}

fn written(dialect: &Dialect) -> String {
    match *dialect == Dialect::default() {
        true => String::new(),
        false => serde_json::to_string(dialect).expect("a dialect is made of words and flags"),
    }
}

/// One peer.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<PeerRow>, StoreError> {
    let row = db
        .row("SELECT * FROM peer WHERE tenant = $1 AND id = $2", values![tenant, id])
        .await?;
    row.as_ref().map(PeerRow::from_row).transpose()
}

/// The peers of a school, by id.
///
/// # Errors
/// What the database says.
pub async fn all(db: &Database, tenant: &str) -> Result<Vec<PeerRow>, StoreError> {
    let rows = db
        .rows("SELECT * FROM peer WHERE tenant = $1 ORDER BY id", values![tenant])
        .await?;
    rows.iter().map(PeerRow::from_row).collect()
}

/// Which (tenant, peer) a written peer row concerns: its messages may go now, or may not.
#[must_use]
pub fn announces(write: &Write) -> Option<(String, String)> {
    let tenant = write.value("tenant")?.as_text()?.to_owned();
    let peer = write.value("id")?.as_text()?.to_owned();
    Some((tenant, peer))
}
