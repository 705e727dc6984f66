//! Flow 1, persons: what a student system says of students and staff, and what follows for their deelnames.

use oke_codec::merge_put_person;

use super::draft::{Arrived, Draft, Outcome, Sender};
use super::needs::{self, Settled, Vendor, Whose};
use super::{Core, Decision, Refused, deliver};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::comparison::person_as_read;
use crate::domain::model;
use crate::domain::needs::Needs;
use crate::domain::offering::Offering;
use crate::domain::person::Person;
use crate::store::{association, offering, person};

/// A student system's PUT of a person: made or replaced.
///
/// # Errors
/// [`Refused::Unknown`] for an id that belongs to another system.
pub async fn put(core: &Core, sender: &Sender, told: &model::Person, content: &[u8]) -> Result<Outcome, Refused> {
    let id = told.person_id.as_str();
    core.decide(&[format!("person/{}/{id}", sender.tenant)], || async {
        let known = person::find(&core.db, &sender.tenant, id).await?;
        if known.as_ref().is_some_and(|known| known.peer != sender.peer) {
            return Err(Refused::unknown("person", id));
        }
        let mut draft = Draft::of(core, &sender.tenant, sender.actor());
        let outcome = match &known {
            None => Outcome::Created,
            Some(known) if is_told(known, told) => Outcome::Repeated,
            Some(_) => Outcome::Applied,
        };
        let arrived = Arrived {
            flow: 1,
            peer: &sender.peer,
            method: "PUT",
            subject_kind: "person",
            subject_id: id,
            content,
            carries_person: true,
        };
        draft.note(arrived, outcome)?;
        if outcome != Outcome::Repeated {
            draft.audit("person.tell", ("person", id), outcome.word().to_owned(), content);
            keep(&mut draft, &sender.peer, known, told).await?;
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: outcome,
        })
    })
    .await
}

/// Keeps a person that came whole inside an association (R14).
///
/// # Errors
/// What the database says.
pub(super) async fn keep_told(draft: &mut Draft<'_>, peer: &str, told: &model::Person) -> Result<(), Refused> {
    let known = person::find(&draft.core.db, draft.tenant, &told.person_id).await?;
    match known {
        Some(known) if known.peer != peer || is_told(&known, told) => Ok(()),
        known => keep(draft, peer, known, told).await,
    }
}

/// Takes a person as the student system that made them has them now, as a PUT would be taken; what is known already leaves
/// no trace. Data that was erased stays so until something needs it again (R5).
///
/// # Errors
/// What the database says.
pub(super) async fn keep_present(draft: &mut Draft<'_>, peer: &str, told: &model::Person) -> Result<Outcome, Refused> {
    let known = person::find(&draft.core.db, draft.tenant, &told.person_id).await?;
    let Some(known) = known.filter(|known| known.peer == peer && !known.erased && !is_told(known, told)) else {
        return Ok(Outcome::Repeated);
    };
    let id = told.person_id.as_str();
    let arrived = Arrived {
        flow: 1,
        peer,
        method: "GET",
        subject_kind: "person",
        subject_id: id,
        content: b"",
        carries_person: true,
    };
    draft.note(arrived, Outcome::Applied)?;
    draft.audit("person.tell", ("person", id), Outcome::Applied.word().to_owned(), b"");
    keep(draft, peer, Some(known), told).await?;
    Ok(Outcome::Applied)
}

/// Takes over what is compared of a person as the student system that made them answered, where nothing has changed here since
/// it was asked: `seen` is the version of then.
///
/// # Errors
/// What the database says.
pub async fn keep_read(draft: &mut Draft<'_>, peer: &str, told: &model::Person, seen: i64) -> Result<(), Refused> {
    let id = &told.person_id;
    let known = person::find(&draft.core.db, draft.tenant, id).await?;
    let Some(known) = known.filter(|known| known.peer == peer && !known.erased && known.version == seen) else {
        return Ok(());
    };
    let facts = person_as_read(&known.facts, told);
    if known.facts == facts {
        return Ok(());
    }
    draft.audit("person.fetch", ("person", id), "read again".to_owned(), b"");
    keep(draft, peer, Some(known), &facts).await
}

/// Keeps a person that was read from the student system because an association named them first (R14), unless they
/// came by themselves meanwhile, or nothing binds them any more.
///
/// # Errors
/// What the database says.
pub async fn keep_fetched(draft: &mut Draft<'_>, peer: &str, told: &model::Person) -> Result<(), Refused> {
    let id = &told.person_id;
    let known = person::find(&draft.core.db, draft.tenant, id).await?;
    if known.as_ref().is_some_and(|known| !known.erased) {
        return Ok(());
    }
    let needed = association::still_needed(&draft.core.db, draft.tenant, std::slice::from_ref(id), &[]).await?;
    if needed.is_empty() {
        return Ok(());
    }
    draft.audit("person.fetch", ("person", id), String::new(), b"");
    keep(draft, peer, known, told).await
}

fn is_told(known: &Person, told: &model::Person) -> bool {
    !known.erased && merge_put_person(Some(&known.facts), told) == known.facts
}

async fn keep(draft: &mut Draft<'_>, peer: &str, known: Option<Person>, told: &model::Person) -> Result<(), Refused> {
    let earlier = known.as_ref().filter(|known| !known.erased).map(|known| &known.facts);
    let facts = merge_put_person(earlier, told);
    if let Some(earlier) = earlier {
        follow_change(draft, earlier, &facts).await?;
    }
    let kept = Person {
        id: facts.person_id.clone(),
        peer: peer.to_owned(),
        erased: false,
        facts,
        updated_at: draft.now,
        version: known.map_or(0, |known| known.version),
    };
    draft.put(person::next(draft.tenant, &kept));
    Ok(())
}

/// What a vendor knows of a person goes along with each deelname (R14), so that a change is told again for sittings
/// that have not ended. Changed needs are told too, as far as the vendor's table and connector can (R15); what a person
/// has set by hand is theirs to weigh.
async fn follow_change(draft: &mut Draft<'_>, earlier: &model::Person, now: &model::Person) -> Result<(), Refused> {
    let needs_changed = earlier.assigned_needs != now.assigned_needs;
    let known_to_vendor = |person: &model::Person| model::Person {
        assigned_needs: Vec::new(),
        ..person.clone()
    };
    let rest_changed = known_to_vendor(earlier) != known_to_vendor(now);
    for (deelname, sitting) in coming_deelnames(draft, &now.person_id).await? {
        let told = match needs_changed {
            true => changed_needs(draft, &deelname, &sitting, now).await?,
            false => None,
        };
        if told.is_some() || rest_changed {
            let needs = told.unwrap_or_else(|| needs::of_deelname(&deelname));
            let deelname = needs::with(deelname, needs, draft.now);
            deliver::deelname(draft, &deelname, &sitting);
            draft.put(association::next(draft.tenant, &deelname));
        }
    }
    Ok(())
}

/// What the vendor is to be told after a person's assigned needs have changed.
async fn changed_needs(
    draft: &mut Draft<'_>,
    deelname: &Association,
    sitting: &Offering,
    now: &model::Person,
) -> Result<Option<Needs>, Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let vendor = Vendor::of(db, tenant, &deelname.peer).await?;
    vendor.bind(draft, &deelname.peer);
    let enrolment = match &deelname.enrolment {
        Some(enrolment) => association::find(db, tenant, enrolment).await?,
        None => None,
    };
    let whose = Whose {
        deelname,
        sitting,
        enrolment: enrolment.as_ref().map(|enrolment| &enrolment.facts),
        person: now,
    };
    match needs::settle(draft, &vendor, whose).await? {
        Settled::Tell(needs) => Ok(Some(needs)),
        Settled::Same | Settled::Blocked => Ok(None),
        Settled::ByHand => {
            needs::weigh(draft, deelname, sitting).await?;
            Ok(None)
        }
    }
}

async fn coming_deelnames(draft: &Draft<'_>, person: &str) -> Result<Vec<(Association, Offering)>, Refused> {
    let mut coming = Vec::new();
    for deelname in association::of_person(&draft.core.db, draft.tenant, person).await? {
        if deelname.kind != AssociationKind::Deelname || deelname.is_canceled() {
            continue;
        }
        let sitting = offering::find(&draft.core.db, draft.tenant, &deelname.facts.offering_id).await?;
        if let Some(sitting) = sitting
            && !sitting.is_canceled()
            && sitting.facts.end.is_some_and(|end| end > draft.now)
        {
            coming.push((deelname, sitting));
        }
    }
    Ok(coming)
}
