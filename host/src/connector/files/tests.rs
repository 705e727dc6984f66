//! Files as people and attackers bring them.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::connector::call::{Encoding, Table};

fn cells(sheet: &Sheet) -> Vec<Vec<&str>> {
    sheet
        .rows
        .iter()
        .map(|row| row.cells.iter().map(String::as_str).collect())
        .collect()
}

#[test]
fn utf8_is_tried_first_and_then_windows_1252() {
    let utf8 = read("naam;plaats\nZoë;Curaçao\n".as_bytes()).unwrap();
    let marked = read("\u{FEFF}naam;plaats\nZoë;Curaçao\n".as_bytes()).unwrap();
    let windows = read(b"naam;plaats\nZo\xEB;Cura\xE7ao\n").unwrap();
    assert_eq!((&marked, &windows), (&utf8, &utf8));
    assert_eq!(cells(&utf8), [["Zoë", "Curaçao"]]);

    let utf16: Vec<u8> = "naam;plaats\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&utf16), Err(Unreadable::NotText));
    assert_eq!(
        read(b"naam;plaats\n\x81;b\n"),
        Err(Unreadable::NotText),
        "no character of Windows-1252"
    );
    assert_eq!(read(b""), Err(Unreadable::Empty));
    assert_eq!(read(b" \r\n\r\n"), Err(Unreadable::Empty));
}

#[test]
fn the_delimiter_is_found_in_the_first_row_or_clearly_refused() {
    for text in [
        "a;b\n1;2,5\n",
        "a,b\n1,\"2,5\"\n",
        "a\tb\n1\t2,5\n",
        "a|b\n1|2,5\n",
        "sep=;\r\na;b\r\n1;2,5\r\n",
    ] {
        assert_eq!(cells(&read(text.as_bytes()).unwrap()), [["1", "2,5"]], "{text}");
    }
    assert_eq!(read(b"sep=;\na;b\n1;2\n").unwrap().rows[0].number, 3);
    assert_eq!(read(b"a:b\n1:2\n"), Err(Unreadable::NoDelimiter));
    assert_eq!(read(b"a;b,c\n1;2\n"), Err(Unreadable::TwoDelimiters(';', ',')));
    assert_eq!(
        cells(&read(b"a;\"b,c\"\n1;2\n").unwrap()),
        [["1", "2"]],
        "within quotes it parts nothing"
    );
}

#[test]
fn columns_have_names_of_their_own() {
    assert_eq!(read(b"a;b;A\n1;2;3\n"), Err(Unreadable::DoubledColumn("A".to_owned())));
    assert_eq!(read(b"a;;c\n1;2;3\n"), Err(Unreadable::NoName(2)));
    assert_eq!(
        cells(&read(b"a;b;;\n1;2;;\n").unwrap()),
        [["1", "2"]],
        "empty ones at the end are nothing"
    );
}

/// A bad row keeps its number and reason, and costs only itself.
#[test]
fn a_bad_row_costs_only_itself() {
    let text = "a;b\n1;2\n1;2;3\n1\n\n\"x\ny\";2\n=1+1;2\n8;9\n";
    let sheet = read(text.as_bytes()).unwrap();
    let faults: Vec<(u32, Option<&'static str>)> = sheet
        .rows
        .iter()
        .map(|row| (row.number, row.fault.as_ref().map(Fault::code)))
        .collect();
    assert_eq!(
        faults,
        [
            (2, None),
            (3, Some("cells")),
            (4, Some("cells")),
            (6, Some("unseen-character")),
            (8, Some("formula")),
            (9, None),
        ]
    );
    let by_windows = read(text.replace('\n', "\r\n").as_bytes()).unwrap();
    let numbers = |sheet: &Sheet| sheet.rows.iter().map(|row| row.number).collect::<Vec<_>>();
    assert_eq!(numbers(&by_windows), numbers(&sheet));
    assert_eq!(read(b"a;b\n1;2\n\"x;2\n3;4\n"), Err(Unreadable::OpenQuote(3)));
    let long = format!("a;b\n1;{}\n", "x".repeat(LONGEST_CELL + 1));
    assert_eq!(
        read(long.as_bytes()).unwrap().rows[0].fault.as_ref().map(Fault::code),
        Some("too-long")
    );
}

#[test]
fn what_is_too_large_is_refused() {
    assert_eq!(read(&vec![b'a'; LARGEST_FILE + 1]), Err(Unreadable::TooLarge));
    let rows = format!("a;b\n{}", "1;2\n".repeat(MOST_ROWS + 1));
    assert_eq!(read(rows.as_bytes()), Err(Unreadable::TooMuch));
    let columns: Vec<String> = (0..=MOST_COLUMNS).map(|number| format!("c{number}")).collect();
    assert_eq!(read(columns.join(";").as_bytes()), Err(Unreadable::TooWide));
}

#[test]
fn xml_and_old_spreadsheets_are_refused_by_what_they_are() {
    let billion = br#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>"#;
    assert_eq!(read(billion), Err(Unreadable::Xml));
    assert_eq!(read(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), Err(Unreadable::OldOrLocked));
    assert_eq!(read(b"PK\x03\x04 and nothing more"), Err(Unreadable::NoSpreadsheet));
}

const TYPES: &str =
    r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
/// The relations of the whole, which say where the workbook is.
const PACKAGE: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Blad1" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;

/// A workbook with one sheet of these rows, and more entries.
fn workbook(rows: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    workbook_of(WORKBOOK, rows, more)
}

fn workbook_of(workbook: &str, rows: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let sheet = format!(
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    );
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let usual = [
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", PACKAGE.as_bytes()),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    for (name, content) in usual.iter().chain(more) {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn text(place: &str, text: &str) -> String {
    format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn row(number: u32, cells: &[String]) -> String {
    format!(r#"<row r="{number}">{}</row>"#, cells.concat())
}

fn head() -> String {
    row(1, &[text("A1", "kenmerk"), text("B1", "cijfer")])
}

#[test]
fn a_spreadsheet_gives_rows_of_text_with_dutch_decimals() {
    let rows = [
        head(),
        row(2, &[text("A2", "d-1"), r#"<c r="B2"><v>6.4</v></c>"#.to_owned()]),
        row(5, &[r#"<c r="A5"><v>123456</v></c>"#.to_owned()]),
    ];
    let sheet = read(&workbook(&rows.concat(), &[])).unwrap();
    assert_eq!(sheet.columns, ["kenmerk", "cijfer"]);
    assert_eq!(cells(&sheet), [["d-1", "6,4"], ["123456", ""]]);
    assert_eq!(sheet.rows[1].number, 5);
}

#[test]
fn a_formula_or_error_costs_its_row_and_a_macro_the_file() {
    let rows = [
        head(),
        row(
            2,
            &[
                text("A2", "d-1"),
                r#"<c r="B2"><f>SUM(A1:A9)</f><v>6.4</v></c>"#.to_owned(),
            ],
        ),
        row(
            3,
            &[text("A3", "d-2"), r##"<c r="B3" t="e"><v>#N/A</v></c>"##.to_owned()],
        ),
        row(4, &[text("A4", "d-3"), text("B4", "7,1")]),
    ]
    .concat();
    let sheet = read(&workbook(&rows, &[])).unwrap();
    let faults: Vec<Option<&str>> = sheet
        .rows
        .iter()
        .map(|row| row.fault.as_ref().map(Fault::code))
        .collect();
    assert_eq!(faults, [Some("formula"), Some("error-value"), None]);

    let with_macro = workbook(&rows, &[("xl/vbaProject.bin", b"\0")]);
    assert_eq!(read(&with_macro), Err(Unreadable::Macros));
}

#[test]
fn entities_in_a_part_of_a_spreadsheet_are_refused_and_never_expanded() {
    let part = br#"<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "aaaaaaaaaa">]><sst><si><t>&a;</t></si></sst>"#;
    let bytes = workbook(&head(), &[("xl/sharedStrings.xml", part)]);
    assert_eq!(read(&bytes), Err(Unreadable::Entities));
}

/// The reader of spreadsheets makes room for as many texts as a file says it has.
#[test]
fn a_count_that_no_list_has_is_refused_before_room_is_made_for_it() {
    for said in [
        "uniqueCount=\"99999999999\"",
        "uniqueCount = \"1\"",
        "uniqueCount=\"&#57;\"",
    ] {
        let part = format!("<sst {said}><si><t>a</t></si></sst>                ");
        let bytes = workbook(&head(), &[("xl/sharedStrings.xml", part.as_bytes())]);
        assert_eq!(read(&bytes), Err(Unreadable::UnpacksTooLarge), "{said}");
    }
    let part = "<sst uniqueCount=\"1\"><si><t>a</t></si></sst>                ";
    assert!(read(&workbook(&head(), &[("xl/sharedStrings.xml", part.as_bytes())])).is_ok());
}

/// Fifty sheets that are one and the same part of the archive are read fifty times.
#[test]
fn sheets_that_share_a_part_are_counted_each_time_they_are_read() {
    let one = r#"<sheet name="Blad1" sheetId="1" r:id="rId1"/>"#;
    let many: String = (1..=50)
        .map(|number| format!(r#"<sheet name="Blad{number}" sheetId="{number}" r:id="rId1"/>"#))
        .collect();
    let empty = row(1, &vec![r#"<c r="A1"/>"#.to_owned(); 90_000]);
    let alone = read(&workbook(&empty, &[]));
    assert_eq!(alone, Err(Unreadable::Empty), "one of them is no more than that");
    assert_eq!(
        read(&workbook_of(&WORKBOOK.replace(one, &many), &empty, &[])),
        Err(Unreadable::TooMuch)
    );
}

/// Forty-two of these parts are a few kilobytes in the archive.
#[test]
fn a_zip_bomb_is_counted_while_it_is_inflated() {
    let rows = vec![b' '; 80 << 20];
    let bytes = workbook(&head(), &[("xl/worksheets/sheet2.xml", &rows)]);
    assert!(bytes.len() < 1 << 20, "{}", bytes.len());
    assert_eq!(read(&bytes), Err(Unreadable::UnpacksTooLarge));
    let many = vec![b'x'; 5 << 20];
    assert_eq!(
        read(&workbook(&head(), &[("xl/styles2.xml", &many)])),
        Err(Unreadable::UnpacksTooLarge)
    );
}

/// A dense table of all cells up to the last would be seventeen thousand million.
#[test]
fn a_cell_at_the_far_end_of_a_sheet_takes_no_room() {
    let far = [
        head(),
        row(1_048_576, &[text("A1048576", "d-1"), text("B1048576", "7")]),
    ]
    .concat();
    let sheet = read(&workbook(&far, &[])).unwrap();
    assert_eq!((sheet.rows.len(), sheet.rows[0].number), (1, 1_048_576));
    let wide = [head(), row(2, &[text("XFD2", "d-1")])].concat();
    assert_eq!(read(&workbook(&wide, &[])), Err(Unreadable::TooWide));
}

fn table(encoding: Encoding, cell: &str) -> Table {
    Table {
        encoding,
        delimiter: b';',
        columns: vec!["naam".to_owned(), "n".to_owned()],
        rows: vec![vec![cell.to_owned(), "-1,5".to_owned()]],
    }
}

#[test]
fn no_cell_that_is_written_runs_as_a_formula_and_ours_are_read_back() {
    // Some programs look past spaces.
    for cell in ["=1+1", " =1+1", "+31 6", "-x", "@SUM(A1)"] {
        let written = write(&table(Encoding::Utf8, cell)).unwrap();
        assert_eq!(
            String::from_utf8(written.clone()).unwrap(),
            format!("naam;n\r\n'{cell};-1,5\r\n")
        );
        if !cell.contains('=') {
            assert_eq!(read(&written).unwrap().rows[0].cells[0], cell);
        }
    }
    let quoted = write(&table(Encoding::Utf8, "a;b \"c\"")).unwrap();
    assert_eq!(read(&quoted).unwrap().rows[0].cells[0], "a;b \"c\"");
}

#[test]
fn windows_1252_writes_what_it_has_and_names_the_place_of_what_it_lacks() {
    let written = write(&table(Encoding::Windows1252, "Zoë €")).unwrap();
    assert_eq!(&written[8..13], b"Zo\xEB \x80");
    assert_eq!(read(&written).unwrap().rows[0].cells[0], "Zoë €");
    let refused = write(&table(Encoding::Windows1252, "Łukasz")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "row 2, column `naam`: Windows-1252 has no character `Ł`"
    );
}
