//! Random trees, random faults at random calls, random deliveries: at the end the invariants of the design hold.
//!
//! Each case is made by its number alone: a failure names it, and running that number again repeats it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};
use shared::domain::deletion::{Deletion, State};
use shared::domain::key::RecordKey;
use shared::requests::accept::AcceptAnswer;
use shared::testing::samples::{key, key2, with_null};
use shared::testing::{Fault, Faults, Moment, Operation};

use crate::engine::world::World;
use crate::engine::world::trees::FOUR_LEVELS;

/// A generator with 64 bits of state (Knuth's constants).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    fn moment(&mut self) -> Moment {
        *self.of(&Moment::ALL)
    }
}

pub(crate) type Record = (&'static str, RecordKey);

/// A list with anything below it.
pub(crate) fn tree(world: &World, chance: &mut Chance, list: &str) -> Vec<Record> {
    let mut records = Vec::new();
    let mut put = |chance: &mut Chance,
                   collection: &'static str,
                   record: RecordKey,
                   parent: Option<&RecordKey>| {
        let mut row = world.live_row(collection, &record, parent);
        if chance.one_in(6) {
            row = with_null(world.collection(collection), row);
        }
        world.put_row(collection, row);
        records.push((collection, record));
    };
    put(chance, "lists", key(list), None);
    for n in 0..chance.below(4) {
        put(
            chance,
            "subscribers",
            key2(list, &format!("s{n}")),
            Some(&key(list)),
        );
    }
    for d in 0..chance.below(4) {
        let discussion = key2(list, &format!("d{d}"));
        put(chance, "discussions", discussion.clone(), Some(&key(list)));
        for m in 0..chance.below(5) {
            let message = key(&format!("{list}-{d}-{m}"));
            put(chance, "messages", message.clone(), Some(&discussion));
            for r in 0..chance.below(3) {
                put(
                    chance,
                    "reactions",
                    key2(&message.partition, &format!("r{r}")),
                    Some(&message),
                );
            }
        }
    }
    records
}

/// Something goes wrong, once or a few times.
pub(crate) fn disturb(faults: &Faults, chance: &mut Chance) {
    let operations = [
        Operation::ReadRows,
        Operation::QueryRows,
        Operation::MarkRows,
        Operation::PurgeRows,
        Operation::MarkDocuments,
        Operation::DocumentStates,
        Operation::RemoveDocuments,
        Operation::ReadDeletion,
        Operation::ReadPage,
        Operation::Store,
        Operation::PutPage,
        Operation::PutExceptions,
        Operation::Send,
        Operation::Publish,
    ];
    match chance.below(5) {
        0 => faults.crash_at(1 + chance.below(60), chance.moment()),
        1 => {
            let first = 1 + chance.below(8);
            faults.fail(
                *chance.of(&operations),
                first..first + 1 + chance.below(3),
                Fault::Unavailable(chance.moment()),
            );
        }
        2 => faults.fail(
            *chance.of(&operations),
            ..=1 + chance.below(4),
            Fault::Again(|place| place.is_multiple_of(2)),
        ),
        3 => faults.slow(Duration::from_millis(100 + chance.below(3000))),
        _ => {}
    }
}

/// Minutes of life: deliveries in any order, twice or lost, sweeps, all of them disturbed.
pub(crate) async fn live_on(
    world: &World,
    chance: &mut Chance,
    deletions: &[Deletion],
    rounds: u64,
) {
    for _ in 0..rounds {
        let faults = world.faults();
        disturb(&faults, chance);
        match chance.below(4) {
            0 => {
                let _ = faults.until_crash(world.sweep(&faults)).await;
            }
            1 if !deletions.is_empty() => {
                let _ = faults
                    .until_crash(world.deliver(&faults, chance.of(deletions)))
                    .await;
            }
            _ => {
                let mut waiting = world.queue.take();
                if chance.one_in(3) {
                    waiting.reverse();
                }
                for sent in waiting.iter().filter(|_| !chance.one_in(4)) {
                    let id = sent.message().deletion_id;
                    if let Some(deletion) = deletions.iter().find(|deletion| deletion.id == id) {
                        let _ = faults.until_crash(world.deliver(&faults, deletion)).await;
                    }
                }
            }
        }
        world.clock.advance(Duration::from_secs(chance.below(200)));
    }
}

/// Invariants 4, 5 and 6 of a deletion that ended, as far as its own words go.
fn assert_manifest(world: &World, deletion: &Deletion, case: u64) {
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
            assert!(
                records.insert(name.clone()),
                "case {case}: {name} stands in two pages"
            );
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
        "case {case}: the manifest proves the counts"
    );
    for counts in stands.deleted.values() {
        let sum = counts.deleted
            + counts.already_deleted
            + counts.missing
            + counts.failed
            + counts.not_reached;
        assert_eq!(counts.selected, sum, "case {case}: {counts:?}");
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
            "case {case}: each record is counted once by the purge"
        );
    }
    let told: Vec<_> = world.named("RecordsDeleted").into_values().collect();
    assert!(
        told.iter().all(|times| *times == 1),
        "case {case}: a record is told by one event"
    );
}

/// What is stored of some records.
pub(crate) fn stored(world: &World, records: &[Record]) -> Vec<[Option<Map<String, Value>>; 2]> {
    let stored =
        |(collection, key): &Record| [world.row(collection, key), world.document(collection, key)];
    records.iter().map(stored).collect()
}

/// One to four deletions, of the list and of things in it, some of them disturbed in their acceptance.
pub(crate) async fn ask_for_some(
    world: &World,
    chance: &mut Chance,
    records: &[Record],
) -> Vec<Deletion> {
    let mut deletions: Vec<Deletion> = Vec::new();
    for _ in 0..=chance.below(3) {
        let (collection, key) = chance.of(records).clone();
        let faults = world.faults();
        if chance.one_in(3) {
            faults.fail(Operation::Send, .., Fault::Unavailable(chance.moment()));
            faults.fail(
                Operation::Accept,
                ..=chance.below(3),
                Fault::Unavailable(chance.moment()),
            );
        }
        if let Ok(AcceptAnswer::Scheduled(deletion)) = world.ask(&faults, collection, &key).await {
            deletions.push(*deletion);
        }
        let rounds = chance.below(5);
        live_on(world, chance, &deletions, rounds).await;
    }
    deletions
}

/// Invariants 1, 3 and 5: everything below each root carries, in both stores, the mark of the first that took it.
fn assert_deleted(world: &World, deletions: &[Deletion], records: &[Record], case: u64) {
    for deletion in deletions {
        let state = world.now(deletion).state;
        assert_eq!(
            state,
            State::Deleted,
            "case {case}: what was only late never fails"
        );
        assert_manifest(world, deletion, case);
        let (root, _) = world.marks(
            deletion.collection.as_ref(),
            deletion.root.as_ref().expect("a root"),
        );
        assert_eq!(
            root,
            Some(deletion.id.to_string()),
            "case {case}: the first one keeps its record"
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
            "case {case}: the stores differ on {record:?}"
        );
        assert!(
            row.is_empty() || ids.contains(&row),
            "case {case}: {record:?}"
        );
        assert!(
            !row.is_empty() || !is_all,
            "case {case}: {record:?} is left out"
        );
    }
}

async fn run(case: u64) {
    let chance = &mut Chance(case.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1);
    let mut world = World::new(FOUR_LEVELS);
    world.page_keys = *chance.of(&[1, 2, 3, 7, 1000]);
    let records = tree(&world, chance, "l");
    let untouched = tree(&world, chance, "other");
    let before = stored(&world, &untouched);

    let deletions = ask_for_some(&world, chance, &records).await;
    let rounds = chance.below(10);
    live_on(&world, chance, &deletions, rounds).await;
    world.come_to_rest().await;
    assert_deleted(&world, &deletions, &records, case);

    // The purge, with late arrivals and with faults.
    if chance.one_in(2) && !world.marks("lists", &key("l")).0.unwrap().is_empty() {
        world.put("subscribers", &key2("l", "late"), Some(&key("l")));
        world.put("discussions", &key2("l", "late"), Some(&key("l")));
        world.put("messages", &key("l-late"), Some(&key2("l", "late")));
    }
    for deletion in &deletions {
        world.until_purge(deletion);
    }
    for _ in 0..chance.below(8) {
        live_on(&world, chance, &deletions, 1).await;
        world.assert_every_document_has_its_row(&format!("case {case}"));
    }
    world.come_to_rest().await;

    for deletion in &deletions {
        assert_eq!(world.now(deletion).state, State::Purged, "case {case}");
        assert_manifest(&world, deletion, case);
    }
    for (collection, record) in world.everything() {
        let (row, _) = world.marks(&collection, &record);
        assert_eq!(
            row.as_deref(),
            Some(""),
            "case {case}: an orphan is left: {collection} {record:?}"
        );
    }
    world.assert_every_document_has_its_row(&format!("case {case}"));
    assert_eq!(
        stored(&world, &untouched),
        before,
        "case {case}: nothing else is touched"
    );
}

#[tokio::test]
async fn whatever_happens_the_invariants_hold_in_the_end() {
    for case in 0..400 {
        run(case).await;
    }
}
