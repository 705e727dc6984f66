//! Flow 1, read from the student system (`§3.1`): single objects, and lists by page.

use jiff::civil::Date;

use crate::{
    Context, Error, Page,
    model::{Association, Group, Membership, Offering, Person},
};

/// An item of a list that can't be read. The host keeps it with its reason for a person to look at; the others go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its id, where that much could be read.
    pub id: Option<String>,
    /// What is wrong with it; no personal data.
    pub why: String,
}

/// The outcome of one item of a list.
pub type Listed<T> = Result<T, Unreadable>;

/// Everything that overlaps these days, the first and the last included (R20); open on a side that is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub since: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

/// Reads flow 1 from the student system (`§3.1`): single objects for what was named before it came (R14), and lists where
/// the student system is asked rather than one that sends.
///
/// Lists are called again and again with the `next` of the page before until there is none; `next` is opaque to the host,
/// and a page that goes on must have another `next` than the one asked with.
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

    /// One page of the planbare toetsen of a period, of about `page_size`.
    ///
    /// # Errors
    /// Any [`Error`]; an item that can't be read is none, it is [`Unreadable`] in its place.
    fn list_offerings(
        ctx: &Context,
        period: Period,
        cursor: Option<String>,
        page_size: u32,
    ) -> Result<Page<Listed<Offering>>, Error>;

    /// One page of the associations of an offering, `None` when the student system does not know the offering.
    ///
    /// # Errors
    /// As [`DrToetsdeelnemers::list_offerings`].
    fn list_associations(
        ctx: &Context,
        offering_id: &str,
        cursor: Option<String>,
        page_size: u32,
    ) -> Result<Option<Page<Listed<Association>>>, Error>;

    /// One page of the toetsgroepen of a period (R26).
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the student system has none; else as [`DrToetsdeelnemers::list_offerings`].
    fn list_groups(
        ctx: &Context,
        period: Period,
        cursor: Option<String>,
        page_size: u32,
    ) -> Result<Page<Listed<Group>>, Error>;

    /// One page of who belongs to a group, `None` when the student system does not know the group.
    ///
    /// # Errors
    /// As [`DrToetsdeelnemers::list_offerings`].
    fn list_members(
        ctx: &Context,
        group_id: &str,
        cursor: Option<String>,
        page_size: u32,
    ) -> Result<Option<Page<Listed<Membership>>>, Error>;
}

#[cfg(target_arch = "wasm32")]
mod glue {
    use super::{DrToetsdeelnemers, Listed, Period};
    use crate::{
        Context, Glue,
        bindings::dr_toetsdeelnemers::exports::oke::connector::dr_toetsdeelnemers::{self as wit, Guest},
        convert::{Broken, FromWit, ToWit},
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

        fn list_offerings(
            ctx: wit::Context,
            period: wit::Period,
            cursor: Option<String>,
            page_size: u32,
        ) -> Result<wit::OfferingPage, wit::Error> {
            let (ctx, period) = (Context::from_wit(ctx)?, Period::from_wit(period)?);
            let page = T::list_offerings(&ctx, period, cursor, page_size)?;
            Ok(wit::OfferingPage {
                offerings: listed(page.items),
                next: page.next,
            })
        }

        fn list_associations(
            ctx: wit::Context,
            offering_id: String,
            cursor: Option<String>,
            page_size: u32,
        ) -> Result<Option<wit::AssociationPage>, wit::Error> {
            let page = T::list_associations(&Context::from_wit(ctx)?, &offering_id, cursor, page_size)?;
            Ok(page.map(|page| wit::AssociationPage {
                associations: listed(page.items),
                next: page.next,
            }))
        }

        fn list_groups(
            ctx: wit::Context,
            period: wit::Period,
            cursor: Option<String>,
            page_size: u32,
        ) -> Result<wit::GroupPage, wit::Error> {
            let (ctx, period) = (Context::from_wit(ctx)?, Period::from_wit(period)?);
            let page = T::list_groups(&ctx, period, cursor, page_size)?;
            Ok(wit::GroupPage {
                groups: listed(page.items),
                next: page.next,
            })
        }

        fn list_members(
            ctx: wit::Context,
            group_id: String,
            cursor: Option<String>,
            page_size: u32,
        ) -> Result<Option<wit::MemberPage>, wit::Error> {
            let page = T::list_members(&Context::from_wit(ctx)?, &group_id, cursor, page_size)?;
            Ok(page.map(|page| wit::MemberPage {
                members: listed(page.items),
                next: page.next,
            }))
        }
    }

    impl FromWit<wit::Period> for Period {
        fn from_wit(period: wit::Period) -> Result<Self, Broken> {
            Ok(Period {
                since: FromWit::from_wit(period.since)?,
                until: FromWit::from_wit(period.until)?,
            })
        }
    }

    fn listed<T: ToWit>(items: Vec<Listed<T>>) -> Vec<Result<T::Wit, wit::Unreadable>> {
        let outcome = |item: Listed<T>| {
            item.map(T::to_wit).map_err(|unreadable| wit::Unreadable {
                id: unreadable.id,
                why: unreadable.why,
            })
        };
        items.into_iter().map(outcome).collect()
    }
}
