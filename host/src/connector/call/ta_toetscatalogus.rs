//! Flow 0 (§3.0): the vendor's catalogue of tests.

use oke_codec::model::Component;

use super::super::bindings::serves::ta_toetscatalogus as guest;
use super::super::convert::{Broken, Judged, Within, component_from_guest, cursor, records};
use super::super::recorder::Asked;
use super::guard::{guarded, model, optional};
use super::{Answer, Caller};

/// One page of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentPage {
    /// The tests.
    pub components: Vec<Component>,
    /// Where the next page starts; absent at the end.
    pub next: Option<String>,
}

impl Caller {
    /// One page of the catalogue, from the start without a cursor.
    pub async fn list_components(&self, cursor: Option<&str>, page_size: u32) -> Answer<ComponentPage> {
        self.note(|| Asked::ListComponents {
            cursor: cursor.map(str::to_owned),
            page_size,
        });
        guarded!(
            self,
            TaToetscatalogus.ta_toetscatalogus,
            |guest, store, context| guest.call_list_components(store, context, cursor, page_size),
            model(|page| component_page(page, cursor))
        )
    }

    /// One test; absent when the vendor does not know it.
    pub async fn get_component(&self, component_id: &str) -> Answer<Option<Component>> {
        self.note(|| Asked::GetComponent(component_id.to_owned()));
        guarded!(
            self,
            TaToetscatalogus.ta_toetscatalogus,
            |guest, store, context| guest.call_get_component(store, context, component_id),
            optional(|component| {
                let component = component_from_guest(component).within("component")?;
                match component.component_id == component_id {
                    true => Ok(component),
                    false => Err(Broken::new(
                        "component.component-id",
                        "is another than the one asked for",
                    )),
                }
            })
        )
    }
}

fn component_page(page: guest::ComponentPage, asked: Option<&str>) -> Judged<ComponentPage> {
    Ok(ComponentPage {
        components: records(page.components, component_from_guest).within("components")?,
        next: cursor(page.next, asked, true).within("next")?,
    })
}
