//! Files that a person carries to and from a vendor without an API.

mod cells;

pub use cells::Refusal;

use crate::{
    Context, Error,
    model::{Association, Component, Delivery, Offering},
};

/// A sitting as it is planned now, with its deelnames, each person whole (R14). Cancelled ones are among them (R4).
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The sitting.
    pub sitting: Offering,
    /// Its deelnames.
    pub deelnames: Vec<Association>,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// Windows-1252. What it has no character for is refused by the host, with its place.
    Windows1252,
}

/// Rows of text that the host writes as CSV: quoted where needed, and so that no cell runs as a formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// How it is written.
    pub encoding: Encoding,
    /// What stands between two cells.
    pub delimiter: char,
    /// The first row.
    pub columns: Vec<String>,
    /// The rows; each has a cell for each column.
    pub rows: Vec<Vec<String>>,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// A table, which the host writes as CSV.
    Table(Table),
    /// Bytes of the vendor's own format, such as XML.
    Bytes(Vec<u8>),
}

/// A file to hand to the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Proposed name, with its ending.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// What it holds.
    pub content: FileContent,
}

/// Some rows of a file that came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piece {
    /// Names of the columns, as they stand in the file; no two are the same.
    pub columns: Vec<String>,
    /// The rows; each has a cell for each column.
    pub rows: Vec<Vec<String>>,
}

/// A row, its cells by the name of their column.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    columns: &'a [String],
    cells: &'a [String],
}

impl Piece {
    /// Whether the file has this column. Names are compared without regard to case and the space around them.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| is_named(name, column))
    }

    /// Refuses a file that lacks one of these columns.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the code `missing-column`, which names all that lack.
    pub fn require(&self, columns: &[&str]) -> Result<(), Error> {
        let missing: Vec<&str> = columns.iter().copied().filter(|column| !self.has(column)).collect();
        match missing.as_slice() {
            [] => Ok(()),
            missing => {
                let message = format!("In het bestand ontbreekt: {}.", missing.join(", "));
                Err(Error::rejected("missing-column", message))
            }
        }
    }

    /// The rows, in their order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row {
            columns: &self.columns,
            cells,
        })
    }
}

impl<'a> Row<'a> {
    /// The cell of a column without the space around it; empty where the file has no such column.
    pub fn text(&self, column: &str) -> &'a str {
        let place = self.columns.iter().position(|name| is_named(name, column));
        place
            .and_then(|place| self.cells.get(place))
            .map_or("", |cell| cell.trim())
    }

    /// The same, `None` when it is empty.
    pub fn text_opt(&self, column: &str) -> Option<&'a str> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    /// Whether all its cells are empty.
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

fn is_named(name: &str, column: &str) -> bool {
    name.trim().eq_ignore_ascii_case(column)
}

/// What a row says of a deelname.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// By the id under which the sitting list went out.
    pub delivery: Delivery,
    /// The student number of the row, where it has one: the host holds it against the deelname's person.
    pub student_number: Option<String>,
    /// What tells this reading from others of the same row, in Dutch; empty where there is only one.
    pub label: String,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A result or attendance (flow 3).
    Result(Reading),
    /// It may be read in more than one way: a person chooses.
    Choice(Vec<Reading>),
    /// A test of the vendor's catalogue (flow 0).
    Component(Component),
    /// It says nothing: an empty row, a total.
    Nothing,
    /// It can't be taken.
    Refused {
        /// Stable code.
        code: String,
        /// For the person who carries the file, in Dutch.
        message: String,
    },
}

/// Writes the sitting list out and reads files back. The host keeps, encodes, decodes and bounds them.
pub trait Files {
    /// The sitting list, in one file or several. Full state: the same sittings may be written out again.
    ///
    /// # Errors
    /// [`Error::Unrepresentable`] for a fact that the vendor's files can't carry: then no file is made.
    fn write_plan(ctx: &Context, plan: &[Planned]) -> Result<Vec<File>, Error>;

    /// What each row says, in their order; exactly one line per row.
    ///
    /// # Errors
    /// [`Error::Rejected`] for a file that can't be read at all, such as one without a column that is needed.
    fn read_piece(ctx: &Context, piece: &Piece) -> Result<Vec<Line>, Error>;
}

#[cfg(target_arch = "wasm32")]
mod glue {
    use super::{Encoding, File, FileContent, Files, Line, Piece, Planned, Reading};
    use crate::{
        Context, Error, Glue,
        bindings::{
            files::exports::oke::connector::files::{self as wit, Guest},
            shared::oke::connector::call,
        },
        convert::{FromWit as _, ToWit as _},
        model::{Association, Offering},
    };

    impl<T: Files> Guest for Glue<T> {
        fn write_plan(ctx: wit::Context, plan: Vec<wit::Planned>) -> Result<Vec<wit::File>, wit::Error> {
            let ctx = Context::from_wit(ctx)?;
            let mut planned = Vec::with_capacity(plan.len());
            for one in plan {
                let deelnames = one.deelnames.into_iter().map(Association::from_wit);
                planned.push(Planned {
                    sitting: Offering::from_wit(one.sitting)?,
                    deelnames: deelnames.collect::<Result<_, _>>()?,
                });
            }
            Ok(T::write_plan(&ctx, &planned)?.into_iter().map(file).collect())
        }

        fn read_piece(ctx: wit::Context, piece: wit::Piece) -> Result<Vec<wit::Line>, wit::Error> {
            let piece = Piece {
                columns: piece.columns,
                rows: piece.rows,
            };
            let lines = T::read_piece(&Context::from_wit(ctx)?, &piece)?;
            match lines.len() == piece.rows.len() {
                true => Ok(lines.into_iter().map(line).collect()),
                false => Err(Error::Bug("not exactly one line per row".to_owned()).into()),
            }
        }
    }

    fn file(file: File) -> wit::File {
        wit::File {
            name: file.name,
            media_type: file.media_type,
            content: match file.content {
                FileContent::Bytes(bytes) => wit::Content::Bytes(bytes),
                FileContent::Table(table) => wit::Content::Table(wit::Table {
                    encoding: match table.encoding {
                        Encoding::Utf8 => wit::Encoding::Utf8,
                        Encoding::Windows1252 => wit::Encoding::Windows1252,
                    },
                    delimiter: table.delimiter,
                    columns: table.columns,
                    rows: table.rows,
                }),
            },
        }
    }

    fn reading(reading: Reading) -> wit::Reading {
        wit::Reading {
            delivery: reading.delivery.to_wit(),
            student_number: reading.student_number,
            label: reading.label,
        }
    }

    fn line(line: Line) -> wit::Line {
        match line {
            Line::Result(one) => wit::Line::Result(reading(one)),
            Line::Choice(several) => wit::Line::Choice(several.into_iter().map(reading).collect()),
            Line::Component(component) => wit::Line::Component(component.to_wit()),
            Line::Nothing => wit::Line::Nothing,
            Line::Refused { code, message } => wit::Line::Refused(call::Rejection { code, message }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece() -> Piece {
        Piece {
            columns: vec!["Kenmerk".to_owned(), " cijfer ".to_owned()],
            rows: vec![vec![" d-1 ".to_owned(), "6,4".to_owned()], vec![String::new(); 2]],
        }
    }

    #[test]
    fn cells_are_found_by_the_name_of_their_column() {
        let piece = piece();
        let rows: Vec<Row<'_>> = piece.rows().collect();
        assert_eq!((rows[0].text("kenmerk"), rows[0].text("CIJFER")), ("d-1", "6,4"));
        assert_eq!(rows[0].text_opt("reden"), None);
        assert!(rows[1].is_empty() && !rows[0].is_empty());
    }

    #[test]
    fn a_file_that_lacks_columns_is_refused_with_all_their_names() {
        let Err(Error::Rejected { code, message }) = piece().require(&["kenmerk", "status", "datum"]) else {
            panic!("two columns lack")
        };
        assert_eq!(code, "missing-column");
        assert_eq!(message, "In het bestand ontbreekt: status, datum.");
    }
}
