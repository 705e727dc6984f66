//! Lets documents stream through, unread. Endpoint `api`, `GET /documents/*` and `PUT /copies/*`.
//!
//! | call | does |
//! |---|---|
//! | `fetch-document(id)` | GETs `/documents/{id}` and hands its body on unread |
//! | `fetch-document("copy:{id}")` | GETs `/documents/{id}`, PUTs its body unread to `/copies/{id}`, and hands on the answer to that |
//! | `fetch-document("peek:{id}")` | GETs `/documents/{id}`, reads its first 16 bytes, and hands on the rest |
//! | `poll`, `read-result`, `read-report` | `unsupported` |

use oke_sdk::{
    Context, Delivery, DeliveryPage, Document, Error, Report, TaResultaten, TaZittingsverslag, http::Response,
};

/// The echo.
pub struct EchoDocument;

oke_sdk::export!(EchoDocument: ta_resultaten, ta_zittingsverslag);

impl TaResultaten for EchoDocument {
    fn poll(_ctx: &Context, _cursor: Option<String>, _sittings: &[String]) -> Result<DeliveryPage, Error> {
        Err(Error::Unsupported("this guest only carries documents".to_owned()))
    }

    fn read_result(_ctx: &Context, _deelname_peer_id: &str) -> Result<Option<Delivery>, Error> {
        Err(Error::Unsupported("this guest only carries documents".to_owned()))
    }

    fn fetch_document(ctx: &Context, document_id: &str) -> Result<Document, Error> {
        if let Some(id) = document_id.strip_prefix("copy:") {
            let original = document(get(ctx, id)?);
            let copy = ctx
                .http("api")
                .put(["copies", id])
                .hand_on(&original.media_type, original.content);
            return Ok(document(copy.send()?.success()?));
        }
        if let Some(id) = document_id.strip_prefix("peek:") {
            let document = document(get(ctx, id)?);
            document.content.read(16)?;
            return Ok(document);
        }
        Ok(document(get(ctx, document_id)?))
    }
}

impl TaZittingsverslag for EchoDocument {
    fn read_report(_ctx: &Context, _sitting_peer_id: &str) -> Result<Option<Report>, Error> {
        Err(Error::Unsupported("this guest only carries documents".to_owned()))
    }

    fn fetch_document(ctx: &Context, document_id: &str) -> Result<Document, Error> {
        <Self as TaResultaten>::fetch_document(ctx, document_id)
    }
}

fn get(ctx: &Context, document_id: &str) -> Result<Response, Error> {
    ctx.http("api").get(["documents", document_id]).send()?.success()
}

fn document(answer: Response) -> Document {
    let media_type = answer
        .header("content-type")
        .unwrap_or("application/octet-stream")
        .to_owned();
    Document {
        media_type,
        content: answer.into_body(),
    }
}

#[cfg(test)]
mod tests {
    use oke_sdk::{
        TaResultaten,
        http::Method,
        testing::{Answer, FakeHost},
    };

    use super::EchoDocument;

    #[test]
    fn a_copy_carries_the_bytes_and_the_media_type() {
        let host = FakeHost::new();
        host.on(
            Method::Get,
            "/documents/7",
            Answer::bytes(200, "application/pdf", b"%PDF".to_vec()),
        );
        host.on(
            Method::Put,
            "/copies/7",
            Answer::bytes(200, "text/plain", b"kept".to_vec()),
        );

        let document = <EchoDocument as TaResultaten>::fetch_document(&host.context(), "copy:7").unwrap();

        assert_eq!(document.content.read_all(100), Ok(b"kept".to_vec()));
        let put = &host.requests()[1];
        assert_eq!(put.content, b"%PDF");
        assert!(
            put.headers
                .contains(&("content-type".to_owned(), "application/pdf".to_owned()))
        );
    }
}
