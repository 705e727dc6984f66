//! The content of documents, in sealed chunks: stored while it streams in from its vendor, opened while it streams out.

use std::sync::Arc;

use futures_util::Stream;
use ring::digest;

use crate::app::{Core, Refused};
use crate::store::WriteSet;
use crate::store::document::{self, DocumentRow, Fetched};

/// Bytes per chunk row.
pub const CHUNK: usize = 256 * 1024;

/// A content on its way in. Chunks are committed as they fill; they count only once [`super::fetched`] names them, so
/// that a try that breaks off leaves nothing that is served.
pub struct Storing<'a> {
    core: &'a Core,
    tenant: &'a str,
    content: String,
    seq: i64,
    pending: Vec<u8>,
    digest: digest::Context,
    size: i64,
}

impl<'a> Storing<'a> {
    /// Begins a content under an id of its own.
    #[must_use]
    pub fn begin(core: &'a Core, tenant: &'a str) -> Self {
        Storing {
            core,
            tenant,
            content: core.id(),
            seq: 0,
            pending: Vec::new(),
            digest: digest::Context::new(&digest::SHA256),
            size: 0,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// When a chunk can't be sealed or stored.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.digest.update(bytes);
        self.size += i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.pending.extend_from_slice(bytes);
        while self.pending.len() >= CHUNK {
            let rest = self.pending.split_off(CHUNK);
            let full = std::mem::replace(&mut self.pending, rest);
            self.store(&full).await?;
        }
        Ok(())
    }

    async fn store(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let row = document::chunk_row(&self.core.sealer, self.tenant, &self.content, self.seq, bytes)?;
        let mut set = WriteSet::of(self.tenant);
        set.put(row);
        self.core.commit(set).await?;
        self.seq += 1;
        Ok(())
    }

    /// Ends it: all chunks are stored, and what was fetched is known.
    ///
    /// # Errors
    /// When the last chunk can't be sealed or stored.
    pub async fn finish(mut self, media_type: &str) -> Result<Fetched, Refused> {
        let last = std::mem::take(&mut self.pending);
        if !last.is_empty() {
            self.store(&last).await?;
        }
        Ok(Fetched {
            media_type: media_type.to_owned(),
            size: self.size,
            sha256: hex::encode(self.digest.finish()),
            content: self.content,
            at: self.core.now(),
        })
    }
}

/// A document that can be served.
pub struct OpenDocument {
    /// Its media type.
    pub media_type: String,
    /// Proposed file name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Digest of the content, hexadecimal.
    pub sha256: String,
    core: Core,
    tenant: Arc<str>,
    content: String,
    next: i64,
}

impl OpenDocument {
    pub(super) fn of(core: &Core, row: &DocumentRow, fetched: &Fetched) -> Self {
        OpenDocument {
            media_type: fetched.media_type.clone(),
            name: row.name.clone(),
            size: u64::try_from(fetched.size).unwrap_or(0),
            sha256: fetched.sha256.clone(),
            core: core.clone(),
            tenant: row.tenant.as_str().into(),
            content: fetched.content.clone(),
            next: 0,
        }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// What the database says; a chunk that does not open.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Refused> {
        let seq = self.next;
        let Some(sealed) = document::sealed_chunk(&self.core.db, &self.tenant, &self.content, seq).await? else {
            return Ok(None);
        };
        self.next += 1;
        let opened = document::open_chunk(&self.core.sealer, &self.tenant, &self.content, seq, &sealed)?;
        Ok(Some(opened))
    }

    /// As a stream of chunks; ends with an error when it stops early.
    pub fn into_stream(self) -> impl Stream<Item = Result<Vec<u8>, Refused>> + Send + 'static {
        futures_util::stream::try_unfold(self, |mut document| async move {
            Ok(document.chunk().await?.map(|chunk| (chunk, document)))
        })
    }
}
