//! Lists that grow are answered in pages: `?pageSize=` says how much, and while there is more the `Link` header names
//! the next page (`rel="next"`, RFC 8288). What stands behind `after=` in it is opaque to callers. It names the last
//! row that was shown, so that rows that come meanwhile neither repeat others nor hide them; it holds times and ids only.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, RequestPartsExt as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::problem::Problem;

/// Items of a page when the caller does not say.
pub const USUAL: u32 = 100;
/// Most items of a page.
pub const MOST: u32 = 1_000;

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Most items of the answer; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    pub page_size: Option<u32>,
    /// Where the page before ended, as the `Link` header of its answer says.
    pub after: Option<String>,
}

/// A page that was asked for, in order.
#[derive(Debug)]
pub struct Paging {
    size: u32,
    after: Option<String>,
    here: Uri,
}

impl Paging {
    /// Of a request at `here`.
    ///
    /// # Errors
    /// 400: a size that is none.
    pub fn of(asked: Asked, here: Uri) -> Result<Paging, Problem> {
        let size = asked.page_size.unwrap_or(USUAL);
        if size == 0 || size > MOST {
            let said = format!("pageSize is {size}; ask for 1 to {MOST} items, and follow the Link header for more");
            return Err(Problem::bad("page-size", said));
        }
        Ok(Paging {
            size,
            after: asked.after,
            here,
        })
    }

    /// How many rows to read: one more than is shown, to know whether there is a next page.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.size + 1
    }

    /// Where the page before ended; `None` at the beginning.
    ///
    /// # Errors
    /// 400: no mark of ours.
    pub fn after<M: DeserializeOwned>(&self) -> Result<Option<M>, Problem> {
        let Some(after) = &self.after else { return Ok(None) };
        read_mark(after).map(Some).ok_or_else(|| {
            let said = "`after` is not from this list; take the address in the Link header of the page before, or leave \
                        `after` out to begin";
            Problem::bad("after", said)
        })
    }

    /// The page made of the rows that were read, and where it ended.
    ///
    /// # Errors
    /// Never for marks of times and ids; a mark that can't be written is our own fault.
    pub fn page<R, M: Serialize, T>(
        &self,
        mut rows: Vec<R>,
        mark: impl Fn(&R) -> M,
        show: impl Fn(R) -> T,
    ) -> Result<Page<T>, Problem> {
        let size = self.size as usize;
        let there_is_more = rows.len() > size;
        rows.truncate(size);
        let next = match rows.last() {
            Some(last) if there_is_more => Some(self.address_after(&mark(last))?),
            _ => None,
        };
        Ok(Page {
            items: rows.into_iter().map(show).collect(),
            next,
        })
    }

    /// The same list with the same filters, after a mark.
    fn address_after(&self, mark: &impl Serialize) -> Result<String, Problem> {
        let mark = write_mark(mark).map_err(|error| Problem::ours(&error))?;
        let mut address = format!("{}?", self.here.path());
        let kept = self.here.query().unwrap_or_default().split('&');
        for part in kept.filter(|part| !part.is_empty() && !part.starts_with("after=")) {
            address.push_str(part);
            address.push('&');
        }
        Ok(format!("{address}after={mark}"))
    }
}

/// A mark as it stands in addresses, opaque to whoever follows them.
///
/// # Errors
/// Never for marks of times and ids.
pub fn write_mark(mark: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(mark)?))
}

/// Reads [`write_mark`] back; `None` for what is no mark of that list.
#[must_use]
pub fn read_mark<M: DeserializeOwned>(text: &str) -> Option<M> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let asked: Result<Query<Asked>, QueryRejection> = parts.extract().await;
        Paging::of(asked?.0, parts.uri.clone())
    }
}

/// A page of a list: an array, with the address of the next page in the `Link` header.
#[derive(Debug)]
pub struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.items).into_response();
        let link = self.next.map(|next| format!("<{next}>; rel=\"next\""));
        // An address that came in over HTTP can go out in a header.
        if let Some(link) = link.and_then(|link| HeaderValue::try_from(link).ok()) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::mark::Mark;

    fn asked(query: &str) -> Paging {
        let here: Uri = format!("/api/v1/jobs?{query}").parse().unwrap();
        let Query(asked) = Query::try_from_uri(&"/".parse().unwrap()).unwrap();
        Paging::of(asked, here).unwrap()
    }

    #[test]
    fn the_next_page_keeps_the_filters_and_replaces_the_mark() {
        let address = asked("peer=toa&after=old&state=dead&pageSize=2")
            .address_after(&7)
            .unwrap();
        assert_eq!(address, "/api/v1/jobs?peer=toa&state=dead&pageSize=2&after=Nw");
        assert_eq!(asked("").address_after(&7).unwrap(), "/api/v1/jobs?after=Nw");
    }

    #[test]
    fn a_full_page_without_a_row_behind_it_is_the_last() {
        let paging = Paging { size: 2, ..asked("") };
        assert_eq!(paging.limit(), 3);
        let last = paging.page(vec![1, 2], |row| *row, |row| row).unwrap();
        assert_eq!((last.items, last.next), (vec![1, 2], None));
        let more = paging.page(vec![1, 2, 3], |row| *row, |row| row).unwrap();
        assert_eq!(more.items, [1, 2]);
        assert_eq!(more.next.as_deref(), Some("/api/v1/jobs?after=Mg"));
    }

    #[test]
    fn sizes_and_marks_that_are_none_are_refused() {
        for size in [0, MOST + 1] {
            let asked = Asked {
                page_size: Some(size),
                after: None,
            };
            assert!(Paging::of(asked, Uri::from_static("/")).is_err(), "{size}");
        }
        let mut paging = asked("");
        assert_eq!(paging.after::<Mark>().unwrap(), None);
        paging.after = Some("Nw".to_owned());
        assert!(paging.after::<Mark>().is_err(), "of another list");
        paging.after = Some("%%".to_owned());
        assert!(paging.after::<Mark>().is_err());
    }
}
