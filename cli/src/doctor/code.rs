//! What can be found: the codes, which scripts rely on. A code is never renamed and keeps its meaning; a new check brings
//! a new one, and a line of `docs/command-line.md`.

use std::fmt;

use serde::{Serialize, Serializer};

/// Declares the codes with their texts, so that no code can be left out of [`Code::ALL`].
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// What was found.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// All of them, for the page that lists them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// As it is written in answers.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

codes! {
    /// The table does not exist.
    TableMissing = "TABLE_MISSING",
    /// The table takes no reads or writes.
    TableNotActive = "TABLE_NOT_ACTIVE",
    /// No row was sampled, so nothing about rows was checked.
    TableEmpty = "TABLE_EMPTY",
    /// The primary key has other attributes than the file says.
    KeyNames = "KEY_NAMES",
    /// A part of the primary key has another type than the file says.
    KeyType = "KEY_TYPE",
    /// No sampled row has a key of the collection's patterns.
    KeyFitsNone = "KEY_FITS_NONE",
    /// Rows whose key is of two patterns of one attribute.
    KeyAmbiguous = "KEY_AMBIGUOUS",
    /// Rows of a table that fit no declared collection.
    RowsUndeclared = "ROWS_UNDECLARED",
    /// An index that the file names does not exist.
    IndexMissing = "INDEX_MISSING",
    /// An index that the file names cannot be asked yet, or any more.
    IndexNotActive = "INDEX_NOT_ACTIVE",
    /// An index that the file names has another key than its use needs.
    IndexKey = "INDEX_KEY",
    /// An index does not hold what its rows are chosen by.
    IndexProjection = "INDEX_PROJECTION",
    /// Whoever reads only the index cannot see the mark.
    IndexWithoutMark = "INDEX_WITHOUT_MARK",
    /// The store removes rows by their age.
    TtlOn = "TTL_ON",
    /// The table's TTL is another attribute than the file says, or off.
    TtlOther = "TTL_OTHER",
    /// Rows have a TTL that is over before they would be purged.
    TtlBeforePurge = "TTL_BEFORE_PURGE",
    /// Others read the changes of the table.
    StreamOn = "STREAM_ON",
    /// The table has no point-in-time recovery.
    NoRecovery = "NO_RECOVERY",
    /// A KMS key encrypts the table, which the functions need.
    KmsKey = "KMS_KEY",
    /// Rows without a tenant.
    TenantMissing = "TENANT_MISSING",
    /// Rows whose tenant is no text.
    TenantNotText = "TENANT_NOT_TEXT",
    /// Rows whose key names the tenant of rows without one.
    TenantIsDefault = "TENANT_IS_DEFAULT",
    /// Rows with a composed text that is not of its pattern.
    PartUnreadable = "PART_UNREADABLE",
    /// Rows that name no parent.
    ParentNotNamed = "PARENT_NOT_NAMED",
    /// Rows whose reference to the parent is no text.
    ParentNotText = "PARENT_NOT_TEXT",
    /// Rows whose parent has no row.
    ParentMissing = "PARENT_MISSING",
    /// Rows whose parent is another tenant's.
    ParentTenant = "PARENT_TENANT",
    /// Rows with something in the place of the mark that is none.
    MarkUnreadable = "MARK_UNREADABLE",
    /// Rows that were marked by somebody else.
    DeletedBeforeUs = "DELETED_BEFORE_US",
    /// Rows that were marked by somebody else, and do not say when.
    AdoptUndated = "ADOPT_UNDATED",
    /// Rows that another program is working on.
    RowBusy = "ROW_BUSY",
    /// Rows of which a mark would replace something that could not be put back.
    MarkNotKept = "MARK_NOT_KEPT",
    /// Rows of which nobody can say whether they are held back.
    HeldUnreadable = "HELD_UNREADABLE",
    /// Live rows without the NULL that the file says they have.
    LiveNotNull = "LIVE_NOT_NULL",
    /// Rows without an author.
    AuthorMissing = "AUTHOR_MISSING",
    /// Rows whose author is no text.
    AuthorNotText = "AUTHOR_NOT_TEXT",
    /// Rows that do not say when they were written.
    TimeUnreadable = "TIME_UNREADABLE",
    /// Rows with another type than a filter compares.
    FilterNotText = "FILTER_NOT_TEXT",
    /// Members of a group without an owner or an age that an index sorts by.
    PromoteUnreadable = "PROMOTE_UNREADABLE",
    /// Rows with a value that is no text, of which one of the parent is computed.
    AggregateNotText = "AGGREGATE_NOT_TEXT",
    /// Links that name no shared record.
    KeptNotNamed = "KEPT_NOT_NAMED",
    /// Links whose shared record has no row.
    KeptMissing = "KEPT_MISSING",
    /// Rows without the version by which a change is seen.
    VersionMissing = "VERSION_MISSING",
    /// Rows whose recipients cannot be read.
    RecipientsUnreadable = "RECIPIENTS_UNREADABLE",
    /// Rows whose key makes no document id.
    DocumentId = "DOCUMENT_ID",
    /// The search index does not exist.
    SearchIndexMissing = "SEARCH_INDEX_MISSING",
    /// The name of the search index is an alias.
    SearchAlias = "SEARCH_ALIAS",
    /// The name of the search index is an alias of several.
    SearchAliasOfSeveral = "SEARCH_ALIAS_OF_SEVERAL",
    /// The search index takes no request without a routing value.
    RoutingRequired = "ROUTING_REQUIRED",
    /// A field that is compared exactly is mapped as a text.
    TextWithoutExact = "TEXT_WITHOUT_EXACT",
    /// A field is mapped as something that it is not.
    FieldType = "FIELD_TYPE",
    /// A field is not mapped.
    FieldUnmapped = "FIELD_UNMAPPED",
    /// Rows whose document is not found by its id.
    DocumentMissing = "DOCUMENT_MISSING",
    /// Documents that lie on another shard than their id says.
    DocumentRouted = "DOCUMENT_ROUTED",
    /// Documents without the tenant or the key of their row.
    DocumentDiffers = "DOCUMENT_DIFFERS",
    /// Documents of marked rows without the mark that a pipeline is said to copy.
    CopyWithoutMark = "COPY_WITHOUT_MARK",
    /// Somebody else decides the versions of the documents.
    ExternalVersions = "EXTERNAL_VERSIONS",
    /// A table looks like one below a declared one, and no file declares it.
    UndeclaredChild = "UNDECLARED_CHILD",
    /// Something could not be read, and was not checked.
    CannotRead = "CANNOT_READ",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
