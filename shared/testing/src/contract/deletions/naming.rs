//! Deletions without a root: accepting what a request lists, and rolling that back.

use super::harness::{DeletionsHarness, Sample, accepted, sample};
use crate::samples::{ODD_IDS, key, key2, start, tenant, timing};
use domain::collection::Filters;
use domain::key::RecordKey;
use domain::narrowing::Narrowing;
use domain::only::Only;
use domain::open::MOST_OPEN;
use domain::page::PAGE_BYTES;
use domain::scope::{Scope, Source};
use ports::{
    AcceptDeletions, AdvanceDeletions, ChangeDeletions, ReadDeletions, RequestedOutcome,
    StoreOutcome, UndoOutcome,
};

/// A deletion of these ids, in parts; not accepted yet.
struct NamedSample {
    sample: Sample,
    ids: Vec<Vec<RecordKey>>,
}

fn named(n: u8, ids: Vec<Vec<RecordKey>>) -> NamedSample {
    let mut sample = sample(n, "acme");
    sample.deletion.root = None;
    let source = Source::Ids {
        parts: u32::try_from(ids.len()).unwrap_or(u32::MAX),
        count: ids.iter().map(Vec::len).sum(),
    };
    sample.scope = Scope::of(source, [&sample.collection.name], &sample.collections);
    let filters = Filters {
        time: Some("sent_at".to_owned()),
        ..Filters::default()
    };
    let fields = serde_json::json!({ "later_than": "2026-11-21T06:00:00Z" });
    let fields = fields.as_object().cloned().unwrap_or_default();
    let narrowing = Narrowing::parse(&fields, &filters).expect("it is understood");
    let only = Only {
        author: Some("ann".to_owned()),
        parent: Some(key("l")),
        from: Some(start()),
        until: None,
        filters: narrowing.conditions(&filters).expect("it is declared"),
    };
    sample.scope.filters = narrowing;
    sample
        .scope
        .only
        .insert(sample.collection.name.clone(), only);
    NamedSample { sample, ids }
}

fn two_parts(n: u8) -> NamedSample {
    named(n, vec![vec![key("a"), key2("b", "c")], vec![key("d")]])
}

impl NamedSample {
    async fn accept<H: DeletionsHarness>(&self, harness: &H) {
        let NamedSample { sample, ids } = self;
        let accepting =
            harness
                .deletions()
                .accept_requested(&sample.deletion, &sample.scope, ids, None);
        let accepted = accepting.await.expect("it answers");
        assert_eq!(accepted, RequestedOutcome::Accepted);
    }

    async fn undo<H: DeletionsHarness>(&self, harness: &H) -> UndoOutcome {
        let parts = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let undoing = harness
            .deletions()
            .undo_requested(&self.sample.deletion, parts, None);
        undoing.await.expect("it answers")
    }

    async fn part<H: DeletionsHarness>(&self, harness: &H, part: u32) -> Option<Vec<RecordKey>> {
        let deletion = &self.sample.deletion;
        let reading = harness.deletions().ids(&deletion.tenant, deletion.id, part);
        reading.await.expect("it answers")
    }

    async fn begin<H: DeletionsHarness>(&self, harness: &H) -> domain::deletion::Deletion {
        let next = self
            .sample
            .deletion
            .lease(start(), start(), uuid::Uuid::nil(), &timing())
            .expect("it is free");
        let stored = harness.deletions().store(&next).await;
        assert_eq!(stored.expect("it answers"), StoreOutcome::Stored);
        next
    }
}

pub async fn accepting_what_is_named_puts_deletion_scope_and_ids<H: DeletionsHarness>(harness: &H) {
    let named = two_parts(1);

    named.accept(harness).await;

    let deletion = &named.sample.deletion;
    assert_eq!(named.sample.stored(harness).await, *deletion);
    let scope = harness
        .deletions()
        .scope(&deletion.tenant, deletion.id)
        .await;
    assert_eq!(scope.expect("it answers"), Some(named.sample.scope.clone()));
    assert_eq!(
        named.part(harness, 1).await,
        Some(vec![key("a"), key2("b", "c")])
    );
    assert_eq!(named.part(harness, 2).await, Some(vec![key("d")]));
    assert_eq!(named.part(harness, 3).await, None);
    let first = harness
        .deletions()
        .page(&deletion.tenant, deletion.id, 1)
        .await;
    assert_eq!(first.expect("it answers"), None, "no page yet");
}

pub async fn accepting_what_is_named_again_changes_nothing<H: DeletionsHarness>(harness: &H) {
    let named = two_parts(1);
    named.accept(harness).await;
    let begun = named.begin(harness).await;

    named.accept(harness).await;

    assert_eq!(named.sample.stored(harness).await, begun);
}

pub async fn a_thousand_long_odd_ids_fit_into_one_acceptance<H: DeletionsHarness>(harness: &H) {
    let id = |n: usize| {
        key2(
            &format!("{}-{n}", ODD_IDS[n % ODD_IDS.len()].repeat(4)),
            &"~".repeat(900),
        )
    };
    let ids: Vec<RecordKey> = (0..1000).map(id).collect();
    let most = PAGE_BYTES / ids.iter().map(RecordKey::bytes).max().unwrap_or(1);
    let named = named(1, ids.chunks(most).map(<[_]>::to_vec).collect());

    named.accept(harness).await;

    let mut read = Vec::new();
    for part in (1..).take(named.ids.len()) {
        read.extend(named.part(harness, part).await.expect("the part is there"));
    }
    assert_eq!(read, ids);
}

pub async fn undoing_what_is_named_leaves_nothing_and_is_harmless_again<H: DeletionsHarness>(
    harness: &H,
) {
    let named = two_parts(1);
    named.accept(harness).await;

    for _ in 0..2 {
        assert_eq!(named.undo(harness).await, UndoOutcome::Undone);
        assert!(named.sample.is_absent(harness).await);
        assert_eq!(named.part(harness, 1).await, None);
        assert_eq!(named.part(harness, 2).await, None);
    }
}

pub async fn what_is_named_and_begun_is_not_undone<H: DeletionsHarness>(harness: &H) {
    let named = two_parts(1);
    named.accept(harness).await;
    let begun = named.begin(harness).await;

    assert_eq!(named.undo(harness).await, UndoOutcome::Begun);

    assert_eq!(named.sample.stored(harness).await, begun);
    assert!(named.part(harness, 2).await.is_some());
}

pub async fn dropping_ids_leaves_the_other_parts_and_is_harmless_again<H: DeletionsHarness>(
    harness: &H,
) {
    let named = two_parts(1);
    named.accept(harness).await;

    for _ in 0..2 {
        let dropping = harness.deletions().drop_ids(&named.sample.deletion, 1);
        dropping.await.expect("it answers");
        assert_eq!(named.part(harness, 1).await, None);
        assert!(named.part(harness, 2).await.is_some());
    }
}

pub async fn what_is_named_is_open_from_its_acceptance_until_it_is_closed<H: DeletionsHarness>(
    harness: &H,
) {
    let store = harness.deletions();
    let (one, two) = (two_parts(1), named(2, Vec::new()));
    let tenant = &one.sample.deletion.tenant;
    one.accept(harness).await;
    two.accept(harness).await;
    // Again, as by a call whose answer was lost.
    one.accept(harness).await;
    one.begin(harness).await;

    let open = store.open(tenant).await.expect("it answers");

    let ids: Vec<_> = open.iter().map(|entry| entry.id).collect();
    let (first, second) = (&one.sample.deletion, &two.sample.deletion);
    assert_eq!(ids, [second.id, first.id], "the newest first");
    assert!(
        one.ids
            .iter()
            .flatten()
            .all(|key| open[1].keys.contain(key))
    );
    assert!(!open[0].keys.contain(&key("a")) && !open[1].keys.contain(&key("x")));
    for _ in 0..2 {
        store.close(first).await.expect("it answers");
        let left = store.open(tenant).await.expect("it answers");
        assert_eq!(left, open[..1]);
    }
}

pub async fn what_is_undone_is_not_open<H: DeletionsHarness>(harness: &H) {
    let named = two_parts(1);
    named.accept(harness).await;

    assert_eq!(named.undo(harness).await, UndoOutcome::Undone);

    let tenant = &named.sample.deletion.tenant;
    let open = harness.deletions().open(tenant).await;
    assert_eq!(open.expect("it answers"), []);
}

pub async fn what_is_open_is_the_tenants_and_no_more_than_is_looked_at<H: DeletionsHarness>(
    harness: &H,
) {
    let most = u8::try_from(MOST_OPEN).expect("a small number");
    for n in 1..=most + 1 {
        named(n, Vec::new()).accept(harness).await;
    }
    let mut foreign = named(most + 2, Vec::new());
    foreign.sample.deletion.tenant = tenant("acme#O");
    foreign.accept(harness).await;
    // A deletion with a root is hidden by its root.
    accepted(harness, most + 3, "acme").await;

    let open = harness.deletions().open(&tenant("acme")).await;

    let ids: Vec<_> = open
        .expect("it answers")
        .iter()
        .map(|entry| entry.id)
        .collect();
    let newest = (2..=most + 1).rev();
    let newest: Vec<_> = newest
        .map(|n| named(n, Vec::new()).sample.deletion.id)
        .collect();
    assert_eq!(ids, newest);
}
