//! The indexes of a running stack, made by what makes them on AWS.

use anyhow::{Context as _, Result};
use tombstone::collections;
use tombstone::index::{self, SearchKind, Target};

use crate::stack::StackFile;

/// Creates what is missing on this stack; answers how many indexes there are then.
///
/// # Errors
///
/// When OpenSearch refuses, or the collection files are wrong.
pub async fn create(file: &StackFile) -> Result<usize> {
    let target = Target {
        endpoint: (file.endpoints.opensearch.parse())
            .context("understand the URL of OpenSearch")?,
        kind: SearchKind::Domain,
        prefix: file.index_prefix.clone(),
        signed: None,
        shards: 1,
        replicas: 0,
    };
    let collections = collections::read(file.collections_dir.as_deref())?;
    Ok(index::create(&target, &collections).await?.len())
}
