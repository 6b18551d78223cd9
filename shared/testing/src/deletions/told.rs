//! What the events of a page tell.

use super::{FakeDeletions, id_of};
use domain::deletion::{Deletion, DeletionId};
use domain::principal::Tenant;
use domain::told::Told;
use ports::{DependencyError, KeepTold};

impl KeepTold for FakeDeletions {
    async fn told(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Told>, DependencyError> {
        let (state, id) = (self.begin(), (tenant.clone(), id));
        state.known(&id, "read what is told of a page")?;
        Ok(state.told.get(&(id, number)).cloned())
    }

    async fn put_told(
        &self,
        deletion: &Deletion,
        number: u32,
        told: &Told,
    ) -> Result<(), DependencyError> {
        let (mut state, id) = (self.begin(), id_of(deletion));
        state.known(&id, "write what is told of a page")?;
        state.told.insert((id, number), told.clone());
        Ok(())
    }
}
