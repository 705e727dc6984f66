//! Whether the database takes what is written, which reading alone does not tell: a disk can be full, a file taken away,
//! a server a copy that only reads.

use super::{Database, StoreError};

impl Database {
    /// Commits a transaction that changes nothing and yet is written.
    ///
    /// # Errors
    /// What the database says, or that its file is gone.
    pub async fn commits(&self) -> Result<(), StoreError> {
        let write = match self {
            Database::Sqlite { write, .. } => {
                // A file that was taken away goes on being written, until the process ends and it is lost.
                let options = write.connect_options();
                std::fs::metadata(options.get_filename()).map_err(sqlx::Error::Io)?;
                "PRAGMA user_version = 0"
            }
            Database::Postgres { .. } => "SELECT txid_current()",
        };
        let mut transaction = self.begin().await?;
        transaction.execute(write, vec![]).await?;
        transaction.commit().await
    }
}

#[cfg(test)]
mod tests {
    use crate::store::open::{self, Purpose};
    use crate::store::testing::on_each_database;

    #[tokio::test]
    async fn a_database_that_takes_writes_says_so() {
        on_each_database(|bench| async move { bench.core.db.commits().await.unwrap() }).await;
    }

    #[tokio::test]
    async fn a_database_file_that_was_taken_away_takes_no_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("oke.db");
        let db = open::open(&format!("sqlite:{}", path.display()), Purpose::Command)
            .await
            .unwrap();
        open::migrate(&db).await.unwrap();
        db.commits().await.unwrap();
        std::fs::remove_file(&path).unwrap();
        let said = db.commits().await.unwrap_err().to_string();
        assert!(said.contains("No such file"), "{said}");
        assert!(db.tenants().await.is_ok(), "reading does not tell");
    }
}
