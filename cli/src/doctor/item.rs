//! A row as the store returned it: the types matter here, and JSON would hide some of them.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::collection::{KeyKind, KeySchema};
use domain::key::RecordKey;
use serde_json::Value;

/// The attributes of a row.
pub type Item = HashMap<String, AttributeValue>;

/// The text of an attribute, or `None` when it is absent, empty or no text.
#[must_use]
pub fn text<'a>(row: &'a Item, attribute: &str) -> Option<&'a str> {
    let text = row.get(attribute)?.as_s().ok()?;
    (!text.is_empty()).then_some(text)
}

/// Whether an attribute is absent or an explicit NULL.
#[must_use]
pub fn is_absent(row: &Item, attribute: &str) -> bool {
    matches!(row.get(attribute), None | Some(AttributeValue::Null(_)))
}

/// Whether an attribute has a value that is no text, or an empty one.
#[must_use]
pub fn is_no_text(row: &Item, attribute: &str) -> bool {
    !is_absent(row, attribute) && text(row, attribute).is_none()
}

/// The type of a value, as the store calls it.
#[must_use]
pub fn kind(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::S(text) if text.is_empty() => "empty S",
        AttributeValue::S(_) => "S",
        AttributeValue::N(_) => "N",
        AttributeValue::Bool(true) => "BOOL true",
        AttributeValue::Bool(false) => "BOOL false",
        AttributeValue::Null(_) => "NULL",
        AttributeValue::L(_) => "L",
        AttributeValue::M(_) => "M",
        AttributeValue::Ss(_) => "SS",
        AttributeValue::Ns(_) => "NS",
        AttributeValue::B(_) => "B",
        AttributeValue::Bs(_) => "BS",
        _ => "another type",
    }
}

/// The types that an attribute has in some rows, with how many have them: `N (3), NULL (1)`.
pub fn kinds<'a>(rows: impl Iterator<Item = &'a Item>, attribute: &str) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in rows.filter_map(|row| row.get(attribute)) {
        *counts.entry(kind(value)).or_default() += 1;
    }
    let counts = counts
        .iter()
        .map(|(kind, count)| format!("{kind} ({count})"));
    counts.collect::<Vec<_>>().join(", ")
}

/// The value as JSON, as far as marks and times are told apart by it: what is in lists and maps is left out.
#[must_use]
pub fn json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => Value::String(text.clone()),
        // One that JSON does not hold is told as a text, as everywhere.
        AttributeValue::N(digits) => {
            serde_json::from_str(digits).unwrap_or_else(|_| Value::String(digits.clone()))
        }
        AttributeValue::Bool(flag) => Value::Bool(*flag),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::M(_) => Value::Object(serde_json::Map::new()),
        AttributeValue::B(_) => Value::String(kind(value).to_owned()),
        _ => Value::Array(Vec::new()),
    }
}

/// The whole number of an attribute.
#[must_use]
pub fn number(row: &Item, attribute: &str) -> Option<i64> {
    let digits = row.get(attribute)?.as_n().ok()?;
    digits.parse().ok()
}

/// The key of a row; `None` where a part is of another type than the file says.
#[must_use]
pub fn key_of(row: &Item, schema: &KeySchema) -> Option<RecordKey> {
    RecordKey::of_attributes(schema, |attribute, kind| {
        match (kind, row.get(attribute)?) {
            (KeyKind::Text, AttributeValue::S(value))
            | (KeyKind::Number, AttributeValue::N(value)) => Some(value.clone()),
            _ => None,
        }
    })
}

/// A value of a key, as the store has it.
#[must_use]
pub fn value(kind: KeyKind, text: &str) -> AttributeValue {
    match kind {
        KeyKind::Text => AttributeValue::S(text.to_owned()),
        KeyKind::Number => AttributeValue::N(text.to_owned()),
    }
}

/// The key of a row for a person, whatever its types.
#[must_use]
pub fn shown_key(row: &Item, schema: &KeySchema) -> Vec<String> {
    let part = |attribute: &str| match row.get(attribute) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text.clone(),
        Some(other) => kind(other).to_owned(),
        None => String::new(),
    };
    schema.attributes().map(part).collect()
}
