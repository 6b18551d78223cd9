//! Where a query continues, as text: it is stored in pages and, sealed, given to clients.
//!
//! A position of another query would silently continue in another partition, so it is refused.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::Item;
use domain::collection::KeySchema;
use domain::page::Position;

/// Why a position does not belong to the present query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PositionError {
    /// Not a text that this adapter wrote.
    #[error("the position is malformed")]
    Malformed,
    /// Written by this adapter, for another table, index or partition.
    #[error("the position is of another query")]
    OtherQuery,
    /// The store returned a key that cannot be stored.
    #[error("the position has a key of an unknown type")]
    UnknownType,
}

/// One key attribute, in the notation of DynamoDB's JSON.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Part {
    S(String),
    N(String),
    B(String),
}

/// The position after this key.
pub(super) fn behind(key: Item) -> Result<Position, PositionError> {
    let parts: BTreeMap<String, Part> = key
        .into_iter()
        .map(|(attribute, value)| {
            let part = match value {
                AttributeValue::S(text) => Part::S(text),
                AttributeValue::N(digits) => Part::N(digits),
                AttributeValue::B(bytes) => Part::B(STANDARD.encode(bytes)),
                _ => return Err(PositionError::UnknownType),
            };
            Ok((attribute, part))
        })
        .collect::<Result<_, _>>()?;
    serde_json::to_string(&parts)
        .map(Position)
        .map_err(|_| PositionError::UnknownType)
}

/// The key to start after, for a query of `partition` on a table with this schema or, with `index`, through one of its
/// indexes: then the key has the index's attributes, too.
pub(super) fn start(
    position: &Position,
    schema: &KeySchema,
    index: bool,
    partition: (&str, &str),
) -> Result<Item, PositionError> {
    let parts: BTreeMap<String, Part> =
        serde_json::from_str(&position.0).map_err(|_| PositionError::Malformed)?;
    let here = matches!(parts.get(partition.0), Some(Part::S(value) | Part::N(value)) if value == partition.1);
    let whole = schema
        .attributes()
        .all(|attribute| parts.contains_key(attribute));
    if !here || !whole || (!index && parts.len() != schema.attribute_count()) {
        return Err(PositionError::OtherQuery);
    }
    parts
        .into_iter()
        .map(|(attribute, part)| {
            let value = match part {
                Part::S(text) => AttributeValue::S(text),
                Part::N(digits) => AttributeValue::N(digits),
                Part::B(text) => AttributeValue::B(Blob::new(
                    STANDARD
                        .decode(text)
                        .map_err(|_| PositionError::Malformed)?,
                )),
            };
            Ok((attribute, value))
        })
        .collect()
}

/// The key to start after, for a look through a whole table with this schema.
pub(super) fn start_of_scan(
    position: &Position,
    schema: &KeySchema,
) -> Result<Item, PositionError> {
    let parts: BTreeMap<String, Part> =
        serde_json::from_str(&position.0).map_err(|_| PositionError::Malformed)?;
    let partition = match parts.get(&schema.partition) {
        Some(Part::S(value) | Part::N(value)) => value.clone(),
        _ => return Err(PositionError::OtherQuery),
    };
    start(position, schema, false, (&schema.partition, &partition))
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    fn schema() -> KeySchema {
        KeySchema::plain("d", Some("m"))
    }

    fn position() -> Position {
        behind(Item::from([
            ("d".to_owned(), text("d-1")),
            ("m".to_owned(), text("m\"7")),
        ]))
        .unwrap()
    }

    #[test]
    fn a_look_through_a_table_continues_behind_a_key_of_any_type_and_of_its_table_only() {
        for value in [text("7"), AttributeValue::N("7".to_owned())] {
            let key = Item::from([("d".to_owned(), value), ("m".to_owned(), text("m"))]);
            let behind = behind(key.clone()).unwrap();

            assert_eq!(start_of_scan(&behind, &schema()), Ok(key));
            let other = KeySchema::plain("d", None);
            assert_eq!(
                start_of_scan(&behind, &other),
                Err(PositionError::OtherQuery)
            );
        }
    }

    #[test]
    fn a_position_is_read_as_it_was_written() {
        assert_eq!(position().0, r#"{"d":{"S":"d-1"},"m":{"S":"m\"7"}}"#);

        let start = start(&position(), &schema(), false, ("d", "d-1")).unwrap();

        assert_eq!(behind(start), Ok(position()));
    }

    #[test]
    fn a_position_of_another_partition_or_table_is_refused() {
        let other = KeySchema::plain("d", None);

        assert_eq!(
            start(&position(), &schema(), false, ("d", "d-2")),
            Err(PositionError::OtherQuery)
        );
        assert_eq!(
            start(&position(), &other, false, ("d", "d-1")),
            Err(PositionError::OtherQuery)
        );
        assert_eq!(
            start(&position(), &schema(), true, ("u", "d-1")),
            Err(PositionError::OtherQuery)
        );
    }

    #[test]
    fn a_malformed_position_is_refused() {
        for malformed in [
            "",
            "{",
            "[]",
            r#"{"d":"d-1"}"#,
            r#"{"d":{"X":"d-1"}}"#,
            r#"{"d":{"S":1}}"#,
        ] {
            let position = Position(malformed.to_owned());
            assert_eq!(
                start(&position, &schema(), false, ("d", "d-1")),
                Err(PositionError::Malformed),
                "{malformed}"
            );
        }
    }

    #[test]
    fn an_index_position_keeps_the_keys_of_the_index() {
        let key = Item::from([
            ("d".to_owned(), text("d-1")),
            ("m".to_owned(), text("m-7")),
            ("sender".to_owned(), text("u-1")),
            ("at".to_owned(), AttributeValue::N("12".into())),
        ]);
        let position = behind(key.clone()).unwrap();

        assert_eq!(
            start(&position, &schema(), true, ("sender", "u-1")),
            Ok(key)
        );
    }
}
