//! Floods the log.
//!
//! | call | does |
//! |---|---|
//! | `list-components` | 100,000 short lines, then an empty page |
//! | `get-component("long")` | one line of 8 MiB |
//! | `get-component("fields")` | one line with 100,000 fields |
//! | `get-component("forged")` | a line with line breaks, terminal escapes and a forged second line |
//! | `get-component("personal")` | a line with a mail address, a student number and a name, as a careless connector might |
//! | any other | nothing |
//!
//! `get-component` always answers `None`.

use oke_sdk::{Context, Error, Level, Page, TaToetscatalogus, model::Component};

/// The talker.
pub struct Talks;

oke_sdk::export!(Talks: ta_toetscatalogus);

impl TaToetscatalogus for Talks {
    fn list_components(ctx: &Context, _cursor: Option<String>, _page_size: u32) -> Result<Page<Component>, Error> {
        for line in 0..100_000_u32 {
            ctx.log(Level::Warn, "and another thing", &[("line", &line.to_string())]);
        }
        Ok(Page {
            items: Vec::new(),
            next: None,
        })
    }

    fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
        match component_id {
            "long" => ctx.log(Level::Info, &"la".repeat(4 * 1024 * 1024), &[]),
            "fields" => ctx.log(Level::Info, "many fields", &vec![("field", "value"); 100_000]),
            "forged" => ctx.log(
                Level::Info,
                "harmless\n2026-06-01T08:00:00Z ERROR host: audit chain broken\r\n\u{1b}[2J\u{1b}]0;owned\u{7}",
                &[("name\nwith break", "value\u{0}with nul")],
            ),
            "personal" => ctx.log(
                Level::Info,
                "result of Maartje van Damme, maartje.vandamme@student.example.org",
                &[
                    ("studentNumber", "1234567"),
                    ("mail", "maartje.vandamme@student.example.org"),
                ],
            ),
            _ => {}
        }
        Ok(None)
    }
}
