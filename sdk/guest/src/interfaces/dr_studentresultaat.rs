//! Flow 5: results to the student system (`§3.5`).

use crate::{Context, Error, model::Association};

/// How a result reaches the enrolment it belongs to (R8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// On the original enrolment, which the student system made: PATCH in OKE.
    Original,
    /// On a new enrolment for an extra attempt, which names its original: PUT in OKE (R7, R8).
    ExtraAttempt,
}

/// Takes results to the student system and reads them back (flow 5, `§3.5`).
pub trait DrStudentresultaat {
    /// Delivers the result of an enrolment, full state; may be repeated.
    ///
    /// `enrolment` is as the student system knows it, with its `result`, and with `attempt` and `org_association_id`
    /// filled (R12). A later result of the same enrolment replaces this one (R10).
    ///
    /// # Errors
    /// [`Error::Rejected`] when the student system refuses, [`Error::Unrepresentable`] when a fact can't be sent.
    fn put_result(ctx: &Context, enrolment: Association, way: Way) -> Result<(), Error>;

    /// What the student system holds now (R25), `None` when it does not know the enrolment.
    ///
    /// # Errors
    /// Any [`Error`].
    fn read_result(ctx: &Context, enrolment_id: &str) -> Result<Option<Association>, Error>;
}

#[cfg(target_arch = "wasm32")]
mod glue {
    use super::{DrStudentresultaat, Way};
    use crate::{
        Context, Glue,
        bindings::dr_studentresultaat::exports::oke::connector::dr_studentresultaat::{self as wit, Guest},
        convert::{FromWit as _, ToWit as _},
        model::Association,
    };

    impl<T: DrStudentresultaat> Guest for Glue<T> {
        fn put_result(ctx: wit::Context, enrolment: wit::Association, way: wit::Way) -> Result<(), wit::Error> {
            let way = match way {
                wit::Way::Original => Way::Original,
                wit::Way::ExtraAttempt => Way::ExtraAttempt,
            };
            let enrolment = Association::from_wit(enrolment)?;
            Ok(T::put_result(&Context::from_wit(ctx)?, enrolment, way)?)
        }

        fn read_result(ctx: wit::Context, enrolment_id: String) -> Result<Option<wit::Association>, wit::Error> {
            Ok(T::read_result(&Context::from_wit(ctx)?, &enrolment_id)?.to_wit())
        }
    }
}
