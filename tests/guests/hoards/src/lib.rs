//! Opens more than it needs and lets nothing go. Endpoint `api`, `GET /components` and `GET /large`.
//!
//! | call | does |
//! |---|---|
//! | `list-components` | GETs `/components` up to 10,000 times and keeps every answer open; stops at the first failure |
//! | `get-component("requests")` | GETs `/components` up to 10,000 times, letting each answer go |
//! | `get-component("read-large")` | GETs `/large` and reads it whole into its memory, 1 MiB at a time |
//! | `get-component("read-at-once")` | GETs `/large` and asks for all of it in one read of 4 GiB |
//! | `get-component("read-bytes")` | GETs `/large` and reads it one byte at a time |
//! | `get-component("leak")` | one GET, and forgets the answer without dropping it |
//!
//! Failures are returned as `Error::Bug` that says how far it came; without one the answer is `None` or an empty page.

use oke_sdk::{
    Context, Error, Page, TaToetscatalogus,
    http::{Body, Failure},
    model::Component,
};

/// The hoarder.
pub struct Hoards;

oke_sdk::export!(Hoards: ta_toetscatalogus);

const MANY: usize = 10_000;
const MIB: u32 = 1024 * 1024;

impl TaToetscatalogus for Hoards {
    fn list_components(ctx: &Context, _cursor: Option<String>, _page_size: u32) -> Result<Page<Component>, Error> {
        let mut kept = Vec::new();
        while kept.len() < MANY {
            match ctx.http("api").get("/components").send() {
                Ok(answer) => kept.push(answer),
                Err(error) => return Err(stopped(kept.len(), &error)),
            }
        }
        Ok(Page {
            items: Vec::new(),
            next: None,
        })
    }

    fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
        match component_id {
            "requests" => {
                for count in 0..MANY {
                    ctx.http("api")
                        .get("/components")
                        .send()
                        .map_err(|error| stopped(count, &error))?;
                }
            }
            "read-large" => read(&large(ctx)?, MIB)?,
            "read-bytes" => read(&large(ctx)?, 1)?,
            "read-at-once" => {
                large(ctx)?.read_all(u32::MAX)?;
            }
            "leak" => std::mem::forget(large(ctx)?),
            _ => {}
        }
        Ok(None)
    }
}

fn large(ctx: &Context) -> Result<Body, Error> {
    Ok(ctx.http("api").get("/large").send()?.success()?.into_body())
}

fn read(body: &Body, piece: u32) -> Result<(), Error> {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    loop {
        match body.read(piece) {
            Ok(bytes) if bytes.is_empty() => return Ok(()),
            Ok(bytes) => kept.push(bytes),
            Err(failure) => return Err(read_stopped(kept.len(), &failure)),
        }
    }
}

fn stopped(count: usize, error: &Error) -> Error {
    Error::Bug(format!("stopped after {count} answers: {error}"))
}

fn read_stopped(count: usize, failure: &Failure) -> Error {
    Error::Bug(format!("stopped after {count} pieces: {failure:?}"))
}
