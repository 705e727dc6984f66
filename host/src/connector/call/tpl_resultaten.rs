//! Flow 3 (§3.3), delivered to an outside planner.

use oke_codec::model::Association;

use super::super::convert::association_to_guest;
use super::guard::guarded;
use super::{Answer, Caller};

impl Caller {
    /// Delivers the result of a deelname to the planner that made it, full state (R23).
    pub async fn put_result_tpl(&self, deelname: &Association) -> Answer<()> {
        let deelname = association_to_guest(deelname);
        guarded!(
            self,
            TplResultaten.tpl_resultaten,
            |guest, store, context| guest.call_put_result(store, context, &deelname),
            |(), _| Ok(())
        )
    }
}
