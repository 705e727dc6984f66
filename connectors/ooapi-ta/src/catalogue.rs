//! Flow 0: `GET /components`, `GET /components/{id}`.

use oke_codec::{read_component, read_page};
use oke_sdk::{
    Context, Error, Level, Page, TaToetscatalogus,
    model::Component,
    ooapi::{self, unreadable},
};
use serde_json::Value;

use crate::{API, OoapiTa};

impl TaToetscatalogus for OoapiTa {
    /// A component that can't be read costs only itself: a whole catalogue for one faulty test would be too dear.
    /// [`TaToetscatalogus::get_component`] tells what is wrong with it.
    fn list_components(ctx: &Context, cursor: Option<String>, page_size: u32) -> Result<Page<Component>, Error> {
        let dialect = ooapi::dialect(ctx)?;
        let number = ooapi::page_number(cursor.as_deref())?;
        let answer = ctx
            .http(API)
            .get("/components")
            .query("componentType", "test")
            .query("pageSize", ooapi::page_size(page_size))
            .query("pageNumber", number)
            .send()?;
        let page: Value = answer.success()?.json()?;
        let page = read_page(&page, |item| read_component(item, &dialect)).map_err(unreadable)?;
        let mut components = Vec::new();
        for item in page.items {
            match item {
                Ok(component) => components.push(component),
                Err(problems) => {
                    let why = unreadable(problems).to_string();
                    ctx.log(Level::Error, "a component can't be read; left it out", &[("why", &why)]);
                }
            }
        }
        Ok(Page {
            items: components,
            next: page.has_next_page.then(|| (number + 1).to_string()),
        })
    }

    fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
        let dialect = ooapi::dialect(ctx)?;
        let Some(answer) = ctx.http(API).get(["components", component_id]).send()?.found()? else {
            return Ok(None);
        };
        let component: Value = answer.json()?;
        read_component(&component, &dialect).map(Some).map_err(unreadable)
    }
}
