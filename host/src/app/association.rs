//! Flow 1, associations: toetsinschrijvingen, and enrolments in courses and programs, of a student system. They may come
//! before the person and offering they name: kept, and the missing objects are fetched (R14).

use oke_codec::{PutBrings, merge_put_association, patch_association};
use serde_json::Value;

use super::draft::{Arrived, Draft, Outcome, Sender};
use super::needs::{self, Settled, Vendor, Whose};
use super::offering::{Confirmed, know_as, newer};
use super::{Core, Decision, Refused, cancel, deliver, duplicate, person};
use crate::domain::association::{Association, AssociationKind, without_companions};
use crate::domain::comparison::enrolment_as_read;
use crate::domain::model::{self, AssociationState};
use crate::domain::offering::Offering;
use crate::store::{association, offering, person as person_store};

/// A student system's PUT of an association: made or replaced; a result in it is not its to bring here (`§3.1.4`).
///
/// # Errors
/// [`Refused::Unknown`] for an id that belongs to another system, [`Refused::Invalid`] when the type changes.
pub async fn put(core: &Core, sender: &Sender, told: &model::Association, content: &[u8]) -> Result<Outcome, Refused> {
    let id = told.association_id.as_str();
    core.decide(&keys(sender, id), || async {
        let (kind, known, facts) = put_over(core, sender, told).await?;
        let message = Message {
            kind,
            method: "PUT",
            content,
            person: told.person.as_ref(),
        };
        take(core, sender, known, facts, message).await
    })
    .await
}

/// What a PUT makes of what is known.
async fn put_over(
    core: &Core,
    sender: &Sender,
    told: &model::Association,
) -> Result<(AssociationKind, Option<Association>, model::Association), Refused> {
    let id = told.association_id.as_str();
    let kind = AssociationKind::from_student_system(told.association_type);
    let known = known(core, sender, id).await?;
    if let Some(known) = &known
        && known.kind != kind
    {
        return Err(Refused::Invalid(format!(
            "association {id} is known as {}: its associationType can't change, use another id",
            known.kind.name()
        )));
    }
    let facts = merge_put_association(known.as_ref().map(|known| &known.facts), told, PutBrings::NoResult);
    Ok((kind, known, facts))
}

/// A student system's PATCH of an association it made earlier; a cancellation does nothing else (R3, R4).
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
            .ok_or_else(|| Refused::unknown("association", id))?;
        let facts = patch_association(&known.facts, message, &sender.dialect)?;
        if AssociationKind::from_student_system(facts.association_type) != known.kind {
            return Err(Refused::Invalid(format!(
                "association {id} is known as {}: associationType names another kind",
                known.kind.name()
            )));
        }
        let person = facts.person.clone();
        let message = Message {
            kind: known.kind,
            method: "PATCH",
            content,
            person: person.as_ref(),
        };
        take(core, sender, Some(known), facts, message).await
    })
    .await
}

/// Takes over what is compared of a toetsinschrijving as the student system that made it answered, where nothing has changed here since
/// it was asked: `seen` is the version of then.
///
/// # Errors
/// What the database says.
pub async fn keep_read(draft: &mut Draft<'_>, peer: &str, told: &model::Association, seen: i64) -> Result<(), Refused> {
    let sender = Sender::of_job(draft, peer);
    let id = told.association_id.as_str();
    let kind = AssociationKind::from_student_system(told.association_type);
    let known = match known(draft.core, &sender, id).await {
        Ok(Some(known)) if known.kind == kind && known.version == seen => known,
        Ok(_) | Err(Refused::Unknown { .. }) => return Ok(()),
        Err(refused) => return Err(refused),
    };
    let facts = enrolment_as_read(&known.facts, told);
    if known.facts == facts {
        return Ok(());
    }
    draft.audit("association.fetch", ("association", id), "read again".to_owned(), b"");
    let message = Message {
        kind,
        method: "GET",
        content: b"",
        person: None,
    };
    keep(draft, &sender, Some(known), facts, &message).await
}

struct Message<'a> {
    kind: AssociationKind,
    method: &'a str,
    content: &'a [u8],
    /// Where the message carries the person whole.
    person: Option<&'a model::Person>,
}

fn keys(sender: &Sender, id: &str) -> [String; 1] {
    [format!("association/{}/{id}", sender.tenant)]
}

/// What is known by this id, if it is this system's own: extra attempts made here are not.
async fn known(core: &Core, sender: &Sender, id: &str) -> Result<Option<Association>, Refused> {
    match association::find(&core.db, &sender.tenant, id).await? {
        Some(known) if known.peer != sender.peer || known.planned_by.is_some() => {
            Err(Refused::unknown("association", id))
        }
        known => Ok(known),
    }
}

async fn take(
    core: &Core,
    sender: &Sender,
    known: Option<Association>,
    facts: model::Association,
    message: Message<'_>,
) -> Result<Decision<Outcome>, Refused> {
    let mut draft = Draft::of(core, &sender.tenant, sender.actor());
    let facts = without_companions(facts);
    let outcome = Outcome::of(known.as_ref().map(|known| &known.facts), &facts);
    note(&mut draft, sender, &facts.association_id, &message, outcome)?;
    if outcome != Outcome::Repeated {
        tell(&mut draft, sender, (known, facts), &message, outcome).await?;
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
    message: &Message<'_>,
    outcome: Outcome,
) -> Result<(), Refused> {
    let arrived = Arrived {
        flow: 1,
        peer: &sender.peer,
        method: message.method,
        subject_kind: "association",
        subject_id: id,
        content: message.content,
        carries_person: message.person.is_some(),
    };
    draft.note(arrived, outcome)?;
    Ok(())
}

async fn tell(
    draft: &mut Draft<'_>,
    sender: &Sender,
    (known, facts): (Option<Association>, model::Association),
    message: &Message<'_>,
    outcome: Outcome,
) -> Result<(), Refused> {
    let detail = format!("{} {}", message.kind.name(), outcome.word());
    draft.audit(
        "association.tell",
        ("association", &facts.association_id),
        detail,
        message.content,
    );
    keep(draft, sender, known, facts, message).await
}

/// Takes what a student system lists of its own association, as a PUT of it would be taken; what is known already leaves
/// no trace. The enrolments in a course or program that it names are fetched where they are not known, since no list
/// brings them. An extra attempt that was made here, or by an outside TPL, is its maker's own, wherever it is listed (R8).
///
/// # Errors
/// As [`put`]; then nothing was added to the draft.
pub(super) async fn keep_listed(
    draft: &mut Draft<'_>,
    peer: &str,
    told: &model::Association,
) -> Result<Outcome, Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let made_by_planner = association::find(db, tenant, &told.association_id)
        .await?
        .is_some_and(|known| known.peer == peer && (known.planned_by.is_some() || known.planner.is_some()));
    if made_by_planner {
        return Ok(Outcome::Repeated);
    }
    let sender = Sender::of_job(draft, peer);
    let (kind, known, facts) = put_over(draft.core, &sender, told).await?;
    let facts = without_companions(facts);
    let outcome = Outcome::of(known.as_ref().map(|known| &known.facts), &facts);
    if outcome != Outcome::Repeated {
        let content = serde_json::to_vec(told).expect("the canonical model holds strings, numbers and lists only");
        let message = Message {
            kind,
            method: "GET",
            content: &content,
            person: told.person.as_ref(),
        };
        note(draft, &sender, &told.association_id, &message, outcome)?;
        let contexts = contexts(&facts);
        tell(draft, &sender, (known, facts), &message, outcome).await?;
        for context in contexts {
            if association::find(db, tenant, &context).await?.is_none() {
                deliver::fetch_association(draft, peer, &context).await?;
            }
        }
    } else if let Some(whole) = &told.person {
        match person_store::find(db, tenant, &whole.person_id).await? {
            // As a PUT of the person: who was erased stays so until something needs them again (R5).
            Some(_) => drop(person::keep_present(draft, peer, whole).await?),
            None if facts.state == AssociationState::Canceled => {}
            None => person::keep_told(draft, peer, whole).await?,
        }
    }
    Ok(outcome)
}

/// The enrolments in a course and a program that an enrolment that stands belongs to.
fn contexts(facts: &model::Association) -> Vec<String> {
    if facts.state == AssociationState::Canceled {
        return Vec::new();
    }
    let named = [
        &facts.program_offering_association_id,
        &facts.course_offering_association_id,
    ];
    named.into_iter().flatten().cloned().collect()
}

/// Keeps an association that was read from the student system because another named it, unless it came by itself meanwhile.
///
/// # Errors
/// What the database says.
pub async fn keep_fetched(draft: &mut Draft<'_>, peer: &str, told: &model::Association) -> Result<(), Refused> {
    let id = told.association_id.as_str();
    if association::find(&draft.core.db, draft.tenant, id).await?.is_some() {
        return Ok(());
    }
    let sender = Sender::of_job(draft, peer);
    let kind = AssociationKind::from_student_system(told.association_type);
    let facts = without_companions(merge_put_association(None, told, PutBrings::NoResult));
    draft.audit("association.fetch", ("association", id), kind.name().to_owned(), b"");
    let message = Message {
        kind,
        method: "GET",
        content: b"",
        person: told.person.as_ref(),
    };
    keep(draft, &sender, None, facts, &message).await
}

async fn keep(
    draft: &mut Draft<'_>,
    sender: &Sender,
    known: Option<Association>,
    facts: model::Association,
    message: &Message<'_>,
) -> Result<(), Refused> {
    let was_canceled = known.as_ref().is_some_and(Association::is_canceled);
    let needs_changed = known.as_ref().is_some_and(|known| {
        let of = |facts: &model::Association| (facts.additional_time_min, facts.personal_needs.clone());
        message.kind == AssociationKind::Enrolment && of(&known.facts) != of(&facts)
    });
    let association = Association {
        id: facts.association_id.clone(),
        kind: message.kind,
        peer: sender.peer.clone(),
        enrolment: None,
        plan_version: 0,
        confirmed: None,
        planned_by: None,
        planner: None,
        facts,
        updated_at: draft.now,
        version: known.map_or(0, |known| known.version),
    };
    if association.is_canceled() && !was_canceled {
        // Its row is written there, with what follows.
        return match message.kind {
            AssociationKind::Enrolment => cancel::enrolment(draft, association).await,
            _ => cancel::context(draft, association).await,
        };
    }
    draft.put(association::next(draft.tenant, &association));
    if association.is_canceled() {
        return Ok(());
    }
    duplicate::look(draft, &association).await?;
    if needs_changed {
        changed_needs(draft, &association).await?;
    }
    match message.person {
        Some(told) => person::keep_told(draft, &sender.peer, told).await?,
        None => fetch_missing_person(draft, sender, &association).await?,
    }
    let offering = &association.facts.offering_id;
    if offering::find(&draft.core.db, draft.tenant, offering).await?.is_none() {
        deliver::fetch_offering(draft, &sender.peer, offering).await?;
    }
    Ok(())
}

/// Needs that the enrolment itself names go to the vendors of its coming deelnames (R15).
async fn changed_needs(draft: &mut Draft<'_>, enrolment: &Association) -> Result<(), Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let known = person_store::find(db, tenant, &enrolment.facts.person_id).await?;
    let Some(known) = known.filter(|known| !known.erased) else {
        return Ok(());
    };
    for deelname in association::serving(db, tenant, &enrolment.id).await? {
        let sitting = offering::find(db, tenant, &deelname.facts.offering_id).await?;
        let coming =
            |sitting: &Offering| !sitting.is_canceled() && sitting.facts.end.is_some_and(|end| end > draft.now);
        let Some(sitting) = sitting.filter(coming) else {
            continue;
        };
        let vendor = Vendor::of(db, tenant, &deelname.peer).await?;
        vendor.bind(draft, &deelname.peer);
        let whose = Whose {
            deelname: &deelname,
            sitting: &sitting,
            enrolment: Some(&enrolment.facts),
            person: &known.facts,
        };
        match needs::settle(draft, &vendor, whose).await? {
            Settled::Same | Settled::Blocked => {}
            Settled::ByHand => needs::weigh(draft, &deelname, &sitting).await?,
            Settled::Tell(needs) => {
                let deelname = needs::with(deelname, needs, draft.now);
                deliver::deelname(draft, &deelname, &sitting);
                draft.put(association::next(tenant, &deelname));
            }
        }
    }
    Ok(())
}

async fn fetch_missing_person(
    draft: &mut Draft<'_>,
    sender: &Sender,
    association: &Association,
) -> Result<(), Refused> {
    let person = &association.facts.person_id;
    let known = person_store::find(&draft.core.db, draft.tenant, person).await?;
    match known {
        Some(known) if !known.erased => {
            // Its version moves, so that an erasure at the same time sees that the person is needed (R5).
            if association.version == 0 {
                draft.put(person_store::next(draft.tenant, &known));
            }
            Ok(())
        }
        _ => deliver::fetch_person(draft, &sender.peer, person).await,
    }
}

/// Notes that a vendor confirmed a deelname, and under which id it knows it.
///
/// # Errors
/// What the database says.
pub async fn confirm(draft: &mut Draft<'_>, deelname: &str, confirmed: Confirmed<'_>) -> Result<(), Refused> {
    let Some(found) = association::find(&draft.core.db, draft.tenant, deelname).await? else {
        return Ok(());
    };
    know_as(
        draft,
        &found.peer,
        ("association", deelname),
        (confirmed.peer_id, Some(confirmed.revision)),
    )
    .await?;
    if let Some(confirmation) = newer(found.confirmed, confirmed, draft.now) {
        let confirmed = Association {
            confirmed: Some(confirmation),
            ..found
        };
        draft.put(association::next(draft.tenant, &confirmed));
    }
    Ok(())
}
