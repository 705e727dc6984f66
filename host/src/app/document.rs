//! Documents: named in results and reports, fetched once as evidence, and served to the student system under ids of our
//! own (R27).

mod content;

pub use content::{OpenDocument, Storing};

use super::draft::Draft;
use super::{Core, Refused, deliver, relay, studentresultaat};
use crate::domain::model::DocumentReference;
use crate::store::document::{self, DocumentRow, Fetched};
use crate::store::{association, offering};

/// What a document belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A result of this deelname (flow 3).
    Deelname(&'a str),
    /// The report of this sitting (flow 4).
    Sitting(&'a str),
}

impl<'a> Subject<'a> {
    fn columns(self) -> (&'static str, &'a str) {
        match self {
            Subject::Deelname(id) => ("association", id),
            Subject::Sitting(id) => ("offering", id),
        }
    }

    fn flow(self) -> i64 {
        match self {
            Subject::Deelname(_) => 3,
            Subject::Sitting(_) => 4,
        }
    }
}

/// Gives the documents that a message names ids of our own and has them fetched; those known already stay as they are.
/// Says whether any is still to be fetched.
///
/// # Errors
/// What the database says.
pub async fn name(
    draft: &mut Draft<'_>,
    peer: &str,
    subject: Subject<'_>,
    named: &[DocumentReference],
) -> Result<bool, Refused> {
    if named.is_empty() {
        return Ok(false);
    }
    let (subject_kind, subject_id) = subject.columns();
    let known = document::of_subject(&draft.core.db, draft.tenant, peer, subject.columns()).await?;
    let mut pending = false;
    let mut seen: Vec<&str> = Vec::new();
    for reference in named {
        if seen.contains(&reference.document_id.as_str()) {
            continue;
        }
        seen.push(&reference.document_id);
        if let Some(known) = known.iter().find(|known| known.peer_id == reference.document_id) {
            pending |= known.fetched.is_none();
            continue;
        }
        let new = DocumentRow {
            tenant: draft.tenant.to_owned(),
            id: draft.core.id(),
            peer: peer.to_owned(),
            peer_id: reference.document_id.clone(),
            subject_kind: subject_kind.to_owned(),
            subject_id: subject_id.to_owned(),
            document_type: reference.document_type.clone(),
            name: reference.document_name.clone(),
            fetched: None,
            version: 0,
        };
        draft.put(new.next());
        deliver::fetch_document(draft, peer, subject.flow(), &new.id).await?;
        pending = true;
    }
    Ok(pending)
}

/// A document was fetched and its chunks are stored: it can be served, and a result that names it goes to the student
/// system again, now with it.
///
/// # Errors
/// What the database says.
pub async fn fetched(draft: &mut Draft<'_>, id: &str, fetched: Fetched) -> Result<(), Refused> {
    let found = document::find(&draft.core.db, draft.tenant, id).await?;
    let document = found.ok_or_else(|| Refused::unknown("document", id))?;
    if document.fetched.is_some() {
        return Ok(());
    }
    let detail = format!("{} bytes, sha256 {}", fetched.size, fetched.sha256);
    draft.audit("document.fetch", ("document", id), detail, fetched.sha256.as_bytes());
    let (kind, subject) = (document.subject_kind.clone(), document.subject_id.clone());
    draft.put(
        DocumentRow {
            fetched: Some(fetched),
            ..document
        }
        .next(),
    );
    let went_on = relay::back::document_came(draft, (&kind, &subject)).await?;
    if kind == "association" && !went_on {
        studentresultaat::send_again(draft, &subject).await?;
    }
    Ok(())
}

async fn visible_to(core: &Core, tenant: &str, peer: &str, id: &str) -> Result<Option<DocumentRow>, Refused> {
    let Some(found) = document::find(&core.db, tenant, id).await? else {
        return Ok(None);
    };
    if found.peer == peer {
        return Ok(Some(found));
    }
    if found.subject_kind != "association" {
        let sitting = offering::find(&core.db, tenant, &found.subject_id).await?;
        let planner = sitting.and_then(|sitting| sitting.planner);
        return Ok((planner.as_deref() == Some(peer)).then_some(found));
    }
    let Some(deelname) = association::find(&core.db, tenant, &found.subject_id).await? else {
        return Ok(None);
    };
    if deelname.planner.as_deref() == Some(peer) {
        return Ok(Some(found));
    }
    let Some(enrolment) = deelname.enrolment else {
        return Ok(None);
    };
    let enrolment = association::find(&core.db, tenant, &enrolment).await?;
    Ok(enrolment.filter(|enrolment| enrolment.peer == peer).map(|_| found))
}

/// Opens a document for a peer that may see it: one that it named itself, or that goes with the results of its
/// enrolments or, of an outside TPL, of its deelnames and sittings, whatever the scope (R27, RULES §4). `None` for any other, and for one that has not been fetched yet.
///
/// # Errors
/// What the database says.
pub async fn open(core: &Core, tenant: &str, peer: &str, id: &str) -> Result<Option<OpenDocument>, Refused> {
    let Some(found) = visible_to(core, tenant, peer, id).await? else {
        return Ok(None);
    };
    Ok(found
        .fetched
        .as_ref()
        .map(|fetched| OpenDocument::of(core, &found, fetched)))
}
