//! Flow 3, read from the vendor: attendance and results per deelname (`§3.3`).

use crate::{Context, Document, Error, model::Delivery};

/// A page of a poll.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryPage {
    /// What was found.
    pub deliveries: Vec<Delivery>,
    /// The next poll starts here; the host stores it together with the deliveries. Absent: from the start.
    pub cursor: Option<String>,
    /// More can be read at once.
    pub more: bool,
}

/// Reads attendance and results from the vendor (flow 3, `§3.3`).
///
/// For vendors that are polled, and for every vendor to read back after a doubt (R25). A vendor that pushes does so to
/// the host's own TPL face.
pub trait TaResultaten {
    /// Results since `cursor`; from the start when it is absent.
    ///
    /// `sittings` holds the vendor's ids of the sittings to ask for, where it can only be asked by sitting; it may
    /// differ from poll to poll. Deliveries may repeat what was delivered before (R25): the host compares with the
    /// present state. Keep to a part of [`Context::budget_ms`] and set `more`, rather than lose a long poll.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when this vendor pushes and is not to be polled. After any other [`Error`] the host polls
    /// again from the same cursor.
    fn poll(ctx: &Context, cursor: Option<String>, sittings: &[String]) -> Result<DeliveryPage, Error>;

    /// Present state of one deelname's result (R25), `None` while there is none.
    ///
    /// # Errors
    /// Any [`Error`].
    fn read_result(ctx: &Context, deelname_peer_id: &str) -> Result<Option<Delivery>, Error>;

    /// A document named in a result. Hand its body on unread (R27).
    ///
    /// # Errors
    /// [`Error::Rejected`] when the vendor does not have it.
    fn fetch_document(ctx: &Context, document_id: &str) -> Result<Document, Error>;
}

#[cfg(target_arch = "wasm32")]
mod glue {
    use super::TaResultaten;
    use crate::{
        Context, Glue,
        bindings::ta_resultaten::exports::oke::connector::ta_resultaten::{self as wit, Guest},
        convert::{FromWit as _, ToWit as _},
    };

    impl<T: TaResultaten> Guest for Glue<T> {
        fn poll(
            ctx: wit::Context,
            cursor: Option<String>,
            sittings: Vec<String>,
        ) -> Result<wit::DeliveryPage, wit::Error> {
            let page = T::poll(&Context::from_wit(ctx)?, cursor, &sittings)?;
            Ok(wit::DeliveryPage {
                deliveries: page.deliveries.to_wit(),
                cursor: page.cursor,
                more: page.more,
            })
        }

        fn read_result(ctx: wit::Context, deelname_peer_id: String) -> Result<Option<wit::Delivery>, wit::Error> {
            Ok(T::read_result(&Context::from_wit(ctx)?, &deelname_peer_id)?.to_wit())
        }

        fn fetch_document(ctx: wit::Context, document_id: String) -> Result<wit::Document, wit::Error> {
            let document = T::fetch_document(&Context::from_wit(ctx)?, &document_id)?;
            Ok(wit::Document {
                media_type: document.media_type,
                content: document.content.0,
            })
        }
    }
}
