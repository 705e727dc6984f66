//! What can be wrong with a file that a person brings: each bad line keeps its number and reason, each bad file is refused
//! as a whole, and good lines are not lost.

use std::io::{Cursor, Write as _};

use jiff::SignedDuration;
use oke_host::domain::result::{Hold, Judgement};
use serde_json::json;

use crate::desk::{Desk, expected, lines};

/// A bad line keeps its number and reason; good lines are not lost; a choice is a person's.
#[tokio::test]
async fn every_refused_line_has_its_number_and_reason_and_good_lines_are_not_lost() {
    let Some(desk) = Desk::open(&[]).await else { return };
    let (sitting, deelnames) = desk.plan(4).await;
    desk.take(&sitting).await;
    desk.house.clock.advance(SignedDuration::from_hours(51));
    let [a, b, c, d] = [&deelnames[0], &deelnames[1], &deelnames[2], &deelnames[3]];
    let file = format!(
        "kenmerk;studentnummer;status;cijfer;datum\n\
         {a};;genormeerd;6,4;2026-09-03\n\
         {b};0000000;genormeerd;6,4;2026-09-03\n\
         niemand;;genormeerd;6,4;2026-09-03\n\
         {b};;genormeerd;=6+1;2026-09-03\n\
         {b};;genormeerd;6,4\n\
         \n\
         {c};;genormeerd;5,1;2026-09-03\n\
         {c};;genormeerd;9,0;2026-09-03\n\
         {d};;genormeerd;11,0;2026-09-03\n\
         {d};;uitstekend;;\n"
    );
    let (id, preview) = desk.previewed("uitslagen.csv", file.as_bytes()).await;
    assert_eq!(
        lines(&preview),
        expected(&[
            (2, "take"),
            (3, "student-number"),
            (4, "unknown"),
            (5, "formula"),
            (6, "cells"),
            (8, "choice"),
            (9, "choice"),
            (10, "take"),
            (11, "status"),
        ])
    );
    let csv = desk.get(&format!("/{id}/refused")).await.being(200).text();
    assert!(
        csv.starts_with("regel;reden van weigering;kenmerk;studentnummer;"),
        "{csv}"
    );
    assert!(csv.contains("\r\n4;"), "{csv}");
    assert!(csv.contains(";'=6+1;"), "what is downloaded runs no formula: {csv}");

    let both = desk.store(&id, &preview, json!({ "8": 0, "9": 0 })).await;
    assert_eq!(both.reason(400), "choice");
    let none = desk.store(&id, &preview, json!({ "2": 0 })).await;
    assert_eq!(none.reason(400), "choice");
    desk.store(&id, &preview, json!({ "9": 0 })).await.being(202);
    desk.house.work().await;
    assert_eq!(desk.score_at_sis(a).await.as_deref(), Some("6.4"));
    assert_eq!(desk.score_at_sis(c).await.as_deref(), Some("9.0"));
    assert!(desk.house.versions(b).await.is_empty());
    // The same checks as any other vendor's results: 11 is no grade.
    assert_eq!(
        desk.house.versions(d).await[0].judgement,
        Judgement::Held(Hold::OffScale)
    );
    let kept = desk.get(&format!("/{id}/refused")).await.being(200).text();
    assert!(
        kept.contains("\r\n8;"),
        "the line that was not chosen is told too: {kept}"
    );
    desk.house.close().await;
}

/// The relations of the whole, which say where the workbook is.
const PACKAGE: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Uitval" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;

/// A spreadsheet of these rows, and another part.
fn spreadsheet(rows: &[[&str; 3]], part: Option<(&str, Vec<u8>)>) -> Vec<u8> {
    let cell =
        |(at, text): (usize, &&str)| format!(r#"<c r="{}" t="inlineStr"><is><t>{text}</t></is></c>"#, at_cell(at));
    let row = |(number, cells): (usize, &[&str; 3])| {
        let cells: String = cells
            .iter()
            .enumerate()
            .map(|(column, text)| cell((3 * number + column, text)))
            .collect();
        format!(r#"<row r="{}">{cells}</row>"#, number + 1)
    };
    let rows: String = rows.iter().enumerate().map(row).collect();
    let sheet = format!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    );
    let parts = [
        ("_rels/.rels", PACKAGE.as_bytes().to_vec()),
        ("xl/workbook.xml", WORKBOOK.as_bytes().to_vec()),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes().to_vec()),
        ("xl/worksheets/sheet1.xml", sheet.into_bytes()),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts.into_iter().chain(part) {
        archive
            .start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(&content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn at_cell(place: usize) -> String {
    format!("{}{}", ["A", "B", "C"][place % 3], place / 3 + 1)
}

/// The uitvallijst as a spreadsheet; and each that can't be read is refused with its reason, and kept nowhere.
#[tokio::test]
async fn a_spreadsheet_is_read_and_what_can_not_be_read_is_refused_as_a_whole() {
    let Some(desk) = Desk::open(&[]).await else { return };
    let (sitting, deelnames) = desk.plan(2).await;
    desk.take(&sitting).await;
    desk.house.clock.advance(SignedDuration::from_hours(51));
    let rows = [
        ["kenmerk", "reden", "datum"],
        [&deelnames[0], "afwezig", "2026-09-03"],
        [&deelnames[1], "storing", "2026-09-03"],
    ];
    let (id, preview) = desk.previewed("uitval.xlsx", &spreadsheet(&rows, None)).await;
    assert_eq!(lines(&preview), expected(&[(2, "take"), (3, "choice")]));
    desk.store(&id, &preview, json!({ "3": 1 })).await.being(202);
    desk.house.work().await;
    assert_eq!(desk.house.versions(&deelnames[1]).await.len(), 1);

    let files = desk.get("").await.json().as_array().unwrap().len();
    let macros = Some(("xl/vbaProject.bin", vec![0]));
    let bomb = Some(("xl/worksheets/sheet2.xml", vec![b' '; 80 << 20]));
    let entities = Some((
        "xl/sharedStrings.xml",
        br#"<!DOCTYPE a [<!ENTITY b "c">]><sst><si><t>&b;</t></si></sst>"#.to_vec(),
    ));
    let utf16: Vec<u8> = "kenmerk;reden\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (why, bytes) in [
        ("macros", spreadsheet(&rows, macros)),
        ("unpacks-too-large", spreadsheet(&rows, bomb)),
        ("xml-entities", spreadsheet(&rows, entities)),
        (
            "xml",
            b"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>".to_vec(),
        ),
        ("encoding", utf16),
        ("delimiter", b"kenmerk:reden\na:b\n".to_vec()),
        ("doubled-column", b"kenmerk;reden;kenmerk\na;b;c\n".to_vec()),
        ("empty", Vec::new()),
    ] {
        assert_eq!(desk.bring(why, &bytes).await.reason(400), why);
    }
    assert_eq!(
        desk.get("").await.json().as_array().unwrap().len(),
        files,
        "nothing of these is kept"
    );
    let other = desk.bring("x.csv", b"kenmerk;cijfer\na;6,4\n").await.being(201).json();
    let missing = desk.get(&format!("/{}/preview", other["id"].as_str().unwrap())).await;
    assert_eq!(missing.reason(400), "missing-column");
    desk.house.close().await;
}

/// 200 MB is cut off at the door, without being held in memory.
#[tokio::test]
async fn a_file_of_200_megabytes_is_refused_at_the_door() {
    let Some(desk) = Desk::open(&[]).await else { return };
    let pieces = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 1 << 20]));
    let body = reqwest::Body::wrap_stream(futures_util::StreamExt::take(pieces, 200));
    let sent = desk
        .http
        .post(desk.url(""))
        .bearer_auth(&desk.token)
        .body(body)
        .send()
        .await;
    // A server that stops listening may be heard, or seen as a broken pipe.
    if let Ok(answer) = sent {
        assert_eq!(answer.status().as_u16(), 413);
    }
    assert_eq!(
        desk.get("").await.json().as_array().unwrap().len(),
        1,
        "only the list of tests"
    );
    desk.house.close().await;
}
