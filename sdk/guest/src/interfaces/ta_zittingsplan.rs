//! Flow 2: the sitting plan to the vendor (`§3.2`).

use crate::{
    Context, Error, Page,
    model::{Association, Offering},
};

/// A write was applied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// The vendor's id, where it makes ids of its own; absent: it keeps ours.
    pub peer_id: Option<String>,
}

impl Written {
    /// Under an id that the vendor made.
    pub fn under(peer_id: String) -> Self {
        Self { peer_id: Some(peer_id) }
    }
}

/// Takes the sitting plan to the vendor and reads it back (flow 2, `§3.2`).
///
/// Every write is full state and may be repeated: the same write to the same id must leave the vendor as after the
/// first. The host orders the writes of one sitting and of one deelname, the sitting before its deelnames.
pub trait TaZittingsplan {
    /// Plans or changes a sitting; a canceled one is canceled at the vendor (R4).
    ///
    /// `peer_id` is the vendor's id as the host knows it, absent before the first write or where the vendor keeps ours.
    ///
    /// # Errors
    /// [`Error::Unrepresentable`] when the vendor's format can't carry a fact of the sitting (R18): send nothing then.
    fn put_sitting(ctx: &Context, sitting: Offering, peer_id: Option<&str>) -> Result<Written, Error>;

    /// Adds or changes a deelname, its person whole (R14); a canceled one is canceled at the vendor.
    ///
    /// Also for an afnameleider, surveillant or beoordelaar (R16). `sitting_peer_id` is the vendor's id of its sitting.
    ///
    /// # Errors
    /// As [`TaZittingsplan::put_sitting`]; think of extra time and needs that the vendor can't serve (R15).
    fn put_deelname(
        ctx: &Context,
        deelname: Association,
        peer_id: Option<&str>,
        sitting_peer_id: Option<&str>,
    ) -> Result<Written, Error>;

    /// Looks for a sitting made by an earlier try whose answer was lost, before it is made again.
    ///
    /// For vendors that make ids of their own; `None` when there is none.
    ///
    /// # Errors
    /// Any [`Error`].
    fn find_sitting(ctx: &Context, sitting: Offering) -> Result<Option<Written>, Error>;

    /// The same for a deelname.
    ///
    /// # Errors
    /// Any [`Error`].
    fn find_deelname(ctx: &Context, deelname: Association) -> Result<Option<Written>, Error>;

    /// Present state of a sitting at the vendor (R25), `None` when it is not there.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::Unsupported`] when the vendor can't be asked.
    fn read_sitting(ctx: &Context, peer_id: &str) -> Result<Option<Offering>, Error>;

    /// Present deelnames of a sitting at the vendor (R25), a page at a time.
    ///
    /// # Errors
    /// As [`TaZittingsplan::read_sitting`].
    fn read_deelnames(ctx: &Context, sitting_peer_id: &str, cursor: Option<String>)
    -> Result<Page<Association>, Error>;

    /// Where the person starts the test. The host neither stores nor logs it, and a connector should not either.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the vendor has no start links.
    fn start_link(ctx: &Context, deelname_peer_id: &str) -> Result<String, Error>;
}

#[cfg(target_arch = "wasm32")]
mod glue {
    use super::{TaZittingsplan, Written};
    use crate::{
        Context, Glue,
        bindings::ta_zittingsplan::exports::oke::connector::ta_zittingsplan::{self as wit, Guest},
        convert::{FromWit as _, ToWit as _},
        model::{Association, Offering},
    };

    impl<T: TaZittingsplan> Guest for Glue<T> {
        fn put_sitting(
            ctx: wit::Context,
            sitting: wit::Offering,
            peer_id: Option<String>,
        ) -> Result<wit::Written, wit::Error> {
            let sitting = Offering::from_wit(sitting)?;
            Ok(written(T::put_sitting(
                &Context::from_wit(ctx)?,
                sitting,
                peer_id.as_deref(),
            )?))
        }

        fn put_deelname(
            ctx: wit::Context,
            deelname: wit::Association,
            peer_id: Option<String>,
            sitting_peer_id: Option<String>,
        ) -> Result<wit::Written, wit::Error> {
            let deelname = Association::from_wit(deelname)?;
            let ctx = Context::from_wit(ctx)?;
            Ok(written(T::put_deelname(
                &ctx,
                deelname,
                peer_id.as_deref(),
                sitting_peer_id.as_deref(),
            )?))
        }

        fn find_sitting(ctx: wit::Context, sitting: wit::Offering) -> Result<Option<wit::Written>, wit::Error> {
            let sitting = Offering::from_wit(sitting)?;
            Ok(T::find_sitting(&Context::from_wit(ctx)?, sitting)?.map(written))
        }

        fn find_deelname(ctx: wit::Context, deelname: wit::Association) -> Result<Option<wit::Written>, wit::Error> {
            let deelname = Association::from_wit(deelname)?;
            Ok(T::find_deelname(&Context::from_wit(ctx)?, deelname)?.map(written))
        }

        fn read_sitting(ctx: wit::Context, peer_id: String) -> Result<Option<wit::Offering>, wit::Error> {
            Ok(T::read_sitting(&Context::from_wit(ctx)?, &peer_id)?.to_wit())
        }

        fn read_deelnames(
            ctx: wit::Context,
            sitting_peer_id: String,
            cursor: Option<String>,
        ) -> Result<wit::DeelnamePage, wit::Error> {
            let page = T::read_deelnames(&Context::from_wit(ctx)?, &sitting_peer_id, cursor)?;
            Ok(wit::DeelnamePage {
                deelnames: page.items.to_wit(),
                next: page.next,
            })
        }

        fn start_link(ctx: wit::Context, deelname_peer_id: String) -> Result<String, wit::Error> {
            Ok(T::start_link(&Context::from_wit(ctx)?, &deelname_peer_id)?)
        }
    }

    fn written(written: Written) -> wit::Written {
        wit::Written {
            peer_id: written.peer_id,
        }
    }
}
