//! Files that a person carries to and from a vendor without an API: written out, and read back row by row.

use std::collections::BTreeSet;

use oke_codec::model::{Association, Component, Delivery, Offering};

use super::super::bindings::serves::files as guest;
use super::super::convert::{
    Broken, Judged, Within, association_to_guest, component_from_guest, delivery_from_guest, free_text,
    offering_to_guest, records, word,
};
use super::guard::{guarded, model};
use super::ta_resultaten::media;
use super::{Answer, Caller};

/// Files of one sitting list.
const MOST_FILES: usize = 20;
/// Columns of a table that is written.
const MOST_COLUMNS: usize = 200;
/// Readings of one row.
const MOST_READINGS: usize = 10;

/// A sitting as it is planned now, with its deelnames.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The sitting.
    pub sitting: Offering,
    /// Its deelnames, each with its person.
    pub deelnames: Vec<Association>,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// Windows-1252.
    Windows1252,
}

/// Rows of text, to be written as CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// How it is written.
    pub encoding: Encoding,
    /// What stands between two cells: one byte.
    pub delimiter: u8,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The rows; each has a cell for each column.
    pub rows: Vec<Vec<String>>,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// A table.
    Table(Table),
    /// Bytes of the vendor's own format.
    Bytes(Vec<u8>),
}

/// A file to hand to the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// What it holds.
    pub content: FileContent,
}

/// What a row says of a deelname.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// By the vendor's id of the deelname.
    pub delivery: Delivery,
    /// The student number of the row.
    pub student_number: Option<String>,
    /// What tells it from other readings of the row.
    pub label: String,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A result or attendance.
    Result(Reading),
    /// One of several: a person chooses.
    Choice(Vec<Reading>),
    /// A test of the catalogue.
    Component(Component),
    /// Nothing.
    Nothing,
    /// It can't be taken; the sentence is for the person who carries the file.
    Refused {
        /// Stable code.
        code: String,
        /// Dutch.
        message: String,
    },
}

impl Caller {
    /// The sitting list, in one file or several.
    pub async fn write_plan(&self, plan: &[Planned]) -> Answer<Vec<File>> {
        let plan: Vec<guest::Planned> = plan
            .iter()
            .map(|one| guest::Planned {
                sitting: offering_to_guest(&one.sitting),
                deelnames: one.deelnames.iter().map(association_to_guest).collect(),
            })
            .collect();
        guarded!(
            self,
            Files.files,
            |guest, store, context| guest.call_write_plan(store, context, &plan),
            model(files)
        )
    }

    /// What each of these rows says; exactly one line per row.
    pub async fn read_piece(&self, columns: &[String], rows: &[Vec<String>]) -> Answer<Vec<Line>> {
        let asked = rows.len();
        let piece = guest::Piece {
            columns: columns.to_vec(),
            rows: rows.to_vec(),
        };
        guarded!(
            self,
            Files.files,
            |guest, store, context| guest.call_read_piece(store, context, &piece),
            model(|lines: Vec<guest::Line>| {
                if lines.len() != asked {
                    return Err(Broken::new("lines", "are not exactly one per row"));
                }
                records(lines, line).within("lines")
            })
        )
    }
}

fn files(files: Vec<guest::File>) -> Judged<Vec<File>> {
    if files.is_empty() || files.len() > MOST_FILES {
        return Err(Broken::new("files", "are none, or more than 20"));
    }
    let files = records(files, file).within("files")?;
    let names: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    match names.len() == files.len() {
        true => Ok(files),
        false => Err(Broken::new("files", "have two of the same name")),
    }
}

fn file(file: guest::File) -> Judged<File> {
    Ok(File {
        name: file_name(file.name).within("name")?,
        media_type: media(file.media_type)?,
        content: match file.content {
            guest::Content::Bytes(bytes) => FileContent::Bytes(bytes),
            guest::Content::Table(written) => FileContent::Table(table(written).within("table")?),
        },
    })
}

/// A name that means the same on every system, and can stand in a header.
fn file_name(name: String) -> Result<String, &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    match !name.is_empty() && name.len() <= 100 && !name.starts_with('.') && name.bytes().all(is_plain) {
        true => Ok(name),
        false => Err("is not 1 to 100 letters, digits, `-`, `_` and `.`, beginning with something else than `.`"),
    }
}

fn table(table: guest::Table) -> Judged<Table> {
    let delimiter = match table.delimiter {
        delimiter @ (';' | ',' | '\t' | '|') => delimiter as u8,
        _ => return Err(Broken::new("delimiter", "is none of `;`, `,`, `|` and the tab")),
    };
    let columns: BTreeSet<&str> = table.columns.iter().map(String::as_str).collect();
    if columns.is_empty() || columns.len() > MOST_COLUMNS || columns.len() != table.columns.len() {
        return Err(Broken::new(
            "columns",
            "are none, more than 200, or two of the same name",
        ));
    }
    if table.rows.iter().any(|row| row.len() != table.columns.len()) {
        return Err(Broken::new("rows", "have not exactly one cell per column"));
    }
    Ok(Table {
        encoding: match table.encoding {
            guest::Encoding::Utf8 => Encoding::Utf8,
            guest::Encoding::Windows1252 => Encoding::Windows1252,
        },
        delimiter,
        columns: table.columns,
        rows: table.rows,
    })
}

fn line(line: guest::Line) -> Judged<Line> {
    Ok(match line {
        guest::Line::Result(one) => Line::Result(reading(one).within("result")?),
        guest::Line::Choice(several) if several.is_empty() || several.len() > MOST_READINGS => {
            return Err(Broken::new("choice", "is among none, or more than 10"));
        }
        guest::Line::Choice(several) => Line::Choice(records(several, reading).within("choice")?),
        guest::Line::Component(one) => Line::Component(component_from_guest(one).within("component")?),
        guest::Line::Nothing => Line::Nothing,
        guest::Line::Refused(why) => Line::Refused {
            code: word(why.code).within("refused.code")?,
            message: free_text(why.message).within("refused.message")?,
        },
    })
}

fn reading(reading: guest::Reading) -> Judged<Reading> {
    Ok(Reading {
        delivery: delivery_from_guest(reading.delivery).within("delivery")?,
        student_number: reading.student_number.map(word).transpose().within("student-number")?,
        label: word(reading.label).within("label")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_can_stand_in_a_header_and_in_a_folder() {
        assert!(file_name("zittingslijst-2026.csv".to_owned()).is_ok());
        for wrong in ["", "../x.csv", ".csv", "a b.csv", "a\"b.csv", "é.csv"] {
            assert!(file_name(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_table_has_a_cell_for_each_column_and_no_column_twice() {
        let of = |columns: &[&str], row: &[&str], delimiter| {
            let owned = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
            table(guest::Table {
                encoding: guest::Encoding::Utf8,
                delimiter,
                columns: owned(columns),
                rows: vec![owned(row)],
            })
        };
        assert!(of(&["a", "b"], &["1", "2"], ';').is_ok());
        assert!(of(&["a", "b"], &["1"], ';').is_err());
        assert!(of(&["a", "a"], &["1", "2"], ';').is_err());
        assert!(of(&[], &[], ';').is_err());
        assert!(of(&["a"], &["1"], '"').is_err());
    }
}
