//! Random trees, random faults at random calls, random deliveries: at the end the invariants of the design hold.

use std::collections::BTreeSet;

use domain::deletion::{Deletion, State};
use proptest::prelude::{Strategy, any};
use serde_json::{Map, Value, json};
use testing::samples::{key, key2};

use super::story::{
    Asked, Minute, Record, Tree, ask_for, asked, life, live, page_keys, stored, tell, tree,
};
use crate::engine::world::trees::FOUR_LEVELS;
use crate::engine::world::{World, at_once};

/// Invariants 4, 5 and 6 of a deletion that ended, as far as its own words go.
fn assert_manifest(world: &World, deletion: &Deletion) {
    let stands = world.now(deletion);
    let manifest = world.deletions.manifest(deletion);
    if stands.state == State::Purged && manifest.len() < stands.pages as usize {
        // Its pages are being dropped: only the certificate stays.
        return;
    }
    let mut records = BTreeSet::new();
    let mut deleted = Map::new();
    for (page, exceptions) in &manifest {
        for entry in &page.entries {
            let name = format!("{}{}", entry.collection, json!(entry.key));
            assert!(records.insert(name.clone()), "{name} stands in two pages");
        }
        if page.number <= stands.acted {
            for (name, counts) in page.delete_counts(exceptions) {
                let sum = deleted.entry(name.to_string()).or_insert_with(|| json!({}));
                for (word, count) in json!(counts).as_object().unwrap() {
                    sum[word] = json!(sum[word].as_u64().unwrap_or(0) + count.as_u64().unwrap());
                }
            }
        }
    }
    assert_eq!(
        json!(stands.deleted),
        Value::Object(deleted),
        "the manifest proves the counts"
    );
    for counts in stands.deleted.values() {
        let sum = counts.deleted
            + counts.already_deleted
            + counts.missing
            + counts.kept
            + counts.failed
            + counts.not_reached;
        assert_eq!(counts.selected, sum, "{counts:?}");
    }
    if stands.state == State::Purged {
        let sum: u64 = stands
            .purged
            .values()
            .map(|counts| counts.purged + counts.kept + counts.failed)
            .sum();
        assert_eq!(
            sum,
            records.len() as u64,
            "each record is counted once by the purge"
        );
    }
    let told: Vec<_> = world.named("RecordsDeleted").into_values().collect();
    assert!(
        told.iter().all(|times| *times == 1),
        "a record is told by one event"
    );
}

/// Invariants 1, 3 and 5: everything below each root carries, in both stores, the mark of the first that took it.
fn assert_deleted(world: &World, deletions: &[Deletion], records: &[Record]) {
    for deletion in deletions {
        let state = world.now(deletion).state;
        assert_eq!(state, State::Deleted, "what was only late never fails");
        assert_manifest(world, deletion);
        let (root, _) = world.marks(
            deletion.collection.as_ref(),
            deletion.root.as_ref().expect("a root"),
        );
        assert_eq!(
            root,
            Some(deletion.id.to_string()),
            "the first one keeps its record"
        );
    }
    let ids: BTreeSet<String> = deletions
        .iter()
        .map(|deletion| deletion.id.to_string())
        .collect();
    let is_all = deletions
        .iter()
        .any(|deletion| deletion.collection.as_ref() == "lists");
    for record in records {
        let (row, document) = world.marks(record.0, &record.1);
        let row = row.unwrap();
        assert!(
            document.is_none_or(|document| document == row),
            "the stores differ on {record:?}"
        );
        assert!(row.is_empty() || ids.contains(&row), "{record:?}");
        assert!(!row.is_empty() || !is_all, "{record:?} is left out");
    }
}

/// A story: what is there, what is deleted of it, and how it is purged.
#[derive(Debug)]
struct Story {
    page_keys: usize,
    tree: Tree,
    untouched: Tree,
    asked: Vec<Asked>,
    then: Vec<Minute>,
    /// Whether something is written below the list before the purge.
    comes_late: bool,
    purge: Vec<Minute>,
}

async fn run(story: Story) {
    let mut world = World::new(FOUR_LEVELS);
    world.page_keys = story.page_keys;
    let records = story.tree.put(&world, "l");
    let untouched = story.untouched.put(&world, "other");
    let before = stored(&world, &untouched);

    let deletions = ask_for(&world, &story.asked, &records).await;
    live(&world, &deletions, &story.then).await;
    world.come_to_rest().await;
    assert_deleted(&world, &deletions, &records);

    // The purge, with late arrivals and with faults.
    if story.comes_late && !world.marks("lists", &key("l")).0.unwrap().is_empty() {
        world.put("subscribers", &key2("l", "late"), Some(&key("l")));
        world.put("discussions", &key2("l", "late"), Some(&key("l")));
        world.put("messages", &key("l-late"), Some(&key2("l", "late")));
    }
    for deletion in &deletions {
        world.until_purge(deletion);
    }
    for minute in story.purge {
        live(&world, &deletions, &[minute]).await;
        world.assert_every_document_has_its_row("in the purge");
    }
    world.come_to_rest().await;

    for deletion in &deletions {
        assert_eq!(world.now(deletion).state, State::Purged);
        assert_manifest(&world, deletion);
    }
    for (collection, record) in world.everything() {
        let (row, _) = world.marks(&collection, &record);
        assert_eq!(
            row.as_deref(),
            Some(""),
            "an orphan is left: {collection} {record:?}"
        );
    }
    world.assert_every_document_has_its_row("in the end");
    assert_eq!(
        stored(&world, &untouched),
        before,
        "nothing else is touched"
    );
}

#[test]
fn whatever_happens_the_invariants_hold_in_the_end() {
    let there = (page_keys(), tree(), tree());
    let stories = (there, asked(), life(0..10), any::<bool>(), life(0..8));
    tell(
        stories.prop_map(
            |((page_keys, tree, untouched), asked, then, comes_late, purge)| Story {
                page_keys,
                tree,
                untouched,
                asked,
                then,
                comes_late,
                purge,
            },
        ),
        |story| at_once(run(story)),
    );
}
