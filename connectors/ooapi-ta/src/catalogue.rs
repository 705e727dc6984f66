//! Flow 0: `GET /components`, `GET /components/{id}`.

use oke_codec::read_component;
use oke_sdk::{
    Context, Error, Page, TaToetscatalogus,
    model::Component,
    ooapi::{self, unreadable},
};

use crate::{API, OoapiTa};

impl TaToetscatalogus for OoapiTa {
    /// A component that can't be read costs only itself: a whole catalogue for one faulty test would be too dear.
    /// [`TaToetscatalogus::get_component`] tells what is wrong with it.
    fn list_components(ctx: &Context, cursor: Option<String>, page_size: u32) -> Result<Page<Component>, Error> {
        let number = ooapi::page_number(cursor.as_deref())?;
        let answer = ctx
            .http(API)
            .get("/components")
            .query("componentType", "test")
            .query("pageSize", ooapi::page_size(page_size))
            .query("pageNumber", number)
            .send()?;
        let page = ooapi::page(answer.success()?, &ooapi::dialect(ctx)?, read_component)?;
        let next = page.has_next_page.then(|| (number + 1).to_string());
        let items = page.items.into_iter().map(|item| item.map_err(unreadable));
        Ok(Page {
            items: items
                .filter_map(|item| ctx.readable(item, "a component can't be read; left it out", &[]))
                .collect(),
            next,
        })
    }

    fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
        let request = ctx.http(API).get(["components", component_id]);
        ooapi::find(request, &ooapi::dialect(ctx)?, read_component)
    }
}
