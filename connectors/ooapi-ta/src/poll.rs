//! A poll: a walk through the sittings, page by page, that can stop anywhere and go on from its cursor.
//!
//! OKE has no list of changes, so that every round reads the present state of all sittings asked for (R25); the host
//! compares. The cursor is `PAGE SITTING`; between rounds there is none. Sittings are walked in the order of their ids,
//! so that the walk goes on well when the list has changed between two polls.

use oke_codec::{Dialect, read_association, read_page};
use oke_sdk::{
    Context, Delivery, DeliveryPage, Error, Level,
    ooapi::{self, unreadable},
};
use serde_json::Value;

use crate::{mapping, plan, settings::Settings};

/// Budget that is reckoned for one request, in milliseconds. There is no clock here, so that this is an estimate; what
/// a poll has read is handed over before the budget can run out.
const REQUEST_MS: u32 = 1_000;

/// Where a walk is: a page, from 1, of a sitting.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place<'a> {
    page: u32,
    sitting: &'a str,
}

/// One page of one sitting.
struct Read {
    deliveries: Vec<Delivery>,
    has_next: bool,
}

pub(crate) struct Poll<'a> {
    ctx: &'a Context,
    dialect: Dialect,
    settings: Settings,
}

impl<'a> Poll<'a> {
    pub(crate) fn new(ctx: &'a Context, settings: Settings) -> Result<Self, Error> {
        Ok(Self {
            ctx,
            dialect: ooapi::dialect(ctx)?,
            settings,
        })
    }

    pub(crate) fn run(&self, cursor: Option<&str>, sittings: &[String]) -> Result<DeliveryPage, Error> {
        let mut order: Vec<&str> = sittings.iter().map(String::as_str).collect();
        order.sort_unstable();
        order.dedup();
        let requests = self
            .settings
            .requests_per_poll
            .min(self.ctx.budget_ms() / REQUEST_MS)
            .max(1);
        let mut place = self.start(cursor, &order);
        let mut deliveries = Vec::new();
        for made in 0..requests {
            let Some(here) = &place else { break };
            let has_next = match self.read(here) {
                Ok(read) => {
                    deliveries.extend(read.deliveries);
                    read.has_next
                }
                // One sitting that is refused must not keep back the results of all others.
                Err(Error::Rejected { code, .. }) if order.len() > 1 => {
                    // Not the vendor's words: they may hold anything.
                    let fields = [("sitting", here.sitting), ("code", code.as_str())];
                    self.ctx.log(
                        Level::Error,
                        "the results of a sitting can't be read; went on to the next",
                        &fields,
                    );
                    false
                }
                // What was read is handed over; the trouble is met again, first thing, by the next poll.
                Err(_) if made > 0 => {
                    return Ok(DeliveryPage {
                        deliveries,
                        cursor: place.as_ref().map(Place::to_cursor),
                        more: false,
                    });
                }
                Err(error) => return Err(error),
            };
            place = next(here, has_next, &order);
        }
        Ok(DeliveryPage {
            deliveries,
            cursor: place.as_ref().map(Place::to_cursor),
            more: place.is_some(),
        })
    }

    /// Where to begin: at the cursor's sitting, or at the one after it when that is no longer asked for.
    fn start<'s>(&self, cursor: Option<&str>, order: &[&'s str]) -> Option<Place<'s>> {
        let first = || order.first().map(|sitting| Place { page: 1, sitting });
        let Some(cursor) = cursor else { return first() };
        let Some(wanted) = Place::from_cursor(cursor) else {
            // Deliveries are full state, so that a round from the start loses nothing.
            self.ctx
                .log(Level::Warn, "the cursor is of another version; began a new round", &[]);
            return first();
        };
        let sitting = *order.iter().find(|sitting| **sitting >= wanted.sitting)?;
        let page = if sitting == wanted.sitting { wanted.page } else { 1 };
        Some(Place { page, sitting })
    }

    /// A sitting that the platform does not know (yet) has no results.
    fn read(&self, place: &Place<'_>) -> Result<Read, Error> {
        let request = plan::associations_page(self.ctx, place.sitting, place.page)?;
        let Some(answer) = request.query("role", "student").send()?.found()? else {
            return Ok(Read {
                deliveries: Vec::new(),
                has_next: false,
            });
        };
        let page: Value = answer.json()?;
        let page = read_page(&page, |item| read_association(item, &self.dialect)).map_err(unreadable)?;
        let mut deliveries = Vec::new();
        for item in page.items {
            match item {
                Ok(association) => {
                    deliveries.extend(mapping::delivery(association, &self.dialect, self.settings.normed));
                }
                // It costs only itself; the host misses its result and reads it back, which tells the reason.
                Err(problems) => {
                    let why = unreadable(problems).to_string();
                    let fields = [("sitting", place.sitting), ("why", why.as_str())];
                    self.ctx
                        .log(Level::Error, "a deelname can't be read; went on to the next", &fields);
                }
            }
        }
        Ok(Read {
            deliveries,
            has_next: page.has_next_page,
        })
    }
}

fn next<'s>(here: &Place<'s>, has_next: bool, order: &[&'s str]) -> Option<Place<'s>> {
    if has_next {
        return Some(Place {
            page: here.page + 1,
            sitting: here.sitting,
        });
    }
    let sitting = *order.iter().find(|sitting| **sitting > here.sitting)?;
    Some(Place { page: 1, sitting })
}

impl<'a> Place<'a> {
    fn to_cursor(&self) -> String {
        format!("{} {}", self.page, self.sitting)
    }

    fn from_cursor(cursor: &'a str) -> Option<Self> {
        let (page, sitting) = cursor.split_once(' ')?;
        let page = page.parse().ok().filter(|page| *page > 0)?;
        Some(Self { page, sitting })
    }
}
