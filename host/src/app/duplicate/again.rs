//! Duplicates looked for among the enrolments of a planbare toets that came after them, or whose tests have changed: a
//! piece per job, so that none is too large for one commit (R14).

use std::collections::HashSet;

use serde_json::json;

use super::look_among;
use crate::app::Refused;
use crate::app::draft::{Draft, Follow};
use crate::domain::lane;
use crate::store::association;

/// Kind of the job that looks for duplicates.
pub const FIND_DUPLICATES: &str = "find_duplicates";
/// The most enrolments looked at in one commit.
const MOST_AT_ONCE: usize = 100;

/// The job that looks at the next piece, after an enrolment's id.
///
/// # Errors
/// What the database says.
pub async fn follow(draft: &mut Draft<'_>, plannable: &str, after: &str) -> Result<(), Refused> {
    draft
        .follow(Follow {
            kind: FIND_DUPLICATES,
            // Work inside the host: nobody is asked, so that nobody can hold it up.
            peer: "",
            flow: 1,
            lane: lane::name(1, "duplicates", plannable),
            parent: None,
            payload: json!({ "plannable": plannable, "after": after }),
            full_state: false,
        })
        .await
}

/// Looks at one piece, and has the next follow.
///
/// # Errors
/// What the database says.
pub async fn look_at_piece(draft: &mut Draft<'_>, plannable: &str, after: &str) -> Result<(), Refused> {
    let all = association::of_offering(&draft.core.db, draft.tenant, plannable).await?;
    let mut rest = all
        .into_iter()
        .filter(|one| one.id.as_str() > after && !one.is_canceled());
    let piece: Vec<_> = rest.by_ref().take(MOST_AT_ONCE).collect();
    let is_more = rest.next().is_some();
    let mut seen = HashSet::new();
    for enrolment in &piece {
        look_among(draft, enrolment, &mut seen).await?;
    }
    match piece.last() {
        Some(last) if is_more => follow(draft, plannable, &last.id).await,
        _ => Ok(()),
    }
}
