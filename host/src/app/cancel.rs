//! Cancelling, and what follows from it: of an offering its associations, of an enrolment its deelnames, and of both
//! the data of persons that nobody needs any more (R4, R5). Keys stay, so that late results still find them (R6).

use std::collections::HashMap;

use super::draft::{About, Draft};
use super::{Refused, deliver, duplicate, needs};
use crate::domain::association::Association;
use crate::domain::exception;
use crate::domain::model::{AssociationState, ResultState};
use crate::domain::offering::{Offering, OfferingKind};
use crate::store::{association, offering, person, result};

/// What became of a deelname that waited because of its needs.
const GONE: &str = "De deelname is geannuleerd.";

/// Cancels all associations of a cancelled offering, and what follows.
///
/// # Errors
/// What the database says.
pub async fn associations_of(draft: &mut Draft<'_>, canceled: &Offering) -> Result<(), Refused> {
    let bound = association::of_offering(&draft.core.db, draft.tenant, &canceled.id).await?;
    let standing: Vec<Association> = bound.into_iter().filter(|bound| !bound.is_canceled()).collect();
    match canceled.kind {
        OfferingKind::Plannable => {
            let serving = association::serving_plannable(&draft.core.db, draft.tenant, &canceled.id).await?;
            enrolments(draft, standing, serving).await?;
            warn_of_sittings(draft, canceled).await
        }
        // The vendor cancels the deelnames of a cancelled sitting itself (§3.2.2), so that none is told by itself here.
        OfferingKind::Sitting | OfferingKind::Course | OfferingKind::Program | OfferingKind::Relayed => {
            for bound in &standing {
                draft.put(association::next(draft.tenant, &canceled_now(bound.clone(), draft.now)));
                needs::unblock(draft, &bound.id, GONE).await?;
            }
            erase_unneeded(draft, &standing).await
        }
    }
}

/// What follows when these enrolments are cancelled by their owner. Their rows are written here.
///
/// # Errors
/// What the database says.
pub async fn enrolments(
    draft: &mut Draft<'_>,
    enrolments: Vec<Association>,
    serving: Vec<Association>,
) -> Result<(), Refused> {
    let mut gone = Vec::new();
    for enrolment in enrolments {
        draft.put(association::next(
            draft.tenant,
            &canceled_now(enrolment.clone(), draft.now),
        ));
        gone.push(enrolment);
    }
    let went_over = duplicate::follow_cancelled(draft, &gone, &serving).await?;
    let serving = serving.into_iter().filter(|deelname| !went_over.contains(&deelname.id));
    gone.extend(deelnames_of_canceled(draft, &gone.clone(), serving.collect()).await?);
    erase_unneeded(draft, &gone).await
}

/// What follows when one enrolment is cancelled: the extra attempts made here for it go with it.
///
/// # Errors
/// What the database says.
pub async fn enrolment(draft: &mut Draft<'_>, canceled: Association) -> Result<(), Refused> {
    let db = &draft.core.db;
    let mut all = vec![canceled];
    let attempts = association::attempts_of(db, draft.tenant, &all[0].id).await?;
    all.extend(
        attempts
            .into_iter()
            .filter(|attempt| attempt.is_own_extra_attempt() && !attempt.is_canceled()),
    );
    let mut serving = Vec::new();
    for one in &all {
        serving.extend(association::serving(db, draft.tenant, &one.id).await?);
    }
    enrolments(draft, all, serving).await
}

/// What follows when an enrolment in a course or program is cancelled.
///
/// # Errors
/// What the database says.
pub async fn context(draft: &mut Draft<'_>, canceled: Association) -> Result<(), Refused> {
    draft.put(association::next(
        draft.tenant,
        &canceled_now(canceled.clone(), draft.now),
    ));
    erase_unneeded(draft, &[canceled]).await
}

/// Cancels deelnames of sittings that have not begun; of those that have, a person hears instead, since the test may
/// have been taken. Returns those that were cancelled.
async fn deelnames_of_canceled(
    draft: &mut Draft<'_>,
    enrolments: &[Association],
    serving: Vec<Association>,
) -> Result<Vec<Association>, Refused> {
    let mut sittings: HashMap<String, Option<Offering>> = HashMap::new();
    let mut gone = Vec::new();
    for deelname in serving {
        let serves = |enrolment: &Association| Some(&enrolment.id) == deelname.enrolment.as_ref();
        let Some(enrolment) = enrolments.iter().find(|enrolment| serves(enrolment)) else {
            continue;
        };
        if deelname.is_canceled() {
            continue;
        }
        let id = deelname.facts.offering_id.clone();
        if !sittings.contains_key(&id) {
            sittings.insert(id.clone(), offering::find(&draft.core.db, draft.tenant, &id).await?);
        }
        let Some(Some(sitting)) = sittings.get(&id) else {
            continue;
        };
        if sitting.facts.start.is_some_and(|start| start <= draft.now) {
            if result_has_arrived(draft, &deelname).await? {
                gone.push(deelname.clone());
                finish(draft, deelname);
                continue;
            }
            let about = About {
                kind: "association",
                id: &enrolment.id,
                unit: sitting.unit.as_deref(),
                peer: Some(&enrolment.peer),
            };
            draft.open(&exception::enrolment_canceled_late(), about).await?;
            continue;
        }
        gone.push(deelname.clone());
        cancel_deelname(draft, deelname, sitting, "enrolment cancelled").await?;
    }
    Ok(gone)
}

/// Whether the student system has confirmed a deelname's present result, and that is completed.
async fn result_has_arrived(draft: &Draft<'_>, deelname: &Association) -> Result<bool, Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let Some(head) = result::head(db, tenant, &deelname.id).await? else {
        return Ok(false);
    };
    let versions = result::versions(db, tenant, &deelname.id).await?;
    let present = versions.iter().find(|version| version.seq == head.seq);
    let is_completed = present.is_some_and(|version| version.delivered.result.state == ResultState::Completed);
    Ok(is_completed && head.confirmed_seq == Some(head.seq))
}

/// Nothing more is expected of it.
fn finish(draft: &mut Draft<'_>, mut deelname: Association) {
    deelname.facts.state = AssociationState::Finished;
    deelname.updated_at = draft.now;
    draft.audit("deelname.finish", ("association", &deelname.id), String::new(), b"");
    draft.put(association::next(draft.tenant, &deelname));
}

/// What follows when the student system has confirmed a completed result: where the enrolment was cancelled after its
/// sitting had begun, that result was the last thing its person's data was kept for (R5). Later results still arrive by
/// the keys (R6).
///
/// # Errors
/// What the database says.
pub async fn after_result(draft: &mut Draft<'_>, deelname: &str, enrolment: &str) -> Result<(), Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let keys = [deelname, enrolment].map(|id| (tenant.to_owned(), id.to_owned()));
    let found = association::with_keys(db, &keys).await?;
    let found = |id: &str| {
        found
            .iter()
            .map(|(_, found)| found)
            .find(|found| found.id == id)
            .cloned()
    };
    let Some(deelname) = found(deelname).filter(|deelname| deelname.enrolment.as_deref() == Some(enrolment)) else {
        return Ok(());
    };
    let is_standing = deelname.facts.state == AssociationState::Associated;
    if !is_standing || !found(enrolment).is_some_and(|served| served.is_canceled()) {
        return Ok(());
    }
    for other in duplicate::merged_with(draft.core, tenant, enrolment).await? {
        if !other.is_canceled() {
            return Ok(());
        }
    }
    finish(draft, deelname.clone());
    erase_unneeded(draft, &[deelname]).await
}

/// Cancels one deelname for a reason of the host's own, and tells the vendor.
///
/// # Errors
/// What the database says.
pub(super) async fn one_deelname(
    draft: &mut Draft<'_>,
    canceled: Association,
    sitting: &Offering,
    reason: &str,
) -> Result<(), Refused> {
    cancel_deelname(draft, canceled, sitting, reason).await
}

/// Cancels one deelname by a planner's decision: the toetsinschrijving of an extra attempt that was made for it goes
/// with it.
///
/// # Errors
/// What the database says.
pub async fn deelname(
    draft: &mut Draft<'_>,
    canceled: Association,
    sitting: &Offering,
    reason: &str,
) -> Result<(), Refused> {
    let mut gone = vec![canceled.clone()];
    if let Some(enrolment) = &canceled.enrolment {
        let served = association::find(&draft.core.db, draft.tenant, enrolment).await?;
        if let Some(served) = served.filter(|served| served.is_own_extra_attempt() && !served.is_canceled()) {
            draft.put(association::next(
                draft.tenant,
                &canceled_now(served.clone(), draft.now),
            ));
            // Made along with it on the enrolment that this one was merged with.
            for along in duplicate::merged_with(draft.core, draft.tenant, &served.id).await? {
                if along.is_own_extra_attempt() && !along.is_canceled() {
                    draft.put(association::next(draft.tenant, &canceled_now(along.clone(), draft.now)));
                    gone.push(along);
                }
            }
            gone.push(served);
        }
    }
    cancel_deelname(draft, canceled, sitting, reason).await?;
    erase_unneeded(draft, &gone).await
}

/// Cancels one deelname and tells the vendor; a cancelled sitting has taken its deelnames with it there already.
async fn cancel_deelname(
    draft: &mut Draft<'_>,
    deelname: Association,
    sitting: &Offering,
    reason: &str,
) -> Result<(), Refused> {
    let deelname = Association {
        plan_version: deelname.plan_version + 1,
        ..canceled_now(deelname, draft.now)
    };
    draft.audit("deelname.cancel", ("association", &deelname.id), reason.to_owned(), b"");
    // One that waited because of its needs from the first is nothing to the vendor.
    let waited = needs::is_blocked(draft, &deelname.id).await? && deelname.confirmed.is_none();
    if !waited || deliver::was_queued(draft, &deelname.id).await? {
        deliver::deelname(draft, &deelname, sitting);
    }
    draft.put(association::next(draft.tenant, &deelname));
    needs::unblock(draft, &deelname.id, GONE).await
}

fn canceled_now(mut association: Association, now: jiff::Timestamp) -> Association {
    association.facts.state = AssociationState::Canceled;
    association.updated_at = now;
    association
}

async fn warn_of_sittings(draft: &mut Draft<'_>, plannable: &Offering) -> Result<(), Refused> {
    let sittings = offering::sittings_of(&draft.core.db, draft.tenant, &plannable.id).await?;
    let coming = sittings
        .iter()
        .filter(|sitting| !sitting.is_canceled() && sitting.facts.start.is_some_and(|start| start > draft.now))
        .count();
    if coming == 0 {
        return Ok(());
    }
    let about = About {
        kind: "offering",
        id: &plannable.id,
        unit: plannable.unit.as_deref(),
        peer: Some(&plannable.peer),
    };
    draft.open(&exception::plannable_canceled(coming), about).await
}

/// Erases the persons of associations that are cancelled in this draft, unless something else still binds them (R5).
async fn erase_unneeded(draft: &mut Draft<'_>, gone: &[Association]) -> Result<(), Refused> {
    let except: Vec<String> = gone.iter().map(|gone| gone.id.clone()).collect();
    let mut persons: Vec<String> = gone.iter().map(|gone| gone.facts.person_id.clone()).collect();
    persons.sort_unstable();
    persons.dedup();
    let db = &draft.core.db;
    let needed = association::still_needed(db, draft.tenant, &persons, &except).await?;
    persons.retain(|person| !needed.contains(person));
    for person in person::with_ids(db, draft.tenant, &persons).await? {
        if person.erased {
            continue;
        }
        let erased = person.erase(draft.now);
        draft.audit(
            "person.erase",
            ("person", &erased.id),
            "no longer needed".to_owned(),
            b"",
        );
        draft.put(person::next(draft.tenant, &erased));
    }
    Ok(())
}
