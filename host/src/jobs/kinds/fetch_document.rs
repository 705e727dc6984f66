//! Flows 3 and 4: fetches a document that a result or report named (R27), and keeps it as evidence: it streams from the
//! vendor into sealed chunks, each committed as it comes, and the document's row points at them last.

use bytes::BytesMut;
use futures_util::future::BoxFuture;
use ring::digest::{Context, SHA256};
use serde::Deserialize;

use super::call::{Line, draft, payload};
use crate::app::running::Connectors;
use crate::app::{Core, deliver, document};
use crate::connector::call::Document;
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::document::{self as documents, Fetched, chunk_row};
use crate::store::write_set::WriteSet;

/// Bytes per chunk row.
const CHUNK: usize = 256 * 1024;

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
    let line = Line::to(connectors, &context, interface, &id);
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

/// Keeps the content under an id of this try: chunks of a try that broke off belong to no document.
async fn keep(line: &Line<'_>, context: &JobContext, coming: Document) -> Result<Fetched, JobError> {
    let core = &context.core;
    let mut content = Content {
        core,
        tenant: &context.job.tenant,
        id: core.id(),
        seq: 0,
        pending: BytesMut::with_capacity(CHUNK),
        digest: Context::new(&SHA256),
        size: 0,
    };
    let Document { media_type, mut body } = coming;
    loop {
        match body.chunk().await {
            Ok(Some(bytes)) => content.add(&bytes).await?,
            Ok(None) => break,
            Err(error) => return Err(line.failed(&error).await?),
        }
    }
    content.flush().await?;
    Ok(Fetched {
        media_type,
        size: content.size,
        sha256: hex::encode(content.digest.finish()),
        content: content.id,
        at: core.now(),
    })
}

/// A content on its way into chunk rows; never more than one chunk of it is in memory.
struct Content<'a> {
    core: &'a Core,
    tenant: &'a str,
    id: String,
    seq: i64,
    pending: BytesMut,
    digest: Context,
    size: i64,
}

impl Content<'_> {
    async fn add(&mut self, mut bytes: &[u8]) -> Result<(), JobError> {
        self.digest.update(bytes);
        // What comes at all is bounded by the connector room, far below this type's range.
        self.size = self.size.saturating_add(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        while !bytes.is_empty() {
            let room = CHUNK - self.pending.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.pending.extend_from_slice(now);
            bytes = later;
            if self.pending.len() == CHUNK {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), JobError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let row = chunk_row(&self.core.sealer, self.tenant, &self.id, self.seq, &self.pending)
            .map_err(|error| JobError::transient(Blame::Host, None, error.to_string()))?;
        let mut set = WriteSet::of(self.tenant);
        set.put(row);
        self.core.commit(set).await?;
        self.seq += 1;
        self.pending.clear();
        Ok(())
    }
}
