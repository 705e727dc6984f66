//! What a scenario is: what is asked of a connector, what goes wrong meanwhile, and what must come of it. All of them are
//! in [`ALL`].

mod all;

pub use all::ALL;

use crate::domain::interface::Interface;

/// A story in a few steps.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// The interface it tries.
    pub interface: Interface,
    /// Stable name, unique within the interface.
    pub name: &'static str,
    /// Whether the other end must speak OKE: otherwise only trouble can be played.
    pub needs_oke: bool,
    /// What happens, in order.
    pub steps: &'static [Step],
}

/// One step.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The system at the other end does something by itself.
    There(Act),
    /// A call, with trouble at the other end during it, and what must come of it.
    Call(Call, Option<Fault>, Expect),
    /// What stands at the other end now.
    Stands(Standing),
}

/// What the system at the other end does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It knows the scenario's sitting and deelname.
    Planned,
    /// It gives the result of the deelname, with a document.
    Results,
    /// It brings the report of the sitting, with a document.
    Report,
}

/// What is asked of the connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// All pages of the catalogue; they name every test once.
    WholeCatalogue,
    /// A test that is there.
    OneTest,
    /// A test that is not there.
    UnknownTest,
    /// The sitting.
    PutSitting,
    /// The sitting, an hour later.
    MoveSitting,
    /// The sitting, cancelled.
    CancelSitting,
    /// The deelname, its person whole.
    PutDeelname,
    /// The deelname with extra time and a need that the manifest says it can tell.
    PutNeeds,
    /// The deelname, cancelled.
    CancelDeelname,
    /// Where the sitting is, after a try whose answer was lost.
    FindSitting,
    /// The sitting as it stands there; compared with what was sent.
    ReadSitting,
    /// A sitting that is not there.
    ReadUnknownSitting,
    /// The deelnames of the sitting as they stand there.
    ReadDeelnames,
    /// Where the student starts.
    StartLink,
    /// Polls until there is no more; the deelname's result is among what came.
    Poll,
    /// The deelname's result.
    ReadResult,
    /// The result of a deelname that is not there.
    ReadUnknownResult,
    /// The document of the result, byte for byte.
    ResultDocument,
    /// The report of the sitting.
    ReadReport,
    /// The report of a sitting that has none.
    ReadNoReport,
    /// The document of the report, byte for byte.
    ReportDocument,
    /// A planbare toets that is there.
    GetOffering,
    /// One that is not there.
    GetUnknownOffering,
    /// A person that is there.
    GetPerson,
    /// One that is not there.
    GetUnknownPerson,
    /// An enrolment that is there.
    GetAssociation,
    /// All pages of the planbare toetsen; they name every one once.
    AllOfferings,
    /// All pages of the enrolments of one; they name every one once.
    AllAssociations,
    /// The enrolments of a planbare toets that is not there.
    AssociationsOfUnknown,
    /// All pages of the test groups, and of who belongs to the first.
    AllGroups,
    /// The result of an enrolment.
    PutResult,
    /// The result of an extra attempt.
    PutExtraAttempt,
    /// What the student system holds of the enrolment; compared with what was sent.
    ReadBack,
    /// An enrolment that is not there.
    ReadUnknownBack,
    /// The result of a deelname that an outside planner made.
    RelayResult,
    /// The result of a deelname that it never made.
    RelayUnknownResult,
    /// The report of a sitting that an outside planner planned.
    RelayReport,
    /// The report of a sitting that it never planned.
    RelayUnknownReport,
    /// The sitting and the deelname as files; the same ones a second time.
    WriteList,
    /// The same, cancelled.
    WriteCancelledList,
    /// Rows that are not the vendor's.
    ReadForeignRows,
}

/// Trouble at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 500.
    ServerError,
    /// 429 with `Retry-After: 7`.
    TooManyRequests,
    /// The connection ends before anything is applied.
    Cut,
    /// The message is applied, and the connection ends without an answer.
    AnswerLost,
    /// JSON that ends halfway.
    Garbage,
    /// A page of HTML.
    Html,
    /// An answer that comes long after the budget.
    Slow,
    /// Our secret is not the right one.
    WrongSecret,
    /// The token is good for something else (403).
    WrongScope,
    /// The token is withdrawn before its time; a fresh one is good.
    WithdrawnToken,
}

/// Seconds that [`Fault::TooManyRequests`] asks for.
pub const RETRY_AFTER: u32 = 7;

/// What must come of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// It works, and what came is right.
    Works,
    /// It works, and says that there is nothing.
    Nothing,
    /// A failure that passes by itself: the host tries again.
    PassingFailure,
    /// The other end asks to slow down, for so long as it said.
    SlowDown,
    /// The credentials were refused: a person looks.
    CredentialsRefused,
    /// A failure that is not passed off as success, and not a crash either.
    Failure,
}

/// What stands at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The sitting, made once and never changed since.
    SittingMadeOnce,
    /// The sitting, made once and changed once.
    SittingChangedOnce,
    /// The sitting, cancelled.
    SittingCancelled,
    /// The deelname, made once and never changed since, with its person.
    DeelnameMadeOnce,
    /// The deelname with its extra time and need.
    DeelnameWithNeeds,
    /// The deelname, cancelled.
    DeelnameCancelled,
    /// The result, changed once.
    ResultStandsOnce,
    /// The extra attempt with its result.
    ExtraAttemptStands,
    /// The result came at the outside planner.
    ResultCameOutside,
    /// The report came at the outside planner.
    ReportCameOutside,
}
