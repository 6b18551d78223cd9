//! What a deletion covers, and the policy that was in force when it was accepted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::collection::{Collection, CollectionName, Collections};

/// Frozen at acceptance, written once: a changed collections file changes nothing for a deletion that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The strategy's name; `flag` is the only one this version writes.
    pub strategy: String,
    /// For each collection that the cascade reaches: the collections below it, in name order.
    pub cascade: BTreeMap<CollectionName, Vec<CollectionName>>,
}

impl Scope {
    /// The scope "one root and all below it", as the files stand now.
    #[must_use]
    pub fn below(root: &Collection, collections: &Collections) -> Self {
        let mut cascade = BTreeMap::new();
        let mut open = vec![root.name.clone()];
        while let Some(name) = open.pop() {
            let children: Vec<_> = collections
                .children_of(&name)
                .map(|child| child.name.clone())
                .collect();
            open.extend(children.iter().cloned());
            if !children.is_empty() {
                cascade.insert(name, children);
            }
        }
        Self {
            strategy: "flag".to_owned(),
            cascade,
        }
    }

    /// The collections directly below this one.
    #[must_use]
    pub fn children_of(&self, collection: &CollectionName) -> &[CollectionName] {
        self.cascade.get(collection).map_or(&[], Vec::as_slice)
    }
}
