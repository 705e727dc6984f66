//! One transaction for a group of write sets: the statements, and how a write set that was decided on old rows is
//! noticed.

use std::collections::BTreeMap;

use super::committer::CommitError;
use crate::store::sql::{Transaction, Value, placeholders};
use crate::store::write_set::{Table, Write, WriteSet};
use crate::values;

/// Names a row among all tables, for finding write sets that touch the same one.
pub(super) fn row_name(table: &Table, key: &[Value]) -> String {
    let mut name = table.name.to_owned();
    for value in key {
        // A separator that no id holds, and the length for safety.
        match value {
            Value::Text(Some(text)) => name.push_str(&format!("\u{1f}{}:{text}", text.len())),
            other => name.push_str(&format!("\u{1f}{other:?}")),
        }
    }
    name
}

pub(super) fn written_row_name(write: &Write) -> String {
    row_name(
        write.table,
        write.values.get(..write.table.key.len()).unwrap_or_default(),
    )
}

/// Refuses a write set that the statements below would misread: a mistake in the program, not in the input.
pub(super) fn check(set: &WriteSet) -> Result<(), CommitError> {
    let mut seen = std::collections::HashSet::with_capacity(set.rows.len());
    for write in &set.rows {
        if write.values.len() != write.table.columns.len() || !write.table.columns.starts_with(write.table.key) {
            return Err(CommitError::Malformed(format!(
                "a row of `{}` has {} values for {} columns",
                write.table.name,
                write.values.len(),
                write.table.columns.len()
            )));
        }
        if !seen.insert(written_row_name(write)) {
            return Err(CommitError::Malformed(format!(
                "a write set names a row of `{}` twice",
                write.table.name
            )));
        }
    }
    for erasure in &set.erases {
        let (table, key) = (erasure.table, &erasure.key);
        if table.is_versioned() || key.is_empty() || key.len() > table.key.len() {
            return Err(CommitError::Malformed(format!(
                "rows of `{}` can't be erased so",
                table.name
            )));
        }
    }
    Ok(())
}

/// Makes commits that concern the same tenant take turns among nodes on PostgreSQL: what a write set expects, also that
/// a row is absent, then holds until it is committed. In the order of the names, so that nodes never wait in a circle.
pub(super) async fn take_turns(tx: &mut Transaction, sets: &[&WriteSet]) -> Result<(), CommitError> {
    if !matches!(tx, Transaction::Postgres(_)) {
        return Ok(());
    }
    let mut tenants: Vec<&str> = sets.iter().map(|set| set.tenant.as_str()).collect();
    tenants.sort_unstable();
    tenants.dedup();
    for tenant in tenants {
        tx.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 20261121))",
            values![tenant],
        )
        .await?;
    }
    Ok(())
}

/// Checks that the rows which were only read are still what they were.
pub(super) async fn check_expectations(tx: &mut Transaction, sets: &[&WriteSet]) -> Result<(), CommitError> {
    let mut by_table = ByTable::default();
    for expectation in sets.iter().flat_map(|set| &set.expects) {
        let mut values = expectation.key.clone();
        values.push(Value::from(expectation.version));
        by_table.add(expectation.table, values);
    }
    for statement in by_table.statements(tx.most_values(), count_changed) {
        let answer = tx.rows(statement.sql, statement.values).await?;
        let changed = answer.first().map_or(Ok(0), |row| row.int("changed"))?;
        if changed > 0 {
            return Err(CommitError::changed(statement.table));
        }
    }
    Ok(())
}

/// Writes all rows, a few statements per table.
pub(super) async fn write(tx: &mut Transaction, sets: &[&WriteSet], more: Vec<Write>) -> Result<(), CommitError> {
    let mut by_table = ByTable::default();
    for row in sets.iter().flat_map(|set| &set.rows) {
        by_table.add(row.table, row.values.clone());
    }
    for row in more {
        by_table.add(row.table, row.values);
    }
    for statement in by_table.statements(tx.most_values(), upsert) {
        let touched = match tx.execute(statement.sql, statement.values).await {
            Err(error) if error.is_unique_violation() => return Err(CommitError::taken(statement.table)),
            other => other?,
        };
        if touched != statement.rows {
            return Err(CommitError::changed(statement.table));
        }
    }
    for erasure in sets.iter().flat_map(|set| &set.erases) {
        let columns = erasure.table.key.iter().zip(1..=erasure.key.len());
        let matching: Vec<String> = columns.map(|(column, place)| format!("{column} = ${place}")).collect();
        let sql = format!("DELETE FROM {} WHERE {}", erasure.table.name, matching.join(" AND "));
        tx.execute(sql, erasure.key.clone()).await?;
    }
    Ok(())
}

/// Rows gathered per table, to go into as few statements as may be.
#[derive(Default)]
struct ByTable(BTreeMap<&'static str, (&'static Table, Vec<Vec<Value>>)>);

struct Statement {
    table: &'static Table,
    sql: String,
    values: Vec<Value>,
    rows: u64,
}

impl ByTable {
    fn add(&mut self, table: &'static Table, values: Vec<Value>) {
        let entry = self.0.entry(table.name);
        entry.or_insert((table, Vec::new())).1.push(values);
    }

    /// Statements have room for 1, 2, 4, 8 … rows, and what is left over is filled up with rows of nothing, which they
    /// pass over: groups of any size then share a few statements, which the database has prepared already.
    fn statements(self, most_values: usize, sql: fn(&Table, usize) -> String) -> Vec<Statement> {
        let mut statements = Vec::new();
        for (table, mut rows) in self.0.into_values() {
            let columns = rows.first().map_or(1, Vec::len).max(1);
            let most_rows = 1 << (most_values / columns).max(1).ilog2();
            while !rows.is_empty() {
                let later = rows.split_off(rows.len().min(most_rows));
                let some = std::mem::replace(&mut rows, later);
                let room = some.len().next_power_of_two();
                let blank: Vec<Value> = some.first().into_iter().flatten().map(Value::absent).collect();
                let blanks = (some.len()..room).flat_map(|_| blank.clone());
                statements.push(Statement {
                    table,
                    sql: sql(table, room),
                    rows: some.len() as u64,
                    values: some.into_iter().flatten().chain(blanks).collect(),
                });
            }
        }
        statements
    }
}

/// Counts the expected rows that have another version now. A table without versions knows only there and not there.
fn count_changed(table: &Table, rows: usize) -> String {
    let on: Vec<String> = table
        .key
        .iter()
        .enumerate()
        .map(|(at, column)| format!("present.{column} = expected.column{}", at + 1))
        .collect();
    let first = table.key.first().copied().unwrap_or_default();
    let version = match table.is_versioned() {
        true => "COALESCE(present.version, 0)".to_owned(),
        false => format!("CASE WHEN present.{first} IS NULL THEN 0 ELSE 1 END"),
    };
    format!(
        "SELECT COUNT(*) AS changed FROM (VALUES {}) AS expected LEFT JOIN {} AS present ON {} \
         WHERE expected.column1 IS NOT NULL AND {version} <> expected.column{}",
        placeholders(rows, table.key.len() + 1),
        table.name,
        on.join(" AND "),
        table.key.len() + 1,
    )
}

/// A row of a versioned table goes on top of the version before it. Such rows are never deleted, so a later version always
/// finds its row, and a first one finds none or is not applied.
fn upsert(table: &Table, rows: usize) -> String {
    let columns = table.columns.join(", ");
    let given: Vec<String> = (1..=table.columns.len())
        .map(|place| format!("column{place}"))
        .collect();
    let insert = format!(
        "INSERT INTO {} ({columns}) SELECT {} FROM (VALUES {}) AS given WHERE column1 IS NOT NULL",
        table.name,
        given.join(", "),
        placeholders(rows, table.columns.len()),
    );
    if !table.is_versioned() {
        return insert;
    }
    let changes: Vec<String> = table
        .columns
        .iter()
        .filter(|column| !table.key.contains(column))
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    format!(
        "{insert} ON CONFLICT ({}) DO UPDATE SET {} WHERE {}.version = excluded.version - 1",
        table.key.join(", "),
        changes.join(", "),
        table.name,
    )
}
