//! What a vendor pushed in a format of its own, translated.

use oke_codec::model::{Delivery, Report};

use super::super::bindings::serves::webhook as guest;
use super::super::convert::{Within, delivery_from_guest, records, report_from_guest};
use super::guard::{guarded, model};
use super::{Answer, Caller};

/// What a push says.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// Of deelnames (flow 3).
    pub deliveries: Vec<Delivery>,
    /// Of sittings (flow 4).
    pub reports: Vec<Report>,
}

impl Caller {
    /// What a push says. `name` is the webhook's in the manifest; who sent it is known already.
    pub async fn receive(&self, name: &str, body: &[u8]) -> Answer<Received> {
        let pushed = guest::Pushed {
            name: name.to_owned(),
            body: body.to_vec(),
        };
        guarded!(
            self,
            Webhook.webhook,
            |guest, store, context| guest.call_receive(store, context, &pushed),
            model(|received: guest::Received| {
                Ok(Received {
                    deliveries: records(received.deliveries, delivery_from_guest).within("deliveries")?,
                    reports: records(received.reports, report_from_guest).within("reports")?,
                })
            })
        )
    }
}
