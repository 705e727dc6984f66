//! Storing what was previewed, and nothing else: its lines are sealed beside the file in one decision, and kept piece by
//! piece by a job, each as any other vendor's result. A stop in the middle loses nothing and doubles nothing.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::preview::{self, Line, Preview, Said, Stated};
use super::{Carrier, FileError, chunk};
use crate::app::around::Versie;
use crate::app::draft::{About, Draft, Follow};
use crate::app::running::Connectors;
use crate::app::{Core, Decision, Refused, catalogue, polled};
use crate::domain::exception;
use crate::domain::lane;
use crate::domain::result::{Head, Source};
use crate::store::carried_file::{self, Counts, FileRow, FileState};
use crate::store::sql::Key;
use crate::store::{WriteSet, document, result as result_store};

/// Kind of the job that stores a file.
pub const STORE_FILE: &str = "store_file";
/// Lines in one commit.
const LINES_AT_ONCE: usize = 40;

/// What a person chose, by the number of the line: which of its readings, counted from 0.
pub type Choices = BTreeMap<u32, usize>;

/// What a job's payload says of its piece.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Storing {
    file: String,
    seq: i64,
}

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
    let content = core.id();
    keep_lines(core, tenant, &content, &lines).await?;
    let (id, revision) = (of.1, Some(revision));
    core.decide::<_, FileError, _, _>(&[format!("carried_file/{tenant}/{id}")], || async {
        let mut draft = Draft::of(core, tenant, carrier.actor());
        let found = carried_file::find(&core.db, tenant, id).await?;
        let found = found.ok_or_else(|| Refused::unknown("file", id))?;
        if found.state != FileState::Previewed {
            return Err(FileError::NotPreviewed(found.state));
        }
        let detail = format!(
            "{} taken, {} known, {} refused",
            counts.taken, counts.known, counts.refused
        );
        draft.audit("file.store", ("file", id), detail, seen.as_bytes());
        follow(&mut draft, id, 0).await?;
        let storing = FileRow {
            state: FileState::Storing,
            lines: Some(content.clone()),
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

/// Pieces are committed one by one; they count only once the file's row names them.
async fn keep_lines(core: &Core, tenant: &str, content: &str, lines: &[Line]) -> Result<(), FileError> {
    for (seq, piece) in lines.chunks(LINES_AT_ONCE).enumerate() {
        let bytes = serde_json::to_vec(piece).expect("lines are JSON");
        let seq = i64::try_from(seq).expect("a file has no more lines");
        let mut set = WriteSet::of(tenant);
        set.put(document::chunk_row(&core.sealer, tenant, content, seq, &bytes)?);
        core.commit(set).await?;
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

async fn follow(draft: &mut Draft<'_>, file: &str, seq: i64) -> Result<(), Refused> {
    draft
        .follow(Follow {
            kind: STORE_FILE,
            // Work inside the host: no vendor is asked, so that none can hold it up.
            peer: "",
            flow: 3,
            lane: lane::name(3, "file", file),
            parent: None,
            payload: json!({ "file": file, "seq": seq }),
            full_state: false,
        })
        .await
}

/// Keeps a piece of a file's lines, and has the next one follow.
///
/// # Errors
/// What the database says.
pub async fn take_piece(draft: &mut Draft<'_>, storing: &Storing) -> Result<(), Refused> {
    let (core, tenant) = (draft.core, draft.tenant);
    let Some(row) = carried_file::find(&core.db, tenant, &storing.file).await? else {
        return Err(Refused::unknown("file", &storing.file));
    };
    let Some(content) = row.lines.clone().filter(|_| row.state == FileState::Storing) else {
        return Ok(());
    };
    if let Some((by, _)) = &row.stored {
        draft.actor = crate::app::account::actor(by);
    }
    draft.revision = row.revision;
    let lines = piece(core, tenant, &content, storing.seq).await?.unwrap_or_default();
    let kept = keep_piece(draft, &row, &lines).await?;
    let is_last = piece(core, tenant, &content, storing.seq + 1).await?.is_none();
    if !is_last {
        follow(draft, &storing.file, storing.seq + 1).await?;
    }
    let after = FileRow {
        state: if is_last { FileState::Stored } else { FileState::Storing },
        counts: Counts {
            stored: row.counts.stored + kept,
            ..row.counts
        },
        ..row
    };
    draft.put(after.next());
    Ok(())
}

/// Another result came between what a person saw and this: theirs is not taken, and they hear of it.
async fn overtaken(draft: &mut Draft<'_>, row: &FileRow, one: &Stated) -> Result<(), Refused> {
    let found = draft
        .around(&one.deelname, Versie::Delivered(one.examenversie.clone()))
        .await?;
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
    let deelnames = results
        .iter()
        .map(|one| (one.deelname.as_str(), Versie::Delivered(one.examenversie.clone())));
    draft.look_around(deelnames).await?;
    // Read after what the lines are judged by: what changes later still is a conflict, and this runs again.
    let keys: Vec<Key> = results
        .iter()
        .map(|one| (draft.tenant.to_owned(), one.deelname.clone()))
        .collect();
    let heads = result_store::heads_with_keys(&draft.core.db, &keys).await?;
    let heads: HashMap<String, Head> = heads
        .into_iter()
        .map(|(_, head)| (head.association.clone(), head))
        .collect();
    let mut kept = 0;
    for one in &results {
        let present = heads.get(&one.deelname).map(|head| (head.seq, head.decided.stands()));
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
    for line in lines {
        if let Said::Test(test) = &line.said {
            catalogue::keep(draft, &row.peer, test).await?;
            kept += 1;
        }
    }
    Ok(kept)
}
