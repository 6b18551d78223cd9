//! Collections: the kinds of records that can be deleted, as the files under `collections/` declare them.
//!
//! Every value here has passed the validator: a [`Collection`] only exists inside [`Collections`], and those only come
//! from files without a single error. Code that holds one never checks it again. The keys of the files are described
//! for users in `docs/collections.md`, and a test compares that page with what the parser knows.

mod cascade;
mod consistency;
mod declaration;
mod files;
mod keys;
mod name;
mod permissions;
mod problems;
mod reader;
mod retention;
mod shape;
mod template;
mod words;

use std::collections::BTreeMap;

pub use files::SourceFile;
pub use name::{CollectionName, NameError};
pub use problems::{CollectionFileError, CollectionFileErrors};
pub use retention::{Retention, RetentionError};
pub use template::{ID_BYTES, IdError, IdTemplate};

/// The files that ship with this build: file name and text.
const COMPILED_IN: &[(&str, &str)] =
    &[("mail.toml", include_str!("../../../collections/mail.toml"))];

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
    /// The copy in the search index, where there is one.
    pub document: Option<DocumentSpec>,
    /// What a deletion does with a record.
    pub strategy: Strategy,
    /// How long a deleted record is kept.
    pub retention: Retention,
    /// Who wrote a record, where the rows say so.
    pub author: Option<Author>,
    /// The routes on the records themselves.
    pub serve: Serve,
    /// Who may do what. What is not granted is denied.
    pub permissions: Permissions,
    /// The names of the mark's three attributes, in the row and in the document.
    pub marks: MarkNames,
    /// What a delete of an absent record answers.
    pub missing: Missing,
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

/// The upper end of a cascade, as the child declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The parent's collection.
    pub collection: CollectionName,
    /// The child's attributes that hold the parent's key: as many, and in the order, as the parent's key has parts.
    pub by: Vec<String>,
    /// What the parent's deletion does with the child.
    pub on_delete: OnDelete,
    /// Where the children of one parent are found.
    pub lookup: ChildLookup,
    /// Whether a row must name a parent: with `false`, a row without the attributes of `by` has no parent and may be
    /// live; with `true` it is not.
    pub required: bool,
}

/// Where the children of one parent are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildLookup {
    /// In the child's table itself: `by` contains its partition attribute.
    Table,
    /// Over this index of the child's table. Its hash key is `by[0]`; what it finds is read again on the table.
    Index(String),
}

/// What the parent's deletion does with a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// The child is deleted with it, by the same deletion.
    Cascade,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Marked in place, in the row and in the document, and purged after the retention.
    Flag,
}

/// Who wrote a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The attribute that holds the author's subject claim.
    pub attribute: String,
    /// An index whose hash key is that attribute.
    pub gsi: Option<String>,
}

/// The routes on the records themselves. Deleting and looking at deletions is always served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Serve {
    /// Get and list.
    pub read: bool,
    /// Full text search; only where there is a document.
    pub search: bool,
}

/// Who may do what with the records of a collection. An empty list means nobody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// May read live records, and search them.
    pub read: Vec<Grant>,
    /// May delete.
    pub delete: Vec<Grant>,
    /// May restore what was deleted, and therefore see that it is there.
    pub restore: Vec<Grant>,
    /// May purge before the time has come, and therefore see the deletion.
    pub purge: Vec<Grant>,
    /// May see the deletions of others; where the file says nothing, the groups in `delete`. Never [`Grant::Author`].
    pub audit: Vec<Grant>,
    /// Groups that may do nothing, whatever else they are. The key is refused as not supported yet, so this is empty.
    pub deny: Vec<String>,
}

/// Whom a permission is given to, always inside the record's tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Grant {
    /// Anybody of the tenant.
    Member,
    /// The author of the record.
    Author,
    /// The members of a group.
    Group(String),
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
        files::read(files).map(|by_name| Self { by_name })
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

    /// The collections that a deletion of `parent` reaches directly, in name order.
    pub fn children_of(&self, parent: &CollectionName) -> impl Iterator<Item = &Collection> {
        self.iter().filter(move |child| {
            child
                .parent
                .as_ref()
                .is_some_and(|declared| declared.collection == *parent)
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
