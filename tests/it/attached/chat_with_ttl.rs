//! A chat assistant whose rows have a TTL that another job sets: a deletion takes it off what it marks, and a restore puts
//! the same number back.

use domain::deletion::{Action, DeleteCounts, Deletion, State};
use ports::Clock as _;
use serde_json::{Map, Value, json};
use testing::samples::key2;
use testing::{Moment, Operation};

use super::{Attached, attached};

const FILE: &str = include_str!("chat-with-ttl.toml");
const TTL: &str = "exp_date_unix_seconds";

/// The session is accepted to be deleted.
async fn accepted() -> Option<(Attached, Deletion)> {
    let chat = attached("chat-with-ttl", FILE, "u-1")?;
    let faults = chat.on.faults();
    let key = key2("u-1", "s-1");
    let accepted = chat.on.accept(&faults, "sessions", &key).await;
    Some((chat, accepted))
}

async fn deleted() -> Option<(Attached, Deletion)> {
    let (chat, accepted) = accepted().await?;
    let deleted = finished(&chat, &accepted).await;
    Some((chat, deleted))
}

async fn finished(chat: &Attached, deletion: &Deletion) -> Deletion {
    let faults = chat.on.faults();
    let _ended = chat.on.deliver(&faults, deletion.id).await.unwrap();
    chat.on.read(deletion.id).await
}

fn message(chat: &Attached, id: &str) -> Map<String, Value> {
    let mut items = chat.on.items("messages").into_iter();
    items
        .find(|item| item["message_id"] == json!({ "S": id }))
        .unwrap()
}

/// Its job sets the TTL of a message.
fn set_ttl(chat: &Attached, id: &str, seconds: &str) {
    let mut item = message(chat, id);
    item.insert(TTL.to_owned(), json!({ "N": seconds }));
    let table = chat.on.tables.names().of(chat.on.collection("messages"));
    chat.on.tables.put_item(&table, &item);
}

fn all(chat: &Attached) -> Vec<Map<String, Value>> {
    let mut all = chat.on.items("sessions");
    all.extend(chat.on.items("messages"));
    all
}

fn is_marked(item: &Map<String, Value>) -> bool {
    item.contains_key("deletion_id")
}

#[tokio::test]
async fn a_session_is_deleted_with_its_messages_and_no_marked_row_has_a_ttl() {
    let Some((chat, deletion)) = deleted().await else {
        return;
    };

    assert_eq!(deletion.state, State::Deleted);
    let counts = |deleted| DeleteCounts {
        selected: deleted,
        deleted,
        ..DeleteCounts::default()
    };
    assert_eq!(deletion.deleted["sessions"], counts(1));
    assert_eq!(deletion.deleted["messages"], counts(3));
    let marked: Vec<_> = all(&chat).into_iter().filter(is_marked).collect();
    assert_eq!(marked.len(), 4);
    assert!(marked.iter().all(|item| !item.contains_key(TTL)));
    assert_eq!(
        message(&chat, "s-1:m-01")["deletion_kept"],
        json!({ "M": { TTL: { "N": "1796036000" } } })
    );
    assert_eq!(
        message(&chat, "s-1:m-03")["deletion_kept"],
        json!({ "M": {} })
    );
}

#[tokio::test]
async fn a_restore_puts_every_ttl_back_to_the_type_and_the_digit_even_one_that_has_passed() {
    for later in [false, true] {
        let Some((chat, deletion)) = deleted().await else {
            return;
        };
        if later {
            // After the TTL of `m-01`, before the purge.
            chat.on.clock.set("2026-12-10T00:00:00Z".parse().unwrap());
            assert!(chat.on.clock.now().as_second() > 1_796_036_000);
        }
        let faults = chat.on.faults();

        chat.on.act(&faults, deletion.id, Action::Restore).await;

        let restored = finished(&chat, &deletion).await;
        assert_eq!(restored.state, State::Restored);
        assert_eq!(chat.rows(), chat.loaded);
        assert_eq!(expired(&restored), [0, u64::from(later)], "m-01, if any");
    }
}

#[tokio::test]
async fn a_purge_removes_the_session_and_its_messages_and_touches_no_other_row() {
    let Some((chat, deletion)) = deleted().await else {
        return;
    };
    let faults = chat.on.faults();

    chat.on.act(&faults, deletion.id, Action::Purge).await;

    assert_eq!(finished(&chat, &deletion).await.state, State::Purged);
    let is_of_it = |item: &Map<String, Value>| {
        item["user_id"] == json!({ "S": "u-1" }) && item["session_id"] == json!({ "S": "s-1" })
    };
    for (name, now) in chat.rows() {
        let before = chat.loaded.iter().find(|(loaded, _)| *loaded == name);
        let mut expected = before.unwrap().1.clone();
        expected.retain(|item| !is_of_it(item));
        assert_eq!(now, expected, "{name}");
    }
}

#[tokio::test]
async fn a_row_that_the_ttl_removes_while_the_deletion_runs_is_missing_and_no_failure() {
    let Some((chat, accepted)) = accepted().await else {
        return;
    };
    let (faults, messages) = (chat.on.faults(), chat.on.collection("messages").clone());
    let tables = chat.on.tables.clone();
    faults.beside(Operation::MarkRows, 1, Moment::Before, move || {
        tables.remove(&messages, &key2("u-1", "s-1:m-01"));
    });

    let _ended = chat.on.deliver(&faults, accepted.id).await.unwrap();

    let deleted = chat.on.read(accepted.id).await;
    assert_eq!(deleted.state, State::Deleted);
    let counts = &deleted.deleted["messages"];
    assert_eq!((counts.deleted, counts.missing, counts.failed), (2, 1, 0));
}

#[tokio::test]
async fn a_ttl_that_the_job_sets_while_the_deletion_runs_is_what_is_kept_and_comes_back() {
    let Some((chat, accepted)) = accepted().await else {
        return;
    };
    let faults = chat.on.faults();
    let (table, item) = {
        let mut item = message(&chat, "s-1:m-02");
        item.insert(TTL.to_owned(), json!({ "N": "1900000000" }));
        (
            chat.on.tables.names().of(chat.on.collection("messages")),
            item,
        )
    };
    let tables = chat.on.tables.clone();
    faults.beside(Operation::MarkRows, 1, Moment::Before, move || {
        tables.put_item(&table, &item);
    });
    let _ended = chat.on.deliver(&faults, accepted.id).await.unwrap();

    let marked = message(&chat, "s-1:m-02");
    assert!(is_marked(&marked) && !marked.contains_key(TTL));
    chat.on
        .act(&chat.on.faults(), accepted.id, Action::Restore)
        .await;
    finished(&chat, &accepted).await;

    assert_eq!(
        message(&chat, "s-1:m-02")[TTL],
        json!({ "N": "1900000000" })
    );
}

#[tokio::test]
async fn a_ttl_that_the_job_sets_on_a_marked_row_is_newer_than_the_one_that_was_kept() {
    let Some((chat, deletion)) = deleted().await else {
        return;
    };
    set_ttl(&chat, "s-1:m-02", "1900000000");

    chat.on
        .act(&chat.on.faults(), deletion.id, Action::Restore)
        .await;

    assert_eq!(finished(&chat, &deletion).await.state, State::Restored);
    let message = message(&chat, "s-1:m-02");
    assert_eq!(message[TTL], json!({ "N": "1900000000" }));
    assert!(!message.contains_key("deletion_kept"));
}

#[tokio::test]
async fn a_row_that_was_archived_comes_back_with_its_ttl() {
    let archived = FILE.replace(r#""flag""#, r#""archive""#);
    let Some(chat) = attached("chat-with-ttl", &archived, "u-1") else {
        return;
    };
    let faults = chat.on.faults();
    let key = key2("u-1", "s-1");
    let accepted = chat.on.accept(&faults, "sessions", &key).await;
    let deletion = finished(&chat, &accepted).await;
    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(chat.changed().len(), 4, "they have left their tables");

    let restored = chat.act(&deletion, Action::Restore).await;

    assert_eq!(restored.state, State::Restored);
    assert_eq!(chat.changed(), []);
}

/// How many sessions and messages are back with a TTL that has passed.
fn expired(restored: &Deletion) -> [u64; 2] {
    ["sessions", "messages"].map(|name| {
        let counts = restored.restored[name];
        assert_eq!((counts.conflict, counts.failed), (0, 0));
        counts.expired
    })
}

#[tokio::test]
async fn what_is_back_with_a_ttl_that_has_passed_is_counted_whatever_the_strategy_and_who_crashes()
{
    for strategy in ["flag", "archive"] {
        let file = FILE.replace("\"flag\"", &format!("\"{strategy}\""));
        let file = file.replace("\"30d\"", "\"365d\"");
        let mut steps = None;
        for step in 0.. {
            if steps.is_some_and(|steps| step > steps) {
                break;
            }
            let Some(chat) = attached("chat-with-ttl", &file, "u-1") else {
                return;
            };
            let accepted = chat
                .on
                .accept(&chat.on.faults(), "sessions", &key2("u-1", "s-1"))
                .await;
            let deletion = finished(&chat, &accepted).await;
            // After the TTL of all rows that have one.
            chat.on.clock.set("2027-03-01T00:00:00Z".parse().unwrap());
            chat.on
                .act(&chat.on.faults(), deletion.id, Action::Restore)
                .await;

            let faults = chat.on.faults();
            if step > 0 {
                faults.crash_at(step, Moment::After);
            }
            let _dead = faults
                .until_crash(chat.on.deliver(&faults, deletion.id))
                .await;
            steps = steps.or(Some(faults.calls()));
            chat.on.clock.advance(std::time::Duration::from_mins(10));
            let restored = finished(&chat, &deletion).await;

            let context = format!("{strategy}, {step}");
            assert_eq!(restored.state, State::Restored, "{context}");
            assert_eq!(expired(&restored), [1, 2], "{context}");
            assert_eq!(chat.changed(), [], "{context}");
        }
    }
}

#[tokio::test]
async fn a_session_whose_id_begins_the_same_is_not_touched() {
    let Some(chat) = attached("chat-with-ttl", FILE, "u-1") else {
        return;
    };
    let text = |text: &str| json!({ "S": text });
    for (name, sort, id) in [
        ("sessions", "session_id", "s-10"),
        ("messages", "message_id", "s-10:m-01"),
    ] {
        let item = json!({
            "user_id": text("u-1"), sort: text(id), "session_id": text("s-10"), "body": text("hello"),
        });
        let table = chat.on.tables.names().of(chat.on.collection(name));
        chat.on.tables.put_item(&table, item.as_object().unwrap());
    }
    let of_another = |item: &Map<String, Value>| item["session_id"] == text("s-10");
    let before: Vec<_> = all(&chat).into_iter().filter(of_another).collect();

    let key = key2("u-1", "s-1");
    let accepted = chat.on.accept(&chat.on.faults(), "sessions", &key).await;
    let deletion = finished(&chat, &accepted).await;

    assert_eq!(deletion.deleted["messages"].selected, 3);
    let now: Vec<_> = all(&chat).into_iter().filter(of_another).collect();
    assert_eq!((before.len(), now), (2, before));
}
