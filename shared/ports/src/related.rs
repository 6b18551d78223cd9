//! Rows that are related to something by their attributes: the children of a record, the links to it, an author's
//! records.
//!
//! An index lags, and may lack attributes that a decision needs. So rows that an index returns are read again from the
//! table, and only those that still have the attributes there are the answer. The engine and the requests each have one
//! function for such queries, and nothing else of them queries a store for rows.

use domain::collection::{ChildLookup, Collection};
use domain::condition::{Condition, Must};
use domain::deletion::DeletionId;
use domain::key::RecordKey;
use domain::page::Position;
use domain::principal::Tenant;
use domain::row::Row;
use domain::scope::{Scope, Source};

use crate::{Fields, RowQuery, Through};

/// How many rows below one record are looked at for one that is held back. One behind them is met when it is to be marked.
pub const LOOKED_FOR_HELD: usize = 5_000;

/// Which rows of a collection are queried.
#[derive(Debug, Clone)]
pub struct Related<'a> {
    collection: &'a Collection,
    through: Through<'a>,
    equals: Vec<(&'a str, &'a str)>,
    /// Parts that the rows are without.
    without: Vec<&'a str>,
    not_marked_by: Option<DeletionId>,
    fields: Fields,
}

impl<'a> Related<'a> {
    /// Rows whose attributes or parts `by` have these values, in the same order; `None` for one that they are without.
    #[must_use]
    pub fn by(
        collection: &'a Collection,
        lookup: &'a ChildLookup,
        by: &'a [String],
        values: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Self {
        let (mut equals, mut without) = (Vec::new(), Vec::new());
        for (name, value) in by.iter().zip(values) {
            match value {
                Some(value) => equals.push((name.as_str(), value)),
                None => without.push(name.as_str()),
            }
        }
        let through = match lookup {
            ChildLookup::Table => {
                // The partition attribute first, as `RowQuery::equals` requires.
                equals.sort_by_key(|(name, _)| collection.behind(name) != collection.key.partition);
                Through::Table
            }
            ChildLookup::Index(index) => Through::Index(index),
        };
        Self {
            through,
            equals,
            without,
            ..Self::over(collection, "", "", "")
        }
    }

    /// The rows of a collection that reference this parent; `None` where the collection declares no parent.
    #[must_use]
    pub fn children(collection: &'a Collection, parent: &'a RecordKey) -> Option<Self> {
        let link = collection.parent.as_ref()?;
        let values = link.of.values(&link.by, parent);
        Some(Self::by(collection, &link.lookup, &link.by, values))
    }

    /// Rows whose attribute has this value, through an index.
    #[must_use]
    pub fn over(
        collection: &'a Collection,
        index: &'a str,
        attribute: &'a str,
        value: &'a str,
    ) -> Self {
        Self {
            collection,
            through: Through::Index(index),
            equals: vec![(attribute, value)],
            without: Vec::new(),
            not_marked_by: None,
            fields: Fields::Judged,
        }
    }

    /// The rows of one collection that a scope without a root lists other than by key; `None` where it lists none of that
    /// collection, or no query finds them.
    /// Every caller must ask of each row whether it meets the conditions of the scope: a query asks for some of them.
    #[must_use]
    pub fn listed(
        collection: &'a Collection,
        scope: &'a Scope,
        tenant: &'a Tenant,
    ) -> Option<Self> {
        let only = scope.only.get(&collection.name);
        let parent = only.and_then(|only| only.parent.as_ref());
        let listed = match (&scope.source, parent) {
            (Source::Root | Source::Ids { .. }, _) => None,
            (Source::Author { collections, .. } | Source::Matching { collections }, _)
                if !collections.contains(&collection.name) =>
            {
                None
            }
            (Source::Author { author, .. }, _) => {
                let declared = collection.author.as_ref()?;
                let index = declared.gsi.as_ref()?;
                Some(Self::over(collection, index, &declared.attribute, author))
            }
            (Source::Matching { .. }, Some(parent)) => Self::children(collection, parent),
            (Source::Matching { .. }, None) => {
                let (index, attribute) = collection.tenant.index()?;
                Some(Self::over(collection, index, attribute, tenant.as_str()))
            }
        };
        let filters = only.map_or(&[][..], |only| &only.filters);
        listed.map(|listed| listed.asked_by(filters))
    }

    /// Only those that may meet these conditions: the table is asked for the texts of parts of the key, so that other rows
    /// are not read. Every caller must ask of each row whether it meets them.
    #[must_use]
    pub fn asked_by(mut self, filters: &'a [Condition]) -> Self {
        for filter in filters {
            let name = filter.attribute.as_str();
            let is_known = self.equals.iter().any(|(known, _)| *known == name);
            if let Must::Be(text) = &filter.must
                && self.collection.is_part_of_key(name)
                && !is_known
                && matches!(self.through, Through::Table)
            {
                self.equals.push((name, text));
            }
        }
        self
    }

    /// Without those that carry the mark of this deletion.
    #[must_use]
    pub fn not_marked_by(mut self, deletion: DeletionId) -> Self {
        self.not_marked_by = Some(deletion);
        self
    }

    /// With these attributes, in place of [`Fields::Judged`].
    #[must_use]
    pub fn with(mut self, fields: Fields) -> Self {
        self.fields = fields;
        self
    }

    /// The collection of the rows.
    #[must_use]
    pub fn collection(&self) -> &'a Collection {
        self.collection
    }

    /// Which attributes are read.
    #[must_use]
    pub fn fields(&self) -> Fields {
        self.fields
    }

    /// The query for some of the rows, from `after` on.
    #[must_use]
    pub fn query<'q>(&'q self, after: Option<&'q Position>, limit: usize) -> RowQuery<'q> {
        RowQuery {
            collection: self.collection,
            through: self.through,
            equals: &self.equals,
            after,
            limit,
            not_marked_by: self.not_marked_by,
            fields: self.fields,
        }
    }

    /// Whether the rows that a query has returned must be read again from the table.
    #[must_use]
    pub fn is_over_an_index(&self) -> bool {
        matches!(self.through, Through::Index(_))
    }

    /// Whether a row, as the table has it, is one of those that are queried.
    #[must_use]
    pub fn has(&self, row: &Row) -> bool {
        let is_marked = self
            .not_marked_by
            .is_some_and(|deletion| row.mark(self.collection).is_of(deletion));
        let part = |name: &str| row.part(self.collection, name);
        let mut equals = self.equals.iter();
        let mut without = self.without.iter();
        !is_marked
            && equals.all(|equal| row.may_have(self.collection, &self.equals, *equal))
            && without.all(|name| part(name).is_none())
    }
}
