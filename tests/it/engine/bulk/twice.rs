//! A client sends the same thousand ids twice, half a second apart: two slices overlap in one page.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::deletion::Deletion;
use domain::page::Outcome;
use requests::destroy::Requested;
use testing::samples::key2;
use testing::{Moment, Operation};

use super::world::{chat_as, put_direct};
use crate::engine::world::{Ignore as _, World, admin, at_once};

const MANY: usize = 1000;

fn id(n: usize) -> String {
    format!("n{n:04}")
}

/// Both deletions, the first of them done by a worker behind whose `nth` call of this operation the second one is done.
async fn sent_twice(strategy: &str, operation: Operation, nth: u64) -> (World, [Deletion; 2]) {
    let world = chat_as(strategy);
    for n in 0..MANY {
        put_direct(&world, &id(n), "ann");
    }
    let ask = async || {
        let ids = (0..MANY).map(|n| key2("c", &id(n))).collect();
        let named = Requested::Ids { ids, author: None };
        world
            .destroy(&world.faults(), &admin(), "direct", named, None)
            .await
            .expect("it is accepted")
    };
    let first = ask().await;
    world.clock.advance(Duration::from_millis(500));
    let second = ask().await;
    let faults = world.faults();
    let (beside, other) = (world.clone(), second.clone());
    faults.beside(operation, nth, Moment::After, move || {
        let advanced = at_once(beside.deliver(&beside.faults(), &other));
        advanced.expect("nothing disturbs it").ignore();
    });
    world.work(&faults, &first).await;
    assert!(
        faults.count(operation) as u64 >= nth,
        "{strategy}, {operation:?} {nth}"
    );
    world.come_to_rest().await;
    (world, [first, second])
}

/// How many entries of both say that the record was deleted, by the record.
fn taken(world: &World, both: &[Deletion]) -> BTreeMap<String, Vec<Deletion>> {
    let mut taken: BTreeMap<String, Vec<Deletion>> = BTreeMap::new();
    for deletion in both {
        for (record, outcome) in world.outcomes(deletion) {
            if outcome == Outcome::Deleted {
                taken.entry(record).or_default().push(deletion.clone());
            }
        }
    }
    taken
}

#[tokio::test]
async fn a_thousand_ids_that_are_sent_twice_are_deleted_once_wherever_the_slices_overlap() {
    let overlaps = [
        ("flag", Operation::ReadRows, 3),
        ("flag", Operation::PutPage, 1),
        ("flag", Operation::MarkRows, 1),
        ("flag", Operation::MarkRows, 9),
        ("flag", Operation::MarkRows, 39),
        ("flag", Operation::MarkDocuments, 1),
        ("archive", Operation::PutPage, 1),
        ("archive", Operation::MarkRows, 1),
        ("archive", Operation::MarkRows, 20),
        ("archive", Operation::CopyRows, 1),
        ("archive", Operation::TakeRows, 1),
        ("archive", Operation::TakeRows, 5),
    ];
    for (strategy, operation, nth) in overlaps {
        let (world, both) = sent_twice(strategy, operation, nth).await;

        let context = format!("{strategy}, {operation:?} {nth}");
        let taken = taken(&world, &both);
        assert_eq!(taken.len(), MANY, "{context}");
        for (record, by) in &taken {
            assert_eq!(by.len(), 1, "{record}, {context}");
        }
        let counted = both.iter().map(|one| world.counts(one, "direct").deleted);
        assert_eq!(counted.sum::<u64>(), MANY as u64, "{context}");
        let told = world.named("RecordsDeleted");
        assert_eq!(told.len(), MANY, "{context}");
        assert!(told.values().all(|times| *times == 1), "{context}");
        let copies = both.iter().map(|one| world.copies_under(one.id).len());
        let expected = if strategy == "archive" { MANY } else { 0 };
        assert_eq!(copies.sum::<usize>(), expected, "{context}");
        for n in 0..MANY {
            let (row, _) = world.marks("direct", &key2("c", &id(n)));
            let by = &taken[&format!("direct {}", id(n))][0];
            let marked = (strategy == "flag").then(|| by.id.to_string());
            assert_eq!(row, marked, "{context}");
        }
    }
}

#[tokio::test]
async fn a_thousand_ids_that_are_erased_twice_are_gone_and_each_is_counted() {
    for (operation, nth) in [(Operation::PutPage, 1), (Operation::EraseRows, 3)] {
        let (world, both) = sent_twice("erase", operation, nth).await;

        let taken = taken(&world, &both);
        // Which of the two has removed a row that both were removing, nobody can know: see docs/model.md.
        assert_eq!(taken.len(), MANY, "{operation:?}");
        for n in 0..MANY {
            assert_eq!(world.row("direct", &key2("c", &id(n))), None);
        }
    }
}
