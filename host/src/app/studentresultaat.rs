//! Flow 5: whether a result goes to the student system now, and as what.

use jiff::SignedDuration;

use super::draft::{About, Draft};
use super::{Core, Refused, deliver, policy};
use crate::domain::association::Association;
use crate::domain::exception;
use crate::domain::model::{self, AssociationState, DocumentReference, ExamResult};
use crate::domain::offering::Offering;
use crate::domain::result::{self, Decided, Head, Judgement, Outgoing, Version};
use crate::store::{association, document, offering, result as result_store};

/// So long flow 5 waits for documents that are still to be fetched, so that it mostly goes once, with them.
pub const WAIT_FOR_DOCUMENTS: SignedDuration = SignedDuration::from_secs(3);

/// Where a deelname's results go.
#[derive(Debug, Clone)]
pub struct Route {
    /// The toetsinschrijving it serves.
    pub enrolment: Association,
    /// The planbare toets.
    pub plannable: Offering,
}

/// Where a deelname's results go: nowhere without an enrolment (R26), or when the planbare toets expects none.
///
/// # Errors
/// What the database says.
pub async fn route(core: &Core, tenant: &str, deelname: &Association) -> Result<Option<Route>, Refused> {
    let Some(enrolment) = &deelname.enrolment else {
        return Ok(None);
    };
    let Some(enrolment) = association::find(&core.db, tenant, enrolment).await? else {
        return Ok(None);
    };
    let Some(plannable) = offering::find(&core.db, tenant, &enrolment.facts.offering_id).await? else {
        return Ok(None);
    };
    Ok(plannable
        .facts
        .result_expected
        .then_some(Route { enrolment, plannable }))
}

/// The version that counts for the student system now: the one that was decided on, else the newest accepted one.
#[must_use]
pub fn counting<'a>(head: &Head, versions: &'a [Version]) -> Option<&'a Version> {
    let version = |seq: i64| versions.iter().find(|version| version.seq == seq);
    if head.judgement == Judgement::Accepted {
        return version(head.seq);
    }
    if head.decided != Decided::Undecided {
        return head.decided_seq.and_then(version);
    }
    versions
        .iter()
        .rev()
        .find(|version| version.seq < head.seq && version.judgement == Judgement::Accepted)
}

/// Sends a deelname's result on if the policy says so, and notes it on the head that the caller writes.
///
/// # Errors
/// What the database says.
pub async fn send(
    draft: &mut Draft<'_>,
    route: Option<&Route>,
    head: &mut Head,
    (seq, result): (i64, &ExamResult),
    documents_pending: bool,
) -> Result<(), Refused> {
    let Some(route) = route else {
        return Ok(());
    };
    let policy = policy::send_policy(&draft.core.db, draft.tenant).await?;
    let Some(outgoing) = outgoing(result, head.decided, policy, &route.plannable) else {
        return Ok(());
    };
    if outgoing.downgraded {
        let about = About {
            kind: "offering",
            id: &route.plannable.id,
            unit: route.plannable.unit.as_deref(),
            peer: Some(&route.plannable.peer),
        };
        draft.open(&exception::final_not_allowed(), about).await?;
    }
    head.sent_seq = Some(seq);
    let due = match documents_pending {
        true => draft.now + WAIT_FOR_DOCUMENTS,
        false => draft.now,
    };
    deliver::result(draft, (&head.association, seq), &route.enrolment, due).await
}

fn outgoing(
    result: &ExamResult,
    decided: Decided,
    policy: result::SendPolicy,
    plannable: &Offering,
) -> Option<Outgoing> {
    let final_allowed = plannable.facts.final_results_allowed.unwrap_or(true);
    result::outgoing(result, decided, policy, final_allowed)
}

/// Sends a result again whose document was fetched meanwhile, if it was sent before.
///
/// # Errors
/// What the database says.
pub async fn send_again(draft: &mut Draft<'_>, deelname: &str) -> Result<(), Refused> {
    let db = &draft.core.db;
    let Some(head) = result_store::head(db, draft.tenant, deelname).await? else {
        return Ok(());
    };
    let Some(seq) = head.sent_seq else {
        return Ok(());
    };
    let Some(found) = association::find(db, draft.tenant, deelname).await? else {
        return Ok(());
    };
    match route(draft.core, draft.tenant, &found).await? {
        None => Ok(()),
        Some(route) => deliver::result_again(draft, (deelname, seq), &route.enrolment).await,
    }
}

/// What a delivery of flow 5 consists of.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The enrolment as the student system knows it, with the result (R12).
    pub enrolment: model::Association,
    /// Whether it is an extra attempt that was made here (R8).
    pub extra_attempt: bool,
    /// The version of the result it carries.
    pub seq: i64,
}

/// Composes what goes to the student system of a deelname now; `None` when nothing does.
///
/// # Errors
/// What the database says.
pub async fn compose(core: &Core, tenant: &str, deelname: &str) -> Result<Option<Message>, Refused> {
    let db = &core.db;
    let Some(deelname) = association::find(db, tenant, deelname).await? else {
        return Ok(None);
    };
    let Some(head) = result_store::head(db, tenant, &deelname.id).await? else {
        return Ok(None);
    };
    let versions = result_store::versions(db, tenant, &deelname.id).await?;
    let (Some(version), Some(route)) = (counting(&head, &versions), route(core, tenant, &deelname).await?) else {
        return Ok(None);
    };
    let policy = policy::send_policy(db, tenant).await?;
    let Some(outgoing) = outgoing(&version.delivered.result, head.decided, policy, &route.plannable) else {
        return Ok(None);
    };
    let sitting = offering::find(db, tenant, &deelname.facts.offering_id).await?;
    let result = ExamResult {
        executed_offering_name: sitting.map(|sitting| sitting.facts.name),
        documents: served(core, tenant, &deelname, &outgoing.result.documents).await?,
        ..outgoing.result
    };
    let enrolment = route.enrolment;
    let extra_attempt = enrolment.is_own_extra_attempt();
    let original = enrolment.facts.org_association_id.clone();
    // The student system hears of an extra attempt with its result only: one that was cancelled here and taken all the
    // same did take place (R6, R7).
    let state = match extra_attempt {
        true => AssociationState::Associated,
        false => enrolment.facts.state.clone(),
    };
    Ok(Some(Message {
        extra_attempt,
        seq: version.seq,
        enrolment: model::Association {
            attempt: Some(enrolment.attempt()),
            org_association_id: Some(original.unwrap_or_else(|| enrolment.id.clone())),
            state,
            result: Some(result),
            ..enrolment.facts
        },
    }))
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
