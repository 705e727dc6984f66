//! Recorded exchanges with a vendor: switched on per peer by functioneel beheer for so many days, the last so many are
//! kept, sealed, and shown or handed out masked only. What is over its days loses its content.

use jiff::{SignedDuration, Timestamp};

use super::account::actor;
use super::{CommitError, Core, Decision, Draft, revision};
use crate::connector::manifest::{Configuration, Manifest};
use crate::connector::mask;
use crate::connector::recorder::Conversation;
use crate::store::exchange::{self, ExchangeRow, RecordingRow};
use crate::store::seal::SealError;
use crate::store::write_set::WriteSet;
use crate::store::{Database, StoreError, peer};

/// Longest that an exchange is kept.
pub const MOST_DAYS: u32 = 30;
/// The most exchanges of a peer.
pub const MOST: u32 = 200;
/// How many are kept unless asked otherwise.
pub const USUAL: u32 = 50;

/// Why recording can't be set, or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The peer does not exist.
    #[error("there is no peer `{0}` in this school")]
    UnknownPeer(String),
    /// Too long, or too many.
    #[error("keep exchanges for 1 to {MOST_DAYS} days (0: none) and 1 to {MOST} of them")]
    Beyond,
    /// Nobody said why.
    #[error("a reason is needed, so that others can follow it later")]
    NoReason,
    /// An exchange does not open.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// A call whose exchanges were recorded.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The school.
    pub tenant: String,
    /// The outside system.
    pub peer: String,
    /// The revision that made it.
    pub revision: i64,
    /// What was called.
    pub interface: String,
    /// `done`, or why not and whose fault that is.
    pub outcome: String,
    /// What was called, went out and came back.
    pub said: Conversation,
    /// When it ended.
    pub at: Timestamp,
}

/// Whether calls of a peer are recorded now.
///
/// # Errors
/// What the database says.
pub async fn is_on(db: &Database, tenant: &str, peer: &str) -> Result<bool, StoreError> {
    let row = exchange::recording(db, tenant, peer).await?;
    Ok(row.is_some_and(|row| row.days > 0))
}

/// Sets for how many days the last so many exchanges of a peer are kept. No days: nothing is recorded any more, and
/// what there was loses its content at once.
///
/// # Errors
/// [`RecordingError`].
pub async fn set(
    core: &Core,
    tenant: &str,
    by: &str,
    peer_id: &str,
    (days, most): (u32, u32),
    reason: &str,
) -> Result<(), RecordingError> {
    if reason.trim().is_empty() {
        return Err(RecordingError::NoReason);
    }
    if days > MOST_DAYS || !(1..=MOST).contains(&most) {
        return Err(RecordingError::Beyond);
    }
    core.decide::<_, RecordingError, _, _>(&[key(tenant, peer_id)], || async {
        let known_peer = peer::find(&core.db, tenant, peer_id).await?;
        known_peer.ok_or_else(|| RecordingError::UnknownPeer(peer_id.to_owned()))?;
        let known = exchange::recording(&core.db, tenant, peer_id).await?;
        let mut draft = Draft::of(core, tenant, actor(by));
        let row = RecordingRow {
            tenant: tenant.to_owned(),
            peer: peer_id.to_owned(),
            days,
            most,
            next_slot: known.as_ref().map_or(0, |known| known.next_slot),
            set_by: by.to_owned(),
            set_at: draft.now,
            version: known.as_ref().map_or(0, |known| known.version),
        };
        for kept in exchange::of_peer(&core.db, tenant, peer_id).await? {
            if days == 0 || kept.slot >= i64::from(most) {
                draft.put(emptied(kept).next());
            }
        }
        let detail = format!("{days} days, the last {most}; {reason}");
        draft.audit("recording.set", ("peer", peer_id), detail, b"");
        draft.put(row.next());
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// Keeps a recorded call in the next slot, if recording is still on.
///
/// # Errors
/// [`RecordingError`].
pub async fn keep(core: &Core, recorded: &Recorded) -> Result<(), RecordingError> {
    let (tenant, peer) = (recorded.tenant.as_str(), recorded.peer.as_str());
    core.decide::<_, RecordingError, _, _>(&[key(tenant, peer)], || async {
        let mut write_set = WriteSet::of(tenant);
        let row = exchange::recording(&core.db, tenant, peer).await?;
        if let Some(row) = row.filter(|row| row.days > 0) {
            let slot = row.next_slot % i64::from(row.most.max(1));
            let before = exchange::in_slot(&core.db, tenant, peer, slot).await?;
            let content = serde_json::to_vec(&recorded.said).expect("texts and numbers are JSON");
            let kept = ExchangeRow {
                tenant: tenant.to_owned(),
                peer: peer.to_owned(),
                slot,
                revision: recorded.revision,
                interface: recorded.interface.clone(),
                outcome: recorded.outcome.clone(),
                content: Some(core.sealer.seal(&place(tenant, peer, slot), &content)?),
                at: recorded.at,
                version: before.map_or(0, |before| before.version),
            };
            write_set.put(kept.next());
            let next_slot = (slot + 1) % i64::from(row.most.max(1));
            write_set.put(RecordingRow { next_slot, ..row }.next());
        }
        Ok(Decision { write_set, answer: () })
    })
    .await
}

/// What is recorded of a peer, and how long it is kept.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// So many days; 0: nothing is recorded.
    pub days: u32,
    /// The most that are kept.
    pub most: u32,
    /// The account that set it; empty when nobody did.
    pub set_by: String,
    /// The calls, masked, the newest first.
    pub calls: Vec<Recorded>,
}

/// What is recorded of a peer, masked: nothing of anybody is in it.
///
/// # Errors
/// [`RecordingError`].
pub async fn masked(core: &Core, tenant: &str, peer_id: &str) -> Result<Shown, RecordingError> {
    let known_peer = peer::find(&core.db, tenant, peer_id).await?;
    known_peer.ok_or_else(|| RecordingError::UnknownPeer(peer_id.to_owned()))?;
    let Some(row) = exchange::recording(&core.db, tenant, peer_id).await? else {
        return Ok(Shown {
            most: USUAL,
            ..Shown::default()
        });
    };
    let calls = opened(core, &row).await?.into_iter().map(|call| Recorded {
        said: Conversation {
            // Ids and cursors of the vendor: of no use without its answers, and of somebody.
            asked: None,
            exchanged: call.said.exchanged.iter().map(mask::exchanged).collect(),
            is_partial: call.said.is_partial,
        },
        ..call
    });
    let calls = calls.collect();
    Ok(Shown {
        days: row.days,
        most: row.most,
        set_by: row.set_by,
        calls,
    })
}

/// The calls of a peer that are still kept, as they were, the newest first.
async fn opened(core: &Core, row: &RecordingRow) -> Result<Vec<Recorded>, RecordingError> {
    let (tenant, peer) = (row.tenant.as_str(), row.peer.as_str());
    let since = core.now() - retention(row);
    let mut calls = Vec::new();
    for kept in exchange::of_peer(&core.db, tenant, peer).await? {
        let Some(content) = kept.content.as_ref().filter(|_| kept.at >= since) else {
            continue;
        };
        let plain = core.sealer.open(&place(tenant, peer, kept.slot), content)?;
        let said: Conversation = serde_json::from_slice(&plain).map_err(|error| StoreError::Inconsistent {
            column: "exchange.content".to_owned(),
            why: error.to_string(),
        })?;
        calls.push(Recorded {
            tenant: tenant.to_owned(),
            peer: peer.to_owned(),
            revision: kept.revision,
            interface: kept.interface,
            outcome: kept.outcome,
            said,
            at: kept.at,
        });
    }
    Ok(calls)
}

/// The most recorded calls that a keuring plays again.
const MOST_REPLAYED: usize = 30;

/// Recorded calls of a school that a package can be tried with, the newest first: those made by a connector of the same
/// name and publisher, each with the configuration that the call ran with.
///
/// # Errors
/// [`RecordingError`].
pub async fn of_connector(
    core: &Core,
    tenant: &str,
    manifest: &Manifest,
) -> Result<Vec<(Recorded, Configuration)>, RecordingError> {
    let wanted = &manifest.connector;
    let mut found = Vec::new();
    for row in exchange::recordings(&core.db).await? {
        if row.tenant != tenant || row.days == 0 {
            continue;
        }
        let calls = opened(core, &row).await?;
        for call in calls.into_iter().filter(|call| call.said.asked.is_some()) {
            let Some(revision) = core.db.revision(tenant, &row.peer, call.revision).await? else {
                continue;
            };
            let Some(there) = revision::manifest(&core.db, &revision).await? else {
                continue;
            };
            let is_same = there.connector.name == wanted.name && there.connector.publisher == wanted.publisher;
            if is_same && found.len() < MOST_REPLAYED {
                let config = serde_json::from_str(&revision.config).map_err(|error| StoreError::Inconsistent {
                    column: "revision.config".to_owned(),
                    why: error.to_string(),
                })?;
                found.push((call, config));
            }
        }
    }
    Ok(found)
}

/// Notes in the audit that what was recorded left the host, masked.
///
/// # Errors
/// [`RecordingError`].
pub async fn note_export(core: &Core, tenant: &str, by: &str, peer: &str, calls: usize) -> Result<(), RecordingError> {
    core.decide::<_, RecordingError, _, _>(&[], || async {
        let mut draft = Draft::of(core, tenant, actor(by));
        draft.audit(
            "recording.export",
            ("peer", peer),
            format!("{calls} calls, masked"),
            b"",
        );
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// Takes the content of all exchanges whose days are over; returns how many.
///
/// # Errors
/// [`RecordingError`].
pub async fn sweep(core: &Core) -> Result<usize, RecordingError> {
    let mut emptied_rows = 0;
    for row in exchange::recordings(&core.db).await? {
        let over = core.now() - retention(&row);
        let (tenant, peer) = (row.tenant.as_str(), row.peer.as_str());
        emptied_rows += core
            .decide::<_, RecordingError, _, _>(&[key(tenant, peer)], || async {
                let mut write_set = WriteSet::of(tenant);
                let kept = exchange::of_peer(&core.db, tenant, peer).await?;
                let mut count = 0;
                for kept in kept.into_iter().filter(|kept| kept.at < over) {
                    write_set.put(emptied(kept).next());
                    count += 1;
                }
                Ok(Decision {
                    write_set,
                    answer: count,
                })
            })
            .await?;
    }
    Ok(emptied_rows)
}

fn retention(row: &RecordingRow) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(row.days))
}

fn emptied(row: ExchangeRow) -> ExchangeRow {
    ExchangeRow { content: None, ..row }
}

fn key(tenant: &str, peer: &str) -> String {
    format!("recording/{tenant}/{peer}")
}

fn place(tenant: &str, peer: &str, slot: i64) -> String {
    format!("exchange/{tenant}/{peer}/{slot}")
}
