//! The one dispatch over the two databases: values in, rows out. Every statement in this room is written once, with
//! `$n` placeholders and TEXT, BIGINT, DOUBLE and bytes only, and runs on both.

use sqlx::{AssertSqlSafe, Column, Executor, Row as _, postgres::PgRow, sqlite::SqliteRow};

use super::error::StoreError;

/// A value to bind; its type is kept when absent, since PostgreSQL wants to know.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// TEXT.
    Text(Option<String>),
    /// BIGINT; times are milliseconds since 1970 UTC, flags 0 or 1.
    Int(Option<i64>),
    /// DOUBLE PRECISION.
    Double(Option<f64>),
    /// BLOB or BYTEA.
    Bytes(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($from:ty => |$it:ident| $make:expr),+ $(,)?) => {
        $(impl From<$from> for Value { fn from($it: $from) -> Self { $make } })+
    };
}
value_from! {
    &str => |it| Value::Text(Some(it.to_owned())),
    String => |it| Value::Text(Some(it)),
    &String => |it| Value::Text(Some(it.clone())),
    Option<&str> => |it| Value::Text(it.map(str::to_owned)),
    Option<String> => |it| Value::Text(it),
    &Option<String> => |it| Value::Text(it.clone()),
    i64 => |it| Value::Int(Some(it)),
    u32 => |it| Value::Int(Some(i64::from(it))),
    Option<i64> => |it| Value::Int(it),
    Option<u32> => |it| Value::Int(it.map(i64::from)),
    bool => |it| Value::Int(Some(i64::from(it))),
    Option<bool> => |it| Value::Int(it.map(i64::from)),
    f64 => |it| Value::Double(Some(it)),
    Option<f64> => |it| Value::Double(it),
    Vec<u8> => |it| Value::Bytes(Some(it)),
    &[u8] => |it| Value::Bytes(Some(it.to_vec())),
    Option<Vec<u8>> => |it| Value::Bytes(it),
    jiff::Timestamp => |it| Value::Int(Some(it.as_millisecond())),
    Option<jiff::Timestamp> => |it| Value::Int(it.map(|at| at.as_millisecond())),
}

impl Value {
    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => text.as_deref(),
            _ => None,
        }
    }

    /// No value, of the same type.
    #[must_use]
    pub fn absent(&self) -> Self {
        match self {
            Value::Text(_) => Value::Text(None),
            Value::Int(_) => Value::Int(None),
            Value::Double(_) => Value::Double(None),
            Value::Bytes(_) => Value::Bytes(None),
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => *number,
            _ => None,
        }
    }
}

/// The most keys asked for in one statement.
const MOST_KEYS: usize = 128;

/// `($1, $2), ($3, $4)` for two rows of two columns.
#[must_use]
pub fn placeholders(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 7);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            if column > 0 {
                text.push_str(", ");
            }
            text.push('$');
            text.push_str(&(row * columns + column + 1).to_string());
        }
        text.push(')');
    }
    text
}

/// From so many values on a statement is bound without names on SQLite.
const MANY_VALUES: usize = 64;

/// The same statement with `?` for `$1`, `$2` and so on, where these stand in their order, each once, as in statements with
/// many rows. To SQLite `$1` is a name, and it looks each name up in a list of all of them: binding thousands took longer
/// than all else that was done with them.
fn without_names(sql: String, values: usize) -> String {
    let may_hold_text = sql.contains('\'');
    if values < MANY_VALUES || may_hold_text {
        return sql;
    }
    nameless(&sql).unwrap_or(sql)
}

fn nameless(sql: &str) -> Option<String> {
    let mut plain = String::with_capacity(sql.len());
    let mut parts = sql.split('$');
    plain.push_str(parts.next()?);
    for (part, number) in parts.zip(1_usize..) {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (name, rest) = part.split_at(digits);
        if name.parse() != Ok(number) {
            return None;
        }
        plain.push('?');
        plain.push_str(rest);
    }
    Some(plain)
}

/// A list of [`Value`]s to bind, in the order of the placeholders.
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::sql::Value::from($value)),*] };
}

/// An object among all schools: the school and the object's id.
pub type Key = (String, String);

/// These keys as values, each once.
pub(super) fn as_values(keys: &[Key]) -> Vec<Vec<Value>> {
    let keys: std::collections::BTreeSet<&Key> = keys.iter().collect();
    keys.into_iter()
        .map(|(tenant, id)| crate::values![tenant, id])
        .collect()
}

/// A row of either database, read by column name.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

macro_rules! getter {
    ($(#[$meta:meta])* $name:ident -> $type:ty) => {
        $(#[$meta])*
        ///
        /// # Errors
        /// [`StoreError::Inconsistent`] when the column is missing or of another type.
        pub fn $name(&self, column: &str) -> Result<$type, StoreError> {
            match self {
                Row::Sqlite(row) => row.try_get(column),
                Row::Postgres(row) => row.try_get(column),
            }
            .map_err(|source| StoreError::Inconsistent { column: column.to_owned(), why: source.to_string() })
        }
    };
}

impl Row {
    getter!(/// A TEXT column.
        text -> String);
    getter!(/// A TEXT column that may be NULL.
        text_opt -> Option<String>);
    getter!(/// A BIGINT column.
        int -> i64);
    getter!(/// A BIGINT column that may be NULL.
        int_opt -> Option<i64>);
    getter!(/// A DOUBLE column.
        double -> f64);
    getter!(/// A DOUBLE column that may be NULL.
        double_opt -> Option<f64>);
    getter!(/// A bytes column.
        bytes -> Vec<u8>);
    getter!(/// A bytes column that may be NULL.
        bytes_opt -> Option<Vec<u8>>);

    /// A flag kept as 0 or 1.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn flag(&self, column: &str) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    /// A count: never negative.
    ///
    /// # Errors
    /// As [`Row::int`], and when the number is no count.
    pub fn count(&self, column: &str) -> Result<u32, StoreError> {
        let number = self.int(column)?;
        u32::try_from(number).map_err(|_| StoreError::Inconsistent {
            column: column.to_owned(),
            why: format!("{number} is no count"),
        })
    }

    /// A moment kept in milliseconds.
    ///
    /// # Errors
    /// As [`Row::int`], and when the number is outside the calendar.
    pub fn moment(&self, column: &str) -> Result<jiff::Timestamp, StoreError> {
        let millis = self.int(column)?;
        jiff::Timestamp::from_millisecond(millis).map_err(|source| StoreError::Inconsistent {
            column: column.to_owned(),
            why: source.to_string(),
        })
    }

    /// A moment that may be NULL.
    ///
    /// # Errors
    /// As [`Row::moment`].
    pub fn moment_opt(&self, column: &str) -> Result<Option<jiff::Timestamp>, StoreError> {
        match self.int_opt(column)? {
            None => Ok(None),
            Some(_) => self.moment(column).map(Some),
        }
    }

    /// Names of the columns, for messages.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        match self {
            Row::Sqlite(row) => row.columns().iter().map(|column| column.name().to_owned()).collect(),
            Row::Postgres(row) => row.columns().iter().map(|column| column.name().to_owned()).collect(),
        }
    }
}

macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($sql));
        for value in $values {
            query = match value {
                Value::Text(it) => query.bind(it),
                Value::Int(it) => query.bind(it),
                Value::Double(it) => query.bind(it),
                Value::Bytes(it) => query.bind(it),
            };
        }
        query
    }};
}

/// The two databases behind one door. SQLite reads through a pool and writes through one connection.
#[derive(Clone)]
pub enum Database {
    /// Embedded: WAL, synchronous=FULL, one writer.
    Sqlite {
        /// Readers.
        read: sqlx::SqlitePool,
        /// The one writer; only the committer and migrations use it.
        write: sqlx::SqlitePool,
        /// The lock beside the file while this process serves from it.
        hold: Option<std::sync::Arc<std::fs::File>>,
    },
    /// For several nodes.
    Postgres {
        /// Reading connections.
        read: sqlx::PgPool,
        /// Connections kept for commits, so that many readers never delay one.
        write: sqlx::PgPool,
    },
}

impl Database {
    /// Whether several processes may share it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self, Database::Postgres { .. })
    }

    /// Closes all connections, after which nothing can be read or written.
    pub async fn close(&self) {
        match self {
            Database::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Database::Postgres { read, write } => {
                read.close().await;
                write.close().await;
            }
        }
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rows(&self, sql: impl Into<String>, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let sql = sql.into();
        match self {
            Database::Sqlite { read, .. } => {
                let sql = without_names(sql, values.len());
                let rows = read.fetch_all(bound!(sql, values)).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Database::Postgres { read, .. } => {
                let rows = read.fetch_all(bound!(sql, values)).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The rows that a query finds for any of many keys, in as few rounds as may be. In the query `{asked}` stands for the
    /// keys: a table `asked` whose columns are `column1`, `column2` and so on. Rows come in no order unless the query
    /// gives one, and then per round.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rows_of_keys(&self, sql: &str, keys: &[Vec<Value>]) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        for some in keys.chunks(MOST_KEYS) {
            let columns = some.first().map_or(0, Vec::len);
            // Filled up with keys that no row has, so that few different statements are to be prepared and kept.
            let places = some.len().next_power_of_two();
            let blank = some.first().into_iter().flatten().map(Value::absent);
            let blanks = std::iter::repeat_n(blank.collect::<Vec<_>>(), places - some.len());
            let values = some.iter().cloned().chain(blanks).flatten().collect();
            let asked = format!("(VALUES {}) AS asked", placeholders(places, columns));
            rows.extend(self.rows(sql.replace("{asked}", &asked), values).await?);
        }
        Ok(rows)
    }

    /// The first row of a query, if any.
    ///
    /// # Errors
    /// What the database says.
    pub async fn row(&self, sql: impl Into<String>, values: Vec<Value>) -> Result<Option<Row>, StoreError> {
        let sql = sql.into();
        match self {
            Database::Sqlite { read, .. } => Ok(read.fetch_optional(bound!(sql, values)).await?.map(Row::Sqlite)),
            Database::Postgres { read, .. } => Ok(read.fetch_optional(bound!(sql, values)).await?.map(Row::Postgres)),
        }
    }

    /// Opens a transaction for writing.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        match self {
            Database::Sqlite { write, .. } => Ok(Transaction::Sqlite(begin_on_sqlite(write).await?)),
            Database::Postgres { write, .. } => Ok(Transaction::Postgres(write.begin().await?)),
        }
    }
}

/// Begins on SQLite's one writer. After a full disk SQLite rolls back by itself; the ROLLBACK that follows fails, and the
/// connection counts one transaction too many from then on: it would refuse every later one. It is closed, and the pool
/// opens another.
async fn begin_on_sqlite(write: &sqlx::SqlitePool) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, sqlx::Error> {
    const BEGIN: &str = "BEGIN IMMEDIATE";
    match write.begin_with(BEGIN).await {
        Err(sqlx::Error::InvalidSavePointStatement | sqlx::Error::BeginFailed) => {
            write.acquire().await?.close().await?;
            write.begin_with(BEGIN).await
        }
        outcome => outcome,
    }
}

/// An open transaction on either database; dropped without commit, it is rolled back.
pub enum Transaction {
    /// On SQLite's one writer.
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    /// On a PostgreSQL connection.
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Transaction {
    /// Runs a statement; returns how many rows it touched.
    ///
    /// # Errors
    /// What the database says.
    pub async fn execute(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<u64, StoreError> {
        let sql = sql.into();
        match self {
            Transaction::Sqlite(tx) => {
                let sql = without_names(sql, values.len());
                Ok((&mut **tx).execute(bound!(sql, values)).await?.rows_affected())
            }
            Transaction::Postgres(tx) => Ok((&mut **tx).execute(bound!(sql, values)).await?.rows_affected()),
        }
    }

    /// All rows of a query inside the transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rows(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let sql = sql.into();
        match self {
            Transaction::Sqlite(tx) => {
                let sql = without_names(sql, values.len());
                let rows = (&mut **tx).fetch_all(bound!(sql, values)).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Transaction::Postgres(tx) => Ok((&mut **tx)
                .fetch_all(bound!(sql, values))
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect()),
        }
    }

    /// The most values one statement may bind: SQLite counts to 32,766, PostgreSQL to 65,535.
    #[must_use]
    pub fn most_values(&self) -> usize {
        match self {
            Transaction::Sqlite(_) => 32_000,
            Transaction::Postgres(_) => 65_000,
        }
    }

    /// Makes it durable.
    ///
    /// # Errors
    /// What the database says; then nothing of it is stored.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Transaction::Sqlite(tx) => tx.commit().await?,
            Transaction::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{MANY_VALUES, nameless, placeholders, without_names};
    use crate::store::testing::TestDatabase;

    #[test]
    fn places_in_their_order_need_no_names_and_others_keep_theirs() {
        let rows = format!("VALUES {}", placeholders(2, 2));
        assert_eq!(nameless(&rows).as_deref(), Some("VALUES (?, ?), (?, ?)"));
        assert_eq!(nameless("a = $1 AND (b > $2 OR c = $1)"), None);
        assert_eq!(nameless("b = $2"), None);
        assert_eq!(without_names(rows.clone(), MANY_VALUES), "VALUES (?, ?), (?, ?)");
        assert_eq!(without_names(rows.clone(), MANY_VALUES - 1), rows);
        let few = "a = $1".to_owned();
        assert_eq!(without_names(few.clone(), 1), few);
        let text = "a = $1 AND b = 'x'".to_owned();
        assert_eq!(without_names(text.clone(), 100), text);
    }

    #[tokio::test]
    async fn after_a_full_disk_the_writer_writes_again() {
        let test = TestDatabase::sqlite().await;
        let keep = |bytes: usize| {
            let db = &test.db;
            async move {
                let mut tx = db.begin().await?;
                let sql = "INSERT INTO unit (tenant, id, name, version) VALUES ('roc', $1, $2, 1)";
                let id = format!("unit-{bytes}");
                tx.execute(sql, crate::values![id, "x".repeat(bytes)]).await?;
                tx.commit().await
            }
        };
        keep(1).await.unwrap();
        // As a full disk: no page can be added, and SQLite rolls back by itself.
        let mut tx = test.db.begin().await.unwrap();
        tx.rows("PRAGMA max_page_count = 1", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        let full = keep(500_000).await.unwrap_err().to_string();
        assert!(full.contains("full"), "{full}");

        keep(2).await.unwrap();
        keep(500_001).await.unwrap();
        test.remove().await;
    }
}
