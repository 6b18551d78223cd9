//! A chat on generated tables: no tenant, three levels over indexes, a time as the mark, which may be NULL.

use domain::deletion::{Action, DeleteCounts, Deletion, State};
use serde_json::{Value, json};

use super::{Attached, attached};

const FILE: &str = include_str!("chat-by-indexes.toml");

/// The same file, with what was deleted before us taken over.
fn adopting() -> String {
    let marks = r#"marks       = { deleted_at = "deletedAt" }"#;
    assert!(FILE.contains(marks));
    FILE.replace(
        marks,
        &format!("{marks}\nadopt = {{ deleted_at = \"deletedAt\" }}"),
    )
}

/// The conversation is deleted, and what is below it.
async fn deleted() -> Option<(Attached, Deletion)> {
    let chat = attached("chat-by-indexes", FILE, "main")?;
    let deleted = chat.delete("conversations", "cv-1", None).await;
    Some((chat, deleted))
}

fn row(chat: &Attached, collection: &str, id: &str) -> Value {
    let mut items = chat.on.items(collection).into_iter();
    let found = items.find(|item| item["id"] == json!({ "S": id }));
    found.map_or(Value::Null, Value::Object)
}

#[tokio::test]
async fn a_conversation_is_deleted_with_all_below_and_what_was_deleted_before_us_stays_as_it_is() {
    let Some((chat, deletion)) = deleted().await else {
        return;
    };

    assert_eq!(deletion.state, State::Deleted);
    let counts = |deleted, already_deleted| DeleteCounts {
        selected: deleted + already_deleted,
        deleted,
        already_deleted,
        ..DeleteCounts::default()
    };
    for (collection, expected) in [
        ("conversations", counts(1, 0)),
        ("participants", counts(2, 0)),
        ("messages", counts(3, 1)),
        ("message_reads", counts(2, 0)),
    ] {
        assert_eq!(deletion.deleted[collection], expected, "{collection}");
    }
    let before = chat
        .loaded
        .iter()
        .find(|(table, _)| table.starts_with("Message-"));
    let mut before = before.unwrap().1.iter();
    let m4 = before
        .find(|item| item["id"] == json!({ "S": "m-4" }))
        .unwrap();
    assert_eq!(row(&chat, "messages", "m-4"), Value::Object(m4.clone()));
}

#[tokio::test]
async fn a_restore_gives_every_row_back_to_the_type_and_the_digit_a_null_as_a_null() {
    let Some((chat, deletion)) = deleted().await else {
        return;
    };

    let restored = chat.act(&deletion, Action::Restore).await;

    assert_eq!(restored.state, State::Restored);
    assert_eq!(chat.changed(), []);
    assert!(row(&chat, "messages", "m-1").get("deletedAt").is_none());
    assert_eq!(
        row(&chat, "messages", "m-2")["deletedAt"],
        json!({ "NULL": true })
    );
}

#[tokio::test]
async fn a_purge_removes_what_was_declared_and_no_other_row() {
    let Some((chat, deletion)) = deleted().await else {
        return;
    };

    let purged = chat.act(&deletion, Action::Purge).await;

    assert_eq!(purged.state, State::Purged);
    let left: Vec<Value> = chat
        .rows()
        .into_iter()
        .flat_map(|(_, items)| items)
        .map(|item| item["id"].clone())
        .collect();
    assert_eq!(
        left,
        [json!({ "S": "m-4" })],
        "deleted before us, by somebody else"
    );
}

#[tokio::test]
async fn what_was_deleted_before_us_is_taken_over_where_the_file_says_so_and_goes_by_its_own_date()
{
    let Some(chat) = attached("chat-by-indexes", &adopting(), "main") else {
        return;
    };
    let before = row(&chat, "messages", "m-4");

    let deletion = chat.take_over().await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted["messages"].deleted, 1);
    let own = "2026-11-20T10:05:00Z".parse().unwrap();
    assert_eq!(
        (deletion.deleted_at, deletion.requested_by.as_str()),
        (own, "unknown")
    );
    assert_eq!(deletion.purge_at, "2026-12-20T10:05:00Z".parse().ok());
    let marked = row(&chat, "messages", "m-4");
    assert_eq!(marked["deletedAt"], before["deletedAt"]);
    assert_eq!(
        marked["deletion_id"],
        json!({ "S": deletion.id.to_string() })
    );

    let purged = chat.purge_due(&deletion, "2026-12-20T10:05:00Z").await;
    assert_eq!(purged.state, State::Purged);
    assert_eq!(row(&chat, "messages", "m-4"), Value::Null);
    let mut expected = chat.loaded.clone();
    for (_, items) in &mut expected {
        items.retain(|item| item["id"] != json!({ "S": "m-4" }));
    }
    assert_eq!(chat.rows(), expected);
}

#[tokio::test]
async fn what_was_taken_over_is_restored_like_any_other_and_found_once() {
    let Some(chat) = attached("chat-by-indexes", &adopting(), "main") else {
        return;
    };
    chat.on.sweep(&chat.on.faults()).await;
    let taken_over = chat.on.next_message().expect("it has a deletion");
    let again = chat.on.sweep(&chat.on.faults()).await;
    assert_eq!(again.adopted, 0);
    let _ended = chat
        .on
        .deliver(&chat.on.faults(), taken_over)
        .await
        .unwrap();

    chat.on
        .act(&chat.on.faults(), taken_over, Action::Restore)
        .await;
    let _ended = chat
        .on
        .deliver(&chat.on.faults(), taken_over)
        .await
        .unwrap();

    assert_eq!(chat.on.read(taken_over).await.state, State::Restored);
    let back = row(&chat, "messages", "m-4");
    assert!(back.get("deletedAt").is_none() && back.get("deletion_id").is_none());
}

/// What the conversation says of its last message.
fn last_message(chat: &Attached) -> [Value; 3] {
    let conversation = row(chat, "conversations", "cv-1");
    ["lastMessage", "lastMessageAt", "lastMessageSender"].map(|name| conversation[name].clone())
}

#[tokio::test]
async fn the_three_values_of_the_last_message_are_those_of_the_newest_live_one() {
    let Some(chat) = attached("chat-by-indexes", FILE, "main") else {
        return;
    };
    let of =
        |content: &str, at: &str, sender: &str| [content, at, sender].map(|of| json!({ "S": of }));
    let null = json!({ "NULL": true });

    // m-4 is the newest, but was deleted before us.
    let newest = chat.delete("messages", "m-3", None).await;
    assert_eq!(
        last_message(&chat),
        of("two", "2026-11-20T10:02:00.000Z", "u-2")
    );
    let next = chat.delete("messages", "m-2", None).await;
    assert_eq!(
        last_message(&chat),
        of("one", "2026-11-20T10:01:00.000Z", "u-1")
    );
    let last = chat.delete("messages", "m-1", None).await;
    assert_eq!(last_message(&chat), [null.clone(), null.clone(), null]);

    for deletion in [next, newest, last] {
        let restored = chat.act(&deletion, Action::Restore).await;
        assert_eq!(restored.state, State::Restored);
    }
    assert_eq!(chat.changed(), []);
}

#[tokio::test]
async fn an_older_message_goes_without_a_change_of_its_conversation() {
    let Some(chat) = attached("chat-by-indexes", FILE, "main") else {
        return;
    };
    let before = row(&chat, "conversations", "cv-1");

    let deletion = chat.delete("messages", "m-1", None).await;
    assert_eq!(row(&chat, "conversations", "cv-1"), before);

    chat.act(&deletion, Action::Restore).await;
    assert_eq!(chat.changed(), []);
}
