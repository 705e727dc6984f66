//! Flow 0: the catalogue of a platform that speaks OKE.

mod common;

use common::{fixture, host};
use oke_sdk::{Error, Level, TaToetscatalogus as _, http::Method, testing::Answer};
use ooapi_ta::OoapiTa;

/// R20: pages; a component that can't be read costs only itself.
#[test]
fn the_catalogue_is_read_page_by_page_and_a_faulty_component_is_left_out() {
    let host = host(None);
    host.on(Method::Get, "/components", Answer::json(200, fixture("components")));

    let page = OoapiTa::list_components(&host.context(), Some("1".to_owned()), 60).unwrap();

    assert_eq!(
        page.items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(),
        ["Rekenen 3F"]
    );
    assert_eq!(page.next.as_deref(), Some("2"));
    let asked = &host.requests()[0];
    assert_eq!(
        [
            asked.query("componentType"),
            asked.query("pageSize"),
            asked.query("pageNumber")
        ],
        [Some("test"), Some("50"), Some("1")]
    );
    let logged = host.logged();
    assert_eq!(logged[0].level, Level::Error);
    assert!(
        logged[0].fields[0].1.contains("/items/1/name"),
        "{:?}",
        logged[0].fields
    );
}

#[test]
fn a_component_that_is_not_there_is_none_and_one_that_cannot_be_read_says_why() {
    let host = host(None);
    host.on(Method::Get, "/components/gone", Answer::status(404));
    host.on(
        Method::Get,
        "/components/faulty",
        Answer::json(200, &fixture("components")["items"][1]),
    );
    let ctx = host.context();

    assert_eq!(OoapiTa::get_component(&ctx, "gone"), Ok(None));
    let Err(Error::Rejected { code, message }) = OoapiTa::get_component(&ctx, "faulty") else {
        panic!("a component without a name can't be read")
    };
    assert_eq!(code, "unreadable");
    assert!(message.contains("/name is missing"), "{message}");
}
