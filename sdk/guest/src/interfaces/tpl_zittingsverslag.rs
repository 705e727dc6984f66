//! Flow 4, delivered to an outside planner (`§3.4`).

use crate::{Context, Error, model::Offering};

/// Takes reports to the planning system that planned at a vendor of the school (flow 4, `§3.4`).
pub trait TplZittingsverslag {
    /// Delivers the report of a sitting, full state; may be repeated. Ids as in [`crate::TplResultaten`].
    ///
    /// # Errors
    /// [`Error::Rejected`] when the planner refuses, [`Error::Unrepresentable`] when a fact can't be sent.
    fn put_report(ctx: &Context, sitting: Offering) -> Result<(), Error>;
}

#[cfg(target_arch = "wasm32")]
mod glue {
    use super::TplZittingsverslag;
    use crate::{
        Context, Glue,
        bindings::tpl_zittingsverslag::exports::oke::connector::tpl_zittingsverslag::{self as wit, Guest},
        convert::FromWit as _,
        model::Offering,
    };

    impl<T: TplZittingsverslag> Guest for Glue<T> {
        fn put_report(ctx: wit::Context, sitting: wit::Offering) -> Result<(), wit::Error> {
            let sitting = Offering::from_wit(sitting)?;
            Ok(T::put_report(&Context::from_wit(ctx)?, sitting)?)
        }
    }
}
