//! What PostgreSQL knows of how full its tables are. It looks by itself about once a minute; a school that begins fills
//! them faster, and to a plan that was made for an empty table any index is as good as another.

use super::error::StoreError;
use super::sql::Database;
use crate::values;

impl Database {
    /// Has the server look again at the tables that have changed much since it last did; returns which. Nothing on SQLite.
    ///
    /// # Errors
    /// What the database says.
    pub async fn look_at_growth(&self) -> Result<Vec<String>, StoreError> {
        if !self.is_shared() {
            return Ok(Vec::new());
        }
        // Our own, of this schema: only a table's owner has it looked at.
        let grown = "SELECT stat.relname::text AS name, format('%I.%I', stat.schemaname, stat.relname) AS quoted
            FROM pg_stat_user_tables stat JOIN pg_class class ON class.oid = stat.relid
            WHERE stat.schemaname = current_schema() AND pg_has_role(class.relowner, 'USAGE')
              AND stat.n_mod_since_analyze > $1 AND stat.n_mod_since_analyze > stat.n_live_tup / 2
            ORDER BY stat.relname";
        let mut looked_at = Vec::new();
        for row in self.rows(grown, values![LEAST_CHANGES]).await? {
            // Somebody else may be looking at it already.
            self.rows(format!("ANALYZE (SKIP_LOCKED) {}", row.text("quoted")?), values![])
                .await?;
            looked_at.push(row.text("name")?);
        }
        Ok(looked_at)
    }
}

/// Fewer changed rows are not worth a look.
const LEAST_CHANGES: i64 = 500;

#[cfg(test)]
mod tests {
    use crate::store::testing::on_each_database;
    use crate::values;

    /// What a plan is made by follows what is there, long before the server would look by itself.
    #[tokio::test]
    async fn a_table_that_fills_up_is_looked_at_and_then_left_alone() {
        on_each_database(|bench| async move {
            let db = &bench.core.db;
            if !db.is_shared() {
                assert!(db.look_at_growth().await.unwrap().is_empty());
                return;
            }
            let mut tx = db.begin().await.unwrap();
            let fill = "INSERT INTO unit (tenant, id, parent, name, version)
                SELECT 'roc', 'unit-' || number, NULL, 'een afdeling', 1 FROM generate_series(1, 600) AS number";
            tx.execute(fill, values![]).await.unwrap();
            tx.execute("SELECT pg_stat_force_next_flush()", values![]).await.unwrap();
            tx.commit().await.unwrap();
            let looked_at = db.look_at_growth().await.unwrap();
            assert!(looked_at.contains(&"unit".to_owned()), "{looked_at:?}");
            let known = "SELECT reltuples::bigint AS rows FROM pg_class WHERE relname = 'unit' AND relnamespace = current_schema()::regnamespace";
            let known = db.row(known, values![]).await.unwrap().unwrap();
            assert!(known.int("rows").unwrap() >= 600);
            let again = db.look_at_growth().await.unwrap();
            assert!(!again.contains(&"unit".to_owned()), "{again:?}");
        })
        .await;
    }
}
