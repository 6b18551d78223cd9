//! What the events of a page tell beside its keys.

use crate::domain::deletion::{Deletion, DeletionId};
use crate::domain::principal::Tenant;
use crate::domain::told::Told;
use crate::ports::DependencyError;

/// Remembers what the events of a page tell, before the first of them is sent. It goes with the page
/// ([`drop_page`](crate::ports::AdvanceDeletions::drop_page)).
pub trait KeepTold: Send + Sync {
    /// What a page's events tell; `None` is "nothing beside its keys".
    ///
    /// # Errors
    ///
    /// When the store did not answer, or the item is of a later version.
    fn told(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> impl Future<Output = Result<Option<Told>, DependencyError>> + Send;

    /// Writes it, whatever was there: who holds the lease is the only one who does, and does so before the checkpoint
    /// of the page.
    ///
    /// # Errors
    ///
    /// When the store did not answer; whether it was written is then unknown.
    fn put_told(
        &self,
        deletion: &Deletion,
        number: u32,
        told: &Told,
    ) -> impl Future<Output = Result<(), DependencyError>> + Send;
}
