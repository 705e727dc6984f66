//! Verifying: every entry's hash, every chain's links and numbers, and every checkpoint's signature and promise.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::append::{GENESIS, hash};
use super::checkpoint::{Checkpoint, CheckpointError};
use crate::store::audit::{self as rows, AuditRow};
use crate::store::{Database, StoreError};

/// Entries read at once.
const PAGE: u32 = 2000;

/// Something that can't be explained by the host's own writing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "finding")]
pub enum Finding {
    /// The entry isn't what was written.
    #[error("entry {seq} of chain {tenant}/{writer} was changed")]
    Changed {
        /// The school.
        tenant: String,
        /// The writer.
        writer: String,
        /// Its number.
        seq: i64,
    },
    /// The entry doesn't follow the one before it.
    #[error(
        "entry {seq} of chain {tenant}/{writer} does not follow the entry before it, which was changed or replaced"
    )]
    Unlinked {
        /// The school.
        tenant: String,
        /// The writer.
        writer: String,
        /// Its number.
        seq: i64,
    },
    /// Entries are gone from the middle.
    #[error("entries {from} to {to} of chain {tenant}/{writer} were removed")]
    Removed {
        /// The school.
        tenant: String,
        /// The writer.
        writer: String,
        /// The first that is gone.
        from: i64,
        /// The last that is gone.
        to: i64,
    },
    /// Entries are gone from the end, though a checkpoint vouches that they were there.
    #[error("chain {tenant}/{writer} ends at entry {last}, but checkpoint {checkpoint} saw entry {seen}")]
    Truncated {
        /// The school.
        tenant: String,
        /// The writer.
        writer: String,
        /// The last entry there is; 0 when the whole chain is gone.
        last: i64,
        /// The last entry the checkpoint saw.
        seen: i64,
        /// The checkpoint.
        checkpoint: String,
    },
    /// The chain was written anew: it fits in itself, but isn't what a checkpoint saw.
    #[error(
        "entry {seq} of chain {tenant}/{writer} is not the one that checkpoint {checkpoint} saw: the chain was rewritten"
    )]
    Rewritten {
        /// The school.
        tenant: String,
        /// The writer.
        writer: String,
        /// Its number.
        seq: i64,
        /// The checkpoint.
        checkpoint: String,
    },
    /// No trusted key signed the checkpoint.
    #[error("checkpoint {id} was not signed by a trusted key, or was changed")]
    Unsigned {
        /// The checkpoint.
        id: String,
    },
    /// A checkpoint of the folder is not, or not the same, in the database.
    #[error("checkpoint {id} is not in the database as it is in the folder")]
    CheckpointRemoved {
        /// The checkpoint.
        id: String,
    },
    /// The checkpoint before is nowhere.
    #[error("the checkpoint before {id} was removed")]
    CheckpointUnlinked {
        /// The checkpoint.
        id: String,
    },
    /// A checkpoint that can't be read.
    #[error("{what}")]
    Unreadable {
        /// Which, and why.
        what: String,
    },
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Chains, one per school and start of a process.
    pub chains: u64,
    /// Entries in them.
    pub entries: u64,
    /// Entries that no checkpoint vouches for yet.
    pub not_yet_signed: u64,
    /// Checkpoints in the database.
    pub checkpoints: u64,
    /// Checkpoints in the folder outside it.
    pub checkpoints_outside: u64,
    /// What can't be explained; empty when all is well.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// What checkpoints promise of one chain: number, hash, checkpoint.
type Promises = Vec<(i64, String, String)>;

/// Verifies everything in the database against itself and against `outside`, the checkpoints that were kept outside
/// it. `keys` are the public keys trusted for checkpoints: the host's own, and those of earlier master keys.
///
/// # Errors
/// When the database can't be read. What is wrong with its content is a finding.
pub async fn verify(db: &Database, outside: &[Checkpoint], keys: &[Vec<u8>]) -> Result<Report, StoreError> {
    let mut findings = Vec::new();
    let mut inside = Vec::new();
    for row in rows::checkpoints(db).await? {
        match Checkpoint::try_from(row) {
            Ok(checkpoint) => inside.push(checkpoint),
            Err(error) => findings.push(unreadable(&error)),
        }
    }
    let mut promises = check_checkpoints(&inside, outside, keys, &mut findings);
    let mut report = Report {
        chains: 0,
        entries: 0,
        not_yet_signed: 0,
        checkpoints: inside.len() as u64,
        checkpoints_outside: outside.len() as u64,
        findings,
    };
    for head in rows::heads(db).await? {
        let promised = promises
            .remove(&(head.tenant.clone(), head.writer.clone()))
            .unwrap_or_default();
        check_chain(db, &head.tenant, &head.writer, &promised, &mut report).await?;
    }
    // Chains that a checkpoint saw and that are gone as a whole.
    for ((tenant, writer), promised) in promises {
        report_truncated(&tenant, &writer, 0, &promised, &mut report.findings);
    }
    report.findings.sort();
    report.findings.dedup();
    Ok(report)
}

/// Verifies entries that were exported, without the database: each entry's hash, each chain's links and numbers from 1
/// on, and whether they are what checkpoints saw. What was written after the last exported entry of a chain, and chains
/// that were left out whole, can't be told from an export.
///
/// # Errors
/// The first entry that can't be read.
pub fn verify_export<E>(
    entries: impl IntoIterator<Item = Result<AuditRow, E>>,
    outside: &[Checkpoint],
    keys: &[Vec<u8>],
) -> Result<Report, E> {
    let mut findings = Vec::new();
    let promises = check_checkpoints(outside, &[], keys, &mut findings);
    let mut report = Report {
        chains: 0,
        entries: 0,
        not_yet_signed: 0,
        checkpoints: 0,
        checkpoints_outside: outside.len() as u64,
        findings,
    };
    let mut ends: BTreeMap<(String, String), (i64, String)> = BTreeMap::new();
    let none = Promises::new();
    for entry in entries {
        let entry = entry?;
        let chain = (entry.tenant.clone(), entry.writer.clone());
        let promised = promises.get(&chain).unwrap_or(&none);
        let end = ends.entry(chain).or_insert_with(|| (0, GENESIS.to_owned()));
        check_entry(&entry, end.0, &end.1, promised, &mut report.findings);
        *end = (entry.seq, entry.hash);
        report.entries += 1;
    }
    report.chains = ends.len() as u64;
    for (chain, (last, _)) in &ends {
        let signed = promises
            .get(chain)
            .and_then(|promised| promised.iter().map(|(seq, _, _)| *seq).max());
        report.not_yet_signed += u64::try_from(last - signed.unwrap_or(0)).unwrap_or(0);
    }
    report.findings.sort();
    report.findings.dedup();
    Ok(report)
}

/// A finding for a checkpoint that could not be read.
#[must_use]
pub fn unreadable(error: &CheckpointError) -> Finding {
    Finding::Unreadable {
        what: error.to_string(),
    }
}

/// Checks the checkpoints themselves; returns what the well-signed ones promise.
fn check_checkpoints(
    inside: &[Checkpoint],
    outside: &[Checkpoint],
    keys: &[Vec<u8>],
    findings: &mut Vec<Finding>,
) -> BTreeMap<(String, String), Promises> {
    let by_id: HashMap<&str, &Checkpoint> = inside.iter().map(|it| (it.id.as_str(), it)).collect();
    let digests: HashSet<String> = inside.iter().chain(outside).map(Checkpoint::digest).collect();
    let mut promises: BTreeMap<(String, String), Promises> = BTreeMap::new();
    for checkpoint in inside.iter().chain(outside) {
        let id = checkpoint.id.clone();
        if !checkpoint.is_signed_by(keys) {
            findings.push(Finding::Unsigned { id });
            continue;
        }
        if !checkpoint.previous.is_empty() && !digests.contains(&checkpoint.previous) {
            findings.push(Finding::CheckpointUnlinked { id: id.clone() });
        }
        for head in &checkpoint.heads {
            let chain = (head.tenant.clone(), head.writer.clone());
            let promised = promises.entry(chain).or_default();
            promised.push((head.seq, head.hash.clone(), id.clone()));
        }
    }
    for checkpoint in outside {
        if by_id.get(checkpoint.id.as_str()) != Some(&checkpoint) {
            findings.push(Finding::CheckpointRemoved {
                id: checkpoint.id.clone(),
            });
        }
    }
    for promised in promises.values_mut() {
        promised.sort();
    }
    promises
}

async fn check_chain(
    db: &Database,
    tenant: &str,
    writer: &str,
    promised: &Promises,
    report: &mut Report,
) -> Result<(), StoreError> {
    report.chains += 1;
    let (mut last, mut link) = (0, GENESIS.to_owned());
    loop {
        let page = rows::page(db, tenant, writer, last, PAGE).await?;
        for entry in &page {
            check_entry(entry, last, &link, promised, &mut report.findings);
            last = entry.seq;
            link.clone_from(&entry.hash);
            report.entries += 1;
        }
        if page.len() < PAGE as usize {
            break;
        }
    }
    report_truncated(tenant, writer, last, promised, &mut report.findings);
    let signed = promised.iter().map(|(seq, _, _)| *seq).max().unwrap_or(0);
    report.not_yet_signed += u64::try_from(last - signed).unwrap_or(0);
    Ok(())
}

fn check_entry(entry: &AuditRow, last: i64, link: &str, promised: &Promises, findings: &mut Vec<Finding>) {
    let (tenant, writer, seq) = (entry.tenant.clone(), entry.writer.clone(), entry.seq);
    if hash(entry) != entry.hash {
        findings.push(Finding::Changed {
            tenant: tenant.clone(),
            writer: writer.clone(),
            seq,
        });
    }
    if seq != last + 1 {
        findings.push(Finding::Removed {
            tenant: tenant.clone(),
            writer: writer.clone(),
            from: last + 1,
            to: seq - 1,
        });
    } else if entry.previous != link {
        findings.push(Finding::Unlinked {
            tenant: tenant.clone(),
            writer: writer.clone(),
            seq,
        });
    }
    for (_, _, checkpoint) in promised
        .iter()
        .filter(|(at, hash, _)| *at == seq && *hash != entry.hash)
    {
        findings.push(Finding::Rewritten {
            tenant: tenant.clone(),
            writer: writer.clone(),
            seq,
            checkpoint: checkpoint.clone(),
        });
    }
}

fn report_truncated(tenant: &str, writer: &str, last: i64, promised: &Promises, findings: &mut Vec<Finding>) {
    // The newest promise tells all that the others would.
    if let Some((seen, _, checkpoint)) = promised.iter().rfind(|(seen, _, _)| *seen > last) {
        findings.push(Finding::Truncated {
            tenant: tenant.to_owned(),
            writer: writer.to_owned(),
            last,
            seen: *seen,
            checkpoint: checkpoint.clone(),
        });
    }
}
