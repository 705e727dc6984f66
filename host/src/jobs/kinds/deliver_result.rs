//! Flow 5: sends a deelname's present result to the student system of its enrolment (R8, R23): by PATCH on the original
//! enrolment, by PUT for an extra attempt that was made here.

use futures_util::future::BoxFuture;
use oke_codec::Dialect;
use oke_codec::loss::{self, Loss, Told};
use serde::Deserialize;

use super::call::{Line, draft, payload};
use crate::app::draft::Draft;
use crate::app::losses::{self, Delivered};
use crate::app::rollout::Work;
use crate::app::running::Connectors;
use crate::app::studentresultaat::Message;
use crate::app::{Refused, deliver, studentresultaat};
use crate::connector::call::Way;
use crate::domain::interface::Interface;
use crate::domain::model::Delivery;
use crate::jobs::{Done, JobContext, JobError, JobKind};

pub(super) struct DeliverResult(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    /// The deelname.
    association: String,
    /// The enrolment that it serves, by itself or since that was merged with another.
    enrolment: String,
}

impl JobKind for DeliverResult {
    fn name(&self) -> &'static str {
        deliver::DELIVER_RESULT
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(deliver(&self.0, context))
    }
}

async fn deliver(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload {
        association: deelname,
        enrolment,
    } = payload(&context)?;
    // Composed now and not when the job was made: the student system gets the present state (R10).
    let message = studentresultaat::compose_for(&context.core, &context.job.tenant, &deelname, &enrolment).await?;
    let Some(message) = message else {
        return Ok(Done::nothing());
    };
    let way = match message.extra_attempt {
        true => Way::ExtraAttempt,
        false => Way::Original,
    };
    let is_final = message.enrolment.result.as_ref().is_some_and(|result| result.r#final);
    let (to, stamp) = (&message.enrolment.association_id, &message.stamp);
    let effect = format!("{to}/{}/{}/{is_final}/{stamp}", message.deelname, message.seq);
    let line = Line::to(connectors, &context, Interface::DrStudentresultaat, &effect);
    let line = line.of(Work::Sitting(&message.sitting));
    let (caller, revision) = line.caller().await?;
    line.heard(caller.put_result(&message.enrolment, way).await).await?;
    let sent_as = if is_final { "final" } else { "provisional" };
    let detail = format!("version {} {sent_as}, revision {revision}", message.seq);
    Ok(Done::deciding(move || {
        let (context, enrolment) = (context.clone(), enrolment.clone());
        let (message, detail) = (message.clone(), detail.clone());
        async move {
            let mut draft = draft(&context.core, &context);
            studentresultaat::confirmed(&mut draft, &enrolment, &message).await?;
            note_losses(&mut draft, &context, revision, &message).await?;
            draft.audit("result.confirm", ("association", &message.deelname), detail, b"");
            Ok(draft.finish())
        }
    }))
}

/// What the message could not say of the result, and of an extra attempt what else its association could not. No message of
/// flow 5 carries whether the cesuur was applied and which version was taken.
async fn note_losses(
    draft: &mut Draft<'_>,
    context: &JobContext,
    revision: i64,
    message: &Message,
) -> Result<(), Refused> {
    let Some(sent) = message.enrolment.result.clone() else {
        return Ok(());
    };
    let (normed, examenversie) = message.unsaid.clone();
    let delivery = Delivery {
        deelname_peer_id: message.deelname.clone(),
        result: sent,
        normed,
        examenversie,
    };
    let of = Delivered {
        peer: &context.job.peer,
        revision,
        flow: 5,
        subject: ("association", &message.deelname),
    };
    let lost = |dialect: &Dialect| -> Vec<Loss> {
        let of_result = loss::of_delivery(&delivery, dialect);
        let of_attempt = match message.extra_attempt {
            true => loss::of_association(Told::Attempt, &message.enrolment, dialect),
            false => Vec::new(),
        };
        [of_result, of_attempt].concat()
    };
    losses::note(draft, of, lost).await
}
