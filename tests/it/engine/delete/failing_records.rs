//! One bad record, document or id affects itself only (invariant 9).

use std::collections::BTreeMap;

use domain::deletion::{Deletion, State};
use domain::page::Outcome;
use testing::samples::{key, key2, with_null};
use testing::{Moment, Operation};

use crate::engine::world::trees::{mail, message_key};
use crate::engine::world::{World, text};

/// What became of each message, by the manifest.
fn outcomes(world: &World, deletion: &Deletion) -> BTreeMap<String, Outcome> {
    let manifest = world.deletions.manifest(deletion).into_iter();
    manifest
        .flat_map(|(page, exceptions)| {
            let all: Vec<_> = (0..page.entries.len())
                .map(|place| {
                    let key = &page.entries[place].key;
                    (
                        key.sort.clone().unwrap_or_default(),
                        page.outcome(place, &exceptions),
                    )
                })
                .collect();
            all
        })
        .collect()
}

fn assert_alone(world: &World, deletion: &Deletion, failed: &str, why: &str) {
    let stands = world.now(deletion);
    assert_eq!(stands.state, State::DeleteFailed);
    assert_eq!(stands.failure.unwrap().code, "RECORDS_FAILED");
    let counts = stands.deleted.values().fold((0, 0, 0), |sum, counts| {
        (
            sum.0 + counts.selected,
            sum.1 + counts.deleted,
            sum.2 + counts.failed,
        )
    });
    assert_eq!(counts, (6, 5, 1));
    for (message, outcome) in outcomes(world, deletion) {
        match outcome {
            Outcome::Failed { reason } => {
                assert_eq!(message, failed);
                assert!(reason.contains(why), "{reason}");
            }
            outcome => assert_eq!(outcome, Outcome::Deleted, "{message}"),
        }
    }
    let named = world.named("RecordsDeleted");
    assert_eq!(named.len(), 5, "no event names what failed: {named:?}");
}

#[tokio::test]
async fn a_document_that_the_index_rejects_fails_alone_and_says_why() {
    let world = mail(5);
    let bad = message_key("d", 2);
    world
        .documents
        .reject("d\u{1f}m0002", "mapper_parsing_exception");

    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;

    assert_alone(
        &world,
        &deletion,
        "m0002",
        "DOCUMENT_REJECTED: mapper_parsing_exception",
    );
    assert_eq!(
        world.marks("messages", &bad),
        (text(deletion.id), Some(String::new())),
        "the truth hides it"
    );
}

#[tokio::test]
async fn an_id_that_cannot_be_rendered_fails_alone_before_any_document_is_asked_about() {
    for (bad, why) in [
        ("a\u{1f}b".to_owned(), "DOCUMENT_ID_INVALID"),
        ("x".repeat(600), "512 are allowed"),
    ] {
        let world = mail(4);
        let bad = key2("d", &bad);
        world.put("messages", &bad, Some(&key("d")));

        let deletion = world.accept("discussions", &key("d")).await;
        world.come_to_rest().await;

        assert_alone(&world, &deletion, bad.sort.as_deref().unwrap(), why);
        assert_eq!(world.marks("messages", &bad).0, text(deletion.id));
    }
}

#[tokio::test]
async fn a_rejected_document_of_the_root_leaves_everything_below_it_done() {
    let world = mail(4);
    world
        .documents
        .reject("d", "strict_dynamic_mapping_exception");

    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::DeleteFailed);
    assert_eq!(
        stands
            .deleted
            .values()
            .map(|counts| counts.deleted)
            .sum::<u64>(),
        4
    );
    assert_eq!(
        stands
            .deleted
            .values()
            .map(|counts| counts.failed)
            .sum::<u64>(),
        1
    );
}

#[tokio::test]
async fn a_missing_document_is_no_failure_because_nothing_shows_the_record() {
    let world = mail(3);
    world
        .documents
        .forget(world.collection("messages"), "d\u{1f}m0001");

    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(
        (
            stands.state,
            stands.deleted.values().map(|counts| counts.deleted).sum()
        ),
        (State::Deleted, 4_u64)
    );
}

#[tokio::test]
async fn a_row_that_goes_between_select_and_mark_is_missing() {
    let world = mail(3);
    let deletion = world.accept("discussions", &key("d")).await;
    let faults = world.faults();
    let beside = world.clone();
    faults.beside(Operation::MarkRows, 1, Moment::Before, move || {
        beside
            .rows
            .remove(beside.collection("messages"), &message_key("d", 1));
    });

    let _ = world.deliver(&faults, &deletion).await.unwrap();

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::Deleted);
    assert_eq!(outcomes(&world, &deletion)["m0001"], Outcome::Missing);
    assert_eq!(
        stands
            .deleted
            .values()
            .map(|counts| counts.missing)
            .sum::<u64>(),
        1
    );
    assert_eq!(world.named("RecordsDeleted").len(), 3);
}

#[tokio::test]
async fn an_explicit_null_is_live_whatever_it_was_when_it_was_selected() {
    for (before, after) in [(true, true), (true, false), (false, true)] {
        let world = mail(3);
        let message = message_key("d", 1);
        let collection = world.collection("messages").clone();
        let absent = world.live_row("messages", &message, Some(&key("d")));
        let null = with_null(&collection, absent.clone());
        let row = move |is_null: bool| {
            if is_null {
                null.clone()
            } else {
                absent.clone()
            }
        };
        world.put_row("messages", row(before));
        let deletion = world.accept("discussions", &key("d")).await;
        let faults = world.faults();
        let beside = world.clone();
        faults.beside(Operation::MarkRows, 1, Moment::Before, move || {
            beside.put_row("messages", row(after));
        });

        let _ = world.deliver(&faults, &deletion).await.unwrap();

        let stands = world.now(&deletion);
        assert_eq!(
            stands
                .deleted
                .values()
                .map(|counts| counts.deleted)
                .sum::<u64>(),
            4,
            "{before} then {after}"
        );
        assert_eq!(
            world.marks("messages", &message),
            (text(deletion.id), text(deletion.id)),
            "{before} then {after}"
        );
    }
}

#[tokio::test]
async fn a_root_with_an_explicit_null_is_accepted_and_deleted() {
    let world = mail(1);
    let row = with_null(
        world.collection("discussions"),
        world.live_row("discussions", &key("d"), None),
    );
    world.put_row("discussions", row);

    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(
        world.marks("discussions", &key("d")),
        (text(deletion.id), text(deletion.id))
    );
}

#[tokio::test]
async fn a_document_that_is_rejected_at_the_purge_keeps_its_row_and_the_purge_fails_with_it_alone()
{
    let world = mail(4);
    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;
    world
        .documents
        .reject("d\u{1f}m0002", "index_closed_exception");
    world.until_purge(&deletion);

    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::PurgeFailed);
    let counts = stands.purged.values().fold((0, 0, 0), |sum, counts| {
        (
            sum.0 + counts.purged,
            sum.1 + counts.kept,
            sum.2 + counts.failed,
        )
    });
    // The root stays as long as something below it does.
    assert_eq!(counts, (3, 0, 1));
    assert_eq!(
        world.marks("messages", &message_key("d", 2)),
        (text(deletion.id), text(deletion.id))
    );
    world.assert_every_document_has_its_row("after the purge");
    assert_eq!(world.named("RecordsPurged").len(), 3);
}

#[tokio::test]
async fn a_record_without_a_document_id_is_purged_by_its_row() {
    let world = mail(2);
    let bad = key2("d", "a\u{1f}b");
    world.put("messages", &bad, Some(&key("d")));
    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;
    // As if somebody had asked for the purge of the failed delete.
    let mut asked = world.now(&deletion);
    asked.state = State::Deleted;
    asked.due_at = asked.purge_at;
    world.deletions.put(
        &asked,
        &domain::scope::Scope::below(world.collection("discussions"), &world.collections),
        &[],
    );
    world.until_purge(&deletion);

    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Purged);
    assert_eq!(world.row("messages", &bad), None);
}
