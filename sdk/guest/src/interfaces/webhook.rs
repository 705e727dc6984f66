//! What a vendor pushes in a format of its own.

use serde::de::DeserializeOwned;

use crate::{
    Context, Error,
    http::from_json,
    model::{Delivery, Report},
};

/// A push. The host has found out who sent it, by the scheme that the manifest names, and has stored it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Name of the webhook in the manifest.
    pub name: String,
    /// The body, as it came.
    pub body: Vec<u8>,
}

impl Pushed {
    /// The body as JSON.
    ///
    /// # Errors
    /// [`Error::Rejected`] with code `invalid-json` when it can't be read as `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        from_json(&self.body, "what was pushed")
    }
}

/// What a push says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Received {
    /// Of deelnames (flow 3).
    pub deliveries: Vec<Delivery>,
    /// Of sittings (flow 4).
    pub reports: Vec<Report>,
}

/// Translates what a vendor pushes.
///
/// Pushes may come twice, late and out of order: the host judges what comes of them as it judges a poll.
pub trait Webhook {
    /// What the push says of deelnames and sittings; nothing when it says nothing of them.
    ///
    /// # Errors
    /// [`Error::Rejected`] when the body can't be read: a person looks, the vendor is not told.
    fn receive(ctx: &Context, pushed: &Pushed) -> Result<Received, Error>;
}

#[cfg(target_arch = "wasm32")]
mod glue {
    use super::{Pushed, Webhook};
    use crate::{
        Context, Glue,
        bindings::webhook::exports::oke::connector::webhook::{self as wit, Guest},
        convert::{FromWit as _, ToWit as _},
    };

    impl<T: Webhook> Guest for Glue<T> {
        fn receive(ctx: wit::Context, pushed: wit::Pushed) -> Result<wit::Received, wit::Error> {
            let pushed = Pushed {
                name: pushed.name,
                body: pushed.body,
            };
            let received = T::receive(&Context::from_wit(ctx)?, &pushed)?;
            Ok(wit::Received {
                deliveries: received.deliveries.to_wit(),
                reports: received.reports.to_wit(),
            })
        }
    }
}
