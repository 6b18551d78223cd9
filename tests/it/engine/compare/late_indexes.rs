//! What an index does not show yet when an author's records are deleted: it is asked for once more, later.

use domain::deletion::comparison::{Drift, RETURNS};
use domain::deletion::{Action, Deletion, State};
use domain::key::RecordKey;
use serde_json::{Value, json};
use testing::samples::{key, key2};

use crate::engine::bulk::world::{
    CHAT, SENT, chat_as, message, put_direct, put_message, put_reaction, put_sent, records,
};
use crate::engine::compare::compares::{compared, of, until_due};
use crate::engine::disturbed::crashes::{cuts, ends_the_same_wherever_killed};
use crate::engine::world::World;
use crate::engine::world::end::End;
use crate::engine::world::strategies::sum;

const STRATEGIES: [&str; 3] = ["flag", "archive", "erase"];

/// All of an author is deleted, except for what was written a moment before: a message with a reaction, and a direct one.
async fn not_shown(strategy: &str, page_keys: usize) -> (World, Deletion, Value) {
    let mut world = chat_as(strategy);
    world.page_keys = page_keys;
    world.rows.lag();
    put_message(&world, "s", "s9", "ann");
    put_reaction(&world, "s", "s9", "x");
    put_direct(&world, "c9", "ann");
    let before = records(&world);
    let deletion = world.destroy_author("ann").await;
    world.come_to_rest().await;
    world.rows.settle();
    assert!(is_live(&world, "messages", &message("s9")), "not shown");
    (world, deletion, before)
}

fn is_live(world: &World, collection: &str, record: &RecordKey) -> bool {
    world.marks(collection, record).0.as_deref() == Some("")
}

fn late() -> [(&'static str, RecordKey); 3] {
    [
        ("messages", message("s9")),
        ("reactions", key2("s9", "x")),
        ("direct", key2("c", "c9")),
    ]
}

#[tokio::test]
async fn what_an_authors_index_did_not_show_is_deleted_once_it_does() {
    for strategy in STRATEGIES {
        for page_keys in [1, 2, 1000] {
            let context = format!("{strategy}, pages of {page_keys}");
            let (world, deletion, before) = not_shown(strategy, page_keys).await;
            let ended = world.now(&deletion).state;

            let report = compared(&world, &deletion).await;

            assert_eq!((report.returned, report.drift_found), (1, 0), "{context}");
            let stands = world.now(&deletion);
            let expected = if ended == State::Deleted {
                (State::Deleting, Some("ada"))
            } else {
                (State::Purging, None)
            };
            let by = &stands.notified.of(stands.state.pass()).by;
            assert_eq!((stands.state, by.as_deref()), expected, "{context}");
            world.come_to_rest().await;
            assert_eq!(world.now(&deletion).state, ended, "{context}");
            for (collection, record) in late() {
                assert!(
                    !is_live(&world, collection, &record),
                    "{context}: {record:?}"
                );
            }
            let report = compared(&world, &deletion).await;
            assert_eq!((report.returned, report.compared), (0, 1), "{context}");
            assert_eq!(report.drift_found, 0, "{context}");
            if ended == State::Purged {
                continue;
            }
            assert_eq!(
                sum(&world.now(&deletion).deleted, "deleted"),
                17,
                "{context}"
            );
            let told = world.named("RecordsDeleted");
            assert_eq!(told.len(), 17, "{context}");
            assert!(
                told.values().all(|times| *times == 1),
                "{context}: {told:?}"
            );
            let back = world.act_and_rest(&deletion, Action::Restore).await;
            assert_eq!(back.state, State::Restored, "{context}");
            assert_eq!(records(&world), before, "{context}");
        }
    }
}

#[tokio::test]
async fn what_was_purged_before_the_index_showed_it_is_purged_once_it_does() {
    for strategy in ["flag", "archive"] {
        for page_keys in [1, 1000] {
            let (world, deletion, _) = not_shown(strategy, page_keys).await;
            let purged = world.act_and_rest(&deletion, Action::Purge).await;
            assert_eq!(purged.state, State::Purged);

            let report = compared(&world, &deletion).await;
            world.come_to_rest().await;

            assert_eq!((report.returned, report.drift_found), (1, 0), "{strategy}");
            assert_eq!(world.now(&deletion).state, State::Purged, "{strategy}");
            for (collection, record) in late() {
                assert_eq!(world.marks(collection, &record).0, None, "{strategy}");
            }
            assert!(world.rows.copies().is_empty());
            world.assert_every_document_has_its_row(strategy);
        }
    }
}

#[tokio::test]
async fn a_record_that_its_owner_took_back_stays_with_what_is_below_it() {
    for strategy in STRATEGIES {
        for page_keys in [1, 1000] {
            let context = format!("{strategy}, pages of {page_keys}");
            let (world, deletion, _) = not_shown(strategy, page_keys).await;
            put_message(&world, "s", "s0", "ann");
            put_reaction(&world, "s", "s0", "new");

            let report = compared(&world, &deletion).await;
            world.come_to_rest().await;

            assert_eq!(report.returned, 1, "{context}");
            assert!(!is_live(&world, "messages", &message("s9")), "{context}");
            assert!(is_live(&world, "messages", &message("s0")), "{context}");
            assert!(
                is_live(&world, "reactions", &key2("s0", "new")),
                "{context}"
            );
            let report = compared(&world, &deletion).await;
            assert_eq!((report.returned, report.compared), (0, 1), "{context}");
            assert_eq!(of(&report, Drift::LiveChild), (0, 0), "{context}");
        }
    }
}

#[tokio::test]
async fn what_does_not_say_that_it_was_there_by_the_request_stays() {
    for strategy in STRATEGIES {
        let world = chat_as(strategy);
        let deletion = world.destroy_author("ann").await;
        world.come_to_rest().await;
        let stream = key("s");
        let later = "2026-11-21T08:00:00Z";
        put_sent(
            &world,
            "messages",
            &message("s-later"),
            Some(&stream),
            "ann",
            later,
        );
        put_sent(
            &world,
            "messages",
            &message("s-when"),
            Some(&stream),
            "ann",
            "?",
        );
        let mut row = world.live_row("messages", &message("s-none"), Some(&stream));
        row.insert("sender".to_owned(), json!("ann"));
        world.put_row("messages", row);

        let report = compared(&world, &deletion).await;

        assert_eq!((report.returned, report.compared), (0, 1), "{strategy}");
        for id in ["s-later", "s-when", "s-none"] {
            assert!(
                is_live(&world, "messages", &message(id)),
                "{strategy}: {id}"
            );
        }
    }
}

/// Without a time nothing could tell a record that was there from one that came later.
#[tokio::test]
async fn a_collection_without_a_time_is_not_asked_again() {
    let declared = CHAT
        .replace("filters     = { time = \"sent_at\" }\n", "")
        .replace(", author_within = \"10m\"", "");
    let world = World::new(&declared);
    world.put("streams", &key("s"), None);
    let deletion = world.destroy_author("ann").await;
    world.come_to_rest().await;
    put_message(&world, "s", "s1", "ann");

    let report = compared(&world, &deletion).await;

    assert_eq!((report.returned, report.compared), (0, 1));
    assert!(is_live(&world, "messages", &message("s1")));
}

#[tokio::test]
async fn what_is_asked_for_once_more_is_not_asked_for_ever() {
    let world = chat_as("flag");
    let deletion = world.destroy_author("ann").await;
    world.come_to_rest().await;
    let report = compared(&world, &deletion).await;
    assert_eq!((report.returned, report.compared), (0, 1));
    put_message(&world, "s", "s9", "ann");

    world.until_purge(&deletion);
    world.come_to_rest().await;
    let report = compared(&world, &deletion).await;

    assert_eq!((report.returned, report.compared), (0, 1));
    assert_eq!(world.now(&deletion).state, State::Purged);
    assert!(is_live(&world, "messages", &message("s9")));
}

#[tokio::test]
async fn who_writes_for_an_author_for_ever_does_not_keep_the_deletion_from_its_end() {
    for strategy in STRATEGIES {
        let world = chat_as(strategy);
        let deletion = world.destroy_author("ann").await;
        world.come_to_rest().await;
        for round in 0..=RETURNS {
            put_message(&world, "s", &format!("s-{round}"), "ann");
            let report = compared(&world, &deletion).await;
            let is_last = round == RETURNS;
            let context = format!("{strategy}, round {round}");
            assert_eq!(report.returned, usize::from(!is_last), "{context}");
            assert_eq!(report.compared, usize::from(is_last), "{context}");
            assert_eq!(
                of(&report, Drift::LiveChild).0,
                u64::from(is_last),
                "{context}"
            );
            world.come_to_rest().await;
        }
    }
}

#[tokio::test]
async fn what_a_cancel_has_left_is_not_asked_for_again() {
    for strategy in ["flag", "archive"] {
        let mut world = chat_as(strategy);
        world.page_keys = 2;
        let deletion = world.destroy_author("ann").await;
        world.act(&deletion, Action::Cancel).await.unwrap();
        world.come_to_rest().await;
        let before = records(&world);
        world.act_and_rest(&deletion, Action::Purge).await;

        let report = compared(&world, &deletion).await;

        assert_eq!((report.returned, report.compared), (0, 1), "{strategy}");
        assert_eq!(records(&world), before, "{strategy}");
    }
}

#[tokio::test]
async fn a_late_record_that_cannot_be_deleted_is_told_and_a_retry_takes_it() {
    for strategy in ["flag", "archive"] {
        let (world, deletion, _) = not_shown(strategy, 2).await;
        world.documents.reject("s~s9", "mapper_parsing_exception");
        compared(&world, &deletion).await;
        world.come_to_rest().await;
        assert_eq!(
            world.now(&deletion).state,
            State::DeleteFailed,
            "{strategy}"
        );
        world.documents.accept("s~s9");

        let retried = world.act_and_rest(&deletion, Action::Retry).await;

        assert_eq!(retried.state, State::Deleted, "{strategy}");
        let report = compared(&world, &deletion).await;
        world.come_to_rest().await;
        assert!(report.returned <= 1);
        for (collection, record) in late() {
            assert!(
                !is_live(&world, collection, &record),
                "{strategy}: {record:?}"
            );
        }
    }
}

/// The second run, with what was published of it.
type Seen = (End, Value, Value);

async fn sent_back(strategy: &str, page_keys: usize) -> (World, Deletion) {
    let (world, deletion, _) = not_shown(strategy, page_keys).await;
    let report = compared(&world, &deletion).await;
    assert_eq!(report.returned, 1);
    (world, deletion)
}

async fn the_second_run_is_killed_at_any_call(strategy: &str) {
    let seen = |world: &World, deletion: &Deletion| -> Seen {
        (
            world.end(deletion),
            records(world),
            world.archive(deletion.id),
        )
    };
    for page_keys in [2, 1000] {
        let context = format!("{strategy}, pages of {page_keys}");
        let start = async || sent_back(strategy, page_keys).await;
        let expected = Box::pin(ends_the_same_wherever_killed(&context, start, seen)).await;
        assert!(expected.0.state.is_done());
    }
}

#[tokio::test]
async fn a_second_run_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    the_second_run_is_killed_at_any_call("flag").await;
}

#[tokio::test]
async fn an_archiving_second_run_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    the_second_run_is_killed_at_any_call("archive").await;
}

#[tokio::test]
async fn a_second_run_that_purges_what_was_erased_ends_like_an_undisturbed_one_wherever_it_is_killed()
 {
    the_second_run_is_killed_at_any_call("erase").await;
}

#[tokio::test]
async fn a_comparison_that_asks_again_and_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    let settled = async |world: &World, deletion: &Deletion| {
        for _ in 0..40 {
            world.clock.advance(std::time::Duration::from_mins(1));
            world.sweep(&world.faults()).await.unwrap();
            world.deliver_all().await;
        }
        let stands = world.now(deletion);
        (
            stands.state,
            stands.comparison.done,
            stands.comparison.returns,
            records(world),
        )
    };
    for strategy in ["flag", "erase"] {
        let (world, deletion, _) = not_shown(strategy, 2).await;
        until_due(&world, &deletion);
        let faults = world.faults();
        world.sweep(&faults).await.unwrap();
        let expected = settled(&world, &deletion).await;
        assert_eq!(expected.2, 1, "{strategy}: it was sent back");
        for (call, moment) in cuts(&faults.log()) {
            let (world, deletion, _) = not_shown(strategy, 2).await;
            until_due(&world, &deletion);
            let faults = world.faults();
            faults.crash_at(call, moment);
            let answer = faults.until_crash(world.sweep(&faults)).await;
            assert!(answer.is_none(), "{call}: it is dead");

            let context = format!("{strategy}, call {call}, {moment:?}");
            assert_eq!(settled(&world, &deletion).await, expected, "{context}");
        }
    }
}

/// A message that was written when the author's were deleted: its time says so, and so does no index.
#[tokio::test]
async fn a_restore_gives_back_what_the_second_run_took_and_a_purge_removes_it() {
    let (world, deletion, _) = not_shown("flag", 2).await;
    compared(&world, &deletion).await;
    world.come_to_rest().await;
    assert_eq!(
        world.marks("messages", &message("s9")).0,
        Some(deletion.id.to_string())
    );
    world.until_purge(&deletion);
    world.come_to_rest().await;

    let purged = world.now(&deletion);
    assert_eq!(purged.state, State::Purged);
    assert_eq!(sum(&purged.purged, "purged"), 17);
    for (collection, record) in late() {
        assert_eq!(world.marks(collection, &record), (None, None));
    }
    assert!(
        world.row("messages", &message("s1")).is_some(),
        "{SENT}: bob's"
    );
}
