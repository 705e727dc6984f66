//! A revision is put to work: for everybody, for named units, or back. One commit holds who is served by what from now
//! on, the history, what people hear of it, and the job that takes up what waited and repairs what was done.

use super::RevisionError;
use crate::app::draft::{About, Draft};
use crate::app::{mended, needs, school};
use crate::domain::calendar;
use crate::domain::exception;
use crate::domain::rollout::{Rollout, Stage};
use crate::store::peer::PeerRow;
use crate::store::revision::ActivationRow;
use crate::store::rollout::{self, EventRow};

/// Why a revision comes to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// The first of this peer, for everybody.
    Installed,
    /// Another one, for everybody.
    RolledOut,
    /// Named units or a share of the sittings come on it; everybody else stays.
    Enabled,
    /// A fix: those that had an older one have it, and nobody else.
    Fixed {
        /// What they had.
        from: i64,
    },
    /// Those on a newer one go back.
    RolledBack {
        /// What they go back from.
        from: i64,
    },
}

impl Because {
    fn kind(self) -> &'static str {
        match self {
            Because::Installed => "install",
            Because::RolledOut | Because::Fixed { .. } => "rollout",
            Because::Enabled => "enable",
            Because::RolledBack { .. } => "rollback",
        }
    }
}

/// Puts a revision to work. Who is enabled apart is written by the caller for [`Because::Enabled`], and here otherwise.
/// That deelnames are looked at again which waited because the connector before could not tell their needs is part of
/// the same commit.
///
/// # Errors
/// [`RevisionError`].
pub async fn activate(
    draft: &mut Draft<'_>,
    mut row: PeerRow,
    number: i64,
    because: Because,
    by: &str,
    reason: &str,
) -> Result<(), RevisionError> {
    let activations = draft.core.db.activations(&row.tenant, &row.id).await?;
    let seq = activations.first().map_or(0, |newest| newest.seq) + 1;
    let previous = match because {
        Because::RolledBack { from } | Because::Fixed { from } => Some(from),
        _ => row.revision,
    };
    let activation = ActivationRow {
        tenant: row.tenant.clone(),
        peer: row.id.clone(),
        seq,
        revision: number,
        previous,
        kind: because.kind().to_owned(),
        actor: by.to_owned(),
        reason: reason.to_owned(),
        at: draft.now,
    };
    draft.put(activation.write());
    let detail = format!("{}: revision {number}, before {previous:?}; {reason}", because.kind());
    draft.audit("revision.activate", ("peer", &row.id), detail, b"");
    match because {
        Because::Installed | Because::RolledOut => for_everybody(draft, &mut row, number, (by, reason)).await?,
        Because::Enabled => row.phased = true,
        Because::Fixed { from } => fixed(draft, &mut row, (from, number), (by, reason)).await?,
        Because::RolledBack { from } => {
            back(draft, &mut row, (from, number), (by, reason)).await?;
            tell(draft, &row, (from, number), seq, reason).await?;
        }
    }
    needs::again::follow_blocked(draft, &row.id).await?;
    let next = match because {
        Because::Installed | Because::RolledOut => mended::Mending::of(&row.id),
        Because::Enabled | Because::Fixed { .. } => mended::Mending::moved(&row.id, number),
        Because::RolledBack { from } => mended::Mending::back(&row.id, from, number),
    };
    mended::follow(draft, &next).await?;
    draft.put(row.next());
    Ok(())
}

/// Everybody has it: nobody is named apart any more.
async fn for_everybody(
    draft: &mut Draft<'_>,
    row: &mut PeerRow,
    number: i64,
    said: (&str, &str),
) -> Result<(), RevisionError> {
    if row.phased {
        for mut named in rollout::enablements(&draft.core.db, &row.tenant, &row.id).await? {
            if named.revision.take().is_some() {
                named.since = draft.now;
                draft.put(named.next());
            }
        }
    }
    let newest = rollout::newest(&draft.core.db, &row.tenant, &row.id).await?;
    if let Some(newest) = newest.filter(|newest| newest.stage.is_open() || newest.stage == Stage::Stopped) {
        let stage = match newest.revision == number {
            true => Stage::Completed,
            false => Stage::Stopped,
        };
        end(draft, row, newest, (stage, "all"), said).await?;
    }
    row.phased = false;
    row.named_only = false;
    row.revision = Some(number);
    Ok(())
}

/// Those that had `from` have `to`, which ends the rollout that brought it; who had another one keeps that.
async fn fixed(
    draft: &mut Draft<'_>,
    row: &mut PeerRow,
    (from, to): (i64, i64),
    said: (&str, &str),
) -> Result<(), RevisionError> {
    row.phased = swap(draft, row, (from, to)).await?;
    let newest = rollout::newest(&draft.core.db, &row.tenant, &row.id).await?;
    if let Some(newest) = newest.filter(|newest| newest.revision == to && newest.stage.is_open()) {
        end(draft, row, newest, (Stage::Completed, "rest"), said).await?;
    }
    Ok(())
}

/// Everybody and every named unit that had `from` has `to`; gives whether units are still named.
async fn swap(draft: &mut Draft<'_>, row: &mut PeerRow, (from, to): (i64, i64)) -> Result<bool, RevisionError> {
    if row.revision == Some(from) {
        row.revision = Some(to);
    }
    let mut still_named = false;
    if row.phased {
        for mut named in rollout::enablements(&draft.core.db, &row.tenant, &row.id).await? {
            if named.revision == Some(from) {
                // Where only named units are served they stay named.
                let is_default = !row.named_only && row.revision == Some(to);
                named.revision = Some(to).filter(|_| !is_default);
                named.since = draft.now;
                draft.put(named.next());
            }
            still_named |= named.revision.is_some();
        }
    }
    Ok(still_named)
}

/// Those that had `from` go back to `to`.
async fn back(
    draft: &mut Draft<'_>,
    row: &mut PeerRow,
    (from, to): (i64, i64),
    said: (&str, &str),
) -> Result<(), RevisionError> {
    let still_named = swap(draft, row, (from, to)).await?;
    let newest = rollout::newest(&draft.core.db, &row.tenant, &row.id).await?;
    let mut shared = newest
        .as_ref()
        .is_some_and(|newest| (newest.share > 0 || newest.sitting.is_some()) && newest.revision != from);
    if let Some(newest) = newest.filter(|newest| newest.revision == from && newest.stage != Stage::RolledBack) {
        shared = false;
        end(draft, row, newest, (Stage::RolledBack, "rollback"), said).await?;
    }
    row.phased = still_named || shared;
    Ok(())
}

async fn end(
    draft: &mut Draft<'_>,
    row: &PeerRow,
    rollout: Rollout,
    (stage, kind): (Stage, &str),
    (by, reason): (&str, &str),
) -> Result<(), RevisionError> {
    let ended = Rollout {
        stage,
        share: 0,
        sitting: None,
        ended_at: Some(draft.now),
        ..rollout
    };
    note(draft, row, ended.seq, (kind, "{}".to_owned()), (by, reason)).await?;
    draft.put(rollout::next(&row.tenant, &row.id, &ended));
    Ok(())
}

/// Adds to what was done about a rollout.
///
/// # Errors
/// What the database says.
pub async fn note(
    draft: &mut Draft<'_>,
    row: &PeerRow,
    rollout: i64,
    (kind, detail): (&str, String),
    (by, reason): (&str, &str),
) -> Result<(), RevisionError> {
    let events = rollout::events(&draft.core.db, &row.tenant, &row.id, rollout).await?;
    let event = EventRow {
        tenant: row.tenant.clone(),
        peer: row.id.clone(),
        rollout,
        seq: events.last().map_or(0, |last| last.seq) + 1,
        kind: kind.to_owned(),
        detail,
        actor: by.to_owned(),
        reason: reason.to_owned(),
        at: draft.now,
    };
    draft.put(event.write());
    Ok(())
}

/// The examenbureau hears of a rollback on its page, and functioneel beheer looks at it again on the next working day.
async fn tell(
    draft: &mut Draft<'_>,
    row: &PeerRow,
    (from, to): (i64, i64),
    seq: i64,
    reason: &str,
) -> Result<(), RevisionError> {
    let time = school::time(&draft.core.db, &row.tenant).await?;
    let today = calendar::day(draft.now);
    let next_day = time.calendar.after(today, 1);
    let id = format!("{}/{seq}", row.id);
    let about = About {
        kind: "rollback",
        id: &id,
        unit: None,
        peer: Some(&row.id),
    };
    draft
        .open(&exception::rolled_back(&row.name, (from, to), reason), about)
        .await?;
    draft
        .open(&exception::rollback_review(&row.name, from, next_day), about)
        .await?;
    Ok(())
}
