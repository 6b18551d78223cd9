//! From DynamoDB's values to JSON and back, without losing what a decision needs.
//!
//! An explicit NULL stays a null, because it means "live"; nothing else may become null.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::number::decimal;
use serde_json::{Map, Number, Value, json};

/// The value as JSON; numbers that JSON cannot hold and binary values as text.
pub(super) fn to_json(value: AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => Value::String(text),
        AttributeValue::N(digits) => number(digits),
        AttributeValue::Bool(flag) => Value::Bool(flag),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::M(map) => Value::Object(
            map.into_iter()
                .map(|(name, value)| (name, to_json(value)))
                .collect(),
        ),
        AttributeValue::L(list) => Value::Array(list.into_iter().map(to_json).collect()),
        AttributeValue::Ss(texts) => Value::Array(texts.into_iter().map(Value::String).collect()),
        AttributeValue::Ns(numbers) => Value::Array(numbers.into_iter().map(number).collect()),
        AttributeValue::B(bytes) => binary(bytes.as_ref()),
        AttributeValue::Bs(list) => {
            Value::Array(list.iter().map(|bytes| binary(bytes.as_ref())).collect())
        }
        // A type that this SDK does not know yet: present, and not a null.
        _ => Value::String(String::new()),
    }
}

/// As [`to_json`], but what JSON has no form for is an object of the store's own type, so that it can be put back to the
/// type and the digit.
pub(super) fn to_exact(value: AttributeValue) -> Value {
    match value {
        AttributeValue::N(digits) => match number(digits) {
            Value::String(digits) => json!({ "N": digits }),
            number => number,
        },
        AttributeValue::B(bytes) => json!({ "B": binary(bytes.as_ref()) }),
        AttributeValue::M(_) => json!({ "M": to_json(value) }),
        other => to_json(other),
    }
}

/// The value that [`to_exact`] has read.
pub(super) fn from_exact(value: &Value) -> AttributeValue {
    let typed = value.as_object().filter(|typed| typed.len() == 1);
    let typed = typed.and_then(|typed| {
        let (kind, value) = typed.iter().next()?;
        match (kind.as_str(), value.as_str()?) {
            ("N", digits) => Some(AttributeValue::N(digits.to_owned())),
            ("B", text) => Some(AttributeValue::B(Blob::new(STANDARD.decode(text).ok()?))),
            _ => None,
        }
    });
    typed.unwrap_or_else(|| from_json(value))
}

/// A map of such values.
pub(super) fn exact_map(values: HashMap<String, AttributeValue>) -> Value {
    let values = values.into_iter();
    Value::Object(
        values
            .map(|(name, value)| (name, to_exact(value)))
            .collect(),
    )
}

/// The map that [`exact_map`] has read.
pub(super) fn from_exact_map(values: &Map<String, Value>) -> AttributeValue {
    let values = values.iter();
    AttributeValue::M(
        values
            .map(|(name, value)| (name.clone(), from_exact(value)))
            .collect(),
    )
}

fn binary(bytes: &[u8]) -> Value {
    Value::String(STANDARD.encode(bytes))
}

/// The value of this JSON in DynamoDB's form.
pub(super) fn from_json(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(flag) => AttributeValue::Bool(*flag),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(values) => AttributeValue::L(values.iter().map(from_json).collect()),
        Value::Object(values) => AttributeValue::M(
            values
                .iter()
                .map(|(name, value)| (name.clone(), from_json(value)))
                .collect(),
        ),
    }
}

/// As [`from_json`], but a value that equals the JSON of `kept` stays as it is stored: a set, binary data and a number
/// of many digits have no form of their own in JSON, and a client that sends back what it has read does not mean to
/// change them.
pub(super) fn from_json_beside(value: &Value, kept: &AttributeValue) -> AttributeValue {
    if to_json(kept.clone()) == *value {
        return kept.clone();
    }
    match (value, kept) {
        (Value::Object(values), AttributeValue::M(kept)) => AttributeValue::M(
            values
                .iter()
                .map(|(name, value)| {
                    let value = match kept.get(name) {
                        Some(kept) => from_json_beside(value, kept),
                        None => from_json(value),
                    };
                    (name.clone(), value)
                })
                .collect(),
        ),
        (Value::Array(values), AttributeValue::L(kept)) => {
            let shown: Vec<Value> = kept.iter().cloned().map(to_json).collect();
            // At its own place, or wherever it has been moved to.
            let of = |place: usize, value: &Value| {
                let here = shown.get(place).filter(|shown| *shown == value);
                let at = here.map_or_else(
                    || shown.iter().position(|shown| shown == value),
                    |_| Some(place),
                );
                kept.get(at.unwrap_or(place))
            };
            let values = values.iter().enumerate();
            AttributeValue::L(
                values
                    .map(|(place, value)| match of(place, value) {
                        Some(kept) => from_json_beside(value, kept),
                        None => from_json(value),
                    })
                    .collect(),
            )
        }
        _ => from_json(value),
    }
}

/// DynamoDB numbers have up to 38 digits; one that would change on the way is returned as text.
fn number(digits: String) -> Value {
    let exact = digits
        .parse::<i64>()
        .map(Number::from)
        .or_else(|_| digits.parse::<u64>().map(Number::from))
        .ok();
    let exact = exact.or_else(|| {
        let number = Number::from_f64(digits.parse().ok()?)?;
        // Not by their texts: `0.000001` is `1e-6` as well.
        (decimal(&number.to_string()) == decimal(&digits)).then_some(number)
    });
    exact.map_or(Value::String(digits), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_has_no_form_for_comes_back_to_the_type_and_the_digit() {
        for value in [
            AttributeValue::N("12345678901234567890123".into()),
            AttributeValue::N("1796036000".into()),
            AttributeValue::N("1.5".into()),
            AttributeValue::S("12345678901234567890123".into()),
            AttributeValue::B(Blob::new([1, 2])),
            AttributeValue::Bool(false),
            AttributeValue::Null(true),
        ] {
            assert_eq!(from_exact(&to_exact(value.clone())), value);
            let map = HashMap::from([("a".to_owned(), value)]);
            let Value::Object(read) = exact_map(map.clone()) else {
                panic!("a map stays one")
            };
            assert_eq!(from_exact_map(&read), AttributeValue::M(map));
        }
    }

    #[test]
    fn a_map_that_looks_like_a_typed_value_is_none() {
        let map = HashMap::from([("N".to_owned(), AttributeValue::S("1".into()))]);

        let read = to_exact(AttributeValue::M(map));

        assert!(matches!(from_exact(&read), AttributeValue::M(_)));
    }

    #[test]
    fn only_an_explicit_null_becomes_a_null() {
        assert_eq!(to_json(AttributeValue::Null(true)), Value::Null);
        for value in [
            AttributeValue::S(String::new()),
            AttributeValue::Bool(false),
            AttributeValue::L(vec![]),
            AttributeValue::M(HashMap::new()),
        ] {
            assert_ne!(to_json(value), Value::Null);
        }
    }

    #[test]
    fn a_number_that_json_would_change_is_told_as_text() {
        let digits = |digits: &str| to_json(AttributeValue::N(digits.into()));

        assert_eq!(digits("-7"), json!(-7));
        assert_eq!(digits("18446744073709551615"), json!(u64::MAX));
        assert_eq!(digits("2.5"), json!(2.5));
        assert_eq!(
            digits("0.1234567890123456789012345678"),
            json!("0.1234567890123456789012345678")
        );
        assert_eq!(
            digits("184467440737095516151"),
            json!("184467440737095516151")
        );
        // A double holds it, but JSON writes the shortest number that is the same double: 1.844674407370955e20.
        assert_eq!(
            digits("-184467440737095516160"),
            json!("-184467440737095516160")
        );
    }

    #[test]
    fn a_number_that_json_writes_with_the_same_digits_is_a_number_however_it_is_written() {
        let digits = |digits: &str| to_json(AttributeValue::N(digits.into()));

        assert_eq!(digits("0.000001"), json!(1e-6));
        assert_eq!(digits("0.00000025"), json!(2.5e-7));
        assert_eq!(digits("100000000000000000000"), json!(1e20));
        assert_eq!(digits("1.50"), json!(1.5));
    }

    #[test]
    fn a_list_that_is_sent_back_changed_keeps_the_types_of_what_is_left_of_it() {
        let big = "1234567890123456789012";
        let number = || AttributeValue::N(big.into());
        let set = AttributeValue::Ss(vec!["a".into()]);
        let kept = AttributeValue::L(vec![AttributeValue::Bool(true), number(), set.clone()]);
        for sent in [
            json!([false, big, ["a"], "new"]),
            json!([big, ["a"]]),
            json!(["new", true, ["a"], big, {}]),
        ] {
            let AttributeValue::L(written) = from_json_beside(&sent, &kept) else {
                panic!("a list stays one")
            };
            assert!(written.contains(&number()), "{sent}");
            assert!(written.contains(&set), "{sent}");
            assert_eq!(to_json(AttributeValue::L(written)), sent);
        }
    }

    #[test]
    fn what_is_sent_back_as_it_was_shown_keeps_its_type() {
        let kept = AttributeValue::M(HashMap::from([
            ("tags".to_owned(), AttributeValue::Ss(vec!["a".into()])),
            (
                "big".to_owned(),
                AttributeValue::N("1234567890123456789012".into()),
            ),
            ("count".to_owned(), AttributeValue::N("1".into())),
        ]));
        let sent =
            json!({ "tags": ["a"], "big": "1234567890123456789012", "count": 2, "new": [1, null] });

        let AttributeValue::M(written) = from_json_beside(&sent, &kept) else {
            panic!("a map stays one")
        };

        assert_eq!(written["tags"], AttributeValue::Ss(vec!["a".into()]));
        assert_eq!(
            written["big"],
            AttributeValue::N("1234567890123456789012".into())
        );
        assert_eq!(written["count"], AttributeValue::N("2".into()));
        assert_eq!(
            written["new"],
            AttributeValue::L(vec![
                AttributeValue::N("1".into()),
                AttributeValue::Null(true)
            ])
        );
    }

    #[test]
    fn json_comes_back_as_it_was_written() {
        let value = json!({ "a": [1, -2.5, u64::MAX, "x", true, null, {}], "b": "" });

        assert_eq!(to_json(from_json(&value)), value);
    }

    #[test]
    fn nested_and_binary_values_are_kept() {
        let value = AttributeValue::M(HashMap::from([(
            "list".to_owned(),
            AttributeValue::L(vec![
                AttributeValue::B(Blob::new([1, 2])),
                AttributeValue::Ss(vec!["a".into()]),
            ]),
        )]));

        assert_eq!(to_json(value), json!({ "list": ["AQI=", ["a"]] }));
    }
}
