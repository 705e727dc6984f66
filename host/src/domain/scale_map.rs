//! Scale maps: the only way from a percentage, points or a vendor's words to a value of the planbare toets' scale. Two
//! people approve one, and what is approved is never changed: another version takes its place.

use jiff::Timestamp;
use oke_codec::scale::{self, Fit};

use super::model::{ExamResult, ResultValueType};

/// The most rows of a map.
pub const MOST_ROWS: usize = 500;

/// A number of a score, counted in thousandths, so that no border is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(i64);

impl Number {
    /// Reads digits with at most three decimals, point or comma; no sign. `None` for anything else.
    #[must_use]
    pub fn read(text: &str) -> Option<Number> {
        let text = text.trim();
        let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(part) || whole.len() > 9 || part.len() > 3 {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        let thousandths: i64 = format!("{part:0<3}").parse().ok()?;
        Some(Number(whole * 1_000 + thousandths))
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, part) = (self.0 / 1_000, self.0 % 1_000);
        match part {
            0 => write!(out, "{whole}"),
            _ => write!(out, "{whole}.{}", format!("{part:03}").trim_end_matches('0')),
        }
    }
}

/// What of a delivered result is looked up in the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// `score`: a percentage or a word.
    Score,
    /// `rawScore`: points.
    Points,
}

impl Basis {
    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Basis::Score => "score",
            Basis::Points => "points",
        }
    }

    /// Reads [`Basis::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Basis> {
        [Basis::Score, Basis::Points]
            .into_iter()
            .find(|basis| basis.name() == name)
    }
}

/// How a map converts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Not at all: what the vendor delivers is a value of the scale already. Takes the place of an earlier map.
    AsIs,
    /// Each step holds from its number until the next one's; the last until `up_to`, inclusive.
    Steps {
        /// Where a step begins, and what it gives; ascending.
        steps: Vec<(Number, String)>,
        /// The highest number that there is.
        up_to: Number,
    },
    /// Word for word, without regard to case.
    Words(Vec<(String, String)>),
}

/// What became of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Waits for a second person.
    Proposed,
    /// Approved: holds unless a later version does.
    Approved,
    /// Turned down.
    Rejected,
}

impl Standing {
    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Standing::Proposed => "proposed",
            Standing::Approved => "approved",
            Standing::Rejected => "rejected",
        }
    }

    /// Reads [`Standing::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Standing> {
        [Standing::Proposed, Standing::Approved, Standing::Rejected]
            .into_iter()
            .find(|standing| standing.name() == name)
    }
}

/// A map from what a vendor delivers to a scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleMap {
    /// Id.
    pub id: String,
    /// The vendor.
    pub peer: String,
    /// Its component.
    pub component: String,
    /// Of one examenversie only; `None`: of all that have no map of their own.
    pub examenversie: Option<String>,
    /// The scale of the planbare toets that it leads to.
    pub to: ResultValueType,
    /// Counts the versions for the same purpose, from 1.
    pub number: i64,
    /// What is looked up.
    pub basis: Basis,
    /// How.
    pub rule: Rule,
    /// Who made it.
    pub author: String,
    /// Where it comes from, such as the vendor's letter.
    pub source: String,
    /// When.
    pub made_at: Timestamp,
    /// What became of it.
    pub standing: Standing,
    /// Who approved or rejected it, when, and why.
    pub settled: Option<(String, Timestamp, String)>,
    /// Of the row; 0 before it is kept.
    pub version: i64,
}

/// What is wrong with a map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongMap {
    /// No rows, or too many.
    #[error("a map has 1 to {MOST_ROWS} rows, this one has {0}")]
    Rows(usize),
    /// Not ascending.
    #[error("row {row} begins at {begins}, which is not above the row before it: order the rows by where they begin")]
    Order {
        /// Which row, from 1.
        row: usize,
        /// Where it begins.
        begins: Number,
    },
    /// `upTo` below the last step.
    #[error("`upTo` ({up_to}) is below where the last row begins ({last})")]
    UpTo {
        /// The highest number.
        up_to: Number,
        /// Where the last row begins.
        last: Number,
    },
    /// The same word twice.
    #[error("row {row} says `{word}` again: each word stands once")]
    Twice {
        /// Which row, from 1.
        row: usize,
        /// The word.
        word: String,
    },
    /// Not a value of the scale.
    #[error("row {row} gives `{value}`, which {why}")]
    OffScale {
        /// Which row, from 1.
        row: usize,
        /// What it gives.
        value: String,
        /// Why that does not fit.
        why: String,
    },
    /// Points are numbers.
    #[error("points are looked up as numbers: give `steps`, not `words`")]
    WordsOfPoints,
}

impl Rule {
    /// Whether this rule can be a map's.
    ///
    /// # Errors
    /// [`WrongMap`], with the row to mend.
    pub fn check(&self, basis: Basis, to: &ResultValueType) -> Result<(), WrongMap> {
        let values: Vec<&String> = match self {
            Rule::AsIs => return Ok(()),
            Rule::Steps { steps, up_to } => {
                for (place, pair) in steps.windows(2).enumerate() {
                    if pair[1].0 <= pair[0].0 {
                        let (row, begins) = (place + 2, pair[1].0);
                        return Err(WrongMap::Order { row, begins });
                    }
                }
                if let Some((last, _)) = steps.last().filter(|(last, _)| up_to < last) {
                    return Err(WrongMap::UpTo {
                        up_to: *up_to,
                        last: *last,
                    });
                }
                steps.iter().map(|(_, value)| value).collect()
            }
            Rule::Words(_) if basis == Basis::Points => return Err(WrongMap::WordsOfPoints),
            Rule::Words(words) => {
                for (place, (word, _)) in words.iter().enumerate() {
                    let is_same = |(earlier, _): &(String, String)| same_word(earlier, word);
                    if words[..place].iter().any(is_same) {
                        let (row, word) = (place + 1, word.clone());
                        return Err(WrongMap::Twice { row, word });
                    }
                }
                words.iter().map(|(_, value)| value).collect()
            }
        };
        if values.is_empty() || values.len() > MOST_ROWS {
            return Err(WrongMap::Rows(values.len()));
        }
        for (place, value) in values.into_iter().enumerate() {
            let why = match scale::fits(value, to) {
                _ if value.trim().is_empty() => "is empty".to_owned(),
                Fit::No(why) => why,
                Fit::Yes | Fit::Unknown => continue,
            };
            return Err(WrongMap::OffScale {
                row: place + 1,
                value: value.clone(),
                why,
            });
        }
        Ok(())
    }

    fn give(&self, found: &str) -> Option<String> {
        match self {
            Rule::AsIs => Some(found.to_owned()),
            Rule::Steps { steps, up_to } => {
                let number = Number::read(found).filter(|number| number <= up_to)?;
                let step = steps.iter().rev().find(|(begins, _)| *begins <= number)?;
                Some(step.1.clone())
            }
            Rule::Words(words) => {
                let row = words.iter().find(|(word, _)| same_word(word, found))?;
                Some(row.1.clone())
            }
        }
    }
}

fn same_word(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// What a map makes of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Converted {
    /// There is nothing to convert yet.
    Nothing,
    /// A value of the scale.
    To(String),
    /// The map has no row for what was delivered.
    NoRow,
}

impl ScaleMap {
    /// Whether it changes what is delivered.
    #[must_use]
    pub fn converts(&self) -> bool {
        self.rule != Rule::AsIs
    }

    /// What it makes of a result.
    #[must_use]
    pub fn convert(&self, result: &ExamResult) -> Converted {
        let found = match self.basis {
            Basis::Score => result.score.clone(),
            Basis::Points => result.raw_score.map(|points| points.to_string()),
        };
        match found {
            // A score beside points that are missing must not pass for a value of the scale.
            None if result.score.is_some() => Converted::NoRow,
            None => Converted::Nothing,
            Some(found) => self.rule.give(&found).map_or(Converted::NoRow, Converted::To),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Percentages to grades, approved: 53 % is a 5.5.
    pub(in crate::domain) fn percentages() -> ScaleMap {
        let number = |text: &str| Number::read(text).unwrap();
        ScaleMap {
            id: "map".to_owned(),
            peer: "toa".to_owned(),
            component: "c".to_owned(),
            examenversie: None,
            to: ResultValueType::DecimalToTen,
            number: 1,
            basis: Basis::Score,
            rule: Rule::Steps {
                steps: vec![(number("0"), "1.0".to_owned()), (number("53"), "5.5".to_owned())],
                up_to: number("100"),
            },
            author: "an".to_owned(),
            source: "brief".to_owned(),
            made_at: Timestamp::UNIX_EPOCH,
            standing: Standing::Approved,
            settled: None,
            version: 1,
        }
    }

    fn steps(rows: &[(&str, &str)], up_to: &str) -> Rule {
        let row = |(begins, value): &(&str, &str)| (Number::read(begins).unwrap(), (*value).to_owned());
        Rule::Steps {
            steps: rows.iter().map(row).collect(),
            up_to: Number::read(up_to).unwrap(),
        }
    }

    #[test]
    fn a_step_holds_from_its_border_to_the_next_and_nothing_beyond_is_made_up() {
        let rule = steps(&[("0", "1.0"), ("54.5", "5.4"), ("55", "5.5")], "100");
        for (percentage, grade) in [
            ("0", Some("1.0")),
            ("54.499", Some("1.0")),
            ("54,5", Some("5.4")),
            ("55", Some("5.5")),
            ("100", Some("5.5")),
            ("100.001", None),
            ("-3", None),
            ("ruim", None),
        ] {
            assert_eq!(rule.give(percentage).as_deref(), grade, "{percentage}");
        }
    }

    #[test]
    fn words_are_looked_up_whole() {
        let rule = Rule::Words(vec![("Voldoende".to_owned(), "satisfactory".to_owned())]);
        assert_eq!(rule.give(" voldoende ").as_deref(), Some("satisfactory"));
        assert_eq!(rule.give("onvoldoende"), None);
    }

    #[test]
    fn a_map_that_leads_off_its_scale_is_refused_with_the_row() {
        let grades = ResultValueType::DecimalToTen;
        let check = |rule: Rule, basis| rule.check(basis, &grades).map_err(|error| error.to_string());
        assert_eq!(
            check(steps(&[("0", "1.0"), ("55", "5.5")], "100"), Basis::Score),
            Ok(())
        );
        let off = check(steps(&[("0", "1.0"), ("55", "55")], "100"), Basis::Score).unwrap_err();
        assert!(off.starts_with("row 2 gives `55`"), "{off}");
        let order = check(steps(&[("55", "5.5"), ("0", "1.0")], "100"), Basis::Score).unwrap_err();
        assert!(order.contains("row 2"), "{order}");
        let up_to = check(steps(&[("0", "1.0"), ("55", "5.5")], "50"), Basis::Score).unwrap_err();
        assert!(up_to.contains("upTo"), "{up_to}");
        assert!(check(Rule::Words(Vec::new()), Basis::Score).is_err());
        let words = Rule::Words(vec![("goed".to_owned(), "8.0".to_owned())]);
        assert!(check(words.clone(), Basis::Points).is_err());
        assert_eq!(check(words, Basis::Score), Ok(()));
        assert_eq!(Number::read("54.50").unwrap().to_string(), "54.5");
    }
}
