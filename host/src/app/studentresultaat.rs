//! Flow 5: whether a result goes to the student system now, and as what.

use jiff::SignedDuration;

use super::draft::{About, Draft};
use super::{Core, Refused, deliver, policy};
use crate::domain::association::Association;
use crate::domain::exception;
use crate::domain::model::{self, AssociationState, DocumentReference, ExamResult};
use crate::domain::offering::Offering;
use crate::domain::result::{Head, Version};
use crate::domain::scale_map::Converted;
use crate::domain::sending::{self, Exam, Outgoing};
use crate::domain::standing::{self, Counting};
use crate::store::{Database, StoreError, association, document, offering, result as result_store, scale_map};

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

/// A result that counts, its score converted by the scale map that was in force for it.
async fn converted(db: &Database, tenant: &str, counting: Counting<'_>) -> Result<ExamResult, Refused> {
    let result = counting.version.delivered.result.clone();
    let Some(id) = counting.mapping else {
        return Ok(result);
    };
    let map = scale_map::find(db, tenant, id).await?.ok_or_else(|| missing_map(id))?;
    match map.convert(&result) {
        Converted::To(value) => Ok(ExamResult {
            score: Some(value),
            ..result
        }),
        Converted::Nothing => Ok(result),
        // It was converted by this map when it was judged, and neither has changed since.
        Converted::NoRow => Err(missing_map(id)),
    }
}

fn missing_map(id: &str) -> Refused {
    Refused::Store(StoreError::Inconsistent {
        column: "result_head.mapping".to_owned(),
        why: format!("scale map {id} does not convert the result that names it"),
    })
}

/// Sends what counts of a deelname's result on if the policy says so, and notes it on the head that the caller writes.
///
/// # Errors
/// What the database says.
pub async fn send(
    draft: &mut Draft<'_>,
    route: Option<&Route>,
    head: &mut Head,
    versions: &[Version],
    documents_pending: bool,
) -> Result<(), Refused> {
    let Some(route) = route else {
        return Ok(());
    };
    let Some(counting) = standing::counting(head, versions) else {
        return Ok(());
    };
    let seq = counting.version.seq;
    let result = converted(&draft.core.db, draft.tenant, counting).await?;
    let policy = draft.policy(&route.plannable).await?;
    let about = About {
        kind: "offering",
        id: &route.plannable.id,
        unit: route.plannable.unit.as_deref(),
        peer: Some(&route.plannable.peer),
    };
    match sending::outgoing(&result, head.decided, policy, exam(&route.plannable)) {
        Outgoing::Waits => return Ok(()),
        Outgoing::Conflicts => return draft.open(&exception::final_conflict_held(), about).await,
        Outgoing::OffScale => {
            let about = About {
                kind: "association",
                id: &head.association,
                ..about
            };
            return draft.open(&exception::sent_off_scale(), about).await;
        }
        Outgoing::Goes { downgraded: true, .. } => draft.open(&exception::final_not_allowed(), about).await?,
        Outgoing::Goes { .. } if head.decided.stands() => {
            let subject = ("offering", route.plannable.id.as_str());
            let resolution = "De planbare toets staat definitieve resultaten nu toe.";
            draft.close(exception::FINAL_NOT_ALLOWED, subject, resolution).await?;
        }
        Outgoing::Goes { .. } => {}
    }
    let subject = ("association", head.association.as_str());
    draft
        .close(
            exception::SENT_OFF_SCALE,
            subject,
            "Het resultaat past en is verstuurd.",
        )
        .await?;
    head.sent_seq = Some(seq);
    let due = match documents_pending {
        true => draft.now + WAIT_FOR_DOCUMENTS,
        false => draft.now,
    };
    deliver::result(draft, (&head.association, seq), &route.enrolment, due).await
}

fn exam(plannable: &Offering) -> Exam<'_> {
    Exam {
        final_allowed: plannable.facts.final_results_allowed.unwrap_or(true),
        scale: plannable.facts.result_value_type.as_ref(),
    }
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
    /// What else makes it another message than an earlier one with the same version: the newest decision and the scale
    /// map.
    pub stamp: String,
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
    let (Some(counting), Some(route)) = (
        standing::counting(&head, &versions),
        route(core, tenant, &deelname).await?,
    ) else {
        return Ok(None);
    };
    let seq = counting.version.seq;
    let stamp = [head.decision.as_deref(), counting.mapping].map(Option::unwrap_or_default);
    let result = converted(db, tenant, counting).await?;
    let policy = policy::of_exam(db, tenant, &route.plannable).await?;
    let outgoing = sending::outgoing(&result, head.decided, policy, exam(&route.plannable));
    let Some(outgoing) = outgoing.result() else {
        return Ok(None);
    };
    let sitting = offering::find(db, tenant, &deelname.facts.offering_id).await?;
    let result = ExamResult {
        executed_offering_name: sitting.map(|sitting| sitting.facts.name),
        documents: served(core, tenant, &deelname, &outgoing.documents).await?,
        ..outgoing
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
        seq,
        stamp: stamp.join("/"),
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
