//! The daily check: what a day stood at, and who has signed it off.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::nightly;
use crate::app::account::actor;
use crate::app::{Core, Decision, Draft, Refused};
use crate::domain::calendar::day;
use crate::domain::daily::{Stood, lines};
use crate::domain::exam_calendar::Period;
use crate::domain::principal::{Account, Duty, WHOLE_SCHOOL};
use crate::store::comparison::Outcome;
use crate::store::daily_check::DailyCheckRow;
use crate::store::{StoreError, comparison, daily_check, flow_count};

/// So many days back a day can be counted: it is read by what was finished since.
pub const DAYS_BACK: i64 = 14;
/// A comparison counts as of a day when it is at most so old.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// What the last night was to compare is not older than this: it begins at 02:00, and takes its time.
const LAST_NIGHT: SignedDuration = SignedDuration::from_hours(28);

/// The moments between which a day lies at school.
///
/// # Errors
/// [`Refused::Invalid`] for a day in the future, or too long ago to be counted.
pub fn bounds(day_asked: Date, now: Timestamp) -> Result<(Timestamp, Timestamp), Refused> {
    let today = day(now);
    let ago = day_asked.until(today).map(|span| span.get_days()).unwrap_or(i32::MAX);
    if ago < 0 || i64::from(ago) > DAYS_BACK {
        return Err(Refused::Invalid(format!(
            "{day_asked} can't be counted: choose a day from {DAYS_BACK} days ago until today"
        )));
    }
    let that_day = Period {
        first: day_asked,
        last: day_asked,
    };
    that_day
        .moments()
        .map_err(|_| Refused::Invalid(format!("{day_asked} is no day that can be counted")))
}

/// What a day stands at now: its messages, and what differs as it was compared last.
///
/// # Errors
/// [`Refused::Invalid`] for a day that can't be counted; what the database says.
pub async fn stands(core: &Core, tenant: &str, day: Date) -> Result<Stood, Refused> {
    let (db, now) = (&core.db, core.now());
    let between = bounds(day, now)?;
    let mut counted = flow_count::came(db, tenant, between).await?;
    counted.extend(flow_count::went(db, tenant, between).await?);
    let compared = comparison::counted_since(db, tenant, now - FRESH).await?;
    let not_whole = |outcome| matches!(outcome, Outcome::Waiting | Outcome::Unreadable);
    let not_compared = compared.iter().filter(|one| not_whole(one.outcome));
    Ok(Stood {
        differing: comparison::differing(db, tenant).await?,
        not_compared: not_compared.map(|one| one.count).sum(),
        overdue: comparison::overdue(db, tenant, (now, now + nightly::AHEAD - LAST_NIGHT), now - LAST_NIGHT).await?,
        flows: lines(&counted),
    })
}

/// The looks at the days that can be counted, the newest first.
///
/// # Errors
/// What the database says.
pub async fn recent(core: &Core, tenant: &str) -> Result<Vec<DailyCheckRow>, StoreError> {
    let since = day(core.now() - SignedDuration::from_hours(24 * DAYS_BACK));
    daily_check::since(&core.db, tenant, since).await
}

/// Signs a day off as it stands: who, when, what it stood at, and why where something is open. `seen` is how much was open
/// on the page that was looked at; where more is open by now, nobody has seen it.
///
/// # Errors
/// [`Refused`]: a day that can't be counted, a function that is not held, a reason that is missing, or something that was
/// not seen.
pub async fn sign_off(
    core: &Core,
    tenant: &str,
    account: &Account,
    day: Date,
    (seen, reason): (i64, &str),
) -> Result<DailyCheckRow, Refused> {
    core.decide(&[format!("daily/{tenant}")], || async {
        may_sign(account, core.now())?;
        let stood = stands(core, tenant, day).await?;
        let open = stood.open();
        if open > seen {
            return Err(Refused::NotNow(format!(
                "{open} differences and messages are open by now and {seen} were seen: look again"
            )));
        }
        stood
            .may_be_signed(reason)
            .map_err(|missing| Refused::Invalid(missing.to_string()))?;
        let mut draft = Draft::of(core, tenant, actor(&account.id));
        let row = DailyCheckRow {
            tenant: tenant.to_owned(),
            day,
            seq: daily_check::count(&core.db, tenant, day).await? + 1,
            account: account.id.clone(),
            at: draft.now,
            stood,
            reason: reason.trim().to_owned(),
        };
        let detail = format!(
            "{} differing, {} not compared, {open} open in all; {}",
            row.stood.differing, row.stood.not_compared, row.reason
        );
        let content = serde_json::to_vec(&row.stood).expect("names and numbers are JSON");
        draft.audit("day.sign-off", ("day", &day.to_string()), detail, &content);
        draft.put(row.write());
        Ok(Decision {
            write_set: draft.finish(),
            answer: row,
        })
    })
    .await
}

/// Whether an account looks after the whole day: the examenbureau or functioneel beheer of the whole school.
///
/// # Errors
/// [`Refused::NotAllowed`].
pub fn may_sign(account: &Account, now: Timestamp) -> Result<(), Refused> {
    let everywhere = [WHOLE_SCHOOL.to_owned()];
    if account.holding(Duty::Beheren, &everywhere, now).is_ok() {
        return Ok(());
    }
    account.holding(Duty::Plannen, &everywhere, now)?;
    Ok(())
}
