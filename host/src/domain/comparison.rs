//! What the host holds beside what the other side answers (R25), object by object and field by field. Pure: two answers in,
//! the differences out. What the other side does not tell is no difference; what it tells otherwise is.

mod plan;
mod registration;
mod result;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use plan::{Planned, of_deelnames, of_sitting};
pub use registration::{enrolment_as_read, of_enrolment, of_person, of_plannable, person_as_read, plannable_as_read};
pub use result::{of_result, of_student_result};
pub use summary::summary;

/// What is compared around a sitting, each by interfaces of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The sitting and its deelnames at the vendor (flow 2).
    Plan,
    /// The results at the vendor (flow 3).
    Results,
    /// The planbare toets, the enrolments and their persons at the student system (flow 1).
    Enrolments,
    /// The results at the student system (flow 5).
    StudentResults,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 4] = [Part::Plan, Part::Results, Part::Enrolments, Part::StudentResults];

    /// As it is kept, and said by programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Part::Plan => "plan",
            Part::Results => "results",
            Part::Enrolments => "enrolments",
            Part::StudentResults => "student-results",
        }
    }

    /// Reads [`Part::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.name() == name)
    }

    /// The flow whose outcome is compared.
    #[must_use]
    pub fn flow(self) -> i64 {
        match self {
            Part::Plan => 2,
            Part::Results => 3,
            Part::Enrolments => 1,
            Part::StudentResults => 5,
        }
    }
}

/// The kind of object that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The sitting itself.
    Sitting,
    /// A deelname of it.
    Deelname,
    /// The result of a deelname, at its vendor.
    Result,
    /// The planbare toets.
    Plannable,
    /// A toetsinschrijving.
    Enrolment,
    /// A student.
    Person,
    /// The result on a toetsinschrijving, at the student system.
    StudentResult,
}

/// A field, named as OOAPI names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields of OOAPI; `in_dutch` says each")]
pub enum Field {
    /// Whether the object is there at all.
    Presence,
    State,
    StartDateTime,
    EndDateTime,
    LastPossibleStartDateTime,
    StartOptions,
    DurationFrom,
    DurationUntil,
    Duration,
    Component,
    LocationCodes,
    Person,
    AdditionalTimeInMin,
    PersonalNeeds,
    ResultState,
    Attendance,
    Pass,
    Score,
    RawScore,
    MaxRawScore,
    ResultDate,
    TestDate,
    Normed,
    Examenversie,
    Final,
    Comment,
    Irregularities,
    Documents,
    Assessor,
    Name,
    ResultExpected,
    ResultValueType,
    FinalResultsAllowed,
    TestsToBeUsed,
    Organization,
    Offering,
    Attempt,
    AttemptLeft,
    Codes,
    Mail,
    AssignedNeeds,
}

impl Field {
    /// Its name on screens.
    #[must_use]
    pub fn in_dutch(self) -> &'static str {
        match self {
            Field::Presence => "aanwezig",
            Field::State => "stand",
            Field::StartDateTime => "begin",
            Field::EndDateTime => "einde",
            Field::LastPossibleStartDateTime => "uiterste begin",
            Field::StartOptions => "wijze van beginnen",
            Field::DurationFrom => "tijd telt vanaf",
            Field::DurationUntil => "tijd telt tot",
            Field::Duration => "duur",
            Field::Component => "toets",
            Field::LocationCodes => "locaties",
            Field::Person => "persoon",
            Field::AdditionalTimeInMin => "extra tijd",
            Field::PersonalNeeds | Field::AssignedNeeds => "voorzieningen",
            Field::ResultState => "stand van het resultaat",
            Field::Attendance => "aanwezigheid",
            Field::Pass => "behaald",
            Field::Score => "score",
            Field::RawScore => "punten",
            Field::MaxRawScore => "te behalen punten",
            Field::ResultDate => "resultaatdatum",
            Field::TestDate => "toetsmoment",
            Field::Normed => "genormeerd",
            Field::Examenversie => "examenversie",
            Field::Final => "definitief",
            Field::Comment => "opmerking",
            Field::Irregularities => "bijzonderheden",
            Field::Documents => "documenten",
            Field::Assessor => "beoordelaar",
            Field::Name => "naam",
            Field::ResultExpected => "resultaat verwacht",
            Field::ResultValueType => "schaal",
            Field::FinalResultsAllowed => "definitieve resultaten toegestaan",
            Field::TestsToBeUsed => "toegestane toetsen",
            Field::Organization => "onderdeel",
            Field::Offering => "planbare toets",
            Field::Attempt => "poging",
            Field::AttemptLeft => "resterende pogingen",
            Field::Codes => "nummers en accounts",
            Field::Mail => "mailadres",
        }
    }
}

/// One field that one side has otherwise than the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Difference {
    /// The kind of object.
    pub subject: Subject,
    /// Our id of the object; the other side's own where only that knows it.
    pub id: String,
    /// The field.
    pub field: Field,
    /// What the host holds, in Dutch; moments in UTC. Of persons nothing is repeated here: their data is kept in one
    /// place, so that it can be erased (R5).
    pub ours: Option<String>,
    /// What the other side answers.
    pub theirs: Option<String>,
}

const THERE: &str = "ja";
const ABSENT: &str = "nee";

/// The differences of one object in the making.
struct Fields<'a> {
    subject: Subject,
    id: &'a str,
    found: Vec<Difference>,
}

impl<'a> Fields<'a> {
    fn of(subject: Subject, id: &'a str) -> Self {
        Fields {
            subject,
            id,
            found: Vec::new(),
        }
    }

    fn put(&mut self, field: Field, ours: Option<String>, theirs: Option<String>) {
        self.found.push(Difference {
            subject: self.subject,
            id: self.id.to_owned(),
            field,
            ours,
            theirs,
        });
    }

    /// A field that both always tell.
    fn exact<T: PartialEq>(&mut self, field: Field, ours: &T, theirs: &T, said: impl Fn(&T) -> Option<String>) {
        if ours != theirs {
            self.put(field, said(ours), said(theirs));
        }
    }

    /// A field that the other side may leave out; then it says nothing about it.
    fn told<T: PartialEq>(&mut self, field: Field, ours: Option<&T>, theirs: Option<&T>, said: impl Fn(&T) -> String) {
        if theirs.is_some() && ours != theirs {
            self.put(field, ours.map(&said), theirs.map(&said));
        }
    }

    /// A list in which order and repetition say nothing.
    fn set(&mut self, field: Field, ours: &[String], theirs: &[String]) {
        let set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<String>>();
        let (ours, theirs) = (set(ours), set(theirs));
        if ours != theirs {
            let said = |set: BTreeSet<String>| {
                let list: Vec<String> = set.into_iter().collect();
                (!list.is_empty()).then(|| list.join(", "))
            };
            self.put(field, said(ours), said(theirs));
        }
    }

    /// A field of a person: that it differs, not what it is.
    fn withheld(&mut self, field: Field, differs: bool) {
        if differs {
            self.put(field, None, None);
        }
    }
}

/// An object that the host has and the other side does not know.
fn missing_there(subject: Subject, id: &str) -> Difference {
    presence(subject, id, (THERE, ABSENT))
}

/// An object that only the other side has.
fn only_there(subject: Subject, id: &str) -> Difference {
    presence(subject, id, (ABSENT, THERE))
}

fn presence(subject: Subject, id: &str, (ours, theirs): (&str, &str)) -> Difference {
    Difference {
        subject,
        id: id.to_owned(),
        field: Field::Presence,
        ours: Some(ours.to_owned()),
        theirs: Some(theirs.to_owned()),
    }
}

impl Difference {
    /// The other side does not know the object.
    #[must_use]
    pub fn is_missing_there(&self) -> bool {
        self.field == Field::Presence && self.theirs.as_deref() == Some(ABSENT)
    }

    /// Only the other side has the object.
    #[must_use]
    pub fn is_only_there(&self) -> bool {
        self.field == Field::Presence && self.ours.as_deref() == Some(ABSENT)
    }
}

fn yes_or_no(value: bool) -> String {
    if value { THERE } else { ABSENT }.to_owned()
}
