//! A sitting told to its vendor again in full, and read back until it is as it was planned (R25): what another revision
//! did in between is undone by the same full-state writes that planning uses.

use serde_json::json;

use super::comparison::{Found, Of, conclude};
use super::draft::{About, Draft, Follow};
use super::{Refused, deliver};
use crate::domain::comparison::Part;
use crate::domain::exception;
use crate::domain::lane;
use crate::domain::offering::Offering;
use crate::store::{association, comparison, offering};

/// Kind of the job that reads a sitting back.
pub const CHECK_SITTING: &str = "check_sitting";

/// Has a sitting and everybody in it whom the vendor knows told again, and then read back.
///
/// # Errors
/// What the database says.
pub async fn tell_again(draft: &mut Draft<'_>, id: &str) -> Result<(), Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let Some(mut sitting) = offering::find(db, tenant, id).await? else {
        return Ok(());
    };
    sitting.plan_version += 1;
    sitting.updated_at = draft.now;
    deliver::sitting(draft, &sitting);
    draft.put(offering::next(tenant, &sitting));
    for mut deelname in association::of_offering(db, tenant, id).await? {
        // What the vendor was never told goes by its own message, or waits for a person.
        if deelname.confirmed.is_some() {
            deelname.plan_version += 1;
            deelname.updated_at = draft.now;
            deliver::deelname(draft, &deelname, &sitting);
            draft.put(association::next(tenant, &deelname));
        }
    }
    draft.audit("sitting.tell-again", ("offering", id), String::new(), b"");
    check(draft, &sitting).await
}

async fn check(draft: &mut Draft<'_>, sitting: &Offering) -> Result<(), Refused> {
    draft
        .follow_once(Follow {
            kind: CHECK_SITTING,
            peer: &sitting.peer,
            flow: 2,
            lane: lane::name(2, "check", &sitting.id),
            parent: Some((deliver::sitting_lane(&sitting.id), sitting.plan_version)),
            payload: json!({ "offering": sitting.id }),
            full_state: true,
        })
        .await
}

/// Notes what came of reading a sitting back: a repair task where it differs, which closes once it doesn't. One that can't
/// be read back was told again all the same: then a person looks.
///
/// # Errors
/// What the database says.
pub async fn note(
    draft: &mut Draft<'_>,
    sitting: &Offering,
    revision: i64,
    found: Option<&Found>,
) -> Result<(), Refused> {
    let of = Of {
        sitting,
        part: Part::Plan,
        peer: &sitting.peer,
        revision,
    };
    if found.is_none() {
        let about = About {
            kind: "offering",
            id: &sitting.id,
            unit: sitting.unit.as_deref(),
            peer: Some(&sitting.peer),
        };
        draft.open(&exception::sitting_not_readable(), about).await?;
    }
    let known = comparison::find(&draft.core.db, draft.tenant, &sitting.id, (of.part, of.peer)).await?;
    conclude(draft, of, found, known.map_or(0, |known| known.version)).await
}
