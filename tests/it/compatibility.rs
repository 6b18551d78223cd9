//! What version 1 wrote is read for ever: messages, deletions, scopes, ids, pages, exceptions, what was told, and copies in
//! the archive. The files under `compatibility/` hold them as they were stored, and are never written again: a field that
//! this build adds has a default, and one that it removes is ignored.
//!
//! `v1.json` was written when restore, archive and effects were there; `v1-first-builds.json` by the first builds, which
//! knew deletes and purges in place; `v1-names.json` when a deletion knew the collections that it names; `v1-kept.json` when a
//! record that a link kept was counted as that; `v1-fields.json` when pages tell records of one key apart, and what is due
//! is indexed by its kind; `v1-actions.json` when a deletion knew who asked of it last, and requests had keys;
//! `v1-open.json` when deletions without a root were announced to reads; `v3-filters.json` when a scope could have filters;
//! `v4-tops.json` and `v4-behind.json` when a deletion without a root did late arrivals before what was requested. Everything
//! is read through the real adapters, on real tables.

mod actions;
mod deeper;
mod fields;
mod filters;
mod first_builds;
mod kept;
mod names;
mod newer;
mod open;
mod reading;
mod tops;

use std::collections::BTreeMap;

use domain::deletion::DeletionId;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::on_tables::OnTables;

type Item = Map<String, Value>;

/// What a version left in queue and tables.
#[derive(Debug, Deserialize)]
struct Frozen {
    now: String,
    /// Bodies of messages.
    sent: Vec<String>,
    control: Vec<Item>,
    archive: Vec<Item>,
    /// By collection.
    rows: BTreeMap<String, Vec<Item>>,
    /// The rows that the copies in the archive were made of, as they were before.
    archived: BTreeMap<String, Vec<Item>>,
}

impl Frozen {
    fn v1() -> Self {
        serde_json::from_str(include_str!("compatibility/v1.json")).unwrap()
    }

    fn of_first_builds() -> Self {
        serde_json::from_str(include_str!("compatibility/v1-first-builds.json")).unwrap()
    }

    fn of_names() -> Self {
        serde_json::from_str(include_str!("compatibility/v1-names.json")).unwrap()
    }

    fn of_kept() -> Self {
        serde_json::from_str(include_str!("compatibility/v1-kept.json")).unwrap()
    }

    fn of_fields() -> Self {
        serde_json::from_str(include_str!("compatibility/v1-fields.json")).unwrap()
    }

    fn of_actions() -> Self {
        serde_json::from_str(include_str!("compatibility/v1-actions.json")).unwrap()
    }

    fn of_open() -> Self {
        serde_json::from_str(include_str!("compatibility/v1-open.json")).unwrap()
    }

    fn of_filters() -> Self {
        serde_json::from_str(include_str!("compatibility/v3-filters.json")).unwrap()
    }

    fn of_tops() -> Self {
        serde_json::from_str(include_str!("compatibility/v4-tops.json")).unwrap()
    }

    fn of_deeper() -> Self {
        serde_json::from_str(include_str!("compatibility/v1-deeper.json")).unwrap()
    }

    fn of_behind() -> Self {
        serde_json::from_str(include_str!("compatibility/v4-behind.json")).unwrap()
    }

    /// Tables with all of it, at the moment when it was written.
    fn world(&self, tenant: &str) -> OnTables {
        let mut world = OnTables::shipped(tenant);
        world.page_keys = 2;
        world.clock.set(self.now.parse().unwrap());
        let tables = &world.tables;
        for item in &self.control {
            tables.put_item(&tables.control(), item);
        }
        for item in &self.archive {
            tables.put_item(&tables.archive(), item);
        }
        for (collection, items) in &self.rows {
            let table = tables.names().of(world.collection(collection));
            for item in items {
                tables.put_item(&table, item);
            }
        }
        world
    }
}

/// The deletion of a frozen file whose id has this end.
fn id(frozen: &Frozen, end: &str) -> DeletionId {
    let mut ids = frozen
        .control
        .iter()
        .filter_map(|item| item["pk"]["S"].as_str());
    let pk = ids.find(|pk| pk.ends_with(end)).expect("it is frozen");
    let (_, id) = pk.rsplit_once('#').unwrap();
    id.parse().unwrap()
}

/// Items in an order of their own, the members of sets too.
fn sorted(mut items: Vec<Item>) -> Vec<Item> {
    for item in &mut items {
        item.values_mut().for_each(sort_sets);
    }
    items.sort_by_key(|item| format!("{item:?}"));
    items
}

fn sort_sets(value: &mut Value) {
    match value {
        Value::Object(typed) => {
            for (kind, inner) in typed {
                if let ("SS" | "NS" | "BS", Value::Array(members)) = (kind.as_str(), &mut *inner) {
                    members.sort_by_key(ToString::to_string);
                }
                sort_sets(inner);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(sort_sets),
        _ => {}
    }
}
