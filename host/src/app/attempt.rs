//! Attempts: how each student system keeps them, what is planned on an enrolment so far, and where the result of each
//! goes (R7, R8, R9).

use super::draft::Draft;
use super::{Core, Decision, Refused, policy};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::attempt::{self, Destination, Model, Planned};
use crate::domain::model::TestReference;
use crate::domain::principal::{Account, Duty};
use crate::store::attempt::{self as attempt_store, AttemptRow, PolicyRow};
use crate::store::{Database, StoreError, association, offering, peer, result as result_store};

/// How a student system keeps attempts; an association per opportunity unless functioneel beheer says otherwise.
///
/// # Errors
/// What the database says.
pub async fn model(db: &Database, tenant: &str, peer: &str) -> Result<Model, StoreError> {
    let row = attempt_store::policy(db, tenant, peer).await?;
    Ok(row.map_or_else(Model::default, |row| row.model))
}

/// Says how a student system keeps attempts. It decides on attempts that the student system has not heard of: the
/// others go on where their first result went (R8).
///
/// # Errors
/// [`Refused`]: an unknown student system, or an account that does not hold `beheren` for the whole school.
pub async fn set_model(
    core: &Core,
    tenant: &str,
    account: &Account,
    peer_id: &str,
    model: Model,
) -> Result<(), Refused> {
    account.holding(Duty::Beheren, &[], core.now())?;
    core.decide(&[format!("attempts/{tenant}/{peer_id}")], || async {
        let found = peer::find(&core.db, tenant, peer_id).await?;
        if found.filter(|found| found.hat == "dr").is_none() {
            return Err(Refused::unknown("student system", peer_id));
        }
        let known = attempt_store::policy(&core.db, tenant, peer_id).await?;
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        draft.audit("attempt.model", ("peer", peer_id), model.name().to_owned(), b"");
        let row = PolicyRow {
            tenant: tenant.to_owned(),
            peer: peer_id.to_owned(),
            model,
            actor: draft.actor.clone(),
            at: draft.now,
            version: known.map_or(0, |known| known.version),
        };
        draft.put(row.next());
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// What is planned on an enrolment so far, as far as it counts as an attempt.
///
/// # Errors
/// What the database says.
pub async fn planned_on(core: &Core, tenant: &str, enrolment: &Association) -> Result<Planned, Refused> {
    let db = &core.db;
    let no_show_counts = match offering::find(db, tenant, &enrolment.facts.offering_id).await? {
        Some(exam) => policy::no_show_counts(db, tenant, &exam).await?,
        None => true,
    };
    let attempts = association::attempts_of(db, tenant, &enrolment.id).await?;
    let told = attempt_store::of_original(db, tenant, &enrolment.id).await?;
    // What the student system had heard of when it last spoke is in its number already.
    let heard = |attempt: &Association| {
        let row = told.iter().find(|row| row.enrolment == attempt.id);
        row.is_some_and(|row| row.told_at < enrolment.updated_at)
    };
    let mut planned = Planned {
        deelnames: standing_deelnames(db, tenant, &enrolment.id, no_show_counts).await?,
        extra_attempts: 0,
        highest: attempts.iter().map(Association::attempt).max().unwrap_or(1),
    };
    for attempt in &attempts {
        if !attempt.is_own_extra_attempt() || attempt.is_canceled() || heard(attempt) {
            continue;
        }
        if no_show_counts || standing_deelnames(db, tenant, &attempt.id, false).await? > 0 {
            planned.extra_attempts += 1;
        }
    }
    Ok(planned)
}

/// How many deelnames stand on an enrolment; by choice without those whose candidate did not come.
async fn standing_deelnames(
    db: &Database,
    tenant: &str,
    enrolment: &str,
    no_show_counts: bool,
) -> Result<u32, Refused> {
    let mut standing = 0;
    for deelname in association::serving(db, tenant, enrolment).await? {
        if deelname.is_canceled() || (!no_show_counts && is_no_show(db, tenant, &deelname.id).await?) {
            continue;
        }
        standing += 1;
    }
    Ok(standing)
}

async fn is_no_show(db: &Database, tenant: &str, deelname: &str) -> Result<bool, StoreError> {
    let Some(head) = result_store::head(db, tenant, deelname).await? else {
        return Ok(false);
    };
    let versions = result_store::versions(db, tenant, deelname).await?;
    let present = versions.iter().find(|version| version.seq == head.seq);
    Ok(present.is_some_and(|version| attempt::is_no_show(&version.delivered.result)))
}

/// Where the results of an enrolment go at its student system: where the first one went, or where its model says.
///
/// # Errors
/// What the database says.
pub async fn destination(core: &Core, tenant: &str, served: &Association) -> Result<Destination, Refused> {
    let db = &core.db;
    if !served.is_own_extra_attempt() {
        return Ok(attempt::destination(Model::default(), served, &[]));
    }
    if let Some(row) = attempt_store::find(db, tenant, &served.id).await? {
        return Ok(row.destination);
    }
    let model = model(db, tenant, &served.peer).await?;
    let opportunities = match model {
        Model::OfferingPerOpportunity => opportunities(db, tenant, served).await?,
        Model::AssociationPerOpportunity | Model::AssociationWithAttempts => Vec::new(),
    };
    Ok(attempt::destination(model, served, &opportunities))
}

/// The candidate's enrolments that the student system made for other opportunities of the same exam, and that nobody
/// planned by themselves.
async fn opportunities(db: &Database, tenant: &str, served: &Association) -> Result<Vec<Association>, Refused> {
    let tests = tests(db, tenant, &served.facts.offering_id).await?;
    let original = &served.facts.org_association_id;
    let mut found = Vec::new();
    for other in association::of_person(db, tenant, &served.facts.person_id).await? {
        let is_elsewhere = other.kind == AssociationKind::Enrolment
            && other.peer == served.peer
            && other.facts.offering_id != served.facts.offering_id;
        if !is_elsewhere {
            continue;
        }
        let is_linked = original.is_some() && other.facts.org_association_id == *original;
        let theirs = self::tests(db, tenant, &other.facts.offering_id).await?;
        if !is_linked && !theirs.iter().any(|test| tests.contains(test)) {
            continue;
        }
        let serving = association::serving(db, tenant, &other.id).await?;
        if serving.iter().all(Association::is_canceled) {
            found.push(other);
        }
    }
    Ok(found)
}

/// The tests that may serve a planbare toets; none where it has not come.
///
/// # Errors
/// What the database says.
pub async fn tests(db: &Database, tenant: &str, plannable: &str) -> Result<Vec<TestReference>, StoreError> {
    let found = offering::find(db, tenant, plannable).await?;
    Ok(found.map(|found| found.facts.tests_to_be_used).unwrap_or_default())
}

/// Notes in the ledger where an attempt that was made here is known, once the student system has confirmed a result of
/// it.
///
/// # Errors
/// What the database says.
pub async fn told(draft: &mut Draft<'_>, enrolment: &str, destination: &Destination) -> Result<(), Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let Some(served) = association::find(db, tenant, enrolment).await? else {
        return Ok(());
    };
    if attempt_store::find(db, tenant, enrolment).await?.is_some() {
        return Ok(());
    }
    let row = AttemptRow {
        tenant: tenant.to_owned(),
        enrolment: enrolment.to_owned(),
        peer: served.peer,
        destination: destination.clone(),
        told_at: draft.now,
        version: 0,
    };
    draft.put(row.next());
    Ok(())
}
