//! Scale maps: made by one person who decides on results, approved by another; from then on they judge.

use super::judging::{self, Which};
use super::vaststellen::must_reach;
use super::{Core, Decision, Draft, Refused, proposal};
use crate::domain::model::ResultValueType;
use crate::domain::principal::Account;
use crate::domain::proposal::is_second_person;
use crate::domain::scale_map::{Basis, Rule, ScaleMap, Standing};
use crate::store::{component, scale_map};

/// A map to propose.
#[derive(Debug, Clone)]
pub struct NewMap {
    /// The vendor.
    pub peer: String,
    /// Its component.
    pub component: String,
    /// Of one examenversie only.
    pub examenversie: Option<String>,
    /// The scale of the planbare toets that it leads to.
    pub to: ResultValueType,
    /// What is looked up.
    pub basis: Basis,
    /// How.
    pub rule: Rule,
    /// Where it comes from.
    pub source: String,
}

/// Proposes a map as the next version for its purpose; returns its id. It judges nothing before it is approved.
///
/// # Errors
/// [`Refused`]: no such component, no source, rows that can't be, or an account whose `vaststellen` does not reach the
/// units that have results of it.
pub async fn propose(core: &Core, tenant: &str, account: &Account, new: &NewMap) -> Result<String, Refused> {
    if new.source.trim().is_empty() {
        return Err(Refused::Invalid(
            "`source` is empty: say where the map comes from, such as the letter or page of the vendor".to_owned(),
        ));
    }
    new.rule
        .check(new.basis, &new.to)
        .map_err(|wrong| Refused::Invalid(wrong.to_string()))?;
    core.decide(&[], || async {
        let of = (new.peer.as_str(), new.component.as_str());
        let code = new.examenversie.as_deref();
        if component::find(&core.db, tenant, of.0, of.1).await?.is_none() {
            return Err(Refused::unknown("component", of.1));
        }
        must_reach(core, tenant, account, of, code).await?;
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let purpose = (of.0, of.1, code.unwrap_or(""));
        let map = ScaleMap {
            id: core.id(),
            peer: new.peer.clone(),
            component: new.component.clone(),
            examenversie: new.examenversie.clone(),
            to: new.to.clone(),
            number: scale_map::last_number(&core.db, tenant, purpose, &new.to).await? + 1,
            basis: new.basis,
            rule: new.rule.clone(),
            author: account.id.clone(),
            source: new.source.trim().to_owned(),
            made_at: draft.now,
            standing: Standing::Proposed,
            settled: None,
            version: 0,
        };
        let row = scale_map::next(tenant, &map);
        let detail = format!("scale map {} number {}; source: {}", map.id, map.number, map.source);
        draft.audit(
            "scale_map.propose",
            ("component", of.1),
            detail,
            format!("{:?}", map.rule).as_bytes(),
        );
        draft.put(row);
        Ok(Decision {
            write_set: draft.finish(),
            answer: map.id,
        })
    })
    .await
}

/// Approves a map as its second person, or rejects it (which its author may do too). After an approval the results that
/// it concerns are judged again by the jobs that follow.
///
/// # Errors
/// [`Refused`]: no reason, a map that was settled, the same person, or an account whose `vaststellen` does not reach
/// the units that have results of it.
pub async fn settle(
    core: &Core,
    tenant: &str,
    account: &Account,
    id: &str,
    approve: bool,
    reason: &str,
) -> Result<(), Refused> {
    if reason.trim().is_empty() {
        return Err(Refused::Invalid(
            "`reason` is empty: say what you compared the map with".to_owned(),
        ));
    }
    core.decide(&[format!("scale_map/{tenant}/{id}")], || async {
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let map = scale_map::find(&core.db, tenant, id)
            .await?
            .ok_or_else(|| Refused::unknown("scale map", id))?;
        if map.standing != Standing::Proposed {
            return Err(Refused::NotNow(format!(
                "scale map {id} was {} already",
                map.standing.name()
            )));
        }
        let of = (map.peer.as_str(), map.component.as_str());
        must_reach(core, tenant, account, of, map.examenversie.as_deref()).await?;
        if approve {
            let others = proposal::persons(&draft, &[&map.author]).await?;
            is_second_person(account, &[&map.author], &others)?;
            judging::follow(&mut draft, &which(&map), "").await?;
        }
        let standing = match approve {
            true => Standing::Approved,
            false => Standing::Rejected,
        };
        let detail = format!("scale map {id} number {} {}", map.number, standing.name());
        draft.audit("scale_map.settle", ("component", of.1), detail, reason.as_bytes());
        let settled = ScaleMap {
            standing,
            settled: Some((account.id.clone(), draft.now, reason.trim().to_owned())),
            ..map
        };
        draft.put(scale_map::next(tenant, &settled));
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

fn which(map: &ScaleMap) -> Which {
    let (peer, component) = (map.peer.clone(), map.component.clone());
    match &map.examenversie {
        Some(code) => Which::Examenversie {
            peer,
            component,
            code: code.clone(),
        },
        None => Which::Component { peer, component },
    }
}
