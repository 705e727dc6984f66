//! Stopping and resuming what goes to one outside system, by a person or by its circuit breaker.

use crate::app::{CommitError, Core, Decision};
use crate::store::StoreError;
use crate::store::peer::{self, PeerRow, PeerState};
use crate::store::task::{self, NewTask};
use crate::store::write_set::{AuditEntry, WriteSet};

/// Why pausing or resuming was refused.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// There is no such system.
    #[error("there is no outside system `{0}`")]
    Unknown(String),
    /// Pausing needs a reason.
    #[error("pausing needs a reason: say why nothing may go to this system")]
    NoReason,
    /// The database failed.
    #[error("could not read or store the change")]
    Store(#[from] StoreError),
    /// The change could not be stored.
    #[error("could not store the change")]
    Commit(#[from] CommitError),
}

/// The lock that spares conflicts on a peer's row ([`Core::decide`]).
#[must_use]
pub fn lock(tenant: &str, peer: &str) -> String {
    format!("peer/{tenant}/{peer}")
}

/// Nothing goes to this system until it is resumed; what is under way ends. Pausing twice keeps the newer reason.
///
/// # Errors
/// [`PeerError`].
pub async fn pause(core: &Core, tenant: &str, id: &str, actor: &str, reason: &str) -> Result<(), PeerError> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(PeerError::NoReason);
    }
    let paused = PeerState::Paused {
        reason: format!("{actor}: {reason}"),
    };
    let pause = |peer: &mut PeerRow| peer.state = paused.clone();
    change(core, tenant, id, pause, actor, "peer.pause", reason).await
}

/// Messages go again; the circuit breaker starts closed, since a person has looked.
///
/// # Errors
/// [`PeerError`].
pub async fn resume(core: &Core, tenant: &str, id: &str, actor: &str) -> Result<(), PeerError> {
    let resume = |peer: &mut PeerRow| {
        peer.state = PeerState::Active;
        peer.breaker = peer.breaker.succeeded();
    };
    change(core, tenant, id, resume, actor, "peer.resume", "").await
}

async fn change(
    core: &Core,
    tenant: &str,
    id: &str,
    change: impl Fn(&mut PeerRow),
    actor: &str,
    verb_name: &'static str,
    detail: &str,
) -> Result<(), PeerError> {
    let verb = || async {
        let peer = peer::find(&core.db, tenant, id).await?;
        let before = peer.ok_or_else(|| PeerError::Unknown(id.to_owned()))?;
        let mut peer = before.clone();
        change(&mut peer);
        let mut set = WriteSet::of(tenant);
        if peer == before {
            return Ok(Decision {
                write_set: set,
                answer: (),
            });
        }
        if peer.breaker != before.breaker {
            close_down_tasks(core, &mut set, &peer, actor).await?;
        }
        set.audit(entry(actor, verb_name, &peer, detail));
        set.put(peer.next());
        Ok(Decision {
            write_set: set,
            answer: (),
        })
    };
    core.decide(&[lock(tenant, id)], verb).await
}

/// Adds the task and the audit entry of a system that went down.
pub(super) fn note_down(core: &Core, set: &mut WriteSet, peer: &PeerRow) {
    let task = NewTask {
        kind: "peer-down".to_owned(),
        owner: "beheren".to_owned(),
        unit: None,
        peer: Some(peer.id.clone()),
        subject_kind: "peer".to_owned(),
        subject_id: peer.id.clone(),
        title: format!("{} is niet bereikbaar", peer.name),
        next_step: "Er gaat niets verloren: de berichten wachten en worden vanzelf bezorgd. Neem contact op met de \
                    beheerder van dit systeem als het te lang duurt."
            .to_owned(),
    };
    set.put(task.write(&peer.tenant, &core.id(), core.now()));
    let failures = format!("{} failures in a row", peer.breaker.failures);
    set.audit(entry("host", "peer.down", peer, &failures));
}

/// Closes the task of a system that is back.
pub(super) async fn note_back(core: &Core, set: &mut WriteSet, peer: &PeerRow) -> Result<(), StoreError> {
    close_down_tasks(core, set, peer, "host").await?;
    set.audit(entry("host", "peer.back", peer, ""));
    Ok(())
}

async fn close_down_tasks(core: &Core, set: &mut WriteSet, peer: &PeerRow, by: &str) -> Result<(), StoreError> {
    for task in task::open_about(&core.db, &peer.tenant, "peer", &peer.id).await? {
        if task.about.kind == "peer-down" {
            set.put(task.closed(by, "weer bereikbaar", core.now()));
        }
    }
    Ok(())
}

fn entry(actor: &str, verb: &'static str, peer: &PeerRow, detail: &str) -> AuditEntry {
    AuditEntry {
        actor: actor.to_owned(),
        verb,
        subject_kind: "peer",
        subject_id: peer.id.clone(),
        detail: detail.to_owned(),
        content: Vec::new(),
    }
}
