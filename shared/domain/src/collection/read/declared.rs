//! What the files say, as far as it could be read: the input of the rules between collections.

use std::collections::BTreeMap;

use super::place::Place;
use super::tree::Section;
use crate::collection::model::name::CollectionName;
use crate::collection::model::record::Collection;

/// A collection without an error of its own, and the places of its keys.
pub(super) struct Declared<'a> {
    pub(super) collection: Collection,
    pub(super) section: Section<'a>,
}

/// Everything that the files say, as far as it could be read.
pub(super) struct Declarations<'a> {
    /// Where each name is declared, also of a collection that has errors of its own: a child of it is not an orphan.
    pub(super) names: BTreeMap<&'a str, Place<'a>>,
    /// The collections without an error of their own.
    pub(super) sound: BTreeMap<CollectionName, Declared<'a>>,
}
