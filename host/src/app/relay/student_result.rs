//! Flow 5 at the DR face: results that an outside TPL brings for enrolments of a student system, handed on to that system
//! by its connector (R23). A result on an enrolment of the student system goes as the message says it; an extra attempt is
//! an association that the TPL makes (R7, R8), kept here with its result.

use oke_codec::{Dialect, ResultFlow, ResultMessage, missing_of_attempt, read_result_message};
use serde_json::Value;

use crate::app::draft::{About, Arrived, Draft, Outcome, Sender};
use crate::app::{Core, Decision, Refused, deliver};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::exception::{self, STUDENT_RESULT_INCOMPLETE};
use crate::domain::model;
use crate::store::{association, message, offering};

/// A message of flow 5, who brings it, and for which student systems that TPL works.
#[derive(Debug, Clone, Copy)]
pub struct Brought<'a> {
    /// Who sends.
    pub sender: &'a Sender,
    /// The student systems by their peers.
    pub systems: &'a [String],
    /// As it came.
    pub content: &'a [u8],
    /// Whether it carries the data of a person, which the inbox doesn't keep (R5).
    pub carries_person: bool,
}

impl Brought<'_> {
    fn key(&self, id: &str) -> [String; 1] {
        [format!("association/{}/{id}", self.sender.tenant)]
    }

    /// An enrolment of a student system that this TPL works for, or an extra attempt that it made itself.
    async fn known(&self, core: &Core, id: &str) -> Result<Option<Association>, Refused> {
        let found = association::find(&core.db, &self.sender.tenant, id).await?;
        Ok(found.filter(|found| {
            let is_enrolment = found.kind == AssociationKind::Enrolment && found.planned_by.is_none();
            self.systems.contains(&found.peer) && (is_enrolment || self.made(found))
        }))
    }

    fn made(&self, association: &Association) -> bool {
        association.planner.as_deref() == Some(&self.sender.peer)
    }

    fn arrived<'a>(&'a self, method: &'a str, id: &'a str) -> Arrived<'a> {
        Arrived {
            flow: 5,
            peer: &self.sender.peer,
            method,
            subject_kind: "association",
            subject_id: id,
            content: self.content,
            carries_person: self.carries_person,
        }
    }
}

/// Takes a PATCH with a result. A cancelled or finished enrolment takes it too (R6).
///
/// # Errors
/// [`Refused::Unknown`] for an id that is not known, or not of a student system that this TPL works for.
pub async fn patch(core: &Core, brought: Brought<'_>, id: &str, told: &ResultMessage) -> Result<Outcome, Refused> {
    core.decide(&brought.key(id), || async {
        let known = brought.known(core, id).await?;
        let known = known.ok_or_else(|| Refused::unknown("association", id))?;
        let mut draft = Draft::of(core, &brought.sender.tenant, brought.sender.actor());
        let outcome = match brought.made(&known) {
            true => {
                let facts = oke_codec::apply_result(&known.facts, told);
                keep_attempt(&mut draft, brought, "PATCH", Some(known), facts).await?
            }
            false => hand_on(&mut draft, brought, &known, told).await?,
        };
        Ok(Decision {
            write_set: draft.finish(),
            answer: outcome,
        })
    })
    .await
}

async fn hand_on(
    draft: &mut Draft<'_>,
    brought: Brought<'_>,
    enrolment: &Association,
    told: &ResultMessage,
) -> Result<Outcome, Refused> {
    let id = enrolment.id.as_str();
    if !told.missing.is_empty() {
        return hold(draft, brought, "PATCH", enrolment, &told.missing).await;
    }
    let message = draft.note(brought.arrived("PATCH", id), Outcome::Applied)?;
    draft.audit("result.relay", ("association", id), String::new(), brought.content);
    close(draft, id).await?;
    deliver::student_result(draft, enrolment, Some((&message, &brought.sender.dialect))).await?;
    Ok(Outcome::Applied)
}

/// Takes a PUT of an extra attempt: a new association of the TPL's own with its result, or a follow-up on it (R7, R8).
///
/// # Errors
/// [`Refused::Unknown`] for an id that belongs to another system, or an offering of a student system that this TPL does
/// not work for.
pub async fn put(core: &Core, brought: Brought<'_>, told: &model::Association) -> Result<Outcome, Refused> {
    let id = told.association_id.as_str();
    core.decide(&brought.key(id), || async {
        let tenant = &brought.sender.tenant;
        let known = association::find(&core.db, tenant, id).await?;
        // A deelname that it planned at a vendor is something else.
        let is_its_attempt = |known: &Association| brought.made(known) && brought.systems.contains(&known.peer);
        if known.as_ref().is_some_and(|known| !is_its_attempt(known)) {
            return Err(Refused::Invalid(format!(
                "association {id} is no extra attempt that this system made here: the result of an enrolment comes by PATCH (R8), \
                 and an attempt has an id of its own"
            )));
        }
        let mut draft = Draft::of(core, tenant, brought.sender.actor());
        let outcome = keep_attempt(&mut draft, brought, "PUT", known, told.clone()).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: outcome,
        })
    })
    .await
}

async fn keep_attempt(
    draft: &mut Draft<'_>,
    brought: Brought<'_>,
    method: &str,
    known: Option<Association>,
    facts: model::Association,
) -> Result<Outcome, Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let id = facts.association_id.clone();
    let facts = model::Association { person: None, ..facts };
    let plannable = offering::find(db, tenant, &facts.offering_id).await?;
    let plannable = plannable.filter(|found| brought.systems.contains(&found.peer));
    let plannable = plannable.ok_or_else(|| Refused::unknown("offering", &facts.offering_id))?;
    if known.as_ref().is_some_and(|known| known.facts == facts) {
        draft.note(brought.arrived(method, &id), Outcome::Repeated)?;
        return Ok(Outcome::Repeated);
    }
    let is_new = known.is_none();
    let missing = missing_of_attempt(&facts);
    let attempt = Association {
        id: id.clone(),
        kind: AssociationKind::Relayed,
        peer: plannable.peer.clone(),
        enrolment: None,
        plan_version: 0,
        confirmed: None,
        planned_by: None,
        planner: Some(brought.sender.peer.clone()),
        facts,
        updated_at: draft.now,
        version: known.map_or(0, |known| known.version),
    };
    if !missing.is_empty() {
        let outcome = hold(draft, brought, method, &attempt, &missing).await?;
        // The message is in the inbox. What is complete stays what goes, also while it waits for the student system.
        if is_new {
            draft.put(association::next(tenant, &attempt));
        }
        return Ok(if is_new { Outcome::Created } else { outcome });
    }
    draft.note(brought.arrived(method, &id), Outcome::Applied)?;
    draft.audit(
        "result.relay",
        ("association", &id),
        "extra attempt".to_owned(),
        brought.content,
    );
    close(draft, &id).await?;
    deliver::student_result(draft, &attempt, None).await?;
    draft.put(association::next(tenant, &attempt));
    Ok(if is_new { Outcome::Created } else { Outcome::Applied })
}

/// Keeps a result that lacks what flow 5 requires, with a task: the sender hears 200 (R12).
async fn hold(
    draft: &mut Draft<'_>,
    brought: Brought<'_>,
    method: &str,
    about: &Association,
    missing: &[&str],
) -> Result<Outcome, Refused> {
    draft.note(brought.arrived(method, &about.id), Outcome::Held)?;
    let detail = format!("lacks {}", missing.join(", "));
    draft.audit("result.hold", ("association", &about.id), detail, brought.content);
    let subject = About {
        kind: "association",
        id: &about.id,
        unit: None,
        peer: Some(&brought.sender.peer),
    };
    draft
        .open(&exception::student_result_incomplete(missing), subject)
        .await?;
    Ok(Outcome::Held)
}

async fn close(draft: &mut Draft<'_>, id: &str) -> Result<(), Refused> {
    let resolution = "Een latere levering is volledig.";
    draft
        .close(STUDENT_RESULT_INCOMPLETE, ("association", id), resolution)
        .await
}

/// What the student system hears: the enrolment with its result, and whether it is an extra attempt that the TPL made.
///
/// # Errors
/// When the message can't be opened or read again.
pub async fn composed(
    core: &Core,
    tenant: &str,
    enrolment: &Association,
    from: Option<(&str, &Dialect)>,
) -> Result<(model::Association, bool), Refused> {
    let Some((from, dialect)) = from else {
        return Ok((enrolment.facts.clone(), true));
    };
    let kept = message::find(&core.db, tenant, from).await?;
    let kept = kept.ok_or_else(|| Refused::unknown("message", from))?;
    let content = kept.content(&core.sealer)?.unwrap_or_default();
    let body: Value = serde_json::from_slice(&content)
        .map_err(|error| Refused::Invalid(format!("message {from} can't be read again: {error}")))?;
    let told = read_result_message(&body, ResultFlow::Five, dialect)?;
    let facts = model::Association {
        result: Some(told.result),
        attempt: told.attempt,
        org_association_id: told.org_association_id,
        ..enrolment.facts.clone()
    };
    Ok((facts, false))
}
