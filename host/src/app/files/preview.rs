//! What a file that came back would do, line by line, before anything of it counts. The same file, connector and state of
//! things give the same preview; its digest says whether what is stored is what was seen.

mod around;

use std::collections::BTreeSet;

use ring::digest;
use serde::{Deserialize, Serialize};

use self::around::Around;
use super::{Carrier, File, FileError, caller, content, counted, decoded, find};
use crate::app::running::Connectors;
use crate::app::{Core, Refused};
use crate::connector::call::{Delivery, Line as Read, Reading};
use crate::connector::files::SheetRow;
use crate::domain::model::{Component, ExamResult};
use crate::store::carried_file::{Counts, FileState};
use crate::store::{StoreError, result as result_store};

/// Rows in one call of the connector.
const ROWS_PER_CALL: usize = 500;

/// What a file would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The file.
    pub file: File,
    /// The revision that read it.
    pub revision: i64,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Its lines, in their order.
    pub lines: Vec<Line>,
    /// Of all this together.
    pub digest: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its number in the file.
    pub number: u32,
    /// Its cells.
    pub cells: Vec<String>,
    /// What comes of it.
    pub said: Said,
}

/// What comes of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// A result or attendance that will be taken.
    Result(Stated),
    /// A test that will be taken.
    Test(Component),
    /// It says what is known already.
    Known,
    /// It says nothing.
    Nothing,
    /// A person chooses one of these, or none.
    Choice(Vec<Stated>),
    /// It is not taken; the sentence is for the person who carries the file, in Dutch.
    Refused {
        /// Stable code.
        code: String,
        /// The sentence.
        message: String,
    },
}

/// What a line says of a deelname.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stated {
    /// The deelname, by our id.
    pub deelname: String,
    /// What tells it from other readings of the line, in Dutch.
    pub label: String,
    /// The result.
    pub result: ExamResult,
    /// Whether the cesuur was applied: `yes`, `no` or `unknown`.
    pub normed: String,
    /// The vendor's code of the version taken.
    pub examenversie: Option<String>,
    /// The result that there is now, where there is one. It is part of what was seen: a preview of which it has changed
    /// is another one.
    pub present: Option<Present>,
}

/// A result that there is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Present {
    /// Its version.
    pub seq: i64,
    /// Its score, where it has one.
    pub score: Option<String>,
    /// Whether a decision stands on it.
    pub decided: bool,
}

impl Stated {
    fn of(reading: &Reading, present: Option<Present>) -> Self {
        let delivery = &reading.delivery;
        Stated {
            deelname: delivery.deelname_peer_id.clone(),
            label: reading.label.clone(),
            result: delivery.result.clone(),
            normed: result_store::normed_word(delivery.normed).to_owned(),
            examenversie: delivery.examenversie.clone(),
            present,
        }
    }

    /// As any other vendor's delivery.
    ///
    /// # Errors
    /// A word that was never kept.
    pub(super) fn delivery(&self) -> Result<Delivery, StoreError> {
        Ok(Delivery {
            deelname_peer_id: self.deelname.clone(),
            result: self.result.clone(),
            normed: result_store::normed_from(&self.normed)?,
            examenversie: self.examenversie.clone(),
        })
    }
}

impl Said {
    fn refused(code: &str, message: impl Into<String>) -> Said {
        Said::Refused {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

impl Preview {
    /// How many lines come to what.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let count = |is: fn(&Said) -> bool| {
            let found = self.lines.iter().filter(|line| is(&line.said)).count();
            u32::try_from(found).unwrap_or(u32::MAX)
        };
        Counts {
            taken: count(|said| matches!(said, Said::Result(_) | Said::Test(_))),
            known: count(|said| matches!(said, Said::Known)),
            refused: count(|said| matches!(said, Said::Refused { .. })),
            ..Counts::default()
        }
    }

    /// How many lines wait for a choice.
    #[must_use]
    pub fn choices(&self) -> usize {
        self.lines
            .iter()
            .filter(|line| matches!(line.said, Said::Choice(_)))
            .count()
    }
}

/// What a file would do now. Nothing is stored.
///
/// # Errors
/// [`FileError`]: no such file, no connector that reads it, or one that refuses it as a whole.
pub async fn preview(
    core: &Core,
    connectors: &Connectors,
    carrier: Carrier<'_>,
    (peer, id): (&str, &str),
) -> Result<Preview, FileError> {
    let file = find(core, carrier, (peer, id)).await?;
    if file.row.state == FileState::Taken {
        return Err(Refused::unknown("file that came back", id).into());
    }
    let sheet = decoded(content(core, &file.row).await?).await?;
    let (read, revision) = read(core, connectors, &file, (&sheet.columns, &sheet.rows)).await?;
    let around = Around::of(core, carrier, peer, &read).await?;
    let mut lines: Vec<Line> = sheet
        .rows
        .iter()
        .zip(read)
        .map(|(row, read)| Line {
            number: row.number,
            cells: row.cells.clone(),
            said: around.said(read),
        })
        .collect();
    once(&mut lines);
    let digest = digest_of(&file, revision, &lines);
    Ok(Preview {
        file,
        revision,
        columns: sheet.columns.clone(),
        lines,
        digest,
    })
}

fn digest_of(file: &File, revision: i64, lines: &[Line]) -> String {
    let said: Vec<(u32, &Said)> = lines.iter().map(|line| (line.number, &line.said)).collect();
    let all = serde_json::to_vec(&(&file.row.digest, revision, said)).expect("lines are JSON");
    hex::encode(digest::digest(&digest::SHA256, &all))
}

/// What the connector, and before it the reader of files, says of each row.
async fn read(
    core: &Core,
    connectors: &Connectors,
    file: &File,
    (columns, rows): (&[String], &[SheetRow]),
) -> Result<(Vec<Read>, i64), FileError> {
    let mut all = Vec::with_capacity(rows.len());
    let mut by = None;
    // A file without rows is held against its columns all the same.
    let pieces = rows.chunks(ROWS_PER_CALL).chain(rows.is_empty().then_some(rows));
    for (place, piece) in pieces.enumerate() {
        let good: Vec<Vec<String>> = piece
            .iter()
            .filter(|row| row.fault.is_none())
            .map(|row| row.cells.clone())
            .collect();
        let effect = format!("{}/{place}", file.row.id);
        let of = (file.row.tenant.as_str(), file.row.peer.as_str());
        let (caller, revision) = caller(connectors, core, of, &effect).await?;
        if *by.get_or_insert(revision) != revision {
            return Err(FileError::SeenOther);
        }
        let answer = caller.read_piece(columns, &good).await;
        let mut said = counted(connectors, core, (of.0, of.1, revision), answer)?.into_iter();
        for row in piece {
            all.push(match &row.fault {
                Some(fault) => Read::Refused {
                    code: fault.code().to_owned(),
                    message: fault.to_string(),
                },
                None => said.next().expect("a call answers with exactly one line per row"),
            });
        }
    }
    Ok((all, by.unwrap_or_default()))
}

/// Of lines that say the same of one deelname or test the first counts.
fn once(lines: &mut [Line]) {
    let mut seen = BTreeSet::new();
    for line in lines {
        let about = match &line.said {
            Said::Result(stated) => format!("deelname/{}", stated.deelname),
            Said::Test(test) => format!("test/{}", test.component_id),
            _ => continue,
        };
        if !seen.insert(about) {
            line.said = Said::Known;
        }
    }
}
