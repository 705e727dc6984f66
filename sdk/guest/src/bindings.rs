//! What wit-bindgen generates from `wit/`, and nothing else: types once, and one module per mini-world.
//!
//! A component exports what its own crate registers with [`crate::export!`]: the export functions and the section that
//! describes them are written there, so that modules compiled here but not registered leave no trace in a component.
//! To add an interface: a module like the others, its trait in `interfaces/`, its arm in `export.rs`.
#![allow(clippy::all, unused_imports, dead_code, reason = "generated")]

/// The types that every interface uses, and the two imports.
pub mod shared {
    wit_bindgen::generate!({
        inline: "
            package oke:sdk;
            world shared {
                import oke:types/model@0.1.0;
                import oke:connector/call@0.1.0;
                import oke:connector/http@0.1.0;
                import oke:connector/log@0.1.0;
            }
        ",
        path: ["../../wit/types", "../../wit/connector"],
        world: "oke:sdk/shared",
        generate_all,
    });
}

macro_rules! mini_world {
    ($module:ident, $world:literal) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: ["../../wit/types", "../../wit/connector"],
                world: $world,
                with: {
                    "oke:types/model@0.1.0": crate::bindings::shared::oke::types::model,
                    "oke:connector/call@0.1.0": crate::bindings::shared::oke::connector::call,
                    "oke:connector/http@0.1.0": crate::bindings::shared::oke::connector::http,
                    "oke:connector/log@0.1.0": crate::bindings::shared::oke::connector::log,
                },
                pub_export_macro: true,
                export_macro_name: "export",
                default_bindings_module: "oke_sdk",
            });
        }
    };
}

mini_world!(ta_toetscatalogus, "oke:connector/serves-ta-toetscatalogus");
mini_world!(ta_zittingsplan, "oke:connector/serves-ta-zittingsplan");
mini_world!(ta_resultaten, "oke:connector/serves-ta-resultaten");
mini_world!(ta_zittingsverslag, "oke:connector/serves-ta-zittingsverslag");
mini_world!(dr_toetsdeelnemers, "oke:connector/serves-dr-toetsdeelnemers");
mini_world!(dr_studentresultaat, "oke:connector/serves-dr-studentresultaat");
mini_world!(tpl_resultaten, "oke:connector/serves-tpl-resultaten");
mini_world!(tpl_zittingsverslag, "oke:connector/serves-tpl-zittingsverslag");
mini_world!(webhook, "oke:connector/serves-webhook");
mini_world!(files, "oke:connector/serves-files");
