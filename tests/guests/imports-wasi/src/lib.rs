//! Imports `wasi:clocks/monotonic-clock` beside the contract: the host refuses it for what it imports, before any call.
//!
//! `list-components` reads that clock, so that no linker drops the import.

use oke_sdk::{Context, Error, Page, TaToetscatalogus, model::Component};

mod bindings {
    //! Generated from the WIT below.
    wit_bindgen::generate!({
        inline: "
            package oke:guest-imports-wasi;
            world clocked {
                import wasi:clocks/monotonic-clock@0.2.6;
            }
            package wasi:clocks@0.2.6 {
                interface monotonic-clock {
                    type instant = u64;
                    now: func() -> instant;
                }
            }
        ",
        generate_all,
    });
}

/// The one with a clock of its own.
pub struct ImportsWasi;

oke_sdk::export!(ImportsWasi: ta_toetscatalogus);

impl TaToetscatalogus for ImportsWasi {
    fn list_components(_ctx: &Context, _cursor: Option<String>, _page_size: u32) -> Result<Page<Component>, Error> {
        let next = bindings::wasi::clocks::monotonic_clock::now().to_string();
        Ok(Page {
            items: Vec::new(),
            next: Some(next),
        })
    }

    fn get_component(_ctx: &Context, _component_id: &str) -> Result<Option<Component>, Error> {
        Ok(None)
    }
}
