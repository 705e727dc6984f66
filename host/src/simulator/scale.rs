//! The scales of `resultValueType` (table 4.1.D): does a score fit one, and what score belongs to a performance.

const OVG: [&str; 3] = ["insufficient", "satisfactory", "good"];
const US: [&str; 5] = ["F", "D", "C", "B", "A"];
const UK: [&str; 8] = ["U", "G", "F", "E", "D", "C", "B", "A"];
const ERK: [&str; 6] = ["A1", "A2", "B1", "B2", "C1", "C2"];
const RKTR: [&str; 8] = ["1F", "1S", "2F", "2S", "3F", "3S", "4F", "4S"];

/// Says why a score is not on a scale, or that it is. An unknown scale fits nothing.
pub(super) fn fits(scale: &str, score: &str) -> Result<(), String> {
    let fits = match scale {
        "pass-or-fail" => ["passed", "failed"].contains(&score),
        "insufficient-satisfactory-good" => OVG.contains(&score),
        "US letter" => US.contains(&without_sign(score)),
        "UK letter" => UK.contains(&without_sign(score)),
        "DE grade" => within(score, 1, 1.0, 6.0),
        "0-100" => within(score, 0, 0.0, 100.0),
        "0-10" => within(score, 0, 0.0, 10.0),
        // The name says 0.0, table 4.1.D says that the interval begins at 1.0; the table is the agreement.
        "0.0-10.0" => within(score, 1, 1.0, 10.0),
        // "Op weg naar 1F" and its like are allowed beside the levels.
        "referenceLevelRKTR" => RKTR
            .iter()
            .any(|level| score == *level || score.ends_with(&format!(" {level}"))),
        "referenceLevelERK" => ERK.contains(&score),
        _ => return Err(format!("`{scale}` is not a resultValueType of the standard")),
    };
    if fits {
        Ok(())
    } else {
        Err(format!("`{score}` is not a value of {scale}"))
    }
}

/// The score for a performance from 0.0 (nothing right) to 1.0 (everything right).
pub(super) fn score(scale: &str, performance: f64) -> String {
    let grade = 1.0 + 9.0 * performance;
    match scale {
        "pass-or-fail" => if performance >= 0.5 { "passed" } else { "failed" }.to_owned(),
        "insufficient-satisfactory-good" => if performance < 0.5 {
            OVG[0]
        } else if performance < 0.8 {
            OVG[1]
        } else {
            OVG[2]
        }
        .to_owned(),
        "US letter" => step(&US, performance),
        "UK letter" => step(&UK, performance),
        "DE grade" => format!("{:.1}", 6.0 - 5.0 * performance),
        "0-100" => format!("{:.0}", 100.0 * performance),
        "0-10" => format!("{grade:.0}"),
        "referenceLevelRKTR" => step(&RKTR, performance),
        "referenceLevelERK" => step(&ERK, performance),
        _ => format!("{grade:.1}"),
    }
}

fn step(levels: &[&str], performance: f64) -> String {
    let index = (performance * levels.len() as f64) as usize;
    levels[index.min(levels.len() - 1)].to_owned()
}

fn without_sign(score: &str) -> &str {
    score.strip_suffix(['+', '-']).unwrap_or(score)
}

fn within(score: &str, decimals: usize, least: f64, most: f64) -> bool {
    let (whole, fraction) = score.split_once('.').unwrap_or((score, ""));
    let digits_only = !whole.is_empty() && (whole.bytes().chain(fraction.bytes())).all(|byte| byte.is_ascii_digit());
    let has_empty_fraction = score.ends_with('.');
    digits_only
        && !has_empty_fraction
        && fraction.len() <= decimals
        && score.parse::<f64>().is_ok_and(|value| (least..=most).contains(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the scales, in the order of the table.
    const NAMES: [&str; 10] = [
        "pass-or-fail",
        "insufficient-satisfactory-good",
        "US letter",
        "UK letter",
        "DE grade",
        "0-100",
        "0-10",
        "0.0-10.0",
        "referenceLevelRKTR",
        "referenceLevelERK",
    ];

    /// N#164: a percentage is no grade.
    #[test]
    fn a_percentage_does_not_fit_a_ten_point_scale() {
        assert!(fits("0.0-10.0", "53").is_err());
        assert!(fits("0-100", "53").is_ok());
    }

    #[test]
    fn every_score_that_a_scale_gives_fits_that_scale() {
        for scale in NAMES {
            for hundredth in 0..=100 {
                let given = score(scale, f64::from(hundredth) / 100.0);
                assert_eq!(fits(scale, &given), Ok(()), "{scale} gave {given}");
            }
        }
    }

    #[test]
    fn notations_that_merely_look_like_a_grade_are_refused() {
        for wrong in ["5,4", "5.45", "5.", ".5", "+5", "1e1", "", "10.1", "-1", "0.9"] {
            assert!(fits("0.0-10.0", wrong).is_err(), "`{wrong}` was taken for a grade");
        }
        assert!(fits("0-10", "5.5").is_err());
        assert!(fits("insufficient-satisfactory-good", "V").is_err());
    }
}
