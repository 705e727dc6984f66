//! Flow 5: hands a result that an outside TPL brought on to the student system of its enrolment (R8, R23).

use futures_util::future::BoxFuture;
use oke_codec::Dialect;
use oke_codec::loss::{self, Loss, Told};
use serde::Deserialize;

use super::call::{Line, draft, payload};
use crate::app::deliver;
use crate::app::losses::{self, Delivered};
use crate::app::relay::student_result;
use crate::app::running::Connectors;
use crate::connector::call::Way;
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::association;

pub(super) struct RelayStudentResult(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    association: String,
    /// The message that holds the result; absent where the association itself does.
    message: Option<String>,
    /// How that message was written.
    #[serde(default)]
    dialect: Dialect,
}

impl JobKind for RelayStudentResult {
    fn name(&self) -> &'static str {
        deliver::RELAY_STUDENT_RESULT
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(relay(&self.0, context))
    }
}

async fn relay(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload {
        association: id,
        message,
        dialect,
    } = payload(&context)?;
    let (core, tenant) = (&context.core, &context.job.tenant);
    let enrolment = association::find(&core.db, tenant, &id).await?;
    let enrolment =
        enrolment.ok_or_else(|| JobError::permanent(Blame::Host, format!("association {id} is not known")))?;
    let (told, is_extra) = student_result::composed(
        core,
        tenant,
        &enrolment,
        message.as_deref().map(|message| (message, &dialect)),
    )
    .await?;
    let way = match is_extra {
        true => Way::ExtraAttempt,
        false => Way::Original,
    };
    let of = message.unwrap_or_else(|| enrolment.version.to_string());
    let effect = format!("{id}/{of}/{}", serde_json::json!(told.result));
    let line = Line::to(connectors, &context, Interface::DrStudentresultaat, &effect);
    let (caller, revision) = line.caller().await?;
    line.heard(caller.put_result(&told, way).await).await?;
    Ok(Done::deciding(move || {
        let (context, id, told) = (context.clone(), id.clone(), told.clone());
        async move {
            let mut draft = draft(&context.core, &context);
            let of = Delivered {
                peer: &context.job.peer,
                revision,
                flow: 5,
                subject: ("association", &id),
            };
            let lost = |dialect: &Dialect| -> Vec<Loss> {
                let of_result = told.result.iter().flat_map(|result| loss::of_result(result, dialect));
                let of_attempt = match is_extra {
                    true => loss::of_association(Told::Attempt, &told, dialect),
                    false => Vec::new(),
                };
                of_result.chain(of_attempt).collect()
            };
            losses::note(&mut draft, of, lost).await?;
            Ok(draft.finish())
        }
    }))
}
