//! Records to delete: a mail discussion, and a cascade of four levels with everything a cascade may have.

use domain::key::RecordKey;
use testing::samples::{COLLECTIONS, key, key2};

use crate::engine::world::World;

/// `lists` → `discussions` (found in their own table) → `messages` (over an index, by a parent key of two parts)
/// → `reactions` (no documents); and beside the discussions the `subscribers` of a list.
pub(crate) const FOUR_LEVELS: &str = r#"
[lists]
table       = "lists"
key         = ["list_id"]
tenant      = "user_id"
document    = { index = "lists", id = "{list_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = "sender_id"
serve       = ["read"]
permissions = { read = ["member"], delete = ["admin", "author"], restore = ["admin"], purge = ["admin"] }

[discussions]
table       = "discussions"
key         = ["list_id", "discussion_id"]
tenant      = "user_id"
parent      = { collection = "lists", by = ["list_id"], on_delete = "cascade" }
document    = { index = "discussions", id = "{list_id}~{discussion_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = "sender_id"
serve       = ["read"]
permissions = { read = ["member"], delete = ["admin", "author"], restore = ["admin"], purge = ["admin"] }
marks       = { deleted_at = "date_delete" }

[messages]
table       = "messages"
key         = ["message_id"]
tenant      = "user_id"
parent      = { collection = "discussions", by = ["list", "discussion"], gsi = "by_discussion", on_delete = "cascade" }
document    = { index = "messages", id = "{message_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = "sender_id"
serve       = ["read"]
permissions = { read = ["member"], delete = ["admin", "author"], restore = ["admin"], purge = ["admin"] }

[reactions]
table       = "reactions"
key         = ["message_id", "emoji"]
tenant      = "owner"
parent      = { collection = "messages", by = ["message_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[subscribers]
table       = "subscribers"
key         = ["list_id", "user"]
tenant      = "user_id"
parent      = { collection = "lists", by = ["list_id"], on_delete = "cascade" }
document    = { index = "subscribers", id = "{list_id}~{user}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

/// A discussion of mail (`d`) with so many messages, and another one beside it that nobody deletes.
pub(crate) fn mail(messages: usize) -> World {
    let world = World::new(COLLECTIONS);
    for discussion in ["d", "other"] {
        world.put("discussions", &key(discussion), None);
        for message in 0..messages {
            world.put(
                "messages",
                &message_key(discussion, message),
                Some(&key(discussion)),
            );
        }
    }
    world
}

/// The key of the n-th message.
pub(crate) fn message_key(discussion: &str, message: usize) -> RecordKey {
    key2(discussion, &format!("m{message:04}"))
}

/// The list `l`: 2 subscribers, 3 discussions with 2, 1 and no messages, each of those with 2 reactions; beside it the
/// list `other` with the same below it. 15 records each.
pub(crate) fn four_levels() -> World {
    let world = World::new(FOUR_LEVELS);
    for list in ["l", "other"] {
        world.put("lists", &key(list), None);
        for user in ["ann", "bob"] {
            world.put("subscribers", &key2(list, user), Some(&key(list)));
        }
        for (discussion, messages) in [("d1", 2), ("d2", 1), ("d3", 0)] {
            let discussion = key2(list, discussion);
            world.put("discussions", &discussion, Some(&key(list)));
            for message in 0..messages {
                let message = key(&format!(
                    "{list}-{}-{message}",
                    discussion.sort.as_deref().unwrap_or_default()
                ));
                world.put("messages", &message, Some(&discussion));
                for emoji in ["🪦", "x"] {
                    world.put(
                        "reactions",
                        &key2(&message.partition, emoji),
                        Some(&message),
                    );
                }
            }
        }
    }
    world
}

/// The list `l` with one subscriber and one discussion of two messages, the first with a reaction: 6 records.
pub(crate) fn small_tree() -> World {
    let world = World::new(FOUR_LEVELS);
    let discussion = key2("l", "d1");
    world.put("lists", &key("l"), None);
    world.put("subscribers", &key2("l", "bob"), Some(&key("l")));
    world.put("discussions", &discussion, Some(&key("l")));
    for message in ["l-d1-0", "l-d1-1"] {
        world.put("messages", &key(message), Some(&discussion));
    }
    world.put("reactions", &key2("l-d1-0", "x"), Some(&key("l-d1-0")));
    world
}

/// Whether the record is below the list or discussion that tests delete, or is it.
pub(crate) fn is_in_tree(key: &RecordKey) -> bool {
    ["d", "l"].contains(&key.partition.as_str()) || key.partition.starts_with("l-")
}
