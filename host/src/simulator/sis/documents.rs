//! The documents of a result: fetched from the TPL after its message was answered (§3.5.2), by id (R27).

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::super::strict::consumer;
use super::System;
use super::registry::FetchedDocument;

/// How often a document is tried.
const TRIES: u32 = 4;
/// The pause after the first failure; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Starts fetching the documents that a result names. A repeat of the message fetches them again, as any DR may.
pub(super) fn fetch(system: &Arc<System>, association_id: &str, body: &Value) {
    let documents = consumer(&body["result"]).and_then(|ours| ours["documents"].as_array());
    for document in documents.into_iter().flatten() {
        let Some(document_id) = document["documentId"].as_str() else {
            continue;
        };
        system.documents_under_way.send_modify(|count| *count += 1);
        let fetching = fetch_one(Arc::clone(system), association_id.to_owned(), document_id.to_owned());
        tokio::spawn(fetching);
    }
}

async fn fetch_one(system: Arc<System>, association_id: String, document_id: String) {
    let mut pause = FIRST_PAUSE;
    let mut fetched = system.outgoing.fetch_document(&document_id).await;
    for _ in 1..TRIES {
        if fetched.is_ok() || !system.outgoing.is_known() {
            break;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
        fetched = system.outgoing.fetch_document(&document_id).await;
    }
    let document = match fetched {
        Ok(content) => FetchedDocument {
            association_id,
            document_id,
            bytes: Some(content.bytes),
            sha256: Some(content.sha256),
            error: None,
        },
        Err(error) => FetchedDocument {
            association_id,
            document_id,
            bytes: None,
            sha256: None,
            error: Some(error),
        },
    };
    system.registry().documents.push(document);
    system.documents_under_way.send_modify(|count| *count -= 1);
}
