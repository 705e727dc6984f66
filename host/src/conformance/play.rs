//! Carries the steps of a scenario out, and compares what came with what must come.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;

use crate::connector::blame::{CallError, Decision};
use crate::connector::call::{Answer, Caller, Document, Way};
use crate::connector::package::sha256_hex;
use crate::domain::interface::Interface;
use crate::domain::model::{Association, AssociationState, DocumentReference, Offering, OfferingState};

use super::scenario::{Call, Expect, Fault, RETRY_AFTER, Scenario, Standing, Step};
use super::stage::{DOCUMENT, IRREGULARITIES, SCORE, Stage, Subject, uuid};

mod files;
mod lists;

/// Components per page asked for: less than the platform's catalogue holds would be better, but 10 is the least (R20).
const PAGE: u32 = 10;
/// More pages than any simulator has.
const MOST_PAGES: usize = 100;
/// An id that nothing has.
const UNKNOWN: u32 = 9;

/// How a scenario ended.
pub(super) enum Ending {
    Passed,
    Failed(String),
    NotTried(String),
}

/// What a call that worked brought.
enum Saw {
    /// What was asked for, and right.
    Right,
    /// That there is nothing.
    Nothing,
    /// Something else than stands there.
    Wrong(String),
}

/// Why a step could not be carried out, or did not end as it must.
enum Broken {
    /// The connector does not offer this.
    Unsupported,
    /// The scenario does not concern this connector.
    NotConcerned(&'static str),
    /// It ended otherwise than it must.
    Otherwise(String),
}

type Called = Result<Saw, CallError>;

impl Stage<'_> {
    /// Plays a scenario from the first step to the last, or to the first that goes wrong.
    pub async fn play(&self, scenario: &Scenario, number: usize) -> Ending {
        self.calm();
        let subject = match self.subject(number) {
            Ok(subject) => subject,
            Err(why) => return Ending::Failed(why),
        };
        for (at, step) in scenario.steps.iter().enumerate() {
            let done = self.step(scenario.interface, step, (&subject, number)).await;
            self.calm();
            match done {
                Ok(()) => {}
                Err(Broken::Unsupported) => {
                    return Ending::NotTried("the connector does not offer this".to_owned());
                }
                Err(Broken::NotConcerned(why)) => return Ending::NotTried(why.to_owned()),
                Err(Broken::Otherwise(why)) => return Ending::Failed(format!("step {}: {why}", at + 1)),
            }
        }
        Ending::Passed
    }

    async fn step(&self, interface: Interface, step: &Step, about: (&Subject, usize)) -> Result<(), Broken> {
        let (subject, number) = about;
        match *step {
            Step::There(act) => self.act(act, subject).await.map_err(Broken::Otherwise),
            Step::Stands(standing) => self.stands(standing, subject).map_err(Broken::Otherwise),
            Step::Call(call, fault, expect) => {
                if call == Call::PutNeeds && subject.with_needs.is_none() {
                    return Err(Broken::NotConcerned("the manifest says that no needs can be told"));
                }
                if let Some(fault) = fault {
                    self.trouble(interface, fault);
                }
                let caller = |key: &str| self.caller(interface, fault, key).map_err(Broken::Otherwise);
                // The same effect keeps its key: a repeat is the same write.
                let key = format!("{call:?}-{number}");
                let called = match interface {
                    Interface::Files => files::call(call, &caller(&key)?, &caller(&key)?, subject).await,
                    _ => self.call(call, &caller(&key)?, subject).await,
                };
                compare(call, fault, expect, called)
            }
        }
    }

    async fn call(&self, call: Call, caller: &Caller, subject: &Subject) -> Called {
        match call {
            Call::WholeCatalogue => self.whole_catalogue(caller).await,
            Call::OneTest => {
                let test = &self.ta.catalogue().first_active().id;
                let found = caller.get_component(test).await.outcome?;
                Ok(found.map_or(Saw::Nothing, |found| same("componentId", &found.component_id, test)))
            }
            Call::UnknownTest => presence(caller.get_component(&unknown()).await),
            Call::PutSitting | Call::MoveSitting | Call::CancelSitting => {
                let sitting = sitting_for(call, &subject.sitting);
                caller.put_sitting(&sitting, None).await.outcome.map(|_| Saw::Right)
            }
            Call::PutDeelname | Call::PutNeeds | Call::CancelDeelname => {
                let deelname = deelname_for(call, subject);
                caller
                    .put_deelname(&deelname, None, None)
                    .await
                    .outcome
                    .map(|_| Saw::Right)
            }
            Call::FindSitting => presence(caller.find_sitting(&subject.sitting).await),
            Call::ReadSitting => {
                let found = caller.read_sitting(&subject.sitting.offering_id).await.outcome?;
                Ok(found.map_or(Saw::Nothing, |found| same_sitting(&found, &subject.sitting)))
            }
            Call::ReadUnknownSitting => presence(caller.read_sitting(&unknown()).await),
            Call::ReadDeelnames => self.read_deelnames(caller, subject).await,
            Call::StartLink => {
                let id = &subject.deelname.association_id;
                caller.start_link(id).await.outcome.map(|_| Saw::Right)
            }
            Call::Poll => poll(caller, subject).await,
            Call::ReadResult => {
                let id = &subject.deelname.association_id;
                let found = caller.read_result(id).await.outcome?;
                Ok(found.map_or(Saw::Nothing, |found| match found.result.score {
                    Some(_) => same("deelname", &found.deelname_peer_id, id),
                    None => Saw::Wrong("a completed result came without its score".to_owned()),
                }))
            }
            Call::ReadUnknownResult => presence(caller.read_result(&unknown()).await),
            Call::ResultDocument => self.result_document(caller, subject).await,
            Call::ReadReport => {
                let found = caller.read_report(&subject.sitting.offering_id).await.outcome?;
                Ok(found.map_or(Saw::Nothing, |found| match found.irregularities {
                    Some(_) => same("sitting", &found.sitting_peer_id, &subject.sitting.offering_id),
                    None => Saw::Wrong("the report came without its irregularities".to_owned()),
                }))
            }
            Call::ReadNoReport => presence(caller.read_report(&subject.sitting.offering_id).await),
            Call::ReportDocument => self.report_document(caller, subject).await,
            Call::RelayResult | Call::RelayUnknownResult => {
                let mut deelname = subject.outside_deelname.clone();
                if call == Call::RelayUnknownResult {
                    deelname.association_id = unknown();
                }
                caller.put_result_tpl(&deelname).await.outcome.map(|()| Saw::Right)
            }
            Call::RelayReport | Call::RelayUnknownReport => {
                let mut sitting = subject.outside_sitting.clone();
                if call == Call::RelayUnknownReport {
                    sitting.offering_id = unknown();
                }
                caller.put_report_tpl(&sitting).await.outcome.map(|()| Saw::Right)
            }
            Call::AllOfferings | Call::AllAssociations | Call::AssociationsOfUnknown | Call::AllGroups => {
                lists::call(call, caller, (subject, self.sis.school())).await
            }
            _ => at_student_system(call, caller, subject).await,
        }
    }

    async fn whole_catalogue(&self, caller: &Caller) -> Called {
        let mut listed = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = caller.list_components(next.as_deref(), PAGE).await.outcome?;
            listed.extend(page.components.into_iter().map(|one| one.component_id));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        let there: BTreeSet<&str> = self
            .ta
            .catalogue()
            .tests()
            .iter()
            .map(|test| test.id.as_str())
            .collect();
        let named: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
        Ok(if next.is_some() {
            Saw::Wrong(format!("the catalogue did not end after {MOST_PAGES} pages"))
        } else if there != named || listed.len() != there.len() {
            Saw::Wrong(format!(
                "{} tests were listed, {} of them different; the platform has {}",
                listed.len(),
                named.len(),
                there.len()
            ))
        } else {
            Saw::Right
        })
    }

    async fn read_deelnames(&self, caller: &Caller, subject: &Subject) -> Called {
        let mut ids = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let sitting = &subject.sitting.offering_id;
            let page = caller.read_deelnames(sitting, next.as_deref()).await.outcome?;
            ids.extend(page.deelnames.into_iter().map(|one| one.association_id));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        Ok(same("deelnames", &ids.join(", "), &subject.deelname.association_id))
    }

    async fn result_document(&self, caller: &Caller, subject: &Subject) -> Called {
        let id = &subject.deelname.association_id;
        let Some(found) = caller.read_result(id).await.outcome? else {
            return Ok(Saw::Nothing);
        };
        let Some(named) = found.result.documents.first() else {
            return Ok(Saw::Wrong("the result came without its document".to_owned()));
        };
        let document = caller.fetch_document(&named.document_id).await.outcome?;
        self.same_document(named, document).await
    }

    async fn report_document(&self, caller: &Caller, subject: &Subject) -> Called {
        let Some(found) = caller.read_report(&subject.sitting.offering_id).await.outcome? else {
            return Ok(Saw::Nothing);
        };
        let Some(named) = found.documents.first() else {
            return Ok(Saw::Wrong("the report came without its document".to_owned()));
        };
        let document = caller.fetch_report_document(&named.document_id).await.outcome?;
        self.same_document(named, document).await
    }

    /// R27: the document streams through as it is.
    async fn same_document(&self, named: &DocumentReference, document: Document) -> Called {
        let bytes = document.body.read_all(2 * DOCUMENT).await?;
        let there = self.ta.state().documents;
        let there = there.iter().find(|one| one.document_id == named.document_id);
        Ok(match there {
            Some(there) if there.sha256 == sha256_hex(&bytes) => Saw::Right,
            Some(there) => Saw::Wrong(format!(
                "the document came with {} bytes, and the platform's has {}",
                bytes.len(),
                there.bytes
            )),
            None => Saw::Wrong("the result names a document that the platform does not have".to_owned()),
        })
    }

    /// Whether that stands at the other end.
    fn stands(&self, standing: Standing, subject: &Subject) -> Result<(), String> {
        let (sitting, deelname) = (&subject.sitting.offering_id, &subject.deelname.association_id);
        let ta = self.ta.state();
        let refused = ta.refused.last().map(|one| one.detail.clone());
        let sitting = ta.sittings.iter().find(|one| one.offering_id == *sitting);
        let deelname = ta.deelnames.iter().find(|one| one.association_id == *deelname);
        let right = match standing {
            Standing::SittingMadeOnce => sitting.is_some_and(|one| (one.creates, one.changes) == (1, 0)),
            Standing::SittingChangedOnce => sitting.is_some_and(|one| (one.creates, one.changes) == (1, 1)),
            Standing::SittingCancelled => sitting.is_some_and(|one| one.state == "canceled"),
            Standing::DeelnameMadeOnce => deelname.is_some_and(|one| {
                let once = (one.creates, one.changes) == (1, 0);
                once && one.person.is_some() && one.person_id == subject.deelname.person_id
            }),
            Standing::DeelnameCancelled => deelname.is_some_and(|one| one.state == "canceled"),
            Standing::DeelnameWithNeeds => deelname.zip(subject.with_needs.as_ref()).is_some_and(|(one, told)| {
                let minutes = told.additional_time_min.map(i64::from);
                one.additional_time_in_min == minutes && one.personal_needs == told.personal_needs
            }),
            Standing::ResultStandsOnce => return self.result_stands(&subject.enrolment.association_id),
            Standing::ExtraAttemptStands => return self.result_stands(&subject.extra_attempt.association_id),
            Standing::ResultCameOutside | Standing::ReportCameOutside => return self.came_outside(standing, subject),
        };
        match right {
            true => Ok(()),
            false => Err(format!(
                "at the platform this does not stand as it must ({standing:?}): sitting {:?}, deelname {:?}, last refusal \
                 there {refused:?}",
                sitting.map(|one| (&one.state, one.creates, one.changes)),
                deelname.map(|one| (&one.state, one.creates, one.changes)),
            )),
        }
    }

    /// Whether the planner outside got what was delivered; that it came twice is the same (R10).
    fn came_outside(&self, standing: Standing, subject: &Subject) -> Result<(), String> {
        let state = self.tpl.state();
        let (held, id, field, must) = match standing {
            Standing::ReportCameOutside => {
                let id = &subject.outside_sitting.offering_id;
                (&state.sittings, id, "irregularities", IRREGULARITIES)
            }
            _ => (
                &state.deelnames,
                &subject.outside_deelname.association_id,
                "score",
                SCORE,
            ),
        };
        let came = held.iter().find(|one| one.id == *id).and_then(|one| one.came.last());
        match came.and_then(|came| came[field].as_str()) {
            Some(came) if came == must => Ok(()),
            came => {
                let refused = state.refused.last().map(|one| &one.detail);
                Err(format!(
                    "the planner holds {field} {came:?}, must be `{must}`; its last refusal: {refused:?}"
                ))
            }
        }
    }

    fn result_stands(&self, id: &str) -> Result<(), String> {
        let state = self.sis.state();
        let Some(stands) = state.associations.iter().find(|one| one.association_id == id) else {
            let refused = state.refused.last().map(|one| &one.detail);
            return Err(format!(
                "the student system does not know {id}; its last refusal: {refused:?}"
            ));
        };
        let score = stands.result.as_ref().map(|result| &result["score"]);
        match (score.and_then(|score| score.as_str()), stands.changes) {
            (Some(SCORE), 1) => Ok(()),
            (score, changes) => Err(format!(
                "the student system holds score {score:?} after {changes} change(s); it must hold {SCORE} after one"
            )),
        }
    }
}

async fn at_student_system(call: Call, caller: &Caller, subject: &Subject) -> Called {
    let enrolment = &subject.enrolment;
    match call {
        Call::GetOffering => {
            let found = caller.get_offering(&enrolment.offering_id).await.outcome?;
            Ok(found.map_or(Saw::Nothing, |found| {
                same("offering", &found.offering_id, &enrolment.offering_id)
            }))
        }
        Call::GetUnknownOffering => presence(caller.get_offering(&unknown()).await),
        Call::GetPerson => {
            let found = caller.get_person(&enrolment.person_id).await.outcome?;
            Ok(found.map_or(Saw::Nothing, |found| {
                same("person", &found.person_id, &enrolment.person_id)
            }))
        }
        Call::GetUnknownPerson => presence(caller.get_person(&unknown()).await),
        Call::GetAssociation => {
            let found = caller.get_association(&enrolment.association_id).await.outcome?;
            Ok(found.map_or(Saw::Nothing, |found| {
                same("person", &found.person_id, &enrolment.person_id)
            }))
        }
        Call::PutResult => caller
            .put_result(enrolment, Way::Original)
            .await
            .outcome
            .map(|()| Saw::Right),
        Call::PutExtraAttempt => caller
            .put_result(&subject.extra_attempt, Way::ExtraAttempt)
            .await
            .outcome
            .map(|()| Saw::Right),
        Call::ReadBack => {
            let found = caller.read_result_dr(&enrolment.association_id).await.outcome?;
            Ok(found.map_or(Saw::Nothing, |found| {
                let score = found.result.and_then(|result| result.score).unwrap_or_default();
                same("score", &score, SCORE)
            }))
        }
        _ => presence(caller.read_result_dr(&unknown()).await),
    }
}

async fn poll(caller: &Caller, subject: &Subject) -> Called {
    let sittings = [subject.sitting.offering_id.clone()];
    let mut ids = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let page = caller.poll(cursor.as_deref(), &sittings).await.outcome?;
        ids.extend(page.deliveries.into_iter().map(|one| one.deelname_peer_id));
        cursor = page.cursor;
        if !page.more {
            return Ok(same("deelnames", &ids.join(", "), &subject.deelname.association_id));
        }
    }
    Ok(Saw::Wrong(format!("the poll did not end after {MOST_PAGES} pages")))
}

/// What must come of a call, and what came.
fn compare(call: Call, fault: Option<Fault>, expect: Expect, called: Called) -> Result<(), Broken> {
    if let Err(error) = &called
        && error.decision == Decision::Unsupported
    {
        return Err(Broken::Unsupported);
    }
    let right = match (expect, &called) {
        (Expect::Works, Ok(Saw::Right)) | (Expect::Nothing, Ok(Saw::Nothing)) => true,
        (Expect::PassingFailure, Err(error)) => {
            matches!(error.decision, Decision::RetryAfter(_) | Decision::RateLimited(_))
        }
        (Expect::SlowDown, Err(error)) => {
            error.decision == Decision::RateLimited(Some(Duration::from_secs(RETRY_AFTER.into())))
        }
        (Expect::CredentialsRefused, Err(error)) => error.decision == Decision::AuthExpired,
        // Not a crash: a bug of the connector is what no trouble at the other end may cause.
        (Expect::Failure, Err(error)) => error.decision != Decision::Bug && !error.incident,
        _ => false,
    };
    if right {
        return Ok(());
    }
    let during = fault.map_or_else(String::new, |fault| format!(" during {fault:?}"));
    let came = match called {
        Ok(Saw::Right) => "it worked".to_owned(),
        Ok(Saw::Nothing) => "it says that there is nothing".to_owned(),
        Ok(Saw::Wrong(why)) => why,
        Err(error) => format!("{}, decision {:?}", error.for_person(), decision(&error)),
    };
    Err(Broken::Otherwise(format!(
        "{call:?}{during} must end in {expect:?}, but {came}"
    )))
}

/// The decision without the other end's words.
fn decision(error: &CallError) -> &'static str {
    match error.decision {
        Decision::RetryAfter(_) => "transient",
        Decision::RateLimited(_) => "rate-limited",
        Decision::AuthExpired => "auth-expired",
        Decision::Permanent { .. } => "rejected",
        Decision::Unrepresentable { .. } => "unrepresentable",
        Decision::Unsupported => "unsupported",
        Decision::Bug => "bug",
    }
}

fn presence<T>(answer: Answer<Option<T>>) -> Called {
    answer.outcome.map(|found| match found {
        Some(_) => Saw::Right,
        None => Saw::Nothing,
    })
}

fn same(what: &str, came: &str, must: &str) -> Saw {
    match came == must {
        true => Saw::Right,
        false => Saw::Wrong(format!("{what} is `{came}`, must be `{must}`")),
    }
}

fn same_sitting(came: &Offering, sent: &Offering) -> Saw {
    let parts = |one: &Offering| {
        format!(
            "{} {:?} {:?} {:?} {:?}",
            one.offering_id, one.start, one.end, one.offered_id, one.state
        )
    };
    same("the sitting", &parts(came), &parts(sent))
}

fn sitting_for(call: Call, sitting: &Offering) -> Offering {
    let later = SignedDuration::from_hours(1);
    match call {
        Call::MoveSitting => Offering {
            start: sitting.start.map(|start| start + later),
            end: sitting.end.map(|end| end + later),
            ..sitting.clone()
        },
        Call::CancelSitting => Offering {
            state: OfferingState::Canceled,
            ..sitting.clone()
        },
        _ => sitting.clone(),
    }
}

fn deelname_for(call: Call, subject: &Subject) -> Association {
    match (call, &subject.with_needs) {
        (Call::PutNeeds, Some(with_needs)) => with_needs.clone(),
        (Call::CancelDeelname, _) => Association {
            state: AssociationState::Canceled,
            ..subject.deelname.clone()
        },
        _ => subject.deelname.clone(),
    }
}

fn unknown() -> String {
    uuid(UNKNOWN, 1)
}
