//! Does a score fit the scale on which it is to be judged (R22, N#164)?

use crate::{
    dialect::{Quirks, ScoreBeforeCesuur},
    model::ResultValueType,
};

/// The verdict on a score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// A value of the scale.
    Yes,
    /// No value of the scale, and why.
    No(String),
    /// Can't be said: the scale has no list of values here, or a percentage can't be told from a grade.
    Unknown,
}

/// A decimal comma read as a point: `8,5` is `8.5`. Any other text is left as it is.
pub fn with_decimal_point(score: String) -> String {
    let trimmed = score.trim();
    match trimmed.split_once(',') {
        Some((whole, part)) if digits(whole) && digits(part) => format!("{whole}.{part}"),
        _ if trimmed.len() == score.len() => score,
        _ => trimmed.to_owned(),
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Judges a score by the scale of the component (flow 3) or of the planbare toets (flow 5).
///
/// `53` on `0.0-10.0` does not fit: a percentage has been sent as a score (N#164). A decimal comma is read as a point.
pub fn fits(score: &str, scale: &ResultValueType) -> Fit {
    let score = with_decimal_point(score.to_owned());
    let score = score.as_str();
    match scale {
        ResultValueType::PassOrFail => one_of(score, &["passed", "failed"]),
        ResultValueType::InsufficientSatisfactoryGood => one_of(score, &["insufficient", "satisfactory", "good"]),
        ResultValueType::UsLetter => letter(score, "ABCDF"),
        ResultValueType::UkLetter => letter(score, "ABCDEFGU"),
        ResultValueType::ZeroToHundred => number(score, 0.0, 100.0, 0),
        ResultValueType::ZeroToTen => number(score, 0.0, 10.0, 0),
        // The name says 0.0, table 4.1.D says from 1.0; the table is the law.
        ResultValueType::DecimalToTen => number(score, 1.0, 10.0, 1),
        ResultValueType::ReferenceLevelErk => one_of(score, &["A1", "A2", "B1", "B2", "C1", "C2"]),
        ResultValueType::ReferenceLevelRktr => match one_of(score, RKTR) {
            // The list is open: "additional values like `Op weg naar 1F`".
            Fit::No(_) if !score.is_empty() && number_of(score).is_none() => Fit::Unknown,
            fit => fit,
        },
        ResultValueType::DeGrade | ResultValueType::Other(_) => Fit::Unknown,
    }
}

/// Judges a score from a peer of which habits are known: of one that may send percentages before the cesuur, a whole
/// number on a scale of numbers can't be told from a percentage, even where it fits.
pub fn fits_from(score: &str, scale: &ResultValueType, quirks: &Quirks) -> Fit {
    let numeric = matches!(
        scale,
        ResultValueType::ZeroToHundred | ResultValueType::ZeroToTen | ResultValueType::DecimalToTen
    );
    match fits(score, scale) {
        Fit::Yes if numeric && quirks.score_before_cesuur == ScoreBeforeCesuur::Percentage && digits(score.trim()) => {
            Fit::Unknown
        }
        fit => fit,
    }
}

const RKTR: &[&str] = &["1F", "1S", "2F", "2S", "3F", "3S", "4F", "4S"];

fn one_of(score: &str, values: &[&str]) -> Fit {
    if values.iter().any(|value| value.eq_ignore_ascii_case(score)) {
        Fit::Yes
    } else {
        Fit::No(format!("is none of {}", values.join(", ")))
    }
}

fn letter(score: &str, letters: &str) -> Fit {
    let bare = score.strip_suffix(['+', '-']).unwrap_or(score);
    let mut chars = bare.chars();
    match (chars.next().map(|c| c.to_ascii_uppercase()), chars.next()) {
        (Some(letter), None) if letters.contains(letter) => Fit::Yes,
        _ => Fit::No(format!("is no letter of {letters}, with or without + or -")),
    }
}

/// A number written in digits with at most one point; no sign, no exponent.
fn number_of(score: &str) -> Option<(f64, usize)> {
    let (whole, part) = score.split_once('.').unwrap_or((score, ""));
    let written = digits(whole) && (part.is_empty() && !score.contains('.') || digits(part));
    let number = written.then(|| score.parse().ok()).flatten()?;
    Some((number, part.trim_end_matches('0').len()))
}

fn number(score: &str, least: f64, most: f64, decimals: usize) -> Fit {
    let Some((number, used)) = number_of(score) else {
        return Fit::No("is no number".into());
    };
    if !(least..=most).contains(&number) {
        return Fit::No(format!("is not between {least:.decimals$} and {most:.decimals$}"));
    }
    if used > decimals {
        let allowed = if decimals == 0 {
            "no decimals".to_owned()
        } else {
            format!("{decimals} decimal")
        };
        return Fit::No(format!("has more decimals than the scale, which has {allowed}"));
    }
    Fit::Yes
}

/// A scale as the agreement spells it, such as `0.0-10.0`.
pub fn name(scale: &ResultValueType) -> String {
    crate::words::word(scale)
}

/// Reads [`name`] back; another word is a scale that the agreement does not list.
pub fn from_name(name: &str) -> ResultValueType {
    crate::words::parse(name).unwrap_or_else(|| ResultValueType::Other(name.to_owned()))
}
