//! Wants all memory there is.
//!
//! | call | does |
//! |---|---|
//! | `list-components` | allocates and touches 1 MiB after another, for ever |
//! | `get-component("at-once")` | asks for 3 GiB in one piece |
//! | `get-component("long-name")` | answers a component whose name has 24 MiB |
//! | `get-component("many-codes")` | answers a component with 200,000 codes |
//! | `get-component(other)` | `None`, at once |

use oke_sdk::{
    Context, Error, Page, TaToetscatalogus,
    model::{Code, Component, ComponentStatus},
};

/// The hungry one.
pub struct Allocate;

oke_sdk::export!(Allocate: ta_toetscatalogus);

const MIB: usize = 1024 * 1024;

impl TaToetscatalogus for Allocate {
    fn list_components(_ctx: &Context, _cursor: Option<String>, _page_size: u32) -> Result<Page<Component>, Error> {
        let mut kept = Vec::new();
        loop {
            kept.push(std::hint::black_box(vec![1_u8; MIB]));
        }
    }

    fn get_component(_ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
        let code = |value: String| Code {
            code_type: "code".to_owned(),
            value,
        };
        match component_id {
            "at-once" => {
                let piece = std::hint::black_box(vec![1_u8; 3 * 1024 * MIB]);
                Ok(Some(component(piece.len().to_string(), Vec::new())))
            }
            "long-name" => Ok(Some(component("n".repeat(24 * MIB), Vec::new()))),
            "many-codes" => {
                let codes = (0..200_000).map(|index: u32| code(index.to_string())).collect();
                Ok(Some(component("Many codes".to_owned(), codes)))
            }
            _ => Ok(None),
        }
    }
}

fn component(name: String, other_codes: Vec<Code>) -> Component {
    Component {
        component_id: "large".to_owned(),
        component_type: "test".to_owned(),
        primary_code: Code {
            code_type: "componentCode".to_owned(),
            value: "large".to_owned(),
        },
        other_codes,
        name,
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
