//! Documents that look like scans: a PDF's first line and then as many bytes as asked for, always the same for one id.

use axum::body::Bytes;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::super::seeded::{Seeded, u64_for, uuid_for};
use super::platform::{Document, Platform};

/// Makes a document, and gives the entry that names it in a message (§4.6). The same words make the same document.
pub(super) fn make(platform: &mut Platform, words: &[&str], kind: &str, name: &str, bytes: usize) -> Value {
    let id = uuid_for(words);
    let document = platform.documents.entry(id.clone()).or_insert_with(|| {
        let content = content(u64_for(words), bytes);
        let sha256 = hex::encode(digest(&SHA256, &content));
        Document {
            name: name.to_owned(),
            content: Bytes::from(content),
            sha256,
            reads: 0,
        }
    });
    json!({ "documentId": id, "documentType": kind, "documentName": document.name })
}

fn content(seed: u64, bytes: usize) -> Vec<u8> {
    let mut chance = Seeded::from(seed);
    let mut content = b"%PDF-1.7\n".to_vec();
    while content.len() < bytes {
        content.extend_from_slice(&chance.next().to_le_bytes());
    }
    content.truncate(bytes);
    content
}
