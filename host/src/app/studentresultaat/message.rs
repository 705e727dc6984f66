//! What a delivery of flow 5 consists of: the result that counts on an enrolment, and where it goes; and what follows when
//! the student system has taken it.

use super::{Route, converted, exam, route_of};
use crate::app::around::{Around, Asked, Versie};
use crate::app::{Core, Draft, Refused, attempt, cancel, duplicate as duplicate_verbs, result};
use crate::domain::association::Association;
use crate::domain::attempt::{self as attempt_rules, Destination, Rival};
use crate::domain::model::{self, AssociationState, DocumentReference, ExamResult, Normed, ResultState};
use crate::domain::offering::Offering;
use crate::domain::sending;
use crate::domain::standing;
use crate::store::{association, document, duplicate};

/// What a delivery of flow 5 consists of.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The enrolment as the student system knows it, with the result (R12).
    pub enrolment: model::Association,
    /// Whether it is made by this write: an extra attempt of which the student system has no association (R8).
    pub extra_attempt: bool,
    /// The version of the result it carries.
    pub seq: i64,
    /// What else makes it another message than an earlier one with the same version: the newest decision and the scale
    /// map.
    pub stamp: String,
    /// Whether the cesuur was applied and which version of the test was taken: no message says so.
    pub unsaid: (Normed, Option<String>),
    /// The deelname whose result it is.
    pub deelname: String,
    /// Its sitting.
    pub sitting: String,
    /// Whether the enrolment is of an extra attempt that was made here.
    pub own_attempt: bool,
    /// Whether that deelname serves another enrolment first, with which this one was merged.
    pub served_along: bool,
    /// Where it goes.
    pub destination: Destination,
}

/// Composes what goes to the student system of a deelname now; `None` when nothing does.
///
/// # Errors
/// What the database says.
pub async fn compose(core: &Core, tenant: &str, deelname: &str) -> Result<Option<Message>, Refused> {
    let found = association::find(&core.db, tenant, deelname).await?;
    match found.and_then(|found| found.enrolment) {
        None => Ok(None),
        Some(enrolment) => compose_for(core, tenant, deelname, &enrolment).await,
    }
}

/// The same for one of the enrolments that a deelname serves. Where several deelnames have brought a result for it, the
/// one that counts goes, whichever the occasion: the student system ends with the same result in whatever order they
/// came.
///
/// # Errors
/// What the database says.
pub async fn compose_for(
    core: &Core,
    tenant: &str,
    deelname: &str,
    enrolment: &str,
) -> Result<Option<Message>, Refused> {
    let Some(asked) = around(core, tenant, deelname).await? else {
        return Ok(None);
    };
    let merged = duplicate::merged_into(&core.db, tenant, enrolment).await?;
    let kept = merged.as_ref().map(|pair| pair.kept.as_str());
    let route = match asked.deelname.enrolment.as_deref() {
        Some(own) if own == enrolment => asked.route.clone(),
        Some(other) if Some(other) == kept => route_of(core, tenant, enrolment).await?,
        // Unmerged meanwhile.
        _ => None,
    };
    let Some(route) = route else {
        return Ok(None);
    };
    let mut sources = route.with_result.clone();
    if let Some(kept) = kept {
        let kept = (tenant.to_owned(), kept.to_owned());
        let along = association::serving_with_result(&core.db, &[kept]).await?;
        sources.extend(along.into_iter().map(|(_, deelname)| deelname));
    }
    let mut sendable = Vec::new();
    for source in sources {
        let source = match source == deelname {
            true => Some(asked.clone()),
            false => around(core, tenant, &source).await?,
        };
        if let Some(source) = source {
            sendable.extend(Sendable::of(core, tenant, source, &route).await?);
        }
    }
    let rivals: Vec<Rival<'_>> = sendable.iter().map(Sendable::rival).collect();
    let Some(counting) = attempt_rules::counting(&rivals).map(|counting| counting.deelname) else {
        return Ok(None);
    };
    let counting = sendable.iter().find(|one| one.deelname.id == counting);
    let counting = counting.expect("the rival that counts is one of these");
    Ok(Some(message(core, tenant, &route, counting).await?))
}

async fn around(core: &Core, tenant: &str, deelname: &str) -> Result<Option<Around>, Refused> {
    let asked = Asked {
        tenant: tenant.to_owned(),
        deelname: deelname.to_owned(),
        versie: Versie::OfHead,
    };
    Ok(core.around(asked).await?)
}

/// A result of a deelname as it would go now.
struct Sendable {
    deelname: Association,
    sitting: Option<Offering>,
    decided: bool,
    seq: i64,
    stamp: String,
    result: ExamResult,
    unsaid: (Normed, Option<String>),
}

impl Sendable {
    async fn of(core: &Core, tenant: &str, source: Around, route: &Route) -> Result<Option<Sendable>, Refused> {
        let Some(head) = source.head else {
            return Ok(None);
        };
        let Some(counting) = standing::counting(&head, &source.versions) else {
            return Ok(None);
        };
        let seq = counting.version.seq;
        let stamp = [head.decision.as_deref(), counting.mapping].map(Option::unwrap_or_default);
        let stamp = stamp.join("/");
        let delivered = &counting.version.delivered;
        let unsaid = (delivered.normed, delivered.examenversie.clone());
        let result = converted(&core.db, tenant, counting).await?;
        let outgoing = sending::outgoing(&result, head.decided, route.policy, exam(&route.plannable));
        Ok(outgoing.result().map(|result| Sendable {
            decided: head.decided.stands(),
            deelname: source.deelname,
            sitting: source.sitting,
            seq,
            stamp,
            result,
            unsaid,
        }))
    }

    fn rival(&self) -> Rival<'_> {
        Rival {
            deelname: &self.deelname.id,
            standing: !self.deelname.is_canceled(),
            decided: self.decided,
            result: &self.result,
        }
    }
}

async fn message(core: &Core, tenant: &str, route: &Route, counting: &Sendable) -> Result<Message, Refused> {
    let (deelname, enrolment) = (&counting.deelname, &route.enrolment);
    let sitting = counting.sitting.as_ref();
    let result = ExamResult {
        executed_offering_name: sitting.map(|sitting| sitting.facts.name.clone()),
        documents: served(core, tenant, deelname, &counting.result.documents).await?,
        ..counting.result.clone()
    };
    let destination = attempt::destination(core, tenant, enrolment).await?;
    // The student system hears of an extra attempt with its result only: one that was cancelled here and taken all the
    // same did take place (R6, R7).
    let state = match enrolment.is_own_extra_attempt() {
        true => AssociationState::Associated,
        false => enrolment.facts.state.clone(),
    };
    Ok(Message {
        extra_attempt: destination.put,
        seq: counting.seq,
        stamp: counting.stamp.clone(),
        unsaid: counting.unsaid.clone(),
        deelname: deelname.id.clone(),
        sitting: deelname.facts.offering_id.clone(),
        own_attempt: enrolment.is_own_extra_attempt(),
        served_along: deelname.enrolment.as_ref() != Some(&enrolment.id),
        enrolment: model::Association {
            association_id: destination.association.clone(),
            offering_id: destination.offering.clone(),
            attempt: Some(destination.attempt),
            org_association_id: Some(destination.original.clone()),
            state,
            result: Some(result),
            ..enrolment.facts.clone()
        },
        destination,
    })
}

/// What follows when the student system has taken a message on an enrolment.
///
/// # Errors
/// What the database says.
pub async fn confirmed(draft: &mut Draft<'_>, enrolment: &str, message: &Message) -> Result<(), Refused> {
    if message.own_attempt {
        attempt::told(draft, enrolment, &message.destination).await?;
    }
    if message.served_along {
        return duplicate_verbs::confirmed(draft, enrolment, message.seq).await;
    }
    result::sent(draft, &message.deelname, message.seq).await?;
    let sent = message.enrolment.result.as_ref();
    match sent.is_some_and(|sent| sent.state == ResultState::Completed) {
        true => cancel::after_result(draft, &message.deelname, enrolment).await,
        false => Ok(()),
    }
}

/// The documents that can be served already, under our ids (R27); the others follow when they have been fetched.
async fn served(
    core: &Core,
    tenant: &str,
    deelname: &Association,
    named: &[DocumentReference],
) -> Result<Vec<DocumentReference>, Refused> {
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let subject = ("association", deelname.id.as_str());
    let known = document::of_subject(&core.db, tenant, &deelname.peer, subject).await?;
    let ours = |reference: &DocumentReference| {
        let found = known.iter().find(|known| known.peer_id == reference.document_id)?;
        found.fetched.as_ref()?;
        Some(DocumentReference {
            document_id: found.id.clone(),
            ..reference.clone()
        })
    };
    Ok(named.iter().filter_map(ours).collect())
}
