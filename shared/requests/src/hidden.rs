//! What deletions without a root hide from their acceptance until their delete is over: a negative filter on whatever is
//! read.
//!
//! It is read before the rows that it is applied to. Whoever reads the rows first may find one that is not marked yet,
//! and then no deletion any more.

use tracing::warn;

use crate::api::Api;
use crate::deletions::read_all;
use domain::collection::Collection;
use domain::deletion::DeletionId;
use domain::open::OpenScope;
use domain::principal::Tenant;
use domain::row::Row;
use ports::{ApiPorts, DependencyError, ReadDeletions};

/// What is hidden from the requests of a tenant.
pub(super) struct Hidden<'t> {
    pub(super) tenant: &'t Tenant,
    open: Vec<OpenScope>,
}

impl<'t> Hidden<'t> {
    /// What is hidden of a collection and of what is above it: one call if nothing is, two otherwise, however many
    /// deletions are under way.
    ///
    /// # Errors
    ///
    /// When the control table did not answer.
    pub(super) async fn of<P: ApiPorts>(
        api: &Api<P>,
        tenant: &'t Tenant,
        collection: &Collection,
    ) -> Result<Self, DependencyError> {
        let mut hidden = Self {
            tenant,
            open: Vec::new(),
        };
        if !is_possible(api, collection) {
            return Ok(hidden);
        }
        let announcements = api.ports.deletions().open(tenant).await?;
        let ids: Vec<DeletionId> = announcements
            .iter()
            .map(|announcement| announcement.id)
            .collect();
        let shown = read_all(api, tenant, &ids).await?;
        for (announcement, (_, shown)) in announcements.into_iter().zip(shown) {
            let Some(shown) = shown else { continue };
            let deletion = *shown.deletion;
            let Some(scope) = shown.scope else {
                warn!(deletion_id = %deletion.id, "an open deletion has no scope");
                continue;
            };
            let open = OpenScope::of(deletion, scope, announcement.keys);
            hidden.open.extend(open);
        }
        Ok(hidden)
    }

    /// The deletion that is about to take this row.
    pub(super) fn by(&self, collection: &Collection, row: &Row) -> Option<DeletionId> {
        let mut open = self.open.iter();
        let found = open.find(|scope| scope.takes(collection, row));
        found.map(OpenScope::id)
    }
}

/// Whether anybody may delete many records of this collection, or of one above it.
fn is_possible<P: ApiPorts>(api: &Api<P>, collection: &Collection) -> bool {
    let mut next = Some(collection);
    while let Some(collection) = next {
        let permissions = &collection.permissions;
        if !permissions.delete.is_empty() || !permissions.destroy_all.is_empty() {
            return true;
        }
        next = api.collections.declared_parent_of(collection);
    }
    false
}
