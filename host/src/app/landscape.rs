//! The landscape: which outside TPL plans at which vendor, and for which student system of the school (R23, R24).
//! Functioneel beheer says so.

use super::draft::Draft;
use super::{Core, Decision, Refused};
use crate::store::landscape::{self, Link};
use crate::store::peer;

/// Lets an outside TPL work with a system, or no longer. What it planned before stays, and its results still go to it (R6).
///
/// # Errors
/// [`Refused::Unknown`] for a peer that is not there; [`Refused::Invalid`] for one in another role.
pub async fn allow(
    core: &Core,
    tenant: &str,
    by: &str,
    (planner, system): (&str, &str),
    allowed: bool,
) -> Result<(), Refused> {
    core.decide(&[format!("landscape/{tenant}/{planner}")], || async {
        in_hat(core, tenant, planner, &["tpl"]).await?;
        in_hat(core, tenant, system, &["ta", "dr"]).await?;
        let known = landscape::systems_of(&core.db, tenant, planner).await?;
        let known = known.into_iter().find(|known| known.system == system);
        let mut draft = Draft::of(core, tenant, by);
        if known.as_ref().is_some_and(|known| known.allowed) != allowed {
            let said = if allowed { "works with" } else { "no longer works with" };
            draft.audit("landscape.allow", ("peer", planner), format!("{said} {system}"), b"");
            let row = Link {
                tenant: tenant.to_owned(),
                planner: planner.to_owned(),
                system: system.to_owned(),
                allowed,
                version: known.map_or(0, |known| known.version),
            };
            draft.put(row.next());
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

async fn in_hat(core: &Core, tenant: &str, id: &str, hats: &[&str]) -> Result<(), Refused> {
    let found = peer::find(&core.db, tenant, id).await?;
    let found = found.ok_or_else(|| Refused::unknown("peer", id))?;
    if hats.contains(&found.hat.as_str()) {
        return Ok(());
    }
    Err(Refused::Invalid(format!(
        "peer `{id}` is a `{}`; an outside TPL is a `tpl`, what it works with a `ta` or a `dr`",
        found.hat
    )))
}
