//! The end of a file's term: its content, its lines and its name are erased for good, in one commit with the audit's entry.
//! The row stays: when and by whom it was made or brought and stored, how much was in it, and the keyed digest by which the
//! same file is known again.

use super::{FileError, keep};
use crate::app::{Core, Decision, Draft};
use crate::store::carried_file::{self, FileRow};
use crate::store::{document, job};

/// Files in one look.
const AT_ONCE: u32 = 50;

/// Erases what is over its term, of any school; returns how many files.
///
/// # Errors
/// [`FileError`]; what was erased before it stays erased.
pub async fn sweep(core: &Core) -> Result<usize, FileError> {
    let mut erased = 0;
    loop {
        let over = carried_file::over(&core.db, core.now(), AT_ONCE).await?;
        if over.is_empty() {
            return Ok(erased);
        }
        for row in over {
            erase(core, &row).await?;
            erased += 1;
        }
    }
}

/// Erases one, if its term is over and nothing stores it.
///
/// # Errors
/// [`FileError`].
pub(super) async fn erase(core: &Core, seen: &FileRow) -> Result<(), FileError> {
    let (tenant, id) = (seen.tenant.as_str(), seen.id.as_str());
    core.decide::<_, FileError, _, _>(&[format!("carried_file/{tenant}/{id}")], || async {
        let mut draft = Draft::of(core, tenant, "host");
        let found = carried_file::find(&core.db, tenant, id).await?;
        let is_over = |row: &FileRow| row.erased_at.is_none() && row.erase_at <= draft.now;
        let is_being_stored = !job::open_in_lane(&core.db, tenant, &keep::lane_of(id))
            .await?
            .is_empty();
        if let Some(row) = found.filter(|row| is_over(row) && !is_being_stored) {
            for content in [Some(&row.content), row.lines.as_ref()].into_iter().flatten() {
                draft.erase(document::erasure(tenant, content));
            }
            draft.audit(
                "file.erase",
                ("file", id),
                format!("{} bytes, its term is over", row.size),
                b"",
            );
            let emptied = FileRow {
                name: Vec::new(),
                erased_at: Some(draft.now),
                ..row
            };
            draft.put(emptied.next());
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}
