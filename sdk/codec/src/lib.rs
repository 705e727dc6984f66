//! OKE messages as pure functions: the canonical model, and a reader and writer per dialect.
//!
//! The host and the connectors that speak OKE share this crate; it does no I/O, knows no clock and never panics on
//! JSON of any shape. It reads every form that the agreement, the published schema and the published examples use, and
//! writes what the agreement says, but for the habits of a peer ([`Quirks`]).
//!
//! ```
//! use oke_codec::{Dialect, ResultFlow, read_result_message};
//!
//! let message = serde_json::json!({
//!     "associationType": "componentOfferingAssociation",
//!     "result": {
//!         "state": "completed",
//!         "score": "8,5",
//!         "resultDate": "2026-05-27",
//!         "consumers": [{ "consumerKey": "nl-test-admin", "attendance": "present" }]
//!     }
//! });
//! let read = read_result_message(&message, ResultFlow::Three, &Dialect::v1_0_1())?;
//! assert_eq!(read.result.score.as_deref(), Some("8.5"));
//! assert_eq!(read.filled, ["weight"]);
//! # Ok::<(), oke_codec::Problems>(())
//! ```
//!
//! | to do | use |
//! |---|---|
//! | an owner's PUT comes in | [`settle_id`], [`read_offering_put`], [`read_association_put`] or [`read_person`], then `merge_put_*` over what is stored |
//! | a PUT of flow 5 comes in | [`settle_id`], [`read_association`], [`missing_of_attempt`], [`merge_put_association`] |
//! | an answer to GET comes in | [`read_page`], `read_*` |
//! | an owner's PATCH comes in | `patch_*`, which also handles cancelling (R4) |
//! | a result or report comes in | [`read_result_message`] and [`apply_result`], [`read_report_message`] and [`apply_report`] |
//! | an object goes out | `write_*` with the fields of its flow |
//! | a result or report goes out | [`write_result_message`], [`write_attempt`], [`write_report_message`] |
//! | a score is to be judged | [`scale::fits`], [`scale::fits_from`] |
//!
//! # What reading does
//! It reports all problems at once, each with a JSON pointer and how to mend it. Names of fields and words of
//! enumerations are read without regard to case. Times without an offset are Dutch time, by the rule of the European
//! Union, so that no time zone database is needed: a time that the clock skips in March is one hour later, one that it
//! passes twice in October is the first. A day where a moment is expected is midnight in the Netherlands. A decimal
//! comma becomes a point. What is not interpreted is kept in `opaque` (R13) and given back by the writer, never over a
//! field that this crate knows; unknown fields inside small values (codes, documents, needs) are not kept.

pub mod dialect;
mod draft_1_1;
pub mod loss;
mod merge;
mod message;
pub mod model;
mod opaque;
pub mod page;
mod problem;
mod read;
pub mod scale;
pub mod service;
mod time;
mod words;
mod write;

pub use dialect::{Dialect, Quirks, Version};
pub use draft_1_1::Part;
pub use merge::{
    PutBrings, apply_report, apply_result, is_association_cancellation, is_cancellation, is_offering_cancellation,
    merge_put_association, merge_put_offering, merge_put_person, patch_association, patch_offering, patch_person,
    settle_id,
};
pub use message::{
    ReportMessage, ResultFlow, ResultMessage, missing_of_attempt, read_report_message, read_result_message,
    write_attempt, write_report_message, write_result_message,
};
pub use opaque::check as check_opaque;
pub use page::{Page, read_page, write_page};
pub use problem::{Problem, Problems};
pub use read::{
    read_association, read_association_put, read_component, read_group, read_membership, read_offering,
    read_offering_put, read_person,
};
pub use scale::Fit;
pub use service::{Service, SupportedConsumer, read_service, write_service};
pub use write::{
    AssociationFields, NOT_AVAILABLE, OfferingFields, PersonAs, PersonFields, UNUSED_MAIL, write_association,
    write_association_cancellation, write_component, write_group, write_membership, write_offering,
    write_offering_cancellation, write_person,
};
