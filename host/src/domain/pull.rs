//! A round of asking a student system for flow 1 (`§3.1.2`): which lists in which order, how far it is, and what it came to.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::calendar;

/// A round between two whole ones looks so many days ahead.
const DAYS_AHEAD: i64 = 14;
/// A list of more pages is no list: the other end goes round in circles.
const MOST_PAGES: u32 = 10_000;
/// So many pages in a row without news are no list either. Some may be: objects that come while the list is read move what
/// was named to later pages, and a student system that selects after it has cut its pages sends empty ones.
const MOST_WITHOUT_NEWS: u32 = 20;

/// What a round goes through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The planbare toetsen of its days.
    Offerings,
    /// The enrolments of each planbare toets that is known here, by its id.
    Associations {
        /// The last one that is done.
        after: String,
        /// The one under way.
        of: Option<String>,
    },
    /// The toetsgroepen (R26).
    Groups,
    /// Who belongs to each group that is known here, by its id.
    Members {
        /// The last one that is done.
        after: String,
        /// The one under way.
        of: Option<String>,
    },
    /// The persons that are known here, by id: what changed of them stands in no list.
    Persons {
        /// The last one that is done.
        after: String,
    },
}

/// What a round has come to so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Objects that came.
    pub came: i64,
    /// Of these, new or changed ones.
    pub changed: i64,
    /// Of these, ones that could not be read or taken.
    pub refused: i64,
    /// Objects that are known here and no longer listed: asked for by their id.
    pub unlisted: i64,
}

/// A round under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// The connector revision that made the cursor.
    pub revision: i64,
    /// A whole round; otherwise one of the coming days only.
    pub whole: bool,
    /// When it began.
    pub began: Timestamp,
    /// Its first day.
    pub since: Date,
    /// Its last day; absent: no end.
    pub until: Option<Date>,
    /// Where it is.
    pub stage: Stage,
    /// The page of the list it goes on with.
    pub cursor: Option<String>,
    /// Pages of this list so far.
    pub pages: u32,
    /// Of these, the last ones that named nothing new.
    #[serde(default)]
    pub without_news: u32,
    /// What this list has named, by digest.
    pub listed: Listed,
    /// What it has come to.
    pub tally: Tally,
}

/// What the last round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// A whole round.
    pub whole: bool,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// What came of it.
    pub tally: Tally,
}

/// The other end goes round in circles: the list does not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Endless {
    /// Page after page names nothing new, and says that there is more.
    #[error(
        "{MOST_WITHOUT_NEWS} pages of the list in a row name nothing that earlier pages did not, and say that there is more"
    )]
    NothingNew,
    /// Far too many pages.
    #[error("the list does not end after {MOST_PAGES} pages")]
    TooLong,
}

impl Walk {
    /// A round that begins. A whole one asks for everything from `from`; another for what overlaps the coming days.
    #[must_use]
    pub fn beginning(revision: i64, now: Timestamp, whole: bool, from: Date) -> Walk {
        let today = calendar::day(now);
        let (since, until) = match whole {
            true => (from, None),
            false => (today, Some(today.saturating_add(DAYS_AHEAD.days()))),
        };
        Walk {
            revision,
            whole,
            began: now,
            since,
            until,
            stage: Stage::Offerings,
            cursor: None,
            pages: 0,
            without_news: 0,
            listed: Listed::default(),
            tally: Tally::default(),
        }
    }

    /// Goes on to the next page of the same list, which named these.
    ///
    /// # Errors
    /// [`Endless`]; then nothing moves.
    pub fn page<'a>(
        &self,
        named: impl Iterator<Item = &'a str>,
        has_unreadable: bool,
        next: Option<String>,
    ) -> Result<Walk, Endless> {
        let mut walk = self.clone();
        let before = walk.listed.0.len();
        walk.listed.0.extend(named.map(digest));
        walk.pages += 1;
        walk.without_news = match has_unreadable || walk.listed.0.len() > before {
            true => 0,
            false => walk.without_news + 1,
        };
        if next.is_some() && walk.without_news >= MOST_WITHOUT_NEWS {
            return Err(Endless::NothingNew);
        }
        if next.is_some() && walk.pages >= MOST_PAGES {
            return Err(Endless::TooLong);
        }
        walk.cursor = next;
        Ok(walk)
    }

    /// Goes on with another list from its beginning.
    #[must_use]
    pub fn at(&self, stage: Stage) -> Walk {
        Walk {
            stage,
            cursor: None,
            pages: 0,
            without_news: 0,
            listed: Listed::default(),
            ..self.clone()
        }
    }

    /// What follows on the list that has ended; `None` after the last.
    #[must_use]
    pub fn after_list(&self) -> Option<Walk> {
        let first = || (String::new(), None);
        let next = match &self.stage {
            Stage::Offerings => {
                let (after, of) = first();
                Stage::Associations { after, of }
            }
            Stage::Associations { of: Some(done), .. } => Stage::Associations {
                after: done.clone(),
                of: None,
            },
            Stage::Associations { of: None, .. } => Stage::Groups,
            Stage::Groups => {
                let (after, of) = first();
                Stage::Members { after, of }
            }
            Stage::Members { of: Some(done), .. } => Stage::Members {
                after: done.clone(),
                of: None,
            },
            Stage::Members { of: None, .. } if self.whole => Stage::Persons { after: String::new() },
            Stage::Members { of: None, .. } | Stage::Persons { .. } => return None,
        };
        Some(self.at(next))
    }

    /// What it came to, when it ends now.
    #[must_use]
    pub fn ended(&self, now: Timestamp) -> Ended {
        Ended {
            whole: self.whole,
            began: self.began,
            ended: now,
            tally: self.tally,
        }
    }
}

/// Which ids a list has named, by digest: a list may be long. Two ids with one digest, or digests that another build makes,
/// cost at most a question by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed(BTreeSet<u64>);

impl Listed {
    /// Whether it was named.
    #[must_use]
    pub fn names(&self, id: &str) -> bool {
        self.0.contains(&digest(id))
    }
}

fn digest(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(whole: bool) -> Walk {
        let now = "2026-09-01T09:00:00Z".parse().unwrap();
        Walk::beginning(1, now, whole, "2026-08-01".parse().unwrap())
    }

    /// §3.1.2: planbare toetsen, then the enrolments of each, then the groups; the persons once a night.
    #[test]
    fn a_round_goes_through_all_lists_in_order_and_ends() {
        let stages = |whole: bool| {
            let (mut stages, mut at) = (Vec::new(), Some(walk(whole)));
            while let Some(walk) = at {
                at = walk.after_list();
                stages.push(walk.stage);
            }
            stages
        };
        let between = |after: &str| Stage::Associations {
            after: after.to_owned(),
            of: None,
        };
        assert_eq!(stages(true)[..3], [Stage::Offerings, between(""), Stage::Groups]);
        assert!(matches!(stages(true).last(), Some(Stage::Persons { .. })));
        assert!(matches!(stages(false).last(), Some(Stage::Members { .. })));
        let one = walk(true).at(Stage::Associations {
            after: "a".to_owned(),
            of: Some("b".to_owned()),
        });
        assert_eq!(one.after_list().unwrap().stage, between("b"));
    }

    /// R20: between two whole rounds only what overlaps the coming days is asked for.
    #[test]
    fn a_round_between_asks_for_the_coming_days_only() {
        assert_eq!(
            (walk(true).since.to_string(), walk(true).until),
            ("2026-08-01".to_owned(), None)
        );
        let between = walk(false);
        assert_eq!(between.since.to_string(), "2026-09-01");
        assert_eq!(between.until.map(|day| day.to_string()).as_deref(), Some("2026-09-15"));
    }

    #[test]
    fn a_list_that_goes_round_in_circles_ends() {
        let more = || Some("more".to_owned());
        let first = walk(true).page(["a", "b"].into_iter(), false, more()).unwrap();
        assert!(first.listed.names("b") && !first.listed.names("c"));
        let mut at = first.clone();
        for _ in 1..MOST_WITHOUT_NEWS {
            at = at.page(["b"].into_iter(), false, more()).unwrap();
        }
        assert_eq!(at.page(["b"].into_iter(), false, more()), Err(Endless::NothingNew));
        assert_eq!(at.page([].into_iter(), false, more()), Err(Endless::NothingNew));
        assert!(
            at.page(["b"].into_iter(), false, None).is_ok(),
            "the last page may be empty"
        );
        assert!(
            at.page(["b"].into_iter(), true, more()).is_ok(),
            "what can't be read may be new"
        );
        let news = at.page(["c"].into_iter(), false, more()).unwrap();
        assert!(
            news.page([].into_iter(), false, more()).is_ok(),
            "only pages in a row count"
        );
        assert_eq!(at.at(Stage::Groups).without_news, 0, "another list");
        let long = Walk {
            pages: MOST_PAGES - 1,
            ..first
        };
        assert_eq!(long.page(["c"].into_iter(), false, more()), Err(Endless::TooLong));
    }
}
