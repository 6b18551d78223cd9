//! The purge: not a moment early, copy before truth, only what carries this deletion's mark, and all that came late.

use std::time::Duration;

use domain::deletion::{Deletion, State};
use engine::Advanced;
use engine::SweepReport;
use ports::Health;
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::compare::compares::compared;
use crate::engine::world::trees::{four_levels, is_in_tree, mail, message_key};
use crate::engine::world::{World, text};

pub(crate) async fn deleted(world: &World, collection: &str, root: &str) -> Deletion {
    let deletion = world.accept(collection, &key(root)).await;
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
    deletion
}

pub(crate) fn purged(world: &World, deletion: &Deletion) -> (u64, u64, u64) {
    world
        .now(deletion)
        .purged
        .values()
        .fold((0, 0, 0), |sum, counts| {
            (
                sum.0 + counts.purged,
                sum.1 + counts.kept,
                sum.2 + counts.failed,
            )
        })
}

#[tokio::test]
async fn nothing_is_removed_one_millisecond_before_its_time() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    compared(&world, &deletion).await;
    let purge_at = deletion.purge_at.unwrap();
    let before = world.end(&deletion);

    world
        .clock
        .set(purge_at.checked_sub(Duration::from_millis(1)).unwrap());
    let early = world.sweep(&world.faults()).await.unwrap();
    assert_eq!(early, SweepReport::default());
    assert_eq!(world.end(&deletion), before);
    let _ = world.deliver(&world.faults(), &deletion).await.unwrap();
    assert_eq!(world.end(&deletion), before, "nor does a message purge");

    world.clock.set(purge_at);
    let report = world.sweep(&world.faults()).await.unwrap();
    assert_eq!(report.purging, 1);
    assert_eq!(world.now(&deletion).state, State::Purged);
}

#[tokio::test]
async fn a_deletion_that_is_never_purged_is_not_due_any_more() {
    let mut world = mail(2);
    let never = testing::samples::COLLECTIONS.replace("30d", "never");
    world.collections = std::sync::Arc::new(domain::collection::Collections::for_tests(&never));
    let deletion = deleted(&world, "discussions", "d").await;
    compared(&world, &deletion).await;

    world.clock.advance(Duration::from_hours(24 * 3650));

    assert_eq!(
        world.sweep(&world.faults()).await.unwrap(),
        SweepReport::default()
    );
    assert_eq!(
        (world.now(&deletion).state, world.now(&deletion).due_at),
        (State::Deleted, None)
    );
}

#[tokio::test]
async fn a_sick_domain_puts_purges_off_and_nothing_else() {
    let world = mail(2);
    let purge = deleted(&world, "discussions", "d").await;
    world.until_purge(&purge);
    let waiting = world.accept("discussions", &key("other")).await;
    let _lost = world.queue.take();
    world.clock.advance(Duration::from_mins(3));
    world
        .domain
        .set(Health::Sick("the cluster is red".to_owned()));

    let report = world.sweep(&world.faults()).await.unwrap();
    assert_eq!(
        (report.put_off, report.purging, report.resent, report.errors),
        (1, 0, 1, 0)
    );
    assert_eq!(world.now(&purge).state, State::Deleted);
    world.deliver_all().await;
    assert_eq!(world.now(&waiting).state, State::Deleted);

    world.domain.set(Health::Well);
    world.come_to_rest().await;
    assert_eq!(world.now(&purge).state, State::Purged);
}

#[tokio::test]
async fn a_domain_that_does_not_answer_stops_only_the_purge() {
    let world = mail(2);
    let purge = deleted(&world, "discussions", "d").await;
    world.until_purge(&purge);
    world.accept("discussions", &key("other")).await;
    let _lost = world.queue.take();
    world.clock.advance(Duration::from_mins(3));
    let faults = world.faults();
    faults.fail(Operation::Health, .., Fault::Refused(Moment::Before));

    let report = world.sweep(&faults).await.unwrap();

    assert_eq!((report.resent, report.purging, report.errors), (1, 0, 1));
    assert_eq!(world.now(&purge).state, State::Deleted);
    world.come_to_rest().await;
    assert_eq!(world.now(&purge).state, State::Purged);
}

#[tokio::test]
async fn purges_that_wait_for_the_domain_do_not_starve_a_lost_message() {
    let world = mail(0);
    for n in 0..1100 {
        world.put("discussions", &key(&format!("d{n}")), None);
        world.accept("discussions", &key(&format!("d{n}"))).await;
    }
    world.come_to_rest().await;
    let first = world.deletions.all().remove(0);
    world.until_purge(&first);
    world.clock.advance(Duration::from_mins(1));
    world
        .domain
        .set(Health::Sick("the cluster is red".to_owned()));
    let lost = world.accept("discussions", &key("other")).await;
    let _lost = world.queue.take();

    for _ in 0..6 {
        world.clock.advance(Duration::from_mins(1));
        world.sweep(&world.faults()).await.unwrap();
    }

    assert_eq!(
        world
            .queue
            .take()
            .first()
            .map(|sent| sent.message().deletion_id),
        Some(lost.id)
    );
}

#[tokio::test]
async fn a_giant_goes_on_through_the_queue() {
    let mut world = mail(200);
    world.page_keys = 10;
    let deletion = deleted(&world, "discussions", "d").await;
    world.until_purge(&deletion);
    let faults = world.faults();
    faults.slow(Duration::from_millis(500));

    let report = world.sweep(&faults).await.unwrap();

    assert_eq!(report.purging, 1);
    let stands = world.now(&deletion);
    assert_eq!((stands.state, stands.lease), (State::Purging, None));
    assert_eq!(world.queue.len(), 1);
    assert!(
        world.row("discussions", &key("d")).is_some(),
        "the root goes last"
    );
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Purged);
    assert_eq!(purged(&world, &deletion), (201, 0, 0));
    assert_eq!(world.named("RecordsPurged").len(), 201);
    assert_eq!(world.events.published(), world.events.distinct());
}

#[tokio::test]
async fn the_root_goes_last_and_is_marked_until_then() {
    let mut world = four_levels();
    world.page_keys = 3;
    let deletion = deleted(&world, "lists", "l").await;
    world.until_purge(&deletion);
    let faults = world.faults();
    let calls = {
        let world = world.clone();
        let probe = faults.clone();
        move || {
            let below = world
                .everything()
                .into_iter()
                .filter(|(_, record)| is_in_tree(record) && *record != key("l"))
                .count();
            let root = world.marks("lists", &key("l")).0;
            assert!(
                root.is_some() || below == 0,
                "{below} records are left without their root after {} calls",
                probe.calls()
            );
        }
    };
    for nth in 1..=40 {
        faults.beside(Operation::PurgeRows, nth, Moment::After, calls.clone());
    }

    world.sweep(&faults).await.unwrap();

    assert_eq!(world.now(&deletion).state, State::Purged);
}

#[tokio::test]
async fn late_arrivals_are_collected_marked_and_counted() {
    let world = four_levels();
    let deletion = deleted(&world, "lists", "l").await;
    // At each level one, also below another late one, and one whose mark is an explicit NULL.
    world.put("discussions", &key2("l", "late"), Some(&key("l")));
    world.put("messages", &key("l-late-0"), Some(&key2("l", "late")));
    world.put("reactions", &key2("l-late-0", "x"), Some(&key("l-late-0")));
    world.put("messages", &key("l-d3-0"), Some(&key2("l", "d3")));
    let null = world.live_row("subscribers", &key2("l", "zoe"), Some(&key("l")));
    world.put_row(
        "subscribers",
        testing::samples::with_null(world.collection("subscribers"), null),
    );
    world.until_purge(&deletion);

    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Purged);
    assert_eq!(purged(&world, &deletion), (20, 0, 0));
    assert!(
        world
            .everything()
            .iter()
            .all(|(_, record)| !is_in_tree(record))
    );
    world.assert_every_document_has_its_row("after the purge");
    let manifest = world.deletions.manifest(&deletion);
    let records: Vec<_> = manifest
        .iter()
        .flat_map(|(page, _)| page.entries.iter().map(|entry| &entry.key))
        .collect();
    assert_eq!(records.len(), 20, "a record stands in one page");
    assert_eq!(
        world
            .now(&deletion)
            .deleted
            .values()
            .map(|counts| counts.selected)
            .sum::<u64>(),
        15,
        "not in the delete's counts"
    );
    assert_eq!(world.named("RecordsPurged").len(), 20);
}

#[tokio::test]
async fn a_record_of_ours_that_somebody_unmarked_is_marked_again_in_place() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    world.put("messages", &message_key("d", 1), Some(&key("d")));
    world.until_purge(&deletion);

    world.come_to_rest().await;

    assert_eq!(purged(&world, &deletion), (4, 0, 0));
    assert_eq!(world.row("messages", &message_key("d", 1)), None);
    assert_eq!(world.now(&deletion).pages, 2, "no page is added for it");
    assert_eq!(world.named("RecordsPurged").len(), 4);
}

#[tokio::test]
async fn a_purge_that_is_refused_parks_with_its_reason_and_is_not_begun_again() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    world.until_purge(&deletion);
    let faults = world.faults();
    faults.fail(Operation::PurgeRows, .., Fault::Refused(Moment::Before));

    world.sweep(&faults).await.unwrap();
    let mut last = Advanced::Continued;
    for _ in 0..8 {
        last = world.deliver(&faults, &deletion).await.unwrap();
        let _ = world.queue.take();
    }

    assert_eq!(last, Advanced::NothingToDo(State::PurgeFailed));
    let stands = world.now(&deletion);
    assert!(
        stands
            .failure
            .unwrap()
            .reason
            .contains("record store could not remove rows")
    );
    world.come_to_rest().await;
    world.clock.advance(Duration::from_hours(48));
    assert_eq!(
        world.sweep(&world.faults()).await.unwrap(),
        SweepReport::default()
    );
    assert_eq!(
        world.marks("messages", &message_key("d", 1)).0,
        text(deletion.id)
    );
}

#[tokio::test]
async fn two_sweeps_at_once_purge_once() {
    for seed in 1..=25 {
        let world = four_levels();
        let deletion = deleted(&world, "lists", "l").await;
        world.until_purge(&deletion);
        let faults = world.faults();
        faults.interleave(seed);

        let (one, other) = tokio::join!(world.sweep(&faults), world.sweep(&faults));

        // In the same millisecond both write the same, and the second message finds nothing to do.
        let begun = one.unwrap().purging + other.unwrap().purging;
        assert!(begun >= 1, "seed {seed}");
        assert_eq!(
            world.now(&deletion).epoch,
            2,
            "seed {seed}: one lease of the delete, one of the purge"
        );
        world.come_to_rest().await;
        assert_eq!(purged(&world, &deletion), (15, 0, 0), "seed {seed}");
        assert_eq!(world.named("RecordsPurged").len(), 15);
    }
}
