//! Checkpoints: signed heads of the chains, in the database and in a folder outside it. Each names the one before it.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use ring::digest::{Context, SHA256, digest};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use tracing::info;

use crate::app::{CommitError, Core, Decision};
use crate::store::audit::{self as rows, ChainHead, CheckpointRow};
use crate::store::write_set::WriteSet;
use crate::store::{Sealer, StoreError};

/// What the host's key for checkpoints is derived for.
const KEY_PURPOSE: &str = "audit checkpoint";
/// Chains whose head is older than the checkpoint before by more than this are covered by it: longer than a commit
/// takes and than clocks of nodes differ.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// Why a checkpoint could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The database failed.
    #[error("could not read the audit chains")]
    Store(#[from] StoreError),
    /// It could not be stored.
    #[error("could not store a checkpoint")]
    Commit(#[from] CommitError),
    /// The folder outside the database can't be used.
    #[error("could not {doing} `{}`", path.display())]
    Folder {
        /// What was tried.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file or row that is no checkpoint.
    #[error("`{place}` is no checkpoint: {why}")]
    Malformed {
        /// The file, or the row's id.
        place: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The head of one chain, as signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// The school.
    pub tenant: String,
    /// The writer.
    pub writer: String,
    /// Number of its newest entry.
    pub seq: i64,
    /// Hash of that entry.
    pub hash: String,
}

/// A signed statement of how far the chains were, and with what hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Its id, ordered by time.
    pub id: String,
    /// Milliseconds since 1970 UTC.
    pub at: i64,
    /// Digest of the checkpoint before it; empty for the first.
    pub previous: String,
    /// Heads of the chains that moved since.
    pub heads: Vec<SignedHead>,
    /// Names the key that signed ([`key_id`]).
    pub key_id: String,
    /// ed25519 over all of the above, in hexadecimal.
    pub signature: String,
}

/// Names a public key: the first 16 hexadecimal digits of its SHA-256.
#[must_use]
pub fn key_id(public_key: &[u8]) -> String {
    let mut id = hex::encode(digest(&SHA256, public_key));
    id.truncate(16);
    id
}

/// The public half of the key with which this host signs checkpoints.
#[must_use]
pub fn public_key(sealer: &Sealer) -> Vec<u8> {
    sealer.public_key(KEY_PURPOSE)
}

impl Checkpoint {
    /// The bytes that are signed: every field preceded by its length, so that they say one thing only.
    fn statement(&self) -> Vec<u8> {
        let mut statement = b"oke audit checkpoint 1".to_vec();
        let mut put = |field: &str| {
            statement.extend_from_slice(&(field.len() as u64).to_be_bytes());
            statement.extend_from_slice(field.as_bytes());
        };
        put(&self.id);
        put(&self.at.to_string());
        put(&self.previous);
        put(&self.key_id);
        for head in &self.heads {
            put(&head.tenant);
            put(&head.writer);
            put(&head.seq.to_string());
            put(&head.hash);
        }
        statement
    }

    fn signed(mut self, sealer: &Sealer) -> Self {
        self.key_id = key_id(&public_key(sealer));
        self.signature = hex::encode(sealer.signing_key(KEY_PURPOSE).sign(&self.statement()));
        self
    }

    /// Whether one of these public keys signed it.
    #[must_use]
    pub fn is_signed_by(&self, keys: &[Vec<u8>]) -> bool {
        let Ok(signature) = hex::decode(&self.signature) else {
            return false;
        };
        keys.iter().any(|key| {
            key_id(key) == self.key_id
                && UnparsedPublicKey::new(&ED25519, key)
                    .verify(&self.statement(), &signature)
                    .is_ok()
        })
    }

    /// What the checkpoint after it names it by.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut context = Context::new(&SHA256);
        context.update(&self.statement());
        context.update(self.signature.as_bytes());
        hex::encode(context.finish())
    }

    fn row(&self) -> CheckpointRow {
        CheckpointRow {
            id: self.id.clone(),
            at: self.at,
            previous: self.previous.clone(),
            heads: serde_json::to_string(&self.heads).expect("texts and numbers are always JSON"),
            key_id: self.key_id.clone(),
            signature: self.signature.clone(),
        }
    }
}

impl TryFrom<CheckpointRow> for Checkpoint {
    type Error = CheckpointError;

    fn try_from(row: CheckpointRow) -> Result<Self, CheckpointError> {
        let heads = serde_json::from_str(&row.heads).map_err(|error| CheckpointError::Malformed {
            place: row.id.clone(),
            why: error.to_string(),
        })?;
        Ok(Checkpoint {
            id: row.id,
            at: row.at,
            previous: row.previous,
            heads,
            key_id: row.key_id,
            signature: row.signature,
        })
    }
}

/// Signs the present heads, in the database and then in `folder`, which is made when it isn't there. `None` when no
/// chain moved since the last checkpoint. Several nodes may do this at once; their checkpoints form one chain.
///
/// # Errors
/// [`CheckpointError`].
pub async fn checkpoint_now(core: &Core, folder: &Path) -> Result<Option<Checkpoint>, CheckpointError> {
    let verb = || async {
        let mut decision = Decision {
            write_set: WriteSet::default(),
            answer: (None, None),
        };
        let last = rows::newest_checkpoint(&core.db).await?;
        let last = last.map(Checkpoint::try_from).transpose()?;
        let heads = moved(rows::heads(&core.db).await?, last.as_ref());
        if !heads.is_empty() {
            let checkpoint = Checkpoint {
                id: core.id(),
                // Later than the one before, also by a node whose clock is behind: the newest is the end of the chain.
                at: last
                    .as_ref()
                    .map_or(i64::MIN, |last| last.at + 1)
                    .max(core.now().as_millisecond()),
                previous: last.as_ref().map_or_else(String::new, Checkpoint::digest),
                heads,
                key_id: String::new(),
                signature: String::new(),
            }
            .signed(&core.sealer);
            decision.write_set.put(checkpoint.row().write());
            decision.answer.1 = Some(checkpoint);
        }
        decision.answer.0 = last;
        Ok::<_, CheckpointError>(decision)
    };
    let (last, new) = core.decide(&["audit checkpoint".to_owned()], verb).await?;
    // The one before may have been stored by another node, or by a process that was killed before it wrote the file.
    for checkpoint in last.iter().chain(&new) {
        write_file(folder, checkpoint)?;
    }
    if let Some(checkpoint) = &new {
        info!(checkpoint.id = %checkpoint.id, chains = checkpoint.heads.len(), "signed checkpoint {}", checkpoint.id);
    }
    Ok(new)
}

/// Writes the checkpoints of the database that `folder` lacks: processes that were killed before they wrote the file
/// may have left several. Returns how many.
///
/// # Errors
/// [`CheckpointError`].
pub async fn write_missing(core: &Core, folder: &Path) -> Result<usize, CheckpointError> {
    let mut written = 0;
    for row in rows::checkpoints(&core.db).await? {
        let checkpoint = Checkpoint::try_from(row)?;
        if !file_of(folder, &checkpoint).exists() {
            write_file(folder, &checkpoint)?;
            written += 1;
        }
    }
    if written > 0 {
        info!("wrote {written} checkpoints that were missing outside the database");
    }
    Ok(written)
}

fn file_of(folder: &Path, checkpoint: &Checkpoint) -> PathBuf {
    folder.join(format!("checkpoint-{}.json", checkpoint.id))
}

/// The heads that the last checkpoint doesn't cover.
fn moved(heads: Vec<ChainHead>, last: Option<&Checkpoint>) -> Vec<SignedHead> {
    let covered_before = last.map_or(i64::MIN, |last| {
        last.at
            .saturating_sub(i64::try_from(MARGIN.as_millis()).unwrap_or(i64::MAX))
    });
    let covered: HashMap<(&str, &str), i64> = last
        .iter()
        .flat_map(|last| &last.heads)
        .map(|head| ((head.tenant.as_str(), head.writer.as_str()), head.seq))
        .collect();
    heads
        .into_iter()
        .filter(|head| head.at >= covered_before)
        .filter(|head| covered.get(&(head.tenant.as_str(), head.writer.as_str())) != Some(&head.seq))
        .map(|head| SignedHead {
            tenant: head.tenant,
            writer: head.writer,
            seq: head.seq,
            hash: head.hash,
        })
        .collect()
}

/// Writes the file whole or not at all; one that is there already stays as it is.
fn write_file(folder: &Path, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
    let failed = |doing, path: &Path| {
        let path = path.to_owned();
        move |source| CheckpointError::Folder { doing, path, source }
    };
    let path = file_of(folder, checkpoint);
    if path.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
    let text = serde_json::to_string_pretty(checkpoint).expect("texts and numbers are always JSON");
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed("write into", folder))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(failed("write into", folder))?;
    file.persist(&path)
        .map_err(|error| failed("write", &path)(error.error))?;
    let sync = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    sync.map_err(failed("store", folder))
}

/// Reads the checkpoints of a folder, by id: what can be read, and what can't. A folder that isn't there is empty.
///
/// # Errors
/// When the folder itself can't be read.
pub fn read_folder(folder: &Path) -> Result<(Vec<Checkpoint>, Vec<CheckpointError>), CheckpointError> {
    let failed = |source| CheckpointError::Folder {
        doing: "read the folder",
        path: folder.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
        Err(error) => return Err(failed(error)),
    };
    let (mut checkpoints, mut refused) = (Vec::new(), Vec::new());
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if !name.is_some_and(|name| name.starts_with("checkpoint-") && name.ends_with(".json")) {
            continue;
        }
        match read_file(&path) {
            Ok(checkpoint) => checkpoints.push(checkpoint),
            Err(error) => refused.push(error),
        }
    }
    checkpoints.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    Ok((checkpoints, refused))
}

fn read_file(path: &Path) -> Result<Checkpoint, CheckpointError> {
    let text = std::fs::read(path).map_err(|source| CheckpointError::Folder {
        doing: "read",
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(|error| CheckpointError::Malformed {
        place: path.display().to_string(),
        why: error.to_string(),
    })
}
