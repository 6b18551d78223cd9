//! Collections and records for tests: small, valid, and odd where real tables are odd.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::time::Duration;

use domain::collection::{Collection, CollectionName, Collections};
use domain::deletion::{Accepted, Deletion, DeletionId, RetryLimits, Timing};
use domain::key::RecordKey;
use domain::page::{Entry, Judged, Page};
use domain::principal::Tenant;
use domain::row::Mark;
use ports::OrderAlong;

/// Three levels: `discussions` → `messages` (below it in its own table) → `replies` (found through an index).
///
/// `replies` has attributes that are reserved words of DynamoDB, and no documents.
pub const COLLECTIONS: &str = r#"
[discussions]
table       = "discussions"
key         = ["discussion_id"]
tenant      = { attribute = "user_id", gsi = "by_user" }
document    = { index = "discussions", id = "{discussion_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = "sender_id"
serve       = ["read", "search"]
permissions = { read = ["member"], delete = ["admin", "author"], restore = ["admin"], purge = ["admin"] }

[messages]
table       = "messages"
key         = ["discussion_id", "message_id"]
tenant      = "user_id"
parent      = { collection = "discussions", by = ["discussion_id"], on_delete = "cascade" }
document    = { index = "messages", id = "{discussion_id}\u001f{message_id}", fields = ["subject", "body"] }
strategy    = "flag"
retention   = "30d"
author      = "sender_id"
serve       = ["read", "search"]
permissions = { read = ["member"], delete = ["admin", "author"], restore = ["admin"], purge = ["admin"] }
marks       = { deleted_at = "date_delete" }

[replies]
table       = "replies"
key         = ["key"]
tenant      = "owner"
parent      = { collection = "messages", by = ["group", "order"], gsi = "by_message", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
author      = "user"
serve       = ["read"]
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
marks       = { deleted_at = "date", deleted_by = "by", deletion_id = "value" }
"#;

/// An index of `replies` that has those of one group in the order of an attribute that is not part of their key.
pub const BY_ORDER: OrderAlong<'static> = OrderAlong::Index {
    name: "by_order",
    partition: "group",
    sort: "order",
};

/// Ids that have caused errors somewhere: they are ordinary keys.
pub const ODD_IDS: [&str; 18] = [
    "a b",
    "a/b",
    "a\"b",
    "a'b",
    "🪦",
    "%2F",
    "#",
    "?",
    "..",
    ".",
    "~",
    "a\\b",
    "é\u{301}",
    "{}",
    "null",
    "line\nbreak",
    "a\u{FFFE}",
    "\u{FFFF}",
];

/// The collections of [`COLLECTIONS`].
#[must_use]
pub fn collections() -> Collections {
    Collections::for_tests(COLLECTIONS)
}

/// One of them.
///
/// # Panics
///
/// When there is none with this name.
#[must_use]
pub fn collection(name: &str) -> Collection {
    collections()
        .get(name)
        .expect("a sample of this name")
        .clone()
}

/// The retention of all of them.
const RETENTION: Duration = Duration::from_hours(30 * 24);

/// The tenant of this name.
///
/// # Panics
///
/// When the name is empty.
#[must_use]
pub fn tenant(name: &str) -> Tenant {
    Tenant::new(name).expect("a tenant has a name")
}

/// A key of one part.
#[must_use]
pub fn key(partition: &str) -> RecordKey {
    RecordKey::stored(partition, None)
}

/// A key of two parts.
#[must_use]
pub fn key2(partition: &str, sort: &str) -> RecordKey {
    RecordKey::stored(partition, Some(sort))
}

/// A live row: its key, its tenant, its author and a text.
#[must_use]
pub fn row(collection: &Collection, key: &RecordKey, tenant: &str) -> Map<String, Value> {
    let mut row: Map<_, _> = key
        .parts(&collection.key)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    let owner = collection.tenant.attribute();
    let text = Tenant::new(tenant).map_or(json!(tenant), |tenant| {
        json!(collection.tenant.text_of(&tenant))
    });
    row.extend(owner.map(|name| (name.to_owned(), text)));
    if let Some(author) = &collection.author {
        row.insert(author.attribute.clone(), json!("ann"));
    }
    row.insert("subject".to_owned(), json!("a stone"));
    row
}

/// The row with this mark on it.
#[must_use]
pub fn marked(
    collection: &Collection,
    mut row: Map<String, Value>,
    mark: &Mark,
) -> Map<String, Value> {
    row.extend(
        mark.attributes(collection)
            .map(|(name, value)| (name.to_owned(), value)),
    );
    row
}

/// The row with another author.
#[must_use]
pub fn of_another_tenant(
    collection: &Collection,
    mut row: Map<String, Value>,
) -> Map<String, Value> {
    let owner = collection.tenant.attribute();
    row.extend(owner.map(|name| (name.to_owned(), json!("another tenant"))));
    row
}

/// The row with an explicit NULL instead of a mark.
#[must_use]
pub fn with_null(collection: &Collection, mut row: Map<String, Value>) -> Map<String, Value> {
    row.insert(collection.marks.deleted_at.clone(), Value::Null);
    row
}

/// The row after its owner has taken it back from this deletion, in each way: the mark attribute is an explicit NULL, or
/// removed, and the rest of the mark is still there.
#[must_use]
pub fn taken_back(
    collection: &Collection,
    row: &Map<String, Value>,
    mark: &Mark,
) -> [Map<String, Value>; 2] {
    let null = with_null(collection, marked(collection, row.clone(), mark));
    let mut absent = null.clone();
    absent.remove(&collection.marks.deleted_at);
    [null, absent]
}

/// The id of a deletion: the n-th, each later than the one before.
#[must_use]
pub fn deletion_id(n: u8) -> DeletionId {
    DeletionId::new(
        uuid::Builder::from_unix_timestamp_millis(1_795_000_000_000 + u64::from(n), &[n; 10])
            .into_uuid(),
    )
}

/// The mark of the n-th deletion.
#[must_use]
pub fn mark(n: u8) -> Mark {
    let deleted_at = start()
        .checked_add(Duration::from_secs(u64::from(n)))
        .unwrap_or_default();
    Mark {
        deleted_at,
        deleted_by: format!("user-{n}"),
        deletion_id: deletion_id(n),
        purge_at: deleted_at.checked_add(RETENTION).ok(),
        written_at: deleted_at,
        adopts: false,
    }
}

/// The n-th deletion, just accepted.
#[must_use]
pub fn deletion(n: u8, collection: &Collection, root: &RecordKey, tenant_name: &str) -> Deletion {
    let mark = mark(n);
    let page = first_page(&collection.name, root, Judged::Live);
    let accepted = Accepted {
        id: mark.deletion_id,
        tenant: tenant(tenant_name),
        requested_by: mark.deleted_by,
        request_id: format!("request-{n}"),
        collection,
        first: Some(&page),
        names: Vec::new(),
        now: mark.deleted_at,
    };
    Deletion::accept(accepted, &timing())
}

/// Page 1 of a deletion: its root.
///
/// # Panics
///
/// When it has no root.
#[must_use]
pub fn root_page(deletion: &Deletion, judged: Judged) -> Page {
    let root = deletion.root.as_ref().expect("a deletion with a root");
    first_page(&deletion.collection, root, judged)
}

fn first_page(collection: &CollectionName, root: &RecordKey, judged: Judged) -> Page {
    let entry = Entry::new(collection.clone(), root.clone(), judged);
    Page {
        number: 1,
        entries: vec![entry],
        next: Some(domain::page::SelectCursor::ROOT),
    }
}

/// The default times of the protocol.
#[must_use]
pub fn timing() -> Timing {
    Timing {
        slice: Duration::from_mins(1),
        grace: Duration::from_secs(30),
        resend_after: Duration::from_mins(2),
        compare_after: Duration::from_mins(10),
        certificate_retention: Duration::from_hours(24 * 3650),
    }
}

/// When to stop trying, by default.
#[must_use]
pub fn patience() -> RetryLimits {
    RetryLimits {
        max_attempts: 5,
        fail_after: Duration::from_hours(24),
    }
}

/// The moment at which samples begin.
#[must_use]
pub fn start() -> Timestamp {
    super::FakeClock::START.parse().unwrap_or_default()
}
