//! All collections of a deployment, and the relations between them.

use std::collections::BTreeMap;

use super::effects::Recipients;
use super::name::CollectionName;
use super::parent::OnDelete;
use super::record::Collection;
use crate::key::{RecordId, RecordKey};
use crate::principal::Tenant;

/// All collections of the files. It cannot hold an invalid one, nor two that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collections {
    by_name: BTreeMap<CollectionName, Collection>,
}

impl Collections {
    /// These collections, which the reader of the files has found to be valid together.
    pub(in crate::collection) fn of(by_name: BTreeMap<CollectionName, Collection>) -> Self {
        Self { by_name }
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

    /// What clients call a record. One of a collection that is not declared any more is called by its whole key.
    #[must_use]
    pub fn id_of(&self, name: &CollectionName, key: &RecordKey) -> RecordId {
        match self.get(name.as_ref()) {
            Some(collection) => collection.id_of(key),
            None => RecordId::new(&key.partition, key.sort.as_deref()),
        }
    }

    /// What clients call the parent of records of a collection.
    #[must_use]
    pub fn id_of_parent(&self, child: &CollectionName, parent: &RecordKey) -> RecordId {
        let declared = self.get(child.as_ref());
        let above = declared.and_then(|child| child.parent.as_ref());
        self.id_of(above.map_or(child, |above| &above.collection), parent)
    }

    /// The tenant of all records, where the tables know no tenants.
    #[must_use]
    pub fn fixed_tenant(&self) -> Option<&Tenant> {
        self.iter().find_map(|collection| collection.tenant.fixed())
    }

    /// Whether a deletion of records of these collections reaches documents. Of one that is not declared (any more),
    /// nobody knows.
    pub fn reach_documents<'a>(
        &'a self,
        requested: impl IntoIterator<Item = &'a CollectionName>,
    ) -> bool {
        let mut open: Vec<&CollectionName> = requested.into_iter().collect();
        while let Some(name) = open.pop() {
            let Some(collection) = self.get(name.as_ref()) else {
                return true;
            };
            if collection.document.is_some() {
                return true;
            }
            open.extend(self.children_of(name).map(|child| &child.name));
            open.extend(collection.keeps.iter().map(|keeps| &keeps.collection));
        }
        false
    }

    /// The attributes of a collection's rows that are computed from the records below them.
    #[must_use]
    pub fn computed_attributes(&self, name: &CollectionName) -> Vec<&str> {
        let aggregates = self.iter().flat_map(|child| &child.aggregates);
        aggregates
            .filter(|aggregate| aggregate.on == *name)
            .flat_map(|aggregate| aggregate.set.keys().map(String::as_str))
            .collect()
    }

    /// The collections that a deletion of `parent` deletes too, directly below it: first those whose rows are
    /// recipients, then the others, each in name order. So a pass that runs backwards does the recipients last, and
    /// still finds them when it publishes the events of the others.
    pub fn children_of(&self, parent: &CollectionName) -> impl Iterator<Item = &Collection> {
        let mut children: Vec<_> = self
            .below(parent)
            .filter(|(_, on_delete)| on_delete.deletes())
            .map(|(child, _)| child)
            .collect();
        children.sort_by_key(|child| !self.has_recipients(&child.name));
        children.into_iter()
    }

    /// The collections that declare `parent` as their parent and are not deleted with it, in name order: those that a
    /// deletion must check ([`OnDelete::Restrict`]) or detach from the parent ([`OnDelete::Detach`]).
    pub fn attached_to(&self, parent: &CollectionName) -> impl Iterator<Item = &Collection> {
        self.below(parent)
            .filter(|(_, on_delete)| !on_delete.deletes())
            .map(|(child, _)| child)
    }

    /// The collections whose live records keep a record of `parent` from being deleted, in name order.
    pub fn restricting(&self, parent: &CollectionName) -> impl Iterator<Item = &Collection> {
        self.below(parent)
            .filter(|(_, on_delete)| *on_delete == OnDelete::Restrict)
            .map(|(child, _)| child)
    }

    /// The collections of links that keep the records of `kept` alive, in name order.
    pub fn link_collections_of(&self, kept: &CollectionName) -> impl Iterator<Item = &Collection> {
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

    /// The collection above this one, if it has rows.
    #[must_use]
    pub fn parent_of(&self, child: &Collection) -> Option<&Collection> {
        let above = self.declared_parent_of(child);
        above.filter(|above| !above.is_rowless)
    }

    /// The collection above this one, whether it has rows or not.
    #[must_use]
    pub fn declared_parent_of(&self, child: &Collection) -> Option<&Collection> {
        self.get(child.parent.as_ref()?.collection.as_ref())
    }
}
