//! The end of a restore: the root, the deletion and a check of everything above, all or nothing.

use serde_json::{Map, Value, json};

use super::harness::DeletionsHarness;
use crate::samples::{
    collection, collections, deletion, key, key2, mark, marked, root_page, row, start, taken_back,
    with_null,
};
use domain::collection::Collection;
use domain::deletion::{Deletion, State};
use domain::key::RecordKey;
use domain::page::{Judged, Page};
use domain::scope::Scope;
use ports::{
    AcceptDeletions, AcceptOutcome, AdvanceDeletions, Ancestor, ChangeDeletions, OnlyIf,
    ReadDeletions, RestoreOutcome, StoreOutcome,
};

/// A reply below a message below a discussion; its deletion was accepted, and will be restored.
struct Restore {
    replies: Collection,
    deletion: Deletion,
    restored: Deletion,
    page: Page,
    ancestors: Vec<Ancestor>,
}

fn reply() -> RecordKey {
    key("r")
}

/// A live row of this collection.
fn live(collection: &Collection, key: &RecordKey) -> Map<String, Value> {
    let mut live = row(collection, key, "acme");
    if collection.name.as_ref() == "replies" {
        live.insert("group".to_owned(), json!("d"));
        live.insert("order".to_owned(), json!("m"));
    }
    live
}

async fn accepted<H: DeletionsHarness>(harness: &H, n: u8, judged: Judged) -> Restore {
    let replies = collection("replies");
    let deletion = deletion(n, &replies, &reply(), "acme");
    let page = root_page(&deletion, judged);
    let mut root = live(&replies, &reply());
    if judged == Judged::LiveNull {
        root = with_null(&replies, root);
    }
    harness.put_row(&replies, root).await;
    let ancestors = [("messages", key2("d", "m")), ("discussions", key("d"))].map(|(name, key)| {
        let collection = collection(name);
        Ancestor { collection, key }
    });
    for Ancestor { collection, key } in &ancestors {
        harness.put_row(collection, live(collection, key)).await;
    }
    let scope = Scope::below(&replies, &collections());
    let outcome = harness
        .deletions()
        .accept(&replies, &deletion, &scope, &page, OnlyIf::unused(None))
        .await;
    assert_eq!(outcome.expect("it answers"), AcceptOutcome::Accepted);
    let mut restored = deletion.progressed(start());
    restored.state = State::Restored;
    Restore {
        replies,
        deletion,
        restored,
        page,
        ancestors: ancestors.into(),
    }
}

impl Restore {
    async fn end<H: DeletionsHarness>(&self, harness: &H) -> RestoreOutcome {
        let ended = harness
            .deletions()
            .finish_restore(&self.replies, &self.restored, &self.page, &self.ancestors)
            .await;
        ended.expect("it answers")
    }

    async fn root<H: DeletionsHarness>(&self, harness: &H) -> Option<Map<String, Value>> {
        harness.get_row(&self.replies, &reply()).await
    }

    async fn stored<H: DeletionsHarness>(&self, harness: &H) -> Deletion {
        let (tenant, id) = (&self.deletion.tenant, self.deletion.id);
        let stored = harness.deletions().deletion(tenant, id).await;
        stored.expect("it answers").expect("it is there")
    }

    /// The restore ends with this outcome, and nothing is written.
    async fn refuses<H: DeletionsHarness>(
        &self,
        harness: &H,
        expected: RestoreOutcome,
        context: &str,
    ) {
        let (root, deletion) = (self.root(harness).await, self.stored(harness).await);

        assert_eq!(self.end(harness).await, expected, "{context}");

        assert_eq!(self.root(harness).await, root, "{context}");
        assert_eq!(self.stored(harness).await, deletion, "{context}");
    }
}

pub async fn ending_a_restore_takes_the_roots_mark_off_and_stores_the_deletion<
    H: DeletionsHarness,
>(
    harness: &H,
) {
    let restore = accepted(harness, 1, Judged::Live).await;

    assert_eq!(restore.end(harness).await, RestoreOutcome::Restored);

    assert_eq!(
        restore.root(harness).await,
        Some(live(&restore.replies, &reply()))
    );
    assert_eq!(restore.stored(harness).await, restore.restored);
}

pub async fn ending_a_restore_puts_an_explicit_null_back<H: DeletionsHarness>(harness: &H) {
    let restore = accepted(harness, 1, Judged::LiveNull).await;
    // An ancestor with an explicit NULL is live.
    let Ancestor { collection, key } = &restore.ancestors[0];
    harness
        .put_row(collection, with_null(collection, live(collection, key)))
        .await;

    assert_eq!(restore.end(harness).await, RestoreOutcome::Restored);

    assert_eq!(
        restore.root(harness).await,
        Some(with_null(
            &restore.replies,
            live(&restore.replies, &reply())
        ))
    );
}

pub async fn ending_a_restore_again_is_restored<H: DeletionsHarness>(harness: &H) {
    let restore = accepted(harness, 1, Judged::Live).await;

    // The first answer was lost.
    for _ in 0..2 {
        assert_eq!(restore.end(harness).await, RestoreOutcome::Restored);
        assert_eq!(restore.stored(harness).await, restore.restored);
    }

    // Also when the root, or its parent, was deleted again since: the restore was done.
    let theirs = marked(&restore.replies, live(&restore.replies, &reply()), &mark(2));
    harness.put_row(&restore.replies, theirs.clone()).await;
    let Ancestor { collection, key } = &restore.ancestors[0];
    harness.remove_row(collection, key).await;
    assert_eq!(restore.end(harness).await, RestoreOutcome::Restored);
    assert_eq!(restore.root(harness).await, Some(theirs));
}

pub async fn ending_a_restore_below_a_parent_that_is_not_live_writes_nothing<
    H: DeletionsHarness,
>(
    harness: &H,
) {
    let restore = accepted(harness, 1, Judged::Live).await;
    for Ancestor { collection, key } in &restore.ancestors {
        let live = live(collection, key);
        let owner = collection.tenant.attribute().expect("an attribute of it");
        let mut foreign = live.clone();
        foreign.insert(owner.to_owned(), json!("globex"));
        let mut nobodys = live.clone();
        nobodys.remove(owner);
        let mut strange = live.clone();
        strange.insert(collection.marks.deleted_at.clone(), json!(false));
        for (what, row) in [
            ("marked", Some(marked(collection, live.clone(), &mark(2)))),
            ("marked by somebody", Some(strange)),
            ("foreign", Some(foreign)),
            ("nobody's", Some(nobodys)),
            ("gone", None),
        ] {
            match row {
                Some(row) => harness.put_row(collection, row).await,
                None => harness.remove_row(collection, key).await,
            }

            let context = format!("{}: {what}", collection.name);
            restore
                .refuses(harness, RestoreOutcome::ParentNotLive, &context)
                .await;
        }
        harness.put_row(collection, live).await;
    }

    assert_eq!(restore.end(harness).await, RestoreOutcome::Restored);
}

pub async fn ending_a_restore_of_a_root_that_is_not_ours_writes_nothing<H: DeletionsHarness>(
    harness: &H,
) {
    let restore = accepted(harness, 1, Judged::Live).await;
    let root = live(&restore.replies, &reply());
    let another = marked(&restore.replies, root.clone(), &mark(2));
    // The root decides, also where a parent is not live.
    let Ancestor { collection, key } = &restore.ancestors[1];
    harness.remove_row(collection, key).await;

    let [null, absent] = taken_back(&restore.replies, &root, &mark(1));
    for (what, row) in [
        ("live", Some(root)),
        ("taken back", Some(null)),
        ("taken back without a NULL", Some(absent)),
        ("another's", Some(another)),
        ("gone", None),
    ] {
        match row {
            Some(row) => harness.put_row(&restore.replies, row).await,
            None => harness.remove_row(&restore.replies, &reply()).await,
        }

        restore
            .refuses(harness, RestoreOutcome::RootNotOurs, what)
            .await;
    }
}

pub async fn ending_a_restore_below_a_parent_that_its_owner_took_back_is_restored<
    H: DeletionsHarness,
>(
    harness: &H,
) {
    let restore = accepted(harness, 1, Judged::Live).await;
    for (Ancestor { collection, key }, place) in restore.ancestors.iter().zip([0, 1]) {
        let taken_back = taken_back(collection, &live(collection, key), &mark(2));
        harness.put_row(collection, taken_back[place].clone()).await;
    }

    assert_eq!(restore.end(harness).await, RestoreOutcome::Restored);
}

pub async fn ending_a_restore_that_somebody_else_changed_writes_nothing<H: DeletionsHarness>(
    harness: &H,
) {
    let restore = accepted(harness, 1, Judged::Live).await;
    let theirs = restore.deletion.progressed(start());
    let stored = harness.deletions().store(&theirs).await;
    assert_eq!(stored.expect("it answers"), StoreOutcome::Stored);

    // The other writer's change decides, whatever else is wrong.
    for what in ["all is well", "the parent is gone"] {
        restore
            .refuses(harness, RestoreOutcome::Changed, what)
            .await;
        let Ancestor { collection, key } = &restore.ancestors[0];
        harness.remove_row(collection, key).await;
    }
}

pub async fn what_was_restored_can_be_deleted_again<H: DeletionsHarness>(harness: &H) {
    let restore = accepted(harness, 1, Judged::LiveNull).await;
    assert_eq!(restore.end(harness).await, RestoreOutcome::Restored);

    let again = accepted(harness, 2, Judged::LiveNull).await;

    assert_eq!(
        again.root(harness).await,
        Some(marked(
            &again.replies,
            live(&again.replies, &reply()),
            &mark(2)
        ))
    );
    assert_eq!(again.end(harness).await, RestoreOutcome::Restored);
}
