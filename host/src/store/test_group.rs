//! Toetsgroepen of flow 1b, and who belongs to them.

use super::body;
use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::test_group::{Member, TestGroup};
use crate::values;

/// The table of groups.
pub static TEST_GROUP: Table = Table {
    name: "test_group",
    key: &["tenant", "id"],
    columns: &["tenant", "id", "peer", "name", "body", "updated_at", "version"],
};

/// The table of memberships.
pub static TEST_GROUP_MEMBER: Table = Table {
    name: "test_group_member",
    key: &["tenant", "test_group", "person"],
    columns: &[
        "tenant",
        "test_group",
        "person",
        "state",
        "body",
        "updated_at",
        "version",
    ],
};

/// Writes a group as the next version of the row that was read.
#[must_use]
pub fn next(tenant: &str, group: &TestGroup) -> Write {
    Write {
        table: &TEST_GROUP,
        values: values![
            tenant,
            &group.id,
            &group.peer,
            &group.facts.name,
            body::text(&group.facts),
            group.updated_at,
            group.version + 1,
        ],
    }
}

/// Writes a membership as the next version of the row that was read.
#[must_use]
pub fn next_member(tenant: &str, member: &Member) -> Write {
    let state = match member.is_canceled() {
        true => "canceled",
        false => "active",
    };
    Write {
        table: &TEST_GROUP_MEMBER,
        values: values![
            tenant,
            &member.group,
            &member.facts.person_id,
            state,
            body::text(&member.facts),
            member.updated_at,
            member.version + 1,
        ],
    }
}

fn member_from(row: &Row) -> Result<Member, StoreError> {
    Ok(Member {
        group: row.text("test_group")?,
        facts: body::parse("test_group_member.body", &row.text("body")?)?,
        updated_at: row.moment("updated_at")?,
        version: row.int("version")?,
    })
}

fn group_from(row: &Row) -> Result<TestGroup, StoreError> {
    Ok(TestGroup {
        id: row.text("id")?,
        peer: row.text("peer")?,
        facts: body::parse("test_group.body", &row.text("body")?)?,
        updated_at: row.moment("updated_at")?,
        version: row.int("version")?,
    })
}

/// One group.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<TestGroup>, StoreError> {
    let sql = "SELECT * FROM test_group WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(group_from).transpose()
}

/// The groups of some student systems, by name.
///
/// # Errors
/// What the database says.
pub async fn of_peers(db: &Database, tenant: &str, peers: &[String]) -> Result<Vec<TestGroup>, StoreError> {
    let sql = "SELECT * FROM test_group WHERE tenant = $1 ORDER BY name, id";
    let rows = db.rows(sql, values![tenant]).await?;
    let groups: Result<Vec<TestGroup>, StoreError> = rows.iter().map(group_from).collect();
    Ok(groups?
        .into_iter()
        .filter(|group| peers.contains(&group.peer))
        .collect())
}

/// Who belongs to a group, by person; those that were taken back too.
///
/// # Errors
/// What the database says.
pub async fn members_of(db: &Database, tenant: &str, group: &str) -> Result<Vec<Member>, StoreError> {
    let sql = "SELECT * FROM test_group_member WHERE tenant = $1 AND test_group = $2 ORDER BY person";
    let rows = db.rows(sql, values![tenant, group]).await?;
    rows.iter().map(member_from).collect()
}

/// One membership.
///
/// # Errors
/// What the database says.
pub async fn member(db: &Database, tenant: &str, group: &str, person: &str) -> Result<Option<Member>, StoreError> {
    let sql = "SELECT * FROM test_group_member WHERE tenant = $1 AND test_group = $2 AND person = $3";
    let row = db.row(sql, values![tenant, group, person]).await?;
    row.as_ref().map(member_from).transpose()
}
