//! Scales of results (table 4.1.D): whether a score is a value of its scale. A percentage is never taken for a grade
//! (N#164), and nothing is converted silently (N#175).

use super::model::ResultValueType;

/// Whether a score is a value of the scale. `None` where the scale is one this version doesn't know: then nobody can say.
#[must_use]
pub fn fits(scale: &ResultValueType, score: &str) -> Option<bool> {
    let fits = match scale {
        ResultValueType::PassOrFail => matches!(score, "passed" | "failed"),
        ResultValueType::InsufficientSatisfactoryGood => matches!(score, "insufficient" | "satisfactory" | "good"),
        ResultValueType::UsLetter => is_letter(score, "ABCDF"),
        ResultValueType::UkLetter => is_letter(score, "ABCDEFGU"),
        ResultValueType::DeGrade => tenths(score).is_some_and(|tenths| (10..=60).contains(&tenths)),
        ResultValueType::ZeroToHundred => whole(score).is_some_and(|number| number <= 100),
        ResultValueType::ZeroToTen => whole(score).is_some_and(|number| number <= 10),
        ResultValueType::DecimalToTen => tenths(score).is_some_and(|tenths| (10..=100).contains(&tenths)),
        ResultValueType::ReferenceLevelRktr => is_reference_level(score),
        ResultValueType::ReferenceLevelErk => matches!(score, "A1" | "A2" | "B1" | "B2" | "C1" | "C2"),
        ResultValueType::Other(_) => return None,
    };
    Some(fits)
}

fn is_letter(score: &str, letters: &str) -> bool {
    let letter = score.strip_suffix(['+', '-']).unwrap_or(score);
    letter.len() == 1 && letters.contains(letter)
}

/// A whole number without sign, at most three digits.
fn whole(score: &str) -> Option<u32> {
    let digits = !score.is_empty() && score.len() <= 3 && score.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| score.parse().ok()).flatten()
}

/// A decimal number with at most one decimal, in tenths: `5`, `5.4`. A comma is no decimal point on the wire.
fn tenths(score: &str) -> Option<u32> {
    match score.split_once('.') {
        None => whole(score).map(|number| number * 10),
        Some((number, decimal)) if decimal.len() == 1 => Some(whole(number)? * 10 + whole(decimal)?),
        Some(_) => None,
    }
}

/// A level of the Referentiekader, or one of its additional values, which name a level (`Op weg naar 1F`).
fn is_reference_level(score: &str) -> bool {
    const LEVELS: [&str; 8] = ["1F", "1S", "2F", "2S", "3F", "3S", "4F", "4S"];
    score
        .split_whitespace()
        .next_back()
        .is_some_and(|last| LEVELS.contains(&last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_no_grade_on_a_scale_from_one_to_ten() {
        let scale = ResultValueType::DecimalToTen;
        for grade in ["1.0", "5.4", "10.0", "6"] {
            assert_eq!(fits(&scale, grade), Some(true), "{grade}");
        }
        for other in ["53", "0.9", "10.1", "5,4", "5.45", "", "-5", "5.", "53%", "1e1"] {
            assert_eq!(fits(&scale, other), Some(false), "{other}");
        }
    }

    #[test]
    fn each_scale_knows_its_own_values() {
        let cases = [
            (ResultValueType::PassOrFail, "passed", "satisfactory"),
            (ResultValueType::InsufficientSatisfactoryGood, "good", "passed"),
            (ResultValueType::UsLetter, "B+", "E"),
            (ResultValueType::UkLetter, "U", "H"),
            (ResultValueType::DeGrade, "1.3", "6.1"),
            (ResultValueType::ZeroToHundred, "100", "101"),
            (ResultValueType::ZeroToTen, "10", "5.5"),
            (ResultValueType::ReferenceLevelRktr, "Op weg naar 1F", "B1"),
            (ResultValueType::ReferenceLevelErk, "B1", "3F"),
        ];
        for (scale, good, bad) in cases {
            assert_eq!(fits(&scale, good), Some(true), "{scale:?} {good}");
            assert_eq!(fits(&scale, bad), Some(false), "{scale:?} {bad}");
        }
        assert_eq!(fits(&ResultValueType::Other("zelfbedacht".to_owned()), "7"), None);
    }
}
