//! `GET /documents/{id}`: evidence kept by the school, streamed from sealed chunks (flow 5, R27). A client sees what
//! was routed to or from its own peer, whatever its scope; anything else does not exist for it.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use crate::api::Service;
use crate::app;
use crate::oke::bearer::{Client, FLOW_1_5, FLOW_2_3_4};
use crate::oke::problem::Problem;
use crate::store::document::{self, DocumentRow, Fetched};

pub(super) async fn get(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    client.must_have_either(FLOW_1_5, FLOW_2_3_4)?;
    let tenant = &client.sender.tenant;
    let found = app::document::visible_to(&service.core, tenant, &client.sender.peer, &id).await?;
    let row = found.ok_or_else(|| Problem::absent(format!("there is no document `{id}` here")))?;
    let Some(fetched) = row.fetched.clone() else {
        return Err(Problem::absent(format!(
            "document `{id}` is known but has not been fetched from its vendor yet; ask again later"
        )));
    };
    Ok(streamed(service, tenant.clone(), row, fetched))
}

fn streamed(service: Service, tenant: String, row: DocumentRow, fetched: Fetched) -> Response {
    let content = fetched.content.clone();
    let chunks = stream::try_unfold(0_i64, move |seq| {
        let (service, tenant, content) = (service.clone(), tenant.clone(), content.clone());
        async move {
            let core = &service.core;
            let sealed = document::sealed_chunk(&core.db, &tenant, &content, seq)
                .await
                .map_err(std::io::Error::other)?;
            let Some(sealed) = sealed else {
                return Ok::<_, std::io::Error>(None);
            };
            let plain =
                document::open_chunk(&core.sealer, &tenant, &content, seq, &sealed).map_err(std::io::Error::other)?;
            Ok(Some((Bytes::from(plain), seq + 1)))
        }
    });
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_str(&fetched.media_type);
    headers.insert(
        CONTENT_TYPE,
        media_type.unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    headers.insert(CONTENT_LENGTH, HeaderValue::from(fetched.size));
    // The name is a vendor's text: only what is harmless in a header is repeated.
    let name: String = row
        .name
        .chars()
        .map(|it| {
            if it.is_ascii_alphanumeric() || ".-_ ".contains(it) {
                it
            } else {
                '_'
            }
        })
        .collect();
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    response
}
