//! A change of a row in each language in which DynamoDB is asked, and a row as a change must find it.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value};

use super::Item;
use super::expression::Placeholders;
use super::partiql::{Statement, is_null, quoted};
use super::value::{exact_map, from_exact, from_exact_map, to_exact, to_json};
use domain::change::Change;
use domain::collection::Collection;
use domain::key::RecordKey;

/// The attributes of an item. Those that a mark replaces, or depends on, are exact, and all others where that is asked for.
pub(super) fn attributes(
    collection: &Collection,
    item: Item,
    all_are_exact: bool,
) -> Map<String, Value> {
    let marks = &collection.marks;
    let exact: Vec<&str> = marks.replaced().chain(collection.watched()).collect();
    let read = |name: &str, value: AttributeValue| match value {
        AttributeValue::M(kept) if marks.keeps() && name == marks.kept => exact_map(kept),
        value if all_are_exact || exact.contains(&name) => to_exact(value),
        value => to_json(value),
    };
    let values = item.into_iter();
    values
        .map(|(name, value)| {
            let value = read(&name, value);
            (name, value)
        })
        .collect()
}

fn value(collection: &Collection, name: &str, value: &Value) -> AttributeValue {
    match value {
        Value::Object(kept) if name == collection.marks.kept => from_exact_map(kept),
        value => from_exact(value),
    }
}

impl Statement {
    /// Makes a change of the row with this key, if it is as it was found.
    pub(super) fn change(
        table: &str,
        collection: &Collection,
        key: &RecordKey,
        change: &Change,
    ) -> Self {
        let (mut action, mut parameters) = (format!("UPDATE {}", quoted(table)), Vec::new());
        for (name, written) in &change.set {
            action.extend([" SET ", &quoted(name), " = ?"]);
            parameters.push(value(collection, name, written));
        }
        for name in &change.remove {
            action.extend([" REMOVE ", &quoted(name)]);
        }
        Self::on_row(action, parameters, &collection.key, key)
    }

    /// Only if what the change asks for is as it was found.
    pub(super) fn only_as_found(mut self, collection: &Collection, change: &Change) -> Self {
        for (name, found) in &change.only_if {
            self = match found {
                None => self.only_if(format!("{} IS MISSING", quoted(name)), None),
                // `= NULL` is never true in PartiQL.
                Some(Value::Null) => self.only_if(is_null(name), None),
                Some(found) => self.only_if(
                    format!("{} = ?", quoted(name)),
                    Some(value(collection, name, found)),
                ),
            };
        }
        self
    }
}

/// The update expression of a change.
pub(super) fn update(
    places: &mut Placeholders,
    collection: &Collection,
    change: &Change,
) -> String {
    let set: Vec<String> = change
        .set
        .iter()
        .map(|(name, written)| {
            let written = value(collection, name, written);
            format!("{} = {}", places.name(name), places.value(written))
        })
        .collect();
    let removed: Vec<String> = change.remove.iter().map(|name| places.name(name)).collect();
    let parts = [("SET", set), ("REMOVE", removed)].into_iter();
    let parts = parts.filter(|(_, list)| !list.is_empty());
    let parts: Vec<String> = parts
        .map(|(word, list)| format!("{word} {}", list.join(", ")))
        .collect();
    parts.join(" ")
}

/// The condition that what a change asks for is as it was found, as the end of others.
pub(super) fn and_as_found(
    places: &mut Placeholders,
    collection: &Collection,
    change: &Change,
) -> String {
    let mut conditions = String::new();
    for (name, found) in &change.only_if {
        let attribute = places.name(name);
        let condition = match found {
            None => format!("attribute_not_exists({attribute})"),
            Some(found) => {
                let found = places.value(value(collection, name, found));
                format!("{attribute} = {found}")
            }
        };
        conditions.push_str(" AND ");
        conditions.push_str(&condition);
    }
    conditions
}
