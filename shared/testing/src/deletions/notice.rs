//! The notice of a page.

use super::{FakeDeletions, id_of};
use domain::deletion::{Deletion, DeletionId};
use domain::notice::Notice;
use domain::principal::Tenant;
use ports::{DependencyError, StoreNotices};

impl StoreNotices for FakeDeletions {
    async fn notice(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Notice>, DependencyError> {
        let (state, id) = (self.begin(), (tenant.clone(), id));
        state.known(&id, "read the notice of a page")?;
        Ok(state.told.get(&(id, number)).cloned())
    }

    async fn put_notice(
        &self,
        deletion: &Deletion,
        number: u32,
        notice: &Notice,
    ) -> Result<(), DependencyError> {
        let (mut state, id) = (self.begin(), id_of(deletion));
        state.known(&id, "write the notice of a page")?;
        state.told.insert((id, number), notice.clone());
        Ok(())
    }
}
