//! Back to an earlier revision, or on to another one for everybody: what that would change, said beforehand, and done in
//! one commit.

use super::consequences::{self, Consequences};
use super::{
    Because, Difference, RevisionError, activate, at, between, configuration, found, may_come, next_number, not_frozen,
    rules,
};
use crate::app::account::actor;
use crate::app::{Core, Decision, Draft, rollout};
use crate::app::{admission, package};
use crate::connector::manifest::{Configuration, Manifest};
use crate::domain::rollout::Stage;
use crate::store::StoreError;
use crate::store::peer::PeerRow;
use crate::store::revision::{ActivationRow, RevisionRow};
use crate::store::rollout as rollout_store;

/// What a rollback will change, or has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// What runs now, or ran, for those that go back.
    pub from: i64,
    /// What will run, or runs.
    pub to: i64,
    /// Only units that are enabled apart go back; everybody else runs on `to` or another one already.
    pub only_named: bool,
    /// Only the code goes back: `to` is, or will be, a revision made of its package and the present settings.
    pub code_only: bool,
    /// Differences between the two.
    pub differences: Vec<Difference>,
    /// What would not fit, and what the newer one has done.
    pub consequences: Consequences,
    /// This very rollback was done before, and what it put to work still runs: nothing was done again.
    pub already: bool,
}

/// What a rollback goes from and to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Back {
    /// The revision that was seen to run; when another runs now, the rollback is refused. Without it nothing is held
    /// against what runs.
    pub from: Option<i64>,
    /// The revision to go back to; when absent the one with a lower number that ran before.
    pub to: Option<i64>,
    /// Only the code goes back: configuration, grants and profile stay as they are.
    pub code_only: bool,
}

/// The revision that a rollback goes back from: the one being rolled out, while some have it and others don't, else the
/// one that everybody has.
///
/// # Errors
/// What the database says.
pub async fn going_back_from(core: &Core, tenant: &str, row: &PeerRow) -> Result<Option<i64>, StoreError> {
    let Some((now, serving)) = rollout::serving(&core.db, tenant, &row.id).await? else {
        return Ok(None);
    };
    if !now.phased {
        return Ok(now.revision);
    }
    let newest = rollout_store::newest(&core.db, tenant, &row.id).await?;
    let candidate = newest
        .filter(|newest| newest.stage != Stage::RolledBack && serving.uses(newest.revision))
        .map(|newest| newest.revision);
    Ok(candidate.or(now.revision))
}

/// What a rollback would do; nothing is changed. Without `to`, the revision with a lower number that ran before the
/// present one: who was put back by a rollout goes to a newer one by a rollout.
///
/// # Errors
/// [`RevisionError`]: among them a package whose key was revoked, and what is no way back.
pub async fn plan_rollback(core: &Core, tenant: &str, peer: &str, back: Back) -> Result<Rollback, RevisionError> {
    let row = found(core, tenant, peer).await?;
    goes_back(taken_back(core, tenant, &row, back.from).await?, back)?;
    plan_switch(core, tenant, peer, back).await
}

/// The same for a switch in either direction: on to a newer revision by a rollout, or back.
///
/// # Errors
/// As [`plan_rollback`].
pub async fn plan_switch(core: &Core, tenant: &str, peer: &str, back: Back) -> Result<Rollback, RevisionError> {
    let (mut plan, now, then) = way(core, tenant, peer, back).await?;
    plan.differences = between(core, tenant, &now, &then).await?;
    plan.consequences = consequences::of(core, tenant, &now, &then).await?;
    Ok(plan)
}

/// From what to what, without what that would change.
async fn way(
    core: &Core,
    tenant: &str,
    peer: &str,
    back: Back,
) -> Result<(Rollback, RevisionRow, RevisionRow), RevisionError> {
    let row = found(core, tenant, peer).await?;
    let from = taken_back(core, tenant, &row, back.from).await?;
    let from = from.ok_or_else(|| RevisionError::NoEarlier(peer.to_owned()))?;
    let only_named = row.revision != Some(from);
    let to = match (back.to, row.revision) {
        (Some(to), _) => to,
        (None, Some(default)) if only_named => default,
        _ => earlier(core, tenant, peer, from).await?,
    };
    if from == to {
        return Err(RevisionError::RunsAlready(to));
    }
    if to < from {
        ran_before(core, &row, from, to).await?;
    }
    let now = at(core, tenant, peer, from).await?;
    let mut then = at(core, tenant, peer, to).await?;
    // A revoked key stops a rollback; whether the package still may run is judged afresh.
    let (_, verified) = package::open(core, tenant, &then.digest).await?;
    if back.code_only {
        then = older_code(core, &now, &then, &verified.contents.manifest).await?;
    }
    let plan = Rollback {
        from,
        to: then.number,
        only_named,
        code_only: back.code_only,
        differences: Vec::new(),
        consequences: Consequences::default(),
        already: false,
    };
    Ok((plan, now, then))
}

/// The revision that a rollback takes back: the one that was named, while anybody has it, such as the units that a stopped
/// rollout left on theirs; else the one of [`going_back_from`].
///
/// # Errors
/// What the database says.
pub async fn taken_back(
    core: &Core,
    tenant: &str,
    row: &PeerRow,
    named: Option<i64>,
) -> Result<Option<i64>, StoreError> {
    if let (Some(named), Some((_, serving))) = (named, rollout::serving(&core.db, tenant, &row.id).await?)
        && serving.uses(named)
    {
        return Ok(Some(named));
    }
    going_back_from(core, tenant, row).await
}

/// Refuses a revision that was made and never ran: its keuring and what it may do were never looked at.
async fn ran_before(core: &Core, row: &PeerRow, from: i64, to: i64) -> Result<(), RevisionError> {
    at(core, &row.tenant, &row.id, to).await?;
    let activations = core.db.activations(&row.tenant, &row.id).await?;
    match activations.iter().any(|one| one.revision == to) {
        true => Ok(()),
        false => Err(RevisionError::NoWayBack { from, to }),
    }
}

/// Refuses a newer revision: that comes by a rollout, which a freeze and a keuring hold up.
fn goes_back(from: Option<i64>, back: Back) -> Result<(), RevisionError> {
    match (from, back.to) {
        (Some(from), Some(to)) if to > from => Err(RevisionError::NoWayBack { from, to }),
        _ => Ok(()),
    }
}

/// The revision that a rollback of only the code makes: the older package with what is set now, which must fit it.
async fn older_code(
    core: &Core,
    now: &RevisionRow,
    then: &RevisionRow,
    manifest: &Manifest,
) -> Result<RevisionRow, RevisionError> {
    let config: Configuration = serde_json::from_str(&now.config).map_err(|error| StoreError::Inconsistent {
        column: "revision.config".to_owned(),
        why: error.to_string(),
    })?;
    let kept = super::NewRevision {
        digest: then.digest.clone(),
        profile: None,
        config,
        reason: String::new(),
    };
    let config = configuration(manifest, &[], &kept)?;
    let (present, earlier) = (rules(now)?, rules(then)?);
    // What it asks for and was granted before: nothing that nobody approved.
    let mut grants = admission::asked(manifest);
    for (endpoint, rules) in &mut grants {
        rules.retain(|rule| {
            let granted = [&present, &earlier].map(|rules| rules.get(endpoint));
            granted.into_iter().flatten().any(|granted| granted.contains(rule))
        });
    }
    Ok(RevisionRow {
        number: next_number(core, &now.tenant, &now.peer).await?,
        digest: then.digest.clone(),
        config: serde_json::to_string(&config).expect("a configuration is JSON"),
        grants: serde_json::to_string(&grants).expect("rules are JSON"),
        ..now.clone()
    })
}

/// Takes a peer back to an earlier revision: code, configuration, grants and profile, or by choice only the code. New
/// calls take it from the commit on; calls that run end on theirs. A freeze never stops it.
///
/// Asked again, because the answer was lost, it is not done again: the answer then says `already`.
///
/// # Errors
/// [`RevisionError`]; then what ran goes on.
pub async fn rollback(
    core: &Core,
    tenant: &str,
    by: &str,
    peer: &str,
    back: Back,
    reason: &str,
) -> Result<Rollback, RevisionError> {
    if reason.trim().is_empty() {
        return Err(RevisionError::NoReason);
    }
    core.decide::<_, RevisionError, _, _>(&[format!("peer/{tenant}/{peer}")], || async {
        let row = found(core, tenant, peer).await?;
        let mut draft = Draft::of(core, tenant, actor(by));
        if let Some(done) = done_before(core, &row, by, back, reason).await? {
            return Ok(Decision {
                write_set: draft.finish(),
                answer: done,
            });
        }
        let present = taken_back(core, tenant, &row, back.from).await?;
        as_seen(present, back.from)?;
        goes_back(present, back)?;
        let (mut plan, now, then) = way(core, tenant, peer, back).await?;
        plan.differences = between(core, tenant, &now, &then).await?;
        if back.code_only {
            let made = RevisionRow {
                author: by.to_owned(),
                reason: reason.to_owned(),
                created_at: draft.now,
                ..then
            };
            draft.put(made.write());
        }
        let because = Because::RolledBack { from: plan.from };
        activate(&mut draft, row, plan.to, because, by, reason).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: plan,
        })
    })
    .await
}

/// Puts an existing revision to work for everybody, newer or older.
///
/// # Errors
/// [`RevisionError`], among them a freeze; then what ran goes on.
pub async fn rollout(
    core: &Core,
    tenant: &str,
    by: &str,
    peer: &str,
    to: i64,
    reason: &str,
) -> Result<Rollback, RevisionError> {
    if reason.trim().is_empty() {
        return Err(RevisionError::NoReason);
    }
    core.decide::<_, RevisionError, _, _>(&[format!("peer/{tenant}/{peer}")], || async {
        let row = found(core, tenant, peer).await?;
        let mut draft = Draft::of(core, tenant, actor(by));
        not_frozen(&mut draft).await?;
        let then = at(core, tenant, peer, to).await?;
        if row.revision == Some(to) && !row.phased && !row.named_only {
            return Err(RevisionError::RunsAlready(to));
        }
        may_come(&mut draft, &row, &then).await?;
        let now = match row.revision {
            Some(now) => at(core, tenant, peer, now).await?,
            None => then.clone(),
        };
        let plan = Rollback {
            from: now.number,
            to,
            only_named: false,
            code_only: false,
            differences: between(core, tenant, &now, &then).await?,
            consequences: Consequences::default(),
            already: false,
        };
        let because = match row.revision {
            None => Because::Installed,
            Some(_) => Because::RolledOut,
        };
        activate(&mut draft, row, to, because, by, reason).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: plan,
        })
    })
    .await
}

/// Refuses when another revision runs than was seen.
fn as_seen(now: Option<i64>, seen: Option<i64>) -> Result<(), RevisionError> {
    match (seen, now) {
        (Some(seen), Some(now)) if seen != now => Err(RevisionError::RunsAnother { seen, now }),
        _ => Ok(()),
    }
}

/// The same rollback, when it is the last thing that was done: by the same account with the same words, from what the
/// caller saw to what the caller wants. Who means to go back one more says so, by the revision that runs now.
async fn done_before(
    core: &Core,
    row: &PeerRow,
    by: &str,
    back: Back,
    reason: &str,
) -> Result<Option<Rollback>, RevisionError> {
    let activations = core.db.activations(&row.tenant, &row.id).await?;
    let Some(newest) = activations.into_iter().next() else {
        return Ok(None);
    };
    let same_words = newest.kind == "rollback" && newest.actor == by && newest.reason == reason;
    if !same_words || back.from.is_some_and(|seen| Some(seen) != newest.previous) {
        return Ok(None);
    }
    let same_way = match back.to {
        None => true,
        Some(to) if back.code_only => {
            let (wanted, runs) = (
                at(core, &row.tenant, &row.id, to).await?,
                at(core, &row.tenant, &row.id, newest.revision).await?,
            );
            wanted.digest == runs.digest
        }
        Some(to) => to == newest.revision,
    };
    Ok(newest.previous.filter(|_| same_way).map(|from| Rollback {
        from,
        to: newest.revision,
        only_named: row.revision != Some(newest.revision),
        code_only: back.code_only,
        differences: Vec::new(),
        consequences: Consequences::default(),
        already: true,
    }))
}

/// The revision that ran before the present one came to work, skipping what was itself rolled back from.
async fn earlier(core: &Core, tenant: &str, peer: &str, present: i64) -> Result<i64, RevisionError> {
    let activations = core.db.activations(tenant, peer).await?;
    let came_by = |one: &&ActivationRow| one.revision == present && one.kind != "rollback";
    let mut previous = activations.iter().find(came_by).and_then(|one| one.previous);
    // After a rollback the revision one before the present one is the one it replaced when it was first put to work.
    while let Some(number) = previous {
        if number < present {
            return Ok(number);
        }
        previous = activations
            .iter()
            .find(|one| one.revision == number && one.previous.is_some_and(|before| before < present))
            .and_then(|one| one.previous);
    }
    Err(RevisionError::NoEarlier(peer.to_owned()))
}
