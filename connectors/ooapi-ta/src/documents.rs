//! Documents of flows 3 and 4: `GET /documents/{id}`, handed on unread (R27).

use oke_sdk::{Context, Document, Error};

use crate::API;

pub(crate) fn fetch(ctx: &Context, document_id: &str) -> Result<Document, Error> {
    let answer = ctx.http(API).get(["documents", document_id]).send()?;
    Ok(answer.success()?.into_document())
}
