//! The ports of rows that leave their table, disturbed.

use super::{Failing, Operation};
use crate::domain::collection::Collection;
use crate::domain::deletion::DeletionId;
use crate::domain::key::RecordKey;
use crate::domain::principal::Tenant;
use crate::domain::row::Mark;
use crate::ports::{
    ArchiveRows, Attempt, CopyOutcome, DependencyError, EraseOutcome, EraseRows, PutBackOutcome,
    RowToCopy, RowToErase, RowToPutBack, Stored, TakeOutcome,
};

impl<P: ArchiveRows> ArchiveRows for Failing<P> {
    type Whole = P::Whole;

    const WHOLE_BATCH: usize = P::WHOLE_BATCH;
    const MOVE_BATCH: usize = P::MOVE_BATCH;

    async fn whole(
        &self,
        collection: &Collection,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<Option<Stored<P::Whole>>>>, DependencyError> {
        let act = |keys: Vec<RecordKey>| async move { self.inner.whole(collection, &keys).await };
        self.batch(Operation::ReadWhole, keys, act).await
    }

    async fn copy(
        &self,
        collection: &Collection,
        tenant: &Tenant,
        mark: &Mark,
        rows: &[RowToCopy<P::Whole>],
    ) -> Result<Vec<Attempt<CopyOutcome>>, DependencyError> {
        let act = |rows: Vec<RowToCopy<P::Whole>>| async move {
            self.inner.copy(collection, tenant, mark, &rows).await
        };
        self.batch(Operation::CopyRows, rows, act).await
    }

    async fn take(
        &self,
        collection: &Collection,
        rows: &[Stored<P::Whole>],
    ) -> Result<Vec<Attempt<TakeOutcome>>, DependencyError> {
        let act =
            |rows: Vec<Stored<P::Whole>>| async move { self.inner.take(collection, &rows).await };
        self.batch(Operation::TakeRows, rows, act).await
    }

    async fn copies(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<Option<Stored<P::Whole>>>>, DependencyError> {
        let act = |keys: Vec<RecordKey>| async move {
            self.inner.copies(collection, deletion, &keys).await
        };
        self.batch(Operation::ReadCopies, keys, act).await
    }

    async fn put_back(
        &self,
        collection: &Collection,
        rows: &[RowToPutBack<P::Whole>],
    ) -> Result<Vec<Attempt<PutBackOutcome>>, DependencyError> {
        let act = |rows: Vec<RowToPutBack<P::Whole>>| async move {
            self.inner.put_back(collection, &rows).await
        };
        self.batch(Operation::PutBackRows, rows, act).await
    }

    async fn drop_copies(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<()>>, DependencyError> {
        let act = |keys: Vec<RecordKey>| async move {
            self.inner.drop_copies(collection, deletion, &keys).await
        };
        self.batch(Operation::DropCopies, keys, act).await
    }
}

impl<P: EraseRows> EraseRows for Failing<P> {
    const ERASE_BATCH: usize = P::ERASE_BATCH;

    async fn erase(
        &self,
        collection: &Collection,
        tenant: &Tenant,
        deletion: DeletionId,
        rows: &[RowToErase],
    ) -> Result<Vec<Attempt<EraseOutcome>>, DependencyError> {
        let act = |rows: Vec<RowToErase>| async move {
            self.inner.erase(collection, tenant, deletion, &rows).await
        };
        self.batch(Operation::EraseRows, rows, act).await
    }
}
