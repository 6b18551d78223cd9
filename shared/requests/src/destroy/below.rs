//! What is below a parent that a request names: nothing, where it is not there.

use super::request::DestroyRequest;
use crate::api::Api;
use crate::liveness::read_many;
use domain::scope::{Scope, Source};
use ports::{ApiPorts, DependencyError, Fields};

/// The scope without anything to be found, if what it covers is found below a parent that is absent or another tenant's:
/// there is nothing, as in a list, and no row there is looked at. Decided once, for the deletion's whole life: a parent
/// that another deletion removes later was there.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn below_what_is_there<P: ApiPorts>(
    api: &Api<P>,
    request: &DestroyRequest<'_>,
    mut scope: Scope,
) -> Result<Scope, DependencyError> {
    let (Source::Matching { collections } | Source::Author { collections, .. }) = &mut scope.source
    else {
        return Ok(scope);
    };
    let tenant = &request.principal.tenant;
    let mut named = scope.only.iter().filter_map(|(name, only)| {
        let collection = api.collections.get(name.as_ref())?;
        Some((
            api.collections.parent_of(collection)?,
            only.parent.as_ref()?,
        ))
    });
    // All of them are below the same one.
    if let Some((parent, key)) = named.next() {
        let read = read_many(api, parent, std::slice::from_ref(key), Fields::Judged).await?;
        let mut rows = read.iter().flatten();
        if !rows.any(|row| row.may_be_of(tenant, parent)) {
            collections.clear();
        }
    }
    Ok(scope)
}
