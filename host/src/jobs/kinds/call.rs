//! The way from one run of a job to the peer's connector: which revision runs, what is counted, and what a person hears
//! when a peer as a whole can't be called.

use std::sync::{Arc, Mutex, MutexGuard};

use serde::de::DeserializeOwned;

use crate::app::draft::{About, Draft};
use crate::app::recording::Recorded;
use crate::app::rollout::{self, Work};
use crate::app::running::{Connectors, NotRunning, Running};
use crate::app::{Core, Decision, Refused};
use crate::app::{counting, files};
use crate::connector::blame::{self, CallError};
use crate::connector::call::{Answer, Caller};
use crate::connector::recorder::Recorder;
use crate::domain::exception::{self, CREDENTIALS_REFUSED, Exception, NOT_RUNNING};
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::jobs::{JobContext, JobError};
use crate::store::task;

use super::failure;

/// The way to one interface of the job's peer.
pub(super) struct Line<'a> {
    connectors: &'a Connectors,
    context: &'a JobContext,
    interface: Interface,
    work: Work<'a>,
    key: String,
    /// Of the call under way, where it is recorded.
    recorder: Mutex<Option<Arc<Recorder>>>,
}

/// Reads what the job needs.
///
/// # Errors
/// A payload that this kind did not write.
pub(super) fn payload<T: DeserializeOwned>(context: &JobContext) -> Result<T, JobError> {
    serde_json::from_str(&context.job.payload).map_err(|error| {
        let what = format!("the payload of a `{}` job can't be read: {error}", context.job.kind);
        JobError::permanent(Blame::Host, what)
    })
}

/// A draft of what follows from the job.
pub(super) fn draft<'a>(core: &'a Core, context: &'a JobContext) -> Draft<'a> {
    Draft::of(core, &context.job.tenant, format!("job:{}", context.job.kind))
}

impl<'a> Line<'a> {
    /// `effect` names what the call brings about: the same for every repeat, another for every other effect.
    pub(super) fn to(connectors: &'a Connectors, context: &'a JobContext, interface: Interface, effect: &str) -> Self {
        let place = format!(
            "idempotency/{}/{}/{}",
            context.job.tenant, context.job.peer, context.job.kind
        );
        let mut key = context.core.sealer.digest(&place, effect.as_bytes());
        key.truncate(32);
        Line {
            connectors,
            context,
            interface,
            work: Work::Everybody,
            key,
            recorder: Mutex::default(),
        }
    }

    /// The same for work of a sitting, or of one revision.
    pub(super) fn of(self, work: Work<'a>) -> Self {
        Line { work, ..self }
    }

    /// The run of the job.
    pub(super) fn context(&self) -> &'a JobContext {
        self.context
    }

    /// A caller for one call on the revision that runs now, and that revision's number.
    ///
    /// # Errors
    /// When none can be made; a person hears of it.
    pub(super) async fn caller(&self) -> Result<(Caller, i64), JobError> {
        let job = &self.context.job;
        let running = self
            .connectors
            .caller_for(&job.tenant, &job.peer, self.interface, self.work, &self.key)
            .await;
        self.made(running).await
    }

    async fn made(&self, running: Result<Running, NotRunning>) -> Result<(Caller, i64), JobError> {
        let job = &self.context.job;
        match running {
            Ok(running) => {
                self.context.handled_by(running.revision);
                *self.recorder() = running.recorder;
                Ok((running.caller, running.revision))
            }
            Err(NotRunning::NotEnabled { peer, unit, flow }) => {
                let of = (unit.as_deref(), flow);
                rollout::tell_not_enabled(&self.context.core, &job.tenant, &peer, of).await?;
                Err(failure::of_not_running(NotRunning::NotEnabled { peer, unit, flow }))
            }
            Err(error) => {
                if !matches!(error, NotRunning::Store(_) | NotRunning::UnknownPeer(_)) {
                    self.tell(&exception::not_running(&error.to_string())).await?;
                }
                Err(failure::of_not_running(error))
            }
        }
    }

    /// The same; `None` for a peer that works with files, where a person carries what the job would tell or ask.
    ///
    /// # Errors
    /// As [`Line::caller`].
    pub(super) async fn caller_unless_carried(&self) -> Result<Option<(Caller, i64)>, JobError> {
        let job = &self.context.job;
        let running = self
            .connectors
            .caller_for(&job.tenant, &job.peer, self.interface, self.work, &self.key)
            .await;
        if matches!(running, Err(NotRunning::NotServed { .. }))
            && files::carried(&self.context.core, &job.tenant, &job.peer)
                .await?
                .is_some()
        {
            return Ok(None);
        }
        self.made(running).await.map(Some)
    }

    /// The same for reading what may as well not be readable: `None` where no connector runs for the peer, or the one that
    /// does not serve the interface. That is no fault, and nobody is called for it.
    ///
    /// # Errors
    /// As [`Line::caller`].
    pub(super) async fn caller_if_served(&self) -> Result<Option<(Caller, i64)>, JobError> {
        let job = &self.context.job;
        let running = self
            .connectors
            .caller_for(&job.tenant, &job.peer, self.interface, self.work, &self.key)
            .await;
        match running {
            Err(NotRunning::NotServed { .. } | NotRunning::NoRevision(_)) => Ok(None),
            running => self.made(running).await.map(Some),
        }
    }

    /// What a call gave, counted, as it stands: for callers that go on after some failures.
    pub(super) fn counted<T>(&self, answer: Answer<T>) -> Result<T, CallError> {
        let of = counting::Of {
            tenant: &self.context.job.tenant,
            peer: &self.context.job.peer,
            revision: self.context.revision(),
            interface: self.interface,
        };
        counting::count(&self.context.core, self.connectors.tally(), of, &answer);
        if let Some(revision) = of.revision {
            self.record(revision, answer.outcome.as_ref().err());
        }
        answer.outcome
    }

    /// Keeps what the call and the vendor said to each other, where that was asked for.
    fn record(&self, revision: i64, error: Option<&CallError>) {
        let Some(recorder) = self.recorder().take() else { return };
        let said = recorder.take();
        self.connectors.tally().record(Recorded {
            tenant: self.context.job.tenant.clone(),
            peer: self.context.job.peer.clone(),
            revision,
            interface: self.interface.as_str().to_owned(),
            outcome: error.map_or_else(|| "done".to_owned(), CallError::told),
            said,
            at: self.context.core.now(),
        });
    }

    fn recorder(&self) -> MutexGuard<'_, Option<Arc<Recorder>>> {
        self.recorder.lock().expect("no holder of this lock panics")
    }

    /// What a call gave, or what the job does next.
    ///
    /// # Errors
    /// The call's failure as a job's.
    pub(super) async fn heard<T>(&self, answer: Answer<T>) -> Result<T, JobError> {
        match self.counted(answer) {
            Ok(value) => {
                self.works_again().await?;
                Ok(value)
            }
            Err(error) => Err(self.failed(&error).await?),
        }
    }

    /// The job's error for a failed call; when the peer as a whole can't be called a person hears of it.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn failed(&self, error: &CallError) -> Result<JobError, JobError> {
        if error.decision == blame::Decision::AuthExpired {
            self.tell(&exception::credentials_refused()).await?;
        } else if failure::is_of_the_settings(error) {
            self.tell(&exception::not_running(&error.detail)).await?;
        }
        Ok(failure::of_call(error))
    }

    /// Opens an exception about the peer as a whole, unless it is open.
    async fn tell(&self, exception: &Exception) -> Result<(), JobError> {
        let (core, peer) = (&self.context.core, self.context.job.peer.as_str());
        let key = format!("tasks/{}/{peer}", self.context.job.tenant);
        core.decide::<_, Refused, _, _>(&[key], || async {
            let mut draft = draft(core, self.context);
            let about = About {
                kind: "peer",
                id: peer,
                unit: None,
                peer: Some(peer),
            };
            draft.open(exception, about).await?;
            Ok(Decision {
                write_set: draft.finish(),
                answer: (),
            })
        })
        .await?;
        Ok(())
    }

    /// A call that comes through after earlier tries shows that the peer can be called: its exceptions are closed.
    async fn works_again(&self) -> Result<(), JobError> {
        let job = &self.context.job;
        if job.attempts < 2 {
            return Ok(());
        }
        let (core, subject) = (&self.context.core, ("peer", job.peer.as_str()));
        let open = task::open_about(&core.db, &job.tenant, subject.0, subject.1).await?;
        let of_calls = [CREDENTIALS_REFUSED, NOT_RUNNING];
        if !open.iter().any(|task| of_calls.contains(&task.about.kind.as_str())) {
            return Ok(());
        }
        core.decide::<_, Refused, _, _>(&[], || async {
            let mut draft = draft(core, self.context);
            draft
                .close(CREDENTIALS_REFUSED, subject, "De aanmelding werkt weer.")
                .await?;
            draft.close(NOT_RUNNING, subject, "De koppeling werkt weer.").await?;
            Ok(Decision {
                write_set: draft.finish(),
                answer: (),
            })
        })
        .await?;
        Ok(())
    }
}
