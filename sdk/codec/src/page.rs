//! Collections in pages (R20, table 5.0.C).

use serde_json::{Value, json};

use crate::{
    problem::Problems,
    read::{
        self,
        field::{Extent, Fields, flag, whole},
    },
};

/// One page of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Items per page.
    pub page_size: u32,
    /// From 1.
    pub page_number: u32,
    /// Whether there is an earlier page.
    pub has_previous_page: bool,
    /// Whether there is a next page.
    pub has_next_page: bool,
    /// Number of pages, where it is told.
    pub total_pages: Option<u32>,
    /// The items of this page.
    pub items: Vec<T>,
}

impl<T> Page<Result<T, Problems>> {
    /// All items, when all of them could be read.
    ///
    /// # Errors
    /// All problems of all items.
    pub fn all_or_nothing(self) -> Result<Page<T>, Problems> {
        let mut problems = Problems::default();
        let mut items = Vec::with_capacity(self.items.len());
        for item in self.items {
            match item {
                Ok(item) => items.push(item),
                Err(found) => problems.0.extend(found.0),
            }
        }
        problems.or(Page {
            page_size: self.page_size,
            page_number: self.page_number,
            has_previous_page: self.has_previous_page,
            has_next_page: self.has_next_page,
            total_pages: self.total_pages,
            items,
        })
    }
}

/// Reads a page, each item on its own, so that a broken one costs only itself; problems point into the page. A bare
/// list is a page that is the whole collection (a published example has it so).
///
/// # Errors
/// The page itself is broken: no `items`, or neither `hasNextPage` nor `totalPages` to tell whether there is more.
pub fn read_page<T>(
    page: &Value,
    item: impl Fn(&Value) -> Result<T, Problems>,
) -> Result<Page<Result<T, Problems>>, Problems> {
    let read_items = |items: &[Value], prefix: &str| {
        let read = |(nth, value)| item(value).map_err(|problems: Problems| problems.below(&format!("{prefix}/{nth}")));
        items.iter().enumerate().map(read).collect::<Vec<_>>()
    };
    if let Value::Array(items) = page {
        return Ok(Page {
            page_size: u32::try_from(items.len()).unwrap_or(u32::MAX),
            page_number: 1,
            has_previous_page: false,
            has_next_page: false,
            total_pages: Some(1),
            items: read_items(items, ""),
        });
    }
    read::whole(|spot| {
        let fields = Fields::of(page, spot, Extent::Whole)?;
        let (mut size, mut number, mut total) = (None, 1, None);
        let (mut previous, mut next) = (None, None);
        fields.optional(&["pageSize"], whole, &mut size);
        fields.defaulted(&["pageNumber"], whole, 1, &mut number);
        fields.optional(&["totalPages"], whole, &mut total);
        fields.optional(&["hasPreviousPage"], flag, &mut previous);
        fields.optional(&["hasNextPage"], flag, &mut next);
        let Some((key, Value::Array(items))) = fields.find(&["items"]) else {
            fields
                .spot
                .below("items")
                .problem("is missing or no list", "give the items of the page in a list");
            return None;
        };
        let has_next_page = next.or_else(|| total.map(|total| number < total)).unwrap_or_else(|| {
            fields
                .spot
                .below("hasNextPage")
                .problem("is missing", "say whether there is a next page");
            false
        });
        Some(Page {
            page_size: size.unwrap_or_else(|| u32::try_from(items.len()).unwrap_or(u32::MAX)),
            page_number: number,
            has_previous_page: previous.unwrap_or(number > 1),
            has_next_page,
            total_pages: total,
            items: read_items(items, &format!("/{key}")),
        })
    })
}

/// Writes a page.
pub fn write_page<T>(page: &Page<T>, item: impl Fn(&T) -> Value) -> Value {
    let mut written = json!({
        "pageSize": page.page_size,
        "pageNumber": page.page_number,
        "hasPreviousPage": page.has_previous_page,
        "hasNextPage": page.has_next_page,
    });
    // Moved, where the macro would copy every item.
    written["items"] = Value::Array(page.items.iter().map(item).collect());
    if let Some(total) = page.total_pages {
        written["totalPages"] = total.into();
    }
    written
}
