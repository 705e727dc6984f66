//! Toetskist's files: the columns of its lists, and the sitting list as a table and as XML.

use oke_sdk::{Encoding, Error, File, FileContent, Piece, Table};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, Event};

/// The columns of the sitting list that say which sitting.
pub(crate) const SITTING: [&str; 9] = [
    "zitting",
    "toets",
    "naam",
    "begin",
    "eind",
    "minuten",
    "lokaal",
    "afnameserver",
    "zittingstatus",
];
/// The columns that say which deelname.
pub(crate) const DEELNAME: [&str; 8] = [
    "kenmerk",
    "status",
    "studentnummer",
    "roepnaam",
    "tussenvoegsel",
    "achternaam",
    "tijdfactor",
    "hulpmiddelen",
];

/// Cells of [`SITTING`], in order.
pub(crate) type SittingRow = [String; 9];
/// Cells of [`DEELNAME`], in order.
pub(crate) type PlanRow = [String; 8];

/// The namespace of the XML form.
const NAMESPACE: &str = "urn:toetskist:zittingslijst:1";

/// A list that comes back, known by its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// Toetsenlijst.
    Tests,
    /// Uitslagenlijst.
    Results,
    /// Uitvallijst.
    DropOuts,
}

impl List {
    /// # Errors
    /// [`Error::Rejected`] for a file that is none of the three, or lacks a column.
    pub(crate) fn of(piece: &Piece) -> Result<List, Error> {
        if piece.has("toetscode") {
            piece.require(&["toetscode", "toetsnaam"])?;
            return Ok(List::Tests);
        }
        if piece.has("reden") {
            piece.require(&["kenmerk", "reden", "datum"])?;
            return Ok(List::DropOuts);
        }
        piece.require(&["kenmerk", "status"])?;
        Ok(List::Results)
    }
}

/// The sitting list as a table: a row per deelname, its sitting repeated. A sitting without deelnames has one row.
pub(crate) fn csv(sittings: &[(SittingRow, Vec<PlanRow>)], encoding: Encoding) -> File {
    let mut rows = Vec::new();
    for (sitting, deelnames) in sittings {
        let nobody = [PlanRow::default()];
        let deelnames = if deelnames.is_empty() { &nobody[..] } else { deelnames };
        for deelname in deelnames {
            rows.push(sitting.iter().chain(deelname).cloned().collect());
        }
    }
    File {
        name: "zittingslijst.csv".to_owned(),
        media_type: match encoding {
            Encoding::Utf8 => "text/csv; charset=utf-8",
            Encoding::Windows1252 => "text/csv; charset=windows-1252",
        }
        .to_owned(),
        content: FileContent::Table(Table {
            encoding,
            delimiter: ';',
            columns: SITTING.iter().chain(&DEELNAME).map(|name| (*name).to_owned()).collect(),
            rows,
        }),
    }
}

/// The same as XML, by `zittingslijst.xsd`.
///
/// # Errors
/// [`Error::Bug`]; writing to memory does not fail.
pub(crate) fn xml(sittings: &[(SittingRow, Vec<PlanRow>)]) -> Result<File, Error> {
    let written = written(sittings).map_err(|error| Error::Bug(format!("the list could not be written: {error}")))?;
    Ok(File {
        name: "zittingslijst.xml".to_owned(),
        media_type: "application/xml".to_owned(),
        content: FileContent::Bytes(written),
    })
}

fn written(sittings: &[(SittingRow, Vec<PlanRow>)]) -> std::io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let list = BytesStart::new("zittingslijst").with_attributes([("xmlns", NAMESPACE)]);
    writer.write_event(Event::Start(list))?;
    for (sitting, deelnames) in sittings {
        writer.write_event(Event::Start(element("zitting", &SITTING, sitting)))?;
        for deelname in deelnames {
            writer.write_event(Event::Empty(element("deelname", &DEELNAME, deelname)))?;
        }
        writer.write_event(Event::End(BytesEnd::new("zitting")))?;
    }
    writer.write_event(Event::End(BytesEnd::new("zittingslijst")))?;
    Ok(writer.into_inner())
}

/// An element with an attribute per cell, escaped.
fn element<'a>(name: &'a str, columns: &[&'a str], cells: &'a [String]) -> BytesStart<'a> {
    let attributes = columns.iter().zip(cells).map(|(column, cell)| (*column, cell.as_str()));
    BytesStart::new(name).with_attributes(attributes)
}
