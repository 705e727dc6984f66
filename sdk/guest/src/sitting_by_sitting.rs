//! A poll of a vendor without a list of changes: a walk through the sittings, page by page, that can stop anywhere and go on
//! from its cursor.
//!
//! Every round reads the present state of all sittings asked for (R25); the host compares. The cursor is `PAGE SITTING`;
//! between rounds there is none. Sittings are walked in the order of their ids, so that the walk goes on well when the list
//! has changed between two polls.

use crate::{Context, Delivery, DeliveryPage, Error, Level};

/// Budget that is reckoned for one request, in milliseconds. There is no clock here, so that this is an estimate; what
/// a poll has read is handed over before the budget can run out.
const REQUEST_MS: u32 = 1_000;

/// One page of one sitting. A sitting that the vendor does not know (yet) has the default one, which is empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SittingPage {
    /// The results on it.
    pub deliveries: Vec<Delivery>,
    /// Whether the sitting has a page after it.
    pub has_next: bool,
}

/// Where a walk is: a page, from 1, of a sitting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place<'a> {
    page: u32,
    sitting: &'a str,
}

/// Polls with at most so many requests, and no more than one per second of budget. `read` makes one request: a page,
/// from 1, of a sitting.
///
/// A sitting that the vendor refuses does not keep back the others: it is logged, and reading it back gives the reason.
///
/// # Errors
/// What `read` met on the first request, or on the only sitting. Trouble later on ends the poll with what was read so far;
/// the next poll meets it first thing.
pub fn poll(
    ctx: &Context,
    requests: u32,
    (cursor, sittings): (Option<&str>, &[String]),
    mut read: impl FnMut(&str, u32) -> Result<SittingPage, Error>,
) -> Result<DeliveryPage, Error> {
    let mut order: Vec<&str> = sittings.iter().map(String::as_str).collect();
    order.sort_unstable();
    order.dedup();
    let mut place = start(ctx, cursor, &order);
    let mut deliveries = Vec::new();
    for made in 0..requests.min(ctx.budget_ms() / REQUEST_MS).max(1) {
        let Some(here) = place else { break };
        let has_next = match read(here.sitting, here.page) {
            Ok(page) => {
                deliveries.extend(page.deliveries);
                page.has_next
            }
            Err(Error::Rejected { code, .. }) if order.len() > 1 => {
                // Not the vendor's words: they may hold anything.
                let fields = [("sitting", here.sitting), ("code", code.as_str())];
                ctx.log(
                    Level::Error,
                    "the results of a sitting can't be read; went on to the next",
                    &fields,
                );
                false
            }
            Err(_) if made > 0 => {
                return Ok(DeliveryPage {
                    deliveries,
                    cursor: Some(here.to_cursor()),
                    more: false,
                });
            }
            Err(error) => return Err(error),
        };
        place = here.next(has_next, &order);
    }
    Ok(DeliveryPage {
        deliveries,
        cursor: place.map(|place| place.to_cursor()),
        more: place.is_some(),
    })
}

/// Where to begin: at the cursor's sitting, or at the one after it when that is no longer asked for.
fn start<'s>(ctx: &Context, cursor: Option<&str>, order: &[&'s str]) -> Option<Place<'s>> {
    let first = || order.first().map(|sitting| Place { page: 1, sitting });
    let Some(cursor) = cursor else { return first() };
    let Some(wanted) = Place::from_cursor(cursor) else {
        // Deliveries are full state, so that a round from the start loses nothing.
        ctx.log(Level::Warn, "the cursor is of another version; began a new round", &[]);
        return first();
    };
    let sitting = *order.iter().find(|sitting| **sitting >= wanted.sitting)?;
    let page = if sitting == wanted.sitting { wanted.page } else { 1 };
    Some(Place { page, sitting })
}

impl<'a> Place<'a> {
    fn next(self, has_next: bool, order: &[&'a str]) -> Option<Self> {
        if has_next {
            return Some(Place {
                page: self.page + 1,
                ..self
            });
        }
        let sitting = *order.iter().find(|sitting| **sitting > self.sitting)?;
        Some(Place { page: 1, sitting })
    }

    fn to_cursor(self) -> String {
        format!("{} {}", self.page, self.sitting)
    }

    fn from_cursor(cursor: &'a str) -> Option<Self> {
        let (page, sitting) = cursor.split_once(' ')?;
        let page = page.parse().ok().filter(|page| *page > 0)?;
        Some(Self { page, sitting })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::{SittingPage, poll};
    use crate::{DeliveryPage, Error, testing::FakeHost};

    /// Polls sittings `a`, `b` and `c`, of which `b` has two pages, and says which pages were asked for.
    fn walk(
        requests: u32,
        cursor: Option<&str>,
        trouble: impl Fn(&str) -> Option<Error>,
    ) -> (Vec<String>, Result<DeliveryPage, Error>) {
        let asked = RefCell::new(Vec::new());
        let sittings = ["c", "a", "b", "a"].map(str::to_owned);
        let page = poll(
            &FakeHost::new().context(),
            requests,
            (cursor, &sittings),
            |sitting, page| {
                asked.borrow_mut().push(format!("{sitting}{page}"));
                match trouble(sitting) {
                    Some(error) => Err(error),
                    None => Ok(SittingPage {
                        has_next: sitting == "b" && page == 1,
                        ..SittingPage::default()
                    }),
                }
            },
        );
        (asked.into_inner(), page)
    }

    #[test]
    fn a_round_goes_on_from_its_cursor_until_it_is_whole() {
        let (asked, first) = walk(2, None, |_| None);
        let first = first.unwrap();
        assert_eq!((asked, first.more), (vec!["a1".to_owned(), "b1".to_owned()], true));
        let (asked, second) = walk(9, first.cursor.as_deref(), |_| None);
        let second = second.unwrap();
        assert_eq!(asked, ["b2", "c1"]);
        assert_eq!((second.cursor, second.more), (None, false));
    }

    #[test]
    fn trouble_halfway_ends_the_poll_and_is_met_first_by_the_next() {
        let trouble = |sitting: &str| (sitting == "b").then_some(Error::Transient(None));
        let (_, first) = walk(9, None, trouble);
        let first = first.unwrap();
        assert_eq!((first.cursor.as_deref(), first.more), (Some("1 b"), false));
        assert_eq!(walk(9, Some("1 b"), trouble).1, Err(Error::Transient(None)));
    }

    #[test]
    fn a_sitting_that_is_refused_does_not_keep_back_the_others() {
        let (asked, _) = walk(9, None, |sitting| {
            (sitting == "a").then(|| Error::rejected("400", "no"))
        });
        assert_eq!(asked, ["a1", "b1", "b2", "c1"]);
    }

    /// The budget of the call counts too: 10 s is room for ten requests.
    #[test]
    fn a_poll_never_makes_more_requests_than_its_budget_has_seconds() {
        let sittings: Vec<String> = (10..99).map(|number| number.to_string()).collect();
        let mut made = 0;
        let page = poll(&FakeHost::new().context(), 500, (None, &sittings), |_, _| {
            made += 1;
            Ok(SittingPage::default())
        });
        assert_eq!((made, page.unwrap().cursor.as_deref()), (10, Some("1 20")));
    }
}
