//! One file per noun: SQL, row and conversion, on SQLite and PostgreSQL. Decides no policy.
//!
//! To add a noun: a table in `migrations/{sqlite,postgres}`, a file here with its `Table`, a function that turns the
//! domain's noun into a [`write_set::Write`], and reading methods on [`sql::Database`] rows. Absent is `Ok(None)`.
//! Statements are written once and run on both databases ([`sql`]).

pub mod account;
pub mod association;
pub mod attempt;
pub mod audit;
mod body;
pub mod bundle;
pub mod call_tally;
pub mod carried_file;
pub mod client;
pub mod comparison;
pub mod component;
pub mod cursor;
pub mod daily_check;
pub mod deadline;
pub mod decision;
pub mod document;
pub mod drain;
pub mod duplicate;
pub mod error;
pub mod examenversie;
pub mod exchange;
pub mod fault;
pub mod flow_count;
pub mod freeze;
pub mod job;
pub mod keuring;
pub mod landscape;
pub mod ledger;
pub mod loss;
pub mod mark;
pub mod message;
pub mod needs;
pub mod offering;
pub mod open;
pub mod overview;
pub mod package;
pub mod peer;
pub mod person;
pub mod policy;
pub mod proposal;
pub mod pulled;
pub mod push;
mod ready;
pub mod report;
pub mod result;
pub mod revision;
pub mod rollout;
pub mod sample;
pub mod scale_map;
pub mod scope;
pub mod seal;
pub mod served;
pub mod sql;
mod statistics;
pub mod task;
pub mod tenant;
pub mod test_group;
#[doc(hidden)]
pub mod testing;
pub mod write_set;

pub use error::StoreError;
pub use seal::Sealer;
pub use sql::Database;
pub use write_set::{AuditEntry, Expectation, Table, Write, WriteSet};
