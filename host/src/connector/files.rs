//! Files that a person carries: what comes in is decoded into rows of text under hard limits, before any connector sees
//! it; what goes out is written so that nothing in it runs as a formula.
//!
//! A file is known by its first bytes, never by its name. The sentences of [`Unreadable`] and [`Fault`] are for the person
//! who carries the file, in Dutch.

mod csv_in;
mod csv_out;
#[cfg(test)]
mod tests;
mod xlsx;

pub use csv_out::{Unwritable, write};

/// The largest file that is taken, in bytes.
pub const LARGEST_FILE: usize = 32 << 20;
/// Most rows in a file.
pub const MOST_ROWS: usize = 50_000;
/// Most columns.
pub const MOST_COLUMNS: usize = 200;
/// The longest cell, in bytes.
pub const LONGEST_CELL: usize = 4 << 10;
/// All cells.
const MOST_CELLS: usize = 1_000_000;
/// All cells together, in bytes.
const MOST_TEXT: usize = 64 << 20;

/// What a file says: its columns and rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The rows below them.
    pub rows: Vec<SheetRow>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRow {
    /// Its number in the file, as a spreadsheet and an editor count: the names of the columns are row 1.
    pub number: u32,
    /// A cell for each column, as far as there are any; what is left of a bad row can be shown.
    pub cells: Vec<String>,
    /// Why it can't be read.
    pub fault: Option<Fault>,
}

/// Why a row can't be read. It costs only itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Too many or too few cells.
    #[error(
        "De regel heeft {found} cellen, en er zijn {expected} kolommen. Staat er een scheidingsteken te veel of te weinig?"
    )]
    Cells {
        /// As many as there are columns.
        expected: usize,
        /// As many as there are.
        found: usize,
    },
    /// A formula: what it shows may be another thing tomorrow.
    #[error("In kolom ‘{0}’ staat een formule. Plak de waarde ervoor in de plaats.")]
    Formula(String),
    /// An error value of a spreadsheet.
    #[error("In kolom ‘{0}’ staat een foutwaarde van het rekenblad.")]
    Error(String),
    /// A cell without end.
    #[error("De tekst in kolom ‘{0}’ is te lang.")]
    TooLong(String),
    /// Line breaks and what can't be seen.
    #[error("In kolom ‘{0}’ staat een regeleinde of een onzichtbaar teken.")]
    Unseen(String),
}

impl Fault {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Fault::Cells { .. } => "cells",
            Fault::Formula(_) => "formula",
            Fault::Error(_) => "error-value",
            Fault::TooLong(_) => "too-long",
            Fault::Unseen(_) => "unseen-character",
        }
    }
}

/// Why a file can't be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing in it.
    #[error("Het bestand is leeg.")]
    Empty,
    /// Beyond [`LARGEST_FILE`].
    #[error("Het bestand is groter dan {} MiB. Splits het.", LARGEST_FILE >> 20)]
    TooLarge,
    /// Beyond [`MOST_ROWS`], or too much text.
    #[error("Het bestand heeft meer dan {MOST_ROWS} regels, of te veel tekst. Splits het.")]
    TooMuch,
    /// Beyond [`MOST_COLUMNS`].
    #[error("Het bestand heeft meer dan {MOST_COLUMNS} kolommen.")]
    TooWide,
    /// No text in UTF-8 or Windows-1252.
    #[error("Het bestand is geen tekst in UTF-8 of Windows-1252. Bewaar het als ‘CSV UTF-8’ of als XLSX.")]
    NotText,
    /// Nothing that parts columns.
    #[error("In de eerste regel staat geen scheidingsteken: verwacht wordt een puntkomma, komma, tab of |.")]
    NoDelimiter,
    /// Two that do so equally well.
    #[error(
        "Het is niet duidelijk of ‘{0}’ of ‘{1}’ de kolommen scheidt. Gebruik in de eerste regel maar één van beide."
    )]
    TwoDelimiters(char, char),
    /// A quote that is never closed would swallow what follows.
    #[error("Een aanhalingsteken wordt niet gesloten; kijk naar regel {0}.")]
    OpenQuote(u32),
    /// A column without a name.
    #[error("Kolom {0} heeft geen naam in de eerste regel.")]
    NoName(usize),
    /// The same column twice.
    #[error("De kolom ‘{0}’ komt twee keer voor.")]
    DoubledColumn(String),
    /// A document in XML.
    #[error("Dit is een XML-bestand. Lever de lijst aan als CSV of XLSX.")]
    Xml,
    /// An older or a locked spreadsheet.
    #[error("Dit is een oud (.xls) of beveiligd rekenblad. Bewaar het zonder wachtwoord als XLSX.")]
    OldOrLocked,
    /// A program in a spreadsheet.
    #[error("Het rekenblad bevat macro’s. Bewaar het als gewone XLSX, zonder macro’s.")]
    Macros,
    /// Declarations of entities have no place in a spreadsheet.
    #[error("Het rekenblad bevat XML-verklaringen (DOCTYPE of ENTITY) die er niet in horen.")]
    Entities,
    /// It unpacks to far more than a list can be.
    #[error("Het rekenblad is uitgepakt veel te groot. Kopieer de lijst naar een nieuw rekenblad.")]
    UnpacksTooLarge,
    /// More than one sheet with something in it.
    #[error("Het rekenblad heeft meer dan één werkblad met gegevens. Bewaar de lijst als enige werkblad.")]
    SeveralSheets,
    /// A zip archive that is no spreadsheet, or a broken one.
    #[error("Dit is geen leesbaar rekenblad (XLSX).")]
    NoSpreadsheet,
}

impl Unreadable {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Unreadable::Empty => "empty",
            Unreadable::TooLarge => "too-large",
            Unreadable::TooMuch => "too-many-rows",
            Unreadable::TooWide => "too-many-columns",
            Unreadable::NotText => "encoding",
            Unreadable::NoDelimiter | Unreadable::TwoDelimiters(..) => "delimiter",
            Unreadable::OpenQuote(_) => "open-quote",
            Unreadable::NoName(_) => "column-without-name",
            Unreadable::DoubledColumn(_) => "doubled-column",
            Unreadable::Xml => "xml",
            Unreadable::OldOrLocked => "old-or-locked",
            Unreadable::Macros => "macros",
            Unreadable::Entities => "xml-entities",
            Unreadable::UnpacksTooLarge => "unpacks-too-large",
            Unreadable::SeveralSheets => "several-sheets",
            Unreadable::NoSpreadsheet => "no-spreadsheet",
        }
    }
}

/// Reads a file. Takes a while for a large one: not on a thread that serves others.
///
/// # Errors
/// [`Unreadable`].
pub fn read(bytes: &[u8]) -> Result<Sheet, Unreadable> {
    if bytes.len() > LARGEST_FILE {
        return Err(Unreadable::TooLarge);
    }
    let rows = match bytes {
        [b'P', b'K', 3, 4, ..] => xlsx::rows(bytes)?,
        [0xD0, 0xCF, 0x11, 0xE0, ..] => return Err(Unreadable::OldOrLocked),
        _ => csv_in::rows(bytes)?,
    };
    sheet(rows)
}

/// The media type that a content shows: what [`read`] reads it as.
#[must_use]
pub fn media_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [b'P', b'K', 3, 4, ..] => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "text/csv",
    }
}

/// Rows as they stand, the first of which names the columns.
struct Rows {
    rows: Vec<SheetRow>,
    /// Rows may end before the last column: so a spreadsheet keeps empty cells.
    may_be_short: bool,
}

fn sheet(read: Rows) -> Result<Sheet, Unreadable> {
    let mut rows = read.rows.into_iter();
    let head = rows.next().ok_or(Unreadable::Empty)?;
    let columns = columns(&head)?;
    // Short rows are filled up.
    if rows.len().saturating_mul(columns.len()) > MOST_CELLS {
        return Err(Unreadable::TooMuch);
    }
    let rows = rows
        .map(|row| shaped(row, &columns, read.may_be_short))
        .collect::<Vec<_>>();
    Ok(Sheet { columns, rows })
}

fn columns(head: &SheetRow) -> Result<Vec<String>, Unreadable> {
    let mut columns: Vec<String> = head.cells.iter().map(|name| name.trim().to_owned()).collect();
    while columns.last().is_some_and(String::is_empty) {
        columns.pop();
    }
    if columns.is_empty() {
        return Err(Unreadable::Empty);
    }
    if columns.len() > MOST_COLUMNS {
        return Err(Unreadable::TooWide);
    }
    let mut seen = std::collections::HashSet::new();
    for (place, name) in columns.iter().enumerate() {
        if name.is_empty() {
            return Err(Unreadable::NoName(place + 1));
        }
        if name.len() > LONGEST_CELL || name.contains(char::is_control) {
            return Err(Unreadable::NotText);
        }
        if !seen.insert(name.to_lowercase()) {
            return Err(Unreadable::DoubledColumn(name.clone()));
        }
    }
    Ok(columns)
}

/// A row with exactly a cell per column, or with what is wrong with it.
fn shaped(mut row: SheetRow, columns: &[String], may_be_short: bool) -> SheetRow {
    while row.cells.len() > columns.len() && row.cells.last().is_some_and(|cell| cell.trim().is_empty()) {
        row.cells.pop();
    }
    // An empty line of a text file.
    if row.cells.iter().all(|cell| cell.trim().is_empty()) || (may_be_short && row.cells.len() < columns.len()) {
        row.cells.resize(columns.len(), String::new());
    }
    let name = |place: usize| columns.get(place).cloned().unwrap_or_else(|| (place + 1).to_string());
    if row.cells.len() != columns.len() {
        let (expected, found) = (columns.len(), row.cells.len());
        row.fault.get_or_insert(Fault::Cells { expected, found });
        row.cells.resize(expected, String::new());
    }
    for (place, cell) in row.cells.iter_mut().enumerate() {
        let fault = if cell.len() > LONGEST_CELL {
            Some(Fault::TooLong(name(place)))
        } else if cell.contains(char::is_control) {
            Some(Fault::Unseen(name(place)))
        } else if cell.starts_with('=') {
            Some(Fault::Formula(name(place)))
        } else {
            None
        };
        if cell.len() > LONGEST_CELL {
            cell.clear();
        }
        if let Some(fault) = fault {
            row.fault.get_or_insert(fault);
        }
    }
    row
}
