//! Acceptance: one transaction, then the message; whatever is lost, one deletion, and the 202 is kept.

use domain::deletion::{Action, Deletion, State};
use domain::key::RecordKey;
use domain::size::{Count, ITEM_BYTES};
use ports::ChangeDeletions as _;
use requests::accept::{AcceptAnswer, AcceptError};
use serde_json::json;
use testing::samples::{COLLECTIONS, key, key2, marked, with_null};
use testing::{Fault, Moment, Operation, samples};

use crate::engine::restore::again::left_below_a_discussion;
use crate::engine::world::trees::{four_levels, mail, message_key};
use crate::engine::world::{TENANT, World, admin, ask, at_once, principal, text};

/// The answer in one word, with the deletion where it shows one.
pub(crate) fn word(answer: &Result<AcceptAnswer, AcceptError>) -> String {
    match answer {
        Ok(AcceptAnswer::Scheduled(_)) => "scheduled",
        Ok(AcceptAnswer::AlreadyDeleted(Some(_))) => "already deleted, shown",
        Ok(AcceptAnswer::AlreadyDeleted(None)) => "already deleted",
        Ok(AcceptAnswer::NotFound) => "not found",
        Err(AcceptError::Forbidden) => "forbidden",
        Err(AcceptError::TakenBack) => "taken back",
        Err(AcceptError::HasChildren(_) | AcceptError::ManyChildren(_)) => "has children",
        Err(AcceptError::PreconditionFailed | AcceptError::TooWideToCompare) => "another version",
        Err(AcceptError::ComingBack(..)) => "coming back",
        Err(AcceptError::Unreadable) => "unreadable",
        Err(AcceptError::Busy) => "busy",
        Err(AcceptError::Held(_) | AcceptError::HoldsChildren(_)) => "held",
        Err(AcceptError::TooLarge { .. }) => "too large",
        Err(AcceptError::Once(_)) => "once",
        Err(AcceptError::Dependency(_)) => "dependency",
    }
    .to_owned()
}

pub(crate) fn scheduled(answer: Result<AcceptAnswer, AcceptError>) -> Deletion {
    match answer {
        Ok(AcceptAnswer::Scheduled(deletion)) => *deletion,
        other => panic!("it is not accepted: {other:?}"),
    }
}

/// Liveness of the record × caller → answer.
#[tokio::test]
async fn the_answer_depends_on_the_record_and_on_who_asks() {
    let callers = [
        ("admin", principal("ada", TENANT, &["admin"])),
        ("author", principal("ann", TENANT, &[])),
        ("member", principal("mia", TENANT, &[])),
        ("stranger", principal("ada", "rival", &["admin"])),
    ];
    let table = [
        (
            "live",
            ["scheduled", "scheduled", "forbidden", "already deleted"],
        ),
        (
            "live with an explicit NULL",
            ["scheduled", "scheduled", "forbidden", "already deleted"],
        ),
        (
            "absent",
            [
                "already deleted",
                "already deleted",
                "already deleted",
                "already deleted",
            ],
        ),
        (
            "another tenant's",
            [
                "already deleted",
                "already deleted",
                "already deleted",
                "scheduled",
            ],
        ),
        (
            "of no tenant",
            ["unreadable", "unreadable", "unreadable", "unreadable"],
        ),
        (
            "marked by us",
            [
                "already deleted, shown",
                "already deleted",
                "already deleted",
                "already deleted",
            ],
        ),
        (
            "marked by something else",
            [
                "already deleted",
                "already deleted",
                "already deleted",
                "already deleted",
            ],
        ),
        (
            "below a marked parent",
            [
                "already deleted, shown",
                "already deleted",
                "already deleted",
                "already deleted",
            ],
        ),
        (
            "below a missing parent",
            [
                "scheduled",
                "scheduled",
                "already deleted",
                "already deleted",
            ],
        ),
    ];
    for (standing, answers) in table {
        for ((caller, who), expected) in callers.iter().zip(answers) {
            let (world, collection, record) = stand(standing).await;
            let before = world.row(collection, &record);

            let answer = ask(&world.api(&world.faults()), who, collection, &record).await;

            assert_eq!(word(&answer), expected, "{standing}, asked by {caller}");
            if expected != "scheduled" {
                assert_eq!(
                    world.row(collection, &record),
                    before,
                    "{standing}, {caller}: nothing is written"
                );
                assert!(
                    world.queue.is_empty(),
                    "{standing}, {caller}: nothing is sent"
                );
            }
        }
    }
}

async fn stand(standing: &str) -> (World, &'static str, RecordKey) {
    let world = mail(1);
    let (root, message) = (key("d"), message_key("d", 0));
    let discussions = world.collection("discussions").clone();
    let live = world.live_row("discussions", &root, None);
    match standing {
        "live" => {}
        "live with an explicit NULL" => world.put_row("discussions", with_null(&discussions, live)),
        "absent" => world.rows.remove(&discussions, &root),
        "another tenant's" => {
            let mut row = live;
            row.insert("user_id".to_owned(), json!("rival"));
            world.put_row("discussions", row);
        }
        "of no tenant" => {
            let mut row = live;
            row.remove("user_id");
            world.put_row("discussions", row);
        }
        "marked by us" => {
            world.accept("discussions", &root).await;
            let _ = world.queue.take();
        }
        "marked by something else" => {
            let mut row = marked(&discussions, live, &samples::mark(7));
            row.insert("deletion_id".to_owned(), json!("not ours"));
            world.put_row("discussions", row);
        }
        "below a marked parent" => {
            world.accept("discussions", &root).await;
            let _ = world.queue.take();
            return (world, "messages", message);
        }
        "below a missing parent" => {
            world.rows.remove(&discussions, &root);
            return (world, "messages", message);
        }
        other => panic!("no such standing: {other}"),
    }
    (world, "discussions", root)
}

#[tokio::test]
async fn a_collection_may_say_that_what_is_absent_is_not_found() {
    let text = COLLECTIONS.replacen(
        "strategy    = \"flag\"",
        "strategy    = \"flag\"\nmissing     = \"not_found\"",
        1,
    );
    let world = World::new(&text);

    let answer = world.ask(&world.faults(), "discussions", &key("d")).await;

    assert_eq!(word(&answer), "not found");
}

#[tokio::test]
async fn an_accepted_delete_has_the_root_hidden_its_page_written_and_its_message_sent() {
    let world = mail(2);

    let deletion = world.accept("discussions", &key("d")).await;

    assert_eq!(world.now(&deletion), deletion);
    assert_eq!(
        (deletion.state, deletion.epoch, deletion.revision),
        (State::PendingDelete, 0, 1)
    );
    assert_eq!(world.marks("discussions", &key("d")).0, text(deletion.id));
    let manifest = world.deletions.manifest(&deletion);
    assert_eq!((manifest.len(), manifest[0].0.entries.len()), (1, 1));
    let sent = world.queue.take();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].message().deletion_id, deletion.id);
    assert_eq!(
        deletion
            .due_at
            .unwrap()
            .duration_since(deletion.deleted_at)
            .as_secs(),
        120,
        "should it be lost"
    );
}

#[tokio::test]
async fn two_requests_at_once_make_one_deletion() {
    for seed in 1..=40 {
        let world = mail(3);
        let faults = world.faults();
        faults.interleave(seed);

        let api = world.api(&faults);
        let (who, root) = (admin(), key("d"));
        let (one, other) = tokio::join!(
            ask(&api, &who, "discussions", &root),
            ask(&api, &who, "discussions", &root)
        );

        let mut words = [word(&one), word(&other)];
        words.sort();
        assert_eq!(
            words,
            ["already deleted, shown", "scheduled"],
            "seed {seed}"
        );
        world.come_to_rest().await;
        assert_eq!(world.deletions.all().len(), 1, "seed {seed}");
        assert_eq!(
            world.deletions.all()[0]
                .deleted
                .values()
                .map(|counts| counts.deleted)
                .sum::<u64>(),
            4
        );
    }
}

#[tokio::test]
async fn a_root_that_is_marked_between_read_and_transaction_is_answered_as_it_stands_then() {
    let world = mail(1);
    let faults = world.faults();
    let beside = world.clone();
    faults.beside(Operation::Accept, 1, Moment::Before, move || {
        at_once(beside.accept("discussions", &key("d")));
    });

    let answer = world.ask(&faults, "discussions", &key("d")).await;

    assert_eq!(word(&answer), "already deleted, shown");
    assert_eq!(world.deletions.all().len(), 1);
}

#[tokio::test]
async fn an_acceptance_whose_answer_is_lost_is_still_one_deletion_and_is_answered_as_accepted() {
    for moment in [Moment::Before, Moment::After] {
        for lost in 1..=3 {
            let world = mail(3);
            let faults = world.faults();
            faults.fail(Operation::Accept, ..=lost, Fault::Unavailable(moment));

            let deletion = scheduled(world.ask(&faults, "discussions", &key("d")).await);

            assert_eq!(
                world.queue.len(),
                1,
                "{moment:?}, {lost} times: its message is sent at once"
            );
            world.come_to_rest().await;
            assert_eq!(world.deletions.all().len(), 1, "{moment:?}, {lost} times");
            assert_eq!(world.now(&deletion).state, State::Deleted);
        }
    }
}

#[tokio::test]
async fn an_acceptance_of_which_nothing_is_heard_is_an_error_and_is_done_if_it_was_accepted() {
    for (moment, deletions) in [(Moment::Before, 0), (Moment::After, 1)] {
        let world = mail(3);
        let faults = world.faults();
        faults.fail(Operation::Accept, .., Fault::Unavailable(moment));
        if moment == Moment::After {
            faults.fail(Operation::ReadRows, 2.., Fault::Unavailable(Moment::Before));
        }

        let answer = world.ask(&faults, "discussions", &key("d")).await;

        assert_eq!(word(&answer), "dependency");
        world.come_to_rest().await;
        let all = world.deletions.all();
        assert_eq!(all.len(), deletions, "{moment:?}");
        assert!(all.iter().all(|deletion| deletion.state == State::Deleted));
    }
}

#[tokio::test]
async fn the_moment_of_acceptance_is_cut_to_what_every_store_keeps() {
    let world = mail(1);
    world
        .clock
        .set("2026-11-21T07:00:00.123987654Z".parse().unwrap());

    let deletion = world.accept("discussions", &key("d")).await;

    assert_eq!(
        deletion.deleted_at,
        "2026-11-21T07:00:00.123Z".parse().unwrap()
    );
    assert_eq!(
        deletion
            .purge_at
            .unwrap()
            .duration_since(deletion.deleted_at)
            .as_hours(),
        30 * 24
    );
}

#[tokio::test]
async fn a_policy_that_changes_while_a_deletion_is_open_does_not_change_the_deletion() {
    let mut world = four_levels();
    let deletion = world.accept("lists", &key("l")).await;
    let later = crate::engine::world::trees::FOUR_LEVELS.replace("30d", "1d");
    world.collections = std::sync::Arc::new(domain::collection::Collections::for_tests(&later));

    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).purge_at, deletion.purge_at);
    // A store with another value is refused, so nobody changes it behind the engine's back either.
    let mut stale = world.now(&deletion);
    stale.revision -= 1;
    assert!(!matches!(
        world.deletions.store(&stale).await.unwrap(),
        ports::StoreOutcome::Stored
    ));
}

#[tokio::test]
async fn a_collection_that_is_not_declared_any_more_fails_with_its_name() {
    let mut world = four_levels();
    let deletion = world.accept("lists", &key("l")).await;
    let without = crate::engine::world::trees::FOUR_LEVELS
        .split("[subscribers]")
        .next()
        .unwrap();
    world.collections = std::sync::Arc::new(domain::collection::Collections::for_tests(without));

    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::DeleteFailed);
    assert!(stands.failure.unwrap().reason.contains("`subscribers`"));
}

#[tokio::test]
async fn what_is_coming_back_is_not_called_deleted() {
    // The record itself, and one that it hides.
    for (collection, record) in [("discussions", key("d")), ("messages", message_key("d", 0))] {
        let world = mail(2);
        let deletion = world.accept("discussions", &key("d")).await;
        world.come_to_rest().await;
        let before = world.ask(&world.faults(), collection, &record).await;
        assert_eq!(word(&before), "already deleted, shown");
        world.act(&deletion, Action::Restore).await.unwrap();

        let answer = world.ask(&world.faults(), collection, &record).await;

        let Err(AcceptError::ComingBack(State::Restoring, Some(shown))) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(shown.id, deletion.id);
        world.come_to_rest().await;
        scheduled(world.ask(&world.faults(), collection, &record).await);
    }
}

#[tokio::test]
async fn what_is_restored_while_it_is_looked_at_is_deleted_again() {
    let world = mail(1);
    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;
    let (faults, beside) = (world.faults(), world.clone());
    faults.beside(Operation::ReadDeletion, 1, Moment::Before, move || {
        at_once(beside.act_and_rest(&deletion, Action::Restore));
    });

    let again = scheduled(world.ask(&faults, "discussions", &key("d")).await);

    world.come_to_rest().await;
    assert_eq!(world.now(&again).state, State::Deleted);
    assert_eq!(world.marks("discussions", &key("d")).0, text(again.id));
}

#[tokio::test]
async fn what_a_restore_has_left_marked_is_not_called_deleted_either() {
    let (world, deletion) = left_below_a_discussion(1000).await;

    let answer = world.ask(&world.faults(), "messages", &key("l-d1-0")).await;

    let Err(AcceptError::ComingBack(State::Restored, Some(shown))) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(shown.id, deletion.id);
}

#[tokio::test]
async fn a_deletion_of_any_id_is_begun_done_and_told() {
    for id in [
        "\u{FFFE}",
        "\u{FFFF}",
        "a\u{FFFF}\u{FFFE}b",
        "\u{1}\u{7F}\u{85}",
    ] {
        let world = mail(0);
        world.put("discussions", &key(id), None);
        world.put("messages", &key2(id, id), Some(&key(id)));

        let deletion = world.accept("discussions", &key(id)).await;
        assert_eq!(world.queue.len(), 1, "{id:?}: its message is sent");
        world.come_to_rest().await;

        assert_eq!(world.now(&deletion).state, State::Deleted, "{id:?}");
        assert_eq!(world.named("RecordsDeleted").len(), 2, "{id:?}");
    }
}

/// A discussion with so many bytes beside its mark's.
fn put_large(world: &World, less: usize) {
    let mut row = world.live_row("discussions", &key("d"), None);
    let bytes = Count::Most.item(&row) + "body".len();
    row.insert(
        "body".to_owned(),
        "x".repeat(ITEM_BYTES - less - bytes).into(),
    );
    world.rows.put(world.collection("discussions"), row);
}

#[tokio::test]
async fn a_root_that_cannot_be_marked_is_refused_until_it_is_smaller_and_nothing_is_written() {
    let world = mail(1);
    put_large(&world, 90);
    let row = world.row("discussions", &key("d"));

    let answer = world.ask(&world.faults(), "discussions", &key("d")).await;

    assert_eq!(word(&answer), "too large");
    assert!(matches!(
        answer,
        Err(AcceptError::TooLarge { by_id: false })
    ));
    assert_eq!(world.row("discussions", &key("d")), row);
    assert_eq!(world.deletions.all(), []);
    put_large(&world, 200);
    scheduled(world.ask(&world.faults(), "discussions", &key("d")).await);
}
