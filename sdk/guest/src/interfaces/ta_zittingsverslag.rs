//! Flow 4, read from the vendor: the report of a sitting (`§3.4`).

use crate::{Context, Document, Error, model::Report};

/// Reads the report of a sitting from the vendor (flow 4, `§3.4`).
pub trait TaZittingsverslag {
    /// The report as it is now (R25), `None` while there is none.
    ///
    /// # Errors
    /// Any [`Error`].
    fn read_report(ctx: &Context, sitting_peer_id: &str) -> Result<Option<Report>, Error>;

    /// A document named in a report. Hand its body on unread (R27).
    ///
    /// # Errors
    /// [`Error::Rejected`] when the vendor does not have it.
    fn fetch_document(ctx: &Context, document_id: &str) -> Result<Document, Error>;
}

#[cfg(target_arch = "wasm32")]
mod glue {
    use super::TaZittingsverslag;
    use crate::{
        Context, Glue,
        bindings::ta_zittingsverslag::exports::oke::connector::ta_zittingsverslag::{self as wit, Guest},
        convert::{FromWit as _, ToWit as _},
    };

    impl<T: TaZittingsverslag> Guest for Glue<T> {
        fn read_report(ctx: wit::Context, sitting_peer_id: String) -> Result<Option<wit::Report>, wit::Error> {
            Ok(T::read_report(&Context::from_wit(ctx)?, &sitting_peer_id)?.to_wit())
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
