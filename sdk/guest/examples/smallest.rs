//! The smallest honest connector: a vendor whose only API is a list of its tests, as `[{"code": …, "title": …}]`.

use oke_sdk::{
    Context, Error, Page, TaToetscatalogus,
    model::{Code, Component, ComponentStatus},
};
use serde::Deserialize;

struct Connector;

oke_sdk::export!(Connector: ta_toetscatalogus);

/// A test as this vendor writes it.
#[derive(Deserialize)]
struct Test {
    code: String,
    title: String,
}

impl TaToetscatalogus for Connector {
    /// The vendor has no pages, so that the first page holds everything.
    fn list_components(ctx: &Context, _cursor: Option<String>, _page_size: u32) -> Result<Page<Component>, Error> {
        Ok(Page {
            items: tests(ctx)?.into_iter().map(component).collect(),
            next: None,
        })
    }

    fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
        Ok(tests(ctx)?
            .into_iter()
            .find(|test| test.code == component_id)
            .map(component))
    }
}

fn tests(ctx: &Context) -> Result<Vec<Test>, Error> {
    ctx.http("api").get("/tests").send()?.success()?.json()
}

/// What the vendor does not say stays absent: nothing is made up.
fn component(test: Test) -> Component {
    Component {
        component_id: test.code.clone(),
        component_type: "test".to_owned(),
        primary_code: Code {
            code_type: "componentCode".to_owned(),
            value: test.code,
        },
        other_codes: Vec::new(),
        name: test.title,
        description: None,
        result_value_type: None,
        exam: None,
        pass_from: None,
        retries: None,
        status: ComponentStatus::Active,
        licensed: None,
        additional_testing_time_min: None,
        available_personal_needs: Vec::new(),
        safety: Vec::new(),
        opaque: None,
    }
}

#[cfg(test)]
mod tests {
    use oke_sdk::{
        TaToetscatalogus as _,
        http::Method,
        testing::{Answer, FakeHost},
    };

    use super::Connector;

    #[test]
    fn a_test_of_the_vendor_is_a_component() {
        let host = FakeHost::new();
        host.on(
            Method::Get,
            "/tests",
            Answer::json(200, serde_json::json!([{"code": "R3F", "title": "Rekenen 3F"}])),
        );

        let found = Connector::get_component(&host.context(), "R3F").unwrap().unwrap();

        assert_eq!(
            (found.component_id.as_str(), found.name.as_str()),
            ("R3F", "Rekenen 3F")
        );
        assert_eq!(Connector::get_component(&host.context(), "other").unwrap(), None);
    }
}
