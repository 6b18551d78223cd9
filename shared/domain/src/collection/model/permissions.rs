//! What a collection allows: routes and rights. What its file does not allow is denied.

use std::time::Duration;

/// The routes on the records themselves. Deleting, and reading deletions, is always served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Serve {
    /// Get and list.
    pub read: bool,
    /// Full text search; only where there is a document.
    pub search: bool,
    /// Create and replace.
    pub write: bool,
}

/// Who may do what with the records of a collection. An empty list grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// May read live records, and search them.
    pub read: Vec<Grant>,
    /// May create and replace records, where that is served; where the file says nothing, those who may delete.
    pub write: Vec<Grant>,
    /// May delete.
    pub delete: Vec<Grant>,
    /// May restore deleted records, and therefore see that they exist.
    pub restore: Vec<Grant>,
    /// May purge before the time has come, and therefore see the deletion.
    pub purge: Vec<Grant>,
    /// May see the deletions of others; where the file says nothing, the groups in `delete`. Never [`Grant::Author`].
    pub audit: Vec<Grant>,
    /// May delete many records at once. Never [`Grant::Author`].
    pub destroy_all: Vec<Grant>,
    /// How long after [`Filters::time`](crate::collection::Filters::time) an author may still delete and replace a
    /// record as its author.
    pub author_within: Option<Duration>,
    /// Groups that may do nothing, whatever else their members are allowed.
    pub deny: Vec<String>,
}

/// Who has a permission, always inside the record's tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Grant {
    /// Anybody of the tenant.
    Member,
    /// The author of the record.
    Author,
    /// The members of a group.
    Group(String),
}
