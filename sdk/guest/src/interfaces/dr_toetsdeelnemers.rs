//! Flow 1, single reads from the student system (`§3.1`).

use crate::{
    Context, Error,
    model::{Association, Offering, Person},
};

/// Reads single objects from the student system, for what was named before it came (flow 1, R14).
pub trait DrToetsdeelnemers {
    /// A component, course or program offering, `None` when the student system does not know it.
    ///
    /// # Errors
    /// Any [`Error`].
    fn get_offering(ctx: &Context, offering_id: &str) -> Result<Option<Offering>, Error>;

    /// A person, `None` when unknown.
    ///
    /// # Errors
    /// Any [`Error`].
    fn get_person(ctx: &Context, person_id: &str) -> Result<Option<Person>, Error>;

    /// An enrolment, `None` when unknown.
    ///
    /// # Errors
    /// Any [`Error`].
    fn get_association(ctx: &Context, association_id: &str) -> Result<Option<Association>, Error>;
}

#[cfg(target_arch = "wasm32")]
mod glue {
    use super::DrToetsdeelnemers;
    use crate::{
        Context, Glue,
        bindings::dr_toetsdeelnemers::exports::oke::connector::dr_toetsdeelnemers::{self as wit, Guest},
        convert::{FromWit as _, ToWit as _},
    };

    impl<T: DrToetsdeelnemers> Guest for Glue<T> {
        fn get_offering(ctx: wit::Context, offering_id: String) -> Result<Option<wit::Offering>, wit::Error> {
            Ok(T::get_offering(&Context::from_wit(ctx)?, &offering_id)?.to_wit())
        }

        fn get_person(ctx: wit::Context, person_id: String) -> Result<Option<wit::Person>, wit::Error> {
            Ok(T::get_person(&Context::from_wit(ctx)?, &person_id)?.to_wit())
        }

        fn get_association(ctx: wit::Context, association_id: String) -> Result<Option<wit::Association>, wit::Error> {
            Ok(T::get_association(&Context::from_wit(ctx)?, &association_id)?.to_wit())
        }
    }
}
