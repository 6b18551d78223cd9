//! Rows by their attributes, as [`Related`] describes them: the one place of the requests that queries a store for
//! rows.

use crate::api::Api;
use crate::liveness::read_many;
use domain::key::RecordKey;
use domain::page::Position;
use ports::{ApiPorts, DependencyError, ReadRows, Related, RowPage};

/// How many store calls it takes to read so many of them: what an index lists is read again by its keys.
pub(super) fn calls<P: ApiPorts>(related: &Related<'_>, limit: usize) -> usize {
    if related.is_over_an_index() {
        1 + limit.div_ceil(P::Rows::READ_BATCH)
    } else {
        1
    }
}

/// Some of the rows as the table has them now, from `after` on: at most `limit` are read.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn page<P: ApiPorts>(
    api: &Api<P>,
    related: &Related<'_>,
    after: Option<&Position>,
    limit: usize,
) -> Result<RowPage, DependencyError> {
    let mut page = api.ports.rows().query(related.query(after, limit)).await?;
    if related.is_over_an_index() {
        let keys: Vec<RecordKey> = page.rows.into_iter().map(|row| row.key).collect();
        let rows = read_many(api, related.collection(), &keys, related.fields()).await?;
        page.rows = rows.into_iter().flatten().collect();
    }
    // A query does not ask for everything: not for a part behind one that is unknown.
    page.rows.retain(|row| related.has(row));
    Ok(page)
}
