//! One file per noun: SQL, row and conversion, on SQLite and PostgreSQL. Decides no policy.
//!
//! To add a noun: a table in `migrations/{sqlite,postgres}`, a file here with its `Table`, a function that turns the
//! domain's noun into a [`write_set::Write`], and reading methods on [`sql::Database`] rows. Absent is `Ok(None)`.
//! Statements are written once and run on both databases ([`sql`]).

pub mod account;
pub mod error;
pub mod package;
pub mod revision;
pub mod sql;
pub mod tenant;
pub mod write_set;

pub use error::StoreError;
pub use sql::Database;
pub use write_set::{AuditEntry, Expectation, Table, Write, WriteSet};
