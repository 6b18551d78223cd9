//! Items of a later version: never partly read, never overwritten, never removed.

use std::collections::BTreeMap;

use super::harness::{DeletionsHarness, Sample, accepted};
use crate::contract::assert_newer;
use crate::samples::start;
use domain::deletion::Deletion;
use domain::effects::Audience;
use domain::notice::Notice;
use domain::page::{Exceptions, Outcome, Page};
use domain::scope::Scope;
use ports::{
    AcceptDeletions, AdvanceDeletions, ChangeDeletions, ReadDeletions, StoreNotices, UndoOutcome,
};

pub async fn items_of_a_later_version_are_an_error<H: DeletionsHarness>(harness: &H) {
    let sample = with_everything(harness).await;
    let (mut late, mut page) = (sample.deletion.progressed(start()), sample.page.clone());
    late.revision += 1;
    page.next = None;
    harness.make_newer(&sample.deletion).await;
    let (store, tenant, id) = (
        harness.deletions(),
        &sample.deletion.tenant,
        sample.deletion.id,
    );

    assert_newer(store.deletion(tenant, id).await);
    assert_newer(store.scope(tenant, id).await);
    assert_newer(store.page(tenant, id, 1).await);
    assert_newer(store.exceptions(tenant, id, 1).await);
    assert_newer(store.notice(tenant, id, 1).await);
    // A writer that loses a race to a later version cannot read what that decided.
    assert_newer(store.store(&late).await);
    assert_newer(store.put_page(&sample.deletion, &page).await);
}

pub async fn items_of_a_later_version_are_neither_written_over_nor_removed<H: DeletionsHarness>(
    harness: &H,
) {
    let sample = with_everything(harness).await;
    let (store, deletion) = (harness.deletions(), &sample.deletion);
    let before = everything(harness, &sample).await;
    harness.make_newer(deletion).await;

    let (other, told) = (exceptions("another reason"), Notice::default());
    assert_newer(store.store(&deletion.progressed(start())).await);
    assert_newer(store.put_exceptions(deletion, 1, &other).await);
    assert_newer(
        store
            .put_exceptions(deletion, 1, &Exceptions::default())
            .await,
    );
    assert_newer(store.put_notice(deletion, 1, &told).await);
    assert_newer(store.drop_page(deletion, 1).await);
    let (collection, page) = (&sample.collection, &sample.page);
    // A later version works on it: that counts as begun.
    let undone = store.undo(collection, deletion, page, None).await;
    assert_eq!(undone.expect("it answers"), UndoOutcome::Begun);

    harness.make_known(deletion).await;
    assert_eq!(everything(harness, &sample).await, before);
}

/// An accepted deletion with exceptions, and a notice, of its page.
async fn with_everything<H: DeletionsHarness>(harness: &H) -> Sample {
    let sample = accepted(harness, 1, "acme").await;
    let (store, deletion) = (harness.deletions(), &sample.deletion);
    let found = exceptions("a reason");
    let written = store.put_exceptions(deletion, 1, &found).await;
    written.expect("it answers");
    let told = Notice {
        recipients: BTreeMap::from([("[]".to_owned(), Audience::default())]),
        ..Notice::default()
    };
    let written = store.put_notice(deletion, 1, &told).await;
    written.expect("it answers");
    sample
}

fn exceptions(reason: &str) -> Exceptions {
    let reason = reason.to_owned();
    Exceptions {
        deleted: BTreeMap::from([(0, Outcome::Failed { reason })]),
        ..Exceptions::default()
    }
}

/// Everything that is stored of a deletion.
async fn everything<H: DeletionsHarness>(
    harness: &H,
    sample: &Sample,
) -> (
    Option<Deletion>,
    Option<Scope>,
    Option<Page>,
    Option<Exceptions>,
    Option<Notice>,
) {
    let (store, tenant, id) = (
        harness.deletions(),
        &sample.deletion.tenant,
        sample.deletion.id,
    );
    (
        store.deletion(tenant, id).await.expect("it answers"),
        store.scope(tenant, id).await.expect("it answers"),
        store.page(tenant, id, 1).await.expect("it answers"),
        store.exceptions(tenant, id, 1).await.expect("it answers"),
        store.notice(tenant, id, 1).await.expect("it answers"),
    )
}
