//! Records whose parent is another one by now: they do not come back in it. Whether it is another one is not guessed from
//! clocks.

use domain::above::Above;
use domain::deletion::{Action, Deletion, State};
use domain::key::RecordKey;
use domain::page::Page;
use ports::{ChangeDeletions as _, Clock as _, ReadDeletions as _};
use requests::act::ActError;
use requests::destroy::Requested;
use serde_json::json;
use testing::Operation;
use testing::samples::{key, key2};

use crate::engine::world::{Ignore as _, World, admin, text};

const CHAT: &str = r#"
[streams]
table       = "streams"
key         = ["stream_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
filters     = { time = "created_at" }
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[messages]
table       = "messages"
key         = ["stream_id", "message_id"]
tenant      = "realm"
parent      = { collection = "streams", by = ["stream_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "sender", gsi = "by_sender" }
filters     = { time = "sent_at" }
permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }

[notes]
table       = "notes"
key         = ["note_id"]
tenant      = "realm"
parent      = { collection = "streams", by = ["stream"], gsi = "by_stream", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }

[reactions]
table       = "reactions"
key         = ["message_id", "emoji"]
tenant      = "realm"
parent      = { collection = "messages", by = ["stream_id", "message_id"], on_delete = "cascade", required = true }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

const BEFORE: &str = "2026-11-01T07:00:00Z";
const LONG_BEFORE: &str = "2026-10-01T07:00:00Z";
const AFTER: &str = "2026-12-24T07:00:00Z";

/// What a test deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// The message, with what is below it.
    Message,
    /// The message by its id.
    Id,
    /// What ann has written: the message.
    Author,
}

const ALL: [Asked; 3] = [Asked::Message, Asked::Id, Asked::Author];

fn put(world: &World, record: (&str, &RecordKey), parent: Option<&RecordKey>, at: (&str, &str)) {
    let mut row = world.live_row(record.0, record.1, parent);
    row.insert(at.0.to_owned(), json!(at.1));
    row.insert("sender".to_owned(), json!("ann"));
    world.put_row(record.0, row);
}

fn put_stream(world: &World, created_at: &str) {
    put(
        world,
        ("streams", &key("s")),
        None,
        ("created_at", created_at),
    );
}

fn put_message(world: &World, sent_at: &str) {
    let message = key2("s", "m");
    put(
        world,
        ("messages", &message),
        Some(&key("s")),
        ("sent_at", sent_at),
    );
}

/// A stream with a message and a note; the message has two reactions.
fn chat(strategy: &str, edit: impl Fn(String) -> String) -> World {
    let world = World::new(&edit(CHAT.replace("\"flag\"", &format!("\"{strategy}\""))));
    put_stream(&world, BEFORE);
    put_message(&world, BEFORE);
    let message = key2("s", "m");
    for emoji in ["x", "y"] {
        world.put("reactions", &key2("m", emoji), Some(&message));
    }
    world.put("notes", &key("n"), Some(&key("s")));
    world
}

fn plain(text: String) -> String {
    text
}

async fn deleted(world: &World, asked: Asked) -> Deletion {
    let by_request = match asked {
        Asked::Message => return world.delete_and_rest("messages", &key2("s", "m")).await,
        Asked::Id => Requested::Ids {
            ids: vec![key2("s", "m")],
            author: None,
        },
        Asked::Author => Requested::Author {
            author: "ann".to_owned(),
            beside: Vec::new(),
        },
    };
    let deletion = world
        .destroy(&world.faults(), &admin(), "messages", by_request, None)
        .await
        .expect("it is accepted");
    world.come_to_rest().await;
    deletion
}

/// Restores it as a worker does for a request that was accepted before what is above had changed.
async fn restored(world: &World, deletion: &Deletion) -> Deletion {
    let now = world.clock.now();
    let asked = world.now(deletion);
    let asked = asked
        .act(Action::Restore, "ada", now, &world.timing)
        .expect("it applies");
    let stored = world.deletions.store(&asked).await.expect("it answers");
    drop(stored);
    world.come_to_rest().await;
    world.now(deletion)
}

fn lives(world: &World, collection: &str, record: &RecordKey) -> bool {
    world.marks(collection, record).0 == Some(String::new())
}

/// What is below a root that stays is back already, and hidden by it.
fn nothing_is_back(world: &World, deletion: &Deletion, context: &str) {
    let mut all = vec![("messages", key2("s", "m"))];
    if deletion.root.is_none() {
        all.extend(["x", "y"].map(|emoji| ("reactions", key2("m", emoji))));
    }
    for (collection, record) in all {
        let now = world.marks(collection, &record).0;
        let is_out = now.is_none() || now == text(deletion.id);
        assert!(is_out, "{context}: {collection} {record:?} is {now:?}");
    }
}

fn everything_is_back(world: &World, context: &str) {
    assert!(
        lives(world, "messages", &key2("s", "m")),
        "{context}: message"
    );
    for emoji in ["x", "y"] {
        assert!(
            lives(world, "reactions", &key2("m", emoji)),
            "{context}: {emoji}"
        );
    }
}

#[tokio::test]
async fn a_message_does_not_come_back_in_another_stream_of_the_same_id_whenever_that_was_created() {
    for strategy in ["flag", "archive"] {
        for asked in ALL {
            for created_at in [LONG_BEFORE, AFTER] {
                let context = format!("{strategy}, {asked:?}, created {created_at}");
                let world = chat(strategy, plain);
                let deletion = deleted(&world, asked).await;
                put_stream(&world, created_at);

                let stands = restored(&world, &deletion).await;

                let expected = match asked {
                    Asked::Message => State::RestoreFailed,
                    Asked::Id | Asked::Author => State::Restored,
                };
                assert_eq!(stands.state, expected, "{context}");
                nothing_is_back(&world, &deletion, &context);
                // Neither is it when the comparison comes by once more.
                world.sweep(&world.faults()).await.expect("it answers");
                nothing_is_back(&world, &deletion, &context);
            }
        }
    }
}

#[tokio::test]
async fn it_comes_back_in_its_own_stream_although_another_clock_says_that_it_is_younger() {
    for strategy in ["flag", "archive"] {
        for asked in ALL {
            let context = format!("{strategy}, {asked:?}");
            let world = chat(strategy, plain);
            put_stream(&world, AFTER);
            let deletion = deleted(&world, asked).await;

            let stands = restored(&world, &deletion).await;

            assert_eq!(stands.state, State::Restored, "{context}");
            everything_is_back(&world, &context);
        }
    }
}

#[tokio::test]
async fn a_reaction_does_not_come_back_below_another_message_nor_is_its_own_judged_by_what_is_above_it()
 {
    for strategy in ["flag", "archive"] {
        let world = chat(strategy, plain);
        let deletion = world.delete_and_rest("reactions", &key2("m", "x")).await;
        put_message(&world, LONG_BEFORE);
        let stands = restored(&world, &deletion).await;
        assert_eq!(stands.state, State::RestoreFailed, "{strategy}");
        assert!(!lives(&world, "reactions", &key2("m", "x")), "{strategy}");

        put_message(&world, BEFORE);
        // Its message is the same, and live below whatever has the stream's key.
        put_stream(&world, AFTER);
        let stands = restored(&world, &deletion).await;
        assert_eq!(stands.state, State::Restored, "{strategy}");
    }
}

#[tokio::test]
async fn above_a_parent_that_has_no_time_the_next_one_tells() {
    let undated = |text: String| text.replace("filters     = { time = \"sent_at\" }\n", "");
    for strategy in ["flag", "archive"] {
        let world = chat(strategy, undated);
        let deletion = world.delete_and_rest("reactions", &key2("m", "x")).await;
        put_stream(&world, LONG_BEFORE);
        let stands = restored(&world, &deletion).await;
        assert_eq!(stands.state, State::RestoreFailed, "{strategy}");

        put_stream(&world, BEFORE);
        let stands = restored(&world, &deletion).await;
        assert_eq!(stands.state, State::Restored, "{strategy}");
    }
}

#[tokio::test]
async fn a_parent_without_a_time_may_be_edited() {
    let undated = |text: String| text.replace("filters     = { time = \"created_at\" }\n", "");
    for asked in ALL {
        let world = chat("flag", undated);
        let deletion = deleted(&world, asked).await;
        put_stream(&world, AFTER);

        let stands = restored(&world, &deletion).await;

        assert_eq!(stands.state, State::Restored, "{asked:?}");
        everything_is_back(&world, &format!("{asked:?}"));
    }
}

#[tokio::test]
async fn a_note_that_was_moved_while_it_was_deleted_comes_back_where_it_is() {
    let world = chat("flag", plain);
    put(
        &world,
        ("streams", &key("t")),
        None,
        ("created_at", LONG_BEFORE),
    );
    let deletion = world.delete_and_rest("notes", &key("n")).await;
    let mut row = world.row("notes", &key("n")).expect("it is there");
    row.insert("stream".to_owned(), json!("t"));
    world.put_row("notes", row);

    let stands = restored(&world, &deletion).await;

    assert_eq!(stands.state, State::Restored);
    assert!(lives(&world, "notes", &key("n")));
}

#[tokio::test]
async fn a_restore_into_another_stream_is_refused_at_once() {
    for strategy in ["flag", "archive"] {
        for created_at in [LONG_BEFORE, AFTER] {
            let world = chat(strategy, plain);
            let deletion = deleted(&world, Asked::Message).await;
            put_stream(&world, created_at);

            let answer = world.act(&deletion, Action::Restore).await;

            let is_refused = matches!(answer, Err(ActError::ParentNotLive(None)));
            assert!(is_refused, "{strategy}, {created_at}: {answer:?}");
            assert_eq!(world.now(&deletion).state, State::Deleted);
            put_stream(&world, BEFORE);
            let stands = world.act_and_rest(&deletion, Action::Restore).await;
            assert_eq!(stands.state, State::Restored, "{strategy}");
        }
    }
}

#[tokio::test]
async fn it_comes_back_when_its_stream_has_been_given_back() {
    for strategy in ["flag", "archive"] {
        let world = chat(strategy, plain);
        let first = deleted(&world, Asked::Message).await;
        let second = world.delete_and_rest("streams", &key("s")).await;
        world.act_and_rest(&second, Action::Restore).await;

        let stands = world.act_and_rest(&first, Action::Restore).await;

        assert_eq!(stands.state, State::Restored, "{strategy}");
        everything_is_back(&world, strategy);
    }
}

/// As a build stored it that did not know what was above.
async fn forget_what_was_above(world: &World, deletion: &Deletion) {
    let stands = world.now(deletion);
    let scope = world.deletions.scope(&stands.tenant, stands.id).await;
    let scope = scope.expect("it answers").expect("it is there");
    let manifest = world.deletions.manifest(&stands).into_iter();
    let pages: Vec<Page> = manifest
        .map(|(mut page, _)| {
            let entries = page.entries.iter_mut();
            entries.for_each(|entry| entry.above = Above::default());
            page
        })
        .collect();
    world.deletions.put(&stands, &scope, &pages);
}

#[tokio::test]
async fn of_what_an_earlier_build_has_deleted_the_time_of_the_parent_decides_alone() {
    for strategy in ["flag", "archive"] {
        for asked in ALL {
            for (created_at, comes_back) in [(LONG_BEFORE, true), (AFTER, false)] {
                let context = format!("{strategy}, {asked:?}, created {created_at}");
                let world = chat(strategy, plain);
                let deletion = deleted(&world, asked).await;
                forget_what_was_above(&world, &deletion).await;
                put_stream(&world, created_at);

                restored(&world, &deletion).await;

                if comes_back {
                    everything_is_back(&world, &context);
                } else {
                    nothing_is_back(&world, &deletion, &context);
                }
            }
        }
    }
}

/// How many reads of rows it takes to delete so many messages of ann's in one stream.
async fn reads(edit: impl Fn(String) -> String) -> usize {
    let world = chat("flag", edit);
    for n in 0..250 {
        let message = key2("s", &format!("n{n:03}"));
        put(
            &world,
            ("messages", &message),
            Some(&key("s")),
            ("sent_at", BEFORE),
        );
    }
    let named = Requested::Author {
        author: "ann".to_owned(),
        beside: Vec::new(),
    };
    let deletion = world
        .destroy(&world.faults(), &admin(), "messages", named, None)
        .await
        .expect("it is accepted");
    let faults = world.faults();
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    assert_eq!(world.now(&deletion).state, State::Deleted);
    faults.count(Operation::ReadRows)
}

#[tokio::test]
async fn the_parents_of_a_page_are_read_once_and_only_where_they_have_a_time() {
    let undated = |text: String| text.replace("filters     = { time = \"created_at\" }\n", "");

    assert_eq!(reads(plain).await, reads(undated).await + 1);
}
