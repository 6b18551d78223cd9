//! The notice of a page: item `R#<n>`.

use super::read::{notice_item, read_notice};
use super::{DynamoDeletions, keys, unusable};
use domain::deletion::{Deletion, DeletionId};
use domain::notice::Notice;
use domain::principal::Tenant;
use ports::{DependencyError, StoreNotices};

impl StoreNotices for DynamoDeletions {
    async fn notice(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Notice>, DependencyError> {
        let operation = "read the notice of a page";
        let item = self
            .get(tenant, id, &keys::notice(number), operation)
            .await?;
        item.map(|item| read_notice(number, &item))
            .transpose()
            .map_err(unusable(operation))
    }

    async fn put_notice(
        &self,
        deletion: &Deletion,
        number: u32,
        notice: &Notice,
    ) -> Result<(), DependencyError> {
        let operation = "write the notice of a page";
        let item = notice_item(deletion, number, notice).map_err(unusable(operation))?;
        self.write_over(item, &keys::notice(number), operation)
            .await
    }
}
