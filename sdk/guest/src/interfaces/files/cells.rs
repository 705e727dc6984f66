//! The cells of a row that came back, read as what they should hold; what they can't be is told to who carries the file, in
//! Dutch.

use jiff::civil::Date;

use super::{Line, Piece, Row};
use crate::dutch;

/// Why a row can't be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code.
    pub code: &'static str,
    /// For the person who carries the file, in Dutch.
    pub message: String,
}

impl Refusal {
    /// A refusal with its code and sentence.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message }
    }
}

impl From<Refusal> for Line {
    fn from(Refusal { code, message }: Refusal) -> Self {
        Line::Refused {
            code: code.to_owned(),
            message,
        }
    }
}

impl Piece {
    /// What each row says, in their order. An empty row says nothing.
    pub fn lines(&self, read: impl Fn(Row<'_>) -> Result<Line, Refusal>) -> Vec<Line> {
        let line = |row: Row<'_>| match row.is_empty() {
            true => Line::Nothing,
            false => read(row).unwrap_or_else(Line::from),
        };
        self.rows().map(line).collect()
    }
}

impl<'a> Row<'a> {
    /// A cell that may not be empty.
    ///
    /// # Errors
    /// [`Refusal`] with the code `empty`.
    pub fn needed(&self, column: &str) -> Result<&'a str, Refusal> {
        let refusal = || Refusal::new("empty", format!("De cel ‘{column}’ is leeg."));
        self.text_opt(column).ok_or_else(refusal)
    }

    /// A Dutch decimal, as [`dutch::decimal`].
    ///
    /// # Errors
    /// [`Refusal`] with the code `decimal`.
    pub fn decimal_opt(&self, column: &str) -> Result<Option<String>, Refusal> {
        self.read_opt(column, dutch::decimal, |text| {
            Refusal::new("decimal", format!("‘{text}’ is geen getal met een komma, zoals 6,4."))
        })
    }

    /// A whole number of points.
    ///
    /// # Errors
    /// [`Refusal`] with the code `points`.
    pub fn points_opt(&self, column: &str) -> Result<Option<i32>, Refusal> {
        let points = |text: &str| text.parse::<i32>().ok().filter(|points| *points >= 0);
        self.read_opt(column, points, |text| {
            Refusal::new("points", format!("‘{text}’ bij ‘{column}’ is geen heel aantal punten."))
        })
    }

    /// A day, as [`dutch::day`].
    ///
    /// # Errors
    /// [`Refusal`] with the code `date`.
    pub fn day_opt(&self, column: &str) -> Result<Option<Date>, Refusal> {
        self.read_opt(column, dutch::day, |text| {
            Refusal::new("date", format!("‘{text}’ is geen datum, zoals 27-11-2026."))
        })
    }

    fn read_opt<T>(
        &self,
        column: &str,
        read: impl Fn(&str) -> Option<T>,
        refusal: impl Fn(&str) -> Refusal,
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text_opt(column) else {
            return Ok(None);
        };
        read(text).map(Some).ok_or_else(|| refusal(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(cell: &str, read: impl Fn(Row<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let piece = Piece {
            columns: vec!["cel".to_owned()],
            rows: vec![vec![cell.to_owned()]],
        };
        read(piece.rows().next().unwrap())
    }

    #[test]
    fn a_cell_that_is_empty_is_absent_unless_it_is_needed() {
        assert_eq!(read(" ", |row| row.points_opt("cel")), Ok(None));
        assert_eq!(read("", |row| row.day_opt("cel")), Ok(None));
        let needed = read("", |row| row.needed("cel").map(str::to_owned));
        assert_eq!(needed.unwrap_err().message, "De cel ‘cel’ is leeg.");
    }

    #[test]
    fn a_cell_that_holds_something_else_is_refused_with_what_it_holds() {
        let code = |refusal: Refusal| (refusal.code, refusal.message.contains("‘x’"));
        assert_eq!(
            code(read("x", |row| row.points_opt("cel")).unwrap_err()),
            ("points", true)
        );
        assert_eq!(
            code(read("x", |row| row.decimal_opt("cel")).unwrap_err()),
            ("decimal", true)
        );
        assert_eq!(code(read("x", |row| row.day_opt("cel")).unwrap_err()), ("date", true));
        assert!(read("-3", |row| row.points_opt("cel")).is_err());
        assert_eq!(read("37", |row| row.points_opt("cel")), Ok(Some(37)));
    }

    #[test]
    fn every_row_has_a_line_and_an_empty_one_says_nothing() {
        let piece = Piece {
            columns: vec!["cel".to_owned()],
            rows: vec![vec![String::new()], vec!["x".to_owned()]],
        };
        let lines = piece.lines(|_| Err(Refusal::new("odd", "vreemd")));
        assert_eq!(lines[0], Line::Nothing);
        assert!(matches!(&lines[1], Line::Refused { code, .. } if code == "odd"));
    }
}
