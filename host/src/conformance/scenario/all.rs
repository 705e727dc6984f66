//! The scenarios, as data, by interface: what works first, then trouble.

use super::{Call, Expect, Fault, Scenario, Step};
use crate::domain::interface::Interface;
use crate::domain::interface::Interface::{
    DrStudentresultaat, DrToetsdeelnemers, Files, TaResultaten, TaToetscatalogus, TaZittingsplan, TaZittingsverslag,
    TplResultaten, TplZittingsverslag,
};

use super::Act::{Planned, Report, Results};
use super::Call::{
    AllAssociations, AllGroups, AllOfferings, AssociationsOfUnknown, CancelDeelname, CancelSitting, FindSitting,
    GetAssociation, GetOffering, GetPerson, GetUnknownOffering, GetUnknownPerson, MoveSitting, OneTest, Poll,
    PutDeelname, PutExtraAttempt, PutNeeds, PutResult, PutSitting, ReadBack, ReadDeelnames, ReadForeignRows,
    ReadNoReport, ReadReport, ReadResult, ReadSitting, ReadUnknownBack, ReadUnknownResult, ReadUnknownSitting,
    RelayReport, RelayResult, RelayUnknownReport, RelayUnknownResult, ReportDocument, ResultDocument, StartLink,
    UnknownTest, WholeCatalogue, WriteCancelledList, WriteList,
};
use super::Expect::{CredentialsRefused, Failure, Nothing, PassingFailure, SlowDown, Works};
use super::Standing::{
    DeelnameCancelled, DeelnameMadeOnce, DeelnameWithNeeds, ExtraAttemptStands, ReportCameOutside, ResultCameOutside,
    ResultStandsOnce, SittingCancelled, SittingChangedOnce, SittingMadeOnce,
};
use super::Step::{Stands, There};

const fn works(call: Call) -> Step {
    Step::Call(call, None, Works)
}

const fn nothing(call: Call) -> Step {
    Step::Call(call, None, Nothing)
}

const fn troubled(call: Call, fault: Fault, expect: Expect) -> Step {
    Step::Call(call, Some(fault), expect)
}

const fn oke(interface: Interface, name: &'static str, steps: &'static [Step]) -> Scenario {
    Scenario {
        interface,
        name,
        needs_oke: true,
        steps,
    }
}

const fn any(interface: Interface, name: &'static str, steps: &'static [Step]) -> Scenario {
    Scenario {
        interface,
        name,
        needs_oke: false,
        steps,
    }
}

/// Trouble that every interface meets, on one of its calls. `$before` is what must stand there for the call to work.
macro_rules! with_trouble {
    ($interface:expr, $call:expr, [$($before:expr),*]) => {
        [
            any($interface, "server-error", &[troubled($call, Fault::ServerError, PassingFailure)]),
            any($interface, "too-many-requests", &[troubled($call, Fault::TooManyRequests, SlowDown)]),
            any($interface, "cut", &[troubled($call, Fault::Cut, PassingFailure)]),
            any($interface, "slow", &[troubled($call, Fault::Slow, PassingFailure)]),
            any($interface, "wrong-secret", &[troubled($call, Fault::WrongSecret, CredentialsRefused)]),
            any($interface, "wrong-scope", &[troubled($call, Fault::WrongScope, CredentialsRefused)]),
            oke($interface, "withdrawn-token", &[$($before,)* troubled($call, Fault::WithdrawnToken, Works)]),
            oke($interface, "recovers", &[
                $($before,)* troubled($call, Fault::ServerError, PassingFailure), works($call),
            ]),
        ]
    };
}

/// Answers that can't be read, for a call that reads them.
macro_rules! unreadable {
    ($interface:expr, $call:expr, [$($before:expr),*]) => {
        [
            oke($interface, "garbage", &[$($before,)* troubled($call, Fault::Garbage, Failure)]),
            oke($interface, "html", &[$($before,)* troubled($call, Fault::Html, Failure)]),
        ]
    };
}

/// Every scenario, by interface: what works first, then trouble.
pub static ALL: [Scenario; 121] = joined();

const CATALOGUE: [Scenario; 3] = [
    oke(TaToetscatalogus, "whole-catalogue", &[works(WholeCatalogue)]),
    oke(TaToetscatalogus, "one-test", &[works(OneTest)]),
    oke(TaToetscatalogus, "unknown-test", &[nothing(UnknownTest)]),
];
const CATALOGUE_TROUBLE: [Scenario; 8] = with_trouble!(TaToetscatalogus, OneTest, []);
const CATALOGUE_UNREADABLE: [Scenario; 2] = unreadable!(TaToetscatalogus, OneTest, []);

const PLAN: [Scenario; 12] = [
    oke(
        TaZittingsplan,
        "plan-and-read-back",
        &[works(PutSitting), Stands(SittingMadeOnce), works(ReadSitting)],
    ),
    oke(
        TaZittingsplan,
        "same-again",
        &[works(PutSitting), works(PutSitting), Stands(SittingMadeOnce)],
    ),
    oke(
        TaZittingsplan,
        "moved",
        &[works(PutSitting), works(MoveSitting), Stands(SittingChangedOnce)],
    ),
    oke(
        TaZittingsplan,
        "answer-lost",
        &[
            troubled(PutSitting, Fault::AnswerLost, PassingFailure),
            works(PutSitting),
            Stands(SittingMadeOnce),
        ],
    ),
    oke(
        TaZittingsplan,
        "found-after-lost-answer",
        &[
            troubled(PutSitting, Fault::AnswerLost, PassingFailure),
            works(FindSitting),
        ],
    ),
    oke(
        TaZittingsplan,
        "cancelled",
        &[works(PutSitting), works(CancelSitting), Stands(SittingCancelled)],
    ),
    oke(TaZittingsplan, "unknown-sitting", &[nothing(ReadUnknownSitting)]),
    oke(
        TaZittingsplan,
        "deelname",
        &[
            works(PutSitting),
            works(PutDeelname),
            works(PutDeelname),
            Stands(DeelnameMadeOnce),
            works(ReadDeelnames),
        ],
    ),
    oke(
        TaZittingsplan,
        "deelname-answer-lost",
        &[
            works(PutSitting),
            troubled(PutDeelname, Fault::AnswerLost, PassingFailure),
            works(PutDeelname),
            Stands(DeelnameMadeOnce),
        ],
    ),
    oke(
        TaZittingsplan,
        "needs",
        &[works(PutSitting), works(PutNeeds), Stands(DeelnameWithNeeds)],
    ),
    oke(
        TaZittingsplan,
        "deelname-cancelled",
        &[
            works(PutSitting),
            works(PutDeelname),
            works(CancelDeelname),
            works(CancelDeelname),
            Stands(DeelnameCancelled),
        ],
    ),
    oke(TaZittingsplan, "start-link", &[There(Planned), works(StartLink)]),
];
const PLAN_TROUBLE: [Scenario; 8] = with_trouble!(TaZittingsplan, ReadSitting, [There(Planned)]);
const PLAN_UNREADABLE: [Scenario; 2] = unreadable!(TaZittingsplan, ReadSitting, [There(Planned)]);

const RESULTS: [Scenario; 5] = [
    oke(TaResultaten, "polled", &[There(Planned), There(Results), works(Poll)]),
    oke(
        TaResultaten,
        "one-result",
        &[There(Planned), There(Results), works(ReadResult)],
    ),
    oke(TaResultaten, "no-result-yet", &[There(Planned), nothing(ReadResult)]),
    oke(TaResultaten, "unknown-deelname", &[nothing(ReadUnknownResult)]),
    oke(
        TaResultaten,
        "document",
        &[There(Planned), There(Results), works(ResultDocument)],
    ),
];
const RESULTS_TROUBLE: [Scenario; 8] = with_trouble!(TaResultaten, ReadResult, [There(Planned), There(Results)]);
const RESULTS_UNREADABLE: [Scenario; 2] = unreadable!(TaResultaten, ReadResult, [There(Planned), There(Results)]);

const REPORTS: [Scenario; 3] = [
    oke(
        TaZittingsverslag,
        "report",
        &[There(Planned), There(Report), works(ReadReport)],
    ),
    oke(
        TaZittingsverslag,
        "no-report-yet",
        &[There(Planned), nothing(ReadNoReport)],
    ),
    oke(
        TaZittingsverslag,
        "document",
        &[There(Planned), There(Report), works(ReportDocument)],
    ),
];
const REPORTS_TROUBLE: [Scenario; 8] = with_trouble!(TaZittingsverslag, ReadReport, [There(Planned), There(Report)]);
const REPORTS_UNREADABLE: [Scenario; 2] = unreadable!(TaZittingsverslag, ReadReport, [There(Planned), There(Report)]);

const PARTICIPANTS: [Scenario; 8] = [
    oke(
        DrToetsdeelnemers,
        "offering",
        &[works(GetOffering), nothing(GetUnknownOffering)],
    ),
    oke(DrToetsdeelnemers, "person", &[works(GetPerson)]),
    oke(DrToetsdeelnemers, "unknown-person", &[nothing(GetUnknownPerson)]),
    oke(DrToetsdeelnemers, "enrolment", &[works(GetAssociation)]),
    oke(DrToetsdeelnemers, "all-offerings", &[works(AllOfferings)]),
    oke(DrToetsdeelnemers, "all-enrolments", &[works(AllAssociations)]),
    oke(
        DrToetsdeelnemers,
        "enrolments-of-unknown",
        &[nothing(AssociationsOfUnknown)],
    ),
    oke(DrToetsdeelnemers, "all-groups", &[works(AllGroups)]),
];
const PARTICIPANTS_TROUBLE: [Scenario; 8] = with_trouble!(DrToetsdeelnemers, GetPerson, []);
const PARTICIPANTS_UNREADABLE: [Scenario; 2] = unreadable!(DrToetsdeelnemers, GetPerson, []);

const STUDENT_RESULTS: [Scenario; 5] = [
    oke(
        DrStudentresultaat,
        "delivered-and-read-back",
        &[works(PutResult), Stands(ResultStandsOnce), works(ReadBack)],
    ),
    oke(
        DrStudentresultaat,
        "same-again",
        &[works(PutResult), works(PutResult), Stands(ResultStandsOnce)],
    ),
    oke(
        DrStudentresultaat,
        "answer-lost",
        &[
            troubled(PutResult, Fault::AnswerLost, PassingFailure),
            works(PutResult),
            Stands(ResultStandsOnce),
        ],
    ),
    oke(
        DrStudentresultaat,
        "extra-attempt",
        &[
            works(PutExtraAttempt),
            works(PutExtraAttempt),
            Stands(ExtraAttemptStands),
        ],
    ),
    oke(DrStudentresultaat, "unknown-enrolment", &[nothing(ReadUnknownBack)]),
];
const STUDENT_RESULTS_TROUBLE: [Scenario; 8] = with_trouble!(DrStudentresultaat, ReadBack, [works(PutResult)]);
const STUDENT_RESULTS_UNREADABLE: [Scenario; 2] = unreadable!(DrStudentresultaat, ReadBack, [works(PutResult)]);

const RELAYED_RESULTS: [Scenario; 3] = [
    oke(
        TplResultaten,
        "delivered",
        &[works(RelayResult), Stands(ResultCameOutside)],
    ),
    oke(
        TplResultaten,
        "answer-lost",
        &[
            troubled(RelayResult, Fault::AnswerLost, PassingFailure),
            works(RelayResult),
            Stands(ResultCameOutside),
        ],
    ),
    oke(
        TplResultaten,
        "refused",
        &[Step::Call(RelayUnknownResult, None, Failure)],
    ),
];
const RELAYED_RESULTS_TROUBLE: [Scenario; 8] = with_trouble!(TplResultaten, RelayResult, []);

const RELAYED_REPORTS: [Scenario; 3] = [
    oke(
        TplZittingsverslag,
        "delivered",
        &[works(RelayReport), Stands(ReportCameOutside)],
    ),
    oke(
        TplZittingsverslag,
        "answer-lost",
        &[
            troubled(RelayReport, Fault::AnswerLost, PassingFailure),
            works(RelayReport),
            Stands(ReportCameOutside),
        ],
    ),
    oke(
        TplZittingsverslag,
        "refused",
        &[Step::Call(RelayUnknownReport, None, Failure)],
    ),
];
const RELAYED_REPORTS_TROUBLE: [Scenario; 8] = with_trouble!(TplZittingsverslag, RelayReport, []);

/// Nothing is sent: there is no trouble to meet, and no OKE to speak.
const FILES: [Scenario; 3] = [
    any(Files, "sitting-list", &[works(WriteList)]),
    any(Files, "cancelled-on-the-list", &[works(WriteCancelledList)]),
    any(Files, "foreign-rows", &[nothing(ReadForeignRows)]),
];

const fn joined() -> [Scenario; 121] {
    let parts: [&[Scenario]; 23] = [
        &CATALOGUE,
        &CATALOGUE_TROUBLE,
        &CATALOGUE_UNREADABLE,
        &PLAN,
        &PLAN_TROUBLE,
        &PLAN_UNREADABLE,
        &RESULTS,
        &RESULTS_TROUBLE,
        &RESULTS_UNREADABLE,
        &REPORTS,
        &REPORTS_TROUBLE,
        &REPORTS_UNREADABLE,
        &PARTICIPANTS,
        &PARTICIPANTS_TROUBLE,
        &PARTICIPANTS_UNREADABLE,
        &STUDENT_RESULTS,
        &STUDENT_RESULTS_TROUBLE,
        &STUDENT_RESULTS_UNREADABLE,
        &RELAYED_RESULTS,
        &RELAYED_RESULTS_TROUBLE,
        &RELAYED_REPORTS,
        &RELAYED_REPORTS_TROUBLE,
        &FILES,
    ];
    let mut all = [CATALOGUE[0]; 121];
    let (mut part, mut filled) = (0, 0);
    while part < parts.len() {
        let mut at = 0;
        while at < parts[part].len() {
            all[filled] = parts[part][at];
            (at, filled) = (at + 1, filled + 1);
        }
        part += 1;
    }
    assert!(filled == all.len(), "every place holds a scenario");
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_scenario_is_known_by_interface_and_name() {
        let names: BTreeSet<(&str, &str)> = ALL.iter().map(|one| (one.interface.as_str(), one.name)).collect();
        assert_eq!(names.len(), ALL.len());
    }

    /// R21 and the contract's errors: each interface meets each trouble.
    #[test]
    fn every_interface_meets_every_trouble() {
        for interface in [
            TaToetscatalogus,
            TaZittingsplan,
            TaResultaten,
            TaZittingsverslag,
            DrToetsdeelnemers,
            DrStudentresultaat,
            TplResultaten,
            TplZittingsverslag,
        ] {
            let of_interface = || ALL.iter().filter(move |one| one.interface == interface);
            // What an outside planner answers to a delivery is not read.
            let is_read = !matches!(interface, TplResultaten | TplZittingsverslag);
            for name in [
                "server-error",
                "too-many-requests",
                "cut",
                "slow",
                "wrong-secret",
                "garbage",
            ] {
                let is_met = of_interface().any(|one| one.name == name);
                assert!(is_met || (name == "garbage" && !is_read), "{interface} {name}");
            }
        }
    }
}
