//! One trait per interface of the contract. To add one: its module here, its mini-world in `bindings.rs`, its arm in
//! `export.rs`.

mod dr_studentresultaat;
mod dr_toetsdeelnemers;
mod files;
mod ta_resultaten;
mod ta_toetscatalogus;
mod ta_zittingsplan;
mod ta_zittingsverslag;
mod tpl_resultaten;
mod tpl_zittingsverslag;
mod webhook;

pub use dr_studentresultaat::{DrStudentresultaat, Way};
pub use dr_toetsdeelnemers::{DrToetsdeelnemers, Listed, Period, Unreadable};
pub use files::{Encoding, File, FileContent, Files, Line, Piece, Planned, Reading, Refusal, Row, Table};
pub use ta_resultaten::{DeliveryPage, TaResultaten};
pub use ta_toetscatalogus::TaToetscatalogus;
pub use ta_zittingsplan::{TaZittingsplan, Written};
pub use ta_zittingsverslag::TaZittingsverslag;
pub use tpl_resultaten::TplResultaten;
pub use tpl_zittingsverslag::TplZittingsverslag;
pub use webhook::{Pushed, Received, Webhook};

use crate::http::Body;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page starts, in the connector's own terms; absent at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of nothing, which is the last.
    pub fn empty() -> Self {
        Self {
            items: Vec::new(),
            next: None,
        }
    }

    /// The same page of what its items mean.
    pub fn map<U>(self, mean: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(mean).collect(),
            next: self.next,
        }
    }
}

/// A document that streams through the host, unread (R27).
pub struct Document {
    /// Media type, as the vendor says it.
    pub media_type: String,
    /// Its bytes, held by the host.
    pub content: Body,
}
