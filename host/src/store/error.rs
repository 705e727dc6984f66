//! What can go wrong in the store, and whether trying again is of use.

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row that breaks the domain: the database holds something this program never writes.
    #[error("inconsistent row: column `{column}`: {why}")]
    Inconsistent {
        /// The column.
        column: String,
        /// What is wrong with it.
        why: String,
    },
    /// Migrations could not be applied.
    #[error("could not migrate the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

impl StoreError {
    /// A word in a column that the domain doesn't know.
    #[must_use]
    pub fn unknown_word(column: &str, word: &str) -> Self {
        StoreError::Inconsistent {
            column: column.to_owned(),
            why: format!("unknown word `{word}`"),
        }
    }

    /// Whether a row with this key exists already.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, StoreError::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}
