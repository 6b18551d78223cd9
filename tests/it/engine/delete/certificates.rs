//! The certificate: the head proves the manifest, whatever happened on the way, and outlives it.

use domain::certificate::{Recount, Verdict};
use domain::deletion::{Deletion, State};
use domain::page::{Judged, Outcome};
use testing::Moment;
use testing::samples::key;

use crate::engine::world::World;
use crate::engine::world::trees::{mail, message_key};

/// What the manifest, as it stands, says of the deletion.
fn verdict(world: &World, deletion: &Deletion) -> Verdict {
    let stands = world.now(deletion);
    let mut recount = Recount::begin(stands.id);
    for (page, exceptions) in world.deletions.manifest(&stands) {
        recount.add(&stands, &page, &exceptions);
    }
    recount.verdict(&stands)
}

#[tokio::test]
async fn after_the_delete_the_manifest_proves_head_and_counts() {
    let mut world = mail(25);
    world.page_keys = 4;
    world.documents.reject("d\u{1f}m0003", "for now");
    let deletion = world.accept("discussions", &key("d")).await;

    assert_eq!(verdict(&world, &deletion), Verdict::Proved);
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::DeleteFailed);
    assert!(world.now(&deletion).pages > 5);
    assert_eq!(verdict(&world, &deletion), Verdict::Proved);
}

#[tokio::test]
async fn whenever_the_worker_dies_the_manifest_proves_the_head_in_the_end() {
    let calls = {
        let world = mail(6);
        let deletion = world.accept("discussions", &key("d")).await;
        let faults = world.faults();
        let _ = world.deliver(&faults, &deletion).await;
        faults.calls()
    };
    for call in 1..=calls {
        let mut world = mail(6);
        world.page_keys = 2;
        let deletion = world.accept("discussions", &key("d")).await;
        let faults = world.faults();
        faults.crash_at(call, Moment::After);
        let _ = Box::pin(faults.until_crash(world.deliver(&faults, &deletion))).await;

        world.come_to_rest().await;

        assert_eq!(world.now(&deletion).state, State::Deleted, "call {call}");
        assert_eq!(verdict(&world, &deletion), Verdict::Proved, "call {call}");
    }
}

#[tokio::test]
async fn what_a_purges_look_finds_is_part_of_the_chain() {
    let world = mail(3);
    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;
    let before = world.now(&deletion);
    world.put("messages", &message_key("d", 99), Some(&key("d")));
    world.until_purge(&deletion);
    world
        .sweep(&world.faults())
        .await
        .expect("nothing disturbs it");

    let after = world.now(&deletion);

    assert_eq!((before.state, after.state), (State::Deleted, State::Purged));
    assert_eq!(after.pages, before.pages + 1);
    assert_ne!(after.chain, before.chain);
    assert_eq!(verdict(&world, &deletion), Verdict::Proved);
}

#[tokio::test]
async fn a_manifest_that_was_changed_is_not_proved() {
    let world = mail(5);
    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;
    let stands = world.now(&deletion);
    let manifest = world.deletions.manifest(&stands);
    let judge = |change: &dyn Fn(&mut Vec<_>)| {
        let mut manifest = manifest.clone();
        change(&mut manifest);
        let mut recount = Recount::begin(stands.id);
        for (page, exceptions) in &manifest {
            recount.add(&stands, page, exceptions);
        }
        recount.verdict(&stands)
    };

    assert_eq!(judge(&|_| {}), Verdict::Proved);
    assert!(matches!(
        judge(&|pages| drop(pages.pop())),
        Verdict::OtherPages(_)
    ));
    assert!(matches!(
        judge(&|pages| pages[1].0.entries[2].judged = Judged::AlreadyDeleted),
        Verdict::OtherPages(_)
    ));
    assert!(matches!(
        judge(&|pages| drop(pages[1].0.entries.remove(0))),
        Verdict::OtherPages(_)
    ));
    assert!(matches!(
        judge(&|pages| drop(pages[1].1.deleted.insert(0, Outcome::Missing))),
        Verdict::OtherCounts(_)
    ));
}

#[tokio::test]
async fn when_the_pages_are_dropped_who_when_how_many_and_the_head_are_kept() {
    let world = mail(3);
    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;
    world.until_purge(&deletion);
    world
        .sweep(&world.faults())
        .await
        .expect("nothing disturbs it");
    let purged = world.now(&deletion);

    for _ in 0..3 {
        world.clock.advance(world.timing.compare_after);
        world
            .sweep(&world.faults())
            .await
            .expect("nothing disturbs it");
    }

    let left = world.now(&deletion);
    assert!(world.deletions.manifest(&left).is_empty());
    assert!(left.expires_at.is_some());
    assert_eq!(left.chain, purged.chain);
    assert_eq!(left.deleted, purged.deleted);
    assert_eq!(left.purged, purged.purged);
    assert_eq!(
        (left.requested_by, left.deleted_at),
        (deletion.requested_by, deletion.deleted_at)
    );
}
