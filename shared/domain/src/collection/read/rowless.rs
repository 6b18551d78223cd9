//! Records that have no row: what can be said of them, and of what is below them.

use std::collections::BTreeMap;

use super::declared::Declared;
use super::problems::Problems;
use super::tree::Section;
use crate::collection::model::name::CollectionName;
use crate::collection::model::parent::OnDelete;
use crate::collection::model::record::Collection;
use crate::collection::model::tenant::TenantRule;

/// What a collection without rows can say of its records.
const KEYS: [&str; 9] = [
    "table",
    "key",
    "row",
    "tenant",
    "strategy",
    "retention",
    "restore",
    "permissions",
    "missing",
];

/// A row that is not there has no attributes.
pub(super) fn check<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    if !collection.is_rowless {
        return;
    }
    for (name, entry) in section.entries() {
        if !KEYS.contains(&name) {
            let message = "is there, but with `row = \"none\"` there is no row that it could be about; take it out";
            problems.add(entry.place, message);
        }
    }
    let parts = collection.key.parts();
    let by_key = match &collection.tenant {
        TenantRule::Attribute { attribute, .. } => parts.contains(&attribute.as_str()),
        TenantRule::Part { .. } | TenantRule::Fixed(_) => true,
        TenantRule::Parent => false,
    };
    if !by_key {
        let message = "says whose a record is by its row, but with `row = \"none\"` there is none; name a part of the key, or one tenant for all";
        problems.add(section.place_of("tenant"), message);
    }
}

/// What is below a record without a row is deleted as one request for many: in one way, and kept for one time.
pub(super) fn check_below<'a>(
    sound: &BTreeMap<CollectionName, Declared<'a>>,
    problems: &mut Problems<'a>,
) {
    for declared in sound.values() {
        let child = &declared.collection;
        let Some(parent) = &child.parent else {
            continue;
        };
        let above = sound.get(&parent.collection).map(|above| &above.collection);
        let Some(above) = above.filter(|above| above.is_rowless) else {
            continue;
        };
        if matches!(parent.on_delete, OnDelete::Restrict | OnDelete::Detach) {
            let message = format!(
                "is not \"cascade\", but a record of {} has no row: without what is below it nothing is left of it",
                above.name
            );
            problems.add(declared.section.place_of("parent.on_delete"), message);
        }
        if child.tenant == TenantRule::Parent {
            let message = format!(
                "is \"parent\", but a record of {} has no row that says whose it is; name the tenant by a part of the key or an attribute",
                above.name
            );
            problems.add(declared.section.place_of("tenant.from"), message);
        }
        if child.retention != above.retention {
            let message = format!(
                "\"{}\" is not the \"{}\" of {}, which has no row: what is below it is kept as long; write the same",
                child.retention, above.retention, above.name
            );
            problems.add(declared.section.place_of("retention"), message);
        }
        if child
            .aggregates
            .iter()
            .any(|aggregate| aggregate.on == above.name)
        {
            let message = format!(
                "computes a value of {}, which has no row; take it out",
                above.name
            );
            problems.add(declared.section.place_of("aggregates"), message);
        }
    }
}
