//! Below which parents a caller may write.

use crate::api::Api;
use crate::liveness::{ANYTHING, Known, concerns, read_many};
use domain::collection::Collection;
use domain::principal::Principal;
use domain::row::Row;
use ports::{ApiPorts, Clock, DependencyError, Fields};

/// The parent of the row that is to be written, as it was read. `None` if the caller may do nothing to it: like an absent
/// one it is no place for a record, and nothing above it is read. Where the record hangs already it may stay, and who
/// may read a parent says nothing where nobody may. `owners` are ancestors that were read already.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn nearest<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    (row, known): (&Row, Option<&Row>),
    owners: Known,
) -> Result<Option<Known>, DependencyError> {
    let parent = api.collections.parent_of(collection);
    let (Some(parent), Some(key)) = (parent, row.parent_key(collection, &principal.tenant)) else {
        return Ok(Some(Known::new()));
    };
    let above = match owners.first() {
        Some((owner, _)) if *owner == key => owners,
        _ => {
            let keys = std::slice::from_ref(&key);
            let read = read_many(api, parent, keys, Fields::Judged).await?;
            vec![(key.clone(), read.into_iter().flatten().next())]
        }
    };
    let found = above.first().and_then(|(_, found)| found.as_ref());
    let stays = known.is_some_and(|known| {
        known.parent_key(collection, &principal.tenant).as_ref() == Some(&key)
    });
    let now = api.ports.clock().now();
    let is_told = |above: &Row| concerns(principal, parent, &ANYTHING, above, now);
    let may = stays || parent.permissions.read.is_empty() || found.is_none_or(is_told);
    Ok(may.then_some(above))
}
