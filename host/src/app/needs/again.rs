//! The needs of a vendor's coming deelnames settled anew, after its table, its connector or a sitting has changed: a
//! piece per job, so that no change is too large for one commit.

use std::collections::HashMap;

use serde_json::json;

use super::{Settled, Vendor, Whose, settle, with};
use crate::app::draft::{Draft, Follow};
use crate::app::{Refused, deliver};
use crate::domain::lane;
use crate::domain::offering::Offering;
use crate::store::mark::Mark;
use crate::store::scope::Scope;
use crate::store::{association, needs as needs_store, offering, person};

/// Kind of the job that settles needs anew.
pub const SETTLE_NEEDS: &str = "settle_needs";
/// The most deelnames settled in one commit.
pub const MOST_AT_ONCE: u32 = 100;

/// The job that settles the next piece: of one sitting, or of all that have not ended, after a deelname's id.
///
/// # Errors
/// What the database says.
pub async fn follow(draft: &mut Draft<'_>, peer: &str, sitting: Option<&str>, after: &str) -> Result<(), Refused> {
    let lane = match sitting {
        Some(sitting) => lane::name(2, "needs-of-sitting", sitting),
        None => lane::name(2, "needs-of-vendor", peer),
    };
    draft
        .follow(Follow {
            kind: SETTLE_NEEDS,
            // Work inside the host: no vendor is asked, so that none can hold it up.
            peer: "",
            flow: 2,
            lane,
            parent: None,
            payload: json!({ "peer": peer, "sitting": sitting, "after": after }),
            full_state: false,
        })
        .await
}

/// Has the blocked deelnames of a vendor looked at again, when there are any: another connector may tell more.
///
/// # Errors
/// What the database says.
pub async fn follow_blocked(draft: &mut Draft<'_>, peer: &str) -> Result<(), Refused> {
    let (db, whole) = (&draft.core.db, (peer, &Scope::School));
    match needs_store::blocked_after(db, draft.tenant, whole, &Mark::start(), 1)
        .await?
        .is_empty()
    {
        true => Ok(()),
        false => follow(draft, peer, None, "").await,
    }
}

/// Settles at most [`MOST_AT_ONCE`] deelnames, those after an id, and has the next piece follow.
///
/// # Errors
/// What the database says.
pub async fn settle_piece(draft: &mut Draft<'_>, peer: &str, only: Option<&str>, after: &str) -> Result<(), Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let piece = association::coming_students(db, tenant, peer, (draft.now, only), (after, MOST_AT_ONCE)).await?;
    let Some(last) = piece.last().map(|last| last.id.clone()) else {
        return Ok(());
    };
    let is_full = piece.len() >= MOST_AT_ONCE as usize;
    let vendor = Vendor::of(db, tenant, peer).await?;
    let mut sittings: HashMap<String, Option<Offering>> = HashMap::new();
    for deelname in piece {
        let id = deelname.facts.offering_id.clone();
        if !sittings.contains_key(&id) {
            sittings.insert(id.clone(), offering::find(db, tenant, &id).await?);
        }
        let Some(Some(sitting)) = sittings.get(&id) else {
            continue;
        };
        let known = person::find(db, tenant, &deelname.facts.person_id).await?;
        let Some(known) = known.filter(|known| !known.erased) else {
            continue;
        };
        let enrolment = match &deelname.enrolment {
            Some(enrolment) => association::find(db, tenant, enrolment).await?,
            None => None,
        };
        let whose = Whose {
            deelname: &deelname,
            sitting,
            enrolment: enrolment.as_ref().map(|enrolment| &enrolment.facts),
            person: &known.facts,
        };
        if let Settled::Tell(needs) = settle(draft, &vendor, whose).await? {
            let deelname = with(deelname, needs, draft.now);
            draft.audit(
                "deelname.change",
                ("association", &deelname.id),
                "needs".to_owned(),
                b"",
            );
            deliver::deelname(draft, &deelname, sitting);
            draft.put(association::next(draft.tenant, &deelname));
        }
    }
    match is_full {
        true => follow(draft, peer, only, &last).await,
        false => Ok(()),
    }
}
