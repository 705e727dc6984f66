//! Associations as the host keeps them: toetsinschrijving, deelname, and enrolments in courses and programs (`§4.3`).

use jiff::Timestamp;

use super::model::{self, AssociationState, AssociationType, Person, Role};
use super::offering::Confirmation;

/// Minutes from which extra time is unlimited (R15).
pub const UNLIMITED_MINUTES: u32 = 10_000;

/// What an association is to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssociationKind {
    /// Toetsinschrijving: made by the student system, or here for an extra attempt (R8).
    Enrolment,
    /// Deelname of a sitting, made here.
    Deelname,
    /// Enrolment in a course.
    Course,
    /// Enrolment in a program.
    Program,
    /// Deelname that an outside TPL made at a vendor: this host is TA there, and passes it on. Its person and its result
    /// are kept with it, apart from the school's own.
    Relayed,
}

impl AssociationKind {
    /// All of them.
    pub const ALL: [AssociationKind; 5] = [
        AssociationKind::Enrolment,
        AssociationKind::Deelname,
        AssociationKind::Course,
        AssociationKind::Program,
        AssociationKind::Relayed,
    ];

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AssociationKind::Enrolment => "enrolment",
            AssociationKind::Deelname => "deelname",
            AssociationKind::Course => "course",
            AssociationKind::Program => "program",
            AssociationKind::Relayed => "relayed",
        }
    }

    /// Reads [`AssociationKind::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<AssociationKind> {
        AssociationKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What an association that a student system sends is (flow 1).
    #[must_use]
    pub fn from_student_system(association_type: AssociationType) -> AssociationKind {
        match association_type {
            AssociationType::ComponentOfferingAssociation => AssociationKind::Enrolment,
            AssociationType::CourseOfferingAssociation => AssociationKind::Course,
            AssociationType::ProgramOfferingAssociation => AssociationKind::Program,
        }
    }

    /// The OOAPI type it has on the wire.
    #[must_use]
    pub fn association_type(self) -> AssociationType {
        match self {
            AssociationKind::Enrolment | AssociationKind::Deelname | AssociationKind::Relayed => {
                AssociationType::ComponentOfferingAssociation
            }
            AssociationKind::Course => AssociationType::CourseOfferingAssociation,
            AssociationKind::Program => AssociationType::ProgramOfferingAssociation,
        }
    }
}

/// An association, and what the host knows of it beside its facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Association {
    /// Id, by its maker.
    pub id: String,
    /// What it is here.
    pub kind: AssociationKind,
    /// The student system of an enrolment, the vendor of a deelname (R23).
    pub peer: String,
    /// Of a deelname: the toetsinschrijving it serves; a test group has none (R26).
    pub enrolment: Option<String>,
    /// Of a deelname: counts the changes the vendor must hear of; 0 for what is not delivered.
    pub plan_version: i64,
    /// Of a deelname: what the vendor has confirmed.
    pub confirmed: Option<Confirmation>,
    /// The account that planned it; absent when another system made it.
    pub planned_by: Option<String>,
    /// Of a relayed deelname: the outside TPL that made it; its result goes there (R23).
    pub planner: Option<String>,
    /// The object itself; its person and its result are kept by themselves, but for those of a relayed deelname.
    pub facts: model::Association,
    /// Last change.
    pub updated_at: Timestamp,
    /// Of the row; 0 before it is kept.
    pub version: i64,
}

impl Association {
    /// Whether it was cancelled by its owner.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.facts.state == AssociationState::Canceled
    }

    /// Whether the vendor has confirmed the present plan.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.confirmed
            .is_some_and(|confirmed| confirmed.plan_version >= self.plan_version)
    }

    /// Whether it is the toetsinschrijving of an extra attempt that was made here: its result goes by PUT (R8).
    #[must_use]
    pub fn is_own_extra_attempt(&self) -> bool {
        self.kind == AssociationKind::Enrolment && self.planned_by.is_some()
    }

    /// Which attempt it is; the first where nothing is said.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.facts.attempt.unwrap_or(1)
    }

    /// Takes what a student system says of its own object, and nothing else: a result is not its to change here
    /// (table 4.0.F, `§3.1.4`). `None` when that is the present state (R10).
    #[must_use]
    pub fn told_by_owner(&self, told: model::Association) -> Option<model::Association> {
        let facts = without_companions(told);
        (facts != self.facts).then_some(facts)
    }

    /// The deelname as the vendor hears of it: its person whole (R14), only the needs of flow 2 (R15), no attempts and
    /// no result (`§3.2.3`). A cancelled one may go without its person, whose data may be erased already (R5).
    #[must_use]
    pub fn plan(&self, person: Option<&Person>) -> model::Association {
        let is_student = self.facts.role == Role::Student;
        let person = person.map(|person| Person {
            assigned_needs: Vec::new(),
            ..person.clone()
        });
        model::Association {
            person,
            additional_time_min: self.facts.additional_time_min.filter(|_| is_student),
            personal_needs: if is_student {
                self.facts.personal_needs.clone()
            } else {
                Vec::new()
            },
            attempt: None,
            attempts_left: model::AttemptsLeft::Unknown,
            program_offering_association_id: None,
            course_offering_association_id: None,
            org_association_id: None,
            result: None,
            ..self.facts.clone()
        }
    }
}

/// An association without the person and result that came with it: those are kept by themselves.
#[must_use]
pub fn without_companions(told: model::Association) -> model::Association {
    model::Association {
        person: None,
        result: None,
        ..told
    }
}
