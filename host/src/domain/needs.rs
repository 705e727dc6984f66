//! Needs (voorzieningen): what was assigned to a person, and what a vendor can be told of it (R15, N#172). A table per
//! vendor says what the free codes of a student system mean there; the connector's manifest says what can be told at
//! all. What can't be told is an [`Obstacle`], never left out.

use jiff::civil::Date;

use super::association::UNLIMITED_MINUTES;
use super::model::{self, Person};

/// What a vendor is told that a candidate needs at one sitting (R15).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Extra time, minutes; [`UNLIMITED_MINUTES`] or more is unlimited.
    pub additional_time_min: Option<u32>,
    /// Codes of needs.
    pub personal_needs: Vec<String>,
}

/// Extra time as it was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Minutes; [`UNLIMITED_MINUTES`] or more is unlimited.
    Minutes(u32),
    /// Percents of the sitting's duration.
    Percent(u32),
}

/// What a code of the student system means at one vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// The vendor is told: extra time, a code of its own, or both.
    Told {
        /// Extra time.
        time: Option<Time>,
        /// A code that the vendor takes.
        code: Option<String>,
    },
    /// The school sees to it, such as a room of one's own: the vendor needn't know.
    Arranged,
}

/// One line of a [`Translation`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The student system's code; case and hyphens don't count.
    pub code: String,
    /// What it means.
    pub meaning: Meaning,
}

/// What to do with extra time that is no whole number of the vendor's steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rounding {
    /// Give the next whole step: never less than was granted.
    #[default]
    Up,
    /// It can't be told: a person decides.
    Exact,
}

/// What the codes of student systems mean at one vendor. Functioneel beheer maintains it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Translation {
    /// What to do between two steps of the vendor.
    pub rounding: Rounding,
    /// Line by line.
    pub lines: Vec<Line>,
}

/// In what a vendor counts extra time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Minutes.
    Minutes,
    /// Percents of the sitting's duration. The vendor is still told minutes (`additionalTimeInMin`): those of a whole
    /// step, rounded up to a minute; its connector finds the step back.
    Percent,
}

impl std::fmt::Display for Unit {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Unit::Minutes => "minutes",
            Unit::Percent => "percent",
        })
    }
}

/// How much extra time a vendor can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// In what it counts.
    pub unit: Unit,
    /// The smallest amount; every amount is a multiple of it.
    pub step: u32,
    /// The greatest amount; absent: any, unlimited too.
    pub maximum: Option<u32>,
}

/// What a vendor can be told, by the manifest of the connector that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Codes it takes.
    pub codes: Vec<String>,
    /// Extra time; absent: none.
    pub extra_time: Option<Steps>,
}

/// Why a vendor can't be told of a need. The sentence is for a planner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Neither the table nor the standard says what this assigned code means.
    #[error("the vendor's table says nothing of the assigned need `{0}`")]
    Untranslated(String),
    /// The vendor takes no such code.
    #[error("the vendor's connector takes no need `{0}`")]
    NotTaken(String),
    /// The vendor can't be told of extra time.
    #[error("the vendor's connector can't tell of extra time")]
    NoExtraTime,
    /// More than the vendor takes.
    #[error("the vendor takes at most {maximum} {unit} extra time")]
    TooMuch {
        /// In what it counts.
        unit: Unit,
        /// The most it takes.
        maximum: u32,
    },
    /// No whole number of the vendor's steps, and the table says not to round.
    #[error("the vendor takes extra time by steps of {step} {unit}")]
    BetweenSteps {
        /// In what it counts.
        unit: Unit,
        /// Its step.
        step: u32,
    },
    /// Percents of a duration that is not known.
    #[error("extra time is counted in percents and the sitting has no duration")]
    NoDuration,
}

/// For whom, and for when.
#[derive(Debug, Clone, Copy)]
pub struct Granted<'a> {
    /// The toetsinschrijving, which may name needs itself; those of flow 2, in minutes.
    pub enrolment: Option<&'a model::Association>,
    /// The person with their assigned needs.
    pub person: &'a Person,
    /// The day of the sitting.
    pub day: Date,
    /// How long the sitting lasts, seconds.
    pub duration_s: Option<u32>,
}

/// Codes of needs that flow 2 knows (table 4.1.B).
pub const KNOWN_CODES: [&str; 3] = ["extraTime", "spoken", "spell-checker-on-screen"];

/// Translates what was granted to what the vendor is told: every code by the table, or as flow 2 knows it, and the
/// longest of the extra times. An assigned code that neither knows is taken to be what the toetsinschrijving says
/// itself, where that names needs. Without bounds (no connector runs yet) all can be told; what runs at delivery is
/// asked again.
///
/// # Errors
/// Everything that can't be told.
pub fn translate(granted: Granted<'_>, table: &Translation, bounds: Option<&Bounds>) -> Result<Needs, Vec<Obstacle>> {
    let mut obstacles = Vec::new();
    let (mut codes, mut times): (Vec<String>, Vec<Time>) = (Vec::new(), Vec::new());
    if let Some(enrolment) = granted.enrolment {
        codes.clone_from(&enrolment.personal_needs);
        times.extend(enrolment.additional_time_min.map(Time::Minutes));
    }
    let says_itself = !codes.is_empty() || !times.is_empty();
    for code in assigned_on(granted.person, granted.day) {
        match (table.meaning(code), known(code)) {
            (Some(Meaning::Arranged), _) => {}
            (Some(Meaning::Told { time, code }), _) => {
                times.extend(*time);
                codes.extend(code.clone());
            }
            (None, Some(known)) => codes.push(known.to_owned()),
            (None, None) if says_itself => {}
            (None, None) => obstacles.push(Obstacle::Untranslated(code.to_owned())),
        }
    }
    let mut needs = Needs::default();
    for code in codes {
        match taken(&code, bounds) {
            Some(code) if needs.personal_needs.contains(&code) => {}
            Some(code) => needs.personal_needs.push(code),
            None => obstacles.push(Obstacle::NotTaken(code)),
        }
    }
    for time in times {
        match minutes(time, granted.duration_s, table.rounding, bounds) {
            Ok(minutes) => needs.additional_time_min = needs.additional_time_min.max(Some(minutes)),
            Err(obstacle) => obstacles.push(obstacle),
        }
    }
    if obstacles.is_empty() {
        Ok(needs)
    } else {
        Err(obstacles)
    }
}

impl Needs {
    /// What of these needs, as a person or a translation gave them, the vendor can't be told.
    #[must_use]
    pub fn obstacles(&self, duration_s: Option<u32>, bounds: &Bounds) -> Vec<Obstacle> {
        let codes = self.personal_needs.iter();
        let mut obstacles: Vec<Obstacle> = codes
            .filter(|code| taken(code, Some(bounds)).is_none())
            .map(|code| Obstacle::NotTaken(code.clone()))
            .collect();
        let given = self.additional_time_min.filter(|minutes| *minutes > 0);
        if let Some(given) = given {
            obstacles.extend(time_obstacle(given, duration_s, bounds));
        }
        obstacles
    }

    /// Whether nothing is needed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.additional_time_min.is_none() && self.personal_needs.is_empty()
    }
}

impl Translation {
    /// What a code means; case and hyphens don't count.
    #[must_use]
    pub fn meaning(&self, code: &str) -> Option<&Meaning> {
        let found = self.lines.iter().find(|line| plain(&line.code) == plain(code));
        found.map(|line| &line.meaning)
    }

    /// Whether the table says what can be: each code once, with a meaning that the vendor can be told.
    ///
    /// # Errors
    /// The first line that can't be, and why.
    pub fn check(&self, bounds: Option<&Bounds>) -> Result<(), WrongLine> {
        for (place, line) in self.lines.iter().enumerate() {
            let wrong = |why| {
                Err(WrongLine {
                    number: place + 1,
                    code: line.code.clone(),
                    why,
                })
            };
            let is_again = |other: &Line| plain(&other.code) == plain(&line.code);
            if plain(&line.code).is_empty() {
                return wrong(Wrong::NoCode);
            }
            if self.lines[..place].iter().any(is_again) {
                return wrong(Wrong::Twice);
            }
            let Meaning::Told { time, code } = &line.meaning else {
                continue;
            };
            if time.is_none() && code.is_none() {
                return wrong(Wrong::SaysNothing);
            }
            if matches!(time, Some(Time::Minutes(0) | Time::Percent(0))) {
                return wrong(Wrong::NoAmount);
            }
            if let Some(Time::Percent(percent)) = time
                && *percent > MOST_PERCENT
            {
                return wrong(Wrong::ManyPercents);
            }
            if let Some(code) = code
                && taken(code, bounds).is_none()
            {
                return wrong(Wrong::NotTaken(code.clone()));
            }
            let Some(bounds) = bounds else { continue };
            match (time, bounds.extra_time) {
                (Some(_), None) => return wrong(Wrong::NoExtraTime),
                (Some(time), Some(steps)) if steps.is_less_than(*time) => return wrong(Wrong::TooMuch),
                _ => {}
            }
        }
        Ok(())
    }
}

/// More extra time than this, in percents, is a mistake in typing: five times the duration.
pub const MOST_PERCENT: u32 = 500;

/// A line of a table that can't be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number} (`{code}`) of the table can't be: {why}")]
pub struct WrongLine {
    /// Which, counted from 1.
    pub number: usize,
    /// Its code.
    pub code: String,
    /// Why.
    pub why: Wrong,
}

/// Why a line can't be. The sentence is for who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// No code.
    #[error("it names no code; write the student system's code, or leave the line out")]
    NoCode,
    /// The same code again.
    #[error("an earlier line has the same code; case and hyphens don't count")]
    Twice,
    /// No meaning.
    #[error("it says nothing; give extra time, a code of the vendor, or say that the school arranges it")]
    SaysNothing,
    /// Zero.
    #[error("extra time of 0 is none; give an amount, or leave it out")]
    NoAmount,
    /// Beyond reason.
    #[error("more than {MOST_PERCENT} percent extra time; for unlimited time write 10000 minutes")]
    ManyPercents,
    /// The manifest names no such code.
    #[error("the connector that runs can't tell the vendor code `{0}`; see the codes it declares under [needs]")]
    NotTaken(String),
    /// The manifest names no extra time.
    #[error("the connector that runs can't tell the vendor of extra time; choose another meaning")]
    NoExtraTime,
    /// Above the manifest's maximum.
    #[error("it is more extra time than the connector that runs can tell the vendor")]
    TooMuch,
}

impl Steps {
    /// Whether this much can't be told whatever the sitting's duration.
    fn is_less_than(&self, time: Time) -> bool {
        match (self.maximum, self.unit, time) {
            (Some(maximum), Unit::Minutes, Time::Minutes(asked))
            | (Some(maximum), Unit::Percent, Time::Percent(asked)) => asked > maximum,
            (Some(_), Unit::Percent, Time::Minutes(asked)) => asked >= UNLIMITED_MINUTES,
            _ => false,
        }
    }
}

/// How long a sitting lasts, seconds: its net duration, or from its start to its end where it has none (R18).
#[must_use]
pub fn duration_s(sitting: &model::Offering) -> Option<u32> {
    let whole = || {
        let seconds = sitting.end?.duration_since(sitting.start?).as_secs();
        u32::try_from(seconds).ok()
    };
    sitting.duration_s.or_else(whole)
}

/// The needs assigned to a person that hold on a day, by their codes.
pub fn assigned_on(person: &Person, day: Date) -> impl Iterator<Item = &str> {
    person
        .assigned_needs
        .iter()
        .filter(move |it| it.start.is_none_or(|start| start <= day) && it.end.is_none_or(|end| day <= end))
        .map(|it| it.code.as_str())
}

/// The code as flow 2 spells it.
fn known(code: &str) -> Option<&'static str> {
    KNOWN_CODES.into_iter().find(|known| plain(known) == plain(code))
}

/// The code as the vendor spells it, if it takes it.
fn taken(code: &str, bounds: Option<&Bounds>) -> Option<String> {
    match bounds {
        None => Some(code.to_owned()),
        Some(bounds) => bounds.codes.iter().find(|taken| plain(taken) == plain(code)).cloned(),
    }
}

fn plain(code: &str) -> String {
    code.trim().replace('-', "").to_ascii_lowercase()
}

/// The minutes that a vendor is told: never fewer than were granted.
fn minutes(time: Time, duration_s: Option<u32>, rounding: Rounding, bounds: Option<&Bounds>) -> Result<u32, Obstacle> {
    let any = Steps {
        unit: Unit::Minutes,
        step: 1,
        maximum: None,
    };
    let steps = match bounds {
        None => any,
        Some(bounds) => bounds.extra_time.ok_or(Obstacle::NoExtraTime)?,
    };
    if let Time::Minutes(granted) = time
        && granted >= UNLIMITED_MINUTES
    {
        return match steps.maximum {
            None => Ok(granted),
            Some(maximum) => Err(Obstacle::TooMuch {
                unit: steps.unit,
                maximum,
            }),
        };
    }
    let duration = duration_s.filter(|seconds| *seconds > 0);
    let amount = match (time, steps.unit) {
        (Time::Minutes(minutes), Unit::Minutes) => minutes,
        (Time::Percent(percent), Unit::Percent) => percent,
        (Time::Percent(percent), Unit::Minutes) => part(percent, duration.ok_or(Obstacle::NoDuration)?),
        (Time::Minutes(minutes), Unit::Percent) => percents(minutes, duration.ok_or(Obstacle::NoDuration)?),
    };
    let whole = amount.div_ceil(steps.step).saturating_mul(steps.step);
    if whole != amount && rounding == Rounding::Exact {
        return Err(Obstacle::BetweenSteps {
            unit: steps.unit,
            step: steps.step,
        });
    }
    if let Some(maximum) = steps.maximum
        && whole > maximum
    {
        return Err(Obstacle::TooMuch {
            unit: steps.unit,
            maximum,
        });
    }
    match steps.unit {
        Unit::Minutes => Ok(whole),
        Unit::Percent => Ok(part(whole, duration.ok_or(Obstacle::NoDuration)?)),
    }
}

/// Why a vendor can't be told exactly these minutes.
fn time_obstacle(given: u32, duration_s: Option<u32>, bounds: &Bounds) -> Option<Obstacle> {
    let Some(steps) = bounds.extra_time else {
        return Some(Obstacle::NoExtraTime);
    };
    if steps.unit == Unit::Percent && given < UNLIMITED_MINUTES {
        let Some(duration) = duration_s.filter(|seconds| *seconds > 0) else {
            return Some(Obstacle::NoDuration);
        };
        // The greatest whole step within these minutes, as the connector finds it back.
        let within = u64::from(given) * 6_000 / u64::from(duration);
        let step = u32::try_from(within).unwrap_or(u32::MAX) / steps.step * steps.step;
        if part(step, duration) != given {
            return Some(Obstacle::BetweenSteps {
                unit: steps.unit,
                step: steps.step,
            });
        }
        return match steps.maximum {
            Some(maximum) if step > maximum => Some(Obstacle::TooMuch {
                unit: steps.unit,
                maximum,
            }),
            _ => None,
        };
    }
    minutes(Time::Minutes(given), duration_s, Rounding::Exact, Some(bounds)).err()
}

/// So many percents of a duration in seconds, in minutes, rounded up.
fn part(percent: u32, duration_s: u32) -> u32 {
    let minutes = (u64::from(percent) * u64::from(duration_s)).div_ceil(6_000);
    u32::try_from(minutes).unwrap_or(u32::MAX)
}

/// How many percents of a duration in seconds these minutes are, rounded up.
fn percents(minutes: u32, duration_s: u32) -> u32 {
    let percents = (u64::from(minutes) * 6_000).div_ceil(u64::from(duration_s));
    u32::try_from(percents).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "needs_tests.rs"]
mod tests;
