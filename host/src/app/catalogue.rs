//! Flow 0: the catalogue of each vendor, as fetched by its connector.

use std::collections::HashSet;

use super::draft::Draft;
use super::{Core, Decision, Refused};
use crate::domain::model::{Component, ComponentStatus};
use crate::store::component::{self, ComponentRow};

/// Kind of the job that fetches a catalogue ([`super::polling`]).
pub const FETCH_CATALOGUE: &str = "fetch_catalogue";

/// Keeps one page of a catalogue: what is new or changed.
///
/// # Errors
/// What the database says.
pub async fn keep_page(core: &Core, tenant: &str, peer: &str, page: &[Component]) -> Result<(), Refused> {
    core.decide(&[format!("catalogue/{tenant}/{peer}")], || async {
        let mut draft = Draft::of(core, tenant, "job:fetch_catalogue");
        let mut seen = HashSet::new();
        for facts in page {
            if seen.insert(facts.component_id.as_str()) {
                keep(&mut draft, peer, facts).await?;
            }
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// Keeps one test, where it is new or changed.
///
/// # Errors
/// What the database says.
pub(super) async fn keep(draft: &mut Draft<'_>, peer: &str, facts: &Component) -> Result<(), Refused> {
    let known = component::find(&draft.core.db, draft.tenant, peer, &facts.component_id).await?;
    if known.as_ref().is_some_and(|known| known.facts == *facts) {
        return Ok(());
    }
    let row = ComponentRow {
        tenant: draft.tenant.to_owned(),
        peer: peer.to_owned(),
        facts: facts.clone(),
        updated_at: draft.now,
        version: known.map_or(0, |known| known.version),
    };
    draft.audit(
        "component.keep",
        ("component", &facts.component_id),
        peer.to_owned(),
        b"",
    );
    draft.put(row.next());
    Ok(())
}

/// Marks components inactive that a whole catalogue no longer names, so that they can't be planned (R26).
///
/// # Errors
/// What the database says.
pub async fn withdraw_missing(draft: &mut Draft<'_>, peer: &str, listed: &HashSet<String>) -> Result<(), Refused> {
    for known in component::of_peer(&draft.core.db, draft.tenant, peer).await? {
        let is_listed = listed.contains(&known.facts.component_id);
        if is_listed || known.facts.status == ComponentStatus::Inactive {
            continue;
        }
        draft.audit(
            "component.withdraw",
            ("component", &known.facts.component_id),
            peer.to_owned(),
            b"",
        );
        let withdrawn = ComponentRow {
            facts: Component {
                status: ComponentStatus::Inactive,
                ..known.facts
            },
            updated_at: draft.now,
            tenant: known.tenant,
            peer: known.peer,
            version: known.version,
        };
        draft.put(withdrawn.next());
    }
    Ok(())
}
