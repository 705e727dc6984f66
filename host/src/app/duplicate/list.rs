//! Pairs as people look at them: those that wait, and those that are merged.

use super::Read;
use crate::app::{Core, Refused};
use crate::domain::duplicate::{self, PairState};
use crate::store::duplicate::{self as pairs, PairRow};
use crate::store::scope::Scope;

/// A pair as a person looks at it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The pair.
    pub row: PairRow,
    /// The one that is served along.
    pub enrolment: Read,
    /// The one that is kept.
    pub kept: Read,
}

/// The pairs that wait for a person (found, and still one exam without a result), or those that are merged, of which
/// either planbare toets lies in a scope; at most so many.
///
/// # Errors
/// What the database says.
pub async fn list(
    core: &Core,
    tenant: &str,
    (state, scope): (PairState, &Scope),
    limit: u32,
) -> Result<Vec<Shown>, Refused> {
    let mut shown = Vec::new();
    for row in pairs::in_state(&core.db, tenant, (state, scope), limit).await? {
        let enrolment = Read::find(&core.db, tenant, &row.enrolment).await?;
        let kept = Read::find(&core.db, tenant, &row.kept).await?;
        if state == PairState::Found && !duplicate::are_one(enrolment.enrolled(), kept.enrolled()) {
            continue;
        }
        shown.push(Shown { row, enrolment, kept });
    }
    Ok(shown)
}
