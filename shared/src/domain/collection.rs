//! Collections: the kinds of records that can be deleted, as the files under `collections/` declare them.
//!
//! Every value here has passed the validator: a [`Collection`] only exists inside [`Collections`], and those only come
//! from files without a single error. Code that holds one never checks it again. The keys of the files are described
//! for users in `docs/collections.md`, and a test compares that page with what the parser knows.

mod model;
mod read;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::model::name::{CollectionName, NameError};
pub use self::model::retention::{Retention, RetentionError};
pub use self::model::schedule::ScheduleTemplate;
pub use self::model::template::{ID_BYTES, IdError, IdTemplate};
pub use self::read::effects::{Aggregate, EventSpec, Recipients, Take};
pub use self::read::files::SourceFile;
pub use self::read::parent::{ChildLookup, Keeps, OnDelete, Parent, Promotion};
pub use self::read::permissions::{Grant, Permissions, Serve};
pub use self::read::problems::{CollectionFileError, CollectionFileErrors};
pub use self::read::status::StatusRule;

/// The files that ship with this build: file name and text. `build.rs` finds them.
const COMPILED_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/collections.rs"));

/// All collections of the files. It cannot hold an invalid one, nor two that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collections {
    by_name: BTreeMap<CollectionName, Collection>,
}

/// One kind of record: rows in a DynamoDB table and, where it is searched, documents in an OpenSearch index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// What clients call it: `/v1/{name}`.
    pub name: CollectionName,
    /// The logical table; the configuration maps it to a real name.
    pub table: String,
    /// The attributes of the primary key.
    pub key: KeySchema,
    /// The attribute that must equal the caller's tenant.
    pub tenant: TenantAttribute,
    /// The collection whose deletion reaches this one.
    pub parent: Option<Parent>,
    /// The record that a row of this collection keeps alive, where it is a link.
    pub keeps: Option<Keeps>,
    /// The copy in the search index, where there is one.
    pub document: Option<DocumentSpec>,
    /// What a deletion does with a record.
    pub strategy: Strategy,
    /// How long a deleted record is kept.
    pub retention: Retention,
    /// Whether a deletion can be undone.
    pub restorable: bool,
    /// Whether a live row has the attribute `marks.deleted_at` with an explicit NULL, so that a restore writes it.
    pub live_is_null: bool,
    /// The attribute that grows with each change of a row, where there is one; only with [`Strategy::Archive`].
    pub version: Option<String>,
    /// Who wrote a record, where the rows say so.
    pub author: Option<Author>,
    /// The attributes with a meaning to filters and time limits.
    pub filters: Filters,
    /// The routes on the records themselves.
    pub serve: Serve,
    /// Who may do what. What is not granted is denied.
    pub permissions: Permissions,
    /// The names of the mark's three attributes, in the row and in the document.
    pub marks: MarkNames,
    /// What a delete of an absent record answers.
    pub missing: Missing,
    /// What clients may write into the record's own status.
    pub status: Option<StatusRule>,
    /// The EventBridge Scheduler entry that dies with a record.
    pub schedule: Option<ScheduleTemplate>,
    /// The event of the collection's own.
    pub event: Option<EventSpec>,
    /// Who is told by that event.
    pub recipients: Option<Recipients>,
    /// Values of the parent that are computed from the live records of this collection.
    pub aggregates: Vec<Aggregate>,
}

/// The attributes of a primary key. Both are of type S.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySchema {
    /// The partition key's attribute.
    pub partition: String,
    /// The sort key's attribute, for a two-part key.
    pub sort: Option<String>,
}

/// The attribute that names the owner of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantAttribute {
    /// The attribute of the row and of the document.
    pub attribute: String,
    /// An index whose hash key is that attribute: without it a collection that has no parent cannot be listed.
    pub gsi: Option<String>,
}

/// The copy of a record in the search index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentSpec {
    /// The logical index; the configuration puts a prefix before it.
    pub index: String,
    /// How the document's id is made from the record's key.
    pub id: IdTemplate,
    /// The searched fields. Beside them a document has the tenant, the key and the marks under the row's names.
    pub fields: Vec<String>,
}

/// What a deletion does with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Marked in place, in the row and in the document, and purged after the retention.
    Flag,
    /// Moved to the archive table; the document stays, marked.
    Archive,
    /// Removed at once.
    Erase,
}

/// Who wrote a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The attribute that holds the author's subject claim.
    pub attribute: String,
    /// An index whose hash key is that attribute.
    pub gsi: Option<String>,
}

/// The attributes with a meaning to filters and time limits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filters {
    /// When a record was written: RFC 3339, or seconds or milliseconds. [`Permissions::author_within`] counts from it.
    pub time: Option<String>,
}

/// The names of the mark's attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkNames {
    /// When: RFC 3339 in UTC.
    pub deleted_at: String,
    /// Who: the subject claim.
    pub deleted_by: String,
    /// By which deletion.
    pub deletion_id: String,
}

/// What a delete of an absent record answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// 202 `ALREADY_DELETED`: what should be gone is gone.
    #[default]
    AlreadyDeleted,
    /// 404.
    NotFound,
}

impl Collections {
    /// Reads all files as one declaration.
    ///
    /// # Errors
    ///
    /// All errors of all files at once, each with its file, line and key.
    pub fn from_files(files: &[SourceFile]) -> Result<Self, CollectionFileErrors> {
        read::files::read(files, true).map(|by_name| Self { by_name })
    }

    /// The same where nothing is searched: a collection with documents is an error more, because nobody could keep them.
    ///
    /// # Errors
    ///
    /// All errors of all files at once, each with its file, line and key.
    pub fn from_files_without_search(files: &[SourceFile]) -> Result<Self, CollectionFileErrors> {
        read::files::read(files, false).map(|by_name| Self { by_name })
    }

    /// The files that ship with this build, as `(file name, text)`.
    #[must_use]
    pub fn compiled_in() -> &'static [(&'static str, &'static str)] {
        COMPILED_IN
    }

    /// The collection of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Collection> {
        self.by_name.get(name)
    }

    /// All collections, in name order.
    pub fn iter(&self) -> impl Iterator<Item = &Collection> {
        self.by_name.values()
    }

    /// The collections that a deletion of `parent` deletes too, directly below it: those that name recipients first,
    /// then the others, each in name order. So a pass that goes backwards takes the recipients last, and still finds
    /// them when it tells them of the others.
    pub fn children_of(&self, parent: &CollectionName) -> impl Iterator<Item = &Collection> {
        let mut children: Vec<_> = self
            .below(parent)
            .filter(|(_, on_delete)| on_delete.deletes())
            .map(|(child, _)| child)
            .collect();
        children.sort_by_key(|child| !self.has_recipients(&child.name));
        children.into_iter()
    }

    /// The collections that name `parent` and are not deleted with it, in name order: what a deletion must ask
    /// ([`OnDelete::Restrict`]) or take off the parent ([`OnDelete::Detach`]).
    pub fn attached_to(&self, parent: &CollectionName) -> impl Iterator<Item = &Collection> {
        self.below(parent)
            .filter(|(_, on_delete)| !on_delete.deletes())
            .map(|(child, _)| child)
    }

    /// The collections of links that keep the records of `kept` alive, in name order.
    pub fn keepers_of(&self, kept: &CollectionName) -> impl Iterator<Item = &Collection> {
        self.iter().filter(move |link| {
            link.keeps
                .as_ref()
                .is_some_and(|keeps| keeps.collection == *kept)
        })
    }

    fn below(&self, parent: &CollectionName) -> impl Iterator<Item = (&Collection, OnDelete)> {
        self.iter().filter_map(move |child| {
            let declared = child.parent.as_ref()?;
            (declared.collection == *parent).then_some((child, declared.on_delete))
        })
    }

    /// Whether the rows of this collection are the recipients of another one's events.
    fn has_recipients(&self, name: &CollectionName) -> bool {
        self.iter().any(|other| {
            matches!(&other.recipients, Some(Recipients::Rows { collection, .. }) if collection == name)
        })
    }

    /// The collection above this one.
    #[must_use]
    pub fn parent_of(&self, child: &Collection) -> Option<&Collection> {
        self.get(child.parent.as_ref()?.collection.as_ref())
    }

    /// The collections of one file's text, for tests.
    ///
    /// # Panics
    ///
    /// When the text is not a valid file; the message lists the errors.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn for_tests(text: &str) -> Self {
        let file = SourceFile {
            name: "test.toml".to_owned(),
            text: text.to_owned(),
        };
        Self::from_files(&[file])
            .unwrap_or_else(|errors| unreachable!("invalid collections in a test:\n{errors}"))
    }
}

impl Strategy {
    /// The words of the files.
    const WORDS: [(&'static str, Self); 3] = [
        ("flag", Self::Flag),
        ("archive", Self::Archive),
        ("erase", Self::Erase),
    ];

    /// The word in the files, in answers and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Archive => "archive",
            Self::Erase => "erase",
        }
    }
}

impl Missing {
    /// The words of the files.
    const WORDS: [(&'static str, Self); 2] = [
        ("already_deleted", Self::AlreadyDeleted),
        ("not_found", Self::NotFound),
    ];
}

impl KeySchema {
    /// The attributes, partition first.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.partition.as_str()).chain(self.sort.as_deref())
    }

    /// How many parts the key has: one or two.
    #[must_use]
    pub fn parts(&self) -> usize {
        1 + usize::from(self.sort.is_some())
    }
}

impl Default for MarkNames {
    fn default() -> Self {
        Self {
            deleted_at: "deleted_at".to_owned(),
            deleted_by: "deleted_by".to_owned(),
            deletion_id: "deletion_id".to_owned(),
        }
    }
}

impl MarkNames {
    /// The three names, in the order when, who, by which deletion.
    #[must_use]
    pub fn all(&self) -> [&str; 3] {
        [&self.deleted_at, &self.deleted_by, &self.deletion_id]
    }
}

#[cfg(test)]
mod tests;
