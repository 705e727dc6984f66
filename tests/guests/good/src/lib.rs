//! A good neighbour: serves `ta-toetscatalogus` and `ta-resultaten` only, from its input, without HTTP.
//!
//! | call | does |
//! |---|---|
//! | `list-components` | `page-size` components numbered from the cursor (a number, 0 when absent); three pages of them |
//! | `get-component(id)` | the component of that id; `None` for `absent`; one GET of `/components/{id}` at endpoint `api` for an id that begins with `http:`, named by what came back |
//! | `poll(cursor, sittings)` | one completed result per sitting, the deelname named after it; cursor counts polls |
//! | `read-result(id)` | a completed result with score `7.5`; `None` for `absent` |
//! | `fetch-document(id)` | one GET of `/documents/{id}` at endpoint `api`, its body handed on unread |
//!
//! The benchmark measures a guarded call with `get-component`.

use oke_sdk::{
    Context, Delivery, DeliveryPage, Document, Error, Page, TaResultaten, TaToetscatalogus,
    model::{Attendance, Code, Component, ComponentStatus, ExamResult, Normed, ResultState, ResultValueType},
};

/// The good neighbour.
pub struct Good;

oke_sdk::export!(Good: ta_toetscatalogus, ta_resultaten);

/// Pages in the catalogue.
const PAGES: u64 = 3;

impl TaToetscatalogus for Good {
    fn list_components(_ctx: &Context, cursor: Option<String>, page_size: u32) -> Result<Page<Component>, Error> {
        let from = number(cursor.as_deref())?;
        let to = from + u64::from(page_size);
        let items = (from..to)
            .map(|index| component(&format!("test-{index}"), "A test"))
            .collect();
        let next = (to < PAGES * u64::from(page_size)).then(|| to.to_string());
        Ok(Page { items, next })
    }

    fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
        if component_id == "absent" {
            return Ok(None);
        }
        let Some(asked) = component_id.strip_prefix("http:") else {
            return Ok(Some(component(component_id, "A test")));
        };
        let Some(answer) = ctx.http("api").get(["components", asked]).send()?.found()? else {
            return Ok(None);
        };
        let name = String::from_utf8_lossy(&answer.bytes()?).into_owned();
        Ok(Some(component(component_id, &name)))
    }
}

impl TaResultaten for Good {
    fn poll(_ctx: &Context, cursor: Option<String>, sittings: &[String]) -> Result<DeliveryPage, Error> {
        let polls = number(cursor.as_deref())? + 1;
        Ok(DeliveryPage {
            deliveries: sittings
                .iter()
                .map(|sitting| delivery(&format!("deelname-of-{sitting}")))
                .collect(),
            cursor: Some(polls.to_string()),
            more: false,
        })
    }

    fn read_result(_ctx: &Context, deelname_peer_id: &str) -> Result<Option<Delivery>, Error> {
        Ok((deelname_peer_id != "absent").then(|| delivery(deelname_peer_id)))
    }

    fn fetch_document(ctx: &Context, document_id: &str) -> Result<Document, Error> {
        let answer = ctx.http("api").get(["documents", document_id]).send()?.success()?;
        let media_type = answer
            .header("content-type")
            .unwrap_or("application/octet-stream")
            .to_owned();
        Ok(Document {
            media_type,
            content: answer.into_body(),
        })
    }
}

fn number(cursor: Option<&str>) -> Result<u64, Error> {
    let Some(cursor) = cursor else { return Ok(0) };
    cursor
        .parse()
        .map_err(|_| Error::Bug(format!("cursor `{cursor}` was not made by this connector")))
}

fn component(component_id: &str, name: &str) -> Component {
    Component {
        component_id: component_id.to_owned(),
        component_type: "test".to_owned(),
        primary_code: Code {
            code_type: "componentCode".to_owned(),
            value: component_id.to_owned(),
        },
        other_codes: Vec::new(),
        name: name.to_owned(),
        description: None,
        result_value_type: Some(ResultValueType::DecimalToTen),
        exam: Some(true),
        pass_from: Some("5.5".to_owned()),
        retries: None,
        status: ComponentStatus::Active,
        licensed: Some(true),
        additional_testing_time_min: Some(30),
        available_personal_needs: Vec::new(),
        safety: Vec::new(),
        opaque: None,
    }
}

fn delivery(deelname_peer_id: &str) -> Delivery {
    Delivery {
        deelname_peer_id: deelname_peer_id.to_owned(),
        result: ExamResult {
            state: ResultState::Completed,
            attendance: Attendance::Present,
            pass: None,
            comment: None,
            score: Some("7.5".to_owned()),
            result_date: None,
            test_date: None,
            r#final: false,
            raw_score: None,
            max_raw_score: None,
            executed_offering_name: None,
            assessor_id: None,
            assessor_code: None,
            irregularities: None,
            documents: Vec::new(),
            opaque: None,
        },
        normed: Normed::Yes,
        examenversie: None,
    }
}

#[cfg(test)]
mod tests {
    use oke_sdk::{TaResultaten as _, TaToetscatalogus as _, testing::FakeHost};

    use super::Good;

    #[test]
    fn the_catalogue_has_three_pages() {
        let ctx = FakeHost::new().context();
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let page = Good::list_components(&ctx, cursor, 2).unwrap();
            seen.extend(page.items.into_iter().map(|component| component.component_id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["test-0", "test-1", "test-2", "test-3", "test-4", "test-5"]);
    }

    #[test]
    fn a_poll_answers_for_each_sitting_asked() {
        let ctx = FakeHost::new().context();
        let page = Good::poll(&ctx, Some("4".to_owned()), &["a".to_owned(), "b".to_owned()]).unwrap();
        assert_eq!(page.deliveries[1].deelname_peer_id, "deelname-of-b");
        assert_eq!((page.cursor.as_deref(), page.more), (Some("5"), false));
    }
}
