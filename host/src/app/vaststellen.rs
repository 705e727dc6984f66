//! Vaststellen: the examencommissie decides on results, one by one or many at once. Separation of duties is judged here,
//! where the decision is written (invariant 9).

use super::account::lineage;
use super::draft::Draft;
use super::studentresultaat;
use super::{Core, Decision, Refused, result as result_verbs};
use crate::domain::association::Association;
use crate::domain::decision::{self, Decision as Vaststelling};
use crate::domain::exception::RESULT_HELD;
use crate::domain::model::{Normed, ResultState, Role};
use crate::domain::offering::Offering;
use crate::domain::principal::{self, Account, Hands};
use crate::domain::result::{Decided, Head, Hold, Judgement, Version};
use crate::store::{association, decision as decision_store, offering, result as result_store};

/// The most results decided on in one commit.
pub const MOST_AT_ONCE: usize = 200;

/// A result to decide on: the version that whoever decides has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The deelname.
    pub deelname: String,
    /// The version.
    pub seq: i64,
}

/// Decides on results. Each stands or falls by itself: the answer holds, in the same order, the id of a decision or why
/// there is none. Flow 5 follows with `final: true`, where the planbare toets allows it.
///
/// # Errors
/// [`Refused`] for all of them: more than [`MOST_AT_ONCE`].
pub async fn decide(
    core: &Core,
    tenant: &str,
    account: &Account,
    results: &[Seen],
    reason: &str,
) -> Result<Vec<Result<String, Refused>>, Refused> {
    if results.len() > MOST_AT_ONCE {
        return Err(Refused::Invalid(format!(
            "{} results at once is too many: send at most {MOST_AT_ONCE} per call",
            results.len()
        )));
    }
    let keys: Vec<String> = results
        .iter()
        .map(|seen| format!("association/{tenant}/{}", seen.deelname))
        .collect();
    core.decide(&keys, || async {
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let mut answer = Vec::with_capacity(results.len());
        let mut done: Vec<&str> = Vec::new();
        for seen in results {
            if done.contains(&seen.deelname.as_str()) {
                answer.push(Err(Refused::Invalid(format!(
                    "deelname {} stands twice in this call",
                    seen.deelname
                ))));
                continue;
            }
            done.push(&seen.deelname);
            match decide_one(&mut draft, account, seen, reason).await {
                Err(failure) if failure.is_failure() => return Err(failure),
                outcome => answer.push(outcome),
            }
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer,
        })
    })
    .await
}

async fn decide_one(draft: &mut Draft<'_>, account: &Account, seen: &Seen, reason: &str) -> Result<String, Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let unknown = || Refused::unknown("result of deelname", &seen.deelname);
    let deelname = association::find(db, tenant, &seen.deelname)
        .await?
        .ok_or_else(unknown)?;
    let head = result_store::head(db, tenant, &seen.deelname)
        .await?
        .ok_or_else(unknown)?;
    let sitting = offering::find(db, tenant, &deelname.facts.offering_id)
        .await?
        .ok_or_else(unknown)?;
    let versions = result_store::versions(db, tenant, &deelname.id).await?;
    let hands = hands(draft, &deelname, &sitting, &versions).await?;
    let assignment = principal::may_decide(account, &hands, draft.now)?;
    let version = decidable(&head, &versions, seen)?;

    let taken = Vaststelling {
        id: draft.core.id(),
        association: deelname.id.clone(),
        seq: version.seq,
        account: account.id.clone(),
        assignment: assignment.id.clone(),
        mandate: assignment.mandate,
        printed: decision::printed(assignment, draft.now),
        reason: reason.to_owned(),
        at: draft.now,
    };
    let detail = format!(
        "version {} under assignment {}{}",
        taken.seq,
        taken.assignment,
        if taken.mandate { " (mandate)" } else { "" }
    );
    let content = format!("{}{}", taken.printed, taken.reason);
    draft.audit(
        "result.vaststellen",
        ("association", &deelname.id),
        detail,
        content.as_bytes(),
    );
    draft.put(decision_store::row(tenant, &taken));
    draft
        .close(RESULT_HELD, ("association", &deelname.id), "Opnieuw vastgesteld.")
        .await?;
    let mut head = Head {
        judgement: Judgement::Accepted,
        decided: Decided::Vastgesteld,
        decided_seq: Some(version.seq),
        decision: Some(taken.id.clone()),
        ..head
    };
    let route = studentresultaat::route(draft.core, tenant, &deelname).await?;
    let result = (version.seq, &version.delivered.result);
    studentresultaat::send(draft, route.as_ref(), &mut head, result, false).await?;
    draft.put(result_store::next_head(tenant, &head));
    Ok(taken.id)
}

/// Whether this version can be decided on now.
fn decidable<'a>(head: &Head, versions: &'a [Version], seen: &Seen) -> Result<&'a Version, Refused> {
    let id = &seen.deelname;
    if head.seq != seen.seq {
        return Err(Refused::NotNow(format!(
            "the result of deelname {id} has changed since you saw it (version {} is now {}): look again",
            seen.seq, head.seq
        )));
    }
    if head.decided == Decided::Upstream {
        return Err(Refused::NotNow(format!(
            "the result of deelname {id} has been decided upstream (final), and nobody here decides over that"
        )));
    }
    if head.decided == Decided::Vastgesteld && head.decided_seq == Some(head.seq) {
        return Err(Refused::NotNow(format!(
            "the result of deelname {id} has been vastgesteld already"
        )));
    }
    match head.judgement {
        Judgement::Accepted | Judgement::Held(Hold::ChangedAfterDecision) => {}
        Judgement::Held(hold) => {
            return Err(Refused::NotNow(format!(
                "the result of deelname {id} is held ({}): see its task for the next step",
                hold.name()
            )));
        }
        Judgement::Aside => {
            return Err(Refused::NotNow(format!(
                "the result of deelname {id} is being read back: wait for that"
            )));
        }
    }
    let missing = || result_verbs::missing_version(head);
    let version = versions
        .iter()
        .find(|version| version.seq == head.seq)
        .ok_or_else(missing)?;
    if version.delivered.result.state != ResultState::Completed {
        return Err(Refused::NotNow(format!(
            "the result of deelname {id} is not completed yet"
        )));
    }
    if head.normed == Normed::No {
        return Err(Refused::NotNow(format!(
            "the cesuur of the result of deelname {id} is not set yet"
        )));
    }
    Ok(version)
}

/// Who had a hand in this result.
async fn hands(
    draft: &Draft<'_>,
    deelname: &Association,
    sitting: &Offering,
    versions: &[Version],
) -> Result<Hands, Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let mut hands = Hands {
        planned_by: sitting.planned_by.clone(),
        ..Hands::default()
    };
    if let Some(unit) = &sitting.unit {
        hands.lineage = lineage(db, tenant, unit).await?;
    }
    hands.planned_by.extend(deelname.planned_by.clone());
    let bound = association::of_offering(db, tenant, &sitting.id).await?;
    let assessors = bound.into_iter().filter(|bound| bound.facts.role == Role::Assessor);
    hands.assessor_ids = assessors.map(|bound| bound.facts.person_id).collect();
    for version in versions {
        let result = &version.delivered.result;
        hands.assessor_ids.extend(result.assessor_id.clone());
        hands.assessor_codes.extend(result.assessor_code.clone());
    }
    Ok(hands)
}
