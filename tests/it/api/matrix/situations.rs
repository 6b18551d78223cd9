//! What is there: one record that is asked for, in each situation, among others that are always live.

use std::sync::{Arc, OnceLock};

use domain::collection::Collections;
use domain::key::RecordKey;
use serde_json::{Map, Value, json};
use testing::samples::{self, key, key2};

use super::callers::FORM;
use crate::api::event::Event;
use crate::api::world::World;

/// Books are found through indexes of the tenant and of the author; leaves name their book in their key, margins in an
/// attribute; only admins may do anything to safes.
const DECLARED: &str = r#"
[books]
table       = "books"
key         = ["book_id"]
tenant      = { attribute = "realm", gsi = "by_realm" }
document    = { index = "books", id = "{book_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
serve       = ["read", "search", "write"]
permissions = { RIGHTS }

[leaves]
table       = "leaves"
key         = ["book_id", "leaf_id"]
tenant      = "realm"
parent      = { collection = "books", by = ["book_id"], on_delete = "cascade" }
document    = { index = "leaves", id = "{book_id}\u001f{leaf_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = "writer"
serve       = ["read", "search", "write"]
permissions = { RIGHTS }

[margins]
table       = "margins"
key         = ["margin_id"]
tenant      = "realm"
parent      = { collection = "books", by = ["book_id"], gsi = "by_book", on_delete = "cascade" }
document    = { index = "margins", id = "{margin_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = "writer"
serve       = ["read", "search", "write"]
permissions = { RIGHTS }

[safes]
table       = "safes"
key         = ["safe_id"]
tenant      = { attribute = "realm", gsi = "by_realm" }
document    = { index = "safes", id = "{safe_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
serve       = ["read", "search", "write"]
permissions = { read = ["admin"], write = ["admin"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"], deny = ["guest"] }
"#;

const RIGHTS: &str = r#"read = ["admin", "readers", "author"], write = ["admin", "author"], delete = ["admin", "author"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"], deny = ["guest"]"#;

/// The record's own part of its key, and the book above it.
pub(super) const RECORD: &str = "x";
pub(super) const BOOK: &str = "p";

/// A deletion's id that is nobody's.
pub(super) const UNKNOWN: &str = "01a1fce7-9d80-7c3a-9f21-5b0e4d8a7c16";

/// When requests are made, whatever happened before.
const THEN: &str = "2026-11-21T09:00:00.000Z";

/// The record that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Record {
    Absent,
    /// Live, and somebody's.
    Of(&'static str),
    /// Another tenant's.
    Foreign,
    /// Somebody's, and deleted by an admin; its document is not marked yet.
    Marked(&'static str),
    /// Ann's, and deleted by herself.
    MarkedByAuthor,
    /// Another tenant's, deleted there.
    ForeignMarked,
}

pub(super) const RECORDS: [Record; 8] = [
    Record::Absent,
    Record::Of("ann"),
    Record::Of("bob"),
    Record::Foreign,
    Record::Marked("ann"),
    Record::Marked("bob"),
    Record::MarkedByAuthor,
    Record::ForeignMarked,
];

impl Record {
    /// Whose it is, of the tenant that asks.
    pub(super) fn author(self) -> Option<&'static str> {
        match self {
            Self::Absent | Self::Foreign | Self::ForeignMarked => None,
            Self::Of(author) | Self::Marked(author) => Some(author),
            Self::MarkedByAuthor => Some("ann"),
        }
    }

    /// Whether there is a situation with it where something else is above it.
    pub(super) fn is_told_apart(self) -> bool {
        !matches!(
            self,
            Self::Marked("ann") | Self::MarkedByAuthor | Self::ForeignMarked
        )
    }

    fn is_foreign(self) -> bool {
        matches!(self, Self::Foreign | Self::ForeignMarked)
    }
}

/// The book above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Above {
    Live,
    Marked,
    Absent,
    Foreign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Situation {
    pub(super) collection: &'static str,
    pub(super) above: Above,
    pub(super) record: Record,
}

pub(super) fn all() -> Vec<Situation> {
    let mut all = Vec::new();
    for collection in ["books", "leaves", "margins", "safes"] {
        for above in [Above::Live, Above::Marked, Above::Absent, Above::Foreign] {
            // Nothing is above the others.
            if above == Above::Live || ["leaves", "margins"].contains(&collection) {
                // Where something else is above, that one matters, and not who has deleted the record.
                let records = RECORDS.into_iter();
                let some = records.filter(|record| above == Above::Live || record.is_told_apart());
                all.extend(some.map(|record| Situation {
                    collection,
                    above,
                    record,
                }));
            }
        }
    }
    all
}

/// A world in a situation, and the deletion of the record.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) deletion: String,
}

impl Situation {
    /// Whether there is a book above the record.
    pub(super) fn is_below(self) -> bool {
        ["leaves", "margins"].contains(&self.collection)
    }

    fn key(self, own: &str) -> RecordKey {
        match self.collection {
            "leaves" => key2(BOOK, own),
            _ => key(own),
        }
    }

    /// The path of the record, and of what lists its kind.
    pub(super) fn paths(self) -> (String, String) {
        let Self { collection, .. } = self;
        match collection {
            "leaves" => (
                format!("/v1/{collection}/{BOOK}/{RECORD}"),
                format!("/v1/{collection}?id={BOOK}&sort={RECORD}"),
            ),
            _ => (
                format!("/v1/{collection}/{RECORD}"),
                format!("/v1/{collection}?id={RECORD}"),
            ),
        }
    }

    fn row(self, world: &World, own: &str, tenant: &str, author: &str) -> Map<String, Value> {
        let collection = world.collection(self.collection);
        let mut row = samples::row(collection, &self.key(own), tenant);
        row.insert("writer".to_owned(), json!(author));
        if self.collection == "margins" {
            row.insert("book_id".to_owned(), json!(BOOK));
        }
        row
    }

    pub(super) async fn stage(self) -> Stage {
        static COLLECTIONS: OnceLock<Arc<Collections>> = OnceLock::new();
        let collections = COLLECTIONS
            .get_or_init(|| Arc::new(Collections::for_tests(&DECLARED.replace("RIGHTS", RIGHTS))));
        let mut world = World::of(collections);
        world.groups_form = FORM;
        let books = world.collection("books");
        let book = |tenant: &str| samples::row(books, &key(BOOK), tenant);
        if self.above != Above::Foreign {
            world.put_row("books", book("acme"));
        }
        // Before it: it is the last one of a list, and the first one of a search.
        for (own, author) in [("b", "bob"), ("m", "ann")] {
            world.put_row(self.collection, self.row(&world, own, "acme", author));
        }
        let tenant = if self.record.is_foreign() {
            "globex"
        } else {
            "acme"
        };
        // Worlds have the same past: where nothing of this tenant is deleted, another one deletes something.
        let (by, tenant_of_by) = match self.record {
            Record::Absent | Record::Of(_) | Record::Foreign => ("gus", "globex"),
            Record::Marked(_) => ("boss", tenant),
            Record::MarkedByAuthor => ("ann", tenant),
            Record::ForeignMarked => ("gus", tenant),
        };
        world.put_of("globex", "books", &key("elsewhere"));
        if self.record != Record::Absent {
            let author = self.record.author().unwrap_or("ann");
            world.put_row(self.collection, self.row(&world, RECORD, tenant, author));
        }
        let is_marked = matches!(
            self.record,
            Record::Marked(_) | Record::MarkedByAuthor | Record::ForeignMarked
        );
        let target = if is_marked {
            self.paths().0
        } else {
            "/v1/books/elsewhere".to_owned()
        };
        let before = world
            .rows
            .get(world.collection(self.collection), &self.key(RECORD));
        let event = Event::new("DELETE", &target).by(by, tenant_of_by, "[admin]");
        let answer = world.call(event).await;
        let deletion = answer.body["deletion"]["id"].as_str();
        let deletion = deletion.expect("it is accepted").to_owned();
        world.deliver_all_to_the_end().await;
        if let Some(before) = before.filter(|_| is_marked) {
            self.lag(&world, &before);
        }
        match self.above {
            Above::Live => {}
            Above::Marked => {
                // Accepted, and no more: what is below it carries no mark.
                let target = format!("/v1/books/{BOOK}");
                let event = Event::new("DELETE", &target).by("boss", "acme", "[admin]");
                assert_eq!(world.call(event).await.code(), "PENDING_DELETE");
            }
            Above::Absent => world.rows.remove(books, &key(BOOK)),
            Above::Foreign => world.put_row("books", book("globex")),
        }
        world.clock.set(THEN.parse().expect("a moment"));
        Stage { world, deletion }
    }

    /// The index shows the record as it was before.
    fn lag(self, world: &World, row: &Map<String, Value>) {
        let collection = world.collection(self.collection);
        for id in world.documents.ids(collection) {
            let of_record = id == RECORD || id.ends_with(&format!("\u{1f}{RECORD}"));
            if of_record {
                world.documents.put(collection, &id, row.clone());
            }
        }
    }
}

impl Stage {
    /// All that a request could have changed.
    pub(super) fn stored(&self) -> String {
        let world = &self.world;
        let rows: Vec<_> = world
            .everything()
            .into_iter()
            .map(|(name, key)| (world.row(&name, &key), name, key))
            .collect();
        let deletions = world.deletions.all();
        format!("{rows:?} {deletions:?} {}", world.queue.len())
    }
}
