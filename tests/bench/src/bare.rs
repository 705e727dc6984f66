//! The baselines: servers with axum and sqlx and nothing else. That of accepted messages parses the same JSON and writes
//! as many rows to the same tables, multi-row, in group commits of up to 64, and answers after the commit. It knows no
//! rules, reads nothing, checks no token, seals and signs nothing.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::patch;
use serde_json::Value;
use sqlx::{PgPool, QueryBuilder, SqlitePool};
use tokio::sync::{mpsc, oneshot};

use crate::school::{COMPONENT, TENANT, VENDOR as PEER};

const GROUP: usize = 64;
/// Of no account here; as long as the host's.
const NOW: i64 = 1_790_000_000_000;
const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Where the baseline writes: a database of its own, with the host's schema.
#[derive(Clone)]
pub enum Store {
    /// WAL and synchronous=FULL, as the host has it.
    Sqlite(SqlitePool),
    /// With the server's own settings, as the host has it.
    Postgres(PgPool),
}

/// The baseline of pages: reads the rows of a sitting's deelnames and sends on what lies in them, one after the other.
pub fn pages(store: Store) -> Router {
    Router::new()
        .route("/oke/{tenant}/offerings/{id}", axum::routing::get(page))
        .with_state(store)
}

async fn page(State(store): State<Store>, Path((tenant, id)): Path<(String, String)>) -> String {
    let sql = "SELECT body FROM association WHERE tenant = $1 AND offering = $2 ORDER BY id";
    let found: Result<Vec<String>, _> = match &store {
        Store::Sqlite(pool) => sqlx::query_scalar(sql).bind(tenant).bind(id).fetch_all(pool).await,
        Store::Postgres(pool) => sqlx::query_scalar(sql).bind(tenant).bind(id).fetch_all(pool).await,
    };
    format!("{{\"items\":[{}]}}", found.expect("rows are read").join(","))
}

struct Waiting {
    id: String,
    association: String,
    body: Vec<u8>,
    score: String,
    stored: oneshot::Sender<()>,
}

/// The routes. Started in the present runtime.
pub fn router(store: Store) -> Router {
    let (queue, waiting) = mpsc::channel(1024);
    tokio::spawn(commit_groups(store, waiting));
    Router::new()
        .route("/oke/{tenant}/tpl/associations/{id}", patch(accept))
        .with_state(Arc::new(queue))
}

async fn accept(
    State(queue): State<Arc<mpsc::Sender<Waiting>>>,
    Path((_, association)): Path<(String, String)>,
    body: axum::body::Bytes,
) -> (StatusCode, String) {
    let Ok(told) = serde_json::from_slice::<Value>(&body) else {
        return (StatusCode::BAD_REQUEST, String::new());
    };
    let (stored, answer) = oneshot::channel();
    let waiting = Waiting {
        score: told["result"]["score"].as_str().unwrap_or_default().to_owned(),
        body: body.to_vec(),
        association,
        id: uuid::Uuid::new_v4().to_string(),
        stored,
    };
    if queue.send(waiting).await.is_err() || answer.await.is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, String::new());
    }
    (StatusCode::OK, told.to_string())
}

/// The four rows of each message, for one database: sqlx's types differ per driver, the text does not.
macro_rules! write_group {
    ($database:ty, $tx:expr, $group:expr, $seq:expr) => {{
        let first = $seq;
        let numbered = || $group.iter().zip(first..);
        let mut versions = QueryBuilder::<$database>::new(
            "INSERT INTO result (tenant, association, seq, body, normed, judgement, why, source, message, received_at) ",
        );
        versions.push_values(numbered(), |mut row, (one, seq)| {
            row.push_bind(TENANT).push_bind(&one.association).push_bind(seq).push_bind(&one.score);
            row.push_bind("unknown").push_bind("accepted").push_bind("").push_bind("push");
            row.push_bind(&one.id).push_bind(NOW);
        });
        versions.build().execute(&mut *$tx).await.expect("versions are written");
        let mut heads = QueryBuilder::<$database>::new(
            "INSERT INTO result_head (tenant, association, peer, component, examenversie, seq, judgement, why, normed, \
             decided, version) ",
        );
        heads.push_values(numbered(), |mut row, (one, seq)| {
            row.push_bind(TENANT).push_bind(&one.association).push_bind(PEER).push_bind(COMPONENT);
            row.push_bind(COMPONENT).push_bind(seq).push_bind("accepted").push_bind("").push_bind("unknown");
            row.push_bind("undecided").push_bind(seq);
        });
        heads.push(" ON CONFLICT (tenant, association) DO UPDATE SET seq = excluded.seq, version = excluded.version");
        heads.build().execute(&mut *$tx).await.expect("heads are written");
        let mut inbox = QueryBuilder::<$database>::new(
            "INSERT INTO message (tenant, id, flow, peer, method, subject_kind, subject_id, outcome, content, \
             received_at) ",
        );
        inbox.push_values($group.iter(), |mut row, one| {
            row.push_bind(TENANT).push_bind(&one.id).push_bind(3_i64).push_bind(PEER).push_bind("PATCH");
            row.push_bind("association").push_bind(&one.association).push_bind("applied");
            row.push_bind(one.body.as_slice()).push_bind(NOW);
        });
        inbox.build().execute(&mut *$tx).await.expect("messages are written");
        let mut audit = QueryBuilder::<$database>::new(
            "INSERT INTO audit (tenant, writer, seq, at, actor, verb, subject_kind, subject_id, detail, digest, \
             previous, hash) ",
        );
        audit.push_values(numbered(), |mut row, (one, seq)| {
            row.push_bind(TENANT).push_bind("bare").push_bind(seq).push_bind(NOW).push_bind("client:bare");
            row.push_bind("result.accept").push_bind("association").push_bind(&one.association);
            row.push_bind("version 1 accepted").push_bind(DIGEST).push_bind(DIGEST).push_bind(DIGEST);
        });
        audit.build().execute(&mut *$tx).await.expect("entries are written");
    }};
}

async fn commit_groups(store: Store, mut queue: mpsc::Receiver<Waiting>) {
    let mut seq = 1_i64;
    let mut group = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut group, GROUP).await > 0 {
        match &store {
            Store::Sqlite(pool) => {
                let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.expect("SQLite begins");
                write_group!(sqlx::Sqlite, tx, group, seq);
                tx.commit().await.expect("SQLite commits");
            }
            Store::Postgres(pool) => {
                let mut tx = pool.begin().await.expect("PostgreSQL begins");
                write_group!(sqlx::Postgres, tx, group, seq);
                tx.commit().await.expect("PostgreSQL commits");
            }
        }
        seq += group.len() as i64;
        for waiting in group.drain(..) {
            // Whoever sent it may have stopped waiting.
            let _gone = waiting.stored.send(());
        }
    }
}
