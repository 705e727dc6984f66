//! XLSX, unpacked into text under limits. Everything in the archive is inflated once and counted before the reader of
//! spreadsheets sees it: sizes that an archive declares are what its maker wants us to believe.

use std::io::{Cursor, Read};

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx, XlsxError};
use zip::ZipArchive;

use super::{Fault, LONGEST_CELL, MOST_CELLS, MOST_COLUMNS, MOST_ROWS, MOST_TEXT, Rows, SheetRow, Unreadable};

/// Entries of the archive.
const MOST_ENTRIES: usize = 1_000;
/// All entries inflated, in bytes.
const MOST_INFLATED: u64 = 64 << 20;
/// The shared texts inflated: each becomes a text of its own in memory, empty ones too.
const MOST_SHARED: u64 = 24 << 20;
/// Anything else than sheets and shared texts.
const MOST_OTHER: u64 = 4 << 20;
/// Sheets of a workbook.
const MOST_SHEETS: usize = 50;

/// Cells that are read in all, empty ones with a colour or a border among them.
const MOST_READ: usize = 4 * MOST_CELLS;

/// The rows of the one sheet that holds something.
pub(super) fn rows(bytes: &[u8]) -> Result<Rows, Unreadable> {
    inspect(bytes)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| Unreadable::NoSpreadsheet)?;
    let names = workbook.sheet_names();
    if names.len() > MOST_SHEETS {
        return Err(Unreadable::SeveralSheets);
    }
    let mut found: Option<Vec<SheetRow>> = None;
    // Several sheets may name one part of the archive, which was inflated and counted once.
    let mut left = MOST_READ;
    for name in names {
        let rows = sheet_rows(&mut workbook, &name, &mut left)?;
        match (&found, rows.is_empty()) {
            (_, true) => {}
            (None, false) => found = Some(rows),
            (Some(_), false) => return Err(Unreadable::SeveralSheets),
        }
    }
    Ok(Rows {
        rows: found.ok_or(Unreadable::Empty)?,
        may_be_short: true,
    })
}

/// Whether the archive is what a spreadsheet may be: no program, no entities, no more than a list can be.
fn inspect(bytes: &[u8]) -> Result<(), Unreadable> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Unreadable::NoSpreadsheet)?;
    if archive.len() > MOST_ENTRIES {
        return Err(Unreadable::UnpacksTooLarge);
    }
    let (mut inflated, mut has_workbook) = (0, false);
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(|_| Unreadable::NoSpreadsheet)?;
        let name = entry
            .name()
            .map_err(|_| Unreadable::NoSpreadsheet)?
            .replace('\\', "/")
            .to_ascii_lowercase();
        has_workbook |= name.starts_with("xl/workbook");
        if ["vbaproject", "macrosheets/", "activex/", "ctrlprops/", "dialogsheets/"]
            .iter()
            .any(|part| name.contains(part))
        {
            return Err(Unreadable::Macros);
        }
        let is_shared = name.ends_with("sharedstrings.xml");
        let most = match name.as_str() {
            _ if is_shared => MOST_SHARED,
            sheet if sheet.starts_with("xl/worksheets/") => MOST_INFLATED,
            _ => MOST_OTHER,
        };
        let is_xml = [".xml", ".rels", ".vml"].iter().any(|ending| name.ends_with(ending));
        inflated += look_through(entry, most.min(MOST_INFLATED - inflated), is_xml)?;
    }
    match has_workbook {
        true => Ok(()),
        false => Err(Unreadable::NoSpreadsheet),
    }
}

/// Inflates an entry without keeping it, and counts.
fn look_through(mut entry: impl Read, most: u64, is_xml: bool) -> Result<u64, Unreadable> {
    const FORBIDDEN: [&[u8]; 2] = [b"<!DOCTYPE", b"<!ENTITY"];
    const OVERLAP: usize = 64;
    let mut buffer = vec![0_u8; OVERLAP + (64 << 10)];
    let (mut kept, mut total) = (0, 0_u64);
    loop {
        let read = entry.read(&mut buffer[kept..]).map_err(|_| Unreadable::NoSpreadsheet)?;
        if read == 0 {
            return Ok(total);
        }
        if is_xml && total == 0 && matches!(buffer[0..2], [0xFE, 0xFF] | [0xFF, 0xFE]) {
            return Err(Unreadable::Entities);
        }
        total += read as u64;
        if total > most {
            return Err(Unreadable::UnpacksTooLarge);
        }
        let seen = &buffer[..kept + read];
        let says = |words: &[u8]| seen.windows(words.len()).any(|part| part.eq_ignore_ascii_case(words));
        // Most of a sheet has no `<!` at all.
        if is_xml && seen.windows(2).any(|part| part == b"<!") && FORBIDDEN.iter().any(|words| says(words)) {
            return Err(Unreadable::Entities);
        }
        if is_xml && !counts_are_plain(seen) {
            return Err(Unreadable::UnpacksTooLarge);
        }
        let end = kept + read;
        kept = end.min(OVERLAP);
        buffer.copy_within(end - kept..end, 0);
    }
}

/// Whether what says how many texts follow is a number that can be: the reader makes room for as many as it says. Anything
/// but `uniqueCount="123456"`, with at most six digits, is no work of a spreadsheet program. What the end of the window cuts
/// off is seen in the next one.
fn counts_are_plain(seen: &[u8]) -> bool {
    const NAME: &[u8] = b"niqueCount";
    const LONGEST: usize = 2 + 6 + 1;
    let places = seen.windows(NAME.len()).enumerate().filter(|(_, part)| *part == NAME);
    for (place, _) in places {
        let rest = &seen[place + NAME.len()..];
        if rest.len() < LONGEST {
            continue;
        }
        let digits = rest.iter().skip(2).take_while(|byte| byte.is_ascii_digit()).count();
        let is_quoted = rest[0] == b'=' && matches!(rest[1], b'"' | b'\'') && rest.get(2 + digits) == Some(&rest[1]);
        if !is_quoted || !(1..=6).contains(&digits) {
            return false;
        }
    }
    true
}

fn sheet_rows(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str, left: &mut usize) -> Result<Vec<SheetRow>, Unreadable> {
    let mut cells = match workbook.worksheet_cells_reader(name) {
        Ok(cells) => cells,
        // Sheets of charts have no cells.
        Err(XlsxError::NotAWorksheet(_)) => return Ok(Vec::new()),
        Err(_) => return Err(Unreadable::NoSpreadsheet),
    };
    let mut all_cells = 0;
    let (mut rows, mut size): (Vec<SheetRow>, usize) = (Vec::new(), 0);
    while let Some(cell) = cells
        .next_cell_with_formula_metadata()
        .map_err(|_| Unreadable::NoSpreadsheet)?
    {
        *left = left.checked_sub(1).ok_or(Unreadable::TooMuch)?;
        let (row, column) = (cell.pos.0, cell.pos.1 as usize);
        let text = text_of(&cell.value);
        if cell.formula.is_none() && text.as_deref() == Some("") {
            continue;
        }
        if column >= MOST_COLUMNS {
            return Err(Unreadable::TooWide);
        }
        let number = row.saturating_add(1);
        match rows.last() {
            Some(last) if last.number == number => {}
            // Rows stand in their order; a file that jumps back is no spreadsheet of an honest program.
            Some(last) if last.number > number => return Err(Unreadable::NoSpreadsheet),
            _ if rows.len() > MOST_ROWS => return Err(Unreadable::TooMuch),
            _ => rows.push(SheetRow {
                number,
                cells: Vec::new(),
                fault: None,
            }),
        }
        let row = rows.last_mut().expect("one was pushed when there was none");
        if row.cells.len() <= column {
            all_cells += column + 1 - row.cells.len();
            if all_cells > MOST_CELLS {
                return Err(Unreadable::TooMuch);
            }
            row.cells.resize(column + 1, String::new());
        }
        let letter = letters(column);
        match text {
            _ if cell.formula.is_some() => row.fault = Some(Fault::Formula(letter)),
            None => row.fault = Some(Fault::Error(letter)),
            Some(text) if text.len() > LONGEST_CELL => row.fault = Some(Fault::TooLong(letter)),
            Some(text) => {
                size += text.len();
                row.cells[column] = text;
            }
        }
        if size > MOST_TEXT {
            return Err(Unreadable::TooMuch);
        }
    }
    Ok(rows)
}

/// A value as a list writes it: a comma in numbers, days as 2026-11-27. `None` for an error value.
fn text_of(value: &DataRef<'_>) -> Option<String> {
    Some(match value {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string().replace('.', ","),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(true) => "ja".to_owned(),
        DataRef::Bool(false) => "nee".to_owned(),
        DataRef::DateTime(moment) => moment_of(moment),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(_) => return None,
    })
}

fn moment_of(moment: &ExcelDateTime) -> String {
    if !moment.is_datetime() {
        return moment.as_f64().to_string().replace('.', ",");
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    match (hour, minute, second) {
        (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
    }
}

/// The letters of a column, as a spreadsheet shows them.
fn letters(column: usize) -> String {
    let (mut left, mut letters) = (column + 1, Vec::new());
    while left > 0 {
        letters.push(char::from(b'A' + u8::try_from((left - 1) % 26).unwrap_or(0)));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect()
}
