//! Flow 3, delivered to an outside planner (`§3.3`).

use crate::{Context, Error, model::Association};

/// Takes results to the planning system that planned at a vendor of the school (flow 3, `§3.3`).
pub trait TplResultaten {
    /// Delivers the result of a deelname, full state; may be repeated.
    ///
    /// `deelname` has the planner's own ids, with its `result`; documents have the host's ids, under which the planner
    /// fetches them. A later result of the same deelname replaces this one (R10).
    ///
    /// # Errors
    /// [`Error::Rejected`] when the planner refuses, [`Error::Unrepresentable`] when a fact can't be sent.
    fn put_result(ctx: &Context, deelname: Association) -> Result<(), Error>;
}

#[cfg(target_arch = "wasm32")]
mod glue {
    use super::TplResultaten;
    use crate::{
        Context, Glue,
        bindings::tpl_resultaten::exports::oke::connector::tpl_resultaten::{self as wit, Guest},
        convert::FromWit as _,
        model::Association,
    };

    impl<T: TplResultaten> Guest for Glue<T> {
        fn put_result(ctx: wit::Context, deelname: wit::Association) -> Result<(), wit::Error> {
            let deelname = Association::from_wit(deelname)?;
            Ok(T::put_result(&Context::from_wit(ctx)?, deelname)?)
        }
    }
}
