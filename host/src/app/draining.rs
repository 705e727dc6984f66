//! A vendor is disabled for units or for the whole school: nothing new is planned there, and what is planned stays served
//! until its last result is in. Then it ends by itself; functioneel beheer may end it sooner, or enable it again.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::Timestamp;

use super::account::actor;
use super::draft::{About, Draft, Follow};
use super::unit::Units;
use super::{Core, Decision, Refused, mended};
use crate::domain::deadline::Progress;
use crate::domain::drain::{Awaits, DRAIN_LEFT, DrainState, Left, drain_left};
use crate::domain::lane;
use crate::domain::offering::{NotPlannable, OfferingKind};
use crate::domain::principal::{Account, Duty, WHOLE_SCHOOL};
use crate::domain::result::Judgement;
use crate::store::drain::{self, DrainRow, Planned};
use crate::store::peer::{self, PEER, PeerRow};
use crate::store::scope::Scope;
use crate::store::sql::Key;
use crate::store::{Database, StoreError, association, task};
use crate::values;

/// Kind of the job that looks whether anything is still to come.
pub const DRAIN: &str = "drain";
/// How often it looks.
pub const LOOKS_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Sittings read at once.
const MOST: u32 = 100;

/// A sitting that waits for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The sitting.
    pub sitting: Planned,
    /// Its deelnames that wait, and for what.
    pub deelnames: Vec<(String, Awaits)>,
}

/// What is asked of a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing new is planned; what is planned is served.
    Begin,
    /// Nothing is served any more, whatever is left.
    EndNow,
    /// It is as it was before.
    Lift,
}

/// Refuses new work at a vendor that was disabled for this unit, one that it lies in, or the whole school; the draft then
/// depends on that it is not.
///
/// # Errors
/// [`NotPlannable::Drains`].
pub async fn must_take(draft: &mut Draft<'_>, vendor: &str, unit: Option<&str>) -> Result<(), Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let Some(row) = peer::find(db, tenant, vendor).await? else {
        return Ok(());
    };
    if row.drains {
        let lineage = Units::of(db, tenant).await?.lineage(unit);
        let rows = drain::of_peer(db, tenant, vendor).await?;
        let holds = |row: &&DrainRow| row.state != DrainState::Lifted && covers(row, &lineage);
        if let Some(row) = rows.iter().find(holds) {
            return Err(Refused::NotPlannable(NotPlannable::Drains {
                peer: vendor.to_owned(),
                unit: row.unit.clone(),
            }));
        }
    }
    draft.expect(&PEER, values![tenant, vendor], row.version);
    Ok(())
}

fn covers(row: &DrainRow, lineage: &[String]) -> bool {
    row.unit.as_ref().is_none_or(|unit| lineage.contains(unit))
}

/// Disables a vendor, ends that at once, or enables it again: for these units with those in them, or without any for the
/// whole school. What is so already stays as it is.
///
/// # Errors
/// [`Refused`]: no such vendor or unit, no reason, a drain that is not there, or an account that does not hold `beheren`.
pub async fn change(
    core: &Core,
    tenant: &str,
    account: &Account,
    peer_id: &str,
    (change, units): (Change, &[String]),
    reason: &str,
) -> Result<(), Refused> {
    account.holding(Duty::Beheren, &[WHOLE_SCHOOL.to_owned()], core.now())?;
    let reason = reason.trim();
    if reason.is_empty() {
        let why = "a reason is needed, so that others can follow it later";
        return Err(Refused::Invalid(why.to_owned()));
    }
    core.decide(&[format!("peer/{tenant}/{peer_id}")], || async {
        let row = peer::find(&core.db, tenant, peer_id).await?;
        let row = row
            .filter(|row| row.hat == "ta")
            .ok_or_else(|| Refused::unknown("vendor", peer_id))?;
        let mut changing = Changing {
            draft: Draft::of(core, tenant, actor(&account.id)),
            rows: drain::of_peer(&core.db, tenant, peer_id).await?,
            peer: row,
            units: Units::of(&core.db, tenant).await?,
            reason,
        };
        let named: Vec<Option<&str>> = match units {
            [] => vec![None],
            units => units.iter().map(|unit| Some(unit.as_str())).collect(),
        };
        for unit in named {
            changing.one(change, unit).await?;
        }
        Ok(Decision {
            write_set: changing.finish(change).await?,
            answer: (),
        })
    })
    .await
}

struct Changing<'a> {
    draft: Draft<'a>,
    peer: PeerRow,
    rows: Vec<DrainRow>,
    units: Units,
    reason: &'a str,
}

impl Changing<'_> {
    async fn one(&mut self, change: Change, unit: Option<&str>) -> Result<(), Refused> {
        if let Some(unit) = unit
            && self.units.get(unit).is_none()
        {
            return Err(Refused::Invalid(format!("the school has no unit `{unit}`")));
        }
        let at = self.rows.iter().position(|row| row.unit.as_deref() == unit);
        let known = at.map(|at| self.rows[at].clone());
        let state = known.as_ref().map_or(DrainState::Lifted, |row| row.state);
        let next = match (change, state) {
            (Change::Begin, DrainState::Lifted) => DrainState::Draining,
            (Change::EndNow, DrainState::Draining) => DrainState::Ended,
            (Change::Lift, DrainState::Draining | DrainState::Ended) => DrainState::Lifted,
            (Change::EndNow, DrainState::Lifted) => {
                let whose = unit.map_or_else(|| "the whole school".to_owned(), |unit| format!("unit `{unit}`"));
                return Err(Refused::NotNow(format!("{whose} was not disabled; disable it first")));
            }
            _ => return Ok(()),
        };
        let now = self.draft.now;
        let row = DrainRow {
            tenant: self.draft.tenant.to_owned(),
            peer: self.peer.id.clone(),
            unit: unit.map(str::to_owned),
            state: next,
            actor: self.draft.actor.clone(),
            reason: self.reason.to_owned(),
            since: match next {
                DrainState::Draining => now,
                _ => known.as_ref().map_or(now, |row| row.since),
            },
            ended_at: (next == DrainState::Ended).then_some(now),
            version: known.as_ref().map_or(0, |row| row.version),
        };
        let verb = match next {
            DrainState::Draining => "peer.drain",
            DrainState::Ended => "peer.drain-end",
            DrainState::Lifted => "peer.drain-lift",
        };
        let detail = format!("{}; {}", unit.unwrap_or("the whole school"), self.reason);
        self.draft.audit(verb, ("peer", &self.peer.id), detail, b"");
        if next == DrainState::Ended {
            self.tell_left(&row).await?;
        }
        self.draft.put(row.next());
        match at {
            Some(at) => self.rows[at] = row,
            None => self.rows.push(row),
        }
        Ok(())
    }

    /// What is left becomes a person's, sitting by sitting.
    async fn tell_left(&mut self, row: &DrainRow) -> Result<(), Refused> {
        let (core, tenant) = (self.draft.core, self.draft.tenant);
        for left in waiting(&core.db, tenant, &self.peer.id).await? {
            let unit = left.sitting.unit.as_deref();
            if !covers(row, &self.units.lineage(unit)) {
                continue;
            }
            let about = About {
                kind: "offering",
                id: &left.sitting.id,
                unit,
                peer: Some(&self.peer.id),
            };
            let exception = drain_left(&self.peer.name, left.deelnames.len());
            self.draft.open(&exception, about).await?;
        }
        Ok(())
    }

    async fn finish(mut self, change: Change) -> Result<crate::store::WriteSet, Refused> {
        self.peer.drains = self.rows.iter().any(|row| row.state != DrainState::Lifted);
        match change {
            Change::Begin => self.draft.follow_once(look(&self.peer.id)).await?,
            Change::EndNow => {}
            Change::Lift => {
                close_left(&mut self.draft, &self.peer.id, (&self.rows, &self.units)).await?;
                // Polls begin again, and what waited goes on.
                mended::follow(&mut self.draft, &mended::Mending::of(&self.peer.id)).await?;
            }
        }
        self.draft.put(self.peer.next());
        Ok(self.draft.finish())
    }
}

/// Closes what persons were told of sittings of units that are enabled again; `rows` stand as they will.
async fn close_left(draft: &mut Draft<'_>, peer: &str, (rows, units): (&[DrainRow], &Units)) -> Result<(), Refused> {
    let resolution = "De leverancier is weer ingeschakeld.";
    for open in task::open_of_kind(&draft.core.db, draft.tenant, (peer, DRAIN_LEFT)).await? {
        let lineage = units.lineage(open.about.unit.as_deref());
        let is_off = |row: &DrainRow| row.state != DrainState::Lifted && covers(row, &lineage);
        if !rows.iter().any(is_off) {
            let about = (open.about.subject_kind.as_str(), open.about.subject_id.as_str());
            draft.close(DRAIN_LEFT, about, resolution).await?;
        }
    }
    Ok(())
}

/// Enables these units again since they come on a revision. The caller writes the peer.
///
/// # Errors
/// What the database says.
pub async fn lift_in(
    draft: &mut Draft<'_>,
    peer: &mut PeerRow,
    (units, reason): (&[String], &str),
) -> Result<(), Refused> {
    if !peer.drains {
        return Ok(());
    }
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let mut rows = drain::of_peer(db, tenant, &peer.id).await?;
    for row in rows.iter_mut().filter(|row| row.state != DrainState::Lifted) {
        let Some(unit) = row.unit.clone().filter(|unit| units.contains(unit)) else {
            continue;
        };
        row.state = DrainState::Lifted;
        row.actor.clone_from(&draft.actor);
        reason.clone_into(&mut row.reason);
        row.ended_at = None;
        draft.audit("peer.drain-lift", ("peer", &peer.id), format!("{unit}; {reason}"), b"");
        draft.put(row.next());
    }
    peer.drains = rows.iter().any(|row| row.state != DrainState::Lifted);
    let units = Units::of(db, tenant).await?;
    close_left(draft, &peer.id, (&rows, &units)).await
}

fn look(peer: &str) -> Follow<'static> {
    Follow {
        kind: DRAIN,
        // Work inside the host: no vendor is asked.
        peer: "",
        flow: 2,
        lane: lane::name(2, "drain", peer),
        parent: None,
        payload: serde_json::json!({ "peer": peer }),
        full_state: false,
    }
}

/// Sittings at a vendor that wait for something, with their deelnames that do: by id.
///
/// # Errors
/// What the database says.
pub async fn waiting(db: &Database, tenant: &str, peer: &str) -> Result<Vec<Waiting>, StoreError> {
    let (mut found, mut next) = (Vec::new(), Some(String::new()));
    while let Some(after) = next {
        let (page, more) = page(db, (tenant, peer), &Scope::School, (&after, MOST)).await?;
        found.extend(page);
        next = more;
    }
    Ok(found)
}

/// Of the next `most` sittings of these units that are not settled: those that wait for something, and where to go on.
async fn page(
    db: &Database,
    (tenant, peer): (&str, &str),
    units: &Scope,
    (after, most): (&str, u32),
) -> Result<(Vec<Waiting>, Option<String>), StoreError> {
    let page = drain::planned_at(db, (tenant, peer), units, (after, most)).await?;
    let is_full = page.len() >= most as usize;
    let next = page.last().filter(|_| is_full).map(|last| last.id.clone());
    Ok((of_page(db, tenant, page).await?, next))
}

/// The units of these drains that are under way.
fn drained(rows: &[DrainRow], units: &Units) -> Scope {
    let mut drained = Vec::new();
    for row in rows.iter().filter(|row| row.state == DrainState::Draining) {
        match row.unit.as_deref().map(|unit| units.within(unit)) {
            Some(Scope::Units(within)) => drained.extend(within),
            Some(Scope::School) | None => return Scope::School,
        }
    }
    drained.sort_unstable();
    drained.dedup();
    Scope::Units(drained)
}

async fn of_page(db: &Database, tenant: &str, page: Vec<Planned>) -> Result<Vec<Waiting>, StoreError> {
    // The vendor cancels the deelnames of a cancelled sitting itself (§3.2.2).
    let standing = page.iter().filter(|sitting| !sitting.is_canceled);
    let own: Vec<Key> = standing
        .clone()
        .filter(|sitting| sitting.kind == OfferingKind::Sitting)
        .map(|sitting| (tenant.to_owned(), sitting.id.clone()))
        .collect();
    let mut left: BTreeMap<String, Vec<(String, Awaits)>> = BTreeMap::new();
    for (sitting, deelname, one) in drain::left_at(db, &own).await? {
        if let Some(awaits) = one.awaits() {
            left.entry(sitting).or_default().push((deelname, awaits));
        }
    }
    for sitting in standing.filter(|sitting| sitting.kind == OfferingKind::Relayed) {
        let waits = left.entry(sitting.id.clone()).or_default();
        for relayed in association::of_offering(db, tenant, &sitting.id).await? {
            let one = Left {
                state: relayed.facts.state.clone(),
                is_students: relayed.facts.role == crate::domain::model::Role::Student,
                was_told: relayed.confirmed.is_some(),
                is_told: relayed.is_confirmed(),
                progress: relayed.facts.result.as_ref().map_or(Progress::Open, Progress::of),
                judgement: Judgement::Accepted,
                // Its documents go from the vendor to the outside TPL when that asks.
                has_documents: true,
            };
            waits.extend(one.awaits().map(|awaits| (relayed.id, awaits)));
        }
    }
    let of_one = |sitting: Planned| {
        let deelnames = left.remove(&sitting.id).unwrap_or_default();
        let waits = !deelnames.is_empty() || !sitting.is_told;
        waits.then_some(Waiting { sitting, deelnames })
    };
    Ok(page.into_iter().filter_map(of_one).collect())
}

/// A drain, with what it waits for.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The drain.
    pub row: DrainRow,
    /// What it waits for, as far as was looked.
    pub waits: Vec<Waiting>,
    /// There are more sittings than were looked at.
    pub more: bool,
}

/// Everybody who was disabled for a vendor and is not enabled again, each with what it waits for: of the first `most`
/// sittings that are not settled, so that a reader never waits for a whole year to be gone through.
///
/// # Errors
/// What the database says.
pub async fn shown(db: &Database, tenant: &str, peer: &str, most: u32) -> Result<Vec<Shown>, StoreError> {
    let rows = drain::of_peer(db, tenant, peer).await?;
    let rows: Vec<DrainRow> = rows.into_iter().filter(|row| row.state != DrainState::Lifted).collect();
    let units = Units::of(db, tenant).await?;
    let (all, next) = match drained(&rows, &units) {
        Scope::Units(none) if none.is_empty() => (Vec::new(), None),
        scope => page(db, (tenant, peer), &scope, ("", most)).await?,
    };
    let of_row = |row: DrainRow| {
        let is_under_way = row.state == DrainState::Draining;
        let its = |one: &&Waiting| is_under_way && covers(&row, &units.lineage(one.sitting.unit.as_deref()));
        Shown {
            waits: all.iter().filter(its).cloned().collect(),
            more: is_under_way && next.is_some(),
            row,
        }
    };
    Ok(rows.into_iter().map(of_row).collect())
}

/// The drains under way of a vendor, each with whether it waits for anything: looked at until each has something.
async fn under_way(db: &Database, tenant: &str, peer: &str) -> Result<Vec<(DrainRow, bool)>, StoreError> {
    let mut rows = drain::of_peer(db, tenant, peer).await?;
    rows.retain(|row| row.state == DrainState::Draining);
    let units = Units::of(db, tenant).await?;
    let scope = drained(&rows, &units);
    let mut drains: Vec<(DrainRow, bool)> = rows.into_iter().map(|row| (row, false)).collect();
    let mut next = Some(String::new());
    while let Some(after) = next.filter(|_| drains.iter().any(|(_, waits)| !waits)) {
        let (page, more) = page(db, (tenant, peer), &scope, (&after, MOST)).await?;
        for one in page {
            let lineage = units.lineage(one.sitting.unit.as_deref());
            for (row, waits) in &mut drains {
                *waits |= covers(row, &lineage);
            }
        }
        next = more;
    }
    Ok(drains)
}

/// Ends the drains of a vendor that wait for nothing any more; says when to look again, and nothing when none is left.
///
/// # Errors
/// What the database says.
pub async fn end(draft: &mut Draft<'_>, peer_id: &str) -> Result<Option<Timestamp>, Refused> {
    let (core, tenant, now) = (draft.core, draft.tenant, draft.now);
    let Some(row) = peer::find(&core.db, tenant, peer_id).await? else {
        return Ok(None);
    };
    let (mut goes_on, mut ended) = (false, false);
    for (drain, waits) in under_way(&core.db, tenant, peer_id).await? {
        if waits {
            goes_on = true;
            continue;
        }
        ended = true;
        let whose = drain.unit.as_deref().unwrap_or("the whole school");
        draft.audit("peer.drained", ("peer", peer_id), whose.to_owned(), b"");
        let over = DrainRow {
            state: DrainState::Ended,
            actor: "host".to_owned(),
            ended_at: Some(now),
            ..drain
        };
        draft.put(over.next());
    }
    match ended {
        // Every change of who is served moves the peer's row.
        true => draft.put(row.next()),
        // Who is disabled meanwhile is looked at too.
        false => draft.expect(&PEER, values![tenant, peer_id], row.version),
    }
    Ok(goes_on.then(|| now + LOOKS_EVERY))
}
