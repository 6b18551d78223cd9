//! What a control table must provide for the rules about deletions, and how the rules use it.

use crate::samples;
use domain::collection::{Collection, Collections};
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::{Judged, Page};
use domain::scope::Scope;
use ports::{
    AcceptDeletions, AcceptOutcome, AdvanceDeletions, FindDue, OnlyIf, ReadDeletions, StoreNotices,
    Stored,
};
use serde_json::{Map, Value};

/// A control table, empty, beside the tables of [`samples`], empty too.
pub trait DeletionsHarness: Send + Sync {
    type Deletions: AcceptDeletions + ReadDeletions + AdvanceDeletions + StoreNotices + FindDue;

    /// The port.
    fn deletions(&self) -> &Self::Deletions;

    /// Stores a row without the port; `null` is an explicit NULL.
    fn put_row(
        &self,
        collection: &Collection,
        row: Map<String, Value>,
    ) -> impl Future<Output = ()> + Send;

    /// Removes a row without the port.
    fn remove_row(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> impl Future<Output = ()> + Send;

    /// The complete row as it is stored.
    fn get_row(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> impl Future<Output = Option<Map<String, Value>>> + Send;

    /// The complete row as a write reads it.
    fn seen_row(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> impl Future<Output = Option<Stored<<Self::Deletions as AcceptDeletions>::Raw>>> + Send;

    /// Gives all items of a deletion a later version than this build knows.
    fn make_newer(&self, deletion: &Deletion) -> impl Future<Output = ()> + Send;

    /// Undoes that, and nothing else.
    fn make_known(&self, deletion: &Deletion) -> impl Future<Output = ()> + Send;

    /// Lets the indexes catch up.
    fn settle(&self) -> impl Future<Output = ()> + Send;
}

/// A live root, and the deletion of it that will be accepted.
pub(super) struct Sample {
    pub(super) collections: Collections,
    pub(super) collection: Collection,
    pub(super) deletion: Deletion,
    pub(super) scope: Scope,
    pub(super) page: Page,
}

/// The n-th deletion, of the discussion `d-n`, for this tenant.
pub(super) fn sample(n: u8, tenant: &str) -> Sample {
    let collections = samples::collections();
    let collection = samples::collection("discussions");
    let deletion = samples::deletion(n, &collection, &samples::key(&format!("d-{n}")), tenant);
    let scope = Scope::below(&collection, &collections);
    let page = samples::root_page(&deletion, Judged::Live);
    Sample {
        collections,
        collection,
        deletion,
        scope,
        page,
    }
}

impl Sample {
    pub(super) fn live_root(&self) -> Map<String, Value> {
        samples::row(
            &self.collection,
            self.root_key(),
            self.deletion.tenant.as_str(),
        )
    }

    pub(super) fn root_key(&self) -> &RecordKey {
        &self.page.entries[0].key
    }

    pub(super) async fn accept<H: DeletionsHarness>(&self, harness: &H) -> AcceptOutcome {
        self.accept_if(harness, OnlyIf::unused(None)).await
    }

    pub(super) async fn accept_if<H: DeletionsHarness>(
        &self,
        harness: &H,
        only_if: OnlyIf<'_, <H::Deletions as AcceptDeletions>::Raw>,
    ) -> AcceptOutcome {
        let (collection, deletion) = (&self.collection, &self.deletion);
        let accepted = harness
            .deletions()
            .accept(collection, deletion, &self.scope, &self.page, only_if)
            .await;
        accepted.expect("it answers")
    }

    pub(super) async fn root<H: DeletionsHarness>(
        &self,
        harness: &H,
    ) -> Option<Map<String, Value>> {
        harness.get_row(&self.collection, self.root_key()).await
    }

    /// Whether nothing of the deletion is stored.
    pub(super) async fn is_absent<H: DeletionsHarness>(&self, harness: &H) -> bool {
        let (store, tenant, id) = (harness.deletions(), &self.deletion.tenant, self.deletion.id);
        store
            .deletion(tenant, id)
            .await
            .expect("it answers")
            .is_none()
            && store.scope(tenant, id).await.expect("it answers").is_none()
            && store
                .page(tenant, id, 1)
                .await
                .expect("it answers")
                .is_none()
    }

    /// As the store has it.
    pub(super) async fn stored<H: DeletionsHarness>(&self, harness: &H) -> Deletion {
        let stored = harness
            .deletions()
            .deletion(&self.deletion.tenant, self.deletion.id)
            .await;
        stored.expect("it answers").expect("it is there")
    }
}

/// A live root whose deletion was just accepted.
pub(super) async fn accepted<H: DeletionsHarness>(harness: &H, n: u8, tenant: &str) -> Sample {
    let sample = sample(n, tenant);
    harness
        .put_row(&sample.collection, sample.live_root())
        .await;
    assert_eq!(sample.accept(harness).await, AcceptOutcome::Accepted);
    sample
}
