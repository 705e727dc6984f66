//! Appending: chains entries per (tenant, writer) inside the transaction that holds what they tell.

use std::collections::HashMap;

use jiff::Timestamp;
use ring::digest::{Context, SHA256};

use crate::store::audit::{self as rows, AuditRow};
use crate::store::sql::Transaction;
use crate::store::write_set::{AuditEntry, Write, WriteSet};
use crate::store::{Sealer, StoreError};

/// What the first entry of a chain names as the one before it.
pub const GENESIS: &str = "";

/// The place a digest is made for ([`Sealer::digest`]).
fn place(tenant: &str, writer: &str, seq: i64) -> String {
    format!("audit/{tenant}/{writer}/{seq}")
}

/// The hash of an entry: over every field and the hash before it, each field preceded by its length, so that no two
/// different entries are the same bytes.
#[must_use]
pub fn hash(entry: &AuditRow) -> String {
    let (seq, at) = (entry.seq.to_string(), entry.at.to_string());
    let mut context = Context::new(&SHA256);
    for field in [
        entry.previous.as_str(),
        &entry.tenant,
        &entry.writer,
        &seq,
        &at,
        &entry.actor,
        &entry.verb,
        &entry.subject_kind,
        &entry.subject_id,
        &entry.detail,
        &entry.digest,
    ] {
        context.update(&(field.len() as u64).to_be_bytes());
        context.update(field.as_bytes());
    }
    hex::encode(context.finish())
}

/// Whether an entry vouches for this content.
#[must_use]
pub fn vouches_for(sealer: &Sealer, entry: &AuditRow, content: &[u8]) -> bool {
    sealer.digest(&place(&entry.tenant, &entry.writer, entry.seq), content) == entry.digest
}

#[derive(Clone)]
struct Head {
    seq: i64,
    hash: String,
}

/// The chains of one writer. Only the committer has one.
pub struct Chains {
    writer: String,
    sealer: Sealer,
    heads: HashMap<String, Head>,
}

/// Entries that were chained in a transaction which has not been committed yet.
pub struct Staged {
    heads: HashMap<String, Head>,
    /// The rows to insert in that transaction.
    pub rows: Vec<Write>,
}

impl Chains {
    /// The chains of a writer that has a name of its own per start.
    #[must_use]
    pub fn of(writer: &str, sealer: Sealer) -> Self {
        Chains {
            writer: writer.to_owned(),
            sealer,
            heads: HashMap::new(),
        }
    }

    /// Chains entries onto the heads. The heads move only when the transaction was committed ([`Chains::adopt`]).
    ///
    /// # Errors
    /// When the head of a tenant's chain could not be read.
    pub async fn stage(&self, tx: &mut Transaction, sets: &[&WriteSet], now: Timestamp) -> Result<Staged, StoreError> {
        let mut staged = Staged {
            heads: HashMap::new(),
            rows: Vec::new(),
        };
        for set in sets.iter().filter(|set| !set.audit.is_empty()) {
            let tenant = set.tenant.as_str();
            let mut head = match staged.heads.get(tenant).or_else(|| self.heads.get(tenant)) {
                Some(head) => head.clone(),
                None => self.stored_head(tx, tenant).await?,
            };
            for entry in &set.audit {
                let row = self.chained(tenant, entry, &head, now);
                staged.rows.push(row.write());
                head = Head {
                    seq: row.seq,
                    hash: row.hash,
                };
            }
            staged.heads.insert(tenant.to_owned(), head);
        }
        Ok(staged)
    }

    async fn stored_head(&self, tx: &mut Transaction, tenant: &str) -> Result<Head, StoreError> {
        Ok(match rows::head(tx, tenant, &self.writer).await? {
            Some((seq, hash)) => Head { seq, hash },
            None => Head {
                seq: 0,
                hash: GENESIS.to_owned(),
            },
        })
    }

    fn chained(&self, tenant: &str, entry: &AuditEntry, head: &Head, now: Timestamp) -> AuditRow {
        let seq = head.seq + 1;
        let mut row = AuditRow {
            tenant: tenant.to_owned(),
            writer: self.writer.clone(),
            seq,
            at: now.as_millisecond(),
            actor: entry.actor.clone(),
            verb: entry.verb.to_owned(),
            subject_kind: entry.subject_kind.to_owned(),
            subject_id: entry.subject_id.clone(),
            detail: entry.detail.clone(),
            digest: self.sealer.digest(&place(tenant, &self.writer, seq), &entry.content),
            previous: head.hash.clone(),
            hash: String::new(),
        };
        row.hash = hash(&row);
        row
    }

    /// The transaction was committed: the heads move.
    pub fn adopt(&mut self, staged: Staged) {
        self.heads.extend(staged.heads);
    }

    /// Whether the transaction was committed is unknown: the heads are read again before the next entry.
    pub fn forget(&mut self) {
        self.heads.clear();
    }
}
