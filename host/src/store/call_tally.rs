//! What calls of a revision came to, counted per hour; each node writes rows of its own.

use jiff::Timestamp;

use super::body;
use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::rollout::criteria::{DURATION_CLASSES_MS, Measured, Took};
use crate::values;

/// The table.
pub static CALL_TALLY: Table = Table {
    name: "call_tally",
    key: &["tenant", "peer", "revision", "from_at", "flow", "node"],
    columns: &[
        "tenant",
        "peer",
        "revision",
        "from_at",
        "flow",
        "node",
        "done",
        "by_vendor",
        "by_connector",
        "by_host",
        "durations",
        "wall_us",
        "guest_ms",
        "network_us",
        "memory_peak",
        "requests",
        "bytes_sent",
        "bytes_received",
        "version",
    ],
};

/// Which calls are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The school.
    pub tenant: String,
    /// The outside system.
    pub peer: String,
    /// The revision they ran on.
    pub revision: i64,
    /// Beginning of the hour they ended in.
    pub from_at: Timestamp,
    /// Their flow.
    pub flow: i64,
}

/// Calls of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallTallyRow {
    /// Which.
    pub key: Key,
    /// The node.
    pub node: String,
    /// What they came to; what is stuck is not counted here.
    pub measured: Measured,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl CallTallyRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        let (key, measured) = (&self.key, &self.measured);
        Write {
            table: &CALL_TALLY,
            values: values![
                &key.tenant,
                &key.peer,
                key.revision,
                key.from_at,
                key.flow,
                &self.node,
                int(measured.done),
                int(measured.by_vendor),
                int(measured.by_connector),
                int(measured.by_host),
                body::text(&measured.durations.to_vec()),
                int(measured.took.wall_us),
                int(measured.took.guest_ms),
                int(measured.took.network_us),
                int(measured.took.memory_peak),
                int(measured.took.requests),
                int(measured.took.bytes_sent),
                int(measured.took.bytes_received),
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let count = |column: &str| Ok::<_, StoreError>(u64::try_from(row.int(column)?).unwrap_or(0));
        let read: Vec<u64> = body::parse("call_tally.durations", &row.text("durations")?)?;
        let mut durations = [0; DURATION_CLASSES_MS.len() + 1];
        for (class, count) in durations.iter_mut().zip(read) {
            *class = count;
        }
        Ok(CallTallyRow {
            key: Key {
                tenant: row.text("tenant")?,
                peer: row.text("peer")?,
                revision: row.int("revision")?,
                from_at: row.moment("from_at")?,
                flow: row.int("flow")?,
            },
            node: row.text("node")?,
            measured: Measured {
                done: count("done")?,
                by_vendor: count("by_vendor")?,
                by_connector: count("by_connector")?,
                by_host: count("by_host")?,
                durations,
                unreconciled: 0,
                took: Took {
                    wall_us: count("wall_us")?,
                    guest_ms: count("guest_ms")?,
                    network_us: count("network_us")?,
                    memory_peak: count("memory_peak")?,
                    requests: count("requests")?,
                    bytes_sent: count("bytes_sent")?,
                    bytes_received: count("bytes_received")?,
                },
            },
            version: row.int("version")?,
        })
    }
}

/// One node's calls.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, key: &Key, node: &str) -> Result<Option<CallTallyRow>, StoreError> {
    let sql = "SELECT * FROM call_tally
        WHERE tenant = $1 AND peer = $2 AND revision = $3 AND from_at = $4 AND flow = $5 AND node = $6";
    let values = values![&key.tenant, &key.peer, key.revision, key.from_at, key.flow, node];
    let row = db.row(sql, values).await?;
    row.as_ref().map(CallTallyRow::from_row).transpose()
}

/// What calls of a revision came to in the hours that began at a moment or later.
///
/// # Errors
/// What the database says.
pub async fn since(
    db: &Database,
    tenant: &str,
    (peer, revision): (&str, i64),
    from: Timestamp,
) -> Result<Vec<CallTallyRow>, StoreError> {
    let sql = "SELECT * FROM call_tally WHERE tenant = $1 AND peer = $2 AND revision = $3 AND from_at >= $4
        ORDER BY from_at, flow, node";
    let rows = db.rows(sql, values![tenant, peer, revision, from]).await?;
    rows.iter().map(CallTallyRow::from_row).collect()
}
