//! What effects need is stored in pages; the notices of pages are stored beside them.

use std::collections::BTreeMap;

use serde_json::json;

use super::harness::{DeletionsHarness, accepted};
use crate::samples::{key, key2, tenant};
use domain::deletion::Pass;
use domain::effects::{Audience, Effects};
use domain::notice::{AggregateChange, Notice};
use domain::page::{Entry, Judged, Page};
use ports::{AdvanceDeletions, PutPageOutcome, ReadDeletions, StoreNotices};

pub async fn what_effects_need_is_read_as_it_was_written<H: DeletionsHarness>(harness: &H) {
    let deletion = accepted(harness, 1, "acme").await.deletion;
    let effects = |users: Audience| Effects {
        values: BTreeMap::from([
            ("topic".to_owned(), json!("🪦 \"lunch\"")),
            ("stream".to_owned(), json!(7)),
            ("muted".to_owned(), json!(false)),
        ]),
        schedule: Some("task-1".to_owned()),
        recipients: users,
    };
    let entry = |sort: &str, effects| Entry {
        effects,
        ..Entry::new(
            "messages".parse().expect("a name"),
            key2("d", sort),
            Judged::Live,
        )
    };
    let users = Audience::of(["ann", "bob"].map(str::to_owned));
    let page = Page {
        number: 2,
        entries: vec![
            entry("1", effects(users)),
            entry("2", Effects::default()),
            entry("3", effects(Audience::Many)),
        ],
        next: None,
    };

    let put = harness.deletions().put_page(&deletion, &page).await;

    assert_eq!(put.expect("it answers"), PutPageOutcome::Written);
    let read = harness
        .deletions()
        .page(&deletion.tenant, deletion.id, 2)
        .await;
    assert_eq!(read.expect("it answers"), Some(page));
}

pub async fn what_is_told_of_a_page_is_what_was_written_last<H: DeletionsHarness>(harness: &H) {
    let deletion = accepted(harness, 1, "acme").await.deletion;
    let mut told = Notice::default();
    told.add_recipients("a".to_owned(), Audience::of(["ann".to_owned()]));
    told.add_recipients("b".to_owned(), Audience::Many);
    assert_eq!(read(harness, &deletion, 2).await, None);

    for value in [Some("m-1"), None] {
        told.record_change(AggregateChange {
            pass: Pass::Restore,
            run: Some(2),
            on: "discussions".parse().expect("a name"),
            key: key("d"),
            attribute: "first".to_owned(),
            value: value.map(str::to_owned),
        });
        let put = harness.deletions().put_notice(&deletion, 2, &told).await;
        put.expect("it answers");

        assert_eq!(read(harness, &deletion, 2).await, Some(told.clone()));
    }
    assert_eq!(told.changes.len(), 1);
    assert_eq!(read(harness, &deletion, 1).await, None);
    let stranger = harness
        .deletions()
        .notice(&tenant("globex"), deletion.id, 2)
        .await;
    assert_eq!(stranger.expect("it answers"), None);
}

pub async fn what_is_told_of_a_page_goes_with_it<H: DeletionsHarness>(harness: &H) {
    let deletion = accepted(harness, 1, "acme").await.deletion;
    let mut told = Notice::default();
    told.add_recipients("a".to_owned(), Audience::Many);
    for number in [2, 3] {
        let put = harness
            .deletions()
            .put_notice(&deletion, number, &told)
            .await;
        put.expect("it answers");
    }

    let dropped = harness.deletions().drop_page(&deletion, 2).await;

    dropped.expect("it answers");
    assert_eq!(read(harness, &deletion, 2).await, None);
    assert_eq!(read(harness, &deletion, 3).await, Some(told));
}

async fn read<H: DeletionsHarness>(
    harness: &H,
    deletion: &domain::deletion::Deletion,
    number: u32,
) -> Option<Notice> {
    harness
        .deletions()
        .notice(&deletion.tenant, deletion.id, number)
        .await
        .expect("it answers")
}
