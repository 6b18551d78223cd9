//! The indexes of a running stack, made by what makes them on AWS.

use anyhow::Result;
use tombstone::index::{self, SearchKind, Target};

use crate::stack::StackFile;

/// Creates what is missing on this stack; answers how many indexes there are then.
///
/// # Errors
///
/// When OpenSearch refuses, or the collection files are wrong.
pub async fn create(file: &StackFile) -> Result<usize> {
    let target = Target {
        endpoint: file.endpoints.opensearch.clone(),
        kind: SearchKind::Domain,
        prefix: file.index_prefix.clone(),
        sign: false,
        shards: 1,
        replicas: 0,
    };
    let collections = index::collections(file.collections_dir.as_deref())?;
    Ok(index::create(&target, &collections).await?.len())
}
