//! Requests that end in what was asked for: an object, one that may not be there, a page of a list.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Request;
use crate::{Error, Page};

impl Request<'_> {
    /// Sends it and reads the answer as JSON.
    ///
    /// # Errors
    /// As [`Request::send`], [`super::Response::success`] and [`super::Response::json`].
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Error> {
        self.send()?.success()?.json()
    }

    /// The same, `None` for a 404: what was asked for is not there.
    ///
    /// # Errors
    /// As [`Request::read`].
    pub fn find<T: DeserializeOwned>(self) -> Result<Option<T>, Error> {
        self.send()?.found()?.map(|answer| answer.json()).transpose()
    }

    /// A page of a list, of a vendor that answers with an object: the items under one name, and under another where the
    /// next page starts, as a text or a number. That is absent or null at the end.
    ///
    /// ```
    /// use oke_sdk::{http::Method, testing::{Answer, FakeHost}};
    ///
    /// let host = FakeHost::new();
    /// host.on(Method::Get, "/rooms", Answer::json(200, serde_json::json!({ "rooms": ["A1", "A2"], "next": 17 })));
    /// let ctx = host.context();
    /// let page = ctx.http("api").get("/rooms").query_opt("after", None::<&str>).page::<String>("rooms", "next")?;
    /// assert_eq!((page.items.len(), page.next.as_deref()), (2, Some("17")));
    /// # Ok::<(), oke_sdk::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Request::read`]; [`Error::Rejected`] with code `invalid-json` names the member that is not as expected.
    pub fn page<T: DeserializeOwned>(self, items: &str, next: &str) -> Result<Page<T>, Error> {
        let mut answer: Map<String, Value> = self.read()?;
        let odd = |name: &str| {
            let message = format!("`{name}` of the vendor's answer is missing or not as expected");
            Error::rejected("invalid-json", message)
        };
        let list = answer.remove(items).ok_or_else(|| odd(items))?;
        Ok(Page {
            items: serde_json::from_value(list).map_err(|_| odd(items))?,
            next: match answer.remove(next) {
                None | Some(Value::Null) => None,
                Some(Value::Number(number)) => Some(number.to_string()),
                Some(Value::String(text)) => Some(text),
                Some(_) => return Err(odd(next)),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{
        Error, Page,
        http::Method,
        testing::{Answer, FakeHost},
    };

    fn page_of(answer: &Value) -> Result<Page<u32>, Error> {
        let host = FakeHost::new();
        host.on(Method::Get, "/tests", Answer::json(200, answer));
        host.context().http("api").get("/tests").page("tests", "next")
    }

    #[test]
    fn a_page_goes_on_where_the_vendor_says_and_ends_where_it_says_nothing() {
        let next = |answer| page_of(&answer).unwrap().next;
        assert_eq!(next(json!({ "tests": [1], "next": 7 })), Some("7".to_owned()));
        assert_eq!(next(json!({ "tests": [], "next": "b" })), Some("b".to_owned()));
        assert_eq!(next(json!({ "tests": [1], "next": null })), None);
        assert_eq!(next(json!({ "tests": [1, 2] })), None);
    }

    /// A page that is half understood would be taken for the end of the list.
    #[test]
    fn a_page_that_is_not_as_expected_names_what_is_odd_and_quotes_nothing() {
        let odd = |answer| match page_of(&answer) {
            Err(Error::Rejected { message, .. }) => message,
            other => panic!("{other:?}"),
        };
        assert!(odd(json!({ "exams": [] })).contains("`tests`"));
        let wrong = odd(json!({ "tests": ["Noor"] }));
        assert!(wrong.contains("`tests`") && !wrong.contains("Noor"), "{wrong}");
        assert!(odd(json!({ "tests": [], "next": {} })).contains("`next`"));
    }

    #[test]
    fn what_is_not_there_is_found_to_be_nothing_and_read_as_a_refusal() {
        let host = FakeHost::new();
        host.on(Method::Get, "/tests/1", Answer::status(404));
        let ctx = host.context();
        assert_eq!(ctx.http("api").get("/tests/1").find::<u32>(), Ok(None));
        let refused = ctx.http("api").get("/tests/1").read::<u32>();
        assert!(matches!(refused, Err(Error::Rejected { code, .. }) if code == "404"));
    }
}
