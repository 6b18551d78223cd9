//! What is above a collection: the parent that it references, and the record that its rows keep alive.

use super::key_schema::KeySchema;
use super::name::CollectionName;
use super::tenant::TenantRule;
use crate::key::{RecordKey, value_of};
use crate::principal::Tenant;

/// The upper end of a relation, as the child declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The parent's collection.
    pub collection: CollectionName,
    /// The child's attributes or parts that hold the parent's key: as many, and in the order, as the parent's key has
    /// parts; without the one that is the tenant, if they are one less.
    pub by: Vec<String>,
    /// What the parent's key is made of.
    pub of: Referenced,
    /// What the parent's deletion does with the child.
    pub on_delete: OnDelete,
    /// Where the children of one parent are found.
    pub lookup: ChildLookup,
    /// Whether a row must reference a parent: with `false`, a row without the attributes of `by` has no parent and may
    /// be live; with `true` it is not.
    pub required: bool,
    /// How a group of records gets a new owner; present only with [`OnDelete::Promote`], and always with it.
    pub promote: Option<Promotion>,
}

/// Where the rows that reference one other record are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildLookup {
    /// In the rows' table itself: `by` contains its partition attribute.
    Table,
    /// Through this index of the rows' table. Its hash key is `by[0]`; rows that it finds are read again on the table.
    Index(String),
}

/// What the parent's deletion does with a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// The child is deleted with it, by the same deletion.
    Cascade,
    /// The parent is not deleted while it has a live child.
    Restrict,
    /// The child stays, and references no parent any more: the attributes of `by` are removed from its row.
    Detach,
    /// Like [`OnDelete::Cascade`]; and if a deleted child was the owner of a group, the oldest remaining member becomes
    /// the owner, see [`Promotion`].
    Promote,
}

impl OnDelete {
    /// Whether the parent's deletion deletes the child too.
    #[must_use]
    pub fn deletes(self) -> bool {
        matches!(self, Self::Cascade | Self::Promote)
    }
}

/// Groups inside one collection: each member references the owner of its group; the owner references no one.
///
/// Whenever a record is deleted, alone or with its parent, the live rows that reference it get a new owner: the first
/// of them by `by` loses its `owner` attribute, the others reference that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// The attribute of a member that holds the last part of its owner's key. In a table with a sort key the owner
    /// has the member's partition.
    pub owner: String,
    /// The attribute that decides which member is the oldest: the smallest value.
    pub by: String,
    /// The index that finds the members: its hash key is `owner`, its sort key is `by`.
    pub gsi: String,
}

/// A link: a row that keeps another record alive. The record is deleted with the last live link to it, in whichever
/// collection that link is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeps {
    /// The collection of the record that is kept.
    pub collection: CollectionName,
    /// The link's attributes that hold that record's key: as many, and in the order, as that key has parts.
    pub by: Vec<String>,
    /// What that key is made of.
    pub of: Referenced,
    /// Where all links of this collection to one record are found.
    pub lookup: ChildLookup,
}

/// The key of a collection, as another one references it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referenced {
    /// Its attributes and their forms.
    pub key: KeySchema,
    /// Whether its records have rows that say whether they are there.
    pub is_rowless: bool,
    /// Whose its records are: a part that is the tenant need not be in the reference.
    pub tenant: TenantRule,
}

impl Referenced {
    /// The parts that `by` holds, in its order.
    #[must_use]
    pub fn parts(&self, by: &[String]) -> Vec<&str> {
        let mut parts = self.key.parts();
        if let TenantRule::Part { name, .. } = &self.tenant
            && by.len() < parts.len()
        {
            parts.retain(|part| part != name);
        }
        parts
    }

    /// Whether the key is `by` and the tenant, which `by` does not hold.
    #[must_use]
    pub fn needs_tenant(&self, by: &[String]) -> bool {
        self.parts(by).len() < self.key.parts().len()
    }

    /// The key that is referenced by these values of `by`, for this tenant; `None` where something of it is missing.
    pub fn key<'v>(
        &self,
        by: &[String],
        tenant: &'v Tenant,
        value: impl Fn(&str) -> Option<&'v str>,
    ) -> Option<RecordKey> {
        let parts = self.parts(by);
        let part = |name: &str| match parts.iter().position(|part| *part == name) {
            Some(place) => value(by.get(place)?),
            None => self.tenant.value_of(name, tenant).flatten(),
        };
        RecordKey::of_parts(&self.key, part).ok().flatten()
    }

    /// What `by` holds in a row that references this key, in its order; `None` for a part that the key is without.
    #[must_use]
    pub fn values<'k>(&self, by: &[String], key: &'k RecordKey) -> Vec<Option<&'k str>> {
        let read = key.read(&self.key).unwrap_or_default();
        let parts = self.parts(by).into_iter();
        parts.map(|part| value_of(&read, part)).collect()
    }
}
