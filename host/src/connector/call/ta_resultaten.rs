//! Flow 3 (§3.3), read from the vendor: attendance and results per deelname, and the documents they name (R27).

use oke_codec::model::Delivery;
use wasmtime::component::Resource;

use super::super::bindings::serves::ta_resultaten as guest;
use super::super::blame::Failure;
use super::super::convert::{Broken, Judged, Within, cursor, delivery_from_guest, records, word};
use super::super::host_body::{DocumentBody, HeldBody};
use super::super::recorder::Asked;
use super::super::store_data::CallState;
use super::guard::{guarded, model, optional};
use super::{Answer, Caller};

/// One page of deliveries.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryPage {
    /// The deliveries, oldest first.
    pub deliveries: Vec<Delivery>,
    /// The next poll starts here; commit it together with the deliveries.
    pub cursor: Option<String>,
    /// More can be read at once.
    pub more: bool,
}

/// A document on its way.
#[derive(Debug)]
pub struct Document {
    /// Its media type, such as `application/pdf`.
    pub media_type: String,
    /// Its bytes, unread, under what is left of the budget.
    pub body: DocumentBody,
}

impl Caller {
    /// Results since `cursor`, of these sittings (the vendor's ids) where the vendor can only be asked by sitting.
    pub async fn poll(&self, cursor: Option<&str>, sittings: &[String]) -> Answer<DeliveryPage> {
        self.note(|| Asked::Poll {
            cursor: cursor.map(str::to_owned),
            sittings: sittings.to_vec(),
        });
        guarded!(
            self,
            TaResultaten.ta_resultaten,
            |guest, store, context| guest.call_poll(store, context, cursor, sittings),
            model(|page| delivery_page(page, cursor))
        )
    }

    /// Present state of one deelname's result (R25); absent while there is none.
    pub async fn read_result(&self, deelname_peer_id: &str) -> Answer<Option<Delivery>> {
        self.note(|| Asked::ReadResult(deelname_peer_id.to_owned()));
        guarded!(
            self,
            TaResultaten.ta_resultaten,
            |guest, store, context| guest.call_read_result(store, context, deelname_peer_id),
            optional(|found| {
                let found = delivery_from_guest(found).within("delivery")?;
                match found.deelname_peer_id == deelname_peer_id {
                    true => Ok(found),
                    false => Err(Broken::new(
                        "delivery.deelname-peer-id",
                        "is another than the one asked for",
                    )),
                }
            })
        )
    }

    /// A document named by a result; it streams through, unread (R27).
    pub async fn fetch_document(&self, document_id: &str) -> Answer<Document> {
        guarded!(
            self,
            TaResultaten.ta_resultaten,
            |guest, store, context| guest.call_fetch_document(store, context, document_id),
            |found: guest::Document, state| document(found.media_type, found.content, state)
        )
    }
}

fn delivery_page(page: guest::DeliveryPage, asked: Option<&str>) -> Judged<DeliveryPage> {
    if page.more && page.cursor.is_none() {
        return Err(Broken::new("cursor", "is absent although there is more"));
    }
    Ok(DeliveryPage {
        deliveries: records(page.deliveries, delivery_from_guest).within("deliveries")?,
        // The same cursor again is fine at the end: nothing new. With more to read it would never end.
        cursor: cursor(page.cursor, asked, page.more).within("cursor")?,
        more: page.more,
    })
}

/// A document with its body taken out of the guest's hands.
pub(super) fn document(
    media_type: String,
    body: Resource<HeldBody>,
    state: &mut CallState,
) -> Result<Document, Failure> {
    let body = state
        .table
        .delete(body)
        .map_err(|error| Failure::Stopped(error.into()))?;
    Ok(Document {
        media_type: media(media_type).map_err(Failure::Broken)?,
        // Until the budget itself ends: the network's earlier stop was for the guest's sake.
        body: DocumentBody::new(body.until(state.budget_ends)),
    })
}

pub(super) fn media(text: String) -> Judged<String> {
    const LONGEST: usize = 128;
    let text = word(text).within("media-type")?;
    let essence = text.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let well_formed = essence
        .split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    match well_formed && text.len() <= LONGEST && text.is_ascii() {
        true => Ok(text),
        false => Err(Broken::new("media-type", "is not a media type such as application/pdf")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_can_be_put_in_a_header_as_it_stands() {
        assert!(media("application/pdf".to_owned()).is_ok());
        assert!(media("text/csv; charset=utf-8".to_owned()).is_ok());
        for wrong in ["", "pdf", "application/", "a/b\r\nX: y", "text/é", "a b/c"] {
            assert!(media(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
