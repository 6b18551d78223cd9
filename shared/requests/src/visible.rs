//! Which deletion a caller may see.

use crate::api::Api;
use domain::deletion::{Deletion, DeletionId};
use domain::permission::sees;
use domain::principal::{Principal, Tenant};
use domain::scope::Scope;
use ports::{ApiPorts, DependencyError, ReadDeletions};

/// The deletion with this id, if the caller may see it.
///
/// # Errors
///
/// When the control table did not answer.
pub(super) async fn visible<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    by: Option<DeletionId>,
) -> Result<Option<Box<Deletion>>, DependencyError> {
    let found = stored(api, &principal.tenant, by).await?;
    Ok(found.filter(|deletion| sees(principal, &api.collections, deletion)))
}

/// The deletion with this id, whoever may see it.
///
/// # Errors
///
/// When the control table did not answer.
pub(super) async fn stored<P: ApiPorts>(
    api: &Api<P>,
    tenant: &Tenant,
    by: Option<DeletionId>,
) -> Result<Option<Box<Deletion>>, DependencyError> {
    let Some(id) = by else { return Ok(None) };
    let deletions = api.ports.deletions();
    let Some(mut deletion) = deletions.deletion(tenant, id).await? else {
        return Ok(None);
    };
    if lacks_names(&deletion) {
        name(&mut deletion, deletions.scope(tenant, id).await?.as_ref());
    }
    Ok(Some(Box::new(deletion)))
}

/// Whether an earlier build has accepted it, which did not store which collections it requests.
pub(super) fn lacks_names(deletion: &Deletion) -> bool {
    deletion.root.is_none() && deletion.names.is_empty()
}

/// Fills in which collections it requests. If the scope was dropped with the pages, the counts show what was deleted.
pub(super) fn name(deletion: &mut Deletion, scope: Option<&Scope>) {
    deletion.names = match scope {
        Some(scope) => scope.names(&deletion.collection),
        None => deletion.deleted.keys().cloned().collect(),
    };
}
