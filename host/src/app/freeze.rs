//! Freezes: times in which no connector is rolled out, from the exam calendar. A rollback is never held up.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::account::actor;
use super::{Core, Decision, Draft, Refused};
use crate::domain::calendar::{day, in_words};
use crate::domain::exam_calendar::{self, Period, WrongLine, exam_weeks};
use crate::domain::label;
use crate::domain::principal::{Account, Duty, WHOLE_SCHOOL};
use crate::domain::rollout::Freeze;
use crate::store::tenant::TenantRow;
use crate::store::{StoreError, freeze};

/// Who keeps the exam calendar: the examenbureau or functioneel beheer, of the whole school.
fn may_keep(account: &Account, now: Timestamp) -> Result<(), Refused> {
    let everywhere = [WHOLE_SCHOOL.to_owned()];
    if account.holding(Duty::Plannen, &everywhere, now).is_ok() {
        return Ok(());
    }
    account.holding(Duty::Beheren, &everywhere, now)?;
    Ok(())
}

/// The freezes that hold now or later, by beginning.
///
/// # Errors
/// What the database says.
pub async fn coming(core: &Core, tenant: &str) -> Result<Vec<Freeze>, StoreError> {
    freeze::ending_after(&core.db, tenant, core.now()).await
}

/// So far ahead sittings are looked at.
const AHEAD: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The most sittings that are looked at.
const MOST_SITTINGS: u32 = 50_000;
/// A week with fewer sittings is no exam week, unless asked otherwise.
pub const EXAM_WEEK: u32 = 10;

/// A freeze that could be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The days.
    pub period: Period,
    /// From this moment.
    pub from: Timestamp,
    /// Until this one.
    pub until: Timestamp,
    /// Its name, Dutch.
    pub name: String,
    /// How many sittings are planned in it.
    pub sittings: u32,
    /// A freeze that was entered holds in all of it.
    pub there: bool,
}

/// A line of a calendar that can't be used, with its number.
pub type Refusal = (usize, WrongLine);

/// Freezes for the exam weeks that follow from the sittings planned: weeks with at least so many of them. Those that a
/// freeze holds in already are left out.
///
/// # Errors
/// What the database says.
pub async fn proposals(core: &Core, tenant: &str, least: u32) -> Result<Vec<Proposal>, StoreError> {
    let days = planned_days(core, tenant).await?;
    let known = coming(core, tenant).await?;
    let weeks = exam_weeks(days.iter().copied(), least).into_iter().map(|(period, _)| {
        let name = format!("Examens vanaf {}", in_words(period.first));
        (period, name)
    });
    let proposed = proposed(weeks, &days, &known, core.now());
    Ok(proposed.into_iter().filter(|one| !one.there).collect())
}

/// The freezes that a school's calendar asks for (lines `first day; last day; name`), and its lines that can't be used.
/// What is over is left out.
///
/// # Errors
/// What the database says.
pub async fn from_calendar(core: &Core, tenant: &str, text: &str) -> Result<(Vec<Proposal>, Vec<Refusal>), StoreError> {
    let days = planned_days(core, tenant).await?;
    let known = coming(core, tenant).await?;
    let (mut good, mut refused) = (Vec::new(), Vec::new());
    for (number, line) in exam_calendar::read(text) {
        match line {
            Ok(entry) => good.push(entry),
            Err(why) => refused.push((number, why)),
        }
    }
    Ok((proposed(good, &days, &known, core.now()), refused))
}

async fn planned_days(core: &Core, tenant: &str) -> Result<Vec<Date>, StoreError> {
    let now = core.now();
    let moments = freeze::sittings_between(&core.db, tenant, (now, now + AHEAD), MOST_SITTINGS).await?;
    Ok(moments.into_iter().map(day).collect())
}

fn proposed(
    entries: impl IntoIterator<Item = (Period, String)>,
    days: &[Date],
    known: &[Freeze],
    now: Timestamp,
) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for (period, name) in entries {
        let Ok((from, until)) = period.moments() else { continue };
        let within = days.iter().filter(|day| (period.first..=period.last).contains(day));
        if until > now {
            proposals.push(Proposal {
                sittings: u32::try_from(within.count()).unwrap_or(u32::MAX),
                there: known.iter().any(|freeze| freeze.from <= from && freeze.until >= until),
                period,
                from,
                until,
                name,
            });
        }
    }
    proposals
}

/// Enters a freeze; returns its id.
///
/// # Errors
/// [`Refused`]: an end before its beginning or in the past, no name, or a function that is not held.
pub async fn enter(
    core: &Core,
    tenant: &str,
    account: &Account,
    (from, until): (Timestamp, Timestamp),
    name: &str,
) -> Result<String, Refused> {
    let new = New {
        from,
        until,
        name: name.to_owned(),
    };
    let entered = enter_all(core, tenant, account, &[new]).await?;
    entered
        .into_iter()
        .next()
        .ok_or_else(|| Refused::unknown("freeze", name))
}

/// A freeze to enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// From this moment.
    pub from: Timestamp,
    /// Until this one.
    pub until: Timestamp,
    /// Its name, Dutch.
    pub name: String,
}

/// Enters freezes, all or none; returns their ids. One that is there already, in time and name, is not entered again.
///
/// # Errors
/// As [`enter`].
pub async fn enter_all(core: &Core, tenant: &str, account: &Account, new: &[New]) -> Result<Vec<String>, Refused> {
    may_keep(account, core.now())?;
    let mut tidy = Vec::new();
    for New { from, until, name } in new {
        if until <= from || *until <= core.now() {
            return Err(Refused::Invalid(format!(
                "a freeze from {from} until {until} holds nothing up: give an end after its beginning, and after now"
            )));
        }
        let name = label::tidy(name).map_err(|why| Refused::Invalid(format!("the name can't be used: {why}")))?;
        tidy.push((*from, *until, name));
    }
    core.decide(&[format!("freeze/{tenant}")], || async {
        let mut draft = Draft::of(core, tenant, actor(&account.id));
        let known = coming(core, tenant).await?;
        let mut ids = Vec::new();
        for (from, until, name) in &tidy {
            let same = |one: &&Freeze| (one.from, one.until, &one.name) == (*from, *until, name);
            if let Some(there) = known.iter().find(same) {
                ids.push(there.id.clone());
                continue;
            }
            let freeze = Freeze {
                id: core.id(),
                from: *from,
                until: *until,
                name: name.clone(),
                entered_by: account.id.clone(),
                withdrawn_at: None,
                version: 0,
            };
            let detail = format!("{from} until {until}");
            draft.audit("freeze.enter", ("freeze", &freeze.id), detail, b"");
            draft.put(freeze::next(tenant, &freeze));
            ids.push(freeze.id);
        }
        if ids.iter().any(|id| known.iter().all(|one| one.id != *id)) {
            touch_school(&mut draft).await?;
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: ids,
        })
    })
    .await
}

/// A revision that is put to work at the same moment sees that a freeze was entered: it depends on the school's row.
async fn touch_school(draft: &mut Draft<'_>) -> Result<(), StoreError> {
    if let Some(school) = draft.core.db.tenant(draft.tenant).await? {
        let version = school.version + 1;
        draft.put(TenantRow { version, ..school }.write());
    }
    Ok(())
}

/// Withdraws a freeze. A second time does nothing.
///
/// # Errors
/// [`Refused`]: no such freeze, or a function that is not held.
pub async fn withdraw(core: &Core, tenant: &str, account: &Account, id: &str) -> Result<(), Refused> {
    may_keep(account, core.now())?;
    core.decide(&[format!("freeze/{tenant}")], || async {
        let mut draft = Draft::of(core, tenant, actor(&account.id));
        let known = freeze::find(&core.db, tenant, id).await?;
        let known = known.ok_or_else(|| Refused::unknown("freeze", id))?;
        if known.withdrawn_at.is_none() {
            let withdrawn = Freeze {
                withdrawn_at: Some(draft.now),
                ..known
            };
            draft.audit("freeze.withdraw", ("freeze", id), String::new(), b"");
            draft.put(freeze::next(tenant, &withdrawn));
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}
