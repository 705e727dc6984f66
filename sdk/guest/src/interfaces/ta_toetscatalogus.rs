//! Flow 0: the vendor's catalogue of tests (`§3.0`).

use crate::{Context, Error, Page, model::Component};

/// Serves the vendor's catalogue of tests to who plans (flow 0, `§3.0`).
///
/// The host calls it to fill the catalogue that planners choose from, and when a component is named that it does not
/// know yet. Only reading: nothing may change at the vendor.
pub trait TaToetscatalogus {
    /// One page of the catalogue, from the start when `cursor` is absent, of about `page_size` components.
    ///
    /// Called again and again with the `next` of the page before until there is none. `next` is opaque to the host.
    ///
    /// # Errors
    /// Any [`Error`]; the host keeps what earlier pages brought and asks again.
    fn list_components(ctx: &Context, cursor: Option<String>, page_size: u32) -> Result<Page<Component>, Error>;

    /// One component, `None` when the vendor does not know it (any more).
    ///
    /// # Errors
    /// Any [`Error`]; not being there is none.
    fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error>;
}

#[cfg(target_arch = "wasm32")]
mod glue {
    use super::TaToetscatalogus;
    use crate::{
        Context, Glue,
        bindings::ta_toetscatalogus::exports::oke::connector::ta_toetscatalogus::{self as wit, Guest},
        convert::{FromWit as _, ToWit as _},
    };

    impl<T: TaToetscatalogus> Guest for Glue<T> {
        fn list_components(
            ctx: wit::Context,
            cursor: Option<String>,
            page_size: u32,
        ) -> Result<wit::ComponentPage, wit::Error> {
            let page = T::list_components(&Context::from_wit(ctx)?, cursor, page_size)?;
            Ok(wit::ComponentPage {
                components: page.items.to_wit(),
                next: page.next,
            })
        }

        fn get_component(ctx: wit::Context, component_id: String) -> Result<Option<wit::Component>, wit::Error> {
            Ok(T::get_component(&Context::from_wit(ctx)?, &component_id)?.to_wit())
        }
    }
}
