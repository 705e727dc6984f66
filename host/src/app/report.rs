//! Flow 4: the report of a sitting (zittingsverslag), pushed to our face or read from the vendor.

use oke_codec::{ReportMessage, apply_report};

use super::document::{self, Subject};
use super::draft::{Arrived, Draft, Outcome, Sender};
use super::{Core, Decision, Refused, deliver, result};
use crate::domain::offering::{Offering, OfferingKind};
use crate::store::{ledger, offering};

/// A report that came in, by whichever way.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The vendor.
    pub peer: &'a str,
    /// The sitting, by our id.
    pub sitting: &'a str,
    /// What it says.
    pub report: &'a ReportMessage,
    /// PATCH or poll.
    pub method: &'a str,
    /// As it came, for the inbox.
    pub content: &'a [u8],
}

/// Takes a vendor's PATCH of a sitting's report; nothing else of the sitting is its to change (table 4.0.F). A cancelled
/// one takes it too (R6).
///
/// # Errors
/// [`Refused::Unknown`] for an id that is no sitting at this vendor: the message is kept all the same, with a task
/// (R2).
pub async fn accept_message(
    core: &Core,
    sender: &Sender,
    id: &str,
    report: &ReportMessage,
    content: &[u8],
) -> Result<Outcome, Refused> {
    core.decide(&[format!("offering/{}/{id}", sender.tenant)], || async {
        let mut draft = Draft::of(core, &sender.tenant, sender.actor());
        let incoming = Incoming {
            peer: &sender.peer,
            sitting: id,
            report,
            method: "PATCH",
            content,
        };
        let mut accepted = accept(&mut draft, incoming).await;
        if matches!(accepted, Err(Refused::Unknown { .. }))
            && let Some(ours) = ledger::our_id(&core.db, &sender.tenant, &sender.peer, "offering", id).await?
        {
            let known = Incoming {
                sitting: &ours,
                ..incoming
            };
            accepted = accept(&mut draft, known).await;
        }
        let answer = match accepted {
            Ok(outcome) => Ok(outcome),
            Err(Refused::Unknown { .. }) => {
                result::keep_unknown(&mut draft, 4, ("offering", id), &sender.peer, content).await?;
                Err(Refused::unknown("sitting", id))
            }
            Err(refused) => return Err(refused),
        };
        Ok(Decision {
            write_set: draft.finish(),
            answer,
        })
    })
    .await?
}

/// Puts what follows from a report into the draft. A poll that says nothing new is not noted.
///
/// # Errors
/// [`Refused::Unknown`] for an id that is no sitting at this vendor.
pub async fn accept(draft: &mut Draft<'_>, incoming: Incoming<'_>) -> Result<Outcome, Refused> {
    let id = incoming.sitting;
    let sitting = offering::find(&draft.core.db, draft.tenant, id)
        .await?
        .filter(|found| matches!(found.kind, OfferingKind::Sitting | OfferingKind::Relayed))
        .filter(|found| found.peer == incoming.peer)
        .ok_or_else(|| Refused::unknown("sitting", id))?;
    let facts = apply_report(&sitting.facts, incoming.report);
    let arrived = Arrived {
        flow: 4,
        peer: incoming.peer,
        method: incoming.method,
        subject_kind: "offering",
        subject_id: id,
        content: incoming.content,
        carries_person: false,
    };
    if facts == sitting.facts {
        if incoming.method == "PATCH" {
            draft.note(arrived, Outcome::Repeated)?;
        }
        return Ok(Outcome::Repeated);
    }
    draft.note(arrived, Outcome::Applied)?;
    document::name(draft, incoming.peer, Subject::Sitting(id), &facts.documents).await?;
    let detail = format!("{} document(s)", facts.documents.len());
    draft.audit("report.accept", ("offering", id), detail, incoming.content);
    let reported = Offering {
        facts,
        updated_at: draft.now,
        ..sitting
    };
    draft.put(offering::next(draft.tenant, &reported));
    // To the outside TPL that planned it, where one did (R23).
    deliver::relayed_report(draft, &reported).await?;
    Ok(Outcome::Applied)
}
