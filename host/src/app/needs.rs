//! Needs on their way to a vendor (R15, N#172): translated by the vendor's table within what its connector can tell. A
//! deelname with a need that can't be told waits, with a task; it goes by itself once table, connector or deelname is
//! mended.

pub mod again;
pub mod table;

use super::draft::{About, Draft};
use super::{Core, Refused, revision, rollout};
use crate::connector::manifest;
use crate::domain::association::Association;
use crate::domain::calendar;
use crate::domain::exception::{self, NEEDS_BLOCKED, NEEDS_CHANGED};
use crate::domain::model::{self, Role};
use crate::domain::needs::{self, Bounds, Granted, Needs, Obstacle, Steps, Translation, Unit};
use crate::domain::offering::Offering;
use crate::domain::rollout::Served;
use crate::store::needs::{self as needs_store, StandingRow};
use crate::store::{Database, StoreError, association, offering, peer, person};

/// What a vendor can be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vendor {
    /// What codes mean there; empty while nobody wrote a table.
    pub table: Translation,
    /// Of the table's row; 0 while nobody wrote one.
    pub version: i64,
    /// What its connector can tell; `None` while none runs.
    pub bounds: Option<Bounds>,
}

impl Vendor {
    /// What this vendor can be told now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn of(db: &Database, tenant: &str, peer: &str) -> Result<Vendor, StoreError> {
        let row = needs_store::translation(db, tenant, peer).await?;
        Ok(Vendor {
            version: row.as_ref().map_or(0, |row| row.version),
            table: row.map(|row| row.translation).unwrap_or_default(),
            bounds: bounds(db, tenant, peer).await?,
        })
    }

    /// Makes a draft depend on this table: where it changes at the same time, either the draft sees the new one, or the
    /// job that follows the change sees what the draft made.
    pub fn bind(&self, draft: &mut Draft<'_>, peer: &str) {
        let key = crate::values![draft.tenant, peer];
        draft.expect(&needs_store::NEEDS_TRANSLATION, key, self.version);
    }
}

/// What the connector that runs for a vendor can tell; `None` while none runs.
///
/// # Errors
/// What the database says.
pub async fn bounds(db: &Database, tenant: &str, peer_id: &str) -> Result<Option<Bounds>, StoreError> {
    let Some(number) = peer::find(db, tenant, peer_id).await?.and_then(|row| row.revision) else {
        return Ok(None);
    };
    bounds_of(db, tenant, peer_id, number).await
}

/// What one revision of a vendor's connector can tell.
async fn bounds_of(db: &Database, tenant: &str, peer_id: &str, number: i64) -> Result<Option<Bounds>, StoreError> {
    let Some(revision) = db.revision(tenant, peer_id, number).await? else {
        return Ok(None);
    };
    let manifest = revision::manifest(db, &revision).await?;
    Ok(manifest.map(|manifest| manifest.needs.into()))
}

impl From<manifest::Needs> for Bounds {
    fn from(declared: manifest::Needs) -> Self {
        let steps = |unit, step, maximum| Steps { unit, step, maximum };
        Bounds {
            codes: declared.codes,
            extra_time: declared.extra_time.map(|extra_time| match extra_time {
                manifest::ExtraTime::Minutes { step, maximum } => steps(Unit::Minutes, step, maximum),
                manifest::ExtraTime::Percent { step, maximum } => steps(Unit::Percent, step, maximum),
            }),
        }
    }
}

/// A deelname with whatever decides on its needs.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// The deelname.
    pub deelname: &'a Association,
    /// Its sitting.
    pub sitting: &'a Offering,
    /// The toetsinschrijving it serves.
    pub enrolment: Option<&'a model::Association>,
    /// The candidate.
    pub person: &'a model::Person,
}

/// What the vendor is to be told of a candidate at a sitting, or why it can't be.
///
/// # Errors
/// The obstacles.
pub fn wanted(
    vendor: &Vendor,
    sitting: &Offering,
    enrolment: Option<&model::Association>,
    person: &model::Person,
    now: jiff::Timestamp,
) -> Result<Needs, Vec<Obstacle>> {
    let granted = Granted {
        enrolment,
        person,
        day: calendar::day(sitting.facts.start.unwrap_or(now)),
        duration_s: needs::duration_s(&sitting.facts),
    };
    needs::translate(granted, &vendor.table, vendor.bounds.as_ref())
}

/// What settling a deelname's needs comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The vendor knows them, or hears of none.
    Same,
    /// A person has set them, and they stand.
    ByHand,
    /// The vendor is to be told these.
    Tell(Needs),
    /// The vendor can't be told: the deelname waits, or stands there with its earlier needs.
    Blocked,
}

/// Settles a student's needs anew after something that decides on them has changed. Puts what follows into the draft,
/// but for the deelname's own row and its delivery, which are the caller's.
///
/// # Errors
/// What the database says.
pub async fn settle(draft: &mut Draft<'_>, vendor: &Vendor, whose: Whose<'_>) -> Result<Settled, Refused> {
    let deelname = whose.deelname;
    if deelname.facts.role != Role::Student || deelname.is_canceled() {
        return Ok(Settled::Same);
    }
    let standing = needs_store::standing(&draft.core.db, draft.tenant, &deelname.id).await?;
    if standing
        .as_ref()
        .is_some_and(|standing| standing.by_hand && !standing.blocked)
    {
        return Ok(Settled::ByHand);
    }
    let was_blocked = standing.as_ref().is_some_and(|standing| standing.blocked);
    let by_hand = standing.as_ref().is_some_and(|standing| standing.by_hand);
    let present = of_deelname(deelname);
    let wanted = match (by_hand, &vendor.bounds) {
        // What a person decided waits for a connector that can tell it.
        (true, Some(bounds)) => match present.obstacles(needs::duration_s(&whose.sitting.facts), bounds) {
            none if none.is_empty() => Ok(present.clone()),
            obstacles => Err(obstacles),
        },
        (true, None) => Ok(present.clone()),
        (false, _) => wanted(vendor, whose.sitting, whose.enrolment, whose.person, draft.now),
    };
    let needs = match wanted {
        Ok(needs) => needs,
        Err(obstacles) => {
            block(draft, whose.deelname, whose.sitting, &obstacles).await?;
            return Ok(Settled::Blocked);
        }
    };
    if was_blocked {
        unblock(draft, &deelname.id, "De voorzieningen kunnen nu worden doorgegeven.").await?;
        return Ok(Settled::Tell(needs));
    }
    if needs == present {
        return Ok(Settled::Same);
    }
    if whose.sitting.facts.start.is_some_and(|start| start <= draft.now) {
        // Candidates sit and their time runs: a person weighs it.
        weigh(draft, deelname, whose.sitting).await?;
        return Ok(Settled::Same);
    }
    let resolution = "De gewijzigde voorzieningen gaan naar de leverancier.";
    draft
        .close(NEEDS_CHANGED, ("association", &deelname.id), resolution)
        .await?;
    Ok(Settled::Tell(needs))
}

/// The same where a person's choice no longer counts: the table decides again.
///
/// # Errors
/// What the database says.
pub async fn settle_by_table(draft: &mut Draft<'_>, vendor: &Vendor, whose: Whose<'_>) -> Result<Settled, Refused> {
    let deelname = whose.deelname;
    match wanted(vendor, whose.sitting, whose.enrolment, whose.person, draft.now) {
        Err(obstacles) => {
            let standing = needs_store::standing(&draft.core.db, draft.tenant, &deelname.id).await?;
            let row = StandingRow {
                by_hand: false,
                blocked: true,
                at: draft.now,
                ..standing.unwrap_or_else(|| fresh(draft, deelname))
            };
            draft.put(row.next());
            let exception = exception::needs_blocked(&obstacles, deelname.confirmed.is_some());
            draft.open(&exception, about(deelname, whose.sitting)).await?;
            Ok(Settled::Blocked)
        }
        Ok(needs) => {
            set_by_hand(draft, deelname, false).await?;
            let resolution = "De vertaaltabel bepaalt de voorzieningen weer.";
            draft
                .close(NEEDS_BLOCKED, ("association", &deelname.id), resolution)
                .await?;
            Ok(match needs == of_deelname(deelname) && deelname.confirmed.is_some() {
                true => Settled::Same,
                false => Settled::Tell(needs),
            })
        }
    }
}

/// Asks a planner to weigh needs that changed while a person had set them by hand, or while candidates sit.
///
/// # Errors
/// What the database says.
pub async fn weigh(draft: &mut Draft<'_>, deelname: &Association, sitting: &Offering) -> Result<(), Refused> {
    draft.open(&exception::needs_changed(), about(deelname, sitting)).await
}

/// Whether a deelname waits because of its needs.
///
/// # Errors
/// What the database says.
pub async fn is_blocked(draft: &Draft<'_>, deelname: &str) -> Result<bool, Refused> {
    let standing = needs_store::standing(&draft.core.db, draft.tenant, deelname).await?;
    Ok(standing.is_some_and(|standing| standing.blocked))
}

/// The needs that a deelname has now.
#[must_use]
pub fn of_deelname(deelname: &Association) -> Needs {
    Needs {
        additional_time_min: deelname.facts.additional_time_min,
        personal_needs: deelname.facts.personal_needs.clone(),
    }
}

/// The deelname with these needs, as its next plan version.
#[must_use]
pub fn with(deelname: Association, needs: Needs, now: jiff::Timestamp) -> Association {
    Association {
        plan_version: deelname.plan_version + 1,
        facts: model::Association {
            additional_time_min: needs.additional_time_min,
            personal_needs: needs.personal_needs,
            ..deelname.facts
        },
        updated_at: now,
        ..deelname
    }
}

/// Has a deelname wait, with a task that says why and what to do.
///
/// # Errors
/// What the database says.
pub async fn block(
    draft: &mut Draft<'_>,
    deelname: &Association,
    sitting: &Offering,
    obstacles: &[Obstacle],
) -> Result<(), Refused> {
    let standing = needs_store::standing(&draft.core.db, draft.tenant, &deelname.id).await?;
    if standing.as_ref().is_none_or(|standing| !standing.blocked) {
        let row = StandingRow {
            blocked: true,
            at: draft.now,
            ..standing.unwrap_or_else(|| fresh(draft, deelname))
        };
        draft.audit("needs.block", ("association", &deelname.id), String::new(), b"");
        draft.put(row.next());
    }
    let exception = exception::needs_blocked(obstacles, deelname.confirmed.is_some());
    draft.open(&exception, about(deelname, sitting)).await
}

/// Lets a blocked deelname go on, and closes its task; nothing where it was not blocked.
///
/// # Errors
/// What the database says.
pub async fn unblock(draft: &mut Draft<'_>, deelname: &str, resolution: &str) -> Result<(), Refused> {
    let standing = needs_store::standing(&draft.core.db, draft.tenant, deelname).await?;
    if let Some(standing) = standing.filter(|standing| standing.blocked) {
        let row = StandingRow {
            blocked: false,
            at: draft.now,
            ..standing
        };
        draft.put(row.next());
        draft
            .close(NEEDS_BLOCKED, ("association", deelname), resolution)
            .await?;
    }
    Ok(())
}

/// Notes that a person has set the needs of a deelname, or that the table decides again; either way it is not blocked
/// any more.
///
/// # Errors
/// What the database says.
pub async fn set_by_hand(draft: &mut Draft<'_>, deelname: &Association, by_hand: bool) -> Result<(), Refused> {
    let standing = needs_store::standing(&draft.core.db, draft.tenant, &deelname.id).await?;
    let row = StandingRow {
        by_hand,
        blocked: false,
        at: draft.now,
        ..standing.unwrap_or_else(|| fresh(draft, deelname))
    };
    draft.put(row.next());
    Ok(())
}

fn fresh(draft: &Draft<'_>, deelname: &Association) -> StandingRow {
    StandingRow {
        tenant: draft.tenant.to_owned(),
        association: deelname.id.clone(),
        peer: deelname.peer.clone(),
        by_hand: false,
        blocked: false,
        at: draft.now,
        version: 0,
    }
}

fn about<'a>(deelname: &'a Association, sitting: &'a Offering) -> About<'a> {
    About {
        kind: "association",
        id: &deelname.id,
        unit: sitting.unit.as_deref(),
        peer: Some(&deelname.peer),
    }
}

/// Why a deelname can't be delivered as it stands: the connector that runs now may tell less than the one that ran when
/// it was planned.
///
/// # Errors
/// What the database says.
pub async fn obstacles_at_delivery(
    core: &Core,
    tenant: &str,
    deelname: &Association,
) -> Result<Vec<Obstacle>, Refused> {
    let needs = of_deelname(deelname);
    if needs.is_empty() || deelname.is_canceled() || deelname.facts.role != Role::Student {
        return Ok(Vec::new());
    }
    let Some((_, serving)) = rollout::serving(&core.db, tenant, &deelname.peer).await? else {
        return Ok(Vec::new());
    };
    let of_sitting = (2, deelname.facts.offering_id.as_str());
    let served = rollout::of_sitting(&core.db, tenant, &serving, of_sitting).await?;
    let (Served::By(number), _) = served else {
        return Ok(Vec::new());
    };
    let Some(bounds) = bounds_of(&core.db, tenant, &deelname.peer, number).await? else {
        return Ok(Vec::new());
    };
    let sitting = offering::find(&core.db, tenant, &deelname.facts.offering_id).await?;
    let duration = sitting.and_then(|sitting| needs::duration_s(&sitting.facts));
    Ok(needs.obstacles(duration, &bounds))
}

/// Why a blocked deelname waits, read from what decides on it now.
///
/// # Errors
/// What the database says.
pub async fn obstacles_of(
    core: &Core,
    tenant: &str,
    vendor: &Vendor,
    deelname: &str,
) -> Result<Vec<Obstacle>, Refused> {
    let db = &core.db;
    let Some(deelname) = association::find(db, tenant, deelname).await? else {
        return Ok(Vec::new());
    };
    let Some(sitting) = offering::find(db, tenant, &deelname.facts.offering_id).await? else {
        return Ok(Vec::new());
    };
    let standing = needs_store::standing(db, tenant, &deelname.id).await?;
    if let Some(bounds) = &vendor.bounds
        && standing.is_some_and(|standing| standing.by_hand)
    {
        return Ok(of_deelname(&deelname).obstacles(needs::duration_s(&sitting.facts), bounds));
    }
    let enrolment = match &deelname.enrolment {
        Some(id) => association::find(db, tenant, id).await?,
        None => None,
    };
    let Some(person) = person::find(db, tenant, &deelname.facts.person_id).await? else {
        return Ok(Vec::new());
    };
    let enrolment = enrolment.as_ref().map(|enrolment| &enrolment.facts);
    Ok(wanted(vendor, &sitting, enrolment, &person.facts, core.now())
        .err()
        .unwrap_or_default())
}
