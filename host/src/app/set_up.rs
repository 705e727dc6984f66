//! What the database says of a revision at the beginning of a call: the revision, its package and the key that signed it, and
//! the peer's endpoints. Calls that begin at the same moment share one reading ([`Core::set_up`](super::Core)).

use std::sync::Arc;

use super::recording;
use crate::store::package::{PackageRow, PublisherKeyRow};
use crate::store::revision::{EndpointRow, RevisionRow};
use crate::store::{Database, StoreError};

/// What a call needs to know besides the loaded component.
pub(super) struct SetUp {
    pub(super) revision: RevisionRow,
    pub(super) package: Option<PackageRow>,
    /// Of the key that is named first; another one may have signed along.
    pub(super) key: Option<PublisherKeyRow>,
    /// Whether functioneel beheer asked for the exchanges to be kept.
    pub(super) is_recorded: bool,
    pub(super) endpoints: Vec<EndpointRow>,
}

/// Reads it; `None` when there is no such revision.
///
/// # Errors
/// What the database says.
pub(super) async fn read(
    db: &Database,
    tenant: &str,
    peer: &str,
    number: i64,
) -> Result<Option<Arc<SetUp>>, StoreError> {
    let (revision, is_recorded, endpoints) = tokio::try_join!(
        db.revision(tenant, peer, number),
        recording::is_on(db, tenant, peer),
        db.endpoints(tenant, peer),
    )?;
    let Some(revision) = revision else {
        return Ok(None);
    };
    let package = db.package(tenant, &revision.digest).await?;
    let key = match &package {
        Some(package) => db.publisher_key(tenant, &package.key_id).await?,
        None => None,
    };
    Ok(Some(Arc::new(SetUp {
        revision,
        package,
        key,
        is_recorded,
        endpoints,
    })))
}
