//! The times in which a school examines: the weeks that hold many sittings, and what its own calendar says.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan as _};

use super::calendar::midnight;
use super::label::{self, NoLabel};

/// The most lines of a calendar.
pub const MOST_LINES: usize = 500;

/// Days in which a school examines, the first and the last included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
}

impl Period {
    /// From midnight before the first day until midnight after the last one, at school.
    ///
    /// # Errors
    /// Days beyond what a calendar holds.
    pub fn moments(&self) -> Result<(Timestamp, Timestamp), jiff::Error> {
        Ok((midnight(self.first)?, midnight(self.last.tomorrow()?)?))
    }
}

/// The weeks that hold at least so many sittings, by the days on which those are: weeks that follow each other are one
/// period, from the Monday of the first until the last day with a sitting. Each with its number of sittings.
#[must_use]
pub fn exam_weeks(days: impl IntoIterator<Item = Date>, least: u32) -> Vec<(Period, u32)> {
    let mut weeks: BTreeMap<Date, (Date, u32)> = BTreeMap::new();
    for day in days {
        let Ok(monday) = monday(day) else { continue };
        let week = weeks.entry(monday).or_insert((day, 0));
        *week = (week.0.max(day), week.1 + 1);
    }
    let mut periods: Vec<(Period, u32)> = Vec::new();
    for (first, (last, sittings)) in weeks.into_iter().filter(|(_, week)| week.1 >= least.max(1)) {
        match periods.last_mut() {
            Some((before, count))
                if monday(before.last).and_then(|monday| monday.checked_add(1.week())).ok() == Some(first) =>
            {
                before.last = last;
                *count += sittings;
            }
            _ => periods.push((Period { first, last }, sittings)),
        }
    }
    periods
}

fn monday(day: Date) -> Result<Date, jiff::Error> {
    match day.weekday() {
        Weekday::Monday => Ok(day),
        _ => day.nth_weekday(-1, Weekday::Monday),
    }
}

/// A line of a calendar that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongLine {
    /// Not three cells.
    #[error("it has {0} cells; write first day; last day; name")]
    Cells(usize),
    /// Not a day.
    #[error("`{0}` is no day; write it as 10-05-2027 or 2027-05-10")]
    Day(String),
    /// An end before its beginning.
    #[error("its last day comes before its first")]
    Ends,
    /// A name that can't be.
    #[error("its name can't be used: {0}")]
    Name(NoLabel),
    /// It comes after as many as are read.
    #[error("no more than {MOST_LINES} lines are read at once; give the rest apart")]
    TooMany,
}

/// A line of a calendar, with its number.
pub type Line = (usize, Result<(Period, String), WrongLine>);

/// Reads a calendar of lines `first day; last day; name`, as a spreadsheet saves them: cells between semicolons, or tabs
/// when a line has any. Empty lines are left out, and a heading before the first day; the line after [`MOST_LINES`] says that the rest is not read.
#[must_use]
pub fn read(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (at, line) in text.trim_start_matches('\u{FEFF}').lines().enumerate() {
        if at >= MOST_LINES {
            lines.push((at + 1, Err(WrongLine::TooMany)));
            break;
        }
        if line.trim_matches([';', '\t', ' ']).is_empty() {
            continue;
        }
        let read = read_line(line);
        let is_word = |cell: &String| !cell.contains(|it: char| it.is_ascii_digit());
        let is_heading = lines.is_empty() && matches!(&read, Err(WrongLine::Day(cell)) if is_word(cell));
        if !is_heading {
            lines.push((at + 1, read));
        }
    }
    lines
}

fn read_line(line: &str) -> Result<(Period, String), WrongLine> {
    let between = if line.contains('\t') { '\t' } else { ';' };
    let cells: Vec<&str> = line
        .split(between)
        .map(|cell| cell.trim().trim_matches('"').trim())
        .collect();
    let filled = cells
        .iter()
        .rposition(|cell| !cell.is_empty())
        .map_or(0, |last| last + 1);
    let [first, last, name] = cells[..filled] else {
        return Err(WrongLine::Cells(filled));
    };
    let (first, last) = (day(first)?, day(last)?);
    if last < first {
        return Err(WrongLine::Ends);
    }
    let name = label::tidy(name).map_err(WrongLine::Name)?;
    Ok((Period { first, last }, name))
}

fn day(text: &str) -> Result<Date, WrongLine> {
    let wrong = || WrongLine::Day(text.chars().take(40).collect());
    let dutch = ["%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y"];
    let read = dutch.iter().find_map(|format| Date::strptime(format, text).ok());
    let day = read.or_else(|| text.parse().ok()).ok_or_else(wrong)?;
    // What a school plans lies in this century; other years are typing errors that would freeze for ever.
    (2000..2100).contains(&day.year()).then_some(day).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str) -> Vec<Date> {
        text.split(' ').map(|day| day.parse().unwrap()).collect()
    }

    #[test]
    fn weeks_with_many_sittings_that_follow_each_other_are_one_period() {
        // Three in one week, two in the next, one a week later, three after a month.
        let planned =
            days("2026-09-02 2026-09-03 2026-09-03 2026-09-07 2026-09-10 2026-09-16 2026-10-12 2026-10-12 2026-10-16");
        let told: Vec<String> = exam_weeks(planned.clone(), 2)
            .iter()
            .map(|(period, sittings)| format!("{} {} {sittings}", period.first, period.last))
            .collect();
        assert_eq!(told, ["2026-08-31 2026-09-10 5", "2026-10-12 2026-10-16 3"]);
        assert_eq!(exam_weeks(planned.clone(), 3).len(), 2);
        assert!(exam_weeks(planned, 4).is_empty());
        assert!(exam_weeks([], 0).is_empty());
    }

    #[test]
    fn a_period_lasts_from_midnight_until_midnight_at_school_over_summer_time() {
        let period = Period {
            first: "2026-10-24".parse().unwrap(),
            last: "2026-10-25".parse().unwrap(),
        };
        let (from, until) = period.moments().unwrap();
        assert_eq!(
            (from.to_string(), until.to_string()),
            ("2026-10-23T22:00:00Z".to_owned(), "2026-10-25T23:00:00Z".to_owned())
        );
    }

    #[test]
    fn what_comes_after_as_many_lines_as_are_read_is_told_and_not_lost_in_silence() {
        let line = "10-05-2027;21-05-2027;Centrale examens\n";
        assert!(read(&line.repeat(MOST_LINES)).iter().all(|(_, line)| line.is_ok()));
        let lines = read(&line.repeat(MOST_LINES + 7));
        assert_eq!(lines.len(), MOST_LINES + 1);
        assert_eq!(lines[MOST_LINES], (MOST_LINES + 1, Err(WrongLine::TooMany)));
    }

    #[test]
    fn a_calendar_as_a_spreadsheet_saves_it_is_read_line_by_line_and_bad_lines_say_why() {
        let text = "\u{FEFF}Begin;Einde;Naam\r\n10-05-2027;21-05-2027;Centrale examens, periode 3\r\n;;\r\n\
                    2027-06-07\t2027-06-11\tHerkansingen\n12-05-2027;11-05-2027;omgekeerd\nvolgende week;;\n\
                    31-02-2027;01-03-2027;bestaat niet\n10-05-2027;21-05-2027;\u{202E}om\n01-01-9999;01-01-9999;ooit";
        let lines = read(text);
        let told: Vec<String> = lines
            .iter()
            .map(|(number, line)| match line {
                Ok((period, name)) => format!("{number} {} {} {name}", period.first, period.last),
                Err(wrong) => format!("{number} {wrong}"),
            })
            .collect();
        assert_eq!(
            told,
            [
                "2 2027-05-10 2027-05-21 Centrale examens, periode 3",
                "4 2027-06-07 2027-06-11 Herkansingen",
                "5 its last day comes before its first",
                "6 it has 1 cells; write first day; last day; name",
                "7 `31-02-2027` is no day; write it as 10-05-2027 or 2027-05-10",
                "8 its name can't be used: it holds U+202E, which can't be seen and changes how the rest reads; leave it out",
                "9 `01-01-9999` is no day; write it as 10-05-2027 or 2027-05-10",
            ]
        );
    }
}
