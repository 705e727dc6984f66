//! Deadlines of a school: how long assessing and exchanging may take, what is due when, and who has to act.

use jiff::civil::Date;

use super::model::{Attendance, ExamResult, Normed, ResultState};
use super::principal::Duty;
use super::result::{Decided, Hold, Judgement};
use super::school_calendar::SchoolCalendar;

/// The longest term a school can set, in working days: a quarter of a year.
pub const LONGEST_TERM: u32 = 65;

/// How long a school gives its people and systems, in working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// From the day a sitting ended until its results are known.
    pub assess: u32,
    /// From the day a result is known until the student system has confirmed it.
    pub exchange: u32,
}

impl Default for Terms {
    /// What schools agree on: assess within 5 working days, exchange within 2.
    fn default() -> Self {
        Terms { assess: 5, exchange: 2 }
    }
}

/// What has a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A result is to be known.
    Assess,
    /// The cesuur of an examenversie is to be set.
    Cesuur,
    /// A known result is to be confirmed by the student system.
    Exchange,
}

impl Kind {
    /// Dutch.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Assess => "Beoordelen",
            Kind::Cesuur => "Cesuur",
            Kind::Exchange => "Uitwisselen",
        }
    }
}

/// How a deadline stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// So many working days too late.
    Late(u32),
    /// Due this day.
    Today,
    /// So many working days are left.
    Ahead(u32),
}

/// How a deadline stands on `today`. Over a weekend or holiday nobody gets later: what was due on Friday is `Late(0)` on
/// Saturday.
#[must_use]
pub fn standing(due: Date, today: Date, calendar: &SchoolCalendar) -> Standing {
    match due.cmp(&today) {
        std::cmp::Ordering::Less => Standing::Late(calendar.passed(due, today)),
        std::cmp::Ordering::Equal => Standing::Today,
        std::cmp::Ordering::Greater => Standing::Ahead(calendar.passed(today, due)),
    }
}

/// How far the present version of a result has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Still to be assessed; also where there is no result at all.
    Open,
    /// Completed.
    Known,
    /// The student did not turn up: there is nothing to assess.
    Absent,
}

impl Progress {
    /// All of them.
    pub const ALL: [Progress; 3] = [Progress::Open, Progress::Known, Progress::Absent];

    /// Of a result as it was delivered.
    #[must_use]
    pub fn of(result: &ExamResult) -> Progress {
        if result.attendance == Attendance::NotPresent {
            Progress::Absent
        } else if result.state == ResultState::Completed {
            Progress::Known
        } else {
            Progress::Open
        }
    }

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Progress::Open => "open",
            Progress::Known => "known",
            Progress::Absent => "absent",
        }
    }

    /// Reads [`Progress::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Progress> {
        Progress::ALL.into_iter().find(|progress| progress.name() == name)
    }
}

/// How the result of a student's deelname stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// How far it has come.
    pub progress: Progress,
    /// What became of it.
    pub judgement: Judgement,
    /// Whether the cesuur was applied.
    pub normed: Normed,
    /// Who has decided.
    pub decided: Decided,
    /// Whether it was sent on.
    pub sent: bool,
    /// Whether the student system has it, or needs none since there is no enrolment.
    pub arrived: bool,
}

/// What is to be done next for a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Assess it.
    Assess,
    /// Set the cesuur.
    SetCesuur,
    /// Get it to the student system; this function has to act.
    Exchange(Duty),
    /// Nothing.
    Done,
}

impl Class {
    /// What is to be done next.
    #[must_use]
    pub fn stage(self) -> Stage {
        if self.progress == Progress::Open {
            return Stage::Assess;
        }
        if self.arrived && self.judgement == Judgement::Accepted {
            return Stage::Done;
        }
        if self.judgement == Judgement::Held(Hold::NotNormed) || self.normed == Normed::No {
            return Stage::SetCesuur;
        }
        Stage::Exchange(self.holder_up())
    }

    fn holder_up(self) -> Duty {
        match self.judgement {
            Judgement::Held(Hold::OffEnrolmentScale | Hold::NoResultDate | Hold::NoOutcome) | Judgement::Aside => {
                Duty::Plannen
            }
            Judgement::Held(_) => Duty::Vaststellen,
            // It was sent and is not confirmed: a connection, not a decision.
            Judgement::Accepted if self.sent => Duty::Beheren,
            // Whatever policy lets go without a decision was sent when it was accepted.
            Judgement::Accepted if self.decided == Decided::Undecided => Duty::Vaststellen,
            Judgement::Accepted => Duty::Plannen,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_was_due_on_friday_is_a_working_day_late_on_monday() {
        let school = SchoolCalendar::default();
        let friday = date(2026, 9, 4);
        let on = |day| standing(friday, date(2026, 9, day), &school);
        assert_eq!(on(2), Standing::Ahead(2));
        assert_eq!(on(4), Standing::Today);
        assert_eq!(on(5), Standing::Late(0));
        assert_eq!(on(7), Standing::Late(1));
        assert_eq!(on(9), Standing::Late(3));
    }

    fn known() -> Class {
        Class {
            progress: Progress::Known,
            judgement: Judgement::Accepted,
            normed: Normed::Yes,
            decided: Decided::Undecided,
            sent: false,
            arrived: false,
        }
    }

    #[test]
    fn what_holds_a_result_up_says_who_acts() {
        let held = |hold| Class {
            judgement: Judgement::Held(hold),
            ..known()
        };
        let exchange = Stage::Exchange;
        assert_eq!(held(Hold::OffScale).stage(), exchange(Duty::Vaststellen));
        assert_eq!(held(Hold::NoResultDate).stage(), exchange(Duty::Plannen));
        assert_eq!(
            known().stage(),
            exchange(Duty::Vaststellen),
            "kept back until vaststelling"
        );
        let decided = Class {
            decided: Decided::Vastgesteld,
            ..known()
        };
        assert_eq!(decided.stage(), exchange(Duty::Plannen));
        let sent = Class { sent: true, ..known() };
        assert_eq!(sent.stage(), exchange(Duty::Beheren));
        let arrived = Class { arrived: true, ..sent };
        assert_eq!(arrived.stage(), Stage::Done);
    }

    #[test]
    fn a_result_without_cesuur_waits_for_it_and_not_for_the_exchange() {
        let unnormed = Class {
            judgement: Judgement::Held(Hold::NotNormed),
            normed: Normed::No,
            ..known()
        };
        assert_eq!(unnormed.stage(), Stage::SetCesuur);
    }

    #[test]
    fn an_absent_student_is_not_assessed_and_still_told_to_the_student_system() {
        let absent = Class {
            progress: Progress::Absent,
            sent: true,
            ..known()
        };
        assert_eq!(absent.stage(), Stage::Exchange(Duty::Beheren));
        let open = Class {
            progress: Progress::Open,
            ..known()
        };
        assert_eq!(open.stage(), Stage::Assess);
    }
}
