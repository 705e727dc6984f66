//! The list of what a school has at a vendor: as a person's file has it, or as a program sends it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::{Line, Said};
use crate::connector::files::{self, Unreadable};
use crate::domain::calendar::zone;

/// The most lines of one list.
pub const MOST_LINES: usize = 2_000;
/// The most sittings of one list: each of them is read back while a person waits.
pub const MOST_SITTINGS: usize = 40;

/// A line of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Its number, as an editor or spreadsheet counts.
    pub number: u32,
    /// The vendor's id of the sitting.
    pub sitting: String,
    /// Our planbare toets, by id or code; needed for a sitting of which no enrolment is listed.
    pub plannable: Option<String>,
    /// The vendor's id of the deelname; without it it is looked for by the person.
    pub deelname: Option<String>,
    /// Our toetsinschrijving.
    pub enrolment: Option<String>,
    /// A student by personId, student number or another of their codes, where the enrolment is not listed.
    pub student: Option<String>,
    /// When it begins, where that is listed.
    pub start: Option<Timestamp>,
    /// When it ends.
    pub end: Option<Timestamp>,
    /// Why it can't be read, in Dutch.
    pub fault: Option<String>,
}

impl Listed {
    /// Whether it is about the sitting alone.
    #[must_use]
    pub fn is_of_sitting(&self) -> bool {
        self.deelname.is_none() && self.enrolment.is_none() && self.student.is_none()
    }
}

/// Names of the columns, as people write them.
const COLUMNS: [&str; 7] = [
    "zitting",
    "planbare toets",
    "deelname",
    "inschrijving",
    "student",
    "begin",
    "einde",
];

/// Why a file is no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoList {
    /// It can't be read at all.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A column that is not one of the list's.
    #[error(
        "De kolom ‘{0}’ hoort niet in deze lijst. De kolommen zijn: {columns}; alleen ‘zitting’ is verplicht.",
        columns = COLUMNS.join(", ")
    )]
    Column(String),
    /// Without the vendor's ids there is no list.
    #[error("De kolom ‘zitting’ ontbreekt: daarin staat hoe de leverancier de zitting noemt.")]
    NoSitting,
    /// More than can be read back at once.
    #[error("De lijst heeft meer dan {MOST_LINES} regels of {MOST_SITTINGS} zittingen. Splits haar.")]
    TooLong,
}

/// Reads a list from a CSV file or spreadsheet.
///
/// # Errors
/// [`NoList`]. A line that can't be read says so itself.
pub fn from_file(bytes: &[u8]) -> Result<Vec<Listed>, NoList> {
    let sheet = files::read(bytes)?;
    let mut places: [Option<usize>; COLUMNS.len()] = [None; COLUMNS.len()];
    for (place, column) in sheet.columns.iter().enumerate() {
        let name = column.to_lowercase().replace('-', " ");
        let known = COLUMNS.iter().position(|known| *known == name);
        places[known.ok_or_else(|| NoList::Column(column.clone()))?] = Some(place);
    }
    if places[0].is_none() {
        return Err(NoList::NoSitting);
    }
    let listed: Vec<Listed> = sheet.rows.iter().filter_map(|row| line(row, &places)).collect();
    check(&listed)?;
    Ok(listed)
}

/// Refuses a list that is too long to be read back at once.
///
/// # Errors
/// [`NoList::TooLong`].
pub fn check(listed: &[Listed]) -> Result<(), NoList> {
    let sittings: std::collections::BTreeSet<&str> = listed.iter().map(|one| one.sitting.as_str()).collect();
    match listed.len() > MOST_LINES || sittings.len() > MOST_SITTINGS {
        true => Err(NoList::TooLong),
        false => Ok(()),
    }
}

/// A line; nothing for an empty one.
fn line(row: &files::SheetRow, places: &[Option<usize>; COLUMNS.len()]) -> Option<Listed> {
    let cell = |nth: usize| {
        let text = places[nth].and_then(|place| row.cells.get(place));
        text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    if row.cells.iter().all(|cell| cell.trim().is_empty()) && row.fault.is_none() {
        return None;
    }
    let mut fault = row.fault.as_ref().map(ToString::to_string);
    let mut when = |nth: usize| {
        let text = cell(nth)?;
        let read = moment(&text);
        if read.is_none() && fault.is_none() {
            fault = Some(format!(
                "‘{text}’ is geen dag met tijd; schrijf 2026-09-02 10:00 of 02-09-2026 10:00."
            ));
        }
        read
    };
    let (start, end) = (when(5), when(6));
    let sitting = cell(0).unwrap_or_default();
    if sitting.is_empty() && fault.is_none() {
        fault = Some("De zitting ontbreekt: zet in elke regel hoe de leverancier haar noemt.".to_owned());
    }
    Some(Listed {
        number: row.number,
        sitting,
        plannable: cell(1),
        deelname: cell(2),
        enrolment: cell(3),
        student: cell(4),
        start,
        end,
        fault,
    })
}

/// A moment with its zone, or the time at school.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let local = [
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
        "%d-%m-%Y %H:%M",
        "%Y-%m-%d %H:%M:%S",
    ]
    .iter()
    .find_map(|format| DateTime::strptime(format, text).ok())?;
    local.to_zoned(zone()).ok().map(|zoned| zoned.timestamp())
}

/// A line with what a person chose for it.
pub(super) fn chosen(line: &Line, choices: &BTreeMap<u32, usize>) -> Listed {
    let mut listed = line.listed.clone();
    if let (Said::Choice(several), Some(nth)) = (&line.said, choices.get(&listed.number))
        && let Some(choice) = several.get(*nth)
    {
        listed.deelname = Some(choice.deelname.clone());
        listed.enrolment = Some(choice.enrolment.clone());
        listed.student = None;
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_by_the_names_of_its_columns() {
        let file = "student;Zitting;begin\n12;z-1;02-09-2026 10:00\n\n;z-2;\n13;z-1;morgen\n14;;\n";
        let read = from_file(file.as_bytes()).unwrap();
        let first = &read[0];
        assert_eq!((first.number, first.sitting.as_str()), (2, "z-1"));
        assert_eq!(first.student.as_deref(), Some("12"));
        assert_eq!(
            first.start.unwrap().to_string(),
            "2026-09-02T08:00:00Z",
            "the time at school"
        );
        assert!(read[1].is_of_sitting());
        assert!(read[2].fault.as_ref().unwrap().contains("morgen"));
        assert!(read[3].fault.is_some(), "no sitting");
    }

    #[test]
    fn a_column_that_is_not_the_lists_is_named() {
        let other = from_file(b"zitting;klas\nz-1;4b\n");
        assert_eq!(other, Err(NoList::Column("klas".to_owned())));
        assert_eq!(from_file(b"student;deelname\n1;2\n"), Err(NoList::NoSitting));
    }
}
