//! DynamoDB: the user's tables with the rows, and our control table.

mod changed;
mod deletions;
mod expression;
mod marked;
mod partiql;
mod position;
mod rows;
mod table_names;
mod value;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

pub use self::deletions::DynamoDeletions;
pub use self::position::PositionError;
pub use self::rows::DynamoRows;
pub use self::table_names::TableNames;

use domain::collection::{KeyKind, KeySchema};
use domain::key::RecordKey;

/// An item in the SDK's form.
type Item = HashMap<String, AttributeValue>;

/// A text in the SDK's form.
fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// The primary key of a row.
fn primary_key(schema: &KeySchema, key: &RecordKey) -> Item {
    key_values(schema, key)
        .map(|(attribute, value)| (attribute.to_owned(), value))
        .collect()
}

/// The key as `(attribute, value)`, each of the attribute's type.
fn key_values<'a>(
    schema: &'a KeySchema,
    key: &'a RecordKey,
) -> impl Iterator<Item = (&'a str, AttributeValue)> {
    let each = schema.each().zip(key.values());
    each.map(|((attribute, form), value)| (attribute, key_value(form.kind, value)))
}

/// The value of a key attribute of this type.
fn key_value(kind: KeyKind, value: &str) -> AttributeValue {
    match kind {
        KeyKind::Text => text(value),
        KeyKind::Number => AttributeValue::N(value.to_owned()),
    }
}
