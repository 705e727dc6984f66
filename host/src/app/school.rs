//! A school's own calendar and terms, kept as JSON in its settings beside its policies; each has a default.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Core, Decision, Draft, Refused};
use crate::domain::deadline::{LONGEST_TERM, Terms};
use crate::domain::principal::{Account, Duty, WHOLE_SCHOOL};
use crate::domain::school_calendar::{DaysOff, LiberationDay, SchoolCalendar};
use crate::store::tenant::TenantRow;
use crate::store::{Database, StoreError};

/// The most ranges of days off that a school keeps: some ten years of them.
pub const MOST_DAYS_OFF: usize = 200;

/// When a school works, and how long it gives its people and systems.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchoolTime {
    /// Which days are working days.
    pub calendar: SchoolCalendar,
    /// The terms.
    pub terms: Terms,
}

/// As it stands in the settings.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Kept {
    terms: KeptTerms,
    calendar: KeptCalendar,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct KeptTerms {
    assess: u32,
    exchange: u32,
}

impl Default for KeptTerms {
    fn default() -> Self {
        let Terms { assess, exchange } = Terms::default();
        KeptTerms { assess, exchange }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct KeptCalendar {
    liberation_day: Option<String>,
    days_off: Vec<KeptDaysOff>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptDaysOff {
    from: Date,
    until: Date,
    name: String,
}

fn unreadable(why: impl ToString) -> StoreError {
    StoreError::Inconsistent {
        column: "tenant.settings".to_owned(),
        why: why.to_string(),
    }
}

/// A school's calendar and terms; the defaults until it says otherwise.
///
/// # Errors
/// What the database says; settings that can't be read.
pub async fn time(db: &Database, tenant: &str) -> Result<SchoolTime, StoreError> {
    let Some(row) = db.tenant(tenant).await? else {
        return Ok(SchoolTime::default());
    };
    let kept: Kept = serde_json::from_str(&row.settings).map_err(unreadable)?;
    let liberation_day = match kept.calendar.liberation_day {
        None => LiberationDay::default(),
        Some(word) => LiberationDay::from_name(&word).ok_or_else(|| unreadable(format!("liberationDay `{word}`")))?,
    };
    let days_off = kept.calendar.days_off.into_iter().map(|off| DaysOff {
        from: off.from,
        until: off.until,
        name: off.name,
    });
    Ok(SchoolTime {
        calendar: SchoolCalendar {
            liberation_day,
            days_off: days_off.collect(),
        },
        terms: Terms {
            assess: kept.terms.assess,
            exchange: kept.terms.exchange,
        },
    })
}

/// Who keeps the calendar: functioneel beheer or the examenbureau, of the whole school.
fn may_keep(account: &Account, now: jiff::Timestamp) -> Result<(), Refused> {
    let everywhere = [WHOLE_SCHOOL.to_owned()];
    if account.holding(Duty::Plannen, &everywhere, now).is_ok() {
        return Ok(());
    }
    account.holding(Duty::Beheren, &everywhere, now)?;
    Ok(())
}

/// Changes a school's terms and when it closes on 5 May. Deadlines follow at once.
///
/// # Errors
/// [`Refused`]: a term of 0 or more than [`LONGEST_TERM`] working days; an account that does not keep the calendar.
pub async fn set_terms(
    core: &Core,
    tenant: &str,
    account: &Account,
    terms: Terms,
    liberation_day: LiberationDay,
) -> Result<(), Refused> {
    for (name, term) in [("assess", terms.assess), ("exchange", terms.exchange)] {
        if term == 0 || term > LONGEST_TERM {
            return Err(Refused::Invalid(format!(
                "`{name}` is {term}: give 1 to {LONGEST_TERM} working days"
            )));
        }
    }
    let detail = format!(
        "terms assess {} exchange {}, liberationDay {}",
        terms.assess,
        terms.exchange,
        liberation_day.name()
    );
    change(core, tenant, account, "school.terms", &detail, |time| {
        time.terms = terms;
        time.calendar.liberation_day = liberation_day;
        Ok(())
    })
    .await
}

/// Adds days off.
///
/// # Errors
/// [`Refused`]: days that overlap with others, more than [`MOST_DAYS_OFF`], an account that does not keep the calendar.
pub async fn add_days_off(core: &Core, tenant: &str, account: &Account, off: &DaysOff) -> Result<(), Refused> {
    let detail = format!("{} to {}", off.from, off.until);
    change(core, tenant, account, "school.days-off", &detail, |time| {
        let all = &mut time.calendar.days_off;
        if let Some(other) = all
            .iter()
            .find(|other| other.from <= off.until && off.from <= other.until)
        {
            return Err(Refused::NotNow(format!(
                "{} to {} overlaps with {} ({} to {}); remove that first, or enter the days beside it",
                off.from, off.until, other.name, other.from, other.until
            )));
        }
        if all.len() >= MOST_DAYS_OFF {
            return Err(Refused::NotNow(format!(
                "there are {MOST_DAYS_OFF} ranges of days off already; remove those of past years first"
            )));
        }
        all.push(off.clone());
        all.sort_by_key(|off| off.from);
        Ok(())
    })
    .await
}

/// Removes the days off that begin on a day.
///
/// # Errors
/// [`Refused`]: none begin on that day; an account that does not keep the calendar.
pub async fn remove_days_off(core: &Core, tenant: &str, account: &Account, from: Date) -> Result<(), Refused> {
    let detail = format!("removed those from {from}");
    change(core, tenant, account, "school.days-off", &detail, |time| {
        let before = time.calendar.days_off.len();
        time.calendar.days_off.retain(|off| off.from != from);
        if time.calendar.days_off.len() == before {
            return Err(Refused::unknown("days off from", &from.to_string()));
        }
        Ok(())
    })
    .await
}

async fn change(
    core: &Core,
    tenant: &str,
    account: &Account,
    verb: &'static str,
    detail: &str,
    apply: impl Fn(&mut SchoolTime) -> Result<(), Refused>,
) -> Result<(), Refused> {
    core.decide(&[format!("tenant/{tenant}")], || async {
        may_keep(account, core.now())?;
        let row = core
            .db
            .tenant(tenant)
            .await?
            .ok_or_else(|| Refused::unknown("school", tenant))?;
        let mut changed = time(&core.db, tenant).await?;
        apply(&mut changed)?;
        let mut settings: Map<String, Value> = serde_json::from_str(&row.settings).map_err(unreadable)?;
        let Value::Object(kept) = serde_json::to_value(kept(&changed)).map_err(unreadable)? else {
            return Err(unreadable("calendar and terms are no object").into());
        };
        // What others keep in the settings stays.
        settings.extend(kept);
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        draft.audit(verb, ("tenant", tenant), detail.to_owned(), b"");
        draft.put(
            TenantRow {
                settings: Value::Object(settings).to_string(),
                version: row.version + 1,
                ..row
            }
            .write(),
        );
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

fn kept(time: &SchoolTime) -> Kept {
    let days_off = time.calendar.days_off.iter().map(|off| KeptDaysOff {
        from: off.from,
        until: off.until,
        name: off.name.clone(),
    });
    Kept {
        terms: KeptTerms {
            assess: time.terms.assess,
            exchange: time.terms.exchange,
        },
        calendar: KeptCalendar {
            liberation_day: Some(time.calendar.liberation_day.name().to_owned()),
            days_off: days_off.collect(),
        },
    }
}
