//! Which revision of a peer's connector serves whom, read whole: what everybody has, what units and a share of the
//! sittings have instead. The steps that change it are in `steps`, what its calls came to in `measure`.

pub mod fast;
pub mod measure;
pub mod steps;
pub mod tally;

use super::draft::{About, Draft};
use super::unit::Units;
use super::{Core, Decision, Refused};
use crate::domain::drain::DrainState;
use crate::domain::exception;
use crate::domain::rollout::{Served, Serving, Share, Stage, Trial, Whose};
use crate::store::peer::{self, PeerRow};
use crate::store::{Database, StoreError, drain, offering, rollout};

/// Whose work a call is.
#[derive(Debug, Clone, Copy)]
pub enum Work<'a> {
    /// Nobody's in particular, such as the catalogue.
    Everybody,
    /// That of this sitting.
    Sitting(&'a str),
    /// That of a revision itself, such as its polls.
    Revision(i64),
}

/// Kind of the object that the exceptions about units that are not enabled are about.
pub const NOT_ENABLED_OF: &str = "enablement";

/// So often it is read again when it changed while it was read.
const TRIES: usize = 8;

/// A peer with who is served by what, as one: it never shows half a change. `None` when there is no such peer.
///
/// # Errors
/// What the database says.
pub async fn serving(db: &Database, tenant: &str, peer: &str) -> Result<Option<(PeerRow, Serving)>, StoreError> {
    let Some(mut row) = peer::find(db, tenant, peer).await? else {
        return Ok(None);
    };
    for _ in 0..TRIES {
        let mut serving = Serving {
            default: row.revision,
            named_only: row.named_only,
            ..Serving::default()
        };
        if !row.phased && !row.drains {
            return Ok(Some((row, serving)));
        }
        if row.phased {
            parted(db, tenant, peer, &mut serving).await?;
        }
        if row.drains {
            drained(db, tenant, peer, &mut serving).await?;
        }
        // Every change of who is served moves the peer's row.
        match peer::find(db, tenant, peer).await? {
            Some(now) if now.version != row.version => row = now,
            _ => return Ok(Some((row, serving))),
        }
    }
    let what = "who is served by what changes all the time".to_owned();
    Err(StoreError::Inconsistent {
        column: "peer.version".to_owned(),
        why: what,
    })
}

/// Who is named apart, and what the newest rollout sets apart.
async fn parted(db: &Database, tenant: &str, peer: &str, serving: &mut Serving) -> Result<(), StoreError> {
    for named in rollout::enablements(db, tenant, peer).await? {
        if let Some(revision) = named.revision {
            serving.named.insert((named.unit, named.flow), revision);
        }
    }
    let newest = rollout::newest(db, tenant, peer).await?;
    let newest = newest.filter(|newest| newest.stage.is_open() || newest.stage == Stage::Stopped);
    if let Some(newest) = newest {
        let revision = newest.revision;
        serving.share = Some(newest.share)
            .filter(|share| *share > 0)
            .map(|percent| Share { revision, percent });
        serving.trial = newest.sitting.map(|sitting| Trial { sitting, revision });
    }
    Ok(())
}

/// Who is served no longer; what such units are named for counts for nothing until they are enabled again.
async fn drained(db: &Database, tenant: &str, peer: &str, serving: &mut Serving) -> Result<(), StoreError> {
    for row in drain::of_peer(db, tenant, peer).await? {
        match (row.state, row.unit) {
            (DrainState::Ended, None) => serving.off.everybody = true,
            (DrainState::Ended, Some(unit)) => {
                serving.off.units.insert(unit);
            }
            (DrainState::Draining | DrainState::Lifted, _) => {}
        }
    }
    if !serving.off.units.is_empty() {
        let units = Units::of(db, tenant).await?;
        let off = &serving.off;
        serving
            .named
            .retain(|(unit, _), _| !off.covers(&units.lineage(Some(unit))));
    }
    Ok(())
}

/// What serves a sitting in a flow, and the unit that owns it.
///
/// # Errors
/// What the database says.
pub async fn of_sitting(
    db: &Database,
    tenant: &str,
    serving: &Serving,
    (flow, sitting): (i64, &str),
) -> Result<(Served, Option<String>), StoreError> {
    let unit = offering::find(db, tenant, sitting).await?.and_then(|found| found.unit);
    let units = Units::of(db, tenant).await?;
    let lineage = units.lineage(unit.as_deref());
    let whose = Whose::Sitting {
        id: sitting,
        lineage: &lineage,
    };
    Ok((serving.revision(flow, whose), unit))
}

/// Opens an exception about a unit whose work waits because it is not enabled, unless it is open.
///
/// # Errors
/// What the database says.
pub async fn tell_not_enabled(
    core: &Core,
    tenant: &str,
    peer_id: &str,
    (unit, flow): (Option<&str>, i64),
) -> Result<(), Refused> {
    let key = format!("tasks/{tenant}/{peer_id}");
    core.decide(&[key], || async {
        let mut draft = Draft::of(core, tenant, "host");
        let units = Units::of(&core.db, tenant).await?;
        let name = unit.map(|id| units.get(id).map_or(id, |row| row.name.as_str()));
        let peer = peer::find(&core.db, tenant, peer_id).await?;
        let peer = peer.map_or_else(|| peer_id.to_owned(), |row| row.name);
        let id = format!("{peer_id}/{}/{flow}", unit.unwrap_or_default());
        let about = About {
            kind: NOT_ENABLED_OF,
            id: &id,
            unit,
            peer: Some(peer_id),
        };
        draft
            .open(&exception::unit_not_enabled(&peer, name, flow), about)
            .await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}
