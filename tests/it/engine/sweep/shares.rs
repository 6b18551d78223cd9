//! What is due has its share of a sweep by its kind: much of one kind keeps nothing of another waiting.

use std::time::Duration;

use domain::deletion::{Deletion, DeletionId, State};
use domain::scope::Scope;
use engine::sweep;
use ports::{Clock, Health};
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::compare::compares::compared;
use crate::engine::purge::purges::deleted;
use crate::engine::world::trees::{mail, message_key};
use crate::engine::world::{Ignore, World, after};

/// A deletion whose retention is over, and so many others like it.
async fn due_purges(world: &World, count: u32) -> Deletion {
    let one = kept(world).await;
    world.until_purge(&one);
    multiply(world, &one, count);
    one
}

/// A deletion for which nothing is to be done before its purge.
async fn kept(world: &World) -> Deletion {
    let one = deleted(world, "discussions", "d").await;
    compared(world, &one).await;
    world.now(&one)
}

/// As many others that are like this one.
fn multiply(world: &World, one: &Deletion, count: u32) {
    let scope = Scope::below(world.collection("discussions"), &world.collections);
    for n in 0..count {
        let mut other = one.clone();
        other.id = purge_id(n);
        world.deletions.put(&other, &scope, &[]);
    }
}

fn purge_id(n: u32) -> DeletionId {
    format!("01900000-0000-7000-8000-{n:012x}").parse().unwrap()
}

#[tokio::test]
async fn a_lost_message_is_sent_again_within_two_minutes_beside_ten_thousand_due_purges() {
    const PURGES: u32 = 10_000;
    let world = mail(1);
    due_purges(&world, PURGES).await;
    let lost = world.accept("discussions", &key("other")).await;
    let _lost = world.queue.take();
    let since = lost.due_at.unwrap();
    world.clock.set(since);

    let (mut sent_again, mut begun, mut sweeps) = (None, 0, 0);
    while begun <= PURGES as usize {
        let faults = world.faults();
        faults.slow(Duration::from_millis(20));
        let start = world.clock.now();
        let report = sweep(
            &world.engine(&faults),
            after(start, Duration::from_secs(90)),
        )
        .await
        .unwrap();
        begun += report.purging;
        if !world.queue.take_of(lost.id).is_empty() {
            sent_again.get_or_insert(world.clock.now());
        }
        // Nobody works on the purges: their messages come again.
        let _ = world.queue.take();
        let minute = after(start, Duration::from_mins(1));
        world.clock.set(minute.max(world.clock.now()));
        sweeps += 1;
        assert!(sweeps <= 40, "{begun} purges have begun: {report:?}");
    }

    let waited = sent_again.expect("it is sent").duration_since(since);
    assert!(waited.as_secs() < 120, "it has waited for {waited:#}");
}

#[tokio::test]
async fn events_and_comparisons_have_their_share_beside_due_purges() {
    let world = mail(1);
    let one = kept(&world).await;
    let before = one.purge_at.unwrap() - jiff::SignedDuration::from_mins(5);
    world.clock.set(before);
    for discussion in ["owed", "compared"] {
        world.put("discussions", &key(discussion), None);
    }
    let compare = deleted(&world, "discussions", "compared").await;
    let owed = world.accept("discussions", &key("owed")).await;
    let faults = world.faults();
    faults.fail(Operation::Publish, .., Fault::Unavailable(Moment::Before));
    world.deliver(&faults, &owed).await.unwrap().ignore();
    world.clock.set(world.now(&compare).due_at.unwrap());
    multiply(&world, &one, 2000);

    let report = world.sweep_alone(&world.faults()).await.unwrap();

    assert_eq!((report.told, report.compared), (1, 1), "{report:?}");
    assert_eq!((report.purging, report.left), (500, 1501), "{report:?}");
}

#[tokio::test]
async fn however_many_messages_are_lost_a_purge_begins() {
    let world = mail(1);
    let one = due_purges(&world, 0).await;
    let lost = world.accept("discussions", &key("other")).await;
    multiply(&world, &lost, 3000);
    let _lost = world.queue.take();
    world.clock.set(lost.due_at.unwrap());
    let faults = world.faults();
    faults.slow(Duration::from_millis(400));

    let report = world.sweep_alone(&faults).await.unwrap();

    assert!(report.resent > 0 && report.left > 0, "{report:?}");
    assert_eq!(world.now(&one).state, State::Purging, "{report:?}");
}

#[tokio::test]
async fn a_purge_that_waits_for_the_search_domain_is_not_given_up_for_that() {
    let world = mail(1);
    let one = due_purges(&world, 0).await;
    let report = world.sweep_alone(&world.faults()).await.unwrap();
    assert_eq!(report.purging, 1);
    let _lost = world.queue.take();
    world.domain.set(Health::Sick("red".to_owned()));
    for _ in 0..3 {
        world.clock.advance(world.patience.fail_after);
        let report = world.sweep_alone(&world.faults()).await.unwrap();
        assert_eq!((report.put_off, report.parked), (1, 0), "{report:?}");
    }

    world.domain.set(Health::Well);
    world.come_to_rest().await;

    assert_eq!(world.now(&one).state, State::Purged);
}

#[tokio::test]
async fn the_purges_of_a_sweep_do_not_stand_in_the_queue_before_a_delete() {
    let world = mail(1);
    due_purges(&world, 300).await;
    let report = world.sweep_alone(&world.faults()).await.unwrap();
    assert_eq!(report.purging, 301);

    let delays: Vec<Duration> = world.queue.take().iter().map(|sent| sent.delay).collect();

    let soon = delays.iter().filter(|delay| delay.as_secs() == 0).count();
    assert!(soon < 10, "{soon} of {} stand before it", delays.len());
    let last = delays.into_iter().max().unwrap();
    assert!(last < world.timing.resend_after, "{last:?}");
}

#[tokio::test]
async fn what_an_earlier_version_stored_among_the_urgent_is_done_in_the_share_of_its_kind() {
    let world = mail(2);
    let deletion = world.accept("discussions", &key("d")).await;
    // The index goes on showing what was stored before: work, as an earlier version stored everything.
    world.deletions.lag();
    world.deliver_all().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
    world.clock.set(world.now(&deletion).due_at.unwrap());

    let report = world.sweep(&world.faults()).await.unwrap();

    assert_eq!((report.due, report.compared), (1, 1), "{report:?}");
    world.until_purge(&deletion);
    let report = world.sweep(&world.faults()).await.unwrap();
    assert_eq!((report.due, report.purging), (1, 1), "{report:?}");
    assert_eq!(world.now(&deletion).state, State::Purged);
}

#[tokio::test]
async fn a_giant_that_is_tidied_leaves_time_to_what_is_due_behind_it() {
    let mut world = mail(40);
    world.page_keys = 2;
    let (giant, small) = (key("d"), key("small"));
    world.put("discussions", &small, None);
    let giant = world.accept("discussions", &giant).await;
    let small = world.accept("discussions", &small).await;
    for deletion in [&giant, &small] {
        world.come_to_rest().await;
        world.until_purge(deletion);
        world.come_to_rest().await;
    }
    let due = [&giant, &small].map(|deletion| world.now(deletion).due_at.unwrap());
    world.clock.set(due.into_iter().max().unwrap());
    let faults = world.faults();
    faults.slow_at(Operation::DropPage, Duration::from_secs(5));

    let report = world.sweep(&faults).await.unwrap();

    assert_eq!((report.compared, report.tidied), (2, 1), "{report:?}");
    assert_eq!(world.now(&small).due_at, None);
    assert!(world.row("messages", &message_key("d", 0)).is_none());
    world.clock.advance(Duration::from_mins(2));
    for _ in 0..10 {
        world.clock.advance(Duration::from_mins(2));
        world.sweep(&faults).await.unwrap();
    }
    assert_eq!(world.now(&giant).due_at, None);
}

/// What is not searched: two levels, neither with documents.
const FILES: &str = r#"
[folders]
table       = "folders"
key         = ["folder_id"]
tenant      = "user_id"
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[files]
table       = "files"
key         = ["folder_id", "file_id"]
tenant      = "user_id"
strategy    = "flag"
retention   = "30d"
parent      = { collection = "folders", by = ["folder_id"], on_delete = "cascade" }
permissions = { delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

#[tokio::test]
async fn what_has_no_documents_does_not_wait_for_the_search_domain_nor_ask_for_its_state() {
    let world = World::new(FILES);
    world.put("folders", &key("f"), None);
    world.put("files", &key2("f", "1"), Some(&key("f")));
    world.domain.set(Health::Sick("red".to_owned()));
    let deletion = world.accept("folders", &key("f")).await;
    world.deliver_all().await;
    let faults = world.faults();

    for _ in 0..3 {
        let due = world.now(&deletion).due_at.unwrap();
        world.clock.set(due.max(world.clock_now()));
        let report = world.sweep_alone(&faults).await.unwrap();
        assert_eq!((report.put_off, report.errors), (0, 0), "{report:?}");
        world.deliver_all().await;
    }

    assert_eq!(world.now(&deletion).state, State::Purged);
    assert_eq!(faults.count(Operation::Health), 0);
}
