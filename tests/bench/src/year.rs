//! A year of a large school in the database: deelnames with their enrolments, results and heads, in sittings of 30 over
//! 365 days, written by SQL. What ended more than two weeks ago is finished; what ended in the last five days has no
//! results yet; what lies between waits for vaststelling.

use jiff::{SignedDuration, Timestamp};
use oke_host::domain::association::Association;
use oke_host::store::testing::TestDatabase;
use oke_host::values;

use crate::school::{COMPONENT, TENANT, VENDOR, completed};

/// Of each sitting.
const AT_ONCE: u32 = 30;

const DAY_MS: i64 = 86_400_000;

/// The numbers from 1 to `$1`, and the day, counted back from today, on which the sitting with such a number ended.
const NUMBERS: &str = "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1)";

/// Writes so many deelnames, like the one given, with what a year brought of results.
///
/// # Panics
/// When they can't be written.
pub async fn fill(database: &TestDatabase, model: &Association, deelnames: u32, now: Timestamp) {
    plan(database, model, deelnames, now).await;
    assess(database, deelnames, now).await;
}

fn last_end(now: Timestamp) -> Timestamp {
    now - SignedDuration::from_hours(1)
}

/// Writes so many deelnames, like the one given, without results: `deelname-1` and so on.
///
/// # Panics
/// When they can't be written.
pub async fn plan(database: &TestDatabase, model: &Association, deelnames: u32, now: Timestamp) {
    let sittings = deelnames.div_ceil(AT_ONCE);
    let last_end = last_end(now);
    let model_enrolment = model.enrolment.as_deref().unwrap_or_default();
    let mut tx = database.db.begin().await.expect("the database takes changes");
    let offerings = format!(
        "{NUMBERS} INSERT INTO offering (tenant, id, kind, unit, peer, name, state, start_at, end_at, plannable, component,
            plan_version, confirmed_version, confirmed_at, revision, planned_by, body, updated_at, version)
        SELECT tenant, 'sitting-' || i, kind, unit, peer, name || ' ' || i, state,
            $2 - (i * 365 / $1) * {DAY_MS} - 7200000, $2 - (i * 365 / $1) * {DAY_MS}, plannable, component,
            plan_version, confirmed_version, confirmed_at, revision, planned_by, body, updated_at, version
        FROM n CROSS JOIN offering WHERE tenant = $3 AND id = $4"
    );
    let of = |first: i64, second: i64, id: &str| values![first, second, TENANT, id];
    let sitting = &model.facts.offering_id;
    tx.execute(offerings, of(sittings.into(), last_end.as_millisecond(), sitting))
        .await
        .expect("sittings are written");
    // The deelname of each enrolment, and the enrolment, of a student of its own.
    for (id, kind, offering, enrolment) in [
        (model_enrolment, "enrolment", "offering".to_owned(), "NULL"),
        (
            &model.id,
            "deelname",
            format!("'sitting-' || ((i - 1) / {AT_ONCE} + 1)"),
            "'enrolment-' || i",
        ),
    ] {
        let associations = format!(
            "{NUMBERS} INSERT INTO association (tenant, id, kind, peer, offering, person, role, state, enrolment,
                plan_version, confirmed_version, confirmed_at, revision, planned_by, original, body, updated_at, version)
            SELECT tenant, '{kind}-' || i, kind, peer, {offering}, 'student-' || i, role, state, {enrolment},
                plan_version, confirmed_version, confirmed_at, revision, planned_by, original, body, updated_at, version
            FROM n CROSS JOIN association WHERE $2 = $2 AND tenant = $3 AND id = $4"
        );
        tx.execute(associations, of(deelnames.into(), 0, id))
            .await
            .expect("associations are written");
    }
    tx.commit().await.expect("the plan is stored");
    look(database).await;
}

async fn assess(database: &TestDatabase, deelnames: u32, now: Timestamp) {
    let sittings = deelnames.div_ceil(AT_ONCE);
    let last_end = last_end(now);
    let of = |first: i64, second: i64, id: &str| values![first, second, TENANT, id];
    let mut tx = database.db.begin().await.expect("the database takes changes");
    let day = format!("(((i - 1) / {AT_ONCE} + 1) * 365 / {sittings})");
    let received = format!("$2 - {day} * {DAY_MS}");
    let results = format!(
        "{NUMBERS} INSERT INTO result (tenant, association, seq, body, normed, judgement, why, source, received_at,
            progress, outcome, irregular)
        SELECT $3, 'deelname-' || i, 1, $4, 'unknown', 'accepted', '', 'push', {received},
            CASE WHEN i % 40 = 0 THEN 'absent' ELSE 'known' END, '', 0
        FROM n WHERE {day} >= 5"
    );
    let body = completed("deelname", "6.1");
    tx.execute(results, of(deelnames.into(), last_end.as_millisecond(), &body))
        .await
        .expect("results are written");
    let heads = format!(
        "{NUMBERS} INSERT INTO result_head (tenant, association, peer, component, examenversie, seq, judgement, why, normed,
            decided, decided_seq, sent_seq, confirmed_seq, version)
        SELECT $3, 'deelname-' || i, '{VENDOR}', $4, $4, 1, 'accepted', '', 'unknown',
            CASE WHEN {day} >= 14 THEN 'vastgesteld' ELSE 'undecided' END,
            CASE WHEN {day} >= 14 THEN 1 END, CASE WHEN {day} >= 14 THEN 1 END, CASE WHEN {day} >= 14 THEN 1 END, 1
        FROM n WHERE $2 = $2 AND {day} >= 5"
    );
    tx.execute(heads, of(deelnames.into(), 0, COMPONENT))
        .await
        .expect("heads are written");
    tx.commit().await.expect("the year is stored");
    look(database).await;
}

/// Has the server look at its tables, as it does by itself some time after so many changes.
async fn look(database: &TestDatabase) {
    if database.db.is_shared() {
        let mut tx = database.db.begin().await.expect("the database takes changes");
        tx.execute("ANALYZE", Vec::new())
            .await
            .expect("the server looks at its tables");
        tx.commit().await.expect("the server has looked");
    }
}
