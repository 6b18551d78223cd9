//! What the tests of `archive` and `erase` have in common: the trees of other tests, under another strategy.

use std::collections::BTreeMap;

use domain::collection::CollectionName;
use domain::deletion::{DeleteCounts, Deletion, DeletionId, PurgeCounts, RestoreCounts, State};
use domain::key::RecordKey;
use serde_json::{Value, json};
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use crate::engine::world::trees::FOUR_LEVELS;
use crate::engine::world::{Ignore as _, World};

/// The four levels, archived.
pub(crate) fn archived() -> String {
    FOUR_LEVELS.replace("\"flag\"", "\"archive\"")
}

/// The four levels, erased.
pub(crate) fn erased() -> String {
    let text = FOUR_LEVELS.replace("\"flag\"", "\"erase\"");
    let lines = text.lines().filter(|line| !line.starts_with("retention"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The list `l` with one subscriber and one discussion of two messages, the first with a reaction: 6 records; beside it
/// the list `other` with a subscriber.
pub(crate) fn small(collections: &str) -> World {
    let world = World::new(collections);
    for (collection, key, parent) in tree() {
        world.put(collection, &key, parent.as_ref());
    }
    world.put("lists", &key("other"), None);
    world.put("subscribers", &key2("other", "bob"), Some(&key("other")));
    world
}

/// The records below the list `l`, and it, parents first.
pub(crate) fn tree() -> Vec<(&'static str, RecordKey, Option<RecordKey>)> {
    let (list, discussion) = (key("l"), key2("l", "d1"));
    vec![
        ("lists", list.clone(), None),
        ("subscribers", key2("l", "bob"), Some(list.clone())),
        ("discussions", discussion.clone(), Some(list)),
        ("messages", key("l-d1-0"), Some(discussion.clone())),
        ("messages", key("l-d1-1"), Some(discussion)),
        ("reactions", key2("l-d1-0", "x"), Some(key("l-d1-0"))),
    ]
}

/// The list is deleted by a strategy that removes rows; before the n-th of these calls somebody creates the root anew,
/// with a child. Only that stays, live, and the deletion ends like this.
pub(crate) async fn root_anew_half_way(
    collections: &str,
    (removes, n): (Operation, u64),
    end: State,
) -> (World, Deletion) {
    let mut world = small(collections);
    world.page_keys = 1;
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    let other = world.clone();
    faults.beside(removes, n, Moment::Before, move || {
        other.put("lists", &key("l"), None);
        other.put("subscribers", &key2("l", "new"), Some(&key("l")));
    });

    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, end);
    assert_eq!(sum(&stands.deleted, "missing"), 1, "the root");
    assert_eq!(world.rows_of_tree(), 1, "the new root");
    let live = (Some(String::new()), Some(String::new()));
    assert_eq!(world.marks("lists", &key("l")), live);
    assert_eq!(world.marks("subscribers", &key2("l", "new")), live);
    (world, stands)
}

impl World {
    /// Accepts a delete and lets it be done.
    pub(crate) async fn delete_and_rest(&self, collection: &str, key: &RecordKey) -> Deletion {
        let deletion = self.accept(collection, key).await;
        self.come_to_rest().await;
        self.now(&deletion)
    }

    /// The present moment.
    pub(crate) fn clock_now(&self) -> jiff::Timestamp {
        ports::Clock::now(&self.clock)
    }

    /// How many rows of the small tree are there.
    pub(crate) fn rows_of_tree(&self) -> usize {
        let there =
            |(collection, key, _): &(&str, RecordKey, _)| self.row(collection, key).is_some();
        tree().iter().filter(|record| there(record)).count()
    }

    /// The records of which this deletion has a copy.
    pub(crate) fn copies_under(&self, id: DeletionId) -> Vec<(CollectionName, RecordKey)> {
        let copies = self.rows.copies().into_iter();
        copies
            .filter(|(deletion, ..)| *deletion == id)
            .map(|(_, collection, key)| (collection, key))
            .collect()
    }

    /// The copies of this deletion with what they hold.
    pub(crate) fn archive(&self, id: DeletionId) -> Value {
        let copies = self.copies_under(id).into_iter();
        copies
            .map(|(name, key)| {
                let collection = self.collection(name.as_str());
                let held = self.rows.copy_of(id, collection, &key);
                json!([name, key, held])
            })
            .collect()
    }
}

/// The counts of a pass, to be added up over all collections.
pub(crate) trait Counted {
    fn count(&self, of: &str) -> u64;
}

macro_rules! counted {
    ($($counts:ty),*) => {
        $(impl Counted for $counts {
            fn count(&self, of: &str) -> u64 {
                json!(self)[of].as_u64().expect("there is such a count")
            }
        })*
    };
}

counted!(DeleteCounts, RestoreCounts, PurgeCounts);

/// One count of a pass, all collections together.
pub(crate) fn sum(counts: &BTreeMap<CollectionName, impl Counted>, of: &str) -> u64 {
    counts.values().map(|counts| counts.count(of)).sum()
}
