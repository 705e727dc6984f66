//! What a message can't say: the loss report of the writers. A fact of the model that a message of its flow has no place
//! for, in the dialect of the peer, is named here, so that whoever sends it can show it. Nothing is lost in silence: a test
//! holds every field of the model against its writer.

use crate::{
    dialect::{Dialect, DurationForm, LocationForm, Version},
    draft_1_1::OnlyHere,
    model::{Association, AttemptsLeft, Delivery, ExamResult, Normed, Offering},
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
    /// The report of a sitting is the vendor's to give (flow 4).
    Report = "report", "§4.0.F", ["irregularities", "documents"];
    /// The seconds of a duration, for a peer that takes whole minutes.
    Seconds = "duration-seconds", "§4.2", ["duration_s"];
    /// Which of several rooms is meant, where one has a comma, for a peer that takes one text.
    Rooms = "location-codes", "§4.2", ["location_codes"];
    /// The FAO server: the agreement says from 1.0.1 on where its id goes.
    FaoServer = "fao-server", "R19", ["other_codes"];
    /// Which attempt a deelname is: flow 2 has no place for it.
    Attempt = "attempt", "§4.3", ["attempt"];
    /// How many attempts are left: flow 1 only.
    AttemptsLeft = "attempts-left", "R9", ["attempts_left"];
    /// The enrolments in program and course, and the original one of an extra attempt: flow 1 and 5 only.
    Enrolments = "enrolments", "§4.3", ["program_offering_association_id", "course_offering_association_id", "org_association_id"];
    /// The days of an enrolment, and its loopbaannummer: flow 1 only.
    EnrolmentDays = "enrolment-days", "§4.3", ["start", "expected_end", "final_end", "sequence_code"];
    /// What was assigned to the person, with days and words: flow 2 knows the needs of this deelname only.
    AssignedNeeds = "assigned-needs", "R15", ["person"];
    /// A result: it goes by flow 3 or 5.
    Result = "result", "§3.2.2", ["result"];
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

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// A sitting (flow 2).
    Sitting,
    /// A deelname (flow 2).
    Deelname,
    /// A result (flows 3 and 5).
    Result,
}

/// Everything that a peer of this dialect can't be told in such a message, whatever a fact may be.
pub fn never_told(told: Told, dialect: &Dialect) -> Vec<Loss> {
    let has = |loss: &&Loss| match (told, **loss) {
        (Told::Sitting, Loss::Scale | Loss::TestsToBeUsed | Loss::Report) => true,
        (Told::Sitting, Loss::Seconds) => dialect.quirks.duration == DurationForm::Minutes,
        (Told::Sitting, Loss::Rooms) => dialect.quirks.location == LocationForm::Text,
        (Told::Sitting, Loss::FaoServer) => dialect.version < Version::V1_0_1,
        (
            Told::Deelname,
            Loss::Attempt
            | Loss::AttemptsLeft
            | Loss::Enrolments
            | Loss::EnrolmentDays
            | Loss::AssignedNeeds
            | Loss::Result,
        )
        | (Told::Result, Loss::Cesuur | Loss::Examenversie) => true,
        (Told::Result, Loss::TestTime) => dialect.quirks.swapped_dates && !dialect.version.is_draft(),
        (Told::Result, Loss::PlanningState | Loss::TestMoment) => !dialect.version.is_draft(),
        _ => false,
    };
    Loss::ALL.iter().filter(has).copied().collect()
}

fn lost(told: Told, dialect: &Dialect, present: impl Fn(Loss) -> bool) -> Vec<Loss> {
    let mut losses = never_told(told, dialect);
    losses.retain(|loss| present(*loss));
    losses
}

/// What [`write_offering`](crate::write_offering) leaves out of a sitting, or changes (flow 2).
pub fn of_sitting(o: &Offering, dialect: &Dialect) -> Vec<Loss> {
    lost(Told::Sitting, dialect, |loss| match loss {
        Loss::Scale => o.result_value_type.is_some(),
        Loss::TestsToBeUsed => !o.tests_to_be_used.is_empty(),
        Loss::Report => o.irregularities.is_some() || !o.documents.is_empty(),
        Loss::Seconds => o.duration_s.is_some_and(|seconds| !seconds.is_multiple_of(60)),
        Loss::Rooms => o.location_codes.len() > 1 && o.location_codes.iter().any(|room| room.contains(',')),
        Loss::FaoServer => o.code(FAO_SERVER).is_some(),
        _ => false,
    })
}

/// What [`write_association`](crate::write_association) leaves out of a deelname (flow 2). A first attempt says nothing.
pub fn of_deelname(a: &Association, dialect: &Dialect) -> Vec<Loss> {
    lost(Told::Deelname, dialect, |loss| match loss {
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
        Loss::Result => a.result.is_some(),
        _ => false,
    })
}

/// What the messages of flows 3 and 5 leave out of a result, or change.
pub fn of_result(r: &ExamResult, dialect: &Dialect) -> Vec<Loss> {
    lost(Told::Result, dialect, |loss| match loss {
        Loss::TestTime => r.test_date.is_some(),
        Loss::PlanningState => OnlyHere::of(r).planning_state.is_some(),
        Loss::TestMoment => !OnlyHere::of(r).details.is_empty(),
        _ => false,
    })
}

/// The same of all that a vendor delivered: beside the result whether it is normed, and of which version.
pub fn of_delivery(d: &Delivery, dialect: &Dialect) -> Vec<Loss> {
    let mut losses = of_result(&d.result, dialect);
    if d.normed != Normed::Unknown {
        losses.push(Loss::Cesuur);
    }
    if d.examenversie.is_some() {
        losses.push(Loss::Examenversie);
    }
    losses
}
