//! What a vendor needs to write a connector for OKE Host.
//!
//! A connector is a pure translator between the canonical model ([`model`]) and what one vendor speaks. Implement the
//! trait of each interface that the vendor can serve, register them with [`export!`], and build the crate as a `cdylib`
//! for `wasm32-unknown-unknown`. What is registered is what the component exports, and by that the host knows what it
//! serves. Everything but the export glue compiles natively too, so that a connector is tested with `cargo test` and
//! a [`testing::FakeHost`].
//!
//! ```
//! use oke_sdk::{Context, Error, Page, TaToetscatalogus, model::{Code, Component}};
//!
//! struct Connector;
//!
//! impl TaToetscatalogus for Connector {
//!     fn list_components(ctx: &Context, cursor: Option<String>, page_size: u32) -> Result<Page<Component>, Error> {
//!         let request = ctx.http("api").get("/tests").query("size", page_size).query_opt("after", cursor);
//!         Ok(request.page("tests", "next")?.map(component))
//!     }
//!
//!     fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
//!         Ok(ctx.http("api").get(["tests", component_id]).find()?.map(component))
//!     }
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Test { code: String, title: String }
//!
//! fn component(test: Test) -> Component {
//!     Component::bare(&test.code, Code::new("testCode", &test.code), test.title)
//! }
//!
//! oke_sdk::export!(Connector: ta_toetscatalogus);
//! ```
//!
//! Wall: this crate knows the contract and the model. How OKE is written is `oke-codec`'s, a vendor's format its
//! connector's; [`ooapi`] is for vendors that speak OKE.

#[doc(hidden)]
pub mod bindings;
mod context;
#[cfg(any(test, target_arch = "wasm32"))]
mod convert;
pub mod dutch;
mod error;
mod export;
pub mod extra_time;
pub mod http;
mod interfaces;
pub mod needs;
pub mod numbered;
pub mod ooapi;
pub mod sitting_by_sitting;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use context::{ConfigValue, Context, Level};
pub use error::Error;
#[doc(hidden)]
pub use export::Glue;
pub use interfaces::{
    DeliveryPage, Document, DrStudentresultaat, DrToetsdeelnemers, Encoding, File, FileContent, Files, Line, Listed,
    Page, Period, Piece, Planned, Pushed, Reading, Received, Refusal, Row, TaResultaten, TaToetscatalogus,
    TaZittingsplan, TaZittingsverslag, Table, TplResultaten, TplZittingsverslag, Unreadable, Way, Webhook, Written,
};
pub use model::{Delivery, Report};
pub use oke_codec::model;
