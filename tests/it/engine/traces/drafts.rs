//! Traces that broke, or could have broken, earlier drafts: each a story of a few steps.

use std::time::Duration;

use domain::deletion::{Action, State};
use engine::Advanced;
use ports::Health;
use requests::records::{Got, get, list, search};
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::purge::purges::{deleted, purged};
use crate::engine::world::trees::{mail, message_key};
use crate::engine::world::{Ignore, TENANT, at_once, principal, text};

#[tokio::test]
async fn a_crash_behind_the_exceptions_of_a_page_and_then_success_leaves_none_of_them() {
    let world = mail(4);
    let deletion = world.accept("discussions", &key("d")).await;
    let _ = world.queue.take();
    world.documents.reject("d\u{1f}m0002", "for now");
    let faults = world.faults();
    let killer = faults.clone();
    faults.beside(Operation::PutExceptions, 1, Moment::After, move || {
        killer.crash_at(killer.calls(), Moment::After);
    });
    assert!(
        faults
            .until_crash(world.deliver(&faults, &deletion))
            .await
            .is_none()
    );
    assert!(
        world
            .deletions
            .manifest(&deletion)
            .iter()
            .any(|(_, exceptions)| !exceptions.is_empty())
    );

    world.documents.accept("d\u{1f}m0002");
    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(
        (
            stands.state,
            stands.deleted.values().map(|counts| counts.deleted).sum()
        ),
        (State::Deleted, 5_u64)
    );
    assert!(
        world
            .deletions
            .manifest(&deletion)
            .iter()
            .all(|(_, exceptions)| exceptions.is_empty())
    );
    assert_eq!(world.named("RecordsDeleted").len(), 5);
}

#[tokio::test]
async fn a_crash_behind_the_exceptions_of_a_purged_page_and_then_success_leaves_none_of_them() {
    let world = mail(4);
    let deletion = deleted(&world, "discussions", "d").await;
    world.documents.reject("d\u{1f}m0002", "for now");
    world.until_purge(&deletion);
    let faults = world.faults();
    let killer = faults.clone();
    faults.beside(Operation::PutExceptions, 1, Moment::After, move || {
        killer.crash_at(killer.calls(), Moment::After);
    });
    assert!(faults.until_crash(world.sweep(&faults)).await.is_none());

    world.documents.accept("d\u{1f}m0002");
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Purged);
    assert_eq!(purged(&world, &deletion), (5, 0, 0));
    assert!(
        world
            .deletions
            .manifest(&deletion)
            .iter()
            .all(|(_, exceptions)| exceptions.is_empty())
    );
    assert_eq!(world.named("RecordsPurged").len(), 5);
}

#[tokio::test]
async fn what_the_delete_found_out_about_a_record_is_still_told_after_its_purge() {
    let world = mail(3);
    let deletion = world.accept("discussions", &key("d")).await;
    world
        .rows
        .remove(world.collection("discussions"), &key("d"));
    world.put("discussions", &key("d"), None);
    world.come_to_rest().await;
    let (_, before) = world.deletions.manifest(&deletion).remove(0);
    world.until_purge(&deletion);

    world.come_to_rest().await;

    let (_, after) = world.deletions.manifest(&deletion).remove(0);
    assert_eq!(before.deleted, after.deleted);
    assert_eq!(after.purged.len(), 1);
}

#[tokio::test]
async fn a_steady_outside_writer_does_not_keep_a_deletion_from_ending() {
    let world = mail(3);
    let deletion = world.accept("discussions", &key("d")).await;
    let writes = |faults: &testing::Faults, letter: &'static str| {
        for nth in 1..=300 {
            for operation in [
                Operation::QueryRows,
                Operation::MarkRows,
                Operation::PutPage,
            ] {
                let beside = world.clone();
                faults.beside(operation, nth, Moment::After, move || {
                    let late = key2("d", &format!("{letter}{nth:04}{operation:?}"));
                    beside.put("messages", &late, Some(&key("d")));
                });
            }
        }
    };
    let faults = world.faults();
    writes(&faults, "n");
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    assert_eq!(world.now(&deletion).state, State::Deleted);
    world.come_to_rest().await;
    world.until_purge(&deletion);
    let faults = world.faults();
    writes(&faults, "z");

    let report = world.sweep(&faults).await.unwrap();

    assert_eq!(report.purging, 1);
    assert_eq!(world.now(&deletion).state, State::Purged);
}

#[tokio::test]
async fn a_purge_that_is_under_way_waits_for_a_sick_domain_and_then_goes_on() {
    let mut world = mail(60);
    world.page_keys = 5;
    let deletion = deleted(&world, "discussions", "d").await;
    world.until_purge(&deletion);
    let faults = world.faults();
    faults.slow(Duration::from_millis(700));
    assert_eq!(world.sweep(&faults).await.unwrap().purging, 1);
    let _lost = world.queue.take();
    world.domain.set(Health::Sick("read-only".to_owned()));

    for _ in 0..10 {
        world.clock.advance(Duration::from_mins(1));
        let report = world.sweep(&world.faults()).await.unwrap();
        assert_eq!((report.resent, report.parked, report.errors), (0, 0, 0));
    }
    assert!(world.queue.is_empty());
    world.domain.set(Health::Well);
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Purged);
    assert_eq!(purged(&world, &deletion), (61, 0, 0));
}

/// One child fails by its document, so its row is marked; the other by its row, which has no room for a mark.
#[tokio::test]
async fn a_child_that_had_failed_does_not_come_back_to_life_when_its_parent_is_purged() {
    let world = mail(3);
    let messages = world.collection("messages");
    let (rejected, full) = (message_key("d", 1), message_key("d", 2));
    world.documents.reject("d\u{1f}m0001", "for now");
    let mut heavy = world.row("messages", &full).unwrap();
    heavy.insert("body".to_owned(), "x".repeat(409_500).into());
    world.rows.put(messages, heavy);
    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::DeleteFailed);
    let api = world.api(&world.faults());
    let member = principal("mia", TENANT, &[]);
    let are_hidden = async || {
        for child in [&rejected, &full] {
            let got = get(&api, &member, messages, child).await.unwrap();
            assert!(matches!(got, Got::Absent), "{child:?}: {got:?}");
        }
    };
    are_hidden().await;
    world.documents.accept("d\u{1f}m0001");

    world.act_and_rest(&deletion, Action::Purge).await;

    assert_eq!(world.row("messages", &rejected), None);
    // It cannot carry the mark, and is removed because it is below the root and still unmarked.
    assert_eq!(world.row("messages", &full), None);
    assert_eq!(purged(&world, &deletion), (4, 0, 0));
}

/// Giving up is decided behind the release, so another worker may have come in between.
#[tokio::test]
async fn a_worker_that_stalls_before_it_gives_up_does_not_give_up_what_another_one_finished() {
    let world = mail(3);
    let deletion = world.accept("discussions", &key("d")).await;
    let refuse = || {
        let faults = world.faults();
        faults.fail(Operation::MarkRows, .., Fault::Refused(Moment::Before));
        faults
    };
    for _ in 0..world.patience.max_attempts {
        assert_eq!(
            world.deliver(&refuse(), &deletion).await.unwrap(),
            Advanced::Continued
        );
    }
    let _ = world.queue.take();
    let faults = refuse();
    let beside = world.clone();
    let mut last = world.patience;
    last.max_attempts += 10;
    // The lease is the first thing that is stored, the release the second.
    faults.beside(Operation::Store, 2, Moment::After, move || {
        let mut patient = beside.clone();
        patient.patience = last;
        let deletion = patient.deletions.all().remove(0);
        at_once(patient.deliver(&patient.faults(), &deletion))
            .unwrap()
            .ignore();
        patient.clock.advance(Duration::from_mins(10));
    });

    let answer = world.deliver(&faults, &deletion).await.unwrap();

    assert_eq!(answer, Advanced::Left);
    let stands = world.now(&deletion);
    assert_eq!((stands.state, stands.failure), (State::Deleted, None));
}

/// Invariant 2, before anybody has worked on it, and for what comes late.
#[tokio::test]
async fn from_the_202_on_no_read_shows_the_root_nor_anything_below_it_not_even_what_comes_late() {
    let world = mail(3);
    let api = world.api(&world.faults());
    let member = principal("mia", TENANT, &[]);
    let (discussions, messages) = (
        world.collection("discussions"),
        world.collection("messages"),
    );
    assert!(matches!(
        get(&api, &member, discussions, &key("d")).await.unwrap(),
        Got::Live(_)
    ));

    let deletion = world.accept("discussions", &key("d")).await;

    for stage in ["accepted", "done", "late"] {
        if stage == "done" {
            world.come_to_rest().await;
        }
        if stage == "late" {
            world.put("messages", &message_key("d", 77), Some(&key("d")));
            world.put("messages", &message_key("d", 0), Some(&key("d")));
        }
        for (collection, record) in [
            (discussions, key("d")),
            (messages, message_key("d", 0)),
            (messages, message_key("d", 77)),
        ] {
            let got = get(&api, &member, collection, &record).await.unwrap();
            assert!(matches!(got, Got::Absent), "{stage}: {record:?} {got:?}");
        }
        let below = list(&api, &member, messages, Some(&key("d")), 50, None)
            .await
            .unwrap();
        assert_eq!(below.items, [], "{stage}");
        let roots = list(&api, &member, discussions, None, 50, None)
            .await
            .unwrap();
        assert_eq!(
            roots
                .items
                .iter()
                .map(|row| row.key.clone())
                .collect::<Vec<_>>(),
            [key("other")],
            "{stage}"
        );
        for collection in [discussions, messages] {
            let hits = search(&api, &member, collection, "stone", 50, None)
                .await
                .unwrap();
            assert!(
                hits.items.iter().all(|row| row.key.partition == "other"),
                "{stage}: {:?}",
                hits.items
            );
        }
    }
    assert_eq!(
        world.marks("messages", &message_key("d", 1)).0,
        text(deletion.id)
    );
}
