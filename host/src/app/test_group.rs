//! Flow 1b: toetsgroepen that a student system brings, and who belongs to them (`§3.1.4`, optional for both sides).

use super::draft::{Arrived, Draft, Outcome, Sender};
use super::{Core, Decision, Refused, deliver};
use crate::domain::model::{Group, Membership};
use crate::domain::test_group::{Member, TestGroup};
use crate::store::{person, test_group};

/// A student system's PUT of a group: made or replaced (R1).
///
/// # Errors
/// [`Refused::Unknown`] for an id that belongs to another system.
pub async fn put(core: &Core, sender: &Sender, told: &Group, content: &[u8]) -> Result<Outcome, Refused> {
    let id = told.group_id.as_str();
    core.decide(&[lock(sender, id)], || async {
        let known = own(core, sender, id).await?;
        let outcome = Outcome::of(known.as_ref().map(|known| &known.facts), told);
        let mut draft = Draft::of(core, &sender.tenant, sender.actor());
        draft.note(arrived(sender, id, content), outcome)?;
        if outcome != Outcome::Repeated {
            tell(&mut draft, sender, told, known.as_ref(), (outcome, content));
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: outcome,
        })
    })
    .await
}

/// A student system's PUT of a membership: made, replaced or taken back (`state: canceled`). A person that is not known
/// yet is fetched (R14).
///
/// # Errors
/// [`Refused::Unknown`] for a group that is not known, or not this system's.
pub async fn put_member(
    core: &Core,
    sender: &Sender,
    group: &str,
    told: &Membership,
    content: &[u8],
) -> Result<Outcome, Refused> {
    core.decide(&[lock(sender, group)], || async {
        let tenant = &sender.tenant;
        if own(core, sender, group).await?.is_none() {
            return Err(Refused::unknown("group", group));
        }
        let known = test_group::member(&core.db, tenant, group, &told.person_id).await?;
        let outcome = Outcome::of(known.as_ref().map(|known| &known.facts), told);
        let mut draft = Draft::of(core, tenant, sender.actor());
        draft.note(arrived(sender, group, content), outcome)?;
        if outcome != Outcome::Repeated {
            tell_member(&mut draft, sender, (group, told), known.as_ref(), (outcome, content)).await?;
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: outcome,
        })
    })
    .await
}

/// Takes what a student system lists of its own group, as a PUT of it would be taken; what is known already leaves no trace.
///
/// # Errors
/// As [`put`]; then nothing was added to the draft.
pub(super) async fn keep_listed(draft: &mut Draft<'_>, peer: &str, told: &Group) -> Result<Outcome, Refused> {
    let sender = Sender::of_job(draft, peer);
    let known = own(draft.core, &sender, &told.group_id).await?;
    let outcome = Outcome::of(known.as_ref().map(|known| &known.facts), told);
    if outcome != Outcome::Repeated {
        let content = serde_json::to_vec(told).expect("the canonical model holds strings, numbers and lists only");
        let message = Arrived {
            method: "GET",
            ..arrived(&sender, &told.group_id, &content)
        };
        draft.note(message, outcome)?;
        tell(draft, &sender, told, known.as_ref(), (outcome, &content));
    }
    Ok(outcome)
}

/// The same for who belongs to a group.
///
/// # Errors
/// As [`put_member`]; then nothing was added to the draft.
pub(super) async fn keep_listed_member(
    draft: &mut Draft<'_>,
    peer: &str,
    (group, told): (&str, &Membership),
) -> Result<Outcome, Refused> {
    let sender = Sender::of_job(draft, peer);
    if own(draft.core, &sender, group).await?.is_none() {
        return Err(Refused::unknown("group", group));
    }
    let known = test_group::member(&draft.core.db, draft.tenant, group, &told.person_id).await?;
    let outcome = Outcome::of(known.as_ref().map(|known| &known.facts), told);
    if outcome != Outcome::Repeated {
        let content = serde_json::to_vec(told).expect("the canonical model holds strings, numbers and lists only");
        let message = Arrived {
            method: "GET",
            ..arrived(&sender, group, &content)
        };
        draft.note(message, outcome)?;
        tell_member(draft, &sender, (group, told), known.as_ref(), (outcome, &content)).await?;
    }
    Ok(outcome)
}

fn tell(
    draft: &mut Draft<'_>,
    sender: &Sender,
    told: &Group,
    known: Option<&TestGroup>,
    (outcome, content): (Outcome, &[u8]),
) {
    let id = told.group_id.as_str();
    draft.audit("group.tell", ("group", id), outcome.word().to_owned(), content);
    let group = TestGroup {
        id: id.to_owned(),
        peer: sender.peer.clone(),
        facts: told.clone(),
        updated_at: draft.now,
        version: known.map_or(0, |known| known.version),
    };
    draft.put(test_group::next(draft.tenant, &group));
}

async fn tell_member(
    draft: &mut Draft<'_>,
    sender: &Sender,
    (group, told): (&str, &Membership),
    known: Option<&Member>,
    (outcome, content): (Outcome, &[u8]),
) -> Result<(), Refused> {
    let detail = format!("member {}", outcome.word());
    draft.audit("group.tell", ("group", group), detail, content);
    let member = Member {
        group: group.to_owned(),
        facts: told.clone(),
        updated_at: draft.now,
        version: known.map_or(0, |known| known.version),
    };
    draft.put(test_group::next_member(draft.tenant, &member));
    let who = person::find(&draft.core.db, draft.tenant, &told.person_id).await?;
    if !member.is_canceled() && who.is_none_or(|who| who.erased) {
        deliver::fetch_person(draft, &sender.peer, &told.person_id).await?;
    }
    Ok(())
}

fn lock(sender: &Sender, id: &str) -> String {
    format!("group/{}/{id}", sender.tenant)
}

/// What is known by this id, if it is this system's own.
async fn own(core: &Core, sender: &Sender, id: &str) -> Result<Option<TestGroup>, Refused> {
    match test_group::find(&core.db, &sender.tenant, id).await? {
        Some(known) if known.peer != sender.peer => Err(Refused::unknown("group", id)),
        known => Ok(known),
    }
}

fn arrived<'a>(sender: &'a Sender, id: &'a str, content: &'a [u8]) -> Arrived<'a> {
    Arrived {
        flow: 1,
        peer: &sender.peer,
        method: "PUT",
        subject_kind: "group",
        subject_id: id,
        content,
        carries_person: false,
    }
}
