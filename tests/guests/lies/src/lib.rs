//! Returns values that break the model. Goes round the SDK, which would not let it.
//!
//! `get-component(id)`, where the id says what is wrong with the answer:
//!
//! | id | answer |
//! |---|---|
//! | `empty-id` | a component without an id |
//! | `other-id` | a component with another id than asked |
//! | `empty-name` | a component without a name |
//! | `opaque` | `opaque` is no JSON |
//! | `controls` | a name with control characters |
//! | `sound` | nothing wrong |
//!
//! `list-components` answers ten times `page-size` components, always the same ones, with `next` as it was asked:
//! a catalogue without end.
//!
//! `read-result(id)`:
//!
//! | id | answer |
//! |---|---|
//! | `date` | `result-date` 2026-02-31 |
//! | `month` | `result-date` 2026-13-01 |
//! | `moment` | `test-date` at the largest number there is |
//! | `empty-deelname` | a delivery without a deelname |
//! | `other-deelname` | a delivery of another deelname than asked |
//! | `document` | a document without id, type and name |
//! | `sound` | nothing wrong |
//! | `long-error` | the error `rejected` with a code and message of 4 MiB each |
//!
//! `poll` with a cursor `again` answers no deliveries, `more`, and the same cursor, for ever; any other poll holds one
//! sound delivery and then one of 2026-02-31.
//!
//! `fetch-document(id)`: `unknown-handle` hands on a body that never was; `dropped` GETs `/documents/x` at endpoint
//! `api`, drops the answer's body and then hands it on; any other id is refused by an `unsupported`.

use oke_sdk::bindings::{
    shared::oke::{connector::call, connector::http, types::model as wit},
    ta_resultaten::exports::oke::connector::ta_resultaten as resultaten,
    ta_toetscatalogus::exports::oke::connector::ta_toetscatalogus as toetscatalogus,
};

/// The liar.
pub struct Lies;

#[cfg(target_arch = "wasm32")]
const _: () = {
    oke_sdk::bindings::ta_toetscatalogus::export!(Lies with_types_in oke_sdk::bindings::ta_toetscatalogus);
    oke_sdk::bindings::ta_resultaten::export!(Lies with_types_in oke_sdk::bindings::ta_resultaten);
};

impl toetscatalogus::Guest for Lies {
    fn list_components(
        _ctx: call::Context,
        cursor: Option<String>,
        page_size: u32,
    ) -> Result<toetscatalogus::ComponentPage, call::Error> {
        let components = (0..page_size.saturating_mul(10))
            .map(|index| component(&format!("test-{index}")))
            .collect();
        Ok(toetscatalogus::ComponentPage {
            components,
            next: Some(cursor.unwrap_or_default()),
        })
    }

    fn get_component(_ctx: call::Context, component_id: String) -> Result<Option<wit::Component>, call::Error> {
        let mut answer = component(&component_id);
        match component_id.as_str() {
            "empty-id" => answer.component_id = String::new(),
            "other-id" => answer.component_id = "someone-else".to_owned(),
            "empty-name" => answer.name = String::new(),
            "opaque" => answer.opaque = Some("{not json".to_owned()),
            "controls" => answer.name = "name\u{0}with\u{1b}[2Jcontrols\n".to_owned(),
            _ => {}
        }
        Ok(Some(answer))
    }
}

impl resultaten::Guest for Lies {
    fn poll(
        _ctx: call::Context,
        cursor: Option<String>,
        _sittings: Vec<String>,
    ) -> Result<resultaten::DeliveryPage, call::Error> {
        if cursor.as_deref() == Some("again") {
            return Ok(resultaten::DeliveryPage {
                deliveries: Vec::new(),
                cursor,
                more: true,
            });
        }
        let mut broken = delivery("deelname-2");
        broken.result.result_date = Some(wit::Date {
            year: 2026,
            month: 2,
            day: 31,
        });
        let deliveries = vec![delivery("deelname-1"), broken];
        Ok(resultaten::DeliveryPage {
            deliveries,
            cursor: Some("polled".to_owned()),
            more: false,
        })
    }

    fn read_result(_ctx: call::Context, deelname_peer_id: String) -> Result<Option<resultaten::Delivery>, call::Error> {
        let mut answer = delivery(&deelname_peer_id);
        match deelname_peer_id.as_str() {
            "date" => {
                answer.result.result_date = Some(wit::Date {
                    year: 2026,
                    month: 2,
                    day: 31,
                })
            }
            "month" => {
                answer.result.result_date = Some(wit::Date {
                    year: 2026,
                    month: 13,
                    day: 1,
                })
            }
            "moment" => answer.result.test_date = Some(i64::MAX),
            "empty-deelname" => answer.deelname_peer_id = String::new(),
            "other-deelname" => answer.deelname_peer_id = "someone-else".to_owned(),
            "document" => answer.result.documents = vec![document_without_anything()],
            "long-error" => return Err(long_error()),
            _ => {}
        }
        Ok(Some(answer))
    }

    fn fetch_document(_ctx: call::Context, document_id: String) -> Result<resultaten::Document, call::Error> {
        let content = match document_id.as_str() {
            "unknown-handle" => body_of_handle(12_345),
            "dropped" => dropped_body()?,
            other => {
                return Err(call::Error::Unsupported(format!(
                    "this guest has no document `{other}`"
                )));
            }
        };
        Ok(resultaten::Document {
            media_type: "application/pdf".to_owned(),
            content,
        })
    }
}

fn dropped_body() -> Result<http::Body, call::Error> {
    let answer = http::send(http::Request {
        endpoint: "api".to_owned(),
        method: http::Method::Get,
        path: "/documents/x".to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        content: http::Content::None,
    })
    .map_err(|failure| call::Error::Bug(format!("no document to drop: {failure:?}")))?;
    let handle = answer.body.handle();
    drop(answer);
    Ok(body_of_handle(handle))
}

#[expect(unsafe_code, reason = "a handle that is not ours is what this guest is for")]
fn body_of_handle(handle: u32) -> http::Body {
    // SAFETY: it is no handle of ours, on purpose; only the host is harmed if it trusts it, and it must not.
    unsafe { http::Body::from_handle(handle) }
}

fn long_error() -> call::Error {
    let long = "x".repeat(4 * 1024 * 1024);
    call::Error::Rejected(call::Rejection {
        code: long.clone(),
        message: long,
    })
}

fn document_without_anything() -> wit::DocumentReference {
    wit::DocumentReference {
        document_id: String::new(),
        document_type: wit::DocumentType::Other(String::new()),
        document_name: String::new(),
    }
}

fn component(component_id: &str) -> wit::Component {
    wit::Component {
        component_id: component_id.to_owned(),
        component_type: "test".to_owned(),
        primary_code: wit::Code {
            code_type: "componentCode".to_owned(),
            value: component_id.to_owned(),
        },
        other_codes: Vec::new(),
        name: "A test".to_owned(),
        description: None,
        result_value_type: None,
        exam: None,
        pass_from: None,
        retries: None,
        status: wit::ComponentStatus::Active,
        licensed: None,
        additional_testing_time_min: None,
        available_personal_needs: Vec::new(),
        safety: Vec::new(),
        opaque: None,
    }
}

fn delivery(deelname_peer_id: &str) -> resultaten::Delivery {
    resultaten::Delivery {
        deelname_peer_id: deelname_peer_id.to_owned(),
        result: wit::ExamResult {
            state: wit::ResultState::Completed,
            attendance: wit::Attendance::Present,
            pass: None,
            comment: None,
            score: Some("7.5".to_owned()),
            result_date: None,
            test_date: None,
            final_: false,
            raw_score: None,
            max_raw_score: None,
            executed_offering_name: None,
            assessor_id: None,
            assessor_code: None,
            irregularities: None,
            documents: Vec::new(),
            opaque: None,
        },
        normed: wit::Normed::Yes,
        examenversie: None,
    }
}
