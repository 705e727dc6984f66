//! The cesuur of an examenversie, entered by a named person with its source, where the vendor's deliveries don't say it.
//! It judges exactly the results of that examenversie again.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::judging::{self, Which};
use super::vaststellen::must_reach;
use super::{Core, Decision, Draft, Refused};
use crate::domain::model::Normed;
use crate::domain::principal::Account;
use crate::store::examenversie::{self, ExamenversieRow, NormedCount};
use crate::store::{Database, StoreError, component, deadline, result as result_store};

/// An examenversie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examenversie {
    /// The vendor.
    pub peer: String,
    /// Its component.
    pub component: String,
    /// The vendor's code of the version; `None` is the component itself.
    pub code: Option<String>,
}

impl Examenversie {
    fn code(&self) -> &str {
        self.code.as_deref().unwrap_or(&self.component)
    }
}

/// What is known of the cesuur of one examenversie, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The vendor's code of the version; the component where it names none.
    pub code: String,
    /// How its results stand.
    pub count: NormedCount,
    /// What a person entered last.
    pub entered: Option<ExamenversieRow>,
    /// When it is planned.
    pub planned: Option<Date>,
}

/// What is known of the cesuur of each examenversie of a component that has results, an entry or a plan; by code.
///
/// # Errors
/// What the database says.
pub async fn of_component(db: &Database, tenant: &str, peer: &str, component: &str) -> Result<Vec<Known>, StoreError> {
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    let of = |code: &str| Known {
        code: code.to_owned(),
        count: NormedCount::default(),
        entered: None,
        planned: None,
    };
    for count in examenversie::normed_counts(db, tenant, peer, component).await? {
        let one = known.entry(count.code.clone()).or_insert_with_key(|code| of(code));
        one.count = count;
    }
    for row in examenversie::of_component(db, tenant, peer, component).await? {
        let one = known.entry(row.code.clone()).or_insert_with_key(|code| of(code));
        one.entered = Some(row);
    }
    for plan in deadline::cesuur_plans(db, tenant).await? {
        if plan.peer == peer && plan.component == component {
            known.entry(plan.code).or_insert_with_key(|code| of(code)).planned = Some(plan.planned_on);
        }
    }
    Ok(known.into_values().collect())
}

/// Says whether the cesuur of an examenversie is set, and from which source that is known. Its results are judged again
/// by the jobs that follow.
///
/// # Errors
/// [`Refused`]: no such component, no source, or an account whose `vaststellen` does not reach the units that have
/// results of it.
pub async fn set(
    core: &Core,
    tenant: &str,
    account: &Account,
    versie: &Examenversie,
    normed: Normed,
    source: &str,
) -> Result<(), Refused> {
    if source.trim().is_empty() {
        return Err(Refused::Invalid(
            "`source` is empty: say where the cesuur is known from, such as the letter or page of the vendor"
                .to_owned(),
        ));
    }
    core.decide(&[], || async {
        let of = (versie.peer.as_str(), versie.component.as_str());
        must_reach(core, tenant, account, of, Some(versie.code())).await?;
        if component::find(&core.db, tenant, &versie.peer, &versie.component)
            .await?
            .is_none()
        {
            return Err(Refused::unknown("component", &versie.component));
        }
        let known = examenversie::find(&core.db, tenant, &versie.peer, &versie.component, versie.code()).await?;
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let row = ExamenversieRow {
            tenant: tenant.to_owned(),
            peer: versie.peer.clone(),
            component: versie.component.clone(),
            code: versie.code().to_owned(),
            normed,
            source: source.to_owned(),
            actor: draft.actor.clone(),
            at: draft.now,
            version: known.map_or(0, |known| known.version),
        };
        let detail = format!(
            "{} {}: {}; source: {source}",
            versie.component,
            versie.code(),
            result_store::normed_word(normed)
        );
        draft.audit(
            "cesuur.set",
            ("component", &versie.component),
            detail,
            source.as_bytes(),
        );
        draft.put(row.entry());
        draft.put(row.next());
        let which = Which::Examenversie {
            peer: versie.peer.clone(),
            component: versie.component.clone(),
            code: versie.code().to_owned(),
        };
        judging::follow(&mut draft, &which, "").await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}
