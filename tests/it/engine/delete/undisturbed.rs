//! Nothing goes wrong: both stores, counts, manifest and events say the same.

use std::collections::{BTreeMap, BTreeSet};

use domain::deletion::{DeleteCounts, PurgeCounts, State};
use domain::time::rfc3339;
use serde_json::{Value, json};
use testing::samples::key;

use crate::engine::world::trees::{four_levels, is_in_tree, mail, message_key};
use crate::engine::world::{TENANT, World, text};

/// The details of all events of one kind.
fn details(world: &World, kind: &str) -> Vec<Value> {
    world
        .events
        .published()
        .into_iter()
        .filter(|event| event.kind == kind)
        .map(|event| event.detail)
        .collect()
}

fn validator(kind: &str) -> jsonschema::Validator {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../docs/events/{kind}.schema.json"));
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// Every event that is out is as its schema says.
pub(crate) fn assert_valid_events(world: &World) {
    for event in world.events.published() {
        let errors: Vec<_> = validator(&event.kind)
            .iter_errors(&event.detail)
            .map(|error| error.to_string())
            .collect();
        assert!(
            errors.is_empty(),
            "{} {}: {errors:?}",
            event.kind,
            event.detail
        );
    }
}

#[tokio::test]
async fn every_record_carries_one_timestamp_in_both_stores() {
    for world in [mail(7), four_levels()] {
        let (root, name) = if world.collections.get("lists").is_some() {
            ("l", "lists")
        } else {
            ("d", "discussions")
        };

        let deletion = world.accept(name, &key(root)).await;
        world.come_to_rest().await;

        assert_eq!(world.now(&deletion).state, State::Deleted);
        for (collection, record) in world.everything() {
            let by = if is_in_tree(&record) {
                deletion.id.to_string()
            } else {
                String::new()
            };
            let at = is_in_tree(&record).then(|| json!(rfc3339(deletion.deleted_at)));
            let has_document = world.collection(&collection).document.is_some();
            let name = &world.collection(&collection).marks.deleted_at;
            assert_eq!(
                world.marks(&collection, &record),
                (Some(by.clone()), has_document.then_some(by)),
                "{record:?}"
            );
            assert_eq!(
                world.row(&collection, &record).unwrap().get(name).cloned(),
                at,
                "{record:?}"
            );
            if has_document {
                assert_eq!(
                    world
                        .document(&collection, &record)
                        .unwrap()
                        .get(name)
                        .cloned(),
                    at,
                    "{record:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn counts_are_exact_for_each_collection_at_every_page_size() {
    for page_keys in [1, 2, 3, 5, 1000] {
        let mut world = four_levels();
        world.page_keys = page_keys;

        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;

        let stands = world.now(&deletion);
        let expected = [
            ("discussions", 3),
            ("lists", 1),
            ("messages", 3),
            ("reactions", 6),
            ("subscribers", 2),
        ];
        let counts: Vec<_> = stands
            .deleted
            .iter()
            .map(|(name, counts)| (name.to_string(), *counts))
            .collect();
        let all_deleted = |n| DeleteCounts {
            selected: n,
            deleted: n,
            ..DeleteCounts::default()
        };
        assert_eq!(
            counts,
            expected.map(|(name, n)| (name.to_owned(), all_deleted(n))),
            "pages of {page_keys}"
        );
        assert_eq!(
            stands.pages as usize,
            1 + 14_usize.div_ceil(page_keys),
            "pages of {page_keys}"
        );
    }
}

#[tokio::test]
async fn events_say_once_what_was_accepted_deleted_and_finished() {
    for page_keys in [1, 2, 3, 1000] {
        let mut world = four_levels();
        world.page_keys = page_keys;

        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;

        let below: BTreeSet<_> = world
            .everything()
            .into_iter()
            .filter(|(_, record)| is_in_tree(record))
            .collect();
        let named = world.named("RecordsDeleted");
        let expected: BTreeMap<_, _> = below
            .into_iter()
            .map(|(collection, record)| ((collection, json!(record).to_string()), 1))
            .collect();
        assert_eq!(named, expected, "pages of {page_keys}");
        assert_eq!(details(&world, "DeletionAccepted").len(), 1);
        let [finished] = &details(&world, "DeletionFinished")[..] else {
            panic!("one event tells the end")
        };
        assert_eq!(finished["state"], "DELETED");
        assert_eq!(finished["counts"]["deleted"], 15);
        assert_eq!(finished["deletion_id"], json!(deletion.id));
        assert_eq!(
            world.events.distinct(),
            world.events.published(),
            "no event is told twice"
        );
        assert_valid_events(&world);
    }
}

#[tokio::test]
async fn a_page_has_one_event_for_each_of_its_collections() {
    let world = four_levels();

    world.accept("lists", &key("l")).await;
    world.come_to_rest().await;

    let events: Vec<_> = details(&world, "RecordsDeleted")
        .iter()
        .map(|detail| {
            (
                detail["page"].as_u64().unwrap(),
                detail["collection"].as_str().unwrap().to_owned(),
                detail["ids"].as_array().unwrap().len(),
            )
        })
        .collect();
    let expected = [
        (1, "lists", 1),
        (2, "discussions", 3),
        (2, "messages", 3),
        (2, "reactions", 6),
        (2, "subscribers", 2),
    ];
    assert_eq!(
        events,
        expected.map(|(page, name, ids)| (page, name.to_owned(), ids))
    );
}

#[tokio::test]
async fn a_purge_removes_the_tree_from_both_stores_and_nothing_else() {
    for page_keys in [1, 2, 3, 1000] {
        let mut world = four_levels();
        world.page_keys = page_keys;
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;

        world.until_purge(&deletion);
        world.come_to_rest().await;

        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Purged);
        assert!(
            world
                .everything()
                .iter()
                .all(|(_, record)| !is_in_tree(record)),
            "nothing of it is left"
        );
        assert_eq!(world.everything().len(), 15, "the other list is whole");
        world.assert_every_document_has_its_row("after the purge");
        assert_eq!(world.documents.ids(world.collection("messages")).len(), 3);
        let purged: u64 = stands.purged.values().map(|counts| counts.purged).sum();
        assert_eq!(purged, 15);
        assert_eq!(stands.purged.len(), 5);
        assert!(stands.purged.values().all(|counts| *counts
            == PurgeCounts {
                purged: counts.purged,
                ..PurgeCounts::default()
            }));
        let named = world.named("RecordsPurged");
        assert_eq!(named.len(), 15);
        assert!(named.values().all(|times| *times == 1));
        let finished = details(&world, "DeletionFinished");
        assert_eq!(
            finished
                .iter()
                .map(|detail| detail["state"].clone())
                .collect::<Vec<_>>(),
            ["DELETED", "PURGED"]
        );
        assert!(
            details(&world, "RecordsPurged")
                .iter()
                .all(|detail| detail["actor"].is_null() && detail["origin"] == "purge")
        );
        assert_eq!(
            world.events.distinct(),
            world.events.published(),
            "no event is told twice"
        );
        assert_valid_events(&world);
    }
}

#[tokio::test]
async fn a_child_of_another_tenant_is_never_selected() {
    let world = mail(3);
    let strangers = message_key("d", 0);
    let mut row = world.live_row("messages", &strangers, Some(&key("d")));
    row.insert("user_id".to_owned(), json!("somebody-else"));
    world.put_row("messages", row);

    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;
    world.until_purge(&deletion);
    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::Purged);
    let selected: u64 = stands.deleted.values().map(|counts| counts.selected).sum();
    assert_eq!(selected, 3, "the discussion and two messages");
    assert_eq!(
        world.marks("messages", &strangers),
        (Some(String::new()), Some(String::new()))
    );
    let named = strangers.sort.as_deref().unwrap();
    let mut published = world.events.published().into_iter();
    assert!(published.all(|event| !event.detail.to_string().contains(named)));
    assert_eq!(TENANT, stands.tenant.as_str());
}

#[tokio::test]
async fn a_deletion_in_the_middle_of_a_tree_takes_what_is_below_and_nothing_beside() {
    let world = four_levels();
    let discussion = testing::samples::key2("l", "d1");

    let deletion = world.accept("discussions", &discussion).await;
    world.come_to_rest().await;

    let marked: Vec<_> = world
        .everything()
        .into_iter()
        .filter(|(collection, record)| world.marks(collection, record).0 == text(deletion.id))
        .map(|(collection, _)| collection)
        .collect();
    assert_eq!(
        marked,
        [
            "discussions",
            "messages",
            "messages",
            "reactions",
            "reactions",
            "reactions",
            "reactions"
        ]
    );
}
