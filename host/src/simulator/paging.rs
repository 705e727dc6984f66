//! Collections in pages (R20, table 5.0.C).

use axum::http::Uri;
use serde_json::{Value, json};

use super::problem::Problem;

/// The sizes that the published specification allows.
const SIZES: [usize; 5] = [10, 20, 50, 100, 250];

/// The query parameters of a request, in order, decoded.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(uri: &Uri) -> Self {
        let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter that knows some values only.
    pub(super) fn one_of<'query>(&'query self, name: &str, allowed: &[&str]) -> Result<Option<&'query str>, Problem> {
        match self.get(name) {
            Some(value) if !allowed.contains(&value) => Err(Problem::bad_request(format!(
                "query parameter {name}={value} is not one of: {}",
                allowed.join(", ")
            ))),
            found => Ok(found),
        }
    }

    /// Whether `expand` asks for this attribute; several are separated by commas or given again.
    pub(super) fn expands(&self, attribute: &str) -> bool {
        self.0
            .iter()
            .any(|(name, value)| name == "expand" && value.split(',').any(|asked| asked == attribute))
    }

    fn number(&self, name: &str, otherwise: usize) -> Result<usize, Problem> {
        match self.get(name) {
            None => Ok(otherwise),
            Some(text) => text
                .parse()
                .map_err(|_| Problem::bad_request(format!("query parameter {name}={text} is not a whole number"))),
        }
    }

    /// Cuts the page that was asked for out of a list.
    pub(super) fn page(&self, items: Vec<Value>) -> Result<Value, Problem> {
        let size = self.number("pageSize", 10)?;
        let number = self.number("pageNumber", 1)?;
        if !SIZES.contains(&size) {
            return Err(Problem::bad_request(format!(
                "query parameter pageSize={size} is not one of 10, 20, 50, 100, 250"
            )));
        }
        if number == 0 {
            return Err(Problem::bad_request("query parameter pageNumber counts from 1"));
        }
        let pages = items.len().div_ceil(size);
        let from = (number - 1).saturating_mul(size);
        let page: Vec<Value> = items.into_iter().skip(from).take(size).collect();
        Ok(json!({
            "pageSize": size,
            "pageNumber": number,
            "hasPreviousPage": number > 1 && pages > 0,
            "hasNextPage": number < pages,
            "totalPages": pages,
            "items": page,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str, items: usize) -> Result<Value, Problem> {
        let uri: Uri = format!("/offerings?{query}").parse().unwrap();
        Query::of(&uri).page((0..items).map(|item| json!(item)).collect())
    }

    /// R20: a collection says where its page lies.
    #[test]
    fn the_last_page_holds_the_rest_and_says_that_nothing_follows() {
        let last = page("pageSize=10&pageNumber=3", 24).unwrap();
        assert_eq!(last["items"], json!([20, 21, 22, 23]));
        assert_eq!(last["hasNextPage"], json!(false));
        assert_eq!(last["hasPreviousPage"], json!(true));
        assert_eq!(last["totalPages"], json!(3));
    }

    #[test]
    fn a_page_size_outside_the_list_is_refused() {
        assert!(page("pageSize=11", 1).is_err());
        assert!(page("pageSize=ten", 1).is_err());
        assert!(page("pageNumber=0", 1).is_err());
    }
}
