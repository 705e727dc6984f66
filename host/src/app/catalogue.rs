//! Flow 0: the catalogue of each vendor, as fetched by its connector.

use std::collections::{HashMap, HashSet};

use super::draft::Draft;
use super::{Core, Decision, Refused};
use crate::domain::model::{Component, ComponentStatus};
use crate::store::component::{self, ComponentRow};
use crate::store::sql::Value;
use crate::values;

/// Kind of the job that fetches a catalogue ([`super::polling`]).
pub const FETCH_CATALOGUE: &str = "fetch_catalogue";

/// Ids that are looked at together when what a catalogue no longer names is withdrawn.
const LOOK: u32 = 1_000;
/// Components in one commit.
const AT_ONCE: usize = 200;

/// Keeps one page of a catalogue: what is new or changed.
///
/// # Errors
/// What the database says.
pub async fn keep_page(core: &Core, tenant: &str, peer: &str, page: &[Component]) -> Result<(), Refused> {
    for some in page.chunks(AT_ONCE) {
        core.decide::<_, Refused, _, _>(&[format!("catalogue/{tenant}/{peer}")], || async {
            let mut draft = Draft::of(core, tenant, "job:fetch_catalogue");
            keep(&mut draft, peer, some.iter()).await?;
            Ok(Decision {
                write_set: draft.finish(),
                answer: (),
            })
        })
        .await?;
    }
    Ok(())
}

async fn known(draft: &Draft<'_>, peer: &str, ids: impl Iterator<Item = &str>) -> Result<Known, Refused> {
    let keys: Vec<Vec<Value>> = ids.map(|id| values![draft.tenant, peer, id]).collect();
    let rows = component::with_keys(&draft.core.db, &keys).await?;
    let by_id = rows.into_iter().map(|row| (row.facts.component_id.clone(), row));
    Ok(by_id.collect())
}

type Known = HashMap<String, ComponentRow>;

/// Keeps tests, where they are new or changed; of a test that is named twice the first counts.
///
/// # Errors
/// What the database says.
pub(super) async fn keep(
    draft: &mut Draft<'_>,
    peer: &str,
    tests: impl Iterator<Item = &Component> + Clone,
) -> Result<(), Refused> {
    let known = known(draft, peer, tests.clone().map(|test| test.component_id.as_str())).await?;
    let mut seen = HashSet::new();
    for facts in tests {
        let known = known.get(&facts.component_id);
        if !seen.insert(&facts.component_id) || known.is_some_and(|known| known.facts == *facts) {
            continue;
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
    }
    Ok(())
}

/// Marks components inactive that a whole catalogue no longer names, so that they can't be planned (R26). A catalogue may
/// be large: what is there is looked through piece by piece, and committed so.
///
/// # Errors
/// What the database says; what was marked before it stays so.
pub async fn withdraw_missing(core: &Core, tenant: &str, peer: &str, listed: &HashSet<String>) -> Result<(), Refused> {
    let mut after = String::new();
    loop {
        let present = component::active_after(&core.db, tenant, peer, (&after, LOOK)).await?;
        let Some(last) = present.last() else {
            return Ok(());
        };
        after.clone_from(last);
        let missing: Vec<String> = present.into_iter().filter(|id| !listed.contains(id)).collect();
        for some in missing.chunks(AT_ONCE) {
            withdraw(core, tenant, peer, some).await?;
        }
    }
}

async fn withdraw(core: &Core, tenant: &str, peer: &str, ids: &[String]) -> Result<(), Refused> {
    core.decide(&[format!("catalogue/{tenant}/{peer}")], || async {
        let mut draft = Draft::of(core, tenant, "job:fetch_catalogue");
        for (_, known) in known(&draft, peer, ids.iter().map(String::as_str)).await? {
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
                ..known
            };
            draft.put(withdrawn.next());
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::ResultValueType;
    use crate::store::testing::{component, on_each_database};

    /// R26: what a whole catalogue no longer names can't be planned, however long the catalogue is, and comes back once it
    /// is named again.
    #[tokio::test]
    async fn what_a_long_catalogue_no_longer_names_is_withdrawn_to_its_end() {
        on_each_database(|bench| async move {
            let core = &bench.core;
            let all: Vec<Component> = (0..2 * LOOK + 1)
                .map(|number| component(&format!("t-{number:05}"), "Toets", ResultValueType::ZeroToTen))
                .collect();
            keep_page(core, "roc", "toa", &all).await.unwrap();
            let listed: HashSet<String> = all.iter().step_by(2).map(|one| one.component_id.clone()).collect();
            withdraw_missing(core, "roc", "toa", &listed).await.unwrap();
            let active = async || {
                let rows = component::of_peer(&core.db, "roc", "toa").await.unwrap();
                let active = rows
                    .into_iter()
                    .filter(|row| row.facts.status == ComponentStatus::Active);
                active.map(|row| row.facts.component_id).collect::<HashSet<String>>()
            };
            assert_eq!(active().await, listed);
            keep_page(core, "roc", "toa", &all[1..2]).await.unwrap();
            assert!(active().await.contains("t-00001"), "named again");
        })
        .await;
    }
}
