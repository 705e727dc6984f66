//! What a vendor has confirmed of the plan (flow 2): which version, when, by which revision, and under which id.

use super::draft::Draft;
use super::Refused;
use crate::domain::association::{Association, AssociationKind};
use crate::domain::offering::{Confirmation, Offering, OfferingKind};
use crate::store::ledger::{self, LedgerRow};
use crate::store::{association, offering};

/// Kind of sittings in the ledger.
pub const OFFERING: &str = "offering";
/// Kind of deelnames in the ledger.
pub const ASSOCIATION: &str = "association";

/// A write that a vendor applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The plan version it carried.
    pub plan_version: i64,
    /// The connector revision that delivered it.
    pub revision: i64,
    /// The vendor's own id, if it made one.
    pub peer_id: Option<String>,
}

impl Applied {
    /// What is known after this, unless a newer version was confirmed before.
    fn after(&self, before: Option<Confirmation>, draft: &Draft<'_>) -> Option<Confirmation> {
        match before {
            Some(before) if before.plan_version > self.plan_version => None,
            _ => Some(Confirmation {
                plan_version: self.plan_version,
                at: draft.now,
                revision: self.revision,
            }),
        }
    }

    fn detail(&self) -> String {
        format!("plan version {}, revision {}", self.plan_version, self.revision)
    }
}

/// The vendor applied a sitting.
///
/// # Errors
/// [`Refused::Unknown`] for an id that is no sitting; what the database says.
pub async fn sitting(draft: &mut Draft<'_>, id: &str, applied: &Applied) -> Result<(), Refused> {
    let sitting = offering::find(&draft.core.db, draft.tenant, id)
        .await?
        .filter(|found| found.kind == OfferingKind::Sitting)
        .ok_or_else(|| Refused::unknown("sitting", id))?;
    tie(draft, &sitting.peer, OFFERING, id, applied.peer_id.as_deref()).await?;
    if let Some(confirmed) = applied.after(sitting.confirmed, draft) {
        draft.audit("sitting.confirm", ("offering", id), applied.detail(), b"");
        let sitting = Offering {
            confirmed: Some(confirmed),
            ..sitting
        };
        draft.put(offering::next(draft.tenant, &sitting));
    }
    Ok(())
}

/// The vendor applied a deelname.
///
/// # Errors
/// [`Refused::Unknown`] for an id that is no deelname; what the database says.
pub async fn deelname(draft: &mut Draft<'_>, id: &str, applied: &Applied) -> Result<(), Refused> {
    let deelname = association::find(&draft.core.db, draft.tenant, id)
        .await?
        .filter(|found| found.kind == AssociationKind::Deelname)
        .ok_or_else(|| Refused::unknown("deelname", id))?;
    tie(draft, &deelname.peer, ASSOCIATION, id, applied.peer_id.as_deref()).await?;
    if let Some(confirmed) = applied.after(deelname.confirmed, draft) {
        draft.audit("deelname.confirm", ("association", id), applied.detail(), b"");
        let deelname = Association {
            confirmed: Some(confirmed),
            ..deelname
        };
        draft.put(association::next(draft.tenant, &deelname));
    }
    Ok(())
}

/// Ties a vendor's id to ours. A vendor that keeps our ids says none, and has no line in the ledger.
async fn tie(
    draft: &mut Draft<'_>,
    peer: &str,
    kind: &'static str,
    our_id: &str,
    peer_id: Option<&str>,
) -> Result<(), Refused> {
    let Some(peer_id) = peer_id else {
        return Ok(());
    };
    let known = ledger::by_our_id(&draft.core.db, draft.tenant, peer, kind, our_id).await?;
    let is_new = known.as_ref().is_none_or(|known| known.peer_id != peer_id);
    if is_new && (known.is_some() || peer_id != our_id) {
        let row = LedgerRow {
            tenant: draft.tenant.to_owned(),
            peer: peer.to_owned(),
            kind: kind.to_owned(),
            our_id: our_id.to_owned(),
            peer_id: peer_id.to_owned(),
            version: known.map_or(0, |known| known.version),
        };
        draft.put(row.next());
    }
    Ok(())
}
