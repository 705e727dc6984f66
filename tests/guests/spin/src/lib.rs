//! Never answers: burns its budget.
//!
//! | call | does |
//! |---|---|
//! | `list-components` | loops for ever without a host call |
//! | `get-component("logging")` | loops for ever, a log line each time |
//! | `get-component("asking")` | loops for ever, a GET of `/components` at endpoint `api` each time, whatever comes back |
//! | `get-component(other)` | `None`, at once |

use oke_sdk::{Context, Error, Level, Page, TaToetscatalogus, model::Component};

/// The spinner.
pub struct Spin;

oke_sdk::export!(Spin: ta_toetscatalogus);

impl TaToetscatalogus for Spin {
    fn list_components(_ctx: &Context, _cursor: Option<String>, _page_size: u32) -> Result<Page<Component>, Error> {
        let mut turns: u64 = 0;
        loop {
            turns = std::hint::black_box(turns.wrapping_add(1));
        }
    }

    fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
        match component_id {
            "logging" => loop {
                ctx.log(Level::Info, "still here", &[]);
            },
            "asking" => loop {
                std::hint::black_box(ctx.http("api").get("/components").send().is_ok());
            },
            _ => Ok(None),
        }
    }
}
