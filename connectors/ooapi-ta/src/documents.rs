//! Documents of flows 3 and 4: `GET /documents/{id}`, handed on unread (R27).

use oke_sdk::{Context, Document, Error};

use crate::API;

pub(crate) fn fetch(ctx: &Context, document_id: &str) -> Result<Document, Error> {
    let answer = ctx.http(API).get(["documents", document_id]).send()?.success()?;
    // RFC 9110: a recipient may take content without a type for plain bytes.
    let media_type = answer
        .header("content-type")
        .unwrap_or("application/octet-stream")
        .to_owned();
    Ok(Document {
        media_type,
        content: answer.into_body(),
    })
}
