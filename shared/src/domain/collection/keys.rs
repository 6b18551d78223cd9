//! Every key that a collection may have, in one table: the parser refuses the others, the documentation names these.
//!
//! A key that this version cannot honour stands here as [`Support::Later`]. It is refused, never ignored: a rule that
//! somebody wrote down and that nobody enforces is worse than an error.

/// Whether this version honours a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Support {
    Now,
    Later,
}

/// One key of a collection.
#[derive(Debug)]
pub(super) struct Key {
    /// Its path below the collection's name; `*` stands for any name.
    pub(super) path: &'static str,
    /// The TOML types that it may have.
    pub(super) types: &'static [&'static str],
    /// A value to copy, for error messages.
    pub(super) example: &'static str,
    pub(super) support: Support,
}

const TEXT: &[&str] = &["string"];
const FLAG: &[&str] = &["boolean"];
const LIST: &[&str] = &["array"];
const TABLE: &[&str] = &["table"];
const TEXT_OR_TABLE: &[&str] = &["string", "table"];
const TEXT_OR_LIST: &[&str] = &["string", "array"];
const FILTER: &[&str] = &["string", "array", "table"];

const fn now(path: &'static str, types: &'static [&'static str], example: &'static str) -> Key {
    Key {
        path,
        types,
        example,
        support: Support::Now,
    }
}

const fn later(path: &'static str, types: &'static [&'static str], example: &'static str) -> Key {
    Key {
        path,
        types,
        example,
        support: Support::Later,
    }
}

/// All keys, in the order of `docs/collections.md`.
pub(super) const KEYS: &[Key] = &[
    now("table", TEXT, "\"messages\""),
    now("key", LIST, "[\"discussion_id\", \"message_id\"]"),
    now("tenant", TEXT_OR_TABLE, "\"user_id\""),
    now("tenant.attribute", TEXT, "\"user_id\""),
    now("tenant.gsi", TEXT, "\"by_user\""),
    now(
        "parent",
        TABLE,
        "{ collection = \"discussions\", by = [\"discussion_id\"], on_delete = \"cascade\" }",
    ),
    now("parent.collection", TEXT, "\"discussions\""),
    now("parent.by", LIST, "[\"discussion_id\"]"),
    now("parent.on_delete", TEXT, "\"cascade\""),
    now("parent.gsi", TEXT, "\"by_discussion\""),
    now("parent.required", FLAG, "true"),
    now(
        "document",
        TABLE,
        "{ index = \"messages\", id = \"{discussion_id}~{message_id}\", fields = [\"subject\"] }",
    ),
    now("document.index", TEXT, "\"messages\""),
    now("document.id", TEXT, "\"{discussion_id}~{message_id}\""),
    now("document.fields", LIST, "[\"subject\", \"body\"]"),
    later("document.routing", TEXT, "\"discussion_id\""),
    later("document.unique", FLAG, "true"),
    now("strategy", TEXT, "\"flag\""),
    now("retention", TEXT, "\"30d\""),
    now("author", TEXT_OR_TABLE, "\"sender_id\""),
    now("author.attribute", TEXT, "\"sender_id\""),
    now("author.gsi", TEXT, "\"by_sender\""),
    now("serve", LIST, "[\"read\", \"search\"]"),
    now(
        "permissions",
        TABLE,
        "{ read = [\"member\"], delete = [\"admin\", \"author\"] }",
    ),
    now("permissions.read", LIST, "[\"member\"]"),
    now("permissions.delete", LIST, "[\"admin\", \"author\"]"),
    now("permissions.restore", LIST, "[\"admin\"]"),
    now("permissions.purge", LIST, "[\"admin\"]"),
    now("permissions.audit", LIST, "[\"audit\"]"),
    later("permissions.author_within", TEXT, "\"10m\""),
    later("permissions.destroy_all", LIST, "[\"admin\"]"),
    later("permissions.deny", LIST, "[\"guest\"]"),
    now("marks", TABLE, "{ deleted_at = \"date_delete\" }"),
    now("marks.deleted_at", TEXT, "\"date_delete\""),
    now("marks.deleted_by", TEXT, "\"deleted_by\""),
    now("marks.deletion_id", TEXT, "\"deletion_id\""),
    now("missing", TEXT, "\"not_found\""),
    later("restore", TEXT, "\"never\""),
    later("live", TEXT, "\"null\""),
    later("version", TEXT, "\"version\""),
    later("filters", TABLE, "{ type = \"kind\", time = \"sent_at\" }"),
    later("filters.*", FILTER, "\"kind\""),
    later("schedule", TEXT, "\"task-{task_uuid}\""),
    later(
        "status",
        TABLE,
        "{ attribute = \"status\", allowed = [\"ACTIVE\", \"DISABLED\"] }",
    ),
    later("status.attribute", TEXT, "\"status\""),
    later("status.allowed", LIST, "[\"ACTIVE\", \"DISABLED\"]"),
    later(
        "aggregates",
        LIST,
        "[{ on = \"streams\", attribute = \"first_message_id\", take = \"min\", of = \"message_id\" }]",
    ),
    later("aggregates.on", TEXT, "\"streams\""),
    later("aggregates.attribute", TEXT, "\"first_message_id\""),
    later("aggregates.take", TEXT, "\"min\""),
    later("aggregates.of", TEXT, "\"message_id\""),
    later(
        "recipients",
        TABLE,
        "{ collection = \"subscriptions\", by = [\"stream_id\"], user = \"user_id\" }",
    ),
    later("recipients.collection", TEXT, "\"subscriptions\""),
    later("recipients.by", LIST, "[\"stream_id\"]"),
    later("recipients.user", TEXT, "\"user_id\""),
    later("recipients.unless", TEXT, "\"long_term_idle\""),
    later("recipients.attribute", TEXT, "\"participant_ids\""),
    later(
        "event",
        TABLE,
        "{ type = \"delete_message\", group = [\"stream_id\", \"topic\"] }",
    ),
    later("event.type", TEXT, "\"delete_message\""),
    later("event.group", TEXT_OR_LIST, "[\"stream_id\", \"topic\"]"),
];

/// The key of this path, or `None` for one that no collection has.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path).or_else(|| {
        let (parent, _) = path.rsplit_once('.')?;
        KEYS.iter()
            .find(|key| key.path.strip_suffix(".*") == Some(parent))
    })
}

/// The names of the keys directly below this path; below the empty path, the keys of a collection.
pub(super) fn below(path: &str) -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter_map(move |key| {
        let name = if path.is_empty() {
            key.path
        } else {
            key.path.strip_prefix(path)?.strip_prefix('.')?
        };
        (!name.contains('.')).then_some(name)
    })
}

/// A value to copy for the key of this path.
pub(super) fn example(path: &str) -> &'static str {
    find(path).map_or("…", |key| key.example)
}

/// The path below the collection's name: `parent.by` of `messages.parent.by`.
pub(super) fn without_collection(path: &str) -> &str {
    path.split_once('.').map_or("", |(_, rest)| rest)
}
