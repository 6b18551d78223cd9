//! Accepting, all or nothing, and rolling it back.

use serde_json::{Map, Value, json};

use super::harness::{DeletionsHarness, accepted, sample};
use crate::samples::{mark, marked, root_page, start, taken_back, timing, with_null};
use domain::page::Judged;
use domain::size::{Count, ITEM_BYTES};
use ports::{
    AcceptDeletions, AcceptOutcome, ChangeDeletions, OnlyIf, ReadDeletions, StoreOutcome,
    UndoOutcome,
};

pub async fn accepting_marks_the_root_and_puts_deletion_scope_and_page<H: DeletionsHarness>(
    harness: &H,
) {
    let sample = sample(1, "acme");
    harness
        .put_row(&sample.collection, sample.live_root())
        .await;

    let outcome = sample.accept(harness).await;

    assert_eq!(outcome, AcceptOutcome::Accepted);
    assert_eq!(
        sample.root(harness).await,
        Some(marked(&sample.collection, sample.live_root(), &mark(1)))
    );
    assert_eq!(sample.stored(harness).await, sample.deletion);
    let (store, tenant, id) = (
        harness.deletions(),
        &sample.deletion.tenant,
        sample.deletion.id,
    );
    assert_eq!(
        store.scope(tenant, id).await.expect("it answers"),
        Some(sample.scope)
    );
    assert_eq!(
        store.page(tenant, id, 1).await.expect("it answers"),
        Some(sample.page)
    );
}

pub async fn accepting_a_root_that_has_changed_since_it_was_seen_writes_nothing<
    H: DeletionsHarness,
>(
    harness: &H,
) {
    let sample = sample(1, "acme");
    let mut row = sample.live_root();
    row.insert("tags".to_owned(), json!(["a", { "b": 1.5 }, null]));
    harness.put_row(&sample.collection, row.clone()).await;
    let (collection, key) = (&sample.collection, sample.root_key());
    let seen = harness.seen_row(collection, key).await;
    let only_if = OnlyIf {
        key: None,
        seen: seen.as_ref(),
    };
    for (name, value) in [("tags", json!([])), ("owner_note", json!("x"))] {
        // What was not seen is not compared: one attribute is changed, then the other is taken out.
        let mut other = row.clone();
        other.insert(name.to_owned(), value);
        if name != "tags" {
            other.remove("tags");
        }
        harness.put_row(collection, other.clone()).await;

        let outcome = sample.accept_if(harness, only_if).await;

        assert_eq!(outcome, AcceptOutcome::RootNotLive);
        assert!(sample.is_absent(harness).await);
        assert_eq!(sample.root(harness).await, Some(other));
    }
    harness.put_row(collection, row.clone()).await;

    // The second time the answer was lost.
    for _ in 0..2 {
        let outcome = sample.accept_if(harness, only_if).await;
        assert_eq!(outcome, AcceptOutcome::Accepted);
    }

    let expected = marked(collection, row, &mark(1));
    assert_eq!(sample.root(harness).await, Some(expected));
}

pub async fn accepting_marks_a_root_with_a_null_mark_too<H: DeletionsHarness>(harness: &H) {
    let mut sample = sample(1, "acme");
    sample.page = root_page(&sample.deletion, Judged::LiveNull);
    harness
        .put_row(
            &sample.collection,
            with_null(&sample.collection, sample.live_root()),
        )
        .await;

    assert_eq!(sample.accept(harness).await, AcceptOutcome::Accepted);

    assert_eq!(
        sample.root(harness).await,
        Some(marked(&sample.collection, sample.live_root(), &mark(1)))
    );
}

pub async fn accepting_a_root_that_is_not_there_writes_nothing<H: DeletionsHarness>(harness: &H) {
    for judged in [Judged::Live, Judged::LiveNull] {
        let mut sample = sample(1, "acme");
        sample.page = root_page(&sample.deletion, judged);

        assert_eq!(sample.accept(harness).await, AcceptOutcome::RootNotLive);

        assert!(sample.is_absent(harness).await);
        assert_eq!(sample.root(harness).await, None);
    }
}

pub async fn accepting_a_root_of_another_tenant_writes_nothing<H: DeletionsHarness>(harness: &H) {
    let sample = sample(1, "acme");
    let mut theirs = sample.live_root();
    theirs.insert("user_id".to_owned(), json!("globex"));

    refuses(harness, &sample, theirs).await;
}

pub async fn accepting_a_root_of_nobody_writes_nothing<H: DeletionsHarness>(harness: &H) {
    let sample = sample(1, "acme");
    let mut nobodys = sample.live_root();
    nobodys.remove("user_id");

    refuses(harness, &sample, nobodys).await;
}

pub async fn accepting_a_marked_root_writes_nothing<H: DeletionsHarness>(harness: &H) {
    let sample = sample(1, "acme");
    let mut strange = sample.live_root();
    strange.insert(
        sample.collection.marks.deleted_at.clone(),
        json!("2020-01-01"),
    );

    refuses(
        harness,
        &sample,
        marked(&sample.collection, sample.live_root(), &mark(2)),
    )
    .await;
    refuses(harness, &sample, strange).await;
}

pub async fn accepting_again_is_accepted_and_changes_nothing<H: DeletionsHarness>(harness: &H) {
    let sample = accepted(harness, 1, "acme").await;
    let next = sample
        .deletion
        .lease(start(), start(), uuid::Uuid::nil(), &timing())
        .expect("it is free");
    assert_eq!(
        harness.deletions().store(&next).await.expect("it answers"),
        StoreOutcome::Stored
    );

    assert_eq!(sample.accept(harness).await, AcceptOutcome::Accepted);

    assert_eq!(sample.stored(harness).await, next);
    assert_eq!(
        sample.root(harness).await,
        Some(marked(&sample.collection, sample.live_root(), &mark(1)))
    );
}

pub async fn accepting_again_changes_nothing_whatever_became_of_the_root<H: DeletionsHarness>(
    harness: &H,
) {
    let sample = accepted(harness, 1, "acme").await;
    let next = sample
        .deletion
        .lease(start(), start(), uuid::Uuid::nil(), &timing())
        .expect("it is free");
    let stored = harness.deletions().store(&next).await;
    assert_eq!(stored.expect("it answers"), StoreOutcome::Stored);
    let [null, absent] = taken_back(&sample.collection, &sample.live_root(), &mark(1));

    // Nobody else has this id: the deletion was stored by an attempt whose answer was lost.
    for root in [Some(null), Some(absent), None] {
        match &root {
            Some(root) => harness.put_row(&sample.collection, root.clone()).await,
            None => {
                harness
                    .remove_row(&sample.collection, sample.root_key())
                    .await;
            }
        }

        assert_eq!(sample.accept(harness).await, AcceptOutcome::Accepted);

        assert_eq!(sample.stored(harness).await, next);
        assert_eq!(sample.root(harness).await, root);
    }
}

pub async fn a_root_that_its_owner_took_back_can_be_deleted_again<H: DeletionsHarness>(
    harness: &H,
) {
    let first = accepted(harness, 1, "acme").await;
    for (n, as_it_is) in (2..).zip(taken_back(&first.collection, &first.live_root(), &mark(1))) {
        harness.put_row(&first.collection, as_it_is).await;
        let mut again = sample(n, "acme");
        again.deletion.root = first.deletion.root.clone();
        again.page = root_page(&again.deletion, Judged::Live);

        assert_eq!(again.accept(harness).await, AcceptOutcome::Accepted);

        assert_eq!(
            again.root(harness).await,
            Some(marked(&first.collection, first.live_root(), &mark(n)))
        );
    }
}

pub async fn accepting_one_root_twice_has_one_winner<H: DeletionsHarness>(harness: &H) {
    let first = accepted(harness, 1, "acme").await;
    let mut second = sample(2, "acme");
    second.deletion.root = first.deletion.root.clone();
    second.page = root_page(&second.deletion, Judged::Live);

    assert_eq!(second.accept(harness).await, AcceptOutcome::RootNotLive);

    assert!(second.is_absent(harness).await);
    assert_eq!(
        first.root(harness).await,
        Some(marked(&first.collection, first.live_root(), &mark(1)))
    );
}

pub async fn undoing_leaves_the_root_as_it_was_and_no_deletion<H: DeletionsHarness>(harness: &H) {
    let sample = accepted(harness, 1, "acme").await;

    let outcome = harness
        .deletions()
        .undo(&sample.collection, &sample.deletion, &sample.page, None)
        .await;

    assert_eq!(outcome.expect("it answers"), UndoOutcome::Undone);
    assert!(sample.is_absent(harness).await);
    assert_eq!(sample.root(harness).await, Some(sample.live_root()));
}

pub async fn undoing_brings_an_explicit_null_back<H: DeletionsHarness>(harness: &H) {
    let mut sample = sample(1, "acme");
    sample.page = root_page(&sample.deletion, Judged::LiveNull);
    let before = with_null(&sample.collection, sample.live_root());
    harness.put_row(&sample.collection, before.clone()).await;
    assert_eq!(sample.accept(harness).await, AcceptOutcome::Accepted);

    let outcome = harness
        .deletions()
        .undo(&sample.collection, &sample.deletion, &sample.page, None)
        .await;

    assert_eq!(outcome.expect("it answers"), UndoOutcome::Undone);
    assert_eq!(sample.root(harness).await, Some(before));
}

pub async fn undoing_leaves_a_root_that_its_owner_took_back_as_it_is<H: DeletionsHarness>(
    harness: &H,
) {
    for place in [0, 1] {
        let sample = accepted(harness, 1, "acme").await;
        let root = taken_back(&sample.collection, &sample.live_root(), &mark(1))[place].clone();
        harness.put_row(&sample.collection, root.clone()).await;

        let outcome = harness
            .deletions()
            .undo(&sample.collection, &sample.deletion, &sample.page, None)
            .await;

        assert_eq!(outcome.expect("it answers"), UndoOutcome::Undone);
        assert!(sample.is_absent(harness).await);
        assert_eq!(sample.root(harness).await, Some(root));
    }
}

pub async fn undoing_again_is_harmless<H: DeletionsHarness>(harness: &H) {
    let sample = accepted(harness, 1, "acme").await;

    for _ in 0..2 {
        let outcome = harness
            .deletions()
            .undo(&sample.collection, &sample.deletion, &sample.page, None)
            .await;

        assert_eq!(outcome.expect("it answers"), UndoOutcome::Undone);
        assert_eq!(sample.root(harness).await, Some(sample.live_root()));
    }
}

pub async fn what_somebody_has_begun_is_not_undone<H: DeletionsHarness>(harness: &H) {
    let sample = accepted(harness, 1, "acme").await;
    let leased = sample
        .deletion
        .lease(start(), start(), uuid::Uuid::nil(), &timing())
        .expect("it is free");
    assert_eq!(
        harness
            .deletions()
            .store(&leased)
            .await
            .expect("it answers"),
        StoreOutcome::Stored
    );

    let outcome = harness
        .deletions()
        .undo(&sample.collection, &sample.deletion, &sample.page, None)
        .await;

    assert_eq!(outcome.expect("it answers"), UndoOutcome::Begun);
    assert_eq!(sample.stored(harness).await, leased);
    assert_eq!(
        sample.root(harness).await,
        Some(marked(&sample.collection, sample.live_root(), &mark(1)))
    );
}

pub async fn what_was_undone_can_be_accepted_again<H: DeletionsHarness>(harness: &H) {
    let first = accepted(harness, 1, "acme").await;
    let undone = harness
        .deletions()
        .undo(&first.collection, &first.deletion, &first.page, None)
        .await;
    assert_eq!(undone.expect("it answers"), UndoOutcome::Undone);
    let mut second = sample(2, "acme");
    second.deletion.root = first.deletion.root.clone();
    second.page = root_page(&second.deletion, Judged::Live);

    assert_eq!(second.accept(harness).await, AcceptOutcome::Accepted);

    assert!(first.is_absent(harness).await);
    assert_eq!(
        second.root(harness).await,
        Some(marked(&second.collection, first.live_root(), &mark(2)))
    );
}

async fn refuses<H: DeletionsHarness>(
    harness: &H,
    sample: &super::harness::Sample,
    root: Map<String, Value>,
) {
    harness.put_row(&sample.collection, root.clone()).await;

    assert_eq!(
        sample.accept(harness).await,
        AcceptOutcome::RootNotLive,
        "{root:?}"
    );

    assert!(sample.is_absent(harness).await, "{root:?}");
    assert_eq!(sample.root(harness).await, Some(root));
}

pub async fn a_root_that_the_mark_would_make_too_large_is_told_apart_and_nothing_is_written<
    H: DeletionsHarness,
>(
    harness: &H,
) {
    let sample = sample(1, "acme");
    let mut large = sample.live_root();
    let bytes = Count::Most.item(&large) + "body".len();
    large.insert(
        "body".to_owned(),
        "x".repeat(ITEM_BYTES - bytes - 90).into(),
    );
    harness.put_row(&sample.collection, large.clone()).await;

    assert_eq!(sample.accept(harness).await, AcceptOutcome::RootTooLarge);

    assert!(sample.is_absent(harness).await);
    assert_eq!(sample.root(harness).await, Some(large));
}
