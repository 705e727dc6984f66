//! CSV as people's programs write it: UTF-8 is tried first, then Windows-1252; the delimiter is found in the first row.

use encoding_rs::WINDOWS_1252;

use super::{MOST_CELLS, MOST_COLUMNS, MOST_ROWS, MOST_TEXT, Rows, SheetRow, Unreadable, csv_out};

/// What may part two cells, the likeliest first.
const DELIMITERS: [char; 4] = [';', '\t', ',', '|'];

/// The rows of a text file.
pub(super) fn rows(bytes: &[u8]) -> Result<Rows, Unreadable> {
    let text = decoded(bytes)?;
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    if text.trim_start().starts_with('<') {
        return Err(Unreadable::Xml);
    }
    let (delimiter, text, skipped) = delimiter_of(&text)?;
    if let Some(line) = open_quote(text) {
        return Err(Unreadable::OpenQuote(line + skipped));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter as u8)
        .from_reader(text.as_bytes());
    let (mut rows, mut size, mut cells) = (Vec::new(), 0, 0);
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut record = csv::StringRecord::new();
    // Text in memory does not fail to be read.
    while reader.read_record(&mut record).map_err(|_| Unreadable::NotText)? {
        let number = lines.of(record.position().map_or(0, csv::Position::byte));
        size += record.as_slice().len();
        cells += record.len().min(MOST_COLUMNS + 1);
        if rows.len() > MOST_ROWS || size > MOST_TEXT || cells > MOST_CELLS {
            return Err(Unreadable::TooMuch);
        }
        if record.len() > MOST_COLUMNS && rows.is_empty() {
            return Err(Unreadable::TooWide);
        }
        rows.push(SheetRow {
            number: number.saturating_add(skipped),
            // One cell more than can be is enough to refuse the row.
            cells: record
                .iter()
                .take(MOST_COLUMNS + 1)
                .map(|cell| csv_out::unescaped(cell).to_owned())
                .collect(),
            fault: None,
        });
    }
    Ok(Rows {
        rows,
        may_be_short: false,
    })
}

/// Counts lines as an editor does. The reader of CSV has it that a record begins where the one before ended: before a line
/// feed, or before lines that are empty.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line of a record that begins at a byte, or after the line ends there; records are asked for in their order.
    fn of(&mut self, byte: u64) -> u32 {
        let bytes = self.text.as_bytes();
        let mut begin = usize::try_from(byte).unwrap_or(usize::MAX).min(bytes.len());
        while bytes.get(begin).is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            begin += 1;
        }
        while self.at < begin {
            let ends = match bytes[self.at] {
                b'\n' => true,
                b'\r' => bytes.get(self.at + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u32::from(ends);
            self.at += 1;
        }
        self.line
    }
}

fn decoded(bytes: &[u8]) -> Result<String, Unreadable> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    };
    // UTF-16, a picture, a program: bytes that no text has. What Windows-1252 leaves open comes out as C1 controls.
    let is_no_text = |it: char| it.is_control() && !matches!(it, '\n' | '\r' | '\t');
    match text.contains(is_no_text) {
        true => Err(Unreadable::NotText),
        false => Ok(text),
    }
}

/// The delimiter, the text from the names of the columns on, and how many lines stood before them.
fn delimiter_of(text: &str) -> Result<(char, &str, u32), Unreadable> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    // Spreadsheets write this line, and read it.
    if let Some(said) = first.trim_end().strip_prefix("sep=") {
        return match said.chars().next() {
            Some(delimiter) if DELIMITERS.contains(&delimiter) && said.len() == 1 => Ok((delimiter, rest, 1)),
            _ => Err(Unreadable::NoDelimiter),
        };
    }
    let parts = |delimiter: char| {
        let mut within = false;
        let outside = |it: char| {
            within ^= it == '"';
            !within && it == delimiter
        };
        first
            .chars()
            .filter(|it| *it == delimiter || *it == '"')
            .map(outside)
            .filter(|parts| *parts)
            .count()
    };
    let mut counted: Vec<(usize, char)> = DELIMITERS
        .iter()
        .map(|delimiter| (parts(*delimiter), *delimiter))
        .collect();
    counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    match (counted[0], counted[1]) {
        ((0, _), _) => Err(Unreadable::NoDelimiter),
        ((most, one), (also, other)) if most == also => Err(Unreadable::TwoDelimiters(one, other)),
        ((_, delimiter), _) => Ok((delimiter, text, 0)),
    }
}

/// The first line with a quote too many, where the quotes of the file don't pair.
fn open_quote(text: &str) -> Option<u32> {
    let quotes = |text: &str| text.bytes().filter(|byte| *byte == b'"').count();
    if quotes(text) % 2 == 0 {
        return None;
    }
    let odd = text.lines().position(|line| quotes(line) % 2 == 1);
    odd.map(|place| u32::try_from(place + 1).unwrap_or(u32::MAX))
}
