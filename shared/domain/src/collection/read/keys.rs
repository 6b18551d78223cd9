//! Every key that a collection may have, in one table: the parser rejects all others, and the documentation lists
//! these.

/// One key of a collection.
#[derive(Debug)]
pub(in crate::collection) struct Key {
    /// Its path below the collection's name; `*` stands for any name.
    pub(in crate::collection) path: &'static str,
    /// The TOML types that it may have.
    pub(in crate::collection) types: &'static [&'static str],
    /// A value to copy, for error messages.
    pub(in crate::collection) example: &'static str,
}

const TEXT: &[&str] = &["string"];
const FLAG: &[&str] = &["boolean"];
const LIST: &[&str] = &["array"];
const TABLE: &[&str] = &["table"];
const TEXT_OR_TABLE: &[&str] = &["string", "table"];
const TEXT_OR_LIST: &[&str] = &["string", "array"];
const WORD: &[&str] = &["boolean", "integer", "float", "string"];
const WORD_OR_LIST: &[&str] = &["boolean", "integer", "float", "string", "array"];
const FILTER: &[&str] = &["string", "array", "table"];

const fn now(path: &'static str, types: &'static [&'static str], example: &'static str) -> Key {
    Key {
        path,
        types,
        example,
    }
}

/// All keys, in the order of `docs/collections.md`.
pub(in crate::collection) const KEYS: &[Key] = &[
    now("table", TEXT, "\"messages\""),
    now("key", LIST, "[\"discussion_id\", \"message_id\"]"),
    now("key.attribute", TEXT, "\"PK\""),
    now("key.type", TEXT, "\"N\""),
    now("key.is", TEXT_OR_LIST, "\"LPA#{application}\""),
    now(
        "key.begins",
        TEXT_OR_LIST,
        "[\"DONOR#\", \"ORGANISATION#\"]",
    ),
    now("key.without", TEXT, "\"#deleted\""),
    now("parts", TABLE, "{ collection_id = \"{name}___{version}\" }"),
    now("parts.*", TEXT_OR_LIST, "\"{name}___{version}\""),
    now("row", TEXT, "\"none\""),
    now("tenant", TEXT_OR_TABLE, "\"user_id\""),
    now("tenant.attribute", TEXT, "\"user_id\""),
    now("tenant.gsi", TEXT, "\"by_user\""),
    now("tenant.part", TEXT, "\"owner\""),
    now("tenant.default", TEXT, "\"main\""),
    now("tenant.from", TEXT, "\"parent\""),
    now("tenant.fixed", TEXT, "\"main\""),
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
        "parent.promote",
        TABLE,
        "{ owner = \"group_owner_id\", by = \"created_at\", gsi = \"by_group_owner\" }",
    ),
    now("parent.promote.owner", TEXT, "\"group_owner_id\""),
    now("parent.promote.by", TEXT, "\"created_at\""),
    now("parent.promote.gsi", TEXT, "\"by_group_owner\""),
    now(
        "keeps",
        TABLE,
        "{ collection = \"attachments\", by = [\"attachment_id\"], gsi = \"by_attachment\" }",
    ),
    now("keeps.collection", TEXT, "\"attachments\""),
    now("keeps.by", LIST, "[\"attachment_id\"]"),
    now("keeps.gsi", TEXT, "\"by_attachment\""),
    now(
        "document",
        TABLE,
        "{ index = \"messages\", id = \"{discussion_id}~{message_id}\", fields = [\"subject\"] }",
    ),
    now("document.index", TEXT, "\"messages\""),
    now("document.id", TEXT, "\"{discussion_id}~{message_id}\""),
    now("document.fields", LIST, "[\"subject\", \"body\"]"),
    now("document.routing", TEXT, "\"{discussion_id}\""),
    now("document.unique", FLAG, "true"),
    now("document.names", TABLE, "{ user_id = \"str_userid\" }"),
    now("document.names.*", TEXT, "\"str_userid\""),
    now("document.exact", TEXT, "\".keyword\""),
    now("document.copy", TEXT, "\"pipeline\""),
    now("document.hide", TEXT, "\"remove\""),
    now("strategy", TEXT, "\"flag\""),
    now("retention", TEXT, "\"30d\""),
    now("author", TEXT_OR_TABLE, "\"sender_id\""),
    now("author.attribute", TEXT, "\"sender_id\""),
    now("author.gsi", TEXT, "\"by_sender\""),
    now("serve", LIST, "[\"read\", \"search\", \"write\"]"),
    now(
        "permissions",
        TABLE,
        "{ read = [\"member\"], delete = [\"admin\", \"author\"] }",
    ),
    now("permissions.read", LIST, "[\"member\"]"),
    now("permissions.write", LIST, "[\"member\"]"),
    now("permissions.delete", LIST, "[\"admin\", \"author\"]"),
    now("permissions.restore", LIST, "[\"admin\"]"),
    now("permissions.purge", LIST, "[\"admin\"]"),
    now("permissions.audit", LIST, "[\"audit\"]"),
    now("permissions.author_within", TEXT, "\"10m\""),
    now("permissions.destroy_all", LIST, "[\"admin\"]"),
    now("permissions.deny", LIST, "[\"guest\"]"),
    now("hidden", LIST, "[\"internal_note\"]"),
    now("readonly", LIST, "[\"imported_at\"]"),
    now("marks", TABLE, "{ deleted_at = \"date_delete\" }"),
    now("marks.deleted_at", TEXT_OR_TABLE, "\"date_delete\""),
    now("marks.deleted_at.attribute", TEXT, "\"deletedAt\""),
    now("marks.deleted_at.type", TEXT, "\"epoch_ms\""),
    now("marks.deleted_by", TEXT, "\"deleted_by\""),
    now("marks.deletion_id", TEXT, "\"deletion_id\""),
    now(
        "marks.state",
        TABLE,
        "{ attribute = \"_deleted\", deleted = true, live = [false, \"null\", \"absent\"] }",
    ),
    now("marks.state.attribute", TEXT, "\"_deleted\""),
    now("marks.state.deleted", WORD, "true"),
    now("marks.state.live", LIST, "[false, \"null\", \"absent\"]"),
    now("marks.state.busy", LIST, "[\"LOCKED\"]"),
    now(
        "marks.purge_at",
        TEXT_OR_TABLE,
        "{ attribute = \"_ttl\", type = \"epoch_s\" }",
    ),
    now("marks.purge_at.attribute", TEXT, "\"_ttl\""),
    now("marks.purge_at.type", TEXT, "\"epoch_s\""),
    now(
        "marks.touch",
        TABLE,
        "{ _version = \"+1\", _lastChangedAt = \"epoch_ms\" }",
    ),
    now("marks.touch.*", TEXT, "\"+1\""),
    now("marks.takes_off", LIST, "[\"GSI1PK\"]"),
    now("marks.kept", TEXT, "\"deletion_kept\""),
    now("ttl", TEXT, "\"expires_at\""),
    now("adopt", TABLE, "{ deleted_at = \"deletedAt\" }"),
    now("adopt.deleted_at", TEXT, "\"deletedAt\""),
    now("adopt.deleted_by", TEXT, "\"deletedBy\""),
    now("held", TABLE, "{ published = true }"),
    now("held.*", WORD_OR_LIST, "true"),
    now("missing", TEXT, "\"not_found\""),
    now("restore", TEXT, "\"never\""),
    now("live", TEXT, "\"null\""),
    now("version", TEXT, "\"version\""),
    now(
        "status",
        TABLE,
        "{ attribute = \"status\", allowed = [\"ACTIVE\", \"DISABLED\"] }",
    ),
    now("status.attribute", TEXT, "\"status\""),
    now("status.allowed", LIST, "[\"ACTIVE\", \"DISABLED\"]"),
    now("filters", TABLE, "{ time = \"sent_at\" }"),
    now("filters.time", TEXT, "\"sent_at\""),
    now("filters.type", TEXT, "\"kind\""),
    now("filters.group", LIST, "[\"group_type\", \"group_id\"]"),
    now("filters.key", TEXT, "\"event_key\""),
    now(
        "filters.opened",
        TABLE,
        "{ attribute = \"opened_at\", op = \"exists\" }",
    ),
    now("filters.opened.attribute", TEXT, "\"opened_at\""),
    now("filters.opened.op", TEXT, "\"exists\""),
    now("filters.*", FILTER, "\"kind\""),
    now("filters.*.attribute", TEXT, "\"read_at\""),
    now("filters.*.op", TEXT, "\"exists\""),
    now("schedule", TEXT, "\"task-{task_uuid}\""),
    now(
        "aggregates",
        LIST,
        "[{ on = \"streams\", attribute = \"first_message_id\", take = \"min\", of = \"message_id\" }]",
    ),
    now("aggregates.on", TEXT, "\"streams\""),
    now("aggregates.attribute", TEXT, "\"first_message_id\""),
    now(
        "aggregates.set",
        TABLE,
        "{ lastMessage = \"content\", lastMessageAt = \"createdAt\" }",
    ),
    now("aggregates.set.*", TEXT, "\"content\""),
    now("aggregates.take", TEXT, "\"min\""),
    now("aggregates.of", TEXT, "\"message_id\""),
    now("aggregates.gsi", TEXT, "\"by_stream\""),
    now(
        "recipients",
        TABLE,
        "{ collection = \"subscriptions\", by = [\"stream_id\"], user = \"user_id\" }",
    ),
    now("recipients.collection", TEXT, "\"subscriptions\""),
    now("recipients.by", LIST, "[\"stream_id\"]"),
    now("recipients.user", TEXT, "\"user_id\""),
    now("recipients.unless", TEXT, "\"long_term_idle\""),
    now("recipients.gsi", TEXT, "\"by_stream\""),
    now("recipients.attribute", TEXT, "\"participant_ids\""),
    now(
        "event",
        TABLE,
        "{ type = \"delete_message\", group = [\"stream_id\", \"topic\"] }",
    ),
    now("event.type", TEXT, "\"delete_message\""),
    now("event.group", TEXT_OR_LIST, "[\"stream_id\", \"topic\"]"),
    now("event.ids", TEXT, "\"message_ids\""),
    now("event.set", TABLE, "{ message_type = \"stream\" }"),
    now("event.set.*", TEXT, "\"stream\""),
];

/// The key of this path, or `None` for one that no collection has.
pub(in crate::collection) fn find(path: &str) -> Option<&'static Key> {
    let exactly = KEYS.iter().find(|key| key.path == path);
    exactly.or_else(|| KEYS.iter().find(|key| is_of(key.path, path)))
}

/// Whether a path is of this key, in which `*` stands for any name.
fn is_of(key: &str, path: &str) -> bool {
    let (mut names, mut key) = (path.split('.'), key.split('.'));
    let fits = |wanted| {
        let name = names.next();
        name.is_some_and(|name| wanted == "*" || wanted == name)
    };
    key.all(fits) && names.next().is_none()
}

/// The names of the keys directly below this path; below the empty path, the keys of a collection.
pub(in crate::collection) fn below(path: &str) -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter_map(move |key| {
        let (around, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        let path = find(path).map_or(path, |key| key.path);
        (around == path).then_some(name)
    })
}

/// A value to copy for the key of this path.
pub(in crate::collection) fn example(path: &str) -> &'static str {
    find(path).map_or("…", |key| key.example)
}

/// The path below the collection's name: `parent.by` of `messages.parent.by`.
pub(in crate::collection) fn without_collection(path: &str) -> &str {
    path.split_once('.').map_or("", |(_, rest)| rest)
}
