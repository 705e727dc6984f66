//! Duplicates: toetsinschrijvingen of one student for one exam (N#170). Found when they arrive, shown to the examenbureau,
//! merged and unmerged by a person. Merged: the deelname of the one that is kept serves both, and its result goes to each
//! by the way it came (R23).

pub mod again;
mod list;

use std::collections::HashSet;

pub use list::{Shown, list};

use super::draft::Draft;
use super::planning::Planner;
use super::{Core, Decision, Refused, cancel};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::duplicate::{self, Enrolled, NotMerged, PairState};
use crate::domain::model::{ResultValueType, Role, TestReference};
use crate::domain::offering::Offering;
use crate::store::duplicate::{self as pairs, PairRow};
use crate::store::{Database, association, offering, result as result_store};

/// A toetsinschrijving with what tells whether it is one of two, read.
#[derive(Debug, Clone)]
pub struct Read {
    /// The toetsinschrijving.
    pub association: Association,
    /// Its planbare toets, where it has come.
    pub plannable: Option<Offering>,
    tests: Vec<TestReference>,
    scale: Option<ResultValueType>,
    deelnames: Vec<String>,
    has_result: bool,
}

impl Read {
    async fn of(db: &Database, tenant: &str, association: Association) -> Result<Read, Refused> {
        let plannable = offering::find(db, tenant, &association.facts.offering_id).await?;
        let (mut deelnames, mut has_result) = (Vec::new(), false);
        for deelname in association::serving(db, tenant, &association.id).await? {
            has_result |= result_store::head(db, tenant, &deelname.id).await?.is_some();
            deelnames.push(deelname.id);
        }
        let facts = plannable.as_ref().map(|plannable| &plannable.facts);
        Ok(Read {
            tests: facts.map(|facts| facts.tests_to_be_used.clone()).unwrap_or_default(),
            scale: facts.and_then(|facts| facts.result_value_type.clone()),
            plannable,
            association,
            deelnames,
            has_result,
        })
    }

    async fn find(db: &Database, tenant: &str, id: &str) -> Result<Read, Refused> {
        let found = association::find(db, tenant, id).await?;
        let found = found.filter(|found| found.kind == AssociationKind::Enrolment);
        Read::of(
            db,
            tenant,
            found.ok_or_else(|| Refused::unknown("toetsinschrijving", id))?,
        )
        .await
    }

    fn enrolled(&self) -> Enrolled<'_> {
        Enrolled {
            association: &self.association,
            exam: &self.tests,
            scale: self.scale.as_ref(),
            has_result: self.has_result,
        }
    }

    fn unit(&self) -> Option<&str> {
        self.plannable.as_ref().and_then(|plannable| plannable.unit.as_deref())
    }
}

/// Looks whether a toetsinschrijving, as a draft is about to keep it, is one of two, and notes the pairs that were not
/// known.
///
/// # Errors
/// What the database says.
pub async fn look(draft: &mut Draft<'_>, enrolment: &Association) -> Result<(), Refused> {
    look_among(draft, enrolment, &mut HashSet::new()).await
}

/// The same for one of many in a draft; `seen` holds the pairs that the draft noted already, both ways.
async fn look_among(
    draft: &mut Draft<'_>,
    enrolment: &Association,
    seen: &mut HashSet<(String, String)>,
) -> Result<(), Refused> {
    if enrolment.kind != AssociationKind::Enrolment || enrolment.facts.role != Role::Student {
        return Ok(());
    }
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let others = association::of_person(db, tenant, &enrolment.facts.person_id).await?;
    let others = others.into_iter().filter(|other| {
        other.id != enrolment.id
            && other.kind == AssociationKind::Enrolment
            && !other.is_canceled()
            && other.attempt() == enrolment.attempt()
    });
    let others: Vec<Association> = others.collect();
    if others.is_empty() {
        return Ok(());
    }
    let known = pairs::of_enrolment(db, tenant, &enrolment.id).await?;
    let here = Read::of(db, tenant, enrolment.clone()).await?;
    for other in others {
        let is_known = known
            .iter()
            .any(|row| row.enrolment == other.id || row.kept == other.id);
        if is_known || seen.contains(&(enrolment.id.clone(), other.id.clone())) {
            continue;
        }
        let other = Read::of(db, tenant, other).await?;
        if duplicate::are_one(here.enrolled(), other.enrolled()) {
            let row = PairRow {
                tenant: tenant.to_owned(),
                enrolment: enrolment.id.clone(),
                kept: other.association.id.clone(),
                state: PairState::Found,
                actor: draft.actor.clone(),
                reason: String::new(),
                at: draft.now,
                confirmed_seq: None,
                version: 0,
            };
            seen.insert((row.enrolment.clone(), row.kept.clone()));
            seen.insert((row.kept.clone(), row.enrolment.clone()));
            draft.audit("duplicate.find", ("association", &enrolment.id), row.kept.clone(), b"");
            draft.put(row.next());
        }
    }
    Ok(())
}

/// The toetsinschrijving whose deelname serves this one, if any.
///
/// # Errors
/// What the database says.
pub async fn merged_into(core: &Core, tenant: &str, enrolment: &str) -> Result<Option<String>, Refused> {
    let pair = pairs::merged_into(&core.db, tenant, enrolment).await?;
    Ok(pair.map(|pair| pair.kept))
}

/// The toetsinschrijvingen that the deelname of this one serves too.
///
/// # Errors
/// What the database says.
pub async fn merged_with(core: &Core, tenant: &str, kept: &str) -> Result<Vec<Association>, Refused> {
    let mut merged = Vec::new();
    for pair in pairs::merged_with(&core.db, tenant, kept).await? {
        merged.extend(association::find(&core.db, tenant, &pair.enrolment).await?);
    }
    Ok(merged)
}

/// Notes that the extra attempts of two merged toetsinschrijvingen are merged too.
pub(super) fn merge_along(draft: &mut Draft<'_>, other: &Association, kept: &Association) {
    let row = PairRow {
        tenant: draft.tenant.to_owned(),
        enrolment: other.id.clone(),
        kept: kept.id.clone(),
        state: PairState::Merged,
        actor: draft.actor.clone(),
        reason: "extra attempt of merged enrolments".to_owned(),
        at: draft.now,
        confirmed_seq: None,
        version: 0,
    };
    draft.put(row.next());
}

/// Two toetsinschrijvingen, and why a person does this to them.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The one that is served along.
    pub enrolment: &'a str,
    /// The one whose deelname serves both.
    pub kept: &'a str,
    /// Why.
    pub reason: &'a str,
}

impl Pair<'_> {
    fn keys(&self, tenant: &str) -> [String; 2] {
        [self.enrolment, self.kept].map(|id| format!("association/{tenant}/{id}"))
    }

    fn check_reason(&self) -> Result<(), Refused> {
        if self.reason.trim().is_empty() {
            return Err(Refused::Invalid(
                "`reason` is empty: say why, so that others can follow it later".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Merges two toetsinschrijvingen: the deelname of the one that is kept serves both; one that stands on the other is
/// cancelled at its vendor.
///
/// # Errors
/// [`Refused`]: not one exam, no reason, or an account that does not plan for both units.
pub async fn merge(core: &Core, planner: Planner<'_>, pair: Pair<'_>) -> Result<(), Refused> {
    pair.check_reason()?;
    core.decide(&pair.keys(planner.tenant), || async {
        let (db, tenant) = (&core.db, planner.tenant);
        let given_up = Read::find(db, tenant, pair.enrolment).await?;
        let kept = Read::find(db, tenant, pair.kept).await?;
        planner.check(core, given_up.unit()).await?;
        planner.check(core, kept.unit()).await?;
        duplicate::check_merge(given_up.enrolled(), kept.enrolled())?;
        check_no_chain(db, tenant, pair).await?;
        let mut draft = Draft::of(core, tenant, planner.actor());
        give_up_deelnames(&mut draft, planner, &given_up, &kept).await?;
        let known = pairs::of_enrolment(db, tenant, pair.enrolment).await?;
        let reversed = known
            .iter()
            .find(|row| row.enrolment == pair.kept && row.kept == pair.enrolment);
        if let Some(reversed) = reversed {
            draft.put(turned(reversed, PairState::Ended, &draft, pair.reason).next());
        }
        let row = known
            .iter()
            .find(|row| row.enrolment == pair.enrolment && row.kept == pair.kept);
        let row = row.cloned().unwrap_or_else(|| PairRow {
            tenant: tenant.to_owned(),
            enrolment: pair.enrolment.to_owned(),
            kept: pair.kept.to_owned(),
            state: PairState::Found,
            actor: String::new(),
            reason: String::new(),
            at: draft.now,
            confirmed_seq: None,
            version: 0,
        });
        draft.put(turned(&row, PairState::Merged, &draft, pair.reason).next());
        let detail = format!("served by the deelname of {}", pair.kept);
        let subject = ("association", pair.enrolment);
        draft.audit("duplicate.merge", subject, detail, pair.reason.as_bytes());
        // Their versions move, so that planning, cancelling or a result at the same time sees it; and there is still no
        // result.
        for read in [&given_up, &kept] {
            draft.put(association::next(tenant, &read.association));
            for deelname in &read.deelnames {
                draft.expect(&result_store::RESULT_HEAD, crate::values![tenant, deelname], 0);
            }
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

fn turned(row: &PairRow, state: PairState, draft: &Draft<'_>, reason: &str) -> PairRow {
    PairRow {
        state,
        actor: draft.actor.clone(),
        reason: reason.to_owned(),
        at: draft.now,
        ..row.clone()
    }
}

/// One is kept, the others hang on it: no chains.
async fn check_no_chain(db: &Database, tenant: &str, pair: Pair<'_>) -> Result<(), Refused> {
    let into = [
        pairs::merged_into(db, tenant, pair.enrolment).await?,
        pairs::merged_into(db, tenant, pair.kept).await?,
    ];
    if let Some(row) = into.into_iter().flatten().next() {
        return Err(NotMerged::Chain(row.enrolment).into());
    }
    match pairs::merged_with(db, tenant, pair.enrolment).await?.is_empty() {
        true => Ok(()),
        false => Err(NotMerged::Chain(pair.enrolment.to_owned()).into()),
    }
}

/// The deelnames on the one that is given up are not needed when the other has one; they are when it has none.
async fn give_up_deelnames(
    draft: &mut Draft<'_>,
    planner: Planner<'_>,
    given_up: &Read,
    kept: &Read,
) -> Result<(), Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let stand = |of: Vec<Association>| of.into_iter().filter(|one| !one.is_canceled()).collect::<Vec<_>>();
    let (one, other) = (&given_up.association.id, &kept.association.id);
    let superfluous = stand(association::serving(db, tenant, one).await?);
    let has_other = !stand(association::serving(db, tenant, other).await?).is_empty();
    for deelname in superfluous {
        if !has_other {
            return Err(NotMerged::KeepOther(one.clone(), other.clone()).into());
        }
        let sitting = planner.sitting(draft.core, &deelname.facts.offering_id).await?;
        if sitting.facts.start.is_some_and(|start| start <= draft.now) {
            return Err(NotMerged::Begun(one.clone()).into());
        }
        cancel::one_deelname(draft, deelname, &sitting, "merged with another enrolment").await?;
    }
    Ok(())
}

/// Takes two merged toetsinschrijvingen apart again: the one that was served along can be planned by itself. What its
/// student system has of the shared result stays there; nothing new follows.
///
/// # Errors
/// [`Refused`]: not merged, no reason, or an account that does not plan for its unit.
pub async fn unmerge(core: &Core, planner: Planner<'_>, enrolment: &str, reason: &str) -> Result<(), Refused> {
    core.decide(&[format!("association/{}/{enrolment}", planner.tenant)], || async {
        let row = pairs::merged_into(&core.db, planner.tenant, enrolment).await?;
        let row = row.ok_or_else(|| Refused::NotNow(format!("enrolment {enrolment} is not merged with another")))?;
        take_apart(core, planner, &row, "duplicate.unmerge", reason).await
    })
    .await
}

/// Says that a found pair is two exams after all: it is not shown any more.
///
/// # Errors
/// [`Refused`]: no such pair, no reason, or an account that does not plan for its unit.
pub async fn keep_apart(core: &Core, planner: Planner<'_>, pair: Pair<'_>) -> Result<(), Refused> {
    core.decide(&pair.keys(planner.tenant), || async {
        let known = pairs::of_enrolment(&core.db, planner.tenant, pair.enrolment).await?;
        let is_this = |row: &&PairRow| {
            let (one, other) = (row.enrolment.as_str(), row.kept.as_str());
            row.state == PairState::Found
                && ((one, other) == (pair.enrolment, pair.kept) || (other, one) == (pair.enrolment, pair.kept))
        };
        let row = known.iter().find(is_this).ok_or_else(|| {
            Refused::NotNow(format!(
                "enrolments {} and {} are no open pair: somebody looked already, or they are no duplicates",
                pair.enrolment, pair.kept
            ))
        })?;
        take_apart(core, planner, row, "duplicate.apart", pair.reason).await
    })
    .await
}

async fn take_apart(
    core: &Core,
    planner: Planner<'_>,
    row: &PairRow,
    verb: &'static str,
    reason: &str,
) -> Result<Decision<()>, Refused> {
    let pair = Pair {
        enrolment: &row.enrolment,
        kept: &row.kept,
        reason,
    };
    pair.check_reason()?;
    let read = Read::find(&core.db, planner.tenant, &row.enrolment).await?;
    planner.check(core, read.unit()).await?;
    let mut draft = Draft::of(core, planner.tenant, planner.actor());
    draft.put(turned(row, PairState::Apart, &draft, reason).next());
    let subject = ("association", row.enrolment.as_str());
    draft.audit(verb, subject, row.kept.clone(), reason.as_bytes());
    draft.put(association::next(planner.tenant, &read.association));
    Ok(Decision {
        write_set: draft.finish(),
        answer: (),
    })
}

/// What follows for pairs when enrolments are cancelled by their owner: of one that is served along the tie ends, unless
/// the test may have been taken (R6); the deelname of one that is kept goes over to the first it serves too. Returns the
/// deelnames that went over: they are not cancelled.
///
/// # Errors
/// What the database says.
pub(super) async fn follow_cancelled(
    draft: &mut Draft<'_>,
    cancelled: &[Association],
    serving: &[Association],
) -> Result<Vec<String>, Refused> {
    let (mut went_over, mut ended) = (Vec::new(), HashSet::new());
    for enrolment in cancelled {
        for row in pairs::of_enrolment(&draft.core.db, draft.tenant, &enrolment.id).await? {
            let merged = row.state == PairState::Merged;
            // Of one that is kept the tie is looked at below; after the start it stays, for the result (R6).
            let stays = merged && (row.kept == enrolment.id || has_begun(draft, &row.kept).await?);
            let is_first = ended.insert((row.enrolment.clone(), row.kept.clone()));
            if stays || row.state == PairState::Ended || !is_first {
                continue;
            }
            draft.put(turned(&row, PairState::Ended, draft, "cancelled").next());
        }
        let along: Vec<PairRow> = pairs::merged_with(&draft.core.db, draft.tenant, &enrolment.id)
            .await?
            .into_iter()
            .filter(|row| cancelled.iter().all(|it| it.id != row.enrolment))
            .collect();
        if along.is_empty() || has_begun(draft, &enrolment.id).await? {
            continue;
        }
        let heir = along[0].enrolment.clone();
        for row in &along {
            draft.put(turned(row, PairState::Ended, draft, "the kept one was cancelled").next());
            if row.enrolment != heir {
                let known = pairs::of_enrolment(&draft.core.db, draft.tenant, &row.enrolment).await?;
                let known = known
                    .into_iter()
                    .find(|it| it.enrolment == row.enrolment && it.kept == heir);
                let next = PairRow {
                    kept: heir.clone(),
                    version: known.map_or(0, |known| known.version),
                    ..turned(row, PairState::Merged, draft, "the kept one was cancelled")
                };
                draft.put(next.next());
            }
        }
        let standing = serving.iter().filter(|deelname| !deelname.is_canceled());
        for deelname in standing.filter(|deelname| deelname.enrolment.as_ref() == Some(&enrolment.id)) {
            let moved = Association {
                enrolment: Some(heir.clone()),
                updated_at: draft.now,
                ..deelname.clone()
            };
            draft.audit("deelname.serve", ("association", &deelname.id), heir.clone(), b"");
            draft.put(association::next(draft.tenant, &moved));
            went_over.push(deelname.id.clone());
        }
    }
    Ok(went_over)
}

/// Whether a standing deelname on an enrolment may have been taken already.
async fn has_begun(draft: &Draft<'_>, enrolment: &str) -> Result<bool, Refused> {
    let db = &draft.core.db;
    for deelname in association::serving(db, draft.tenant, enrolment).await? {
        if deelname.is_canceled() {
            continue;
        }
        let sitting = offering::find(db, draft.tenant, &deelname.facts.offering_id).await?;
        if sitting.is_some_and(|sitting| sitting.facts.start.is_some_and(|start| start <= draft.now)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Notes that the student system confirmed the shared result on a toetsinschrijving that is served along.
///
/// # Errors
/// What the database says.
pub async fn confirmed(draft: &mut Draft<'_>, enrolment: &str, seq: i64) -> Result<(), Refused> {
    let row = pairs::merged_into(&draft.core.db, draft.tenant, enrolment).await?;
    if let Some(row) = row.filter(|row| row.confirmed_seq != Some(seq)) {
        let confirmed = PairRow {
            confirmed_seq: Some(seq),
            ..row
        };
        draft.put(confirmed.next());
    }
    Ok(())
}

/// Whether enrolments of a planbare toets that are known already may be duplicates by it: its tests are new.
#[must_use]
pub fn has_new_tests(before: Option<&Offering>, now: &Offering) -> bool {
    !now.facts.tests_to_be_used.is_empty()
        && before.is_none_or(|before| before.facts.tests_to_be_used != now.facts.tests_to_be_used)
}
