//! What a message or an answer can't say: the loss report of the writers. A fact of the model that it has no place for, in
//! the dialect of the peer, is named here, so that whoever writes it can show it. Nothing is lost in silence: a test holds
//! every field of the model against every writer.

use jiff::Timestamp;

use crate::{
    dialect::{Dialect, DurationForm, LocationForm, Version},
    draft_1_1::OnlyHere,
    model::{Association, AttemptsLeft, Delivery, ExamResult, Normed, Offering, OfferingType},
    time,
};

/// Code type that names the FAO server of a sitting (R19).
const FAO_SERVER: &str = "systemId";

macro_rules! losses {
    ($($(#[$meta:meta])* $name:ident = $word:literal, $rule:literal, [$($field:literal),*];)+) => {
        /// A fact that was left out of a message, or changed on its way.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Loss { $($(#[$meta])* $name),+ }

        impl Loss {
            /// All of them.
            pub const ALL: &[Loss] = &[$(Loss::$name),+];

            /// A stable word.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// The rule or paragraph by which the message has no place for it.
            pub fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule),+ }
            }

            /// The fields of the model that it is about.
            pub fn fields(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($field),*]),+ }
            }
        }
    };
}

losses! {
    /// The scale of a sitting: it stands on the component.
    Scale = "result-value-type", "R22", ["result_value_type"];
    /// Which tests may serve: of a planbare toets only.
    TestsToBeUsed = "tests-to-be-used", "R22", ["tests_to_be_used"];
    /// The seconds of a duration, for a peer that takes whole minutes.
    Seconds = "duration-seconds", "§4.2", ["duration_s"];
    /// Which of several rooms is meant, where one has a comma, for a peer that takes one text.
    Rooms = "location-codes", "§4.2", ["location_codes"];
    /// The FAO server: the agreement says from 1.0.1 on where its id goes.
    FaoServer = "fao-server", "R19", ["other_codes"];
    /// The time of day at which the offering of a course or program starts and ends: it has days.
    TimeOfDay = "time-of-day", "§4.4", ["start", "end"];
    /// Which attempt a deelname is: flow 2 has no place for it.
    Attempt = "attempt", "§4.3", ["attempt"];
    /// How many attempts are left: flow 1 only.
    AttemptsLeft = "attempts-left", "R9", ["attempts_left"];
    /// The enrolments in program and course, and the original one of an extra attempt: flow 1 and 5 only.
    Enrolments = "enrolments", "§4.3", ["program_offering_association_id", "course_offering_association_id", "org_association_id"];
    /// The days of an enrolment, and its loopbaannummer: flow 1 only.
    EnrolmentDays = "enrolment-days", "§4.3", ["start", "expected_end", "final_end", "sequence_code"];
    /// What was assigned to the person, with days and words: flow 2 knows the needs of this deelname only, and flow 6 none.
    AssignedNeeds = "assigned-needs", "R15", ["person", "assigned_needs"];
    /// Extra time and needs of one deelname: flow 2 only.
    DeelnameNeeds = "deelname-needs", "R15", ["additional_time_min", "personal_needs"];
    /// The time of day at which the test was taken, for a peer that takes `resultDate` for that day.
    TestTime = "test-time", "§3.5", ["test_date"];
    /// Whether the cesuur was applied: no message carries it.
    Cesuur = "cesuur", "R11", ["normed"];
    /// The version of the test that was taken: no message carries it.
    Examenversie = "examenversie", "R11", ["examenversie"];
    /// How far the planning of a deelname is: in the 1.1 draft only.
    PlanningState = "planning-state", "OKE 1.1", ["opaque"];
    /// The planned times, the room and the afnameleider of a deelname: in the 1.1 draft only.
    TestMoment = "test-moment", "OKE 1.1", ["opaque"];
}

impl Loss {
    /// Reads [`Loss::name`] back.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|loss| loss.name() == name)
    }
}

/// What is written: a message or an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// A test of a catalogue (flow 0).
    Component,
    /// A planbare toets, or the offering of a course or program (flow 1).
    Plannable,
    /// A toetsinschrijving or another enrolment, read with its result (flow 1).
    Enrolment,
    /// A person (flow 1).
    Person,
    /// A toetsgroep (flow 1b).
    Group,
    /// That a person belongs to it (flow 1b).
    Membership,
    /// A sitting as it is planned (flow 2).
    Sitting,
    /// A deelname as it is planned (flow 2).
    Deelname,
    /// A sitting read back with its report (flows 2 and 4).
    SittingRead,
    /// A deelname read back with its result (flows 2 and 3).
    DeelnameRead,
    /// A result (flow 3, and flow 5 of an enrolment that the student system made).
    Result,
    /// The report on a sitting (flow 4).
    Report,
    /// What else a new association says of an extra attempt, beside its result (flow 5).
    Attempt,
    /// An enrolment in a program, for a vendor (flow 6).
    ProgramEnrolment,
}

impl Told {
    /// All of them.
    pub const ALL: &[Told] = &[
        Told::Component,
        Told::Plannable,
        Told::Enrolment,
        Told::Person,
        Told::Group,
        Told::Membership,
        Told::Sitting,
        Told::Deelname,
        Told::SittingRead,
        Told::DeelnameRead,
        Told::Result,
        Told::Report,
        Told::Attempt,
        Told::ProgramEnrolment,
    ];

    /// Fields of the model that are left out and no loss: the receiver has them, since they are its own to say (table
    /// 4.0.F), or the object that is told has none by its nature.
    pub fn not_the_writers(self) -> &'static [&'static str] {
        match self {
            // The report is the vendor's own.
            Told::Sitting => &["irregularities", "documents"],
            // The result is the vendor's own.
            Told::Deelname => &["result"],
            // Only a sitting is reported on (flow 4).
            Told::Plannable => &["irregularities", "documents"],
            // The id stands in the path.
            Told::Report => &["sitting_peer_id"],
            // The student system's own: the person, and the enrolments of flow 1.
            Told::Attempt => &[
                "person",
                "attempts_left",
                "program_offering_association_id",
                "course_offering_association_id",
                "start",
                "expected_end",
                "final_end",
                "sequence_code",
            ],
            _ => &[],
        }
    }

    fn is_offering(self) -> bool {
        matches!(self, Told::Plannable | Told::Sitting | Told::SittingRead)
    }

    fn is_deelname(self) -> bool {
        matches!(self, Told::Deelname | Told::DeelnameRead)
    }

    fn carries_result(self) -> bool {
        matches!(
            self,
            Told::Result | Told::DeelnameRead | Told::Enrolment | Told::ProgramEnrolment
        )
    }
}

/// Everything that a peer of this dialect can't be told so, whatever a fact may be.
pub fn never_told(told: Told, dialect: &Dialect) -> Vec<Loss> {
    let quirks = &dialect.quirks;
    let has = |loss: &&Loss| match loss {
        Loss::Scale | Loss::TestsToBeUsed => matches!(told, Told::Sitting | Told::SittingRead),
        Loss::Seconds => told.is_offering() && quirks.duration == DurationForm::Minutes,
        Loss::Rooms => told.is_offering() && quirks.location == LocationForm::Text,
        Loss::FaoServer => told.is_offering() && dialect.version < Version::V1_0_1,
        Loss::TimeOfDay => told == Told::Plannable,
        Loss::Attempt | Loss::AttemptsLeft | Loss::Enrolments | Loss::EnrolmentDays => told.is_deelname(),
        Loss::AssignedNeeds => told.is_deelname() || told == Told::ProgramEnrolment,
        Loss::DeelnameNeeds => matches!(told, Told::Enrolment | Told::ProgramEnrolment | Told::Attempt),
        Loss::TestTime => told.carries_result() && quirks.swapped_dates && !dialect.version.is_draft(),
        Loss::Cesuur | Loss::Examenversie => matches!(told, Told::Result | Told::DeelnameRead),
        Loss::PlanningState | Loss::TestMoment => told.carries_result() && !dialect.version.is_draft(),
    };
    Loss::ALL.iter().filter(has).copied().collect()
}

fn lost(told: Told, dialect: &Dialect, present: impl Fn(Loss) -> bool) -> Vec<Loss> {
    let mut losses = never_told(told, dialect);
    losses.retain(|loss| present(*loss));
    losses
}

/// What [`write_offering`](crate::write_offering) leaves out of an offering, or changes.
pub fn of_offering(told: Told, o: &Offering, dialect: &Dialect) -> Vec<Loss> {
    let has_days = o.offering_type != OfferingType::Component;
    lost(told, dialect, |loss| match loss {
        Loss::Scale => o.result_value_type.is_some(),
        Loss::TestsToBeUsed => !o.tests_to_be_used.is_empty(),
        Loss::Seconds => o.duration_s.is_some_and(|seconds| !seconds.is_multiple_of(60)),
        Loss::Rooms => o.location_codes.len() > 1 && o.location_codes.iter().any(|room| room.contains(',')),
        Loss::FaoServer => o.code(FAO_SERVER).is_some(),
        Loss::TimeOfDay => has_days && [o.start, o.end].into_iter().flatten().any(has_time_of_day),
        _ => false,
    })
}

/// Whether a moment says more than its day does.
fn has_time_of_day(moment: Timestamp) -> bool {
    time::midnight(time::day_of(moment)) != Some(moment)
}

/// What [`write_association`](crate::write_association) and [`write_attempt`](crate::write_attempt) leave out of an
/// association, or change. A first attempt says nothing.
pub fn of_association(told: Told, a: &Association, dialect: &Dialect) -> Vec<Loss> {
    lost(told, dialect, |loss| match loss {
        Loss::Attempt => a.attempt.is_some_and(|attempt| attempt > 1),
        Loss::AttemptsLeft => a.attempts_left != AttemptsLeft::Unknown,
        Loss::Enrolments => [
            &a.program_offering_association_id,
            &a.course_offering_association_id,
            &a.org_association_id,
        ]
        .iter()
        .any(|id| id.is_some()),
        Loss::EnrolmentDays => {
            a.sequence_code.is_some() || [a.start, a.expected_end, a.final_end].iter().any(Option::is_some)
        }
        Loss::AssignedNeeds => a
            .person
            .as_ref()
            .is_some_and(|person| !person.assigned_needs.is_empty()),
        Loss::DeelnameNeeds => a.additional_time_min.is_some() || !a.personal_needs.is_empty(),
        _ => a
            .result
            .as_ref()
            .is_some_and(|result| of_result(result, dialect).contains(&loss)),
    })
}

/// What the messages of flows 3 and 5 leave out of a result, or change.
pub fn of_result(r: &ExamResult, dialect: &Dialect) -> Vec<Loss> {
    lost(Told::Result, dialect, |loss| match loss {
        Loss::TestTime => r.test_date.is_some_and(has_time_of_day),
        Loss::PlanningState => OnlyHere::of(r).planning_state.is_some(),
        Loss::TestMoment => !OnlyHere::of(r).details.is_empty(),
        _ => false,
    })
}

/// What a vendor says beside a result and no message carries, in any dialect: whether the cesuur was applied, and the
/// version that was taken.
pub fn beside_result(normed: Normed, examenversie: Option<&str>) -> Vec<Loss> {
    let cesuur = (normed != Normed::Unknown).then_some(Loss::Cesuur);
    cesuur
        .into_iter()
        .chain(examenversie.map(|_| Loss::Examenversie))
        .collect()
}

/// What the messages of flows 3 and 5 leave out of all that a vendor delivered.
pub fn of_delivery(d: &Delivery, dialect: &Dialect) -> Vec<Loss> {
    let mut losses = of_result(&d.result, dialect);
    losses.extend(beside_result(d.normed, d.examenversie.as_deref()));
    losses
}
