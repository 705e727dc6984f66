//! Storing what was previewed, and nothing else: its lines are sealed beside the file in one decision, and kept piece by
//! piece by a job, each as any other vendor's result. A stop in the middle loses nothing and doubles nothing.

use std::collections::{BTreeMap, HashMap};

use serde_json::json;

use super::preview::{self, Line, Preview, Said, Stated};
use super::{Carrier, FileError, chunk};
use crate::app::around::Versie;
use crate::app::draft::{About, Draft, Follow};
use crate::app::running::Connectors;
use crate::app::{Core, Decision, Refused, catalogue, polled};
use crate::domain::carried::{KEPT_DAYS, erase_at};
use crate::domain::exception;
use crate::domain::lane;
use crate::domain::model::Component;
use crate::domain::result::Source;
use crate::store::carried_file::{self, Counts, FileRow, FileState};
use crate::store::{WriteSet, document};
use crate::values;

/// Kind of the job that stores a file.
pub const STORE_FILE: &str = "store_file";
/// Lines in one commit, each of four to six rows: who comes meanwhile waits some 20 ms for it.
const LINES_AT_ONCE: usize = 150;

/// Pieces of lines in one commit: some hundreds of kilobytes.
const PIECES_AT_ONCE: usize = 32;

/// What a person chose, by the number of the line: which of its readings, counted from 0.
pub type Choices = BTreeMap<u32, usize>;

/// Has a file stored, exactly as it was seen: `seen` is the digest of that preview. Returns what it comes to.
///
/// # Errors
/// [`FileError::SeenOther`] when it would do something else by now, [`FileError::NotPreviewed`] when it is stored already.
pub async fn store(
    core: &Core,
    connectors: &Connectors,
    carrier: Carrier<'_>,
    of: (&str, &str),
    (seen, choices): (&str, &Choices),
) -> Result<Counts, FileError> {
    let tenant = carrier.tenant;
    let previewed = preview::preview(core, connectors, carrier, of).await?;
    if previewed.file.row.state != FileState::Previewed {
        return Err(FileError::NotPreviewed(previewed.file.row.state));
    }
    if previewed.digest != seen {
        return Err(FileError::SeenOther);
    }
    let known = previewed.counts().known;
    let revision = previewed.revision;
    let lines = chosen(previewed, choices)?;
    let taken = lines.iter().filter(|line| is_taken(line)).count();
    let counts = Counts {
        taken: u32::try_from(taken).unwrap_or(u32::MAX),
        known,
        refused: u32::try_from(lines.len() - taken).unwrap_or(u32::MAX),
        ..Counts::default()
    };
    let (id, revision, content) = (of.1, Some(revision), core.id());
    let named = name_lines(core, carrier, id, &content).await?;
    keep_lines(core, (tenant, id, named), &content, &lines).await?;
    core.decide::<_, FileError, _, _>(&[format!("carried_file/{tenant}/{id}")], || async {
        let mut draft = Draft::of(core, tenant, carrier.actor());
        let found = previewed_row(core, tenant, id).await?;
        if found.lines.as_ref() != Some(&content) {
            // Somebody else has it stored at the same moment.
            return Err(FileError::SeenOther);
        }
        let detail = format!(
            "{} taken, {} known, {} refused",
            counts.taken, counts.known, counts.refused
        );
        draft.audit("file.store", ("file", id), detail, seen.as_bytes());
        follow(&mut draft, id).await?;
        let storing = FileRow {
            state: FileState::Storing,
            erase_at: erase_at(draft.now, KEPT_DAYS),
            counts,
            stored: Some((carrier.account.id.clone(), draft.now)),
            revision,
            ..found
        };
        draft.put(storing.next());
        Ok(Decision {
            write_set: draft.finish(),
            answer: counts,
        })
    })
    .await
}

async fn previewed_row(core: &Core, tenant: &str, id: &str) -> Result<FileRow, FileError> {
    let found = carried_file::find(&core.db, tenant, id).await?;
    let found = found.ok_or_else(|| Refused::unknown("file", id))?;
    match (found.erased_at, found.state) {
        (Some(at), _) => Err(FileError::Erased(at)),
        (None, FileState::Previewed) => Ok(found),
        (None, state) => Err(FileError::NotPreviewed(state)),
    }
}

/// Says in the row where the lines will lie before the first of them is kept. What an earlier try left there, which a kill
/// may have ended, is erased: it never counted.
/// Returns the version of the row that says so.
async fn name_lines(core: &Core, carrier: Carrier<'_>, id: &str, content: &str) -> Result<i64, FileError> {
    let tenant = carrier.tenant;
    core.decide::<_, FileError, _, _>(&[format!("carried_file/{tenant}/{id}")], || async {
        let found = previewed_row(core, tenant, id).await?;
        let mut draft = Draft::of(core, tenant, carrier.actor());
        if let Some(earlier) = &found.lines {
            draft.erase(document::erasure(tenant, earlier));
        }
        let named = FileRow {
            lines: Some(content.to_owned()),
            ..found
        };
        draft.put(named.next());
        Ok(Decision {
            write_set: draft.finish(),
            answer: named.version + 1,
        })
    })
    .await
}

fn is_taken(line: &Line) -> bool {
    matches!(line.said, Said::Result(_) | Said::Test(_))
}

/// The lines to keep: those taken, with what was chosen, and those that are not, with the reason.
fn chosen(previewed: Preview, choices: &Choices) -> Result<Vec<Line>, FileError> {
    let mut lines = Vec::with_capacity(previewed.lines.len());
    let mut about: HashMap<String, u32> = HashMap::new();
    let mut used = 0;
    for mut line in previewed.lines {
        line.said = match (line.said, choices.get(&line.number)) {
            (Said::Known | Said::Nothing, None) => continue,
            (Said::Choice(several), Some(nth)) => {
                used += 1;
                let one = several.into_iter().nth(*nth);
                Said::Result(one.ok_or(FileError::NoSuchChoice(line.number))?)
            }
            (Said::Choice(_), None) => Said::Refused {
                code: "not-chosen".to_owned(),
                message: "Deze regel kan meer dan één ding betekenen, en er is niets gekozen.".to_owned(),
            },
            (_, Some(_)) => return Err(FileError::NoSuchChoice(line.number)),
            (said, None) => said,
        };
        if let Said::Result(Stated { deelname, .. }) = &line.said
            && let Some(other) = about.insert(deelname.clone(), line.number)
        {
            return Err(FileError::TwoOfOne(other, line.number));
        }
        lines.push(line);
    }
    if let Some(number) = (used < choices.len()).then(|| choices.keys().next()).flatten() {
        return Err(FileError::NoSuchChoice(*number));
    }
    match lines.iter().any(is_taken) {
        true => Ok(lines),
        false => Err(FileError::NothingToStore),
    }
}

/// The pieces count only once the file's row says that it is being stored, and each depends on the row that names them: who
/// else has the file stored at this moment, or erases it, leaves no line that no row names.
async fn keep_lines(
    core: &Core,
    (tenant, id, named): (&str, &str, i64),
    content: &str,
    lines: &[Line],
) -> Result<(), FileError> {
    let pieces: Vec<&[Line]> = lines.chunks(LINES_AT_ONCE).collect();
    for (nth, some) in pieces.chunks(PIECES_AT_ONCE).enumerate() {
        let mut set = WriteSet::of(tenant);
        for (place, piece) in some.iter().enumerate() {
            let bytes = serde_json::to_vec(piece).expect("lines are JSON");
            let seq = i64::try_from(nth * PIECES_AT_ONCE + place).expect("a file has no more lines");
            set.put(document::chunk_row(&core.sealer, tenant, content, seq, &bytes)?);
        }
        set.expect(&carried_file::CARRIED_FILE, values![tenant, id], named);
        match core.commit(set).await {
            Err(error) if error.is_conflict() => return Err(FileError::SeenOther),
            other => other?,
        }
    }
    Ok(())
}

async fn piece(core: &Core, tenant: &str, content: &str, seq: i64) -> Result<Option<Vec<Line>>, Refused> {
    let Some(bytes) = chunk(core, tenant, content, seq).await? else {
        return Ok(None);
    };
    let lines = serde_json::from_slice(&bytes).map_err(|error| crate::store::StoreError::Inconsistent {
        column: "document_chunk.bytes".to_owned(),
        why: error.to_string(),
    })?;
    Ok(Some(lines))
}

/// The lines of a file that were not taken when it was stored, with the reason.
///
/// # Errors
/// What the database says.
pub async fn refused(core: &Core, row: &FileRow) -> Result<Vec<Line>, FileError> {
    let Some(content) = &row.lines else {
        return Ok(Vec::new());
    };
    let mut refused = Vec::new();
    for seq in 0.. {
        let Some(lines) = piece(core, &row.tenant, content, seq).await? else {
            break;
        };
        refused.extend(lines.into_iter().filter(|line| !is_taken(line)));
    }
    Ok(refused)
}

/// The lane of that job.
pub(super) fn lane_of(file: &str) -> String {
    lane::name(3, "file", file)
}

/// The job that keeps the lines of a file that is being stored; the file's row says how far it is.
///
/// # Errors
/// What the database says.
pub async fn follow(draft: &mut Draft<'_>, file: &str) -> Result<(), Refused> {
    draft
        .follow(Follow {
            kind: STORE_FILE,
            // Work inside the host: no vendor is asked, so that none can hold it up.
            peer: "",
            flow: 3,
            lane: lane_of(file),
            parent: None,
            payload: json!({ "file": file }),
            full_state: false,
        })
        .await
}

/// Keeps the next piece of a file's lines, in one commit with how far it is. Says whether there is another.
///
/// # Errors
/// What the database says.
pub async fn keep_next(core: &Core, tenant: &str, file: &str) -> Result<bool, Refused> {
    core.decide(&[format!("carried_file/{tenant}/{file}")], || async {
        let mut draft = Draft::of(core, tenant, format!("job:{STORE_FILE}"));
        let row = carried_file::find(&core.db, tenant, file).await?;
        let row = row.ok_or_else(|| Refused::unknown("file", file))?;
        let goes_on = match row.lines.clone().filter(|_| row.state == FileState::Storing) {
            Some(content) => take_piece(&mut draft, row, &content).await?,
            None => false,
        };
        Ok(Decision {
            write_set: draft.finish(),
            answer: goes_on,
        })
    })
    .await
}

async fn take_piece(draft: &mut Draft<'_>, row: FileRow, content: &str) -> Result<bool, Refused> {
    let (core, tenant) = (draft.core, draft.tenant);
    if let Some((by, _)) = &row.stored {
        draft.actor = crate::app::account::actor(by);
    }
    draft.revision = row.revision;
    let seq = i64::from(row.counts.pieces);
    let lines = piece(core, tenant, content, seq).await?;
    let lines = lines.ok_or_else(|| crate::store::StoreError::Inconsistent {
        column: "carried_file.lines".to_owned(),
        why: format!("piece {seq} of the lines of file {} is not there", row.id),
    })?;
    let kept = keep_piece(draft, &row, &lines).await?;
    let goes_on = document::has_chunk(&core.db, tenant, content, seq + 1).await?;
    let after = FileRow {
        state: if goes_on { FileState::Storing } else { FileState::Stored },
        counts: Counts {
            stored: row.counts.stored + kept,
            pieces: row.counts.pieces + 1,
            ..row.counts
        },
        ..row
    };
    draft.put(after.next());
    Ok(goes_on)
}

fn versie(one: &Stated) -> Versie {
    Versie::Delivered(one.examenversie.clone())
}

/// Another result came between what a person saw and this: theirs is not taken, and they hear of it.
async fn overtaken(draft: &mut Draft<'_>, row: &FileRow, one: &Stated) -> Result<(), Refused> {
    let found = draft.around(&one.deelname, versie(one)).await?;
    let unit = found.and_then(|around| around.sitting).and_then(|sitting| sitting.unit);
    let about = About {
        kind: "association",
        id: &one.deelname,
        unit: unit.as_deref(),
        peer: Some(&row.peer),
    };
    draft.open(&exception::file_line_overtaken(), about).await
}

async fn keep_piece(draft: &mut Draft<'_>, row: &FileRow, lines: &[Line]) -> Result<u32, Refused> {
    let stated = |line: &'_ Line| match &line.said {
        Said::Result(stated) => Some(stated.clone()),
        _ => None,
    };
    let results: Vec<Stated> = lines.iter().filter_map(stated).collect();
    let deelnames = results.iter().map(|one| (one.deelname.as_str(), versie(one)));
    draft.look_around(deelnames).await?;
    let mut kept = 0;
    for one in &results {
        // Should it change after this was read, the row's version says so, and this runs again.
        let head = draft
            .beforehand(&one.deelname, versie(one))
            .and_then(|around| around.head.as_ref());
        let present = head.map(|head| (head.seq, head.decided.stands()));
        if present != one.present.as_ref().map(|seen| (seen.seq, seen.decided)) {
            overtaken(draft, row, one).await?;
            continue;
        }
        let delivery = one.delivery()?;
        let revision = row.revision.unwrap_or_default();
        match polled::result(draft, &row.peer, &one.deelname, &delivery, Source::File, revision).await {
            Ok(_) => {}
            Err(Refused::Unknown { .. }) => {
                polled::keep_unknown(draft, &row.peer, &one.deelname, &delivery).await?;
            }
            Err(refused) => return Err(refused),
        }
        kept += 1;
    }
    let tests: Vec<&Component> = lines
        .iter()
        .filter_map(|line| match &line.said {
            Said::Test(test) => Some(test),
            _ => None,
        })
        .collect();
    catalogue::keep(draft, &row.peer, tests.iter().copied()).await?;
    Ok(kept + u32::try_from(tests.len()).expect("a piece has few lines"))
}

#[cfg(test)]
mod tests;
