//! What a request asks of a collection or an object: filters, `expand`, and pages (R20).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::{SignedDuration, Timestamp, civil::Date};
use oke_codec::{Page, write_page};
use serde_json::Value;

use super::problem::Problem;
use crate::store::offering::Window;

/// The sizes of a page that the standard knows; the first is the default.
const SIZES: [u32; 5] = [10, 20, 50, 100, 250];

/// The query of a request. What the standard does not name is ignored.
pub struct Query(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let text = parts.uri.query().unwrap_or("");
        Ok(Query(
            url::form_urlencoded::parse(text.as_bytes()).into_owned().collect(),
        ))
    }
}

impl Query {
    /// A value, where one is given.
    pub fn get(&self, name: &str) -> Option<&str> {
        let given = self.0.iter().find(|(key, _)| key == name);
        given.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A value of a list of words.
    ///
    /// # Errors
    /// 400 for another word, with the list.
    pub fn one_of(&self, name: &str, words: &[&str]) -> Result<Option<&str>, Problem> {
        match self.get(name) {
            Some(word) if !words.contains(&word) => Err(Problem::bad(format!(
                "query parameter {name} is not in the list; use one of: {}",
                words.join(", ")
            ))),
            word => Ok(word),
        }
    }

    /// The order that is asked for: the first of a list of fields, of which a `-` before it turns it round; the first of
    /// `orders` when none is.
    ///
    /// # Errors
    /// 400 for another field, with the list.
    pub fn order<'a>(&self, orders: &[&'a str]) -> Result<(&'a str, bool), Problem> {
        let given = self.0.iter().filter(|(key, value)| key == "sort" && !value.is_empty());
        let mut first = None;
        for field in given.flat_map(|(_, list)| list.split(',')) {
            let bare = field.trim().trim_start_matches('-');
            let known = orders.iter().find(|order| **order == bare);
            let Some(known) = known else {
                return Err(Problem::bad(format!(
                    "query parameter sort is not in the list; use one of: {}, with a - before it to turn it round",
                    orders.join(", ")
                )));
            };
            first.get_or_insert((*known, field.trim().starts_with('-')));
        }
        Ok(first.unwrap_or((orders.first().copied().unwrap_or_default(), false)))
    }

    /// Whether an object is to be given whole instead of its id: `expand=person`, also in a list or repeated.
    pub fn expands(&self, what: &str) -> bool {
        let lists = self.0.iter().filter(|(key, _)| key == "expand");
        lists
            .flat_map(|(_, list)| list.split(','))
            .any(|one| one.trim() == what)
    }

    /// Whether something below an object is to be given whole, which makes that object whole too.
    pub fn expands_below(&self, prefix: &str) -> bool {
        let lists = self.0.iter().filter(|(key, _)| key == "expand");
        lists
            .flat_map(|(_, list)| list.split(','))
            .any(|one| one.trim().starts_with(prefix))
    }

    /// The moment from which `since` counts: a moment, or the beginning of a day in the Netherlands.
    ///
    /// # Errors
    /// 400 for what is neither.
    pub fn since(&self) -> Result<Option<Timestamp>, Problem> {
        self.moment("since", 0)
    }

    /// The last moment that `until` counts: a moment, or the last one of a day in the Netherlands (`§3.1.2`: that day is in
    /// it).
    ///
    /// # Errors
    /// 400 for what is neither.
    pub fn until(&self) -> Result<Option<Timestamp>, Problem> {
        let until = self.moment("until", 1)?;
        let is_day = self.get("until").is_some_and(|text| text.parse::<Timestamp>().is_err());
        Ok(match is_day {
            true => until.and_then(|next| next.checked_sub(SignedDuration::from_millis(1)).ok()),
            false => until,
        })
    }

    fn moment(&self, name: &str, days: i64) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Some(moment));
        }
        let day = text.parse::<Date>().ok();
        let day = day.and_then(|day| day.checked_add(jiff::Span::new().days(days)).ok());
        match day.and_then(|day| day.in_tz("Europe/Amsterdam").ok()) {
            Some(begin) => Ok(Some(begin.timestamp())),
            None => Err(Problem::bad(format!(
                "query parameter {name} is no day and no moment; give it like 2026-05-27"
            ))),
        }
    }

    /// The page that is asked for.
    ///
    /// # Errors
    /// 400 for a size that the standard does not know, or a number that is none.
    pub fn page(&self) -> Result<Asked, Problem> {
        let number = |name: &str, default: u32| match self.get(name) {
            None => Ok(default),
            Some(text) => text
                .parse::<u32>()
                .map_err(|_| Problem::bad(format!("query parameter {name} is no whole number"))),
        };
        let asked = Asked {
            size: number("pageSize", SIZES[0])?,
            number: number("pageNumber", 1)?,
        };
        if !SIZES.contains(&asked.size) {
            return Err(Problem::bad(
                "query parameter pageSize is not in the list; use one of: 10, 20, 50, 100, 250",
            ));
        }
        if asked.number == 0 {
            return Err(Problem::bad("query parameter pageNumber counts from 1"));
        }
        Ok(asked)
    }
}

/// A page that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    size: u32,
    number: u32,
}

impl Asked {
    /// The page of a whole collection, each of its items written. One past the end is empty.
    pub fn of<T>(self, all: Vec<T>, write: impl Fn(&T) -> Value) -> Value {
        let (total, page) = self.cut(all);
        self.with(total, page, write)
    }

    /// A page of these items, of so many pages.
    pub fn with<T>(self, total: u32, items: Vec<T>, write: impl Fn(&T) -> Value) -> Value {
        write_page(
            &Page {
                page_size: self.size,
                page_number: self.number,
                has_previous_page: self.number > 1,
                has_next_page: self.number < total,
                total_pages: Some(total),
                items,
            },
            write,
        )
    }

    /// A page of which the items were read by [`Asked::window`], which reads one more to know whether there is a next.
    pub fn of_window<T>(self, mut found: Vec<T>, write: impl Fn(&T) -> Value) -> Value {
        let has_next_page = found.len() > self.size as usize;
        found.truncate(self.size as usize);
        write_page(
            &Page {
                page_size: self.size,
                page_number: self.number,
                has_previous_page: self.number > 1,
                has_next_page,
                total_pages: None,
                items: found,
            },
            write,
        )
    }

    /// What to read for [`Asked::of_window`].
    pub fn window(self) -> Window {
        Window {
            skip: (self.number - 1).saturating_mul(self.size).min(i32::MAX as u32),
            take: self.size + 1,
        }
    }

    /// A page of items that are written already, of so many pages.
    pub fn written(self, total: u32, items: Vec<Value>) -> Value {
        self.with(total, items, Value::clone)
    }

    /// The number of pages, and the items of this one.
    pub fn cut<T>(self, all: Vec<T>) -> (u32, Vec<T>) {
        let size = self.size as usize;
        let total = u32::try_from(all.len().div_ceil(size)).unwrap_or(u32::MAX);
        let before = (self.number as usize - 1).saturating_mul(size);
        (total, all.into_iter().skip(before).take(size).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn query(text: &str) -> Query {
        Query(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// R20: six fields, pages of the sizes of the standard, nothing lost between them.
    #[test]
    fn a_collection_goes_in_pages() {
        let all: Vec<u32> = (0..25).collect();
        let mut seen = Vec::new();
        for number in 1..=3 {
            let asked = query(&format!("pageSize=10&pageNumber={number}")).page().unwrap();
            let page = asked.of(all.clone(), |item| json!(item));
            assert_eq!(page["pageNumber"], json!(number));
            assert_eq!(page["hasPreviousPage"], json!(number > 1));
            assert_eq!(page["hasNextPage"], json!(number < 3));
            assert_eq!(page["totalPages"], json!(3));
            seen.extend(page["items"].as_array().unwrap().clone());
        }
        assert_eq!(seen.len(), 25);
        let past = query("pageNumber=4000000000&pageSize=250")
            .page()
            .unwrap()
            .of(all, |item| json!(item));
        assert_eq!((&past["items"], &past["hasNextPage"]), (&json!([]), &json!(false)));
    }

    /// R20, R21: another size, page 0 and no number are refused.
    #[test]
    fn another_page_is_refused() {
        for text in [
            "pageSize=11",
            "pageSize=x",
            "pageNumber=0",
            "pageNumber=-1",
            "pageNumber=1.5",
        ] {
            assert!(query(text).page().is_err(), "{text}");
        }
    }

    #[test]
    fn an_order_may_be_a_list_or_repeated() {
        let orders = ["name", "componentId"];
        assert_eq!(query("").order(&orders).unwrap(), ("name", false));
        for text in ["sort=-componentId,name", "sort=-componentId&sort=name"] {
            assert_eq!(query(text).order(&orders).unwrap(), ("componentId", true), "{text}");
        }
        assert!(query("sort=name,colour").order(&orders).is_err());
    }

    #[test]
    fn expand_may_be_a_list_or_repeated() {
        for text in [
            "expand=person",
            "expand=offering,person",
            "expand=offering&expand=person",
        ] {
            assert!(query(text).expands("person"), "{text}");
        }
        assert!(!query("expand=offering").expands("person"));
    }
}
