//! Working days of a school: weekdays but for the Dutch public holidays and the school's own days off.

use jiff::civil::{Date, Weekday, date};

/// The longest range of days off that a school can enter, in days: longer than any summer.
pub const LONGEST_RANGE: i32 = 100;

/// How far a deadline is looked for, in days; a calendar without working days must not keep anybody looking.
const HORIZON: usize = 1_000;

/// A Dutch public holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holiday {
    /// 1 January.
    NewYear,
    /// First day of Easter.
    Easter,
    /// The day after.
    EasterMonday,
    /// 27 April; 26 April when that is a Sunday.
    KingsDay,
    /// 5 May, in the years in which the school closes for it.
    Liberation,
    /// Thursday, 39 days after Easter.
    Ascension,
    /// 49 days after Easter.
    Pentecost,
    /// The day after.
    PentecostMonday,
    /// 25 December.
    Christmas,
    /// 26 December.
    SecondChristmas,
}

impl Holiday {
    /// Its Dutch name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Holiday::NewYear => "Nieuwjaarsdag",
            Holiday::Easter => "Eerste paasdag",
            Holiday::EasterMonday => "Tweede paasdag",
            Holiday::KingsDay => "Koningsdag",
            Holiday::Liberation => "Bevrijdingsdag",
            Holiday::Ascension => "Hemelvaartsdag",
            Holiday::Pentecost => "Eerste pinksterdag",
            Holiday::PentecostMonday => "Tweede pinksterdag",
            Holiday::Christmas => "Eerste kerstdag",
            Holiday::SecondChristmas => "Tweede kerstdag",
        }
    }
}

/// In which years a school closes on 5 May.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LiberationDay {
    /// In 2025, 2030, …: what most collective agreements say.
    #[default]
    EveryFifthYear,
    /// Each year.
    EveryYear,
    /// Never.
    Never,
}

impl LiberationDay {
    /// All choices.
    pub const ALL: [LiberationDay; 3] = [
        LiberationDay::EveryFifthYear,
        LiberationDay::EveryYear,
        LiberationDay::Never,
    ];

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LiberationDay::EveryFifthYear => "every-fifth-year",
            LiberationDay::EveryYear => "every-year",
            LiberationDay::Never => "never",
        }
    }

    /// Reads [`LiberationDay::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<LiberationDay> {
        LiberationDay::ALL.into_iter().find(|choice| choice.name() == name)
    }

    fn is_free_in(self, year: i16) -> bool {
        match self {
            LiberationDay::EveryFifthYear => year % 5 == 0,
            LiberationDay::EveryYear => true,
            LiberationDay::Never => false,
        }
    }
}

/// Days on which a school is closed by its own choice, such as a holiday or a study day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaysOff {
    /// First day.
    pub from: Date,
    /// Last day, itself free too.
    pub until: Date,
    /// Dutch, such as `Herfstvakantie`.
    pub name: String,
}

/// Why days off can't be entered. The sentence is for whoever typed them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DaysOffRefused {
    /// Ends before it begins.
    #[error("{from} to {until} ends before it begins; turn the two days around")]
    Backwards {
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
    },
    /// Longer than [`LONGEST_RANGE`].
    #[error("{from} to {until} is longer than {LONGEST_RANGE} days; check the year, or enter it in parts")]
    TooLong {
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
    },
    /// Without a name nobody knows what it is.
    #[error("give the days off from {from} a name of 1 to 80 characters, such as Herfstvakantie")]
    Nameless {
        /// First day.
        from: Date,
    },
}

impl DaysOff {
    /// Days off as a school enters them.
    ///
    /// # Errors
    /// [`DaysOffRefused`].
    pub fn entered(from: Date, until: Date, name: &str) -> Result<DaysOff, DaysOffRefused> {
        let name = name.trim();
        if until < from {
            return Err(DaysOffRefused::Backwards { from, until });
        }
        if (until - from).get_days() >= LONGEST_RANGE {
            return Err(DaysOffRefused::TooLong { from, until });
        }
        if name.is_empty() || name.chars().count() > 80 {
            return Err(DaysOffRefused::Nameless { from });
        }
        Ok(DaysOff {
            from,
            until,
            name: name.to_owned(),
        })
    }
}

/// Which days a school works.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchoolCalendar {
    /// In which years it closes on 5 May.
    pub liberation_day: LiberationDay,
    /// Its own days off.
    pub days_off: Vec<DaysOff>,
}

impl SchoolCalendar {
    /// The public holiday on which the school is closed, if it is one.
    #[must_use]
    pub fn holiday(&self, day: Date) -> Option<Holiday> {
        holiday(day).filter(|found| *found != Holiday::Liberation || self.liberation_day.is_free_in(day.year()))
    }

    /// Whether people at this school work on that day.
    #[must_use]
    pub fn is_working_day(&self, day: Date) -> bool {
        let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let is_own = self.days_off.iter().any(|off| off.from <= day && day <= off.until);
        !is_weekend && !is_own && self.holiday(day).is_none()
    }

    /// The last day of a term of so many working days after `day`, which itself does not count. A term of 0 ends on the
    /// day itself, or on the first working day after it.
    #[must_use]
    pub fn after(&self, day: Date, working_days: u32) -> Date {
        let mut left = working_days;
        if left == 0 && self.is_working_day(day) {
            return day;
        }
        let mut last = day;
        for next in following(day).take(HORIZON) {
            last = next;
            if self.is_working_day(next) {
                left = left.saturating_sub(1);
                if left == 0 {
                    break;
                }
            }
        }
        last
    }

    /// How many working days have passed from `from`, which does not count, up to and with `until`; 0 when `until` is
    /// not later.
    #[must_use]
    pub fn passed(&self, from: Date, until: Date) -> u32 {
        let days = following(from).take_while(|day| *day <= until).take(HORIZON);
        let working = days.filter(|day| self.is_working_day(*day)).count();
        u32::try_from(working).unwrap_or(u32::MAX)
    }
}

fn following(day: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(day.tomorrow().ok(), |day| day.tomorrow().ok())
}

/// Which Dutch public holiday a day is; 5 May is one of them in each year.
#[must_use]
pub fn holiday(day: Date) -> Option<Holiday> {
    let fixed = match (day.month(), day.day()) {
        (1, 1) => Some(Holiday::NewYear),
        (5, 5) => Some(Holiday::Liberation),
        (12, 25) => Some(Holiday::Christmas),
        (12, 26) => Some(Holiday::SecondChristmas),
        (4, 26 | 27) if day == kings_day(day.year()) => Some(Holiday::KingsDay),
        _ => None,
    };
    // A holiday that moves may fall on 5 May, as Ascension in 2016: then the school is closed in any case.
    let moving = match (day - easter(day.year())).get_days() {
        0 => Some(Holiday::Easter),
        1 => Some(Holiday::EasterMonday),
        39 => Some(Holiday::Ascension),
        49 => Some(Holiday::Pentecost),
        50 => Some(Holiday::PentecostMonday),
        _ => None,
    };
    moving.or(fixed)
}

fn kings_day(year: i16) -> Date {
    let day = date(year, 4, 27);
    if day.weekday() == Weekday::Sunday {
        date(year, 4, 26)
    } else {
        day
    }
}

/// Easter Sunday of a Gregorian year, by the anonymous algorithm that Meeus gives (Astronomical Algorithms, ch. 8).
#[must_use]
pub fn easter(year: i16) -> Date {
    let year_number = i32::from(year);
    let golden = year_number.rem_euclid(19);
    let (century, of_century) = (year_number.div_euclid(100), year_number.rem_euclid(100));
    let (leap_centuries, century_rest) = (century / 4, century % 4);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - leap_centuries - correction + 15) % 30;
    let weekday = (32 + 2 * century_rest + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let position = epact + weekday - 7 * late + 114;
    let (month, day) = (position / 31, position % 31 + 1);
    let month = i8::try_from(month).expect("Easter falls in March or April");
    let day = i8::try_from(day).expect("a day of a month has two digits");
    date(year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn school() -> SchoolCalendar {
        SchoolCalendar::default()
    }

    fn with_autumn() -> SchoolCalendar {
        let autumn = DaysOff::entered(date(2026, 10, 17), date(2026, 10, 25), "Herfstvakantie").unwrap();
        SchoolCalendar {
            days_off: vec![autumn],
            ..school()
        }
    }

    /// Years from published tables, the earliest and the latest Easter there can be among them.
    #[test]
    fn easter_falls_where_the_tables_say() {
        for (year, month, day) in [
            (1818, 3, 22),
            (1943, 4, 25),
            (1961, 4, 2),
            (2000, 4, 23),
            (2008, 3, 23),
            (2011, 4, 24),
            (2016, 3, 27),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2028, 4, 16),
            (2029, 4, 1),
            (2030, 4, 21),
            (2038, 4, 25),
            (2100, 3, 28),
        ] {
            assert_eq!(easter(year), date(year, month, day), "{year}");
        }
    }

    #[test]
    fn the_holidays_of_2026_are_those_of_the_calendar() {
        let mut found: Vec<(Date, &str)> = Vec::new();
        let mut day = date(2026, 1, 1);
        while day.year() == 2026 {
            found.extend(school().holiday(day).map(|holiday| (day, holiday.name())));
            day = day.tomorrow().unwrap();
        }
        let expected = [
            (date(2026, 1, 1), "Nieuwjaarsdag"),
            (date(2026, 4, 5), "Eerste paasdag"),
            (date(2026, 4, 6), "Tweede paasdag"),
            (date(2026, 4, 27), "Koningsdag"),
            (date(2026, 5, 14), "Hemelvaartsdag"),
            (date(2026, 5, 24), "Eerste pinksterdag"),
            (date(2026, 5, 25), "Tweede pinksterdag"),
            (date(2026, 12, 25), "Eerste kerstdag"),
            (date(2026, 12, 26), "Tweede kerstdag"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn kings_day_moves_off_a_sunday() {
        assert_eq!(holiday(date(2025, 4, 26)), Some(Holiday::KingsDay));
        assert_eq!(holiday(date(2025, 4, 27)), None);
        assert_eq!(holiday(date(2026, 4, 26)), None);
        assert_eq!(holiday(date(2031, 4, 26)), Some(Holiday::KingsDay));
    }

    #[test]
    fn a_school_chooses_when_it_closes_on_the_fifth_of_may() {
        let closes = |choice, year| {
            let school = SchoolCalendar {
                liberation_day: choice,
                ..school()
            };
            school.holiday(date(year, 5, 5)).is_some()
        };
        assert!(closes(LiberationDay::EveryFifthYear, 2025) && !closes(LiberationDay::EveryFifthYear, 2026));
        assert!(closes(LiberationDay::EveryYear, 2026) && !closes(LiberationDay::Never, 2025));
        assert!(closes(LiberationDay::Never, 2016), "it was Ascension Day as well");
        for choice in LiberationDay::ALL {
            assert_eq!(LiberationDay::from_name(choice.name()), Some(choice));
        }
    }

    #[test]
    fn a_term_counts_neither_its_first_day_nor_weekends_nor_holidays() {
        // Thursday before Easter: Friday counts, the weekend and Monday do not.
        assert_eq!(school().after(date(2026, 4, 2), 5), date(2026, 4, 10));
        assert_eq!(school().after(date(2026, 9, 1), 5), date(2026, 9, 8));
        // Over the autumn holiday.
        assert_eq!(with_autumn().after(date(2026, 10, 15), 2), date(2026, 10, 26));
        // From a Saturday, and terms without days.
        assert_eq!(school().after(date(2026, 9, 5), 1), date(2026, 9, 7));
        assert_eq!(school().after(date(2026, 9, 5), 0), date(2026, 9, 7));
        assert_eq!(school().after(date(2026, 9, 7), 0), date(2026, 9, 7));
    }

    #[test]
    fn days_off_that_make_no_sense_are_refused() {
        let day = date(2026, 10, 17);
        let earlier = DaysOff::entered(day, date(2026, 10, 16), "x");
        assert!(matches!(earlier, Err(DaysOffRefused::Backwards { .. })));
        let long = DaysOff::entered(day, date(2027, 10, 18), "x");
        assert!(matches!(long, Err(DaysOffRefused::TooLong { .. })));
        assert!(matches!(
            DaysOff::entered(day, day, " "),
            Err(DaysOffRefused::Nameless { .. })
        ));
    }

    #[test]
    fn a_calendar_without_working_days_ends_the_search() {
        let closed = DaysOff {
            from: date(2026, 1, 1),
            until: date(9999, 12, 31),
            name: "gesloten".to_owned(),
        };
        let school = SchoolCalendar {
            days_off: vec![closed],
            ..school()
        };
        assert!(school.after(date(2026, 1, 1), 5) > date(2028, 1, 1));
        assert_eq!(school.passed(date(2026, 1, 1), date(2030, 1, 1)), 0);
    }

    proptest! {
        #[test]
        fn easter_is_a_sunday_between_22_march_and_25_april(year in 1583_i16..4000) {
            let day = easter(year);
            prop_assert_eq!(day.weekday(), Weekday::Sunday);
            prop_assert!(date(year, 3, 22) <= day && day <= date(year, 4, 25));
        }

        /// Counting back what a term spans gives the term.
        #[test]
        fn a_term_ends_on_a_working_day_and_spans_its_length(offset in 0_i64..3_000, term in 1_u32..40) {
            let from = date(2024, 1, 1).checked_add(jiff::ToSpan::days(offset)).unwrap();
            let school = with_autumn();
            let end = school.after(from, term);
            prop_assert!(school.is_working_day(end));
            prop_assert_eq!(school.passed(from, end), term);
            prop_assert_eq!(school.passed(from, end.yesterday().unwrap()), term - 1);
        }
    }
}
