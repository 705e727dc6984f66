//! Deadlines of a school: what is due, late or ahead, per sitting and examenversie; planning a cesuur; and noting which
//! sittings have nothing left, so that lists stay quick.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::school::{self, SchoolTime};
use super::{Core, Decision, Draft, Refused};
use crate::domain::calendar::day;
use crate::domain::deadline::{Kind, Progress, Stage};
use crate::domain::principal::{Account, Duty};
use crate::store::deadline::{self, Alike, CesuurPlanRow, Ended, LookedAt};
use crate::store::mark::Mark;
use crate::store::sql::Key;
use crate::store::{Database, StoreError, component};

/// The most sittings looked at in one piece, and noted as settled in one commit.
const MOST_AT_ONCE: u32 = 200;
/// So many of the latest sittings are counted that were never looked at: more would make lists slow.
const MOST_NEW: u32 = 300;

/// A piece of work with a deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// What sort.
    pub kind: Kind,
    /// The unit whose work it is.
    pub unit: Option<String>,
    /// The vendor.
    pub peer: String,
    /// The vendor's component.
    pub component: String,
    /// Of a cesuur: the examenversie. Of the others: the sitting's name.
    pub name: String,
    /// The sitting; of a cesuur none.
    pub sitting: Option<String>,
    /// Who has to act.
    pub owner: Duty,
    /// How many results.
    pub count: i64,
    /// The last day; `None` for a cesuur that nobody has planned.
    pub due: Option<Date>,
}

/// How a sitting that ended stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SittingWork {
    /// The sitting.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The unit that owns it.
    pub unit: Option<String>,
    /// The vendor.
    pub peer: String,
    /// When it ended.
    pub ended: Timestamp,
    /// Students with a standing deelname.
    pub students: i64,
    /// Of those, who did not turn up.
    pub absent: i64,
    /// To be assessed.
    pub unassessed: i64,
    /// Wait for the cesuur.
    pub without_cesuur: i64,
    /// Known, and not yet at the student system.
    pub underway: i64,
    /// The nearest deadline.
    pub due: Option<Date>,
}

/// All there is to do at a school.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// By deadline, those without one last.
    pub due: Vec<Due>,
    /// By deadline.
    pub sittings: Vec<SittingWork>,
    /// So many sittings that ended longer ago were never looked at, and are not among these; [`settle`] is at it.
    pub not_looked_at: i64,
    /// When the school works, and its terms.
    pub time: SchoolTime,
}

/// What is to be done at a school at a moment.
///
/// # Errors
/// What the database says.
pub async fn work(db: &Database, tenant: &str, now: Timestamp) -> Result<Work, StoreError> {
    let time = school::time(db, tenant).await?;
    let plans = deadline::cesuur_plans(db, tenant).await?;
    let until = deadline::looked_at(db, tenant).await?.until;
    let (mut counted, elsewhere, never) = tokio::try_join!(
        deadline::unsettled(db, tenant, now, until, MOST_NEW),
        deadline::unconfirmed_elsewhere(db, tenant, now),
        deadline::never_looked_at(db, tenant, now, until),
    )?;
    counted.extend(elsewhere);
    Ok(Work {
        not_looked_at: (never - i64::from(MOST_NEW)).max(0),
        ..arrange(&counted, &plans, time)
    })
}

/// What keeps pieces of work apart: sort, vendor, component, sitting or examenversie, unit, and who has to act.
type Apart<'a> = (Kind, &'a str, &'a str, &'a str, Option<&'a str>, &'static str);

/// Pure: what was counted becomes pieces of work with their deadlines.
fn arrange(counted: &[Alike], plans: &[CesuurPlanRow], time: SchoolTime) -> Work {
    let mut due: BTreeMap<Apart<'_>, Due> = BTreeMap::new();
    let mut sittings: BTreeMap<&str, SittingWork> = BTreeMap::new();
    for alike in counted {
        let stage = alike.class.stage();
        let sitting = sittings.entry(&alike.sitting).or_insert_with(|| of_sitting(alike));
        count(sitting, alike, stage);
        let Some(piece) = piece(alike, stage, plans, &time) else {
            continue;
        };
        sitting.due = earliest(sitting.due, piece.due);
        let about = match piece.kind {
            Kind::Cesuur => alike.examenversie.as_str(),
            Kind::Assess | Kind::Exchange => alike.sitting.as_str(),
        };
        let unit = alike.unit.as_deref();
        let key = (
            piece.kind,
            alike.peer.as_str(),
            alike.component.as_str(),
            about,
            unit,
            piece.owner.name(),
        );
        match due.entry(key) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(piece);
            }
            std::collections::btree_map::Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.count += piece.count;
                known.due = earliest(known.due, piece.due);
            }
        }
    }
    let mut work = Work {
        due: due.into_values().collect(),
        sittings: sittings
            .into_values()
            .filter(|sitting| sitting.unassessed + sitting.without_cesuur + sitting.underway > 0)
            .collect(),
        not_looked_at: 0,
        time,
    };
    work.due.sort_by_key(|piece| (piece.due.is_none(), piece.due));
    work.sittings
        .sort_by_key(|sitting| (sitting.due.is_none(), sitting.due, sitting.ended));
    work
}

fn of_sitting(alike: &Alike) -> SittingWork {
    SittingWork {
        id: alike.sitting.clone(),
        name: alike.name.clone(),
        unit: alike.unit.clone(),
        peer: alike.peer.clone(),
        ended: alike.ended,
        students: 0,
        absent: 0,
        unassessed: 0,
        without_cesuur: 0,
        underway: 0,
        due: None,
    }
}

fn count(sitting: &mut SittingWork, alike: &Alike, stage: Stage) {
    sitting.students += alike.count;
    if alike.class.progress == Progress::Absent {
        sitting.absent += alike.count;
    }
    match stage {
        Stage::Assess => sitting.unassessed += alike.count,
        Stage::SetCesuur => sitting.without_cesuur += alike.count,
        Stage::Exchange(_) => sitting.underway += alike.count,
        Stage::Done => {}
    }
}

fn earliest(one: Option<Date>, other: Option<Date>) -> Option<Date> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn piece(alike: &Alike, stage: Stage, plans: &[CesuurPlanRow], time: &SchoolTime) -> Option<Due> {
    let calendar = &time.calendar;
    let (kind, owner, due) = match stage {
        Stage::Done => return None,
        Stage::Assess => {
            let due = calendar.after(day(alike.ended), time.terms.assess);
            (Kind::Assess, Duty::Beoordelen, Some(due))
        }
        Stage::SetCesuur => {
            let planned = plans.iter().find(|plan| {
                (plan.peer.as_str(), plan.component.as_str(), plan.code.as_str())
                    == (
                        alike.peer.as_str(),
                        alike.component.as_str(),
                        alike.examenversie.as_str(),
                    )
            });
            (Kind::Cesuur, Duty::Vaststellen, planned.map(|plan| plan.planned_on))
        }
        Stage::Exchange(owner) => {
            let known = alike.since.unwrap_or(alike.ended);
            (
                Kind::Exchange,
                owner,
                Some(calendar.after(day(known), time.terms.exchange)),
            )
        }
    };
    let is_cesuur = kind == Kind::Cesuur;
    Some(Due {
        kind,
        unit: alike.unit.clone(),
        peer: alike.peer.clone(),
        component: alike.component.clone(),
        name: match is_cesuur {
            true => alike.examenversie.clone(),
            false => alike.name.clone(),
        },
        sitting: (!is_cesuur).then(|| alike.sitting.clone()),
        owner,
        count: alike.count,
        due,
    })
}

/// Plans the day on which the cesuur of an examenversie is set; `code` is the component where the vendor names none.
///
/// # Errors
/// [`Refused`]: no such component; a day before today; an account that does not hold `vaststellen`.
pub async fn plan_cesuur(
    core: &Core,
    tenant: &str,
    account: &Account,
    (peer, component, code): (&str, &str, &str),
    planned_on: Date,
) -> Result<(), Refused> {
    if !account.holds_anywhere(Duty::Vaststellen, core.now()) {
        account.holding(Duty::Vaststellen, &[], core.now())?;
    }
    if planned_on < day(core.now()) {
        return Err(Refused::Invalid(format!(
            "{planned_on} has passed: plan the cesuur for today or later"
        )));
    }
    core.decide(&[], || async {
        if component::find(&core.db, tenant, peer, component).await?.is_none() {
            return Err(Refused::unknown("component", component));
        }
        let known = deadline::cesuur_plan(&core.db, tenant, peer, component, code).await?;
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let row = CesuurPlanRow {
            tenant: tenant.to_owned(),
            peer: peer.to_owned(),
            component: component.to_owned(),
            code: code.to_owned(),
            planned_on,
            actor: draft.actor.clone(),
            at: draft.now,
            version: known.map_or(0, |known| known.version),
        };
        let detail = format!("{component} {code}: {planned_on}");
        draft.audit("cesuur.plan", ("component", component), detail, b"");
        draft.put(row.next());
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// [`settle`] for each school.
///
/// # Errors
/// What the database says.
pub async fn settle_everywhere(core: &Core) -> Result<usize, Refused> {
    let mut settled = 0;
    for school in core.db.tenants().await? {
        settled += settle(core, &school.tenant).await?;
    }
    Ok(settled)
}

/// Notes the sittings of a school that have nothing left to do; returns how many. Goes through them piece by piece, each
/// in a commit of its own, so that a year of them that nobody has looked at yet holds nothing up. What is not noted yet
/// only makes lists slower, and what comes later (R6) is found all the same.
///
/// # Errors
/// What the database says.
pub async fn settle(core: &Core, tenant: &str) -> Result<usize, Refused> {
    let (mut settled, now) = (0, core.now());
    let mut after = Mark::start();
    loop {
        let piece = deadline::ended_after(&core.db, tenant, now, &after, MOST_AT_ONCE).await?;
        let is_last = piece.len() < MOST_AT_ONCE as usize;
        let until = match piece.last() {
            Some(last) if !is_last => last.at,
            _ => now,
        };
        settled += settle_piece(core, tenant, &piece, until).await?;
        match piece.into_iter().next_back() {
            Some(last) if !is_last => {
                after = Mark {
                    moment: last.at,
                    id: last.id,
                };
            }
            _ => return Ok(settled),
        }
    }
}

/// Notes which of these sittings have nothing left to do, and that all that ended before a moment were looked at.
async fn settle_piece(core: &Core, tenant: &str, piece: &[Ended], until: Timestamp) -> Result<usize, Refused> {
    let keys: Vec<Key> = piece
        .iter()
        .map(|ended| (tenant.to_owned(), ended.id.clone()))
        .collect();
    core.decide(&[], || async {
        let mut left: BTreeMap<(String, i64), bool> = BTreeMap::new();
        for alike in deadline::at_sittings(&core.db, &keys).await? {
            let is_done = alike.class.stage() == Stage::Done;
            *left.entry((alike.sitting, alike.version)).or_insert(true) &= is_done;
        }
        let known = deadline::settled_versions(&core.db, &keys).await?;
        let mut draft = Draft::of(core, tenant, "host");
        let done = left.iter().filter(|(_, done)| **done);
        for ((sitting, version), _) in done.clone() {
            let before = known.get(sitting).copied().unwrap_or(0);
            draft.put(deadline::settle(tenant, (sitting, *version), before, draft.now));
        }
        let looked_at = deadline::looked_at(&core.db, tenant).await?;
        if looked_at.until < until {
            draft.put(LookedAt { until, ..looked_at }.next(tenant));
        }
        Ok::<_, Refused>(Decision {
            answer: done.count(),
            write_set: draft.finish(),
        })
    })
    .await
}
