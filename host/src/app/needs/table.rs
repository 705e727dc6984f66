//! The table of a vendor: what the free codes of student systems mean there. Functioneel beheer writes it, within what
//! the vendor's connector can tell; deelnames that have not begun follow it.

use super::{again, bounds};
use crate::app::{Core, Decision, Draft, Refused};
use crate::domain::needs::{Line, Meaning, Translation};
use crate::domain::principal::{Account, Duty};
use crate::store::needs::{self as needs_store, TranslationRow};
use crate::store::peer;

/// The most lines of a table.
pub const MOST_LINES: usize = 500;
/// The longest code, in characters.
const LONGEST_CODE: usize = 100;

/// Writes a vendor's table whole. `seen` is the version that whoever wrote it started from: another in between is not
/// overwritten. Deelnames follow by the job that is queued with it.
///
/// # Errors
/// [`Refused`]: an unknown vendor, a line that can't be, a version seen that is not the present one, or an account that
/// does not hold `beheren` for the whole school.
pub async fn set(
    core: &Core,
    tenant: &str,
    account: &Account,
    peer_id: &str,
    table: &Translation,
    seen: Option<i64>,
) -> Result<(), Refused> {
    account.holding(Duty::Beheren, &[], core.now())?;
    check_size(table)?;
    core.decide(&[format!("needs/{tenant}/{peer_id}")], || async {
        let db = &core.db;
        let found = peer::find(db, tenant, peer_id).await?.filter(|found| found.hat == "ta");
        if found.is_none() {
            return Err(Refused::unknown("vendor", peer_id));
        }
        let bounds = bounds(db, tenant, peer_id).await?;
        if let Err(wrong) = table.check(bounds.as_ref()) {
            return Err(Refused::WrongLine(wrong));
        }
        let known = needs_store::translation(db, tenant, peer_id).await?;
        let version = known.as_ref().map_or(0, |known| known.version);
        if seen.is_some_and(|seen| seen != version) {
            return Err(Refused::NotNow(format!(
                "the table of {peer_id} has been changed since you read it: read it again and repeat your change"
            )));
        }
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        if known.is_none_or(|known| known.translation != *table) {
            let row = TranslationRow {
                tenant: tenant.to_owned(),
                peer: peer_id.to_owned(),
                translation: table.clone(),
                actor: draft.actor.clone(),
                at: draft.now,
                version,
            };
            let detail = format!("version {}, {} lines", version + 1, table.lines.len());
            draft.audit("needs.table", ("peer", peer_id), detail, printed(table).as_bytes());
            draft.put(row.next());
            again::follow(&mut draft, peer_id, None, "").await?;
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

fn check_size(table: &Translation) -> Result<(), Refused> {
    if table.lines.len() > MOST_LINES {
        return Err(Refused::Invalid(format!(
            "a table of {} lines is too long: {MOST_LINES} at most",
            table.lines.len()
        )));
    }
    let is_long = |line: &&Line| line.code.chars().count() > LONGEST_CODE;
    match table.lines.iter().find(is_long) {
        Some(_) => Err(Refused::Invalid(format!(
            "a code in the table is longer than {LONGEST_CODE} characters"
        ))),
        None => Ok(()),
    }
}

/// What the audit vouches for.
fn printed(table: &Translation) -> String {
    let line = |line: &Line| match &line.meaning {
        Meaning::Arranged => format!("{}: arranged", line.code),
        Meaning::Told { time, code } => format!("{}: {time:?} {code:?}", line.code),
    };
    let lines: Vec<String> = table.lines.iter().map(line).collect();
    format!("{:?}\n{}", table.rounding, lines.join("\n"))
}
