//! Reading long lists in pages: where a page of rows that are ordered by time ended. A mark names a row and not a count,
//! so that rows that come or go meanwhile neither repeat others nor hide them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a page ended: the next one begins after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Time of the last row.
    pub moment: Timestamp,
    /// Its id, since more rows may have that time.
    pub id: String,
}

impl Mark {
    /// Before every row.
    #[must_use]
    pub fn start() -> Self {
        Mark {
            moment: Timestamp::MIN,
            id: String::new(),
        }
    }

    /// After every row, for lists that begin with the newest.
    #[must_use]
    pub fn end() -> Self {
        Mark {
            moment: Timestamp::MAX,
            id: String::new(),
        }
    }
}
