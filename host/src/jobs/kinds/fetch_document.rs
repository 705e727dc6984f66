//! Flows 3 and 4: fetches a document that a result or report named (R27), and keeps it as evidence: it streams from the
//! vendor into sealed chunks, each committed as it fills, and the document's row points at them last.

use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::call::{Line, draft, payload};
use crate::app::deliver;
use crate::app::document::{self, Storing};
use crate::app::rollout::Work;
use crate::app::running::Connectors;
use crate::connector::call::Document;
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::association;
use crate::store::document::{self as documents, Fetched};

pub(super) struct FetchDocument(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    document: String,
}

impl JobKind for FetchDocument {
    fn name(&self) -> &'static str {
        deliver::FETCH_DOCUMENT
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(fetch(&self.0, context))
    }
}

async fn fetch(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload { document: id } = payload(&context)?;
    let known = documents::find(&context.core.db, &context.job.tenant, &id).await?;
    let known = known.ok_or_else(|| JobError::permanent(Blame::Host, format!("document {id} is not known")))?;
    if known.fetched.is_some() {
        return Ok(Done::nothing());
    }
    let is_of_report = known.subject_kind == "offering";
    let interface = match is_of_report {
        true => Interface::TaZittingsverslag,
        false => Interface::TaResultaten,
    };
    let sitting = match is_of_report {
        true => known.subject_id.clone(),
        false => {
            let deelname = association::find(&context.core.db, &context.job.tenant, &known.subject_id).await?;
            deelname.map(|deelname| deelname.facts.offering_id).unwrap_or_default()
        }
    };
    let line = Line::to(connectors, &context, interface, &id).of(Work::Sitting(&sitting));
    let (caller, _) = line.caller().await?;
    let answer = match is_of_report {
        true => caller.fetch_report_document(&known.peer_id).await,
        false => caller.fetch_document(&known.peer_id).await,
    };
    let coming = line.heard(answer).await?;
    let fetched = keep(&line, &context, coming).await?;
    Ok(Done::deciding(move || {
        let (context, id, fetched) = (context.clone(), id.clone(), fetched.clone());
        async move {
            let mut draft = draft(&context.core, &context);
            document::fetched(&mut draft, &id, fetched).await?;
            Ok(draft.finish())
        }
    }))
}

/// Keeps the content while it comes; chunks of a try that broke off belong to no document.
async fn keep(line: &Line<'_>, context: &JobContext, coming: Document) -> Result<Fetched, JobError> {
    let mut storing = Storing::begin(&context.core, &context.job.tenant);
    let Document { media_type, mut body } = coming;
    loop {
        match body.chunk().await {
            Ok(Some(bytes)) => storing.write(&bytes).await?,
            Ok(None) => return Ok(storing.finish(&media_type).await?),
            Err(error) => return Err(line.failed(&error).await?),
        }
    }
}
