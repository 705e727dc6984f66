//! Samples (steekproeven) of the results of an exam, drawn by whoever decides on them and kept with their seed.

use super::account::lineage;
use super::{Core, Decision, Draft, Refused};
use crate::domain::offering::OfferingKind;
use crate::domain::principal::{Account, Duty};
use crate::domain::sample::{self, Size};
use crate::store::offering;
use crate::store::overview::{self, OfExam};
use crate::store::sample::SampleRow;

/// A sample to draw.
#[derive(Debug, Clone)]
pub struct NewSample {
    /// The planbare toets.
    pub plannable: String,
    /// Of the sittings of one unit, and those in it, only.
    pub unit: Option<String>,
    /// The seed; drawn by lot when it is left out.
    pub seed: Option<u64>,
    /// How many.
    pub size: Size,
}

/// The results of an exam in sittings of units that an account may decide for; of one unit and those in it when named.
///
/// # Errors
/// What the database says.
pub async fn reachable(
    core: &Core,
    tenant: &str,
    account: &Account,
    plannable: &str,
    unit: Option<&str>,
) -> Result<Vec<OfExam>, Refused> {
    let found = overview::results_of_plannable(&core.db, tenant, plannable).await?;
    let mut reaches: std::collections::HashMap<Option<String>, bool> = std::collections::HashMap::new();
    let mut kept = Vec::new();
    for one in found {
        let known = reaches.get(&one.unit).copied();
        let reached = match known {
            Some(known) => known,
            None => {
                let units = match &one.unit {
                    Some(unit) => lineage(&core.db, tenant, unit).await?,
                    None => Vec::new(),
                };
                let named = unit.is_none_or(|unit| units.iter().any(|id| id == unit));
                let reached = named && account.holding(Duty::Vaststellen, &units, core.now()).is_ok();
                reaches.insert(one.unit.clone(), reached);
                reached
            }
        };
        if reached {
            kept.push(one);
        }
    }
    Ok(kept)
}

/// Draws a sample from the completed results of an exam that the account may decide on, and keeps it.
///
/// # Errors
/// [`Refused`]: no such planbare toets, a size of nothing, no results, or an account that does not hold `vaststellen`.
pub async fn draw(core: &Core, tenant: &str, account: &Account, new: &NewSample) -> Result<SampleRow, Refused> {
    if !account.holds_anywhere(Duty::Vaststellen, core.now()) {
        account.holding(Duty::Vaststellen, &[], core.now())?;
    }
    match new.size {
        Size::Count(0) | Size::Percentage(0) => {
            return Err(Refused::Invalid("a sample of nothing: ask for at least 1".to_owned()));
        }
        Size::Percentage(101..) => {
            return Err(Refused::Invalid("a percentage lies between 1 and 100".to_owned()));
        }
        Size::Count(_) | Size::Percentage(_) => {}
    }
    let seed = new.seed.unwrap_or_else(|| core.dice());
    core.decide(&[], || async {
        offering::find(&core.db, tenant, &new.plannable)
            .await?
            .filter(|found| found.kind == OfferingKind::Plannable)
            .ok_or_else(|| Refused::unknown("planbare toets", &new.plannable))?;
        let results = reachable(core, tenant, account, &new.plannable, new.unit.as_deref()).await?;
        let listed: Vec<String> = results
            .into_iter()
            .filter(|one| one.completed)
            .map(|one| one.head.association)
            .collect();
        if listed.is_empty() {
            return Err(Refused::NotNow(
                "there are no completed results to draw from that you may decide on".to_owned(),
            ));
        }
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let row = SampleRow {
            tenant: tenant.to_owned(),
            id: core.id(),
            plannable: new.plannable.clone(),
            unit: new.unit.clone(),
            seed,
            size: new.size,
            drawn: sample::draw(&listed, new.size, seed),
            listed,
            account: account.id.clone(),
            at: draft.now,
        };
        let detail = format!(
            "sample {} of {} out of {}, seed {seed}",
            row.id,
            row.drawn.len(),
            row.listed.len()
        );
        let content = row.drawn.join(" ");
        draft.audit("sample.draw", ("offering", &new.plannable), detail, content.as_bytes());
        draft.put(row.write());
        Ok(Decision {
            write_set: draft.finish(),
            answer: row,
        })
    })
    .await
}
