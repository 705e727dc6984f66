//! Needs as a vendor is told of them: by example, and for any grant, table and vendor.

use proptest::prelude::*;

use super::*;
use crate::domain::model::{AssignedNeed, Code};

const EIGHT_HOURS: u32 = 8 * 3_600;

fn person(codes: &[String]) -> Person {
    let assigned = |code: &String| AssignedNeed {
        code: code.clone(),
        description: None,
        start: None,
        end: None,
    };
    Person {
        person_id: "p-1".to_owned(),
        primary_code: Code {
            code_type: "studentNumber".to_owned(),
            value: "1".to_owned(),
        },
        other_codes: Vec::new(),
        given_name: None,
        surname_prefix: None,
        surname: None,
        display_name: String::new(),
        preferred_name: None,
        id_check_name: None,
        mail: None,
        affiliations: Vec::new(),
        languages: Vec::new(),
        assigned_needs: codes.iter().map(assigned).collect(),
        opaque: None,
    }
}

fn line(code: &str, time: Option<Time>, told: Option<&str>) -> Line {
    Line {
        code: code.to_owned(),
        meaning: Meaning::Told {
            time,
            code: told.map(str::to_owned),
        },
    }
}

fn told(codes: &[&str], table: &Translation, duration_s: Option<u32>, bounds: &Bounds) -> Result<Needs, Vec<Obstacle>> {
    let codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
    let person = person(&codes);
    let granted = Granted {
        enrolment: None,
        person: &person,
        day: jiff::civil::date(2026, 9, 2),
        duration_s,
    };
    translate(granted, table, Some(bounds))
}

fn in_minutes(step: u32, maximum: Option<u32>) -> Bounds {
    Bounds {
        codes: vec!["extraTime".to_owned(), "spoken".to_owned()],
        extra_time: Some(Steps {
            unit: Unit::Minutes,
            step,
            maximum,
        }),
    }
}

/// N#172: a quarter of an hour and a half, at a vendor that counts by five minutes.
#[test]
fn percents_become_minutes_rounded_up_to_the_vendors_step_or_not_at_all() {
    let quarter = line("ExtraTimeOnlyMath25%", Some(Time::Percent(25)), Some("extraTime"));
    let mut table = Translation {
        rounding: Rounding::Up,
        lines: vec![quarter],
    };
    let needs = told(&["extratimeonlymath25%"], &table, Some(5_400), &in_minutes(5, None)).unwrap();
    assert_eq!(needs.additional_time_min, Some(25), "22.5 minutes, by five");
    assert_eq!(needs.personal_needs, ["extraTime"]);
    table.rounding = Rounding::Exact;
    let refused = told(&["ExtraTimeOnlyMath25%"], &table, Some(5_400), &in_minutes(5, None)).unwrap_err();
    let by_five = Obstacle::BetweenSteps {
        unit: Unit::Minutes,
        step: 5,
    };
    assert_eq!(refused, [by_five]);
    let unknown = told(&["ExtraTimeOnlyMath25%"], &table, None, &in_minutes(1, None)).unwrap_err();
    assert_eq!(unknown, [Obstacle::NoDuration]);
}

/// R15: what neither table nor standard knows, and what the vendor does not take, is an obstacle each.
#[test]
fn nothing_is_left_out_in_silence() {
    let table = Translation {
        rounding: Rounding::Up,
        lines: vec![
            line("Dyslexie", None, Some("spoken")),
            line("Vergroting", None, Some("A3")),
            Line {
                code: "EigenRuimte".to_owned(),
                meaning: Meaning::Arranged,
            },
        ],
    };
    let bounds = in_minutes(1, Some(60));
    let obstacles = told(&["Braille", "Vergroting", "EigenRuimte"], &table, None, &bounds).unwrap_err();
    assert_eq!(
        obstacles,
        [
            Obstacle::Untranslated("Braille".to_owned()),
            Obstacle::NotTaken("A3".to_owned())
        ]
    );
    let needs = told(&["Dyslexie", "Spoken", "EigenRuimte"], &table, None, &bounds).unwrap();
    assert_eq!(needs.personal_needs, ["spoken"], "once");
}

/// R15: 10,000 minutes or more is unlimited, which a vendor with a maximum can't be told.
#[test]
fn unlimited_time_is_told_or_refused_and_never_cut_down() {
    let table = Translation {
        rounding: Rounding::Up,
        lines: vec![line("Onbeperkt", Some(Time::Minutes(UNLIMITED_MINUTES)), None)],
    };
    let needs = told(&["Onbeperkt"], &table, None, &in_minutes(7, None)).unwrap();
    assert_eq!(needs.additional_time_min, Some(UNLIMITED_MINUTES));
    let refused = told(&["Onbeperkt"], &table, None, &in_minutes(7, Some(70))).unwrap_err();
    assert!(
        matches!(refused[0], Obstacle::TooMuch { maximum: 70, .. }),
        "{refused:?}"
    );
}

#[test]
fn a_table_with_a_line_that_cannot_be_is_refused_with_its_number() {
    let bounds = in_minutes(5, Some(60));
    let wrong = |lines: Vec<Line>| {
        let table = Translation {
            rounding: Rounding::Up,
            lines,
        };
        table.check(Some(&bounds)).unwrap_err()
    };
    let good = line("A", Some(Time::Minutes(30)), None);
    let again = wrong(vec![good.clone(), line("a", None, Some("spoken"))]);
    assert_eq!((again.number, again.why), (2, Wrong::Twice));
    assert_eq!(wrong(vec![line("A", None, None)]).why, Wrong::SaysNothing);
    assert_eq!(wrong(vec![line(" ", None, None)]).why, Wrong::NoCode);
    assert_eq!(
        wrong(vec![line("A", Some(Time::Minutes(61)), None)]).why,
        Wrong::TooMuch
    );
    assert_eq!(
        wrong(vec![line("A", Some(Time::Percent(0)), None)]).why,
        Wrong::NoAmount
    );
    let strange = wrong(vec![good, line("B", None, Some("braille"))]);
    assert!(strange.to_string().contains("line 2 (`B`)"), "{strange}");
}

fn a_time() -> impl Strategy<Value = Time> {
    prop_oneof![
        (1..400_u32).prop_map(Time::Minutes),
        (1..=200_u32).prop_map(Time::Percent),
        (UNLIMITED_MINUTES..UNLIMITED_MINUTES + 50).prop_map(Time::Minutes),
    ]
}

fn some_bounds() -> impl Strategy<Value = Bounds> {
    let steps =
        (any::<bool>(), 1..40_u32, proptest::option::of(1..10_u32)).prop_map(|(in_percents, step, most)| Steps {
            unit: if in_percents { Unit::Percent } else { Unit::Minutes },
            step,
            maximum: most.map(|most| most * step),
        });
    let codes = proptest::sample::subsequence(vec!["extraTime", "spoken", "spell-checker-on-screen", "A3"], 0..=4);
    (codes, proptest::option::of(steps)).prop_map(|(codes, extra_time)| Bounds {
        codes: codes.into_iter().map(str::to_owned).collect(),
        extra_time,
    })
}

fn some_lines() -> impl Strategy<Value = Vec<Line>> {
    let told = proptest::sample::select(vec![
        None,
        Some("extraTime"),
        Some("spoken"),
        Some("A3"),
        Some("nowhere"),
    ]);
    let meaning = prop_oneof![
        3 => (proptest::option::of(a_time()), told).prop_map(|(time, code)| Meaning::Told {
            time,
            code: code.map(str::to_owned),
        }),
        1 => Just(Meaning::Arranged),
    ];
    proptest::collection::vec(meaning, 4).prop_map(|meanings| {
        let line = |(place, meaning)| Line {
            code: format!("code{place}"),
            meaning,
        };
        meanings.into_iter().enumerate().map(line).collect()
    })
}

proptest! {
    /// Whatever was granted: no fewer minutes, no code that the vendor doesn't take, nothing left out, and what is told
    /// can be told.
    #[test]
    fn a_vendor_is_told_no_less_than_was_granted_and_nothing_it_does_not_take(
        lines in some_lines(),
        rounding in proptest::sample::select(vec![Rounding::Up, Rounding::Exact]),
        bounds in some_bounds(),
        assigned in proptest::sample::subsequence((0..6).map(|it| format!("CODE-{it}")).collect::<Vec<_>>(), 0..=6),
        duration_s in proptest::option::of(60..EIGHT_HOURS),
    ) {
        let table = Translation { rounding, lines };
        let person = person(&assigned);
        let day = jiff::civil::date(2026, 9, 2);
        let granted = Granted { enrolment: None, person: &person, day, duration_s };
        match translate(granted, &table, Some(&bounds)) {
            Err(obstacles) => prop_assert!(!obstacles.is_empty()),
            Ok(needs) => {
                prop_assert!(needs.personal_needs.iter().all(|code| bounds.codes.contains(code)));
                prop_assert_eq!(needs.obstacles(duration_s, &bounds), []);
                for code in &assigned {
                    let meaning = table.meaning(code);
                    prop_assert!(meaning.is_some(), "{} was left out", code);
                    let Some(Meaning::Told { time, code }) = meaning else { continue };
                    prop_assert!(code.as_ref().is_none_or(|code| needs.personal_needs.contains(code)));
                    let told = u64::from(needs.additional_time_min.unwrap_or(0));
                    match time {
                        None => {}
                        Some(Time::Minutes(granted)) => prop_assert!(told >= u64::from(*granted)),
                        Some(Time::Percent(percent)) => {
                            let seconds = u64::from(duration_s.expect("percents need a duration"));
                            prop_assert!(told * 6_000 >= u64::from(*percent) * seconds);
                        }
                    }
                }
            }
        }
    }
}
