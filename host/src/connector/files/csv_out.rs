//! Writing CSV: quoted where needed, and so that no spreadsheet runs a cell as a formula.

use encoding_rs::WINDOWS_1252;

use crate::connector::call::{Encoding, Table};

/// What begins a formula in one spreadsheet or another.
const BEGINS_FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// Why a table can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// A character that the encoding doesn't have.
    #[error("row {row}, column `{column}`: Windows-1252 has no character `{character}`")]
    NoCharacter {
        /// Counted from 1, the names of the columns being the first.
        row: usize,
        /// The column.
        column: String,
        /// The character.
        character: char,
    },
}

/// Writes a table as a file.
///
/// # Errors
/// [`Unwritable`].
pub fn write(table: &Table) -> Result<Vec<u8>, Unwritable> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(table.delimiter)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let all = std::iter::once(&table.columns).chain(&table.rows);
    for (place, row) in all.enumerate() {
        if table.encoding == Encoding::Windows1252 {
            for (column, cell) in table.columns.iter().zip(row) {
                check_characters(cell).map_err(|character| Unwritable::NoCharacter {
                    row: place + 1,
                    column: column.clone(),
                    character,
                })?;
            }
        }
        let cells = row.iter().map(|cell| escaped(cell));
        writer
            .write_record(cells)
            .expect("memory can be written to, and every row has a cell per column");
    }
    let text = writer.into_inner().expect("memory can be written to");
    match table.encoding {
        Encoding::Utf8 => Ok(text),
        Encoding::Windows1252 => {
            let text = std::str::from_utf8(&text).expect("cells are text");
            Ok(WINDOWS_1252.encode(text).0.into_owned())
        }
    }
}

fn check_characters(cell: &str) -> Result<(), char> {
    if cell.is_ascii() || !WINDOWS_1252.encode(cell).2 {
        return Ok(());
    }
    let mut buffer = [0; 4];
    let missing = cell
        .chars()
        .find(|it| WINDOWS_1252.encode(it.encode_utf8(&mut buffer)).2);
    missing.map_or(Ok(()), Err)
}

/// A cell that a spreadsheet shows as it stands. A plain number needs no care.
fn escaped(cell: &str) -> String {
    let is_number = |text: &str| {
        let digits = text.trim_start_matches(['-', '+']);
        text.len() - digits.len() <= 1
            && !digits.is_empty()
            && digits.bytes().all(|it| it.is_ascii_digit() || it == b',' || it == b'.')
    };
    match begins_formula(cell) && !is_number(cell) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

/// Whether a spreadsheet may take it for a formula; some look past spaces.
fn begins_formula(cell: &str) -> bool {
    cell.starts_with(BEGINS_FORMULA) || cell.trim_start().starts_with(BEGINS_FORMULA)
}

/// A cell as it was before [`escaped`].
pub(super) fn unescaped(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if begins_formula(rest) && !rest.trim_start().starts_with('=') => rest,
        _ => cell,
    }
}
