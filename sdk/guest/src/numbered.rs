//! Vendors that number what we plan, make it twice when they are asked twice, and may give a number out again once it is
//! free, but keep our own id beside theirs.
//!
//! Only both together name one thing for good: the host is given `NUMBER@OURS`, and before anything is changed or read under
//! a number, our id at the vendor is compared. What the host has no number for it names by its own id, which is searched
//! for. A vendor whose own ids never return needs none of this: [`Written::under`] is enough.
//!
//! ```
//! use oke_sdk::{Context, Error, Written, numbered::{Collection, Numbered}};
//!
//! #[derive(serde::Deserialize)]
//! struct Slot { id: u64, reference: Option<String> }
//!
//! impl Numbered for Slot {
//!     fn number(&self) -> u64 { self.id }
//!     fn ours(&self) -> Option<&str> { self.reference.as_deref() }
//! }
//!
//! fn put_slot(ctx: &Context, ours: &str, known: Option<&str>) -> Result<Written, Error> {
//!     let slots: Collection<'_, Slot> = Collection::at(ctx.http("api"), "slots", "reference");
//!     slots.put(ours, known, "/slots", &serde_json::json!({ "reference": ours }))
//! }
//! ```

use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Error, Written,
    http::{Endpoint, IntoPath},
};

/// What a vendor made and numbered, as it is read.
pub trait Numbered: DeserializeOwned {
    /// The vendor's number.
    fn number(&self) -> u64;

    /// Our id, which the vendor keeps beside it.
    fn ours(&self) -> Option<&str>;

    /// What the host knows it by.
    fn peer_id(&self) -> String {
        peer_id(self.number(), self.ours())
    }
}

/// What the host knows something by that was told apart from its object, such as a result.
pub fn peer_id(number: u64, ours: Option<&str>) -> String {
    format!("{number}@{}", ours.unwrap_or_default())
}

/// The vendor's number and our id of what the host knows by this; `None` for an id of our own alone.
pub fn parts(peer_id: &str) -> Option<(u64, &str)> {
    let (number, ours) = peer_id.split_once('@')?;
    Some((number.parse().ok()?, ours))
}

/// A collection of the vendor's: `/NAME` is searched, `/NAME/{number}` is one of them.
pub struct Collection<'a, T> {
    endpoint: Endpoint<'a>,
    name: &'a str,
    search_by: &'a str,
    of: PhantomData<T>,
}

impl<'a, T: Numbered> Collection<'a, T> {
    /// The collection of a name, which is also that of the list in the answer to a search; `search_by` is the query
    /// parameter that takes our id.
    pub fn at(endpoint: Endpoint<'a>, name: &'a str, search_by: &'a str) -> Self {
        Self {
            endpoint,
            name,
            search_by,
            of: PhantomData,
        }
    }

    /// What an earlier try made, whose answer may have been lost: look before making another.
    ///
    /// # Errors
    /// As [`crate::http::Request::page`].
    pub fn made(&self, ours: &str) -> Result<Option<Written>, Error> {
        let found = self.search(ours)?;
        Ok(found.map(|one| Written::under(one.peer_id())))
    }

    /// What the host knows by this id, while it is still the one that the id was given for.
    ///
    /// # Errors
    /// As [`crate::http::Request::find`].
    pub fn standing(&self, known: &str) -> Result<Option<T>, Error> {
        let Some((number, ours)) = parts(known) else {
            return self.search(known);
        };
        let found: Option<T> = self.endpoint.get([self.name, &number.to_string()]).find()?;
        Ok(found.filter(|one| one.ours().unwrap_or_default() == ours))
    }

    /// By what the vendor knows it: an id of the vendor's as it is, without asking whether what it names is still there; for
    /// an id of ours that of whatever stands for it.
    ///
    /// # Errors
    /// As [`crate::http::Request::find`].
    pub fn known_as(&self, id: &str) -> Result<Option<String>, Error> {
        match parts(id) {
            Some(_) => Ok(Some(id.to_owned())),
            None => Ok(self.standing(id)?.map(|one| one.peer_id())),
        }
    }

    /// Changes what stands, else makes it by a POST to `make_at`. The vendor answers with what stands then; that it is
    /// `ours` we know ourselves, whether the answer says so or not.
    ///
    /// # Errors
    /// As [`crate::http::Request::read`].
    pub fn put(
        &self,
        ours: &str,
        known: Option<&str>,
        make_at: impl IntoPath,
        message: &impl Serialize,
    ) -> Result<Written, Error> {
        let request = match self.known(known)? {
            Some(one) => self.endpoint.put([self.name, &one.number().to_string()]),
            None => self.endpoint.post(make_at),
        };
        let written: T = request.json(message).read()?;
        Ok(Written::under(peer_id(written.number(), Some(ours))))
    }

    /// Deletes it where it still stands. A second time finds nothing to do (R4).
    ///
    /// # Errors
    /// As [`crate::http::Response::found`].
    pub fn remove(&self, known: Option<&str>) -> Result<Written, Error> {
        if let Some(one) = self.known(known)? {
            let request = self.endpoint.delete([self.name, &one.number().to_string()]);
            request.send()?.found()?;
        }
        Ok(Written {
            peer_id: known.map(str::to_owned),
        })
    }

    fn known(&self, known: Option<&str>) -> Result<Option<T>, Error> {
        known.map_or(Ok(None), |known| self.standing(known))
    }

    /// A vendor may search more loosely than it was asked; what it shows is looked through. One that shows many and not
    /// ours gives no answer at all: it would be made a second time.
    fn search(&self, ours: &str) -> Result<Option<T>, Error> {
        let request = self.endpoint.get([self.name]).query(self.search_by, ours);
        let found = request.page::<T>(self.name, "next")?;
        let is_whole = found.next.is_none();
        let ours = found.items.into_iter().find(|one| one.ours() == Some(ours));
        match ours.is_some() || is_whole {
            true => Ok(ours),
            false => Err(Error::rejected(
                "search-too-wide",
                format!(
                    "the vendor answers a search of {} by {} with more than a page, and ours is not on it",
                    self.name, self.search_by
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::{
        Context,
        http::Method,
        testing::{Answer, FakeHost},
    };

    #[derive(Debug, PartialEq, Deserialize)]
    struct Slot {
        id: u64,
        reference: Option<String>,
    }

    impl Numbered for Slot {
        fn number(&self) -> u64 {
            self.id
        }

        fn ours(&self) -> Option<&str> {
            self.reference.as_deref()
        }
    }

    fn slots(ctx: &Context) -> Collection<'_, Slot> {
        Collection::at(ctx.http("api"), "slots", "reference")
    }

    fn slot(id: u64, reference: &str) -> Answer {
        Answer::json(200, json!({ "id": id, "reference": reference }))
    }

    #[test]
    fn what_still_stands_is_changed_under_its_number() {
        let host = FakeHost::new();
        host.on(Method::Get, "/slots/7", slot(7, "z-1"));
        host.on(Method::Put, "/slots/7", slot(7, "z-1"));
        let written = slots(&host.context()).put("z-1", Some("7@z-1"), "/slots", &json!({}));
        assert_eq!(written, Ok(Written::under("7@z-1".to_owned())));
    }

    #[test]
    fn under_a_number_that_was_given_out_again_nothing_is_changed_and_nothing_removed() {
        let host = FakeHost::new();
        host.on(Method::Get, "/slots/7", slot(7, "z-9"));
        host.on(Method::Post, "/slots", slot(8, "z-1"));
        let ctx = host.context();

        let removed = slots(&ctx).remove(Some("7@z-1"));
        assert_eq!(removed, Ok(Written::under("7@z-1".to_owned())));
        let written = slots(&ctx).put("z-1", Some("7@z-1"), "/slots", &json!({}));
        assert_eq!(written, Ok(Written::under("8@z-1".to_owned())));

        let sent: Vec<Method> = host.requests().iter().map(|one| one.method).collect();
        assert_eq!(sent, [Method::Get, Method::Get, Method::Post]);
    }

    #[test]
    fn an_id_of_ours_is_searched_for_and_only_that_one_counts() {
        let host = FakeHost::new();
        let found = json!({ "slots": [{ "id": 6, "reference": "z-10" }, { "id": 7, "reference": "z-1" }] });
        host.on(Method::Get, "/slots", Answer::json(200, found));
        let ctx = host.context();

        assert_eq!(slots(&ctx).made("z-1"), Ok(Some(Written::under("7@z-1".to_owned()))));
        // An `@` of our own makes no number.
        assert_eq!(slots(&ctx).standing("z@1"), Ok(None));
        assert_eq!(host.requests()[1].query("reference"), Some("z@1"));
    }
    #[test]
    fn a_vendor_that_does_not_repeat_our_id_in_its_answer_is_known_by_it_all_the_same() {
        let host = FakeHost::new();
        host.on(Method::Post, "/slots", Answer::json(201, json!({ "id": 8 })));
        let written = slots(&host.context()).put("z-1", None, "/slots", &json!({}));
        assert_eq!(written, Ok(Written::under("8@z-1".to_owned())));
    }

    #[test]
    fn a_search_that_shows_only_some_says_nothing_of_what_it_does_not_show() {
        let host = FakeHost::new();
        let found = json!({ "slots": [{ "id": 6, "reference": "z-10" }], "next": 6 });
        host.on(Method::Get, "/slots", Answer::json(200, found));
        let answer = slots(&host.context()).made("z-1");
        assert!(
            matches!(&answer, Err(Error::Rejected { code, .. }) if code == "search-too-wide"),
            "{answer:?}"
        );
    }
}
