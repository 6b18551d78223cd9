//! What a deletion covers, according to the files when it was accepted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::collection::{Collection, CollectionName, Collections};
use crate::narrowing::Narrowing;
use crate::only::Only;
use crate::permission::{Action, Right, right};
use crate::principal::{Principal, Tenant};
use crate::row::Row;

/// Frozen at acceptance, written once: a changed collections file does not affect a deletion that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// What it requests itself; everything below that is covered too.
    #[serde(default)]
    pub source: Source,
    /// For each collection that the cascade reaches: the collections below it, in name order.
    pub cascade: BTreeMap<CollectionName, Vec<CollectionName>>,
    /// For each collection of links that it requests or reaches: the collection whose records the links keep alive.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keeps: BTreeMap<CollectionName, CollectionName>,
    /// By collection: the conditions that a record which the source lists must meet, beside belonging to the tenant. A
    /// record that does not meet them counts as absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub only: BTreeMap<CollectionName, Only>,
    /// What the requester may read, for the collections whose events have recipients: the requester is one of them, if
    /// it may see what is deleted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reads: BTreeMap<CollectionName, Reads>,
    /// The filters of the request, as they are shown; what they ask of rows is in `only`.
    #[serde(default, skip_serializing_if = "Narrowing::is_empty")]
    pub filters: Narrowing,
}

/// What a caller may read of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// All of the tenant's records.
    All,
    /// Those that the caller wrote.
    Own,
}

/// What a scope starts from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// One record: the only one of page 1.
    #[default]
    Root,
    /// Records of the deletion's collection by key, in parts `I#1`, `I#2`, ….
    Ids {
        /// How many parts there are.
        parts: u32,
        /// How many ids there are.
        #[serde(default)]
        count: usize,
    },
    /// The records that an author wrote before the request, in these collections.
    Author {
        /// The author's subject.
        author: String,
        /// The collections, in the order in which they are selected.
        collections: Vec<CollectionName>,
    },
    /// The live records that meet the conditions, in these collections: below one parent where the conditions name one,
    /// and otherwise of the tenant.
    Matching {
        /// The collections, in the order in which they are selected.
        collections: Vec<CollectionName>,
    },
}

impl Scope {
    /// The scope "one root and all below it", according to the present files.
    #[must_use]
    pub fn below(root: &Collection, collections: &Collections) -> Self {
        Self::of(Source::Root, [&root.name], collections)
    }

    /// The scope "what this source lists, in these collections, and all below it", according to the present files.
    pub fn of<'a>(
        source: Source,
        named: impl IntoIterator<Item = &'a CollectionName>,
        collections: &Collections,
    ) -> Self {
        let (mut cascade, mut keeps) = (BTreeMap::new(), BTreeMap::new());
        let mut open: Vec<CollectionName> = named.into_iter().cloned().collect();
        while let Some(name) = open.pop() {
            let children: Vec<_> = collections
                .children_of(&name)
                .map(|child| child.name.clone())
                .collect();
            open.extend(children.iter().cloned());
            let link = collections.get(name.as_ref());
            if let Some(kept) = link.and_then(|link| link.keeps.as_ref()) {
                keeps.insert(name.clone(), kept.collection.clone());
            }
            if !children.is_empty() {
                cascade.insert(name, children);
            }
        }
        Self {
            source,
            cascade,
            keeps,
            only: BTreeMap::new(),
            reads: BTreeMap::new(),
            filters: Narrowing::default(),
        }
    }

    /// With what the requester may read of the collections that it requests or reaches.
    #[must_use]
    pub fn asked_by<'a>(
        mut self,
        requester: &Principal,
        named: impl IntoIterator<Item = &'a CollectionName>,
        collections: &Collections,
    ) -> Self {
        let mut reached: Vec<CollectionName> = named.into_iter().cloned().collect();
        reached.extend(self.cascade.values().flatten().cloned());
        reached.extend(self.keeps.values().cloned());
        let all = reached
            .iter()
            .filter_map(|name| collections.get(name.as_ref()));
        let reads = |collection: &Collection| match right(requester, collection, Action::Read) {
            Right::Always => Some(Reads::All),
            Right::OwnOnly => Some(Reads::Own),
            Right::Never => None,
        };
        self.reads = all
            .filter(|collection| collection.recipients.is_some())
            .filter_map(|collection| Some((collection.name.clone(), reads(collection)?)))
            .collect();
        self
    }

    /// The collections directly below this one.
    #[must_use]
    pub fn children_of(&self, collection: &CollectionName) -> &[CollectionName] {
        self.cascade.get(collection).map_or(&[], Vec::as_slice)
    }

    /// The collections that it requests itself, where it has no root. `asked` is the collection in the path of the
    /// request.
    #[must_use]
    pub fn names(&self, asked: &CollectionName) -> Vec<CollectionName> {
        match &self.source {
            Source::Root => Vec::new(),
            Source::Ids { .. } => vec![asked.clone()],
            Source::Author { collections, .. } | Source::Matching { collections } => {
                collections.clone()
            }
        }
    }

    /// Whether a build that knows no filters would delete more than was asked for.
    #[must_use]
    pub fn needs_filters(&self) -> bool {
        matches!(self.source, Source::Matching { .. })
            || self.only.values().any(|only| !only.filters.is_empty())
    }

    /// Whether a row is this tenant's and meets the conditions.
    #[must_use]
    pub fn means(&self, tenant: &Tenant, collection: &Collection, row: &Row) -> bool {
        let only = self.only.get(&collection.name);
        row.is_of(tenant, collection) && only.is_none_or(|only| only.holds(row, collection, tenant))
    }

    /// Whether there may be more records than those that it lists.
    #[must_use]
    pub fn reaches_more(&self) -> bool {
        !self.cascade.is_empty() || !self.keeps.is_empty()
    }

    /// Whether records of this collection are deleted because no live link references them any more, and not because
    /// they are requested. `asked` is the collection in the path of the request.
    #[must_use]
    pub fn is_deleted_with_links(
        &self,
        collection: &CollectionName,
        asked: &CollectionName,
    ) -> bool {
        let is_named = match &self.source {
            Source::Root | Source::Ids { .. } => collection == asked,
            Source::Author { collections, .. } | Source::Matching { collections } => {
                collections.contains(collection)
            }
        };
        !is_named && self.keeps.values().any(|kept| kept == collection)
    }
}
