//! The ports of the control table, disturbed.

use jiff::Timestamp;

use super::{Failing, Operation};
use crate::domain::collection::Collection;
use crate::domain::deletion::{Deletion, DeletionId};
use crate::domain::key::RecordKey;
use crate::domain::page::{Exceptions, Page};
use crate::domain::principal::Tenant;
use crate::domain::scope::Scope;
use crate::domain::told::Told;
use crate::ports::{
    AcceptDeletions, AcceptOutcome, AdvanceDeletions, Ancestor, ChangeDeletions, DeletionSummary,
    DependencyError, FindDue, KeepTold, PutPageOutcome, ReadDeletions, RestoreOutcome,
    StoreOutcome, UndoOutcome,
};

impl<P: AcceptDeletions> AcceptDeletions for Failing<P> {
    async fn accept(
        &self,
        collection: &Collection,
        deletion: &Deletion,
        scope: &Scope,
        page: &Page,
    ) -> Result<AcceptOutcome, DependencyError> {
        self.call(
            Operation::Accept,
            self.inner.accept(collection, deletion, scope, page),
        )
        .await
    }

    async fn accept_named(
        &self,
        deletion: &Deletion,
        scope: &Scope,
        ids: &[Vec<RecordKey>],
    ) -> Result<(), DependencyError> {
        self.call(
            Operation::AcceptNamed,
            self.inner.accept_named(deletion, scope, ids),
        )
        .await
    }

    async fn undo_named(
        &self,
        deletion: &Deletion,
        parts: u32,
    ) -> Result<UndoOutcome, DependencyError> {
        self.call(Operation::UndoNamed, self.inner.undo_named(deletion, parts))
            .await
    }

    async fn undo(
        &self,
        collection: &Collection,
        deletion: &Deletion,
        page: &Page,
    ) -> Result<UndoOutcome, DependencyError> {
        self.call(Operation::Undo, self.inner.undo(collection, deletion, page))
            .await
    }
}

impl<P: ReadDeletions> ReadDeletions for Failing<P> {
    async fn deletion(
        &self,
        tenant: &Tenant,
        id: DeletionId,
    ) -> Result<Option<Deletion>, DependencyError> {
        self.call(Operation::ReadDeletion, self.inner.deletion(tenant, id))
            .await
    }

    async fn scope(
        &self,
        tenant: &Tenant,
        id: DeletionId,
    ) -> Result<Option<Scope>, DependencyError> {
        self.call(Operation::ReadScope, self.inner.scope(tenant, id))
            .await
    }

    async fn ids(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        part: u32,
    ) -> Result<Option<Vec<RecordKey>>, DependencyError> {
        self.call(Operation::ReadIds, self.inner.ids(tenant, id, part))
            .await
    }

    async fn page(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Page>, DependencyError> {
        self.call(Operation::ReadPage, self.inner.page(tenant, id, number))
            .await
    }

    async fn exceptions(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Exceptions>, DependencyError> {
        self.call(
            Operation::ReadExceptions,
            self.inner.exceptions(tenant, id, number),
        )
        .await
    }

    async fn list(
        &self,
        tenant: &Tenant,
        before: Option<DeletionId>,
        limit: usize,
    ) -> Result<Vec<DeletionSummary>, DependencyError> {
        self.call(
            Operation::ListDeletions,
            self.inner.list(tenant, before, limit),
        )
        .await
    }
}

impl<P: ChangeDeletions> ChangeDeletions for Failing<P> {
    async fn store(&self, next: &Deletion) -> Result<StoreOutcome, DependencyError> {
        self.call(Operation::Store, self.inner.store(next)).await
    }
}

impl<P: AdvanceDeletions> AdvanceDeletions for Failing<P> {
    async fn finish_restore(
        &self,
        collection: &Collection,
        restored: &Deletion,
        page: &Page,
        ancestors: &[Ancestor],
    ) -> Result<RestoreOutcome, DependencyError> {
        let ending = self
            .inner
            .finish_restore(collection, restored, page, ancestors);
        self.call(Operation::FinishRestore, ending).await
    }

    async fn put_page(
        &self,
        deletion: &Deletion,
        page: &Page,
    ) -> Result<PutPageOutcome, DependencyError> {
        self.call(Operation::PutPage, self.inner.put_page(deletion, page))
            .await
    }

    async fn put_exceptions(
        &self,
        deletion: &Deletion,
        number: u32,
        exceptions: &Exceptions,
    ) -> Result<(), DependencyError> {
        self.call(
            Operation::PutExceptions,
            self.inner.put_exceptions(deletion, number, exceptions),
        )
        .await
    }

    async fn drop_ids(&self, deletion: &Deletion, part: u32) -> Result<(), DependencyError> {
        self.call(Operation::DropIds, self.inner.drop_ids(deletion, part))
            .await
    }

    async fn drop_page(&self, deletion: &Deletion, number: u32) -> Result<(), DependencyError> {
        self.call(Operation::DropPage, self.inner.drop_page(deletion, number))
            .await
    }
}

impl<P: FindDue> FindDue for Failing<P> {
    async fn find_due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Tenant, DeletionId)>, DependencyError> {
        self.call(Operation::FindDue, self.inner.find_due(now, limit))
            .await
    }
}

impl<P: KeepTold> KeepTold for Failing<P> {
    async fn told(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Told>, DependencyError> {
        self.call(Operation::ReadTold, self.inner.told(tenant, id, number))
            .await
    }

    async fn put_told(
        &self,
        deletion: &Deletion,
        number: u32,
        told: &Told,
    ) -> Result<(), DependencyError> {
        self.call(
            Operation::PutTold,
            self.inner.put_told(deletion, number, told),
        )
        .await
    }
}
