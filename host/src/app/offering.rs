//! Flow 1, offerings: what a student system says of its planbare toetsen and of course and program offerings.

use oke_codec::{merge_put_offering, patch_offering};
use serde_json::Value;

use super::draft::{Arrived, Draft, Outcome, Sender};
use super::{Core, Decision, Refused, cancel, duplicate, judging};
use crate::domain::comparison::plannable_as_read;
use crate::domain::model;
use crate::domain::offering::{Confirmation, Offering, OfferingKind};
use crate::store::ledger::{self, LedgerRow};
use crate::store::{association, offering};

/// A student system's PUT of an offering: made or replaced, but for a report that was delivered since (R1, table 4.0.F).
///
/// # Errors
/// [`Refused::Unknown`] for an id that belongs to another system, [`Refused::Invalid`] when the type changes.
pub async fn put(core: &Core, sender: &Sender, told: &model::Offering, content: &[u8]) -> Result<Outcome, Refused> {
    let id = told.offering_id.as_str();
    core.decide(&keys(sender, id), || async {
        let (kind, known, facts) = put_over(core, sender, told).await?;
        take(core, sender, kind, known, facts, ("PUT", content)).await
    })
    .await
}

/// What a PUT makes of what is known.
async fn put_over(
    core: &Core,
    sender: &Sender,
    told: &model::Offering,
) -> Result<(OfferingKind, Option<Offering>, model::Offering), Refused> {
    let id = told.offering_id.as_str();
    let kind = OfferingKind::from_student_system(told.offering_type);
    let known = known(core, sender, id).await?;
    if let Some(known) = &known
        && known.kind != kind
    {
        return Err(Refused::Invalid(format!(
            "offering {id} is known as {}: its offeringType can't change, use another id",
            known.kind.name()
        )));
    }
    let facts = merge_put_offering(known.as_ref().map(|known| &known.facts), told);
    Ok((kind, known, facts))
}

/// A student system's PATCH of an offering it made earlier; a cancellation does nothing else (R3, R4).
///
/// # Errors
/// [`Refused::Unknown`] for an id that is not known, or not this system's (R2); [`Refused::Invalid`] when the
/// message can't be read.
pub async fn patch(
    core: &Core,
    sender: &Sender,
    id: &str,
    message: &Value,
    content: &[u8],
) -> Result<Outcome, Refused> {
    core.decide(&keys(sender, id), || async {
        let known = known(core, sender, id)
            .await?
            .ok_or_else(|| Refused::unknown("offering", id))?;
        let facts = patch_offering(&known.facts, message, &sender.dialect)?;
        if OfferingKind::from_student_system(facts.offering_type) != known.kind {
            return Err(Refused::Invalid(format!(
                "offering {id} is known as {}: offeringType names another kind",
                known.kind.name()
            )));
        }
        take(core, sender, known.kind, Some(known), facts, ("PATCH", content)).await
    })
    .await
}

fn keys(sender: &Sender, id: &str) -> [String; 1] {
    [format!("offering/{}/{id}", sender.tenant)]
}

/// What is known by this id, if it is this system's own.
async fn known(core: &Core, sender: &Sender, id: &str) -> Result<Option<Offering>, Refused> {
    match offering::find(&core.db, &sender.tenant, id).await? {
        Some(known)
            if known.peer != sender.peer || matches!(known.kind, OfferingKind::Sitting | OfferingKind::Relayed) =>
        {
            Err(Refused::unknown("offering", id))
        }
        known => Ok(known),
    }
}

async fn take(
    core: &Core,
    sender: &Sender,
    kind: OfferingKind,
    known: Option<Offering>,
    facts: model::Offering,
    (method, content): (&str, &[u8]),
) -> Result<Decision<Outcome>, Refused> {
    let mut draft = Draft::of(core, &sender.tenant, sender.actor());
    let outcome = Outcome::of(known.as_ref().map(|known| &known.facts), &facts);
    note(&mut draft, sender, &facts.offering_id, (method, content), outcome)?;
    if outcome != Outcome::Repeated {
        tell(&mut draft, sender, (kind, outcome), known, facts, content).await?;
    }
    Ok(Decision {
        write_set: draft.finish(),
        answer: outcome,
    })
}

fn note(
    draft: &mut Draft<'_>,
    sender: &Sender,
    id: &str,
    (method, content): (&str, &[u8]),
    outcome: Outcome,
) -> Result<(), Refused> {
    let arrived = Arrived {
        flow: 1,
        peer: &sender.peer,
        method,
        subject_kind: "offering",
        subject_id: id,
        content,
        carries_person: false,
    };
    draft.note(arrived, outcome)?;
    Ok(())
}

async fn tell(
    draft: &mut Draft<'_>,
    sender: &Sender,
    (kind, outcome): (OfferingKind, Outcome),
    known: Option<Offering>,
    facts: model::Offering,
    content: &[u8],
) -> Result<(), Refused> {
    let detail = outcome_detail(kind, outcome);
    draft.audit("offering.tell", ("offering", &facts.offering_id), detail, content);
    keep(draft, sender, kind, known, facts).await
}

/// Takes what a student system lists of its own offering, as a PUT of it would be taken. What is known already leaves no
/// trace.
///
/// # Errors
/// As [`put`]; then nothing was added to the draft.
pub(super) async fn keep_listed(draft: &mut Draft<'_>, peer: &str, told: &model::Offering) -> Result<Outcome, Refused> {
    let sender = Sender::of_job(draft, peer);
    let (kind, known, facts) = put_over(draft.core, &sender, told).await?;
    let outcome = Outcome::of(known.as_ref().map(|known| &known.facts), &facts);
    if outcome != Outcome::Repeated {
        let content = serde_json::to_vec(told).expect("the canonical model holds strings, numbers and lists only");
        note(draft, &sender, &told.offering_id, ("GET", &content), outcome)?;
        tell(draft, &sender, (kind, outcome), known, facts, &content).await?;
    }
    Ok(outcome)
}

/// Writes what a student system says of its own offering, and what follows from it.
async fn keep(
    draft: &mut Draft<'_>,
    sender: &Sender,
    kind: OfferingKind,
    known: Option<Offering>,
    facts: model::Offering,
) -> Result<(), Refused> {
    let offering = told(sender, kind, known.as_ref(), facts, draft.now);
    draft.put(offering::next(&sender.tenant, &offering));
    if let Some(known) = &known
        && judges_otherwise(&known.facts, &offering.facts)
    {
        judging::follow(draft, &judging::Which::Exam(offering.id.clone()), "").await?;
    }
    if kind == OfferingKind::Plannable && duplicate::has_new_tests(known.as_ref(), &offering) {
        look_for_duplicates(draft, &offering.id).await?;
    }
    if offering.is_canceled() && !known.is_some_and(|known| known.is_canceled()) {
        cancel::associations_of(draft, &offering).await?;
    }
    Ok(())
}

/// Takes over what is compared of a planbare toets as the student system that made it answered, where nothing has changed here since
/// it was asked: `seen` is the version of then.
///
/// # Errors
/// What the database says.
pub async fn keep_read(draft: &mut Draft<'_>, peer: &str, told: &model::Offering, seen: i64) -> Result<(), Refused> {
    let sender = Sender::of_job(draft, peer);
    let id = told.offering_id.as_str();
    let kind = OfferingKind::from_student_system(told.offering_type);
    let known = match known(draft.core, &sender, id).await {
        Ok(Some(known)) if known.kind == kind && known.version == seen => known,
        Ok(_) | Err(Refused::Unknown { .. }) => return Ok(()),
        Err(refused) => return Err(refused),
    };
    let facts = plannable_as_read(&known.facts, told);
    if known.facts == facts {
        return Ok(());
    }
    draft.audit("offering.fetch", ("offering", id), "read again".to_owned(), b"");
    keep(draft, &sender, kind, Some(known), facts).await
}

/// Whether results that came before are to be judged again: by another scale (R22), or allowed as final now or no longer
/// (R11).
fn judges_otherwise(before: &model::Offering, after: &model::Offering) -> bool {
    let allows = |facts: &model::Offering| facts.final_results_allowed.unwrap_or(true);
    before.result_value_type != after.result_value_type || allows(before) != allows(after)
}

/// Enrolments may have come before the tests of their planbare toets (R14).
async fn look_for_duplicates(draft: &mut Draft<'_>, plannable: &str) -> Result<(), Refused> {
    let waiting = association::of_offering(&draft.core.db, draft.tenant, plannable).await?;
    match waiting.is_empty() {
        true => Ok(()),
        false => duplicate::again::follow(draft, plannable, "").await,
    }
}

fn told(
    sender: &Sender,
    kind: OfferingKind,
    known: Option<&Offering>,
    facts: model::Offering,
    now: jiff::Timestamp,
) -> Offering {
    Offering {
        id: facts.offering_id.clone(),
        kind,
        unit: facts.organization_id.clone(),
        peer: sender.peer.clone(),
        plannable: None,
        component: facts.offered_id.clone(),
        plan_version: 0,
        confirmed: None,
        planned_by: Vec::new(),
        planner: None,
        facts,
        updated_at: now,
        version: known.map_or(0, |known| known.version),
    }
}

fn outcome_detail(kind: OfferingKind, outcome: Outcome) -> String {
    let did = if outcome == Outcome::Created {
        "created"
    } else {
        "changed"
    };
    format!("{} {did}", kind.name())
}

/// Keeps an offering that was read from the student system because an association named it first (R14), unless it came
/// by itself meanwhile.
///
/// # Errors
/// What the database says.
pub async fn keep_fetched(draft: &mut Draft<'_>, peer: &str, facts: &model::Offering) -> Result<(), Refused> {
    if offering::find(&draft.core.db, draft.tenant, &facts.offering_id)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let sender = Sender::of_job(draft, peer);
    let kind = OfferingKind::from_student_system(facts.offering_type);
    let facts = model::Offering {
        irregularities: None,
        documents: Vec::new(),
        ..facts.clone()
    };
    let offering = told(&sender, kind, None, facts, draft.now);
    draft.audit(
        "offering.fetch",
        ("offering", &offering.id),
        kind.name().to_owned(),
        b"",
    );
    draft.put(offering::next(draft.tenant, &offering));
    if kind == OfferingKind::Plannable && duplicate::has_new_tests(None, &offering) {
        look_for_duplicates(draft, &offering.id).await?;
    }
    Ok(())
}

/// A vendor confirmed a sitting.
#[derive(Debug, Clone, Copy)]
pub struct Confirmed<'a> {
    /// The plan version that was delivered.
    pub plan_version: i64,
    /// The connector revision that delivered it.
    pub revision: i64,
    /// The id the vendor gave it, if it made one.
    pub peer_id: Option<&'a str>,
}

/// Notes that a vendor confirmed a sitting, and under which id it knows it.
///
/// # Errors
/// What the database says.
pub async fn confirm(draft: &mut Draft<'_>, sitting: &str, confirmed: Confirmed<'_>) -> Result<(), Refused> {
    let Some(found) = offering::find(&draft.core.db, draft.tenant, sitting).await? else {
        return Ok(());
    };
    know_as(
        draft,
        &found.peer,
        ("offering", sitting),
        (confirmed.peer_id, Some(confirmed.revision)),
    )
    .await?;
    if let Some(confirmation) = newer(found.confirmed, confirmed, draft.now) {
        let confirmed = Offering {
            confirmed: Some(confirmation),
            ..found
        };
        draft.put(offering::next(draft.tenant, &confirmed));
    }
    Ok(())
}

/// What to note of a confirmation; `None` when a later plan version has been confirmed already.
pub(super) fn newer(
    known: Option<Confirmation>,
    confirmed: Confirmed<'_>,
    at: jiff::Timestamp,
) -> Option<Confirmation> {
    let is_older = known.is_some_and(|known| known.plan_version > confirmed.plan_version);
    (!is_older).then_some(Confirmation {
        plan_version: confirmed.plan_version,
        at,
        revision: confirmed.revision,
    })
}

/// Ties our id to the one a peer gave (the ledger).
pub(super) async fn know_as(
    draft: &mut Draft<'_>,
    peer: &str,
    (kind, id): (&str, &str),
    (peer_id, revision): (Option<&str>, Option<i64>),
) -> Result<(), Refused> {
    let Some(peer_id) = peer_id else {
        return Ok(());
    };
    let known = ledger::by_our_id(&draft.core.db, draft.tenant, peer, kind, id).await?;
    if known.as_ref().is_some_and(|known| known.peer_id == peer_id) {
        return Ok(());
    }
    let tie = LedgerRow {
        tenant: draft.tenant.to_owned(),
        peer: peer.to_owned(),
        kind: kind.to_owned(),
        our_id: id.to_owned(),
        peer_id: peer_id.to_owned(),
        revision,
        version: known.map_or(0, |known| known.version),
    };
    draft.put(tie.next());
    Ok(())
}
