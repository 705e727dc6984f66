//! Flow 4 (§3.4), read from the vendor: the report of a sitting and its documents (R27).

use oke_codec::model::Report;

use super::super::bindings::serves::ta_zittingsverslag as guest;
use super::super::convert::{Broken, Within, report_from_guest};
use super::super::recorder::Asked;
use super::guard::{guarded, optional};
use super::ta_resultaten::document;
use super::{Answer, Caller, Document};

impl Caller {
    /// The report as it is now; absent while there is none.
    pub async fn read_report(&self, sitting_peer_id: &str) -> Answer<Option<Report>> {
        self.note(|| Asked::ReadReport(sitting_peer_id.to_owned()));
        guarded!(
            self,
            TaZittingsverslag.ta_zittingsverslag,
            |guest, store, context| guest.call_read_report(store, context, sitting_peer_id),
            optional(|found| {
                let found = report_from_guest(found).within("report")?;
                match found.sitting_peer_id == sitting_peer_id {
                    true => Ok(found),
                    false => Err(Broken::new(
                        "report.sitting-peer-id",
                        "is another than the one asked for",
                    )),
                }
            })
        )
    }

    /// A document named by a report; it streams through, unread (R27).
    pub async fn fetch_report_document(&self, document_id: &str) -> Answer<Document> {
        guarded!(
            self,
            TaZittingsverslag.ta_zittingsverslag,
            |guest, store, context| guest.call_fetch_document(store, context, document_id),
            |found: guest::Document, state| document(found.media_type, found.content, state)
        )
    }
}
