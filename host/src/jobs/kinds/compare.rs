//! Compares a part of a sitting with what a vendor or student system has of it (R25), a piece per run, and notes what
//! differs.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::call::{Line, draft, payload};
use super::comparing;
use crate::app::comparison::{self, Of, ToCompare};
use crate::app::rollout::Work;
use crate::app::running::Connectors;
use crate::domain::comparison::Part;
use crate::domain::interface::Interface;
use crate::jobs::{Done, JobContext, JobError, JobKind};

pub(super) struct Compare(pub(super) Connectors);

impl JobKind for Compare {
    fn name(&self) -> &'static str {
        comparison::COMPARE
    }

    /// A piece is some tens of calls.
    fn budget(&self) -> Duration {
        Duration::from_secs(3 * 60)
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(compare(&self.0, context))
    }
}

async fn compare(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let what: ToCompare = payload(&context)?;
    let (core, tenant, peer) = (&context.core, &context.job.tenant, &context.job.peer);
    if !comparison::is_under_way(core, tenant, peer, &what).await? {
        return Ok(Done::nothing());
    }
    let Some(sitting) = comparison::own_sitting(core, tenant, &what.sitting).await? else {
        return Ok(Done::nothing());
    };
    let interface = match what.part {
        Part::Plan => Interface::TaZittingsplan,
        Part::Results => Interface::TaResultaten,
        Part::Enrolments => Interface::DrToetsdeelnemers,
        Part::StudentResults => Interface::DrStudentresultaat,
    };
    let work = match what.part {
        // What the student system owns is everybody's, as where it is fetched.
        Part::Enrolments => Work::Everybody,
        Part::Plan | Part::Results | Part::StudentResults => Work::Sitting(&sitting.id),
    };
    let line = Line::to(connectors, &context, interface, &context.job.id).of(work);
    let (read, revision) = match what.part {
        Part::Plan => comparing::plan(&line, &sitting).await?,
        Part::Results => comparing::results(&line, &sitting, &what.after).await?,
        Part::Enrolments => comparing::enrolments(&line, &sitting, &what.after).await?,
        Part::StudentResults => comparing::student_results(&line, &sitting, &what.after).await?,
    };
    Ok(Done::deciding({
        let context = context.clone();
        move || {
            let (context, sitting, what, read) = (context.clone(), sitting.clone(), what.clone(), read.clone());
            async move {
                let mut draft = draft(&context.core, &context);
                let of = Of {
                    sitting: &sitting,
                    part: what.part,
                    peer: &context.job.peer,
                    revision,
                };
                comparison::note(&mut draft, of, &what, &read).await?;
                Ok(draft.finish())
            }
        }
    }))
}
