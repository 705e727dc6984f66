//! Asks for what its grant does not cover. The grant it should be given: endpoint `api`, `GET /components/*`.
//!
//! `get-component(id)` makes one request, chosen by the id, and returns the error it leads to. With `-quietly` behind
//! the id it swallows the refusal and answers `None`, as if nothing had happened: the host should have noticed.
//!
//! | id | request |
//! |---|---|
//! | `granted` | GET `/components/granted` at `api`; answers `None` |
//! | `endpoint` | GET `/components/x` at `elsewhere` |
//! | `url` | GET `/components/x` at an endpoint named `https://example.org` |
//! | `path` | GET `/admin/users` at `api` |
//! | `method` | DELETE `/components/x` at `api` |
//! | `dot-dot` | GET `/components/../admin/users` at `api` |
//! | `encoded-dot-dot` | GET `/components/%2e%2e/admin/users` at `api` |
//! | `encoded-slash` | GET `/components/..%2Fadmin%2Fusers` at `api` |
//! | `backslash` | GET `/components/..\admin` at `api` |
//! | `authority` | GET `//example.org/components/x` at `api` |
//! | `absolute` | GET `https://example.org/components/x` at `api` |
//! | `userinfo` | GET `@example.org/components/x` at `api` |
//! | `fragment` | GET `/components/x#/../../admin` at `api` |
//! | `query-in-path` | GET `/components/x?also=1` at `api` |
//! | `credentials` | GET `/components/x` at `api` with its own `authorization` header |
//! | `host-header` | the same with its own `host` header |
//! | `split-header` | the same with a line break in a header's value |
//!
//! `list-components` asks for `endpoint`, then for `path`, and returns the second error.

use oke_sdk::{
    Context, Error, Page, TaToetscatalogus,
    http::{Method, Request},
    model::Component,
};

/// The one that oversteps.
pub struct Oversteps;

oke_sdk::export!(Oversteps: ta_toetscatalogus);

impl TaToetscatalogus for Oversteps {
    fn list_components(ctx: &Context, _cursor: Option<String>, _page_size: u32) -> Result<Page<Component>, Error> {
        ask(ctx, "endpoint").err();
        ask(ctx, "path")?;
        Ok(Page {
            items: Vec::new(),
            next: None,
        })
    }

    fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
        match component_id.strip_suffix("-quietly") {
            Some(what) => {
                ask(ctx, what).err();
            }
            None => ask(ctx, component_id)?,
        }
        Ok(None)
    }
}

fn ask(ctx: &Context, what: &str) -> Result<(), Error> {
    request(ctx, what)?.send().map(|_| ())
}

fn request<'a>(ctx: &'a Context, what: &str) -> Result<Request<'a>, Error> {
    let api = ctx.http("api");
    Ok(match what {
        "granted" => api.get("/components/granted"),
        "endpoint" => ctx.http("elsewhere").get("/components/x"),
        "url" => ctx.http("https://example.org").get("/components/x"),
        "path" => api.get("/admin/users"),
        "method" => api.request(Method::Delete, "/components/x"),
        "dot-dot" => api.get("/components/../admin/users"),
        "encoded-dot-dot" => api.get("/components/%2e%2e/admin/users"),
        "encoded-slash" => api.get("/components/..%2Fadmin%2Fusers"),
        "backslash" => api.get("/components/..\\admin"),
        "authority" => api.get("//example.org/components/x"),
        "absolute" => api.get("https://example.org/components/x"),
        "userinfo" => api.get("@example.org/components/x"),
        "fragment" => api.get("/components/x#/../../admin"),
        "query-in-path" => api.get("/components/x?also=1"),
        "credentials" => api
            .get("/components/x")
            .header("authorization", "Bearer taken-from-elsewhere"),
        "host-header" => api.get("/components/x").header("host", "example.org"),
        "split-header" => api.get("/components/x").header("x-note", "one\r\nx-other: two"),
        other => return Err(Error::Unsupported(format!("this guest has no request `{other}`"))),
    })
}
