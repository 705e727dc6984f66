//! Changing what was decided takes two people: one proposes with a reason, another confirms with theirs. A correction
//! puts the changed result in the place of the decided one; a withdrawal takes the vaststelling back.

use super::draft::Draft;
use super::vaststellen::{Seen, Subject, Taken};
use super::{Core, Decision, Refused, judging};
use crate::domain::decision::DecisionKind;
use crate::domain::exception::{self, PROPOSAL_WAITS, RESULT_HELD};
use crate::domain::principal::{self, Account};
use crate::domain::proposal::{Ending, Proposal, ProposalKind, Settled};
use crate::domain::result::Head;
use crate::domain::standing;
use crate::store::{decision as decision_store, proposal as proposal_store, result as result_store};

fn with_reason(reason: &str) -> Result<&str, Refused> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refused::Invalid(
            "`reason` is empty: say why, so that whoever comes second can weigh it".to_owned(),
        ));
    }
    Ok(reason)
}

/// Proposes a correction or a withdrawal of the version that was seen; returns the proposal's id.
///
/// # Errors
/// [`Refused`]: no reason, one that waits already, nothing to change, or an account that may not decide on this result.
pub async fn propose(
    core: &Core,
    tenant: &str,
    account: &Account,
    kind: ProposalKind,
    seen: &Seen,
    reason: &str,
) -> Result<String, Refused> {
    let reason = with_reason(reason)?;
    core.decide(&[format!("association/{tenant}/{}", seen.deelname)], || async {
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let subject = Subject::read(&mut draft, &seen.deelname).await?;
        principal::may_decide(account, &subject.hands, draft.now)?;
        let head = &subject.head;
        match kind {
            ProposalKind::Correction => standing::may_correct(head, subject.version()?, seen.seq),
            ProposalKind::Withdrawal => standing::may_withdraw(head),
        }
        .map_err(|why| subject.not_now(why))?;
        let earlier = proposal_store::on_association(&core.db, tenant, &seen.deelname).await?;
        if let Some(waiting) = earlier.iter().find(|one| one.settled.is_none()) {
            return Err(Refused::NotNow(format!(
                "proposal {} about deelname {} waits already: confirm or reject that one first",
                waiting.id, seen.deelname
            )));
        }
        let proposal = proposed(&draft, &subject, kind, account, reason).await?;
        let detail = format!("{} of version {}, proposal {}", kind.name(), proposal.seq, proposal.id);
        let about = ("association", subject.head.association.as_str());
        draft.audit("result.propose", about, detail, reason.as_bytes());
        draft
            .open(&exception::proposal_waits(kind), subject.around.about())
            .await?;
        draft.put(proposal_store::next(tenant, &proposal));
        // One proposal at a time, and none about what changes this moment: the head guards both.
        draft.put(result_store::next_head(tenant, head));
        Ok(Decision {
            write_set: draft.finish(),
            answer: proposal.id,
        })
    })
    .await
}

async fn proposed(
    draft: &Draft<'_>,
    subject: &Subject,
    kind: ProposalKind,
    account: &Account,
    reason: &str,
) -> Result<Proposal, Refused> {
    let missing = || subject.not_now(standing::NotNow::NotDecided);
    let stands = subject.head.decision.as_deref().ok_or_else(missing)?;
    let taken = decision_store::find(&draft.core.db, draft.tenant, stands)
        .await?
        .ok_or_else(missing)?;
    Ok(Proposal {
        id: draft.core.id(),
        kind,
        association: subject.head.association.clone(),
        seq: subject.head.seq,
        decision: taken.id,
        decided_by: taken.account,
        proposer: account.id.clone(),
        reason: reason.to_owned(),
        at: draft.now,
        settled: None,
        version: 0,
    })
}

/// Confirms a proposal as its second person; returns the id of the decision that this is.
///
/// # Errors
/// [`Refused`]: no reason, a proposal that ended or is about what is no longer there, the same person, or one who may
/// not decide on this result.
pub async fn confirm(core: &Core, tenant: &str, account: &Account, id: &str, reason: &str) -> Result<String, Refused> {
    let reason = with_reason(reason)?;
    core.decide(&[format!("proposal/{tenant}/{id}")], || async {
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let proposal = waiting(&draft, id).await?;
        let subject = Subject::read(&mut draft, &proposal.association).await?;
        let assignment = principal::may_decide(account, &subject.hands, draft.now)?;
        let others = persons(&draft, &proposal.first_hands()).await?;
        proposal.may_be_confirmed_by(account, &others)?;
        if !proposal.is_about(subject.head.seq, subject.head.decision.as_deref()) {
            return Err(Refused::NotNow(format!(
                "proposal {id} is about what is no longer there: the result or its decision has changed since"
            )));
        }
        let taken = Taken {
            kind: match proposal.kind {
                ProposalKind::Correction => DecisionKind::Correction,
                ProposalKind::Withdrawal => DecisionKind::Withdrawal,
            },
            account,
            assignment,
            reason,
            proposal: Some(&proposal),
        };
        let head = match proposal.kind {
            ProposalKind::Correction => correct(&mut draft, &subject, &proposal, &taken).await?,
            ProposalKind::Withdrawal => withdraw(&mut draft, &subject, &taken).await?,
        };
        let decision = head.decision.clone().unwrap_or_default();
        subject.send(&mut draft, head).await?;
        let settled = Settled {
            ending: Ending::Confirmed,
            by: account.id.clone(),
            reason: reason.to_owned(),
            at: draft.now,
        };
        end(&mut draft, proposal, settled, "Bevestigd door een tweede persoon.").await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: decision,
        })
    })
    .await
}

async fn correct(
    draft: &mut Draft<'_>,
    subject: &Subject,
    proposal: &Proposal,
    taken: &Taken<'_>,
) -> Result<Head, Refused> {
    let head = &subject.head;
    standing::may_correct(head, subject.version()?, proposal.seq).map_err(|why| subject.not_now(why))?;
    let decision = taken.write(draft, subject, (head.seq, head.mapping.as_deref()));
    let about = ("association", subject.head.association.as_str());
    draft
        .close(RESULT_HELD, about, "De correctie is door twee personen vastgesteld.")
        .await?;
    Ok(standing::decided(head.clone(), &decision))
}

async fn withdraw(draft: &mut Draft<'_>, subject: &Subject, taken: &Taken<'_>) -> Result<Head, Refused> {
    let head = &subject.head;
    standing::may_withdraw(head).map_err(|why| subject.not_now(why))?;
    let seq = head.decided_seq.unwrap_or(head.seq);
    let decision = taken.write(draft, subject, (seq, head.decided_mapping.as_deref()));
    judging::judge_withdrawn(draft, head.clone(), &decision, &subject.around).await
}

/// Turns a proposal down, or takes one's own back.
///
/// # Errors
/// [`Refused`]: no reason, a proposal that ended, or an account that may not decide on this result.
pub async fn reject(core: &Core, tenant: &str, account: &Account, id: &str, reason: &str) -> Result<(), Refused> {
    let reason = with_reason(reason)?;
    core.decide(&[format!("proposal/{tenant}/{id}")], || async {
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let proposal = waiting(&draft, id).await?;
        let subject = Subject::read(&mut draft, &proposal.association).await?;
        principal::may_decide(account, &subject.hands, draft.now)?;
        let settled = Settled {
            ending: Ending::Rejected,
            by: account.id.clone(),
            reason: reason.to_owned(),
            at: draft.now,
        };
        end(&mut draft, proposal, settled, "Afgewezen.").await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

async fn waiting(draft: &Draft<'_>, id: &str) -> Result<Proposal, Refused> {
    let proposal = proposal_store::find(&draft.core.db, draft.tenant, id)
        .await?
        .ok_or_else(|| Refused::unknown("proposal", id))?;
    match &proposal.settled {
        None => Ok(proposal),
        Some(settled) => Err(Refused::NotNow(format!(
            "proposal {id} has ended already ({})",
            settled.ending.name()
        ))),
    }
}

/// The accounts with the person behind each: two accounts of one person are no two people.
pub(super) async fn persons(draft: &Draft<'_>, ids: &[&str]) -> Result<Vec<(String, Option<String>)>, Refused> {
    let mut persons = Vec::new();
    for id in ids {
        let row = draft.core.db.account(draft.tenant, id).await?;
        persons.push(((*id).to_owned(), row.and_then(|row| row.person_id)));
    }
    Ok(persons)
}

async fn end(draft: &mut Draft<'_>, proposal: Proposal, settled: Settled, resolution: &str) -> Result<(), Refused> {
    let about = ("association", proposal.association.as_str());
    let detail = format!("{} proposal {}", settled.ending.name(), proposal.id);
    draft.audit("proposal.end", about, detail, settled.reason.as_bytes());
    draft.close(PROPOSAL_WAITS, about, resolution).await?;
    let tenant = draft.tenant;
    draft.put(proposal_store::next(tenant, &proposal.settled(settled)));
    Ok(())
}

/// Ends a proposal that is about what a new version has taken the place of.
///
/// # Errors
/// What the database says.
pub(super) async fn lapse(draft: &mut Draft<'_>, head: &Head) -> Result<(), Refused> {
    let all = proposal_store::on_association(&draft.core.db, draft.tenant, &head.association).await?;
    let waits = all.into_iter().find(|one| one.settled.is_none());
    let Some(proposal) = waits.filter(|one| !one.is_about(head.seq, head.decision.as_deref())) else {
        return Ok(());
    };
    let settled = Settled {
        ending: Ending::Lapsed,
        by: "host".to_owned(),
        reason: format!("versie {} kwam ervoor in de plaats", head.seq),
        at: draft.now,
    };
    end(
        draft,
        proposal,
        settled,
        "Vervallen: de leverancier leverde een andere versie.",
    )
    .await
}
