//! The fast route, a fix in an hour: what the package may do is what the old one may do, its keuring is asked for by
//! itself and must have passed, two different people approve, one chosen sitting has it first, and then those that had the
//! old version. A freeze does not hold it up; the audit says that there was one.

use jiff::SignedDuration;

use crate::app::account::actor;
use crate::app::package;
use crate::app::revision::{self, RevisionError};
use crate::app::{Core, Decision, Draft, admission, keuring};
use crate::domain::keuring::{Obstacle, Tried};
use crate::domain::offering::OfferingKind;
use crate::domain::principal::{Account, Duty, Refusal, WHOLE_SCHOOL};
use crate::domain::rollout::{FLOWS_BY_UNIT, NotNow, Rollout, Route, Served};
use crate::store::peer::PeerRow;
use crate::store::revision::RevisionRow;
use crate::store::rollout::{self, ApprovalRow};
use crate::store::{StoreError, offering};

/// So long after its end a sitting is worth a trial: its results are still to come.
pub const RESULTS_WITHIN: SignedDuration = SignedDuration::from_hours(12);

/// Refuses to begin a rollout on the fast route with what will never come that way; asks for the keuring that is missing.
///
/// # Errors
/// [`RevisionError`]: nothing runs that it would replace, it may do something else, or the school's policy stands in the
/// way for another reason than a keuring that is still to come.
pub(super) async fn may_begin(
    draft: &mut Draft<'_>,
    row: &PeerRow,
    wanted: &RevisionRow,
    by: &str,
) -> Result<(), RevisionError> {
    if row.revision.is_none() {
        return Err(RevisionError::NothingToFix);
    }
    let review = look(draft, row, wanted).await?;
    if !review.changes.is_empty() {
        let changes: Vec<String> = review.changes.iter().map(ToString::to_string).collect();
        return Err(RevisionError::OtherGrants(changes));
    }
    let is_to_come = |one: &Obstacle| matches!(one, Obstacle::NotTried | Obstacle::UnderWay | Obstacle::Stale { .. });
    let stale = review.obstacles.iter().any(|one| matches!(one, Obstacle::Stale { .. }));
    let rest: Vec<Obstacle> = review.obstacles.into_iter().filter(|one| !is_to_come(one)).collect();
    if !rest.is_empty() {
        return Err(RevisionError::Obstacles(rest));
    }
    match review.tried {
        Tried::Failed => return Err(RevisionError::Obstacles(vec![Obstacle::Failed])),
        Tried::Passed(_) if !stale => {}
        Tried::UnderWay => {}
        Tried::Never | Tried::Passed(_) => {
            keuring::follow(draft, by, &wanted.digest).await?;
        }
    }
    Ok(())
}

/// Refuses a step of the fast route before the keuring has passed, whatever the school's policy asks of others.
///
/// # Errors
/// [`RevisionError`].
pub(super) async fn may_go_on(draft: &mut Draft<'_>, row: &PeerRow, wanted: &RevisionRow) -> Result<(), RevisionError> {
    let review = look(draft, row, wanted).await?;
    // The trial has the old one's grants as well: what runs for everybody is still the old version.
    if !review.changes.is_empty() {
        let changes: Vec<String> = review.changes.iter().map(ToString::to_string).collect();
        return Err(RevisionError::OtherGrants(changes));
    }
    let mut obstacles = review.obstacles;
    let missing = match review.tried {
        Tried::Passed(_) => None,
        Tried::Never => Some(Obstacle::NotTried),
        Tried::UnderWay => Some(Obstacle::UnderWay),
        Tried::Failed => Some(Obstacle::Failed),
    };
    if let Some(missing) = missing.filter(|missing| !obstacles.contains(missing)) {
        obstacles.push(missing);
    }
    match obstacles.is_empty() {
        true => Ok(()),
        false => Err(RevisionError::Obstacles(obstacles)),
    }
}

async fn look(draft: &mut Draft<'_>, row: &PeerRow, wanted: &RevisionRow) -> Result<admission::Review, RevisionError> {
    revision::holds_policy(draft).await?;
    let (_, verified) = package::open(draft.core, &wanted.tenant, &wanted.digest).await?;
    let granted = revision::rules(wanted)?;
    Ok(admission::review(draft.core, row, &wanted.digest, &verified, &granted).await?)
}

/// The approvals of a rollout that count: that of an account which was disabled since does so no more.
///
/// # Errors
/// What the database says.
pub async fn approvals(core: &Core, tenant: &str, peer: &str, seq: i64) -> Result<Vec<ApprovalRow>, StoreError> {
    let mut approvals = rollout::approvals(&core.db, tenant, (peer, seq)).await?;
    let accounts = core.db.accounts(tenant).await?;
    approvals.retain(|one| !accounts.iter().any(|row| row.id == one.account && row.disabled));
    Ok(approvals)
}

/// What somebody approves: the rollout and its revision, which never change, as they saw them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Number of the rollout.
    pub rollout: i64,
    /// The revision that it brings.
    pub revision: i64,
}

/// Approves the open rollout on the fast route: by whoever holds `beheren` or the function that says its Go, for the whole
/// school, and once per person. Approving again with the same account changes nothing.
///
/// # Errors
/// [`RevisionError`]; [`RevisionError::AnotherStep`] when it is not what they saw.
pub async fn approve(
    core: &Core,
    tenant: &str,
    account: &Account,
    (peer, seen): (&str, Seen),
    reason: &str,
) -> Result<usize, RevisionError> {
    if reason.trim().is_empty() {
        return Err(RevisionError::NoReason);
    }
    core.decide(&[format!("peer/{tenant}/{peer}")], || async {
        let row = revision::found(core, tenant, peer).await?;
        let newest = rollout::newest(&core.db, tenant, peer).await?;
        let newest = newest.ok_or_else(|| RevisionError::NoRollout(peer.to_owned()))?;
        may_approve(core, account, &newest)?;
        if (newest.seq, newest.revision) != (seen.rollout, seen.revision) {
            return Err(RevisionError::AnotherStep);
        }
        if !newest.stage.is_open() {
            return Err(NotNow::Ended(newest.stage).into());
        }
        let known = approvals(core, tenant, peer, newest.seq).await?;
        let mut draft = Draft::of(core, tenant, actor(&account.id));
        let mut approved = known.len();
        if known.iter().all(|one| one.account != account.id) {
            let is_same_person = |one: &ApprovalRow| match (&one.person, &account.person_id) {
                (Some(one), Some(own)) => one.eq_ignore_ascii_case(own),
                _ => false,
            };
            if known.iter().any(is_same_person) {
                let account = account.id.clone();
                return Err(Refusal::SamePerson { account }.into());
            }
            let approval = ApprovalRow {
                tenant: tenant.to_owned(),
                peer: peer.to_owned(),
                rollout: newest.seq,
                account: account.id.clone(),
                person: account.person_id.clone(),
                reason: reason.to_owned(),
                at: draft.now,
            };
            draft.put(approval.write());
            approved += 1;
            let said = (account.id.as_str(), reason);
            let detail = serde_json::json!({ "approvals": approved }).to_string();
            revision::note(&mut draft, &row, newest.seq, ("approval", detail), said).await?;
            let detail = format!("revision {}; {reason}", newest.revision);
            draft.audit("rollout.approve", ("peer", peer), detail, b"");
            // Two that approve at the same moment see each other, so that one person never counts twice.
            draft.put(row.next());
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: approved,
        })
    })
    .await
}

/// Refuses who may not approve a rollout.
///
/// # Errors
/// [`RevisionError`].
pub fn may_approve(core: &Core, account: &Account, rollout: &Rollout) -> Result<(), RevisionError> {
    if rollout.route == Route::Steps {
        return Err(NotNow::NotFast.into());
    }
    let everywhere = [WHOLE_SCHOOL.to_owned()];
    if account.holding(rollout.go_by, &everywhere, core.now()).is_ok() {
        return Ok(());
    }
    account.holding(Duty::Beheren, &everywhere, core.now())?;
    Ok(())
}

/// Refuses a sitting that the fix can't be tried on: it is over, or something else serves it than what is fixed.
///
/// # Errors
/// [`RevisionError::NoSitting`].
pub(super) async fn may_be_tried_on(
    core: &Core,
    row: &PeerRow,
    (replaces, sitting): (i64, &str),
) -> Result<(), RevisionError> {
    let none = || RevisionError::NoSitting(sitting.to_owned());
    let found = offering::find(&core.db, &row.tenant, sitting).await?.ok_or_else(none)?;
    let kinds = [OfferingKind::Sitting, OfferingKind::Relayed];
    let is_over = found.facts.end.is_some_and(|end| end + RESULTS_WITHIN < core.now());
    if !kinds.contains(&found.kind) || found.peer != row.id || found.is_canceled() || is_over {
        return Err(none());
    }
    let (_, serving) = super::serving(&core.db, &row.tenant, &row.id).await?.ok_or_else(none)?;
    for flow in FLOWS_BY_UNIT {
        let (served, _) = super::of_sitting(&core.db, &row.tenant, &serving, (flow, sitting)).await?;
        if served != Served::By(replaces) {
            return Err(none());
        }
    }
    Ok(())
}

/// Refuses to bring a fix to those that have a revision when nobody has it any more: it was rolled back meanwhile.
///
/// # Errors
/// [`RevisionError::NobodyHas`].
pub(super) async fn somebody_has(core: &Core, row: &PeerRow, revision: i64) -> Result<(), RevisionError> {
    let named = rollout::enablements(&core.db, &row.tenant, &row.id).await?;
    let is_named = row.phased && named.iter().any(|named| named.revision == Some(revision));
    match row.revision == Some(revision) || is_named {
        true => Ok(()),
        false => Err(RevisionError::NobodyHas(revision)),
    }
}
