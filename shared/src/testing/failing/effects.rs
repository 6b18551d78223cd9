//! The ports of the effects on rows, disturbed.

use super::{Failing, Operation};
use crate::domain::collection::Collection;
use crate::domain::held::Held;
use crate::domain::key::RecordKey;
use crate::ports::{
    Attempt, DependencyError, DetachOutcome, DetachRows, InOrder, OrderQuery, RepairAggregates,
    SetOutcome,
};

impl<P: RepairAggregates> RepairAggregates for Failing<P> {
    async fn in_order(&self, query: OrderQuery<'_>) -> Result<InOrder, DependencyError> {
        self.call(Operation::RowsInOrder, self.inner.in_order(query))
            .await
    }

    async fn set(
        &self,
        collection: &Collection,
        key: &RecordKey,
        attribute: &str,
        held: &Held,
        next: Option<&str>,
    ) -> Result<Attempt<SetOutcome>, DependencyError> {
        let act = self.inner.set(collection, key, attribute, held, next);
        self.one(Operation::SetAggregate, act).await
    }
}

impl<P: DetachRows> DetachRows for Failing<P> {
    const DETACH_BATCH: usize = P::DETACH_BATCH;

    async fn detach(
        &self,
        collection: &Collection,
        parent: &RecordKey,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<DetachOutcome>>, DependencyError> {
        let act = |keys: Vec<RecordKey>| async move {
            self.inner.detach(collection, parent, &keys).await
        };
        self.batch(Operation::DetachRows, keys, act).await
    }

    async fn regroup(
        &self,
        collection: &Collection,
        attribute: &str,
        from: &str,
        to: Option<&str>,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<DetachOutcome>>, DependencyError> {
        let act = |keys: Vec<RecordKey>| async move {
            self.inner
                .regroup(collection, attribute, from, to, &keys)
                .await
        };
        self.batch(Operation::DetachRows, keys, act).await
    }
}
