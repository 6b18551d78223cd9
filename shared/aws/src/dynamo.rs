//! DynamoDB: the user's tables with the rows, and our control table.

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

use domain::collection::KeySchema;
use domain::key::RecordKey;

/// An item in the SDK's form.
type Item = HashMap<String, AttributeValue>;

/// A text in the SDK's form.
fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// The primary key of a row.
fn primary_key(schema: &KeySchema, key: &RecordKey) -> Item {
    key.parts(schema)
        .into_iter()
        .map(|(attribute, value)| (attribute.to_owned(), text(value)))
        .collect()
}
