//! What the events of a page say beside its keys.

use crate::DependencyError;
use domain::deletion::{Deletion, DeletionId};
use domain::notice::Notice;
use domain::principal::Tenant;

/// Stores what the events of a page say, before the first of them is published. It is removed with the page
/// ([`drop_page`](crate::AdvanceDeletions::drop_page)).
pub trait StoreNotices: Send + Sync {
    /// What a page's events say; `None` is "nothing beside its keys".
    ///
    /// # Errors
    ///
    /// When the store did not answer, or the item is of a later version.
    fn notice(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> impl Future<Output = Result<Option<Notice>, DependencyError>> + Send;

    /// Writes it, whatever was there: only the holder of the lease does this, and before the checkpoint of the page.
    ///
    /// # Errors
    ///
    /// When the store did not answer; whether it was written is then unknown.
    fn put_notice(
        &self,
        deletion: &Deletion,
        number: u32,
        notice: &Notice,
    ) -> impl Future<Output = Result<(), DependencyError>> + Send;
}
