//! Falls over.
//!
//! | call | does |
//! |---|---|
//! | `list-components` | panics |
//! | `get-component("unreachable")` | runs into the `unreachable` instruction |
//! | `get-component("overflow")` | recurses until the stack is used up |
//! | `get-component("out-of-bounds")` | indexes past the end, which panics |
//! | `get-component("after-asking")` | GET of `/components` at endpoint `api`, then panics with the answer still open |
//! | `get-component(other)` | `None`, at once |

use oke_sdk::{Context, Error, Page, TaToetscatalogus, model::Component};

/// The one that falls.
pub struct Trap;

oke_sdk::export!(Trap: ta_toetscatalogus);

impl TaToetscatalogus for Trap {
    fn list_components(_ctx: &Context, _cursor: Option<String>, _page_size: u32) -> Result<Page<Component>, Error> {
        panic!("falls over on purpose")
    }

    fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
        match component_id {
            "unreachable" => abort(),
            "overflow" => Err(Error::Bug(format!("depth {}", recurse(1)))),
            "out-of-bounds" => {
                let past = std::hint::black_box(component_id.len() + 1);
                Err(Error::Bug(format!("byte {}", component_id.as_bytes()[past])))
            }
            "after-asking" => {
                let answer = ctx.http("api").get("/components").send();
                panic!("falls over with an answer open: {}", answer.is_ok())
            }
            _ => Ok(None),
        }
    }
}

fn abort() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort()
}

/// Uses stack at every depth, so that no optimiser makes a loop of it.
#[expect(unconditional_recursion, reason = "using up the stack is what this guest is for")]
fn recurse(depth: u64) -> u64 {
    let used = std::hint::black_box([depth; 64]);
    recurse(depth + 1) + used[(depth % 64) as usize]
}
