//! What is below a parent that a request names: nothing, where it is not there.

use super::request::DestroyRequest;
use crate::api::Api;
use crate::liveness::{is_theirs, read_many};
use domain::collection::{Collection, TenantRule};
use domain::key::RecordKey;
use domain::principal::Tenant;
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
    let is_parents = request.collection.tenant == TenantRule::Parent;
    let collections = match &mut scope.source {
        Source::Matching { collections } => collections,
        // An author's rows say themselves whose they are, but where only the parent does.
        Source::Author { collections, .. } if is_parents => collections,
        Source::Author { .. } | Source::Ids { .. } | Source::Root => return Ok(scope),
    };
    let tenant = &request.principal.tenant;
    let mut named = scope.only.iter().filter_map(|(name, only)| {
        let collection = api.collections.get(name.as_ref())?;
        Some((
            api.collections.declared_parent_of(collection)?,
            only.parent.as_ref()?,
        ))
    });
    // All of them are below the same one.
    if let Some((parent, key)) = named.next()
        && !is_there(api, tenant, parent, key).await?
    {
        collections.clear();
    }
    Ok(scope)
}

async fn is_there<P: ApiPorts>(
    api: &Api<P>,
    tenant: &Tenant,
    parent: &Collection,
    key: &RecordKey,
) -> Result<bool, DependencyError> {
    if parent.is_rowless {
        return Ok(parent.may_be_of(key, tenant));
    }
    let read = read_many(api, parent, std::slice::from_ref(key), Fields::Judged).await?;
    let is_row = read
        .iter()
        .flatten()
        .any(|row| row.may_be_of(tenant, parent));
    Ok(is_row && is_theirs(api, parent, tenant, key).await?)
}
