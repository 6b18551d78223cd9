//! What the events of a page tell: item `R#<n>`.

use super::read::{read_told, told_item};
use super::{DynamoDeletions, keys, unusable};
use domain::deletion::{Deletion, DeletionId};
use domain::principal::Tenant;
use domain::told::Told;
use ports::{DependencyError, KeepTold};

impl KeepTold for DynamoDeletions {
    async fn told(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Told>, DependencyError> {
        let operation = "read what is told of a page";
        let item = self.get(tenant, id, &keys::told(number), operation).await?;
        item.map(|item| read_told(number, &item))
            .transpose()
            .map_err(unusable(operation))
    }

    async fn put_told(
        &self,
        deletion: &Deletion,
        number: u32,
        told: &Told,
    ) -> Result<(), DependencyError> {
        let operation = "write what is told of a page";
        let item = told_item(deletion, number, told).map_err(unusable(operation))?;
        self.write_over(item, &keys::told(number), operation).await
    }
}
