//! Flow 4 (§3.4), delivered to an outside planner.

use oke_codec::model::Offering;

use super::super::convert::offering_to_guest;
use super::guard::guarded;
use super::{Answer, Caller};

impl Caller {
    /// Delivers the report of a sitting to the planner that planned it, full state (R23).
    pub async fn put_report_tpl(&self, sitting: &Offering) -> Answer<()> {
        let sitting = offering_to_guest(sitting);
        guarded!(
            self,
            TplZittingsverslag.tpl_zittingsverslag,
            |guest, store, context| guest.call_put_report(store, context, &sitting),
            |(), _| Ok(())
        )
    }
}
