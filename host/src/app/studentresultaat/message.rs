//! What a delivery of flow 5 consists of: the result that counts on an enrolment, and where it goes; and what follows when
//! the student system has taken it.

use super::{Route, converted, exam, route_of};
use crate::app::{Core, Draft, Refused, attempt, cancel, duplicate as duplicate_verbs, result};
use crate::domain::association::Association;
use crate::domain::attempt::{self as attempt_rules, Destination, Rival};
use crate::domain::model::{self, AssociationState, DocumentReference, ExamResult, ResultState};
use crate::domain::sending;
use crate::domain::standing;
use crate::store::{association, document, duplicate, offering, result as result_store};

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
    /// The deelname whose result it is.
    pub deelname: String,
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
    let Some(route) = route_of(core, tenant, enrolment).await? else {
        return Ok(None);
    };
    let sources = sources(core, tenant, enrolment).await?;
    if sources.iter().all(|source| source.id != deelname) {
        // Unmerged meanwhile.
        return Ok(None);
    }
    let mut sendable = Vec::new();
    for source in sources {
        sendable.extend(Sendable::read(core, tenant, source, &route).await?);
    }
    let rivals: Vec<Rival<'_>> = sendable.iter().map(Sendable::rival).collect();
    let Some(counting) = attempt_rules::counting(&rivals).map(|counting| counting.deelname) else {
        return Ok(None);
    };
    let counting = sendable.iter().find(|one| one.deelname.id == counting);
    let counting = counting.expect("the rival that counts is one of these");
    Ok(Some(message(core, tenant, &route, counting).await?))
}

/// The deelnames that may bring a result for an enrolment: its own, and those of the one it was merged with.
async fn sources(core: &Core, tenant: &str, enrolment: &str) -> Result<Vec<Association>, Refused> {
    let db = &core.db;
    let mut sources = association::serving(db, tenant, enrolment).await?;
    if let Some(pair) = duplicate::merged_into(db, tenant, enrolment).await? {
        sources.extend(association::serving(db, tenant, &pair.kept).await?);
    }
    Ok(sources)
}

/// A result of a deelname as it would go now.
struct Sendable {
    deelname: Association,
    decided: bool,
    seq: i64,
    stamp: String,
    result: ExamResult,
}

impl Sendable {
    async fn read(
        core: &Core,
        tenant: &str,
        deelname: Association,
        route: &Route,
    ) -> Result<Option<Sendable>, Refused> {
        let Some(head) = result_store::head(&core.db, tenant, &deelname.id).await? else {
            return Ok(None);
        };
        let versions = result_store::versions(&core.db, tenant, &deelname.id).await?;
        let Some(counting) = standing::counting(&head, &versions) else {
            return Ok(None);
        };
        let seq = counting.version.seq;
        let stamp = [head.decision.as_deref(), counting.mapping].map(Option::unwrap_or_default);
        let stamp = stamp.join("/");
        let result = converted(&core.db, tenant, counting).await?;
        let outgoing = sending::outgoing(&result, head.decided, route.policy, exam(&route.plannable));
        Ok(outgoing.result().map(|result| Sendable {
            decided: head.decided.stands(),
            deelname,
            seq,
            stamp,
            result,
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
    let sitting = offering::find(&core.db, tenant, &deelname.facts.offering_id).await?;
    let result = ExamResult {
        executed_offering_name: sitting.map(|sitting| sitting.facts.name),
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
        deelname: deelname.id.clone(),
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
    attempt::told(draft, enrolment, &message.destination).await?;
    if message.served_along {
        return duplicate_verbs::confirmed(draft, enrolment, message.seq).await;
    }
    result::sent(draft, &message.deelname, message.seq).await?;
    let sent = message.enrolment.result.as_ref();
    match sent.is_some_and(|sent| sent.state == ResultState::Completed) {
        true => cancel::after_result(draft, &message.deelname).await,
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
